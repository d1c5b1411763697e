import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from filing import completeness, dossier, forms, grading, remarks
from filing.answers import WrongAnswer
from filing.dossier import Filing
from filing.fields import FieldNotFound
from filing.lifecycle import Status
from filing.revision import Moved
from registry import database, journal
from registry.database import now
from registry.engagements import Engagement
from registry.errors import Invalid
from registry.organisations import Kind, NotYours, Organisation, WrongRole
from tests import cast
from tests.filing import papers
from tests.filing.papers import Scene


def draft(scene: Scene) -> Filing:
    return dossier.open_filing(scene.session, by=scene.filer, version_id=scene.version.id)


def test_a_draft_starts_with_what_the_register_knows(scene: Scene) -> None:
    owner = scene.session.get_one(Organisation, scene.filer.organisation_id)
    owner.credit_code = "91350100M000100Y43"
    filing = draft(scene)

    assert filing.status == Status.DRAFT
    assert filing.answers["A1"]["value"]["zh"] == owner.name_zh
    assert filing.answers["A2"]["value"] == owner.credit_code


def test_only_a_filer_of_the_owner_opens_a_filing(scene: Scene) -> None:
    with pytest.raises(WrongRole):
        dossier.open_filing(scene.session, by=scene.tester, version_id=scene.version.id)
    with pytest.raises(NotYours):
        dossier.open_filing(
            scene.session, by=cast.actor(scene.session), version_id=scene.version.id
        )
    with pytest.raises(dossier.FilingNotFound):
        dossier.open_filing(scene.session, by=scene.filer, version_id="none")


def test_a_version_has_one_filing_under_way(scene: Scene) -> None:
    first = draft(scene)
    with pytest.raises(dossier.AlreadyOpen, match=first.id):
        draft(scene)
    scene.file(first, "withdraw", reason="重来")
    assert draft(scene).id != first.id


def test_a_later_filing_starts_with_the_earlier_answers_but_not_the_truth_statement(
    scene: Scene,
) -> None:
    first = scene.opened()
    second = dossier.open_filing(
        scene.session, by=scene.filer, version_id=cast.version(scene.session, scene.filer).id
    )
    bare = {key: {**each} for key, each in second.answers.items()}
    taken = {key: each.pop("source")["kind"] for key, each in bare.items() if "source" in each}
    assert bare == {key: each for key, each in first.answers.items() if key != "A9"}
    assert set(taken.values()) == {"earlier_filing"}
    assert second.answers.keys() - taken.keys() == {"A1", "A2", "A3"}, "the organisation's record"


def test_filling_saves_what_is_named_and_clears_what_is_blank(scene: Scene) -> None:
    filing = draft(scene)
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B1": "名称", "B2": "说明"},
    )
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B2": ""},
    )

    assert filing.answers["B1"] == {"value": {"zh": "名称"}}
    assert "B2" not in filing.answers
    assert journal.history(scene.session, filing.id)[-1].details["keys"] == ["B2"]


def test_the_answers_that_count_are_worked_out_once_and_anew_when_one_changes(
    scene: Scene,
) -> None:
    filing = scene.opened()
    first = filing.told
    assert filing.told is first
    named = {"B1": {"zh": "改过的名称"}}
    dossier.fill(
        scene.session, by=scene.filer, filing_id=filing.id, revision=filing.revision, answers=named
    )
    assert filing.told.rows["B1"]["value"]["zh"] == "改过的名称"
    scene.session.expire(filing)
    assert filing.told.rows == grading.counted(filing.typed, None).rows
    filing.grade_change = {"level": "high"}
    assert filing.told is not first


def test_filling_in_the_same_again_changes_nothing(scene: Scene) -> None:
    filing = draft(scene)
    answers = {"B1": "名称"}
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers=answers,
    )
    revision = filing.revision
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers=answers,
    )
    assert filing.revision == revision


def test_one_misshapen_answer_saves_nothing_and_all_are_named(scene: Scene) -> None:
    filing = draft(scene)
    with pytest.raises(Invalid) as caught:
        dossier.fill(
            scene.session,
            by=scene.filer,
            filing_id=filing.id,
            revision=filing.revision,
            answers={"B1": "名称", "B2": 3, "B3": "1", "I2": {"days": []}, "D5": "x"},
        )
    assert [each.item for each in caught.value.reasons] == ["B2", "B3", "D5"]
    assert "B1" not in filing.answers


