"""A filing by the command line alone: no step, remark or decision that only a page can show."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from evaluators.running import questions
from filing import dossier, remarks
from filing.dossier import Filing
from filing.lifecycle import STEPS, Status
from filing.risk import LEVEL_NAMES, Level
from portal import cli
from portal.commands import filer, filing_view, reviewer
from registry import submission
from registry.findings import VERDICT_NAMES, Verdict
from registry.law import OURS
from registry.organisations import Role
from registry.untranslated import IN_CHINESE
from tests import cast
from tests.filing import papers, schemas
from tests.filing.papers import Scene
from tests.portal.command_line import CommandLine, squeezed
from tests.portal.world import Member, World

NOTE = "更正了用途的说明"


@dataclass
class Desk:
    """A scene whose people are members of the world, and the command line."""

    scene: Scene
    run: CommandLine
    filer: Member
    reviewer: Member

    def filing(self, made: Filing) -> tuple[str, str]:
        """Its id and its revision, once all of it is on record."""
        self.scene.session.commit()
        return made.id, str(made.revision)

    def status(self, filing: str) -> str:
        self.scene.session.expire_all()
        return self.scene.session.get_one(Filing, filing).status


@pytest.fixture
def desk(
    site: FastAPI,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    session: Session = site.state.factory()
    filer_ = world.member("enterprise-own", Role.FILER)
    first, second = (world.member(f"authority-{each}", Role.REVIEWER) for each in ("own", "other"))
    scene = Scene(session)
    scene.filer, scene.reviewer, scene.publisher = filer_.actor, first.actor, second.actor
    scene.tester = world.member("tester-own", Role.TESTER).actor
    scene.version = cast.version(session, scene.filer)
    yield Desk(scene, CommandLine(site, monkeypatch, capsys), filer_, first)
    session.close()


def test_every_step_of_the_procedure_has_a_command() -> None:
    by_role = {
        role: {each.action.value for each in STEPS if each.role is role}
        for role in (Role.FILER, Role.REVIEWER)
    }
    assert by_role[Role.FILER] == {*filing_view.OWN_VERBS, *filer.STEPS}
    assert by_role[Role.REVIEWER] == set(reviewer.STEPS)


def test_a_change_is_started_noted_and_submitted(desk: Desk) -> None:
    """F4: the message asked for a note, and no option took one."""
    filing, revision = desk.filing(desk.scene.published())
    shown = desk.run(desk.filer, "file", "show", filing)
    assert squeezed(f"mingsuan file step {filing} amend --revision {revision}") in shown.out
    assert desk.run(desk.filer, "file", "step", filing, "amend", "--revision", revision).code == 0
    later = str(int(revision) + 1)
    refused = desk.run(desk.filer, "file", "submit", filing, "--revision", later)
    assert refused.code == 1
    assert "没有变更说明" in refused.err
    assert "Thereisnonoteonthechange" in refused.err
    taken = desk.run(desk.filer, "file", "submit", filing, "--note", NOTE, "--revision", later)
    assert (taken.code, desk.status(filing)) == (0, Status.SUBMITTED)
    assert desk.scene.session.get_one(Filing, filing).change_note == {"zh": NOTE}


def test_a_step_that_needs_a_reason_takes_one(desk: Desk) -> None:
    filing, revision = desk.filing(desk.scene.submitted())
    step = ("file", "step", filing, "withdraw", "--revision", revision)
    assert "没有写理由" in desk.run(desk.filer, *step).err
    assert desk.run(desk.filer, *step, "--reason", "不再使用").code == 0
    assert desk.status(filing) == Status.WITHDRAWN


def test_what_was_returned_is_printed_until_it_is_dealt_with(desk: Desk) -> None:
    """F5: by the command line a returned filing did not say what was returned."""
    made = desk.scene.submitted()
    said = [{"code": "B7", "zh": "请写明不用于什么。", "en": "Say what it is not for."}]
    desk.scene.rule(made, "return", remarks=said, reason="有一处要补。")
    filing, revision = desk.filing(made)
    shown = desk.run(desk.filer, "file", "show", filing).out
    for words in ("B7", "请写明不用于什么。", "Say what it is not for.", "有一处要补。"):
        assert squeezed(words) in shown
    remark = shown.partition(f"filereply{filing}")[2][:32]
    replied = desk.run(
        desk.filer, "file", "reply", filing, remark, "已在说明里写明。", "--revision", revision
    )
    assert replied.code == 0
    assert "请写明不用于什么" not in replied.out


def test_a_tester_is_shown_no_remark(desk: Desk, world: World) -> None:
    """The route of remarks is for filer and authority, and the filing shows no more than it."""
    tester = world.member("tester-own", Role.TESTER)
    cast.engaged(
        desk.scene.session, desk.scene.version, filer=desk.scene.filer, tester=desk.scene.tester
    )
    made = desk.scene.submitted()
    desk.scene.rule(made, "return", remarks=[{"code": "B7", "zh": "请写明。"}], reason="补一处。")
    filing, _ = desk.filing(made)
    shown = desk.run(tester, "file", "show", filing)
    assert shown.code == 0
    assert "请写明" not in shown.out
    assert "补一处" not in shown.out


def test_a_reviewer_is_shown_what_is_decided_on(desk: Desk) -> None:
    """F6: the reviewer by the command line decided on nothing shown."""
    filing, revision = desk.filing(desk.scene.submitted(G1=papers.LOW))
    shown = desk.run(desk.reviewer, "review", "show", filing).out
    low = LEVEL_NAMES[Level.LOW]
    for words in (
        "判断贷款能不能批。",
        "It judges whether a loan is approved.",
        "现在的等级 / the grade in force",
        f"{low.zh}（平台方法得出：{low.zh}）",
        f"{low.en} (by the platform's method: {low.en})",
        f"{VERDICT_NAMES[Verdict.EQUIVALENT].zh}：3条",
        f"{VERDICT_NAMES[Verdict.EQUIVALENT].en}: 3",
        "签章确认",
        f"mingsuan review step {filing} accept --revision {revision}",
    ):
        assert squeezed(words) in shown, words
    reason = "影响的人比问卷所说的多得多，出错也不容易改正。"
    proposed = desk.run(
        desk.reviewer, "review", "grade", filing, "medium", "--reason", reason,
        "--reason-en", "Many more people are affected than the answers say.", "--revision", revision,
    )  # fmt: skip
    assert proposed.code == 0, proposed.err
    shown = desk.run(desk.reviewer, "review", "show", filing).out
    assert squeezed(f"由{desk.reviewer.person.name}提出") in shown
    assert squeezed(reason) in shown


def test_own_words_in_chinese_alone_are_marked_on_the_english_line(desk: Desk) -> None:
    """A proposal's reason and a return's stood in Chinese on the line of a reader of English."""
    filing, revision = desk.filing(desk.scene.submitted(G1=papers.LOW))
    mark = squeezed(str(IN_CHINESE))
    reason = "影响的人比问卷所说的多得多，出错也不容易改正。"
    words = ("medium", "--reason", reason, "--revision", revision)
    assert desk.run(desk.reviewer, "review", "grade", filing, *words).code == 0
    shown = desk.run(desk.reviewer, "review", "show", filing).out
    assert f"{squeezed(reason)}{mark}" in shown
    marked = [before[-12:] for before in shown.split(mark)[:-1]]
    assert sum(each == squeezed(reason)[-12:] for each in marked) == 1, "the Chinese line is not"
    assert "Loanapplications" in shown
    assert f"Loanapplications{mark}" not in shown, "what has its English is not marked"
    later = str(int(revision) + 1)
    step = ("return", "--reason", "有一处要补。", "--remark", "B7=请写明不用于什么。")
    ended = desk.run(desk.reviewer, "review", "step", filing, *step, "--revision", later)
    assert ended.code == 0, ended.err
    shown = desk.run(desk.filer, "file", "show", filing).out
    for said in ("有一处要补。", "请写明不用于什么。"):
        assert f"{said}{mark}" in shown


def test_beside_a_step_stands_that_another_person_takes_it(desk: Desk) -> None:
    """Who accepted a high-risk filing was told to publish it, which was then refused."""
    made = desk.scene.rule(desk.scene.submitted(), "accept", "file")
    filing, _ = desk.filing(made)
    _, _, following = desk.run(desk.reviewer, "review", "show", filing).out.partition(
        "可做的下一步"
    )
    assert squeezed(f"mingsuan review step {filing} publish") in following
    assert squeezed("现在还不行：高风险的备案由两个人经手") in following
    assert squeezed("not yet: Two people see a high-risk filing through") in following


def test_a_reviewer_is_shown_what_changed(desk: Desk) -> None:
    """Old and new text against the published edition; the fields since the submission before."""
    made = desk.scene.published()
    desk.scene.file(made, "amend")
    before = {"zh": "判断贷款能不能批。", "en": "It judges whether a loan is approved."}
    after = {"zh": "判断住房贷款能不能批。", "en": "It judges whether a home loan is approved."}
    dossier.fill(
        desk.scene.session, by=desk.scene.filer, filing_id=made.id, revision=made.revision,
        answers={"B2": after},
    )  # fmt: skip
    desk.scene.file(made, "submit", reason=NOTE)
    filing, _ = desk.filing(made)
    shown = desk.run(desk.reviewer, "review", "show", filing).out
    assert squeezed(f"由“{before['zh']}”改为“{after['zh']}”") in shown
    assert squeezed(f"changed from “{before['en']}” to “{after['en']}”") in shown
    assert squeezed("changed since the submission before") in shown


def test_old_and_new_text_since_the_submission_before_are_shown(
    desk: Desk, client: TestClient, world: World
) -> None:
    """By command, page and API; a field that was put back as it was is not among them."""
    made = desk.scene.submitted()
    desk.scene.rule(made, "return", remarks=[{"code": "B2", "zh": "请写明是什么贷款。"}])
    before = made.answers["B2"]["value"]
    after = {"zh": "判断住房贷款能不能批。", "en": "It judges whether a home loan is approved."}
    kept = made.answers["H3"]["value"]
    for answers in ({"H3": {"zh": "别的。", "en": "Else."}}, {"B2": after, "H3": kept}):
        dossier.fill(
            desk.scene.session, by=desk.scene.filer, filing_id=made.id, revision=made.revision,
            answers=answers,
        )  # fmt: skip
    desk.scene.file(made, "submit")
    filing, _ = desk.filing(made)
    told = client.get(f"/api/v1/filings/{filing}", headers=desk.reviewer.bearer).json()
    compared = told["resubmitted"]
    assert [(each["key"], each["before"], each["after"]) for each in compared["changes"]] == [
        ("B2", before, after)
    ]
    assert compared["said"]["zh"] == "第2次提交和第1次相比，有1处不同。"
    shown = desk.run(desk.reviewer, "review", "show", filing).out
    assert squeezed(compared["said"]["en"]) in shown
    assert squeezed(f"原来“{before['zh']}”，") in shown
    assert squeezed(f"现在“{after['zh']}”。") in shown
    assert squeezed(f"before “{before['en']}”; now “{after['en']}”.") in shown
    tester = world.member("tester-own", Role.TESTER)
    cast.engaged(
        desk.scene.session, desk.scene.version, filer=desk.scene.filer, tester=desk.scene.tester
    )
    desk.scene.session.commit()
    seen = client.get(f"/api/v1/filings/{filing}", headers=tester.bearer)
    assert (seen.status_code, seen.json()["resubmitted"]) == (200, None)


def test_a_first_submission_is_compared_with_none(desk: Desk, client: TestClient) -> None:
    filing, _ = desk.filing(desk.scene.submitted())
    told = client.get(f"/api/v1/filings/{filing}", headers=desk.reviewer.bearer).json()
    assert told["resubmitted"]["changes"] is None
    shown = desk.run(desk.reviewer, "review", "show", filing).out
    assert squeezed("这是这份备案的第一次提交") in shown
    assert squeezed("This is the filing’s first submission") in shown


def test_who_lost_the_race_is_told_where_to_look(desk: Desk) -> None:
    filing, revision = desk.filing(desk.scene.submitted())
    old = str(int(revision) - 1)
    told = desk.run(desk.reviewer, "review", "step", filing, "accept", "--revision", old)
    assert told.code == 1
    assert squeezed(f"现在的内容：mingsuan review show {filing}") in told.err
    assert squeezed(f"As it is now: mingsuan review show {filing}") in told.err
    told = desk.run(desk.filer, "file", "check", filing, "--revision", old)
    assert squeezed(f"mingsuan file show {filing}") in told.err


def test_a_revision_from_the_future_is_not_a_lost_race(desk: Desk) -> None:
    filing, revision = desk.filing(desk.scene.opened())
    told = desk.run(desk.filer, "file", "check", filing, "--revision", "99")
    assert told.code == 1
    assert squeezed(f"现在是第{revision}次修订，还没有第99次") in told.err
    assert squeezed(f"is at revision {revision} and has no revision 99 yet") in told.err
    assert "以后" not in told.err
    assert "Changedsince" not in told.err


def test_a_condition_of_ours_says_so(desk: Desk) -> None:
    """F9: another organisation and 365 days stood as what the grade asks for, under no name."""
    filing, _ = desk.filing(desk.scene.opened())
    shown = desk.run(desk.filer, "file", "show", filing).out
    assert "受理以前还缺" in shown
    assert "按风险等级还需要" not in shown
    _, _, lacking = shown.partition("受理以前还缺")
    assert squeezed(OURS.zh) in lacking
    assert squeezed(OURS.en) in lacking


def test_a_mere_note_is_apart_and_calls_the_probe_by_its_caption(desk: Desk) -> None:
    made = desk.scene.opened()
    verdicts = {"counterfactual_flip": "not_evaluable"}
    desk.scene.attach(
        made,
        papers.report(
            desk.scene.session, desk.scene.version, desk.scene.tester, verdicts=verdicts
        ),
    )
    filing, _ = desk.filing(made)
    shown = desk.run(desk.filer, "file", "show", filing).out
    assert "受理以前还缺" not in shown
    _, _, noted = shown.partition("另外说明，不妨碍受理")
    name = questions.caption("counterfactual_flip")
    assert squeezed(name.zh) in noted
    assert squeezed(name.en) in noted
    assert "counterfactual_flip" not in noted


@pytest.mark.parametrize("words", [("file", "submit"), ("review", "step")])
def test_help_marks_the_revision_as_required(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main((*words, "--help"))
    _, _, about = squeezed(capsys.readouterr().out).partition("--revision")
    assert "必填/required]" in about.partition("--json")[0]


def test_a_copy_is_offered_what_was_found_of_the_same_bytes(
    desk: Desk, client: TestClient
) -> None:
    """mlflow/F13: page and API list it and the command line attaches it; other bytes' is not."""
    session, scene = desk.scene.session, desk.scene
    report = papers.report(session, scene.version, scene.tester)
    explained = papers.explanation(session, scene.version, scene.filer)
    other = papers.report(session, cast.version(session, scene.filer, name="other"), scene.tester)
    copied = submission.copy(session, scene.version, by=scene.filer, model_name="生产").version
    filing, revision = desk.filing(scene.opened(version=copied))
    for kind, found in (("reports", report), ("explanations", explained)):
        asked = f"/api/v1/versions/{copied.id}/{kind}"
        listed = client.get(asked, headers=desk.filer.bearer).json()["items"]
        assert [each["id"] for each in listed] == [found.id]
    page = client.get(f"/zh/filings/{filing}", headers=desk.filer.bearer).text
    assert report.id in page
    assert other.id not in page
    words = ("--report", report.id, "--explanation", explained.id, "--revision", revision)
    ended = desk.run(desk.filer, "file", "attach", filing, *words)
    assert ended.code == 0, ended.err
    session.expire_all()
    kept = session.get_one(Filing, filing)
    assert (kept.report_ids, kept.explanation_id) == ([report.id], explained.id)


