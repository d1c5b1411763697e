"""A drafted plan of an explanation, and the manual's example: both are read as a plan is."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from explainers import asked
from explainers.explanation import explain, sentences_of
from explainers.plan import ExplanationPlan
from portal.commands.filer import listed
from portal.home import explanation_start
from portal.manual import DOCS
from registry.explanations import check_keys
from tests.explainers.toys import Toy, apart, people

INPUTS = [{"name": "income", "type": "double"}, {"name": "户 口", "type": "string"}]


def read(text: str) -> dict[str, Any]:
    """A plan as it goes to the API."""
    told = tomllib.loads(text)["explanation"]
    return {**told, "columns": listed(told["columns"], [])}


def test_a_draft_names_every_input_and_asks_for_what_only_the_filer_knows() -> None:
    plan = read(explanation_start.draft(INPUTS))
    check_keys(plan)
    assert [column["name"] for column in plan["columns"]] == ["income", "户 口"]
    with pytest.raises(asked.PlanHasGaps) as refused:
        asked.check(plan)
    items = {
        reason.item.removesuffix(".zh").removesuffix(".en") for reason in refused.value.reasons
    }
    assert items == {"income", "户 口", "declared.decided", "declared.who", "declared.object"}


def test_a_draft_offers_every_key_that_there_is() -> None:
    text = explanation_start.draft(INPUTS)
    for key in (*asked.PLAN, *asked.WORDING, *asked.DECLARED, *asked.PROTECTED):
        assert f"{key.name} = " in text or f"explanation.{key.name}" in text, key.name
    for name in ("phrases", "values", "unit", "direction", "actionable", "protected"):
        assert f"# {name} = " in text


def test_a_draft_beside_data_names_their_levels(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("income,户 口\n" + "".join(f"{n},城镇\n{n + 1},农村\n" for n in range(40)))
    text = explanation_start.draft(INPUTS, rows)
    assert '# phrases = { "农村" = { zh = "", en = "" }, "城镇" = { zh = "", en = "" } }' in text
    assert 'phrases = { more = { zh = "", en = "" } }' in text


def test_the_example_of_the_manual_explains_a_model() -> None:
    plan = read((DOCS / "explanation-plan.toml").read_text(encoding="utf-8"))
    check_keys(plan)
    asked.check(plan)
    declared, table = plan.pop("declared"), apart(people(900))
    made = ExplanationPlan.make(table, plan.pop("columns"), nonce="n", **plan)
    model = Toy(lambda x: 0.2 + 0.3 * (x["married"] == 1) + x["income"] / 20_000)
    content = explain(made, table, model, nonce="n", declared=declared)
    assert content["missing"] == []
    assert content["contradictions"] == []
    said = "\n".join(each["en"] for each in sentences_of(content))
    assert "with a higher monthly income, the applicant is nearly always more likely to be" in said
    assert "married applicants are nearly always more likely to be admitted than single" in said
