"""What several reports about the same people give away together: no small cell of any of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

from evaluators.probe import Table
from evaluators.running import audit
from evaluators.running.attacker import Earlier
from evaluators.running.disclosure import agree, suppress
from evaluators.running.evidence import Before
from tests.evaluators.running.test_evidence import _made


@dataclass(frozen=True)
class Report:
    """One report as the attacker has it; reports of one block count the same answers."""

    block: int
    full: Sequence[Table]
    shown: Sequence[Table]


def _attacked(
    reports: Sequence[Report], target: tuple[int, tuple[str, ...]], groups: Sequence[str]
) -> tuple[float, float]:
    """What an attacker with every published row, and every total, can say of one hidden count.

    Written apart from the product: the unknowns are whole numbers of people by group, half and
    answer, one set for each block, with as many people in each cell of every block. Asked is how
    many favourable answers the group (and half) named in `target` has.
    """
    cells = [(g, s) for g in groups for s in "01"]
    blocks = 1 + max(report.block for report in reports)
    unknown = {
        (block, cell, answer): at
        for at, (block, cell, answer) in enumerate(product(range(blocks), cells, range(2)))
    }
    equations, values = [], []

    def line(block: int, key: tuple[str, ...], answer: int) -> npt.NDArray[np.float64]:
        row = np.zeros(len(unknown))
        for cell in cells:
            row[unknown[block, cell, answer]] = cell[: len(key)] == key
        return row

    for report in reports:
        for full, shown in zip(report.full, report.shown, strict=True):
            for answer in range(2):
                every = [line(report.block, key, answer) for key, _ in full.rows]
                equations.append(np.sum(every, axis=0))
                values.append(sum((counts or (0, 0))[answer] for _, counts in full.rows))
                for row, (_, counts) in zip(every, shown.rows, strict=True):
                    if counts is not None:
                        equations.append(row)
                        values.append(counts[answer])
    for block, cell in product(range(1, blocks), cells):
        row = np.zeros(len(unknown))
        for answer in range(2):
            row[unknown[0, cell, answer]], row[unknown[block, cell, answer]] = 1, -1
        equations.append(row)
        values.append(0)
    aim = line(target[0], target[1], 0)
    bound = LinearConstraint(np.array(equations), values, values)
    low = milp(aim, constraints=bound, integrality=np.ones(len(unknown)))
    high = milp(-aim, constraints=bound, integrality=np.ones(len(unknown)))
    return low.fun, np.inf if high.fun is None else -high.fun


def _by_group(rows: dict[str, tuple[int, int]]) -> Table:
    return Table("t", ("g",), ("favoured", "refused"), tuple(((g,), n) for g, n in rows.items()))


FIRST = _by_group({"a": (406, 102), "b": (300, 60), "c": (4, 20)})
CROSSED = Table("x", ("g", "s"), ("favoured", "refused"), (
    (("a", "0"), (395, 90)), (("a", "1"), (11, 12)), (("b", "0"), (150, 30)),
    (("b", "1"), (150, 30)), (("c", "0"), (2, 10)), (("c", "1"), (2, 10)),
))  # fmt: skip


def test_a_suppressed_cell_is_not_recovered_from_two_versions() -> None:
    first = suppress([FIRST], 10)
    alone = suppress([CROSSED], 10)
    reports = [Report(0, [FIRST], first), Report(0, [CROSSED], alone)]
    # Each report by itself is safe. The two together are not: the halves of b are public in the
    # second, and b and c together in the first.
    low, high = _attacked(reports[:1], (0, ("c",)), "abc")
    assert high - low >= 10
    assert _attacked(reports, (0, ("c",)), "abc") == (4, 4)

    earlier = Earlier((FIRST,), tuple(first), answers="m", outcomes="")
    beside = suppress([CROSSED], 10, earlier=[earlier], answers="m")
    reports[1] = Report(0, [CROSSED], beside)
    for key in (("c",), ("c", "0"), ("c", "1")):
        low, high = _attacked(reports, (0, key), "abc")
        assert high - low >= 10


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=3, max_size=4),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
@example(cells=[(10, 11), (10, 10), (10, 10), (0, 0)], shares=[0.0, 0.5, 1.0, 0.0])
def test_no_small_cell_of_any_two_versions_is_pinned_down(
    cells: list[tuple[int, int]], shares: list[float]
) -> None:
    names = "abcd"[: len(cells)]
    whole = [sum(cell) for cell in cells]
    again = [(round(n * s), n - round(n * s)) for n, s in zip(whole, shares, strict=False)]
    one = _by_group(dict(zip(names, cells, strict=True)))
    two = _by_group(dict(zip(names, again, strict=True)))
    first = suppress([one], 10)
    earlier = Earlier((one,), tuple(first), answers="1", outcomes="")
    second = suppress([two], 10, earlier=[earlier], answers="2")
    reports = [Report(0, [one], first), Report(1, [two], second)]
    for number, report in enumerate(reports):
        for r, (key, counts) in enumerate(report.full[0].rows):
            assert counts is not None
            if counts[0] >= 10 or not sum(counts):  # a group of nobody is nobody's
                continue
            assert report.shown[0].rows[r][1] is None
            low, high = _attacked(reports, (number, key), names)
            # Where all is hidden already and the totals alone say it, nothing more can be done.
            open_ = any(n is not None for table in second for _, n in table.rows)
            assert high - low >= 10 or not open_


def test_a_few_people_more_are_not_published_as_a_difference() -> None:
    more = _by_group({"a": (401, 102), "b": (300, 60), "c": (104, 120)})
    before = _by_group({"a": (400, 100), "b": (300, 60), "c": (50, 120)})
    earlier = Earlier((before,), (before,), answers="m", outcomes="", same_rows=False)
    (shown,) = suppress([more], 10, earlier=[earlier], answers="m")
    rows = dict(shown.rows)
    assert rows["a",] is None  # three people more than before: they would stand there alone
    assert rows["c",] == (104, 120) or rows["b",] == (300, 60)


def test_too_many_cells_to_audit_close_what_was_closed_before() -> None:
    wide = Table("w", ("g", "h"), ("favoured", "refused"), tuple(
        ((f"a{i}", f"b{j}"), (20, 20)) for i in range(30) for j in range(30)
    ))  # fmt: skip
    first = suppress([FIRST], 10)
    earlier = Earlier((FIRST,), tuple(first), answers="1", outcomes="")
    shown = suppress([FIRST, wide], 10, earlier=[earlier], answers="1")
    assert all(counts is None for table in shown for _, counts in table.rows)


def test_thousands_of_groups_of_one_person_cost_no_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """2,000 levels of one row were 4,000 programmes of 4,000 unknowns; the large groups stand all the same."""
    monkeypatch.setattr(audit.Known, "range", _never)
    single = {f"g{i}": (i % 2, 1 - i % 2) for i in range(2000)}
    (shown,) = suppress([_by_group({"a": (400, 100), "b": (300, 60), **single})], 10)
    assert {key: counts for key, counts in shown.rows if counts is not None} == {
        ("a",): (400, 100), ("b",): (300, 60),
    }  # fmt: skip


def _never(*_: object) -> None:
    raise AssertionError("no programme is asked")


def test_tables_that_no_rows_can_have_given_are_not_taken() -> None:
    true = _by_group({"a": (400, 100), "b": (300, 60)})
    assert agree([true], [replace(true, name="again")])
    assert not agree([true], [_by_group({"a": (401, 100), "b": (300, 60)})])
    assert not agree([true], [replace(true, counts=("likes", "dislikes"))])


def test_earlier_evidence_is_named_and_the_digest_without_any_is_as_ever() -> None:
    _, made = _made()
    assert made.beside(Before()).findings_digest == made.findings_digest
    assert "earlier" not in made.public_evidence
    named = {"report": "r", "evidence": "e" * 64, "sealed": "s" * 64, "same_rows": True}
    again = made.beside(Before(named=[named]))
    assert again.public_evidence["earlier"] == [named]
