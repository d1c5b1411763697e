"""A calibration is carried over only where the numbers of every design have stayed the same."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from evaluators import calibration, certificate, installed
from evaluators.probe import digest
from registry.findings import Verdict

PROBE = "proxy_leakage"


@pytest.fixture(scope="module")
def written() -> list[dict[str, Any]]:
    return [
        {"probe": PROBE, "digest": "before", "design": design, "sets": 1,
         "rows": certificate.rows(PROBE, design, 1)}
        for design in certificate.designs(PROBE)
    ]  # fmt: skip


@pytest.fixture
def table() -> dict[str, Any]:
    table = {**calibration.read()["probes"][PROBE], "digest": "before"}
    table.pop("carried", None)
    return table


def test_numbers_run_again_are_the_same(written: list[dict[str, Any]]) -> None:
    again = json.loads(json.dumps(written))
    assert certificate.differences(again, partial(certificate.rows, PROBE)) == []


def test_one_changed_number_is_told_with_its_design(written: list[dict[str, Any]]) -> None:
    first, *rest = json.loads(json.dumps(written))
    first["rows"][0][0][5] = 0.123
    found = certificate.differences([first, *rest], partial(certificate.rows, PROBE))
    assert len(found) == 1
    assert found[0].startswith(f"{first['design']}, set 0")
    assert "0.123" in found[0]


@pytest.mark.parametrize(
    ("verdict", "same"), [(Verdict.INCONCLUSIVE, True), (Verdict.NOT_EVALUABLE, False), (Verdict.DISPARITY, False)]
)  # fmt: skip
def test_a_verdict_that_calibration_counts_is_part_of_the_numbers(
    verdict: Verdict, same: bool
) -> None:
    design = certificate.designs(PROBE)[0]
    finding = replace(calibration.simulated(PROBE, design, 0)[0][0], verdict=Verdict.EQUIVALENT)
    assert (certificate.row(finding) == certificate.row(replace(finding, verdict=verdict))) is same


def test_what_is_carried_over_says_so_and_keeps_the_counts(
    written: list[dict[str, Any]], table: dict[str, Any]
) -> None:
    made = certificate.carry(PROBE, written, table)
    assert made["digest"] == digest(installed.probe_class(PROBE))
    assert made["carried"] == {"measured": "before", "sets_compared": 1}
    assert made["designs"] == table["designs"]
    again = certificate.carry(PROBE, written, {**made, "digest": "before"})
    assert again["carried"]["measured"] == "before"  # where it was measured, not last carried from
    assert "†" in calibration.page({"probes": {PROBE: made}}).split("Power")[0].split("|---|")[-1]


def test_numbers_of_another_source_or_without_a_design_carry_nothing(
    written: list[dict[str, Any]], table: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="another source"):
        certificate.carry(PROBE, written, {**table, "digest": "other"})
    with pytest.raises(ValueError, match="different designs"):
        certificate.carry(PROBE, written[1:], table)


def test_numbers_are_written_one_design_a_line(tmp_path: Path) -> None:
    file = tmp_path / "numbers.jsonl"
    assert (
        certificate.main(["write", str(file), "--sets", "1", "--only", PROBE, "--processes", "1"])
        == 0
    )
    entries = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [entry["design"] for entry in entries] == certificate.designs(PROBE)