def test_a_stale_writer_is_told_the_present_revision(scene: Scene) -> None:
    filing = draft(scene)
    read = filing.revision
    for _ in range(2):
        if filing.revision != read:
            with pytest.raises(Moved, match=str(filing.revision)):
                dossier.fill(
                    scene.session,
                    by=scene.filer,
                    filing_id=filing.id,
                    answers={"B1": "乙"},
                    revision=read,
                )
        else:
            dossier.fill(
                scene.session,
                by=scene.filer,
                filing_id=filing.id,
                answers={"B1": "甲"},
                revision=read,
            )
    assert filing.answers["B1"]["value"]["zh"] == "甲"


def test_a_change_under_ones_feet_is_a_conflict(factory: sessionmaker[Session]) -> None:
    with database.transaction(factory) as session:
        scene = Scene(session)
        filing = draft(scene)
    with factory() as session:
        mine = session.get_one(Filing, filing.id)
        session.commit()
        with database.transaction(factory) as other:
            other.execute(update(Filing).values(revision=Filing.revision + 1))
        mine.answers = {"B1": {"value": {"zh": "丙"}}}
        with pytest.raises(Moved):
            dossier.flush(session, mine)


def test_what_is_submitted_cannot_be_changed(scene: Scene) -> None:
    filing = scene.file(scene.evaluated(), "check", "submit")
    with pytest.raises(dossier.NotEditable):
        dossier.fill(
            scene.session,
            by=scene.filer,
            filing_id=filing.id,
            revision=filing.revision,
            answers={"B1": "x"},
        )


def test_a_report_of_another_model_is_not_attached(scene: Scene) -> None:
    filing = scene.opened()
    stranger = cast.version(scene.session, scene.filer, name="other")
    report = papers.report(scene.session, stranger, scene.tester)
    for given in (report.id, "none"):
        with pytest.raises(dossier.NotOfThisModel):
            dossier.attach(
                scene.session,
                by=scene.filer,
                filing_id=filing.id,
                revision=filing.revision,
                report_id=given,
            )
    with pytest.raises(dossier.NotOfThisModel):
        dossier.move(
            scene.session,
            by=scene.filer,
            filing_id=filing.id,
            revision=filing.revision,
            version_id=stranger.id,
        )


def test_attaching_twice_changes_nothing(scene: Scene) -> None:
    filing = scene.opened()
    report = papers.report(scene.session, scene.version, scene.tester)
    explained = papers.explanation(scene.session, scene.version, scene.filer)
    for _ in range(2):
        dossier.attach(
            scene.session,
            by=scene.filer,
            filing_id=filing.id,
            revision=filing.revision,
            report_id=report.id,
            explanation_id=explained.id,
        )
    assert filing.report_ids == [report.id]
    assert filing.explanation_id == explained.id


def test_a_dossier_is_read_by_filer_authority_and_assigned_tester(scene: Scene) -> None:
    filing = scene.evaluated()
    strangers = [scene.tester, scene.reviewer, cast.actor(scene.session)]
    for stranger in strangers:
        with pytest.raises(dossier.NotAssigned) as refused:
            dossier.get(scene.session, by=stranger, filing_id=filing.id)
        assert "主管部门要到提交以后才能看" in str(refused.value)  # a draft is not the authority's
        assert "the authority may once it has been submitted" in str(refused.value)
    engagement = Engagement(
        version_id=scene.version.id,
        enterprise_id=scene.filer.organisation_id,
        tester_id=scene.tester.organisation_id,
        query_budget=1,
        conflict_filer="无",
        accepted=now() - timedelta(days=1),
        granted_by=scene.filer.person_id,
    )
    scene.session.add(engagement)
    scene.file(filing, "check", "submit")

    for reader in (scene.filer, scene.tester, scene.reviewer):
        assert dossier.get(scene.session, by=reader, filing_id=filing.id) is filing
    with pytest.raises(dossier.NotAssigned):
        dossier.get(scene.session, by=cast.actor(scene.session, Kind.TESTER), filing_id=filing.id)
    with pytest.raises(dossier.FilingNotFound):
        dossier.get(scene.session, by=scene.filer, filing_id="none")

    engagement.ended = now()  # what is written from now on is no business of the tester's
    scene.session.flush()
    with pytest.raises(dossier.NotAssigned) as refused:
        dossier.get(scene.session, by=scene.tester, filing_id=filing.id)
    assert "委托期间" in str(refused.value)
    assert "while it is engaged" in str(refused.value)


def test_an_empty_draft_says_what_to_do_group_by_group(scene: Scene) -> None:
    found = completeness.measure(draft(scene))

    assert found.percent < 5
    assert [each.group for each in found.lacking] == list("ABCDEGHI")
    assert all(reason.remedy.zh for reason in found.reasons)


def test_completeness_counts_what_is_there_and_sound(scene: Scene) -> None:
    filing = scene.opened()
    whole = completeness.measure(filing)
    assert (whole.percent, whole.complete, whole.done) == (100, True, whole.required)

    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B2": "长" * 81, "B1": None},
    )
    less = completeness.measure(filing)
    assert less.done == whole.required - 2
    assert less.percent == 100 * less.done // less.required
    assert [each.item for each in less.reasons] == ["B1", "B2.zh"]


