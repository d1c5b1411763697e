"""Group F: one set for each attached report, made from what was signed, and typed by nobody."""

from typing import Any
from unittest.mock import Mock

import pytest

from filing import editions, evidence, reported
from filing.answers import WrongAnswer, store
from filing.computed import fields
from filing.evidence import Evidence
from filing.forms import current, schema
from filing.meanings import Topic
from registry.language import Text
from tests.filing import papers
from tests.filing.papers import Scene

GROUP = current().about(Topic.EVALUATION)


def test_every_field_is_made_from_what_the_schema_names() -> None:
    assert {each.value.made for each in GROUP.fields} == reported.MADE.keys()
    assert all(each.computed for each in GROUP.fields)


def test_nobody_types_a_field_of_a_report() -> None:
    with pytest.raises(WrongAnswer):
        store(current(), f"{GROUP.fields[0].code}#1", "R-1")


def test_each_report_has_a_set_in_the_order_of_attachment(scene: Scene) -> None:
    filing = scene.evaluated()
    scene.attach(filing, papers.report(scene.session, scene.version, scene.filer))
    made = fields(scene.session, filing, evidence.attached(scene.session, filing))
    kinds = [made[f"F1#{number}"]["value"]["zh"] for number in (1, 2)]
    assert "第三方评估" in kinds[0]
    assert "自行评估" in kinds[1]
    assert "F1#3" not in made
    assert "第36条" in made["F17#1"]["value"]["zh"]
    assert made["F17#1"]["value"]["zh"].startswith("报告里没有引用")


def reported_of(findings: list[dict[str, Any]], rows: int | None) -> reported.Reported:
    """A report with these findings, on data of so many rows."""
    data = {"rows": rows, "digest": "d" * 64}
    return reported.Reported(Mock(spec=Evidence), {"findings": findings, "data": data}, 365)


def test_groups_that_no_article_names_are_not_told_as_untested() -> None:
    """“Not tested” stood where people were compared by marriage, which neither city names."""
    married = {"probe": "selection_parity", "verdict": "equivalent", "legal_refs": ["SH16-test"]}
    said = reported.said("groups", reported_of([married], 10))
    assert said is not None
    assert "没有测" not in said.zh
    assert "第67条第（3）项" in said.zh
    race = married | {"legal_refs": ["SZ72-4"]}
    said = reported.said("groups", reported_of([race, race], 10))
    assert said == Text("1项检查：已证明差异很小2条", "1 probe: shown to be small: 2")


@pytest.mark.parametrize(("rows", "zh"), [(1969, "1,969行"), (None, "行数不公开")])
def test_a_number_of_rows_that_is_not_public_is_no_number(rows: int | None, zh: str) -> None:
    """It read “None行”."""
    said = reported.said("data", reported_of([], rows))
    assert said is not None
    assert said.zh == f"{zh}，校验值 sha256:{'d' * 64}"
    assert "None" not in said.en


def test_the_public_reads_it_and_the_history_tells_of_reports_once(scene: Scene) -> None:
    filing = scene.published()
    edition = editions.newest(scene.session, filing.id)
    assert edition is not None
    rows: list[dict[str, Any]] = [
        row for row in edition.read()["answers"] if row["group"] == GROUP.id
    ]
    assert {row["set"] for row in rows} == {1}
    assert any(filing.report_ids[0] in row["said"]["zh"] for row in rows)


@pytest.mark.parametrize("version", ["1", "2"])
def test_versions_that_are_out_have_no_such_group(version: str) -> None:
    assert GROUP.id not in {each.id for each in schema(version).groups}
