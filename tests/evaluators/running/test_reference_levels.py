"""A declared reference group that no row belongs to is refused before the run, with what there is."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.running import files, planning
from evaluators.running.data import DataUnfit, Source
from tests.evaluators import decision_data as decisions

ROWS = 600


def _table(values: Any) -> pa.Table:
    rng = np.random.default_rng(3)
    column = np.array(values, dtype=object)[np.arange(ROWS) % len(values)]
    return pa.table({"sex": pa.array(column.tolist()), "granted": rng.integers(0, 2, ROWS)})


def _plan(reference: Any, **more: Any) -> Plan:
    roles = {"sensitive": ["sex"], "target": None, "favourable": 1, **more}
    made = decisions.plan("selection_parity", columns=roles)
    return planning.parse(made | {"reference": {"sex": reference}})


def _refused(plan: Plan, rows: Any) -> Any:
    with pytest.raises(DataUnfit) as said:
        Source(rows).check_references(plan)
    (reason,) = said.value.reasons
    return reason


@pytest.mark.parametrize(
    ("values", "typed", "meant"),
    [
        (["male", "f"], "m", "male"),
        (["男", "女", "女"], "男性", "男"),
        (["男", "女", "女"], "x", "女"),
        ([0, 1, 1, 2], 3, "1"),
        ([0.0, 1.0], 7, "0"),
        ([True, False, False], "female", "false"),
    ],
)
def test_the_groups_that_there_are_stand_beside_the_one_that_is_not(
    values: Any, typed: Any, meant: str
) -> None:
    """A misspelt reference was a report with half its numbers, and no word of it at the start."""
    reason = _refused(_plan(typed), _table(values))
    assert reason.item == "reference.sex"
    assert f"'{typed}', only: " in reason.said.en
    assert f"“{typed}”，只有：" in reason.said.zh
    assert f'reference.sex = "{meant}"' in reason.remedy.zh
    written = reason.remedy.en[reason.remedy.en.index("reference.") :].partition(";")[0]
    named = tomllib.loads(written)["reference"]["sex"]
    Source(_table(values)).check_references(_plan(named))


def test_a_file_is_refused_alike(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    lines = [f"{'fm'[n % 2]},{n % 3 % 2}" for n in range(ROWS)]
    path.write_text("\n".join(["sex,granted", *lines]), encoding="utf-8")
    assert _refused(_plan("male"), files.open_rows(path)).item == "reference.sex"


def test_missing_words_are_no_group_that_could_be_meant() -> None:
    reason = _refused(_plan("m"), _table(["f", "NA"]))
    assert "NA" not in reason.said.en


@pytest.mark.parametrize("values", [[None], ["NA", None]])
def test_a_column_without_any_group_is_left_to_the_probes(values: Any) -> None:
    table = _table(values)
    rows = table.set_column(0, "sex", table["sex"].cast(pa.string()))
    Source(rows).check_references(_plan("m"))
