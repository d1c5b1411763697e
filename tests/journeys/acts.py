"""What the enterprise, the tester and the reviewer do in the browser, act by act."""

import tarfile
from pathlib import Path
from typing import Any

import pyarrow.csv
from playwright.sync_api import Page, expect

from filing.forms import current
from portal.home import verify
from registry import keys
from tests import models
from tests.filing import papers
from tests.journeys.story import (
    Story,
    identifier,
    press,
    refused,
    said,
    type_answers,
    wait_for_work,
)
from tests.portal import installation

ANSWERS: dict[str, Any] = papers.answers(
    B2={"zh": "判断贷款申请能不能批。", "en": "It judges whether a loan application is approved."}
)
REMARK = "请写明哪些情形不能用它。"
REPLY = "已经补上不适用的情形。"


def the_enterprise_submits(story: Story) -> None:
    """Rubbish is refused with its reason and nothing typed is lost; then the model is taken."""
    page = story.person("lender")
    press(page, "text=提交模型")
    rubbish = story.folder / "rubbish.zip"
    rubbish.write_bytes(b"no archive at all")
    page.fill("[name=model_name]", "credit")
    page.fill("[name=note]", "第一版")
    page.set_input_files("[name=archive]", rubbish)
    press(page, "text=检查并提交")
    refused(page, "")
    assert page.input_value("[name=model_name]") == "credit"
    assert page.input_value("[name=note]") == "第一版"
    page.set_input_files("[name=archive]", _archive(story.folder))
    press(page, "text=检查并提交")
    said(page, "已提交")
    story.made["version"] = identifier(page)
    page.close()


def the_enterprise_engages_a_tester(story: Story) -> None:
    """A budget of nothing is refused; then the tester is granted this one version."""
    page = story.person("lender")
    press(page, "a:text-is('@1')")
    page.fill("[name=query_budget]", "0")
    page.fill("[name=conflict]", "没有利益关系")
    press(page, "button:has-text('授权')")
    refused(page, "")
    assert page.input_value("[name=conflict]") == "没有利益关系"
    page.fill("[name=query_budget]", "1000000")
    press(page, "button:has-text('授权')")
    said(page, "已授权")
    assert page.locator("text=等对方接受").count()
    page.close()


def the_tester_takes_it_on(story: Story) -> None:
    """The tester declares its ties, registers its key, its data, and sees no one else's."""
    page = story.person("tester")
    press(page, "th a:has-text('credit @ 1')")
    story.made["engagement"] = identifier(page)
    page.fill("[name=conflict]", "none")
    press(page, "button:has-text('Take on')")
    said(page, "taken on")
    press(page, "main a:has-text('Register data')")
    rows = story.folder / "people.csv"
    pyarrow.csv.write_csv(installation.people(), rows)
    page.fill("[name=name]", "Held-out applicants")
    page.set_input_files("[name=file]", rows)
    page.fill("[name=roles]", "sex: no_such_role\nrepaid: target")
    page.fill("[name=source]", "Synthetic applicants")
    page.fill("[name=deidentification]", "Nobody: the applicants are made up")
    page.fill("[name=held_out]", "drawn after training")
    press(page, "main button.btn")
    refused(page, "no_such_role")
    assert page.input_value("[name=name]") == "Held-out applicants"
    page.fill("[name=roles]", "sex: sensitive\nrepaid: target")
    page.set_input_files("[name=file]", rows)
    press(page, "main button.btn")
    said(page, "Registered")
    assert identifier(page) == story.made["engagement"]
    page.goto("/en/organisation")
    page.click("summary:has-text('Register a public key')")
    page.fill("[name=proof]", "not a proof")
    press(page, "form[action$='/organisation/keys'] button.btn")
    refused(page, "")
    proof = keys.proof(story.key, story.organisations["tester"])
    page.fill("[name=proof]", proof)
    press(page, "form[action$='/organisation/keys'] button.btn")
    said(page, "Registered")
    page.close()


def the_tester_evaluates(story: Story) -> None:
    """The plan is drafted, corrected, registered and run; progress is watched to the end."""
    page = story.person("tester")
    page.goto(f"/en/engagements/{story.made['engagement']}")
    press(page, "button:has-text('Draft the plan')")
    drafted = page.input_value("[name=plan]")
    page.fill("[name=plan]", drafted.replace("alpha", "").replace("[columns]", "[columns"))
    press(page, "button:has-text('Register and run')")
    refused(page, "TOML")
    assert "[columns\n" in page.input_value("[name=plan]")
    page.fill("[name=plan]", drafted)
    press(page, "button:has-text('Register and run')")
    said(page, "Queued")
    wait_for_work(page, "a:has-text('Read the report')")
    press(page, "a:has-text('Read the report')")
    assert page.locator("text=Until it is countersigned").count()
    story.made["report"] = identifier(page)
    page.close()


