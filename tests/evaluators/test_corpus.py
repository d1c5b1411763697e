"""Every number and verdict of the corpus is as it was frozen, and a change is told old beside new."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluators import corpus, installed, intervals
from evaluators.damages import DAMAGES

PROBE = "selection_parity"


@pytest.fixture(scope="module")
def now() -> list[dict[str, Any]]:
    return [corpus.found(*case) for case in corpus.cases(PROBE)]


@pytest.mark.parametrize("probe", installed.names())
def test_no_finding_moved(probe: str) -> None:
    present = [corpus.found(*case) for case in corpus.cases(probe)]
    differing = corpus.moved(probe, corpus.frozen(probe), present)
    assert not differing, corpus.table(differing, len(present))


def test_the_corpus_holds_300_plans_of_all_probes_and_every_verdict() -> None:
    held = [entry for probe in installed.names() for entry in corpus.frozen(probe)]
    assert len(held) >= 300
    assert {file.stem for file in corpus.FOLDER.glob("*.jsonl")} == set(installed.names())
    verdicts = Counter(row[-1] for entry in held for row in entry["rows"])
    assert min(verdicts[name] for name in
               ("disparity", "difference", "equivalent", "inconclusive", "not_evaluable")) >= 20  # fmt: skip
    befell = Counter(entry["case"].rpartition("/")[2] for entry in held)
    assert set(befell) == {"none", *DAMAGES}


def test_a_damage_leaves_no_data_as_they_were() -> None:
    whole = dict(corpus.cases(PROBE))
    assert len(whole) == len(installed.probe_class(PROBE).nulls()) + 2 + len(DAMAGES) - 1
    for name, case in whole.items():
        design, _, damage = name.rpartition("/")
        same = case.table.equals(whole[f"{design}/none"].table)
        assert same is (damage == "none"), name


def test_one_changed_interval_is_told_old_beside_new(
    now: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = intervals.koopman

    def wrong(*given: float) -> intervals.Interval | None:
        made = right(*given)
        return made and replace(made, low=made.low * 1.00001)

    monkeypatch.setattr(intervals, "koopman", wrong)
    present = [corpus.found(*case) for case in corpus.cases(PROBE)]
    differing = corpus.moved(PROBE, now, present)
    assert {each.what for each in differing} == {"low"}
    one = differing[0]
    assert f"{one.old:.9g} → {one.new:.9g}" in corpus.table(differing, len(present))


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
        ("inf", "inf", True),
    ],
)
def test_words_and_integers_are_exact_and_reals_to_a_ten_millionth(
    old: Any, new: Any, same: bool
) -> None:
    assert corpus.same(old, new) is same


def test_a_verdict_stands_first_and_what_came_or_went_is_told(now: list[dict[str, Any]]) -> None:
    before = json.loads(json.dumps(now))
    before[0]["rows"][0][corpus.KEY] += 1
    was = before[1]["rows"][0][-1]
    before[1]["rows"][0][-1] = "otherwise"
    before[2]["rows"].pop()
    before[3]["refused"] = "DataUnfit"
    before[4]["case"] = "gone"
    told = corpus.table(corpus.moved(PROBE, before, now), len(now)).splitlines()
    assert any(f"| verdict | otherwise → {was} |" in line for line in told[2:5])
    assert any("| finding | nothing → " in line for line in told)
    assert any("| refused | DataUnfit → nothing |" in line for line in told)
    assert any("| gone | – | case | frozen → nothing |" in line for line in told)
    assert any("| n | " in line for line in told)
    assert told[-1].startswith(f"{len(now)} plans, 6 of them moved")


def test_what_is_frozen_anew_has_moved_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--folder", str(tmp_path), "--only", "proxy_leakage"]
    assert corpus.main(asked) == 1
    assert corpus.main([*asked, "--write"]) == 0
    capsys.readouterr()
    assert corpus.main(asked) == 0
    assert capsys.readouterr().out.endswith("plans: nothing moved\n")
