"""What is chosen in the form is what stands in the plan."""

import html
import re
import tomllib
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from evaluators.guests import installed
from evaluators.plan import Plan
from evaluators.running import planning
from portal.pages import plan_again, plan_choices
from registry import worklist
from registry.database import transaction
from registry.errors import Invalid, Reason
from registry.evaluations import Evaluation
from registry.language import Text
from registry.organisations import Role
from tests.portal.pages.shelf import Shelf

COLUMNS = [
    {"name": "approve", "role": "target"},
    {"name": "race", "role": "sensitive"},
    {"name": "income", "role": "input"},
]
NONE = pa.table({})
VERSION: Any = SimpleNamespace(inputs=[{"name": "income", "type": "double"}])


def data(columns: list[dict[str, str]] = COLUMNS, name: str = "数据", name_en: str = "") -> Any:
    return SimpleNamespace(called=Text(name, name_en or name), columns=columns)


def drafted(*fields: tuple[str, str]) -> dict[str, Any]:
    return tomllib.loads(plan_choices.draft(data(), VERSION, QueryParams(list(fields)), NONE))


def test_without_a_choice_the_usual_probes_that_the_data_can_feed_are_drafted() -> None:
    plan = Plan.parse(drafted())

    assert {probe.id for probe in plan.probes} == {
        "selection_parity", "error_parity", "counterfactual_flip", "proxy_leakage",
    }  # fmt: skip


def test_choices_and_their_options_stand_in_the_plan() -> None:
    plan = Plan.parse(
        drafted(
            ("probe", "counterfactual_flip"),
            ("o.counterfactual_flip.change", "race、income"),
            ("title", "两组“引号”"),
            ("reference.race", "white"),
            ("name.race.zh", "种族"),
            ("name.race.en", "race"),
            ("favourable", "yes"),
            ("cut", "0.7"),
            ("target_kind", "human_decision"),
        )
    )

    assert plan.probes[0].options == {"change": ["race", "income"]}
    assert plan.reference == {"race": "white"}
    assert plan.plain("race").zh == "种族"
    assert (plan.columns.favourable, plan.columns.cut) == ("yes", 0.7)
    assert plan.target_kind == "human_decision"


WORD = st.text(min_size=1, max_size=20)


@given(name=WORD, title=WORD, english=st.one_of(st.just(""), WORD))
def test_no_name_breaks_out_of_its_quotes(name: str, title: str, english: str) -> None:
    columns = [{"name": name, "role": "sensitive"}]
    written = plan_choices.draft(data(columns, title, english), VERSION, QueryParams([]), NONE)

    assert tomllib.loads(written)["columns"]["sensitive"] == [name]
    two = {"zh": title, "en": english}
    assert tomllib.loads(written)["title"] == (title if english in ("", title) else two)


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("贷款申请", {"zh": "贷款申请", "en": "Loan applications"}),
        ("Loan applications", {"zh": "贷款申请", "en": "Loan applications"}),
        ("另一个标题", "另一个标题"),
    ],
)
def test_a_title_left_as_it_was_offered_is_there_in_both_languages(
    typed: str, title: str | dict[str, str]
) -> None:
    named = data(name="贷款申请", name_en="Loan applications")
    written = plan_choices.draft(named, VERSION, QueryParams([("title", typed)]), NONE)

    assert tomllib.loads(written)["title"] == title


def test_a_probe_without_its_columns_is_shown_and_says_what_is_lacking() -> None:
    offers = {offer.id: offer for offer in plan_choices.offers(data(), QueryParams([]))}

    assert offers["price_observational"].lacking == ("price",)
    assert not offers["price_observational"].chosen


@pytest.mark.parametrize("name", installed.names())
def test_every_option_is_described_in_both_languages(name: str) -> None:
    kind = installed.probe_class(name)
    told = plan_choices.described(kind.spec.options)
    options = set(kind.spec.options.model_fields)

    assert options <= set(told), "an option has no line in the docstring of the options"
    chinese = set(plan_choices.wording().get(name, {}))
    assert {each for each in chinese if "." not in each} == options, "portal/pages/options.toml"


