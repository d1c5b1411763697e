"""What moved in a certificate is told old beside new, the verdicts first."""

import json
from typing import Any

import pytest

from evaluators.running import moves

NOW: list[dict[str, Any]] = [
    {"policy": {"alpha": 0.05}},
    *(
        {
            "case": f"rows/{number}",
            "refused": None,
            "findings": {
                "rate a : b": {"verdict": "equivalent", "n": 100, "p_value": 0.5},
                "rate a : c": {"verdict": "disparity", "n": 90},
            },
            "tables": {"counts": {"0:a.1.0": 60}},
        }
        for number in range(6)
    ),
]


def _copy() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = json.loads(json.dumps(NOW))
    return made


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (0.5, 0.5 * (1 + 1e-9), True),
        (0.5, 0.5 * (1 + 1e-6), False),
        (0.0, 1e-17, True),
        (0.0, 1e-9, False),
        (1000, 1001, False),
        (10**9, 10**9 + 1, False),
        ("equivalent", "inconclusive", False),
        (None, 0.0, False),
        (True, 1, False),
        ("inf", "inf", True),
    ],
)
def test_words_and_integers_are_exact_and_reals_to_a_ten_millionth(
    old: Any, new: Any, same: bool
) -> None:
    assert moves.same(old, new) is same


def test_nothing_moved_is_said_so() -> None:
    assert moves.between("probe", NOW, _copy()) == []
    assert moves.table([], 6) == "6 plans: nothing moved\n"


def test_a_verdict_stands_first_and_what_came_or_went_is_told() -> None:
    before = _copy()
    before[0]["policy"]["alpha"] = 0.01
    before[1]["findings"]["rate a : b"]["n"] += 1
    before[2]["findings"]["rate a : c"]["verdict"] = "inconclusive"
    del before[3]["findings"]["rate a : b"]
    before[4]["refused"] = "DataUnfit"
    before[5]["case"] = "gone"
    before[6]["tables"]["counts"]["0:a.1.0"] = 61
    told = moves.table(moves.between("probe", before, NOW), 6).splitlines()
    assert any("| verdict | inconclusive → disparity |" in line for line in told[2:7])
    assert any("| finding | nothing → finding |" in line for line in told)
    assert any("| refused | DataUnfit → nothing |" in line for line in told)
    assert any("| gone | – | case | certified → nothing |" in line for line in told)
    assert any("| policy | – | alpha | 0.01 → 0.05 |" in line for line in told)
    assert any("| counts | 0:a.1.0 | 61 → 60 |" in line for line in told)
    assert any("| n | 101 → 100 |" in line for line in told)
    assert told[-1].startswith("6 plans, 8 of them moved")


def test_what_did_not_move_stays_as_it_was_written() -> None:
    old = {"a": 0.5, "b": {"n": 3, "p": 0.1}}
    new = {"a": 0.5 * (1 + 1e-9), "b": {"n": 4, "p": 0.1 * (1 + 1e-9)}, "c": 1.0}
    assert moves.kept(old, new) == {"a": 0.5, "b": {"n": 4, "p": 0.1}, "c": 1.0}
