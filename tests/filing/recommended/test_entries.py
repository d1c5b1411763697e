"""Entries as everybody reads them: what they rest on, when they lapse, and what is told of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from filing import catalogue, dossier
from filing.forms import current
from filing.recommended import deciding, lapsing, recompute, weighing
from filing.recommended import reading as recommended_reading
from filing.recommended.recompute import OtherMoment
from filing.recommended.steps import Action, Status, StepRefused
from registry import journal, legal_day
from tests.filing.papers import Scene, report
from tests.filing.recommended.room import OFFER, Room, moment_before


def test_an_entry_lapses_with_its_evaluation_at_the_very_moment(room: Room) -> None:
    made = room.entered()
    until = catalogue.entry(room.session, str(room.filing.number)).standing.third_party.until
    made.until = legal_day.today() + timedelta(days=700)
    assert until is not None
    assert room.listed(at=moment_before(until)) == [room.filing.number]
    assert room.listed(at=until) == []
    row = room.told(at=until)["log"][0]
    assert (row["what"]["id"], row["reason"]["zh"]) == ("lapsed", "第三方评估已过期")
    assert row["at"] == until.isoformat()


def test_an_entry_lapses_with_its_licence_and_its_term(room: Room) -> None:
    today = legal_day.today()
    room.entered(replace(OFFER, licence_until=(today + timedelta(days=3)).isoformat()))
    over = legal_day.begins(today + timedelta(days=4))
    assert room.listed(at=moment_before(over)) == [room.filing.number]
    assert room.listed(at=over) == []


@pytest.mark.parametrize("action", ["revoke", "cancel"])
def test_an_entry_lapses_with_its_filing(room: Room, action: str) -> None:
    room.entered()
    by = room.scene.rule if action == "revoke" else room.scene.file
    by(room.filing, action, reason="不再提供")
    assert room.listed() == []
    assert room.told()["log"][0]["reason"]["zh"] == "备案已经结束"


def test_an_evaluation_that_comes_later_brings_no_entry_back(room: Room) -> None:
    """What lapsed is applied for again: nobody decided on the new evaluation."""
    made = room.entered()
    made.until = legal_day.today() + timedelta(days=700)
    until = recommended_reading.of_filing(room.session, room.filing).ends(made).at
    newer = report(room.session, room.scene.version, room.scene.tester)
    room.scene.file(room.filing, "amend")
    room.scene.attach(room.filing, newer)
    newer.created = until - timedelta(days=2)
    room.scene.file(room.filing, "submit", reason="附上新的报告")
    room.scene.rule(room.filing, "accept", "file", "publish")
    assert room.listed(at=until) == []


def test_what_lapsed_is_written_down_once_and_ended_by_nobody_else(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = room.entered()
    assert made.until is not None
    over = legal_day.begins(made.until + timedelta(days=1))
    for module in (lapsing, deciding):
        monkeypatch.setattr(module, "now", lambda: over)
    with pytest.raises(StepRefused):
        room.take(room.one, made, Action.PROPOSE_REMOVAL)
    lapsing.note(
        room.session, made, recommended_reading.of_filing(room.session, room.filing).ends(made)
    )
    assert (made.status, made.ended) == (Status.LAPSED, over)
    names = [each.name for each in journal.history(room.session, made.id)]
    assert names[-1] == lapsing.LAPSED
    assert [each["what"]["id"] for each in room.told(at=over)["log"]] == [
        "lapsed",
        "entered",
        "opened",
    ]


def test_the_log_is_by_moment_whatever_the_zone_and_then_by_what_was_written_later(
    room: Room,
) -> None:
    made = room.entered()
    assert made.until is not None
    assert made.decided is not None
    over = legal_day.begins(made.until + timedelta(days=1))
    room.weigh(checks=50)
    weighed = journal.history(room.session, room.kept.id)[-1]
    assert weighed.name == weighing.WEIGHED
    weighed.at = (over + timedelta(hours=2)).astimezone(UTC)

    def log() -> list[str]:
        return [each["what"]["id"] for each in room.told(at=over + timedelta(hours=3))["log"]]

    assert log() == ["weighed", "lapsed", "entered", "opened"]
    weighed.at = made.decided
    assert log() == ["lapsed", "weighed", "entered", "opened"]
    weighed.at = journal.history(room.session, room.kept.id)[0].at
    assert log() == ["lapsed", "entered", "weighed", "opened"]


def test_what_the_filing_says_otherwise_since_the_decision_is_named(room: Room) -> None:
    """The entry went on under another name, with the reason that was given for the earlier one."""
    made = room.entered()
    (entry,) = room.told()["entries"]
    assert (entry["decided_on"]["edition"], entry["decided_on"]["changed"]) == (1, [])
    assert "就是现在公示的内容" in entry["decided_on"]["zh"]
    room.scene.file(room.filing, "amend")
    dossier.fill(
        room.session,
        by=room.scene.filer,
        filing_id=room.filing.id,
        revision=room.filing.revision,
        answers={"B1": {"value": {"zh": "另一个名称", "en": "Another name"}}},
    )
    assert room.told()["entries"][0]["decided_on"] == entry["decided_on"], "a draft is no edition"
    room.scene.file(room.filing, "submit", reason="改了名称")
    room.scene.rule(room.filing, "accept", "file", "publish")
    (entry,) = room.told()["entries"]
    assert (entry["edition"], entry["decided_on"]["edition"]) == (2, 1)
    name = current().field("B1").name
    assert entry["decided_on"]["changed"] == [name.as_json()]
    assert f"现在是第2次公示，改过的是“{name.zh}”" in entry["decided_on"]["zh"]
    assert f"now at edition 2; changed: “{name.en}”." in entry["decided_on"]["en"]
    assert made.status == Status.ENTERED


def _with_an_older_report(room: Room, days: int) -> None:
    """Publish the filing anew, with a third-party report beside the first that was made before."""
    older = report(room.session, room.scene.version, room.scene.tester, age=timedelta(days=days))
    room.scene.file(room.filing, "amend")
    room.scene.attach(room.filing, older)
    room.scene.file(room.filing, "submit", reason="附上更早的报告")
    room.scene.rule(room.filing, "accept", "file", "publish")


def test_an_expired_report_neither_counts_nor_stands_as_evidence(room: Room) -> None:
    _with_an_older_report(room, 300)
    made = room.entered()
    made.until = legal_day.today() + timedelta(days=700)
    both = room.told()["entries"][0]
    assert both["measured"]["findings"] == {"count": 6, "of": 6}
    older, newer = sorted(datetime.fromisoformat(each["until"]) for each in both["reports"])
    assert room.told(at=moment_before(older))["entries"][0]["reports"] == both["reports"]
    (entry,) = room.told(at=older)["entries"]
    assert entry["measured"]["findings"] == {"count": 3, "of": 3}
    assert [each["until"] for each in entry["reports"]] == [newer.isoformat()]
    content = room.told()
    assert recompute.recompute(content, at=moment_before(older)).agrees is True
    with pytest.raises(OtherMoment, match=str(room.filing.number)):
        recompute.recompute(content, at=older)
    assert recompute.recompute(content, at=newer).lapsed == (room.filing.number,)
    with pytest.raises(OtherMoment, match="earlier weights"):
        recompute.recompute(content, at=moment_before(datetime.fromisoformat(content["at"])))
    assert room.listed(at=moment_before(newer)) == [room.filing.number]
    assert room.listed(at=newer) == []


def test_the_catalogue_is_read_with_as_many_queries_for_many_entries_as_for_few(
    room: Room,
) -> None:
    def statements(entered: int) -> int:
        said: list[str] = []
        engine = room.session.get_bind()
        room.session.expire_all()

        def counting(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            said.append(statement)

        event.listen(engine, "before_cursor_execute", counting)
        assert len(room.told()["entries"]) == entered
        event.remove(engine, "before_cursor_execute", counting)
        return len(said)

    counted = dict[int, int]()
    for entered in range(1, 21):
        scene = Scene(room.session)
        mine = replace(room, scene=scene, filing=scene.published())
        mine.entered()
        if entered in (2, 20):
            counted[entered] = statements(entered)
    assert counted[2] == counted[20] < 20


def test_a_filing_of_another_city_is_marked(room: Room) -> None:
    room.entered()
    assert room.told()["entries"][0]["elsewhere"] is None
    room.kept.city = "shenzhen"
    told = room.told()
    assert told["entries"][0]["elsewhere"]["zh"] == "在上海备案"
    assert "没有写推荐目录" in told["catalogue"]["ground"]["zh"]
