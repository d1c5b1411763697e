"""Another organisation's filing of the same bytes: told to the reviewer on the page and by the API."""

from typing import Any

import pytest

from filing import dossier, review
from filing.lifecycle import Action
from registry.database import transaction
from registry.organisations import Role
from registry.submission import Version
from tests import cast
from tests.filing import papers
from tests.portal.pages.shelf import Shelf

PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def beside(shelf: Shelf) -> str:
    """A submitted filing of another enterprise, of the published credit model's bytes."""
    by = shelf.world.member("enterprise-other", Role.FILER).actor
    with transaction(shelf.site.state.factory) as session:
        version = cast.version(session, by, name="open-model")
        version.digest = session.get_one(Version, shelf.made["version"]).digest
        session.flush()
        made = dossier.open_filing(session, by=by, version_id=version.id)
        told: dict[str, Any] = {"by": by, "filing_id": made.id}
        answers = papers.answers(G1=papers.LOW)
        dossier.fill(session, **told, revision=made.revision, answers=answers)
        report = papers.report(session, version, shelf.actor(Role.TESTER), run=())
        dossier.attach(session, **told, revision=made.revision, report_id=report.id)
        for action in (Action.CHECK, Action.SUBMIT):
            review.take(session, **told, revision=made.revision, action=action)
        return made.id


@pytest.mark.parametrize(("language", "said"), [("zh", "同一个模型"), ("en", "the same model")])
def test_the_reviewer_reads_who_else_filed_the_same_bytes(
    shelf: Shelf, beside: str, language: str, said: str
) -> None:
    client, _ = shelf.browser(Role.REVIEWER)
    page = client.get(f"/{language}/review/{beside}", headers=PAGE).text
    with shelf.site.state.factory() as session:
        number = str(shelf.filing(session).number)
    notice = page[page.index('id="same-model"') :]
    notice = notice[: notice.index("</div>")]
    assert said in notice
    assert number in notice
    told = client.get(f"/api/v1/filings/{beside}").json()["same_model"]
    assert [number in each["zh"] for each in told] == [True]


def test_a_filer_reads_nothing_of_others(shelf: Shelf, beside: str) -> None:
    client, _ = shelf.browser(Role.FILER)
    own = client.get(f"/api/v1/filings/{shelf.made['filing']}").json()
    assert own["same_model"] == []