def test_the_newest_form_is_previewed_and_taken(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filing, revision = desk.filing(desk.scene.opened())
    assert "已经是新版备案表" in desk.run(desk.filer, "file", "form", filing).out
    schemas.second(tmp_path, monkeypatch)
    told = desk.run(desk.filer, "file", "form", filing).out
    for words in ("新增“能耗”，必填。", "“Energy”isnewandrequired.", "E14：还没有填“能耗”。"):
        assert words in told
    taken = desk.run(desk.filer, "file", "carry", filing, "--revision", revision)
    assert taken.code == 0
    assert f"form:{schemas.AFTER}" in taken.out
    desk.scene.session.expire_all()
    assert desk.scene.session.get_one(Filing, filing).schema_version == schemas.AFTER


def test_the_thread_of_returns_is_printed_and_answers_by_the_api(desk: Desk) -> None:
    """filing/A17: what was asked of each answer, what was replied and changed, in order."""
    made = desk.scene.submitted()
    said = [
        {"code": "B2", "zh": "请改写。", "en": "Write it anew."},
        {"code": "E7", "zh": "补充。"},
    ]
    desk.scene.rule(made, "return", remarks=said, reason="有两处要补。")
    filing, revision = desk.filing(made)
    remark = next(each.id for each in remarks.on(desk.scene.session, made) if each.key == "E7")
    reply = ("file", "reply", filing, remark, "没有更多。", "--revision", revision)
    assert desk.run(desk.filer, *reply).code == 0
    desk.scene.session.rollback()
    desk.scene.session.refresh(made)
    dossier.fill(
        desk.scene.session,
        by=desk.scene.filer,
        filing_id=filing,
        revision=made.revision,
        answers={"B2": "判断贷款能不能批准。"},
    )
    desk.scene.file(made, "submit")
    desk.filing(made)
    for reader in (desk.filer, desk.reviewer):
        shown = desk.run(reader, "file", "returns", filing)
        assert shown.code == 0, shown.err
        places = [
            shown.out.index(squeezed(each))
            for each in (
                "第1次提交被退回",
                "有两处要补。",
                "B2",
                "请改写。",
                "判断贷款能不能批准。",
                "E7",
                "没有更多。",
                "再次提交",
            )
        ]
        assert places == sorted(places)
    told = json.loads(desk.run(desk.filer, "file", "returns", filing, "--json").out)
    assert [each["code"] for each in told[0]["asked"]] == ["B2", "E7"]
    assert told[0]["asked"][1]["replies"][0]["said"] == {"zh": "没有更多。"}