def test_a_word_for_not_known_is_proposed_as_missing_where_people_are_grouped_by_it() -> None:
    rows = pa.table({
        "race": ["a", "b", "未知", "NA"], "approve": [0, 1, 1, 0], "income": ["-", "1", "2", "3"],
    })  # fmt: skip
    looked = plan_choices.first_rows(data(), rows.to_batches())
    written = plan_choices.draft(data(), VERSION, QueryParams([]), looked)

    assert tomllib.loads(written)["columns"]["missing"] == {"race": ["未知", "NA"]}
    assert "请核对" in written
    assert "check" in written
    assert plan_choices.levels(data(), rows.slice(0, 2)) == []


def test_levels_that_look_like_one_group_are_remarked_on_in_the_draft() -> None:
    rows = pa.table({"race": ["a", "A", "b", "b"], "approve": [0, 1, 1, 0]})
    looked = plan_choices.first_rows(data(), rows.to_batches())
    written = plan_choices.draft(data(), VERSION, QueryParams([]), looked)

    assert "# “race”里有几个值看上去是同一组" in written
    assert "“A” 1 行、“a” 1 行" in written
    assert tomllib.loads(written)["columns"]["sensitive"] == ["race"]


def test_the_page_writes_the_plan_that_was_chosen(shelf: Shelf) -> None:
    client, _ = shelf.browser(Role.TESTER)
    address = "/zh/evaluations/new?version={version}&dataset={dataset}&engagement={engagement}"
    answer = client.get(address.format(**shelf.made) + "&probe=selection_parity&title=x%22y")

    assert answer.status_code == 200
    assert "id = &#34;selection_parity&#34;" in answer.text
    assert "error_parity&#34;" not in answer.text
    assert "title = &#34;x\\&#34;y&#34;" in answer.text


WORDS = pa.table({"race": ["a", "b", "a"], "approve": ["归还", "未归还", "归还"]})


def worded(*fields: tuple[str, str]) -> tuple[str, dict[str, Any]]:
    written = plan_choices.draft(data(), VERSION, QueryParams(list(fields)), WORDS)
    return written, tomllib.loads(written)["columns"]


def test_what_the_data_do_not_say_is_asked_and_never_filled_in() -> None:
    """F-n7/2: the draft said favourable = 1 of outcomes that are words."""
    assert plan_choices.outcomes(data(), WORDS) == ("归还", "未归还")
    written, columns = worded()
    assert not {"favourable", "score_favourable", "classes"} & set(columns)
    assert "# favourable = …   # 归还、未归还" in written
    assert "# score_favourable = …" in written
    assert "不填就不能运行" in written
    assert "does not run without it" in written


@pytest.mark.parametrize(
    ("side", "said"),
    [("0", {"score_favourable": 0}), ("1", {"score_favourable": 1}), ("names", {"classes": ["归还", "未归还"]})],
)  # fmt: skip
def test_what_is_chosen_of_the_models_classes_stands_in_the_plan(
    side: str, said: dict[str, Any]
) -> None:
    _, columns = worded(("favourable", "归还"), ("score_favourable", side))
    assert columns["favourable"] == "归还"
    assert {k: v for k, v in columns.items() if k in {"score_favourable", "classes"}} == said
    assert Plan.parse({"title": "t", "columns": columns, "probes": [{"id": "selection_parity"}]})


THREE = pa.table({"approve": ["批准", "拒绝", "待定", "批准"]})


