"""Names and phrases of a plan: what a level is called in a sentence, and what more and less of a result are."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from explainers.columns import Column, ColumnsInvalid, Outsider, who
from explainers.explanation import explain, sentences_of
from explainers.plan import ExplanationPlan, LevelsUnmatched, SharesUnfit
from explainers.texts import pair, text_of
from explainers.wording import Wording, WordingInvalid, ever, most
from registry.language import Text
from tests.explainers.toys import Toy, apart, columns, people, text

GRANTED = {
    "got": text("获批", "be granted a loan"),
    "easier": text("更容易获批", "more likely to be granted a loan"),
    "harder": text("更容易被拒", "more often refused"),
}
MARRIED = {
    "phrases": {"1": text("已婚的人", "married people"), "0": text("未婚的人", "single people")}
}
OLDER = {"phrases": {"more": text("人更老", "a person older")}}


def told(rule: Any, *names: str, **more: Any) -> dict[str, Any]:
    table, plan = apart(people(900)), {"cut": 0.5, **more.pop("plan", {})}
    asked = ExplanationPlan.make(table, columns(*names, **more), nonce="n", **plan)
    return explain(asked, table, Toy(rule), nonce="n")


def about(content: dict[str, Any], name: str, kind: str) -> dict[str, Any]:
    return next(
        s for s in sentences_of(content) if s.get("columns") == [name] and s["kind"] == kind
    )


def married(x: Any) -> Any:
    return 0.2 + 0.6 * (x["married"] == 1)


def test_a_level_is_told_by_its_phrase_in_words_and_record() -> None:
    """public.md, section 2: "“none overdue” instead of “overdue” for the no overdue account"."""
    made = told(married, "married", "age", married=MARRIED, plan={"wording": GRANTED})
    said = about(made, "married", "always")
    assert "已婚的人，比未婚的人更容易获批：每100次里，100次这样" in said["zh"]
    assert (
        "married people are nearly always more likely to be granted a loan than single people"
        in said["en"]
    )
    assert {each["who"]["en"] for each in said["levels"]} == {"married people", "single people"}
    assert made["wording"]["harder"] == text("更容易被拒", "more often refused")


def test_a_number_is_told_by_its_phrase() -> None:
    def younger(x: Any) -> Any:
        return 1 - (x["age"] - 18) / 62

    made = told(younger, "age", age=OLDER, plan={"wording": GRANTED})
    said = about(made, "age", "always")
    assert "人更老，更容易被拒：换成相差较大的数值，每100次里" in said["zh"]
    assert "with a person older, the person is nearly always more often refused" in said["en"]


def test_a_price_is_told_by_its_phrases() -> None:
    wording = {"higher": text("更贵", "a dearer ride"), "lower": text("更便宜", "a cheaper ride")}
    plan = {"task": "price", "cut": None, "wording": wording}
    made = told(lambda x: 10.0 + x["age"], "age", plan=plan)
    assert "年龄越大，越贵，平均相差" in about(made, "age", "always")["zh"]
    assert "there is nearly always a dearer ride" in about(made, "age", "always")["en"]


def test_without_phrases_the_names_are_quoted() -> None:
    made = told(married, "married", "age")
    said = about(made, "married", "always")
    assert "婚姻是“已婚”的，比婚姻是“未婚”的更容易得到“通过”" in said["zh"]
    assert Wording(price=Text("车费", "fare")).higher == Text("车费更高", "a higher fare")
    scored = Wording.parse(None, scored=True)
    assert (scored.lower, scored.unit.zh) == (Text("评分更低", "a lower score"), "分")


def test_phrases_for_rare_levels_stay_with_the_filer() -> None:
    """public/B1: what one person alone has is not published in another word for it either."""
    table = apart(people(900))
    job = np.asarray(table["job"].to_pylist(), dtype=object)
    job[0] = "astronaut"
    table = table.set_column(table.column_names.index("job"), "job", pa.array(job.tolist()))
    phrases = {"astronaut": text("那位宇航员", "the astronaut"), "clerk": text("职员", "clerks")}
    asked = ExplanationPlan.make(
        table, columns("job", "age", job={"phrases": phrases}), nonce="n", cut=0.5
    )
    made = explain(asked, table, Toy(lambda x: 0.9 * (x["job"] == "clerk")), nonce="n")
    assert "astronaut" not in repr(made)
    assert "职员" in repr(made["questions"][2]["items"][0]["phrases"])


def test_a_group_of_a_report_is_told_by_its_phrase() -> None:
    race = Outsider.parse({"name": "race", "phrases": {"b": text("黑人", "black people")}})
    assert who(race, "b", Text("人", "people")) == Text("黑人", "black people")
    assert who(race, "w", Text("人", "people")).en == "people with “w” for the race"


@pytest.mark.parametrize(
    ("given", "item"),
    [
        ({"easyer": text("更容易", "more likely")}, "wording.easyer"),
        ({"easier": text("容易通过", "more likely")}, "wording.easier.zh"),
        ({"easier": text("更容易通过", "likelier")}, "wording.easier.en"),
        ({"higher": text("贵", "dearer")}, "wording.higher.zh"),
        ({"favourable": {"zh": "通过"}}, "wording.favourable.en"),
    ],
)
def test_what_cannot_stand_in_a_sentence_is_refused_by_name(given: Any, item: str) -> None:
    with pytest.raises(WordingInvalid) as refused:
        Wording.parse(given)
    (reason,) = refused.value.reasons
    assert reason.item == item
    assert reason.remedy.zh


@pytest.mark.parametrize(
    ("more", "item"),
    [
        ({"phrases": {"1": {"zh": "已婚的人"}}}, "columns.married.phrases.1.en"),
        ({"values": {"1": {"en": "married"}}}, "columns.married.values.1.zh"),
        ({"unit": {"zh": "元"}}, "columns.married.unit.en"),
        ({"plian": text("婚姻", "marriage")}, "columns.married.plian"),
    ],
)
def test_a_column_said_in_one_language_or_under_no_known_key_is_refused(
    more: Any, item: str
) -> None:
    """Each was left out without a word."""
    with pytest.raises(ColumnsInvalid) as refused:
        Column.parse({"name": "married", "plain": text("婚姻", "marriage"), **more})
    assert [reason.item for reason in refused.value.reasons] == [item]


def test_a_protected_attribute_said_in_one_language_is_refused() -> None:
    with pytest.raises(ColumnsInvalid) as refused:
        Outsider.parse({"name": "race", "values": {"b": {"zh": "黑人"}}})
    assert [reason.item for reason in refused.value.reasons] == ["protected.race.values.b.en"]


def test_a_phrase_gives_its_other_forms() -> None:
    easier = Text("更容易通过", "more likely to be approved")
    assert ever(easier) == "越容易通过"
    assert most(easier) == Text("最容易通过", "most likely to be approved")
    assert most(Text("更难通过", "less likely to pass")).en == "least likely to pass"


def test_a_text_is_read_or_said_to_lack_a_language() -> None:
    assert pair("d", text("有", "there")) == (Text("有", "there"), [])
    assert [reason.item for reason in pair("d", {"zh": " "})[1]] == ["d.zh", "d.en"]
    assert text_of({"zh": "有", "en": " "}) is None


@pytest.mark.parametrize(
    ("levels", "refused"),
    [
        ({"2": text("再婚", "married again")}, ["2"]),
        ({"True": text("是", "yes"), "1": text("已婚", "married")}, ["True"]),
    ],
)
def test_a_name_for_a_level_that_no_row_has_is_refused(levels: Any, refused: list[str]) -> None:
    """It stood nowhere, and the page said “1” instead."""
    for key in ("values", "phrases"):
        described = columns("married", married={"values": {}, key: levels})
        with pytest.raises(LevelsUnmatched) as invalid:
            ExplanationPlan.make(apart(people(900)), described, nonce="n", cut=0.5)
        items = [reason.item for reason in invalid.value.reasons]
        assert items == [f"columns.married.{key}.{level}" for level in refused]


@pytest.mark.parametrize("name", ["age", "job"])
def test_a_share_that_is_no_part_of_one_is_refused(name: str) -> None:
    """X12e/P4: “from 3,600 % to 4,000 %” was published."""
    shared = {"values": {}, "kind": "share"}
    with pytest.raises(SharesUnfit) as refused:
        ExplanationPlan.make(
            apart(people(900)), columns(name, **{name: shared}), nonce="n", cut=0.5
        )
    assert [reason.item for reason in refused.value.reasons] == [f"columns.{name}.kind"]


def test_a_few_shares_may_be_above_one() -> None:
    """Of the demo's applicants, some borrow more than the price of the house."""
    table = apart(people(900))
    lent = np.where(np.arange(900) % 30 == 0, 1.1, np.arange(900) / 900)
    table = table.append_column("lent", pa.array(lent))
    lent_column = {"name": "lent", "plain": text("贷款比例", "loan share"), "kind": "share"}
    assert ExplanationPlan.make(table, [lent_column], nonce="n", cut=0.5)
