"""By which reports an evaluation goes: a small later one neither renews it nor silences what changed since."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filing import counting, service, standing
from filing.lifecycle import Status
from filing.risk import Level
from filing.standing import Freshness, Standing, State
from portal.pages import filed_view
from registry.language import Text

START = datetime(2027, 1, 1, tzinfo=UTC)
REQUIRED = ("error_parity", "selection_parity")
PROBES = (*REQUIRED, "score_parity", "stability")
DAYS = 365


def report(
    name: str,
    day: int,
    probes: Sequence[str] = REQUIRED,
    *,
    kind: str = "third_party",
    **other: Any,
) -> dict[str, Any]:
    """A report as a basis tells it."""
    made = (START + timedelta(days=day)).isoformat()
    return {
        "id": name, "kind": kind, "countersigned": made, "made": made, "model_digest": "m",
        "version": 1, "task": "decision", "required": list(REQUIRED), "probes": list(probes),
        "verdicts": {}, **other,
    }  # fmt: skip


def basis(
    *reports: dict[str, Any], level: Level = Level.HIGH, changed: dict[str, str] | None = None
) -> dict[str, Any]:
    """A basis with these reports; `changed` names what was changed since each of them."""
    return {
        "published": START.isoformat(),
        "model": {"version": 1, "sha256": "m"},
        "grade": {"level": level.value, "name": {}, "changed": False},
        "service": {"zh": "服务中", "en": "in service"},
        "task": "decision",
        "reports": list(reports),
        "changed": {
            each["id"]: [{"zh": name, "en": name} for name in (changed or {}).get(each["id"], "")]
            for each in reports
        },
        "explanation": None,
        "changed_explanation": [],
        "unexplained": [],
    }  # fmt: skip


def age(read: dict[str, Any]) -> datetime | None:
    """By which moment the age of its third-party evaluation goes."""
    found = counting.age(counting.third_party(read), read["task"])
    return found.made if found else None


def test_a_small_later_report_does_not_renew_what_the_gate_asks_for() -> None:
    """F7c/10: badge "expires 2028-05-31" beside "evaluation expired 2027-11-30" on one page."""
    read = basis(report("whole", 0), report("small", 180, ["score_parity"]))
    assert age(read) == START
    assert age(basis(report("small", 180, ["stability"]))) == START + timedelta(days=180)


def test_a_later_whole_report_does() -> None:
    read = basis(report("old", 0), report("new", 180))
    assert age(read) == START + timedelta(days=180)


def test_where_none_is_whole_the_earliest_that_no_later_one_replaces_tells_the_age() -> None:
    first = report("first", 0, ["error_parity", "stability"])
    other, same = report("other", 90, ["stability"]), report("same", 120, first["probes"])
    assert age(basis(first, other)) == START
    # The other one is replaced as well: it asked for less than the last.
    assert age(basis(first, other, same)) == START + timedelta(days=120)
    assert age(basis()) is None


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "own"}, {"countersigned": None}, {"model_digest": "x"}, {"task": "pricing"},
        {"probes": ["stability"]}, {"required": []},
    ],
)  # fmt: skip
def test_what_the_gate_does_not_count_renews_nothing(other: dict[str, Any]) -> None:
    """Also a report whose policy asks for nothing, which the gate refuses."""
    read = basis(report("whole", 0), report("later", 180, **{"probes": REQUIRED, **other}))
    assert age(read) == START


SOME = st.lists(
    st.builds(
        lambda day, probes, kind, signed, task: (day, sorted(probes), kind, signed, task),
        st.integers(0, 700),
        st.sets(st.sampled_from(PROBES), min_size=1),
        st.sampled_from(["third_party", "third_party", "own"]),
        st.sampled_from([True, True, False]),
        st.sampled_from(["decision", "decision", "pricing"]),
    ),
    max_size=5,
)


def _some(drawn: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        report(
            f"r{n}", day, probes, kind=kind, task=task,
            **({} if signed or kind == "own" else {"countersigned": None}),
        )
        for n, (day, probes, kind, signed, task) in enumerate(drawn)
    ]  # fmt: skip


def _standing(read: dict[str, Any], at: datetime) -> Standing:
    now = standing.Published(1, "m", standing.Pending(), at, DAYS)
    told = standing.evaluations(read, now)
    return Standing(
        status=Status.PUBLISHED,
        since=START,
        editions=1,
        evaluations=told,
        explanation=Freshness(State.DECLARED, Text("", "")),
        service=service.of(read, at, DAYS),
    )


@given(SOME, st.integers(0, 1200), st.sampled_from([Level.LOW, Level.HIGH]), st.data())
def test_badge_and_line_beside_the_service_agree_and_no_mark_is_silenced(
    drawn: list[Any], day: int, level: Level, data: st.DataObject
) -> None:
    """F7c/10: whatever reports there are, in whatever order they came."""
    reports = _some(drawn)
    marks = {each["id"]: data.draw(st.sampled_from(["", "A", "AB", "B"])) for each in reports}
    read, at = basis(*reports, level=level, changed=marks), START + timedelta(days=day)
    found = _standing(read, at)
    outside = found.third_party

    assert (outside.state is State.EXPIRED) == (found.service.lapse is not None)
    if found.service.lapsed is not None:
        assert found.service.lapsed == outside.until
    assert list(found.evaluations.reports) == [each["id"] for each in reports]
    for each in reports:
        own = found.evaluations.reports[each["id"]]
        assert all(f"“{name}”" in own.said.zh for name in marks[each["id"]]), own.said
    told = " ".join(str(each.text) for each in filed_view.badges(found))
    signed = [r for r in reports if r["kind"] == "third_party" and r["countersigned"]]
    for each in signed:
        replaced = any(
            other["made"] > each["made"] and set(other["probes"]) >= set(each["probes"])
            for other in signed
            if other["task"] == each["task"]
        )
        assert replaced or all(f"“{name}”" in told for name in marks[each["id"]])


@given(SOME, st.integers(0, 700), st.sampled_from(PROBES[2:]))
def test_a_small_report_never_makes_an_evaluation_younger(
    drawn: list[Any], day: int, probe: str
) -> None:
    """Added to any reports, it leaves the age, or makes it that of what it does not replace."""
    before = _some(drawn)
    read, small = basis(*before), report("small", 701 + day, [probe])
    now = basis(*before, small)
    was, found = (age(each) for each in (read, now))
    if any(counting.whole(each, read["task"]) for each in counting.third_party(read)):
        assert found == was
    for each in counting.third_party(read):
        if not set(each["probes"]) <= {probe} or each["task"] != "decision":
            assert found
            assert found < datetime.fromisoformat(small["made"])
