"""A tester takes a report back on its page; whoever reads the filed page reads so at once."""

from fastapi.testclient import TestClient
from sqlalchemy import select

from filing.listings import Listing
from registry.database import transaction
from registry.organisations import Role
from tests.portal.pages.stage import Stage

WHY, WHY_EN = "数据用错了一列", "A wrong column was used"


def test_a_report_is_withdrawn_on_its_page_and_the_filed_page_says_so(
    stage: Stage, on_stage: TestClient
) -> None:
    tester = stage.world.member("tester-own", Role.TESTER)
    (report,) = stage.known["report_id"]
    with transaction(stage.site.state.factory) as session:
        own = select(Listing.slug).where(Listing.filing_id == stage.shelf.made["filing"])
        slug = session.scalars(own).one()
    page, filed = f"/zh/reports/{report}", f"/en/f/{slug}"
    browser, csrf = stage.world.browser(tester)
    assert "withdrew this report" not in on_stage.get(filed).text
    assert "撤回这份报告" in browser.get(page).text
    assert "撤回这份报告" not in on_stage.get(page).text

    refused = browser.post(
        f"{page}/withdraw", data={"csrf": csrf, "reason": " ", "reason_en": "x"}
    )
    assert refused.status_code == 422
    assert "请用中文写明为什么撤回" in refused.text

    sent = {"csrf": csrf, "reason": WHY, "reason_en": WHY_EN}
    answer = browser.post(f"{page}/withdraw", data=sent)
    assert answer.status_code == 303
    after = browser.get(answer.headers["location"]).text
    assert "报告已撤回" in after
    assert WHY in after
    assert 'id="withdraw"' not in after
    told = on_stage.get(filed).text
    assert "withdrew this report" in told
    assert WHY_EN in told
    assert WHY in on_stage.get(filed.replace("/en/", "/zh/")).text
