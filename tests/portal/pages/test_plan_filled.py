"""The form that asks for an explanation opens with what is on record (N12/F18)."""

import html
from typing import Any

import pyarrow as pa
from starlette.datastructures import FormData

from portal.pages import explaining, plan_filled
from registry.database import transaction
from registry.explanations import Explanation
from registry.organisations import Role
from registry.yardsticks import Yardstick
from tests.portal.pages.shelf import Shelf

PAGE = {"accept": "text/html"}
INPUTS = [{"name": "income", "type": "double"}, {"name": "town", "type": "string"}]
PLAN: dict[str, Any] = {
    "task": "decision",
    "cut": 0.8,
    "favourable_above": False,
    "classes": ["good", "bad"],
    "favourable": "good",
    "sealed": {"zh": "商业秘密", "en": "trade secret"},
    "wording": {"favourable": {"zh": "通过", "en": "approved"}},
    "declared": {"who": {"zh": "银行。", "en": "A bank."}},
    "columns": [
        {
            "name": "income",
            "plain": {"zh": "收入", "en": "income"},
            "unit": {"zh": "元", "en": "yuan"},
            "direction": {"zh": ["多", "少"], "en": ["higher", "lower"]},
            "actionable": 1,
            "protected": False,
            "phrases": {"more": {"zh": "收入变多", "en": "more income"}},
            "effect": "better",
            "influence": "large",
        },
        {
            "name": "town",
            "plain": {"zh": "镇", "en": "town"},
            "unit": None,
            "direction": {"zh": ["高", "低"], "en": ["higher", "lower"]},
            "actionable": "any",
            "protected": True,
            "kind": "category",
            "values": {"1": {"zh": "西镇", "en": "West"}},
        },
    ],
    "unit": "person",
    "people": 4000,
    "protected": [
        {
            "name": "race",
            "plain": {"zh": "种族", "en": "race"},
            "values": {"1": {"zh": "黑人", "en": "Black"}, "a / b": {"zh": "其他", "en": "other"}},
            "phrases": {"1": {"zh": "黑人居民", "en": "Black residents"}},
        }
    ],
}


def asked(boxes: dict[str, str]) -> dict[str, Any]:
    return explaining.plan(FormData(boxes), [each["name"] for each in INPUTS])


def test_a_plan_of_before_is_read_again_from_its_boxes() -> None:
    assert asked(plan_filled.boxes(INPUTS, plan=PLAN)) == PLAN


def test_what_the_form_has_no_box_for_is_named_and_not_lost_in_silence() -> None:
    assert plan_filled.dropped(PLAN, INPUTS) == []
    more = PLAN | {"k": 30, "declared": PLAN["declared"] | {"why": {"zh": "甲", "en": "A"}}}
    assert plan_filled.dropped(more, INPUTS[:1]) == ["declared.why", "columns.town", "k"]


def test_groups_of_a_feature_that_is_not_listed_name_it_and_a_number_that_is_none_is_refused() -> (
    None
):
    held = {"protected_values": "race / 1 = 黑人 = Black", "people": "many"}
    read = asked(held)
    assert read["protected"] == [{"name": "race", "values": {"1": {"zh": "黑人", "en": "Black"}}}]
    assert read["people"] == "many"
    boxes = explaining.names(["income"])
    assert list(boxes("protected.race.values.1")) == ["protected_values"]
    assert (next(iter(boxes("people"))), next(iter(boxes("unit")))) == ("people", "unit")


def test_values_of_the_data_are_listed_with_room_for_their_names_and_ask_for_nothing() -> None:
    held = plan_filled.boxes(INPUTS, plan=PLAN, levels={"town": ["1", "2"], "gone": ["x"]})
    assert held["c/town/values"] == "1 = 西镇 = West\n2 =  = "
    assert asked(held) == PLAN
    typed = held | {"c/town/values": "2 = 东镇 = "}
    assert asked(typed)["columns"][1]["values"] == {"2": {"zh": "东镇", "en": ""}}
    bare = asked(held | {"c/town/values": "2"})
    assert bare["columns"][1]["values"] == {"2": {"zh": "", "en": ""}}, "a gap, which is told"


def test_what_a_plan_says_goes_before_the_data_and_the_report() -> None:
    columns = [
        {"name": name, "plain": {"zh": "数据", "en": "data"}} for name in ("income", "town")
    ]
    told = {
        "town": {"plain": {"zh": "报告", "en": "report"}},
        "race": {"plain": {"zh": "族", "en": "race"}},
    }
    report = Yardstick("r", 0.5, True, ("town", "race"), told)
    held = plan_filled.boxes(INPUTS, columns=columns, yardstick=report)
    assert (held["c/income/plain/zh"], held["c/town/plain/zh"]) == ("数据", "数据")
    assert held["c/town/protected"] == "1"
    assert held["protected"] == "race = 族 = race"
    again = plan_filled.boxes(INPUTS, columns=columns, yardstick=report, plan=PLAN)
    assert (again["c/town/plain/zh"], again["protected"]) == ("镇", "race = 种族 = race")


def test_few_values_are_levels_as_a_plan_names_them_and_many_are_none() -> None:
    table = pa.table({"a": [True, False, None], "b": [1.0, 2.0, 1.0], "c": ["x", "x", "x"]})
    wide = pa.table({"a": [True] * 13, "b": [float(i) for i in range(13)], "c": ["x"] * 13})
    found = plan_filled.few_levels(table.to_batches(), ["a", "b", "c", "d"])
    assert found == {"a": ["0", "1"], "b": ["1", "2"]}
    assert plan_filled.few_levels([*table.to_batches(), *wide.to_batches()], ["a", "b"]) == {
        "a": ["0", "1"]
    }


def test_the_form_opens_filled_and_keeps_what_is_typed(shelf: Shelf) -> None:
    with transaction(shelf.site.state.factory) as session:
        plan = dict(session.get_one(Explanation, shelf.made["explanation"]).plan)
    client, csrf = shelf.browser(Role.FILER)
    address = f"/versions/{shelf.made['version']}/explain"
    for language, said in (("zh", "已按记录填好"), ("en", "Filled in from what is on record")):
        page = html.unescape(client.get(f"/{language}{address}", headers=PAGE).text)
        assert said in page
        for column in plan["columns"]:
            assert f'value="{column["plain"]["zh"]}"' in page
            assert f'value="{column["plain"]["en"]}"' in page
    typed = {"csrf": csrf, "d/who/zh": "我自己写的", "task": "price"}
    page = html.unescape(client.post(f"/zh{address}", data=typed, headers=PAGE).text)
    assert 'value="我自己写的"' in page
    assert "已按记录填好" not in page
    assert f'value="{plan["columns"][0]["plain"]["zh"]}"' not in page