def test_a_data_set_can_be_dropped(scene: Scene) -> None:
    filing = scene.opened()
    second = {"C1#2": {"name": "验证", "version": "1"}}
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers=second,
    )
    assert not completeness.measure(filing).complete
    dropped: dict[str, Any] = {
        "by": scene.filer,
        "filing_id": filing.id,
        "revision": filing.revision,
        "number": 2,
    }
    with pytest.raises(FieldNotFound, match=r"B.*C（数据集）"):
        dossier.drop_set(scene.session, group="B", **dropped)
    dossier.drop_set(scene.session, group="C", **dropped)
    assert completeness.measure(filing).complete


def test_any_group_may_repeat(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training, asked once for each of several models: its own conditions, limits, sets and keys."""
    made = tmp_path / "schema"
    shutil.copytree(forms.FOLDER, made)
    top = (made / "schema.toml").read_text()
    row = 'repeats = true\none = { zh = "模型", en = "model" }\nmost = 3\n'
    (made / "schema.toml").write_text(
        top.replace('topic = "training"\n', f'topic = "training"\n{row}')
    )
    monkeypatch.setattr(forms, "FOLDER", made)
    whole = papers.answers(B15=papers.OTHERS_MODEL["B15"])
    first = {f"{code}#1": whole.pop(code) for code in list(whole) if code.startswith("E")}
    others = {key: said for key, said in papers.OTHERS_MODEL.items() if key.startswith("E")}
    second = {"E1": "calls", **others, **{c: first[f"{c}#1"] for c in ("E9", "E10")}}
    third = (
        {key.removesuffix("#1"): said for key, said in first.items()} | others | {"E1": "tuned"}
    )
    del third["E7"]
    sets = first | {
        f"{code}#{number}": said
        for number, given in ((2, second), (3, third))
        for code, said in given.items()
    }
    filing = draft(scene)
    said: dict[str, Any] = {"by": scene.filer, "filing_id": filing.id}
    dossier.fill(scene.session, revision=filing.revision, answers=whole | sets, **said)

    lacking = {each.item for each in completeness.measure(filing).reasons}
    assert lacking == {"E7#3"}, "the second set calls another's model, the third is tuned"
    with pytest.raises(WrongAnswer):
        dossier.fill(scene.session, revision=filing.revision, answers={"E1#1": "sold"}, **said)
    dossier.drop_set(scene.session, group="E", number=3, revision=filing.revision, **said)
    assert completeness.measure(filing).complete
    dossier.drop_set(scene.session, group="E", number=1, revision=filing.revision, **said)
    assert filing.answers["E1#1"] == {"value": "calls"}
    assert {key for key in filing.answers if key.startswith("E")} == {f"{c}#1" for c in second}


def test_filings_are_listed_newest_first(scene: Scene) -> None:
    first = draft(scene)
    second = dossier.open_filing(
        scene.session, by=scene.filer, version_id=cast.version(scene.session, scene.filer).id
    )
    assert list(dossier.of_organisation(scene.session, scene.filer.organisation_id)) == [
        second,
        first,
    ]
    assert list(dossier.of_version(scene.session, scene.version.id)) == [first]


def test_a_reply_says_something_to_a_remark_that_is_there(scene: Scene) -> None:
    filing = scene.file(scene.evaluated(), "check", "submit")
    scene.rule(filing, "return", remarks=[{"code": "B1", "zh": "改名"}])
    (remark,) = remarks.on(scene.session, filing)

    with pytest.raises(Invalid):
        remarks.reply(
            scene.session, by=scene.filer, revision=filing.revision, remark_id=remark.id, zh=" "
        )
    with pytest.raises(remarks.RemarkNotFound):
        remarks.reply(
            scene.session, by=scene.filer, revision=filing.revision, remark_id="none", zh="好"
        )
    remarks.reply(
        scene.session,
        by=scene.filer,
        revision=filing.revision,
        remark_id=remark.id,
        zh="好",
        en="fine",
    )
    assert remark.reply == {"zh": "好", "en": "fine"}


def test_an_explanation_is_approved_before_it_is_attached(scene: Scene) -> None:
    filing = scene.opened()
    explained = papers.explanation(scene.session, scene.version, scene.filer)
    explained.approved = None
    with pytest.raises(dossier.NotApproved):
        dossier.attach(
            scene.session,
            by=scene.filer,
            filing_id=filing.id,
            revision=filing.revision,
            explanation_id=explained.id,
        )
    assert filing.explanation_id is None
