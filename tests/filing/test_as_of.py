"""A filing as it was on a day: what was public, how it stood, which version was said to serve."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from filing import as_of, catalogue, editions
from filing.as_of import AsOf
from filing.dossier import Filing
from filing.lifecycle import Status
from filing.numbers import NumberNotFound
from filing.standing import State
from registry import legal_day
from registry.database import now
from registry.journal import Event
from registry.reports import Report
from tests.filing.papers import Scene
from tests.filing.test_standing import again, change


def aged(scene: Scene, filing: Filing, days: int) -> None:
    """All that happened to a filing so far happened so many days sooner."""
    back = timedelta(days=days)
    scene.session.flush()
    for edition in editions.every(scene.session, filing):
        edition.published -= back
    for event in scene.session.scalars(select(Event).where(Event.subject == filing.id)):
        event.at -= back
    for report in scene.session.scalars(select(Report)):
        report.created -= back
        if report.countersigned:
            report.countersigned -= back
    filing.since -= back
    scene.session.flush()


def ago(scene: Scene, filing: Filing, days: int) -> AsOf:
    day = legal_day.today() - timedelta(days=days)
    return as_of.on(scene.session, str(filing.number), day)


@pytest.fixture
def changed(scene: Scene) -> Filing:
    """Published 30 days ago in service, named anew 10 days ago, cancelled 5 days ago."""
    filing = scene.published(**serving(40))
    aged(scene, filing, 20)
    again(scene, filing, B1="新名称")
    aged(scene, filing, 5)
    scene.file(filing, "cancel", reason={"zh": "不再提供"})
    aged(scene, filing, 5)
    return filing


def day(ago_: int) -> str:
    return (legal_day.today() - timedelta(days=ago_)).isoformat()


def serving(start: int, *versions: tuple[str, int, int | None], **dates: int) -> dict[str, Any]:
    """Fields of a service that began so many days ago, with the versions that its filer names."""
    rows = [
        {"version": name, "start": day(first)} | ({} if last is None else {"end": day(last)})
        for name, first, last in versions
    ]
    whole: dict[str, Any] = {"start": day(start), **{k: day(v) for k, v in dates.items()}}
    return {"B8": "in_service", "B9": whole | ({"versions": rows} if rows else {})}


def test_before_the_first_publication_nothing_was_public(scene: Scene, changed: Filing) -> None:
    then = ago(scene, changed, 31)
    assert then.entry is None
    assert then.shown == ()
    assert "还没有公示过内容" in then.said.zh


@pytest.mark.parametrize(
    ("days", "edition", "status"),
    [
        (30, 1, Status.PUBLISHED),
        (11, 1, Status.PUBLISHED),
        (10, 2, Status.PUBLISHED),
        (6, 2, Status.PUBLISHED),
        (5, 2, Status.CANCELLED),
        (0, 2, Status.CANCELLED),
    ],
)
def test_each_day_tells_the_edition_and_the_status_of_that_day(
    scene: Scene, changed: Filing, days: int, edition: int, status: Status
) -> None:
    then = ago(scene, changed, days)
    assert then.entry is not None
    assert then.entry.content["edition"] == edition
    assert then.entry.standing.status is status
    assert then.entry.standing.editions == edition == len(then.history.turns)
    assert (then.entry.standing.reason is not None) is (status is Status.CANCELLED)


def test_on_a_day_of_two_editions_both_are_named_with_their_time(
    scene: Scene, changed: Filing
) -> None:
    then = ago(scene, changed, 10)
    assert [each.edition for each in then.shown] == [1, 2]
    assert "第1次公示的内容，第2次公示的内容（" in then.said.zh


def test_a_day_tells_nothing_that_came_after_it(scene: Scene) -> None:
    """A change handed in and a report countersigned later leave no trace on an earlier day."""
    filing = scene.published()
    aged(scene, filing, 20)
    before = ago(scene, filing, 3)
    assert before.entry is not None
    change(scene, filing, E7="另一种选定方法")
    after = ago(scene, filing, 3)
    assert after.entry is not None
    assert after.entry.standing == before.entry.standing
    assert ago(scene, filing, 0).entry.standing.status is Status.CHANGE_PENDING  # type: ignore[union-attr]


def test_today_is_told_as_the_page_of_today(scene: Scene, changed: Filing) -> None:
    then, public = ago(scene, changed, 0), catalogue.entry(scene.session, str(changed.number))
    assert then.entry is not None
    assert then.entry.content == public.content
    assert then.entry.newest
    told, page = then.entry.standing.as_json(), public.standing.as_json()
    assert {**told, "since": None} == {**page, "since": None}
    assert told["since"][:16] == page["since"][:16]


def test_an_evaluation_counted_on_the_days_before_it_expired(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked long after: the day on which it expired divides the days."""
    filing = scene.published()
    number, made = str(filing.number), legal_day.today()
    monkeypatch.setattr(as_of, "now", lambda: now() + timedelta(days=500))
    told = {
        days: as_of.on(scene.session, number, made + timedelta(days=days)).entry
        for days in (0, 364, 365)
    }
    states = {days: found and found.standing.third_party.state for days, found in told.items()}
    assert states == {0: State.CURRENT, 364: State.CURRENT, 365: State.EXPIRED}