def test_of_three_outcomes_those_that_are_bad_are_asked_for() -> None:
    """F7n/21: a plan with three outcomes was refused as the form had drafted it."""
    asked = [("favourable", "批准"), ("score_favourable", "1")]
    open_ = plan_choices.draft(data(), VERSION, QueryParams(asked), THREE)
    assert re.search('^# unfavourable = .*"拒绝"', open_, re.MULTILINE)
    chosen = QueryParams([*asked, ("unfavourable", "拒绝"), ("unfavourable", "批准")])
    columns = tomllib.loads(plan_choices.draft(data(), VERSION, chosen, THREE))["columns"]
    assert columns["unfavourable"] == ["拒绝"]
    again = list(plan_again.fields({"columns": columns}))
    assert ("unfavourable", "拒绝") in again


def test_the_page_offers_to_say_which_of_three_outcomes_are_bad(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_choices, "outcomes", lambda *_: ("批准", "拒绝", "待定"))
    client, _ = shelf.browser(Role.TESTER)
    address = "/zh/evaluations/new?version={version}&dataset={dataset}&unfavourable=拒绝"
    page = client.get(address.format(**shelf.made)).text
    assert "哪些结果对本人不利" in page
    assert 'name="unfavourable" value="拒绝" checked' in page
    assert 'name="unfavourable" value="待定">' in page


def test_outcomes_of_0_and_1_and_words_that_say_which_is_good_are_proposed() -> None:
    numbers = pa.table({"approve": [0, 1, 1]})
    written = plan_choices.draft(data(), VERSION, QueryParams([]), numbers)
    assert tomllib.loads(written)["columns"]["favourable"] == 1
    assert "score_favourable" not in written
    good = pa.table({"approve": ["approved", "denied"]})
    assert plan_choices.likely(data(), plan_choices.outcomes(data(), good)) == "approved"
    written = plan_choices.draft(data(), VERSION, QueryParams([]), good)
    assert tomllib.loads(written)["columns"]["favourable"] == "approved"
    assert "# score_favourable = …" in written


def test_the_page_offers_the_values_that_the_data_hold_and_chooses_none(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_choices, "outcomes", lambda *_: ("归还", "未归还"))
    client, _ = shelf.browser(Role.TESTER)
    for language, told in (
        ("zh", "在模型那里，这个结果是"),
        ("en", "For the model, that outcome is"),
    ):
        address = f"/{language}/evaluations/new?version={{version}}&dataset={{dataset}}"
        page = client.get(address.format(**shelf.made)).text
        assert '<option value="归还">归还</option>' in page
        assert told in page
        assert "favourable = 1" not in page
        assert "# favourable = …" in page
        assert "# score_favourable = …" in page


def test_a_failed_run_leads_back_to_its_plan_with_every_word(shelf: Shelf) -> None:
    """F-n7/2: the page of a run that failed led nowhere, and title, names and frame were lost."""
    with transaction(shelf.site.state.factory) as session:
        made = session.get_one(Evaluation, shelf.made["evaluation"])
        work = worklist.get(session, str(made.work_id))
        work.state = worklist.State.FAILED
        refused = Reason(
            "columns.favourable",
            Text("里面没有“1”", "it never holds '1'"),
            Text("请改写", "name another"),
        )
        work.error = worklist.error_as_json(Invalid("不合", "unfit", reasons=[refused]))
    client, _ = shelf.browser(Role.TESTER)
    page = client.get(f"/zh/evaluations/{shelf.made['evaluation']}").text
    assert "里面没有“1”；请改写" in page
    english = client.get(f"/en/evaluations/{shelf.made['evaluation']}").text
    assert "it never holds &#39;1&#39;; name another" in english
    (address,) = re.findall(r'href="(/zh/evaluations/new\?[^"]*again=[^"]*)"', page)
    form = client.get(html.unescape(address)).text
    (text,) = re.findall(r'<textarea id="f-plan"[^>]*>(.*?)</textarea>', form, re.DOTALL)
    assert planning.parse(tomllib.loads(html.unescape(text))).digest == shelf.plan.digest
    other, _ = shelf.browser(Role.TESTER, "other")
    assert other.get(html.unescape(address)).status_code in (403, 404)
