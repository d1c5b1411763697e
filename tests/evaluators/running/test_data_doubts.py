"""What makes numbers doubtful is told before a run with row, value and remedy (statistics/17)."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.running import data_doubts, planning
from evaluators.running.data import Source
from evaluators.running.data_doubts import Doubt
from tests.evaluators import decision_data as decisions

ROWS = 400


def _decisions(sensitive: str) -> Plan:
    roles = {"sensitive": [sensitive], "target": None, "favourable": 1}
    return planning.parse(decisions.plan("selection_parity", columns=roles))


def _prices(**columns: Any) -> Plan:
    roles = {"price": "price", "item": "item", "sensitive": ["grp"]} | columns
    return planning.parse(
        {"title": "t", "columns": roles, "probes": [{"id": "price_observational"}]}
    )


def _table(rows: int = ROWS, **more: Any) -> pa.Table:
    rng = np.random.default_rng(3)
    return pa.table({
        "grp": [["a", "b"][n % 2] for n in range(rows)], "granted": rng.integers(0, 2, rows),
        "age": rng.integers(18, 89, rows), "price": rng.lognormal(3, 1, rows),
        "item": [f"i{n % 9}" for n in range(rows)], **more,
    })  # fmt: skip


def _doubts(plan: Plan, table: pa.Table) -> list[Doubt]:
    return data_doubts.of(plan, Source(table))


def _one(plan: Plan, table: pa.Table, kind: str) -> Doubt:
    (found,) = _doubts(plan, table)
    assert found.kind == kind
    return found


def test_ages_as_groups_are_told_with_a_value_and_bands() -> None:
    table = _table()
    found = _one(_decisions("age"), table, "levels")
    many = len(set(table["age"].to_pylist()))
    assert f"{many} values" in found.said.en
    assert f"第 1 行是“{table['age'][0]}”" in found.said.zh
    assert "18–29" in found.remedy.zh
    assert str(many) not in found.public.en


def test_birth_days_as_groups_are_told() -> None:
    days = pa.array([10_000 + n % 48 for n in range(ROWS)], pa.int32()).cast(pa.date32())
    table = _table(born=days.cast(pa.timestamp("us")))
    assert "48 values" in _one(_decisions("born"), table, "levels").said.en


def test_small_towns_as_groups_are_told_and_large_ones_are_not() -> None:
    small = _table(town=[f"t{n % 100}" for n in range(ROWS)])
    found = _one(_decisions("town"), small, "levels")
    assert "100 of them have fewer than 30 rows" in found.said.en
    assert "another column" in found.remedy.en
    assert not _doubts(_decisions("town"), _table(2500, town=[f"t{n % 50}" for n in range(2500)]))


def test_numbers_in_a_price_audit_are_compared_as_numbers() -> None:
    assert not _doubts(_prices(sensitive=["age"]), _table())


def test_a_moment_in_several_zones_is_told_by_its_rows() -> None:
    times = [f"2024-01-01T{n % 24:02d}:00:00" + ("Z", "+08:00")[n % 2] for n in range(ROWS)]
    found = _one(_prices(time="at"), _table(at=times), "zones")
    assert "第 1 行“2024-01-01T00:00:00Z”" in found.said.zh
    assert "row 2 '2024-01-01T01:00:00+08:00'" in found.said.en
    assert "one zone" in found.remedy.en
    assert "2024" not in found.public.en


@pytest.mark.parametrize("zone", ["Z", "+08:00", ""])
def test_one_zone_is_no_doubt_however_it_is_written(zone: str) -> None:
    times = [f"2024-01-01T{n % 24:02d}:00:00{zone}" for n in range(ROWS)]
    assert not _doubts(_prices(time="at"), _table(at=times))


def test_greenwich_written_in_two_ways_is_one_zone() -> None:
    times = [f"2024-01-01T{n % 24:02d}:00:00" + ("Z", "+00:00")[n % 2] for n in range(ROWS)]
    assert not _doubts(_prices(time="at"), _table(at=times))


def test_words_that_are_no_moments_are_left_alone() -> None:
    assert not _doubts(_prices(time="at"), _table(at=["morning", "2024-01-01T00:00Z"] * 200))


@pytest.mark.parametrize(
    ("name", "words"),
    [("cur", ["CNY", "USD"]), ("currency", ["元", "美元"]), ("币种", ["rmb", "hkd"])],
)
def test_currencies_that_the_plan_does_not_heed_are_told(name: str, words: list[str]) -> None:
    table = _table().append_column(name, [[words[n % 4 == 0] for n in range(ROWS)]])
    found = _one(_prices(), table, "currencies")
    assert f"'{words[0]}' 300 rows" in found.said.en
    assert f'control = ["{name}"]' in found.remedy.en
    assert words[0] not in found.public.en
    assert not _doubts(_prices(control=[name]), table)
    assert not _doubts(_prices(), _table().append_column(name, [[words[0]] * ROWS]))
    assert not _doubts(_decisions("grp"), table)  # nothing of it is about prices


def test_data_that_stand_twice_are_told_by_their_rows() -> None:
    table = _table()
    twice = pa.concat_tables([table, table])
    found = _one(_decisions("grp"), twice, "repeated")
    assert "400 行与别的行" in found.said.zh
    first = found.said.en
    assert "row 4" in first or "row 5" in first or "row 6" in first or "row 7" in first
    assert "unit" in found.remedy.en
    assert "400" not in found.public.zh


def test_one_copied_row_is_told_where_rows_are_told_apart_by_their_detail() -> None:
    table = _table()
    copied = pa.concat_tables([table, table.slice(7, 1)])
    found = _one(_decisions("grp"), copied, "repeated")
    assert "(row 401 equals row 8)" in found.said.en


def test_equal_rows_of_a_coarse_table_are_people_alike() -> None:
    assert not _doubts(_decisions("grp"), _table().select(["grp", "granted", "item"]))
    assert not _doubts(_decisions("grp"), _table())


def test_a_file_is_looked_through_as_a_table_is(tmp_path: Any) -> None:
    from pyarrow import csv

    from evaluators.running.files import open_rows

    csv.write_csv(pa.concat_tables([_table(), _table()]), tmp_path / "rows.csv")
    (found,) = data_doubts.of(_decisions("grp"), Source(open_rows(tmp_path / "rows.csv")))
    assert found.kind == "repeated"


def test_no_rows_and_very_many_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _doubts(_decisions("age"), _table().slice(0, 0))
    monkeypatch.setattr(data_doubts, "MOST_CELLS", 10)
    assert not _doubts(_decisions("age"), _table())


def test_both_languages_are_said_of_every_doubt() -> None:
    table = _table(
        currency=["CNY", "USD"] * 200, at=["2024-01-01T00:00Z", "2024-01-01T00:00+08:00"] * 200
    )
    found = _doubts(_prices(time="at"), pa.concat_tables([table, table]))
    assert [each.kind for each in found] == ["zones", "currencies", "repeated"]
    for each in found:
        for said in (each.told, each.public):
            assert said.zh
            assert said.en
        assert set(each.as_json()) == {"kind", "item", "zh", "en"}