def test_a_day_to_come_and_what_is_no_day_are_refused(scene: Scene) -> None:
    for wrong in (day(-1), "2026-02-30", "20261101", "昨天"):
        with pytest.raises(as_of.WrongDay):
            as_of.day_of(wrong)
    assert as_of.day_of(day(0)) == legal_day.today()


def test_a_number_that_was_never_given_has_no_day(scene: Scene) -> None:
    with pytest.raises(NumberNotFound):
        as_of.on(scene.session, "SH-2026-000009-X", legal_day.today())


# Which version was in service


def test_the_edition_public_then_says_which_version_was_filed_and_that_it_served(
    scene: Scene, changed: Filing
) -> None:
    (claim,) = ago(scene, changed, 20).claims
    assert (claim.edition, claim.version, claim.serves) == (1, str(scene.version.number), True)
    assert f"上线日期{day(40)}" in claim.said.zh


def test_a_day_before_the_declared_start_is_told_as_that(scene: Scene) -> None:
    filing = scene.published(**serving(5))
    aged(scene, filing, 20)
    (claim,) = ago(scene, filing, 10).claims
    assert claim.serves is False
    assert "这一天还没有上线" in claim.said.zh
    (claim,) = ago(scene, filing, 5).claims
    assert claim.serves is True


def test_versions_that_the_newest_edition_names_are_told_for_their_days(scene: Scene) -> None:
    filing = scene.published(**serving(40, ("甲", 40, 11), ("乙", 10, None)))
    named = {
        days: [claim.version for claim in ago(scene, filing, days).claims] for days in (41, 11, 10)
    }
    assert named[41] == []
    assert named[11] == ["甲"]
    assert named[10] == ["乙"]
    assert ago(scene, filing, 0).claims[0].version == str(scene.version.number)


def test_a_later_edition_that_names_no_version_says_only_that_service_had_begun(
    scene: Scene,
) -> None:
    filing = scene.published(**serving(40))
    (claim,) = ago(scene, filing, 10).claims
    assert claim.serves is None
    assert claim.version == ""
    assert "没有写这一天用的是哪一版" in claim.said.zh
    assert "没有写" in ago(scene, filing, 50).service.zh


@given(st.data())
def test_the_edition_of_a_day_is_the_last_one_by_then(data: st.DataObject) -> None:
    """Over any moments of publication: those shown are a run of editions without a gap."""
    moments = sorted(data.draw(st.lists(st.integers(0, 9 * 24), min_size=1, max_size=6, unique=True)))  # fmt: skip
    begin = legal_day.begins(legal_day.today())
    every = [
        editions.Edition(number=n, published=begin + timedelta(hours=each))
        for n, each in enumerate(moments, 1)
    ]
    asked = data.draw(st.integers(0, 9))
    end = begin + timedelta(days=asked + 1)
    public = [each for each in every if each.published < end]
    shown = as_of._shown(public, legal_day.today() + timedelta(days=asked))
    numbers = [each.edition for each in shown]
    assert numbers == list(range(len(public) - len(numbers) + 1, len(public) + 1))
    assert bool(numbers) is bool(public)
    assert all(a.until == b.since for a, b in pairwise(shown))
    assert all(each.until is None for each in shown[-1:])