def the_tester_countersigns_at_home(story: Story) -> None:
    """The envelope goes home, is signed with the organisation's own key, and comes back."""
    page = story.person("tester")
    page.goto(f"/en/reports/{story.made['report']}")
    with page.expect_download() as arriving:
        page.click("a:has-text('Download the report')")
    home = story.folder / "report.dsse.json"
    arriving.value.save_as(home)
    signed = story.folder / "signed.dsse.json"
    page.set_input_files("[name=envelope]", home)
    press(page, "button:has-text('Hand it in')")
    refused(page, "")
    signed.write_text(verify.sign(home.read_bytes(), story.key), encoding="utf-8")
    page.set_input_files("[name=envelope]", signed)
    press(page, "button:has-text('Hand it in')")
    said(page, "countersignature")
    assert page.locator("text=countersigned by the tester").count()
    page.close()


def the_enterprise_explains(story: Story) -> None:
    """Data for the explanation, plain words for every column, then reading and approving."""
    page = story.person("lender")
    press(page, "a:text-is('@1')")
    press(page, "a:has-text('生成说明')")
    press(page, "text=先登记一份")
    page.fill("[name=name]", "说明用数据")
    assert page.input_value("[name=use]") == "explanation"
    page.set_input_files("[name=file]", story.folder / "people.csv")
    page.fill("[name=roles]", "sex: other\nrepaid: target")
    page.fill("[name=source]", "合成数据")
    page.fill("[name=deidentification]", "没有个人：合成数据")
    press(page, "main button.btn")
    said(page, "已登记")
    assert page.url.split("?")[0].endswith("/explain")
    page.fill("[name='w/favourable/zh']", "通过")
    page.fill("[name='w/favourable/en']", "approved")
    page.fill("[name='w/unfavourable/zh']", "不通过")
    page.fill("[name='w/unfavourable/en']", "refused")
    page.fill("[name='d/decided/zh']", "能不能拿到贷款")
    page.fill("[name='c/income/plain/zh']", "收入")
    page.fill("[name='c/income/plain/en']", "income")
    page.select_option("[name='c/income/actionable']", "1")
    page.fill("[name=protected]", "sex = 性别 = sex")
    press(page, "button:has-text('开始测试并生成')")
    refused(page, "debt")  # it has no plain name yet
    refused(page, "它决定本人的什么事 English")  # and this one no English
    assert page.input_value("[name='c/income/plain/zh']") == "收入"
    assert page.input_value("[name=protected]") == "sex = 性别 = sex"
    assert page.input_value("[name='c/income/actionable']") == "1"
    page.fill("[name='d/decided/en']", "whether you get the loan")
    page.fill("[name='d/who/zh']", "这家银行的信贷部门")
    page.fill("[name='d/who/en']", "the bank’s credit department")
    page.fill("[name='d/object/zh']", "打客服电话，要求人工再看一次")
    page.fill("[name='d/object/en']", "call and ask for a person to look again")
    page.fill("[name='c/debt/plain/zh']", "负债")
    page.fill("[name='c/debt/plain/en']", "debt")
    page.fill("[name='d/who/zh']", "这家银行的风控部门")
    expect(page.locator("[data-beside='d/who/zh']")).to_contain_text("防止借钱不还")
    press(page, "button:has-text('先检查，不生成')")
    assert "检查过了，还没有生成。" in page.inner_text("main")
    assert "防止借钱不还" in page.inner_text("[data-beside='d/who/zh']")
    page.fill("[name='d/who/zh']", "这家银行的信贷部门")
    press(page, "button:has-text('开始测试并生成')")
    said(page, "已排队")
    wait_for_work(page, "button:has-text('读过了，确认')")
    assert page.locator("ol.answers > li").count() == 6
    press(page, "button:has-text('读过了，确认')")
    said(page, "说明已确认")
    story.made["explanation"] = identifier(page)
    page.close()


def the_enterprise_fills_the_dossier(story: Story) -> None:
    """Group by group; a wrong answer stays in the form with its reason beside it."""
    page = story.person("lender")
    press(page, "a:text-is('@1')")
    press(page, "button:has-text('填写备案材料')")
    story.made["filing"] = identifier(page)
    # What cannot succeed yet is no button, and says what stands in its way.
    assert not page.locator("button:text-is('自查')").count()
    assert page.locator("#not-yet-check li").count()
    page.goto(f"/zh/filings/{story.made['filing']}?group=H")
    _hard_words_are_told_while_typing(page)  # first: nobody types as many boxes a minute as follow
    for group in current().groups:
        page.goto(f"/zh/filings/{story.made['filing']}?group={group.id}")
        wanted = {key: given for key, given in ANSWERS.items() if key.startswith(group.id)}
        later = {key for key in wanted if not page.locator(f'[data-field="{key}"]').count()}
        type_answers(page, wanted, lambda key: current().field(key).value)
        if group.id == "B":
            _a_wrong_answer_is_kept(page)
        if page.locator("button:text-is('保存')").count():
            press(page, "button:text-is('保存')")
            said(page, "已保存")
        if later:  # what the grade asks for, once it follows from what was saved
            rest = {key: ANSWERS[key] for key in later}
            type_answers(page, rest, lambda key: current().field(key).value)
            press(page, "button:text-is('保存')")
            said(page, "已保存")
    for _ in range(2):
        press(page, "button:has-text('附上')")
        said(page, "已保存")
    lacking = page.locator("details li code").all_inner_texts()
    assert page.locator("progress").get_attribute("value") == "100", lacking
    press(page, "button:text-is('自查')")
    said(page, "已办理：自查")
    press(page, "button:text-is('提交')")
    said(page, "已办理：提交")
    assert page.locator("main .badge").first.inner_text() == "已提交"
    page.close()


