"""A probe gives the numbers that certify it; words, comments and places of files move none."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluators import probe
from evaluators.designs.damages import DAMAGES
from evaluators.guests import installed
from evaluators.policy import POLICY
from evaluators.running import calibration, certificate, moves
from evaluators.statistics import intervals
from registry.findings import Finding, Verdict
from tests import exhaustive

PROBE = "proxy_leakage"
SMALL = ["--only", PROBE]


@pytest.fixture(scope="module")
def entries() -> list[dict[str, Any]]:
    return certificate.certified(PROBE)


@pytest.mark.parametrize(
    ("name", "further"),
    [
        exhaustive.case(name, further, kept=not further, name=f"{name}-{said}")
        for name in installed.names()
        for further, said in ((False, "designs and damages"), (True, "further sets"))
    ],
)
def test_a_probe_gives_the_numbers_that_certify_it(name: str, *, further: bool) -> None:
    before = [
        each
        for each in certificate.certified(name)
        if "case" not in each or certificate.is_further(each["case"]) is further
    ]
    assert len(before) > 1
    now = certificate.present(name, [each.get("case", "") for each in before])
    moved = moves.between(name, before, now)
    assert not moved, moves.table(moved, len(now) - 1)


def test_certified_are_600_plans_of_all_probes_with_every_design_damage_and_verdict() -> None:
    held = {name: certificate.certified(name) for name in installed.names()}
    cases = [entry for each in held.values() for entry in each if "case" in entry]
    assert len(cases) >= 600
    assert {file.stem for file in probe.CERTIFICATES.glob("*.jsonl")} == set(held)
    verdicts = Counter(told["verdict"] for each in cases for told in each["findings"].values())
    assert min(verdicts[each.value] for each in Verdict) >= 20
    befell = {entry["case"].rpartition("/")[2] for entry in cases}
    assert befell == {certificate.WHOLE, *DAMAGES, *map(str, range(1, certificate.SETS + 1))}
    for name, each in held.items():
        kind = installed.probe_class(name)
        designs = Counter(entry["case"].rpartition("/")[0] for entry in each if "case" in entry)
        assert set(designs) == {*kind.nulls(), *kind.planted()}
        assert min(designs.values()) >= 2, f"{name}: every design undamaged, and again"


def test_a_damage_leaves_no_data_as_they_were() -> None:
    whole = dict(certificate.cases("selection_parity"))
    for name, case in whole.items():
        design, _, damage = name.rpartition("/")
        if damage != certificate.WHOLE:
            assert not case.table.equals(whole[f"{design}/{certificate.WHOLE}"].table), name


def test_the_numbers_of_a_finding_and_of_its_published_tables_are_certified(
    entries: list[dict[str, Any]],
) -> None:
    _, first, *_ = entries
    name, told = next(iter(first["findings"].items()))
    assert name.startswith("re_identification_auc") or " : " in name
    assert {"verdict", "n", "effect.value", "ci.low", "ci.high", "p_value", "p_adjusted"} <= set(
        told
    )
    assert any(path.startswith("details.") for each in first["findings"].values() for path in each)
    assert first["tables"]
    assert all(isinstance(number, int | float) for each in first["tables"].values() for number in each.values())  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "moved"),
    [
        ({"reading": {"zh": "别的话", "en": "other words"}}, False),
        ({"limit": {"zh": "别的话", "en": "other words"}}, False),
        ({"legal_refs": ("SH16",)}, False),
        ({"severity": "serious"}, False),
        ({"family": {"id": "spelt otherwise", "size": 2}}, False),
        ({"family": {"id": "a", "size": 3}}, True),
        ({"mde": 0.2}, True),
        ({"p_adjusted": 0.03}, True),
        ({"details": {"bands": [{"observed": 0.2}]}}, True),
        ({"left_out": {"rows": 12}}, True),
        ({"test": {"name": "z", "statistic": 2.5}}, True),
        ({"verdict": Verdict.INCONCLUSIVE}, True),
    ],
)
def test_words_move_nothing_and_numbers_do(changed: dict[str, Any], moved: bool) -> None:
    finding = replace(_finding(), family={"id": "a", "size": 2}, verdict=Verdict.EQUIVALENT)
    before, now = (_told(each) for each in (finding, replace(finding, **changed)))
    assert bool(moves.between(PROBE, [before], [now])) is moved


def _finding() -> Finding:
    design = next(iter(installed.probe_class(PROBE).nulls()))
    return calibration.simulated(PROBE, design, 0)[0][0]


def _told(finding: Finding) -> dict[str, Any]:
    told = certificate.findings_of([finding])
    return {"case": "one", "refused": None, "findings": told, "tables": {}}


def test_one_changed_interval_is_told_old_beside_new(monkeypatch: pytest.MonkeyPatch) -> None:
    right, name = intervals.koopman, "selection_parity"

    def wrong(*given: float) -> intervals.Interval | None:
        made = right(*given)
        return made and replace(made, low=made.low * 1.00001)

    monkeypatch.setattr(intervals, "koopman", wrong)
    moved = moves.between(
        name,
        [each for each in certificate.certified(name) if each.get("case") == "rows/none"],
        certificate.present(name, ["rows/none"])[1:],
    )
    assert {each.what for each in moved} >= {"ci.low"}
    one = next(each for each in moved if each.what == "ci.low")
    assert f"{one.old:.9g} → {one.new:.9g}" in moves.table(moved, 1)


def test_a_policy_value_that_a_probe_names_is_part_of_its_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = certificate.present("selection_parity", [])
    assert before[0]["policy"]["min_units"] == POLICY.value("min_units")
    values = {**POLICY.content["values"], "min_units": {"value": 29, "source": "ours"}}
    changed = replace(POLICY, content={**POLICY.content, "values": values})
    monkeypatch.setattr(certificate, "POLICY", changed)
    (moved,) = moves.between(
        "selection_parity", before, certificate.present("selection_parity", [])
    )
    assert (moved.case, moved.what, moved.old, moved.new) == ("policy", "min_units", 30, 29)


def test_a_calibration_hangs_on_what_it_counts_and_on_nothing_else(tmp_path: Path) -> None:
    entries = certificate.certified(PROBE)

    def digest(change: Any) -> str:
        copy = json.loads(json.dumps(entries))
        change(copy)
        certificate.write(PROBE, copy, tmp_path)
        return certificate.counted(PROBE, tmp_path)

    def first(copy: Any, damage: str) -> Any:
        entry = next(e for e in copy if e.get("case", "").endswith(damage) and e["findings"])
        return next(iter(entry["findings"].values()))

    stands = digest(lambda _: None)
    assert stands == certificate.counted(PROBE)
    assert digest(lambda copy: first(copy, "/none").update({"p_value": 0.123})) != stands
    assert digest(lambda copy: first(copy, "/1").update({"ci.low": -0.123})) != stands
    assert digest(lambda copy: copy[0]["policy"].update({"alpha": 0.01})) != stands
    assert digest(lambda copy: first(copy, "/none").update({"details.folds": 7})) == stands
    assert digest(lambda copy: first(copy, "/few_rows").update({"p_value": 0.123})) == stands


def test_what_is_certified_anew_has_moved_nowhere_and_the_last_bits_stay_as_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--folder", str(tmp_path), *SMALL]
    assert certificate.main(asked) == 1
    assert certificate.main([*asked, "--write"]) == 0
    capsys.readouterr()
    assert certificate.main(asked) == 0
    assert capsys.readouterr().out.endswith("plans: nothing moved\n")
    written = certificate.certified(PROBE, tmp_path)
    bits = json.loads(json.dumps(written))
    told = next(iter(bits[1]["findings"].values()))
    told["effect.value"] *= 1 + 1e-9
    certificate.write(PROBE, bits, tmp_path)
    assert certificate.certified(PROBE, tmp_path) == written


def test_a_probe_of_ours_goes_by_its_certificate_and_another_by_its_source() -> None:
    kind = installed.probe_class(PROBE)

    class Own(kind):  # type: ignore[misc, valid-type]  # a tester's variant under the same name
        """Another probe."""

    assert probe.digest(kind) == probe.digest(kind)
    assert probe.digest(Own) != probe.digest(kind)