def _a_wrong_answer_is_kept(page: Page) -> None:
    page.fill("[name='a/B9/start']", "")
    page.fill("[name='a/B1/zh']", "字" * 200)
    press(page, "button:text-is('保存')")
    assert page.locator("#B1 .wrong, [role=alert]").count()
    assert page.input_value("[name='a/B1/zh']") == "字" * 200
    page.fill("[name='a/B1/zh']", ANSWERS["B1"]["zh"])
    page.fill("[name='a/B9/start']", ANSWERS["B9"]["start"])


def _hard_words_are_told_while_typing(page: Page) -> None:
    """Beside the box, a moment after the last key; gone as soon as something else is typed."""
    box, beside = page.locator("[name='a/H4/zh']"), page.locator("[data-beside='a/H4/zh']")
    box.fill("模型的特征有八项。")
    expect(beside).to_contain_text("“特征”不好懂：换成“信息”")
    expect(page.locator("[data-beside='a/H2/zh']")).to_be_empty()
    box.fill(ANSWERS["H4"]["zh"])
    expect(beside).to_be_empty()


def the_reviewer_returns_it(story: Story) -> None:
    """Dossier beside report and explanation; one field goes back with a remark."""
    page = story.person("authority")
    press(page, "th a:has-text('住房贷款审批算法')")
    assert page.locator("ol.answers > li").count() == 6
    press(page, "button:text-is('退回补正')")
    refused(page, "")
    page.click("#B7 summary:has-text('退回这一项')")
    page.fill("[name='remark/B7']", REMARK)
    press(page, "button:text-is('退回补正')")
    said(page, "已办理：退回补正")
    page.close()


def the_enterprise_answers(story: Story) -> None:
    """The remark stands on top; it is answered, and the filing goes in again."""
    page = story.person("lender")
    press(page, "th a:has-text('住房贷款审批算法')")
    assert page.locator(f"text={REMARK}").count()
    page.fill("[name=reply]", REPLY)
    press(page, "button:has-text('答复')")
    said(page, "已保存")
    assert page.locator(f"text={REPLY}").count()
    press(page, "button:text-is('提交')")
    said(page, "已办理：提交")
    page.close()


def the_reviewer_publishes_it(story: Story) -> None:
    """Accepted and numbered by one, published by another: it is of high risk."""
    page = story.person("authority")
    press(page, "th a:has-text('住房贷款审批算法')")
    assert page.locator(f"text={REPLY}").count()
    for step in ("受理", "备案"):
        press(page, f"#decide button:text-is('{step}')")
        said(page, f"已办理：{step}")
    # Whoever accepted it is not offered to publish it, and reads why.
    assert not page.locator("#decide button:text-is('公示')").count()
    assert page.locator("#decide summary:has-text('公示')").count()
    page.close()
    page = story.person("publisher")
    press(page, "th a:has-text('住房贷款审批算法')")
    press(page, "#decide button:text-is('公示')")
    said(page, "已办理：公示")
    press(page, "main a:has-text('明算备')")
    story.made["slug"] = identifier(page)
    page.close()


FILED = (
    the_enterprise_submits,
    the_enterprise_engages_a_tester,
    the_tester_takes_it_on,
    the_tester_evaluates,
    the_tester_countersigns_at_home,
    the_enterprise_explains,
    the_enterprise_fills_the_dossier,
)


def an_industry_body_opens_its_catalogue(story: Story) -> None:
    """From its desk: the address and the guidance."""
    page = story.person("association")
    press(page, "a:has-text('推荐目录')")
    press(page, "a:has-text('开设推荐目录')")
    page.fill("[name=slug]", "shanghai")
    page.fill("[name=guidance_zh]", "按主管部门的意见选定标准。")
    press(page, "main form .btn")
    said(page, "已保存")
    page.close()


PUBLISHED = (
    *FILED,
    the_reviewer_returns_it,
    the_enterprise_answers,
    the_reviewer_publishes_it,
)


def _archive(folder: Path) -> Path:
    packed = folder / "credit.tar.gz"
    with tarfile.open(packed, mode="w:gz") as archive:
        archive.add(models.onnx_model(folder / "model"), arcname="model")
    return packed
