"""What does not apply is neither required nor counted nor published, and is not lost."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from filing import answers, applicability, checks, dossier, editions, forms
from filing.conditions import ALWAYS, Condition, Every, Is, Not, Some
from filing.fields import Answers, Field, Group, Kind, Option, Part, Schema
from filing.forms import current
from filing.meanings import Meaning
from registry.language import Text
from tests.filing import papers, schemas
from tests.filing.papers import Scene
from tests.filing.test_checks import TODAY, stored

IDS = ("x", "y", "z")
WORD = Text("字", "word")
OPTIONS = tuple(Option(each, Text(each, each)) for each in IDS)
CODES = ("A1", "A2", "A3", "B1", "B2", "C1", "C2", "C3")
"""A plain group, another, and one that repeats."""


def condition(
    draw: Random, codes: Sequence[str], siblings: Sequence[str] = (), deep: int = 2
) -> Condition:
    """A condition that asks only for those, often none at all."""
    places = [*codes, *siblings]
    if not places or draw.random() < 0.3:
        return ALWAYS
    if not deep or draw.random() < 0.4:
        place, values = draw.choice(places), frozenset(draw.sample(IDS, draw.randint(1, 2)))
        return Is(values, part=place) if place in siblings else Is(values, field=place)
    inner = tuple(condition(draw, codes, siblings, deep - 1) for _ in range(draw.randint(1, 2)))
    return draw.choice((Not(inner[0]), Every(inner), Some(inner)))


def made(draw: Random) -> Schema:
    """A schema in which each field's conditions ask for fields drawn before it."""
    order = draw.sample(CODES, len(CODES))
    fields = dict[str, Field]()
    for place, code in enumerate(order):
        before, kind = order[:place], draw.choice((Kind.CHOICE, Kind.PARTS, Kind.ROWS))
        one = Part("one", WORD, Kind.CHOICE, condition(draw, before), options=OPTIONS)
        two = Part("two", WORD, Kind.MULTI, condition(draw, (), ("one",)), options=OPTIONS)
        value = Part(
            "", WORD, kind, condition(draw, before), condition(draw, before), most=9,
            options=OPTIONS, parts=() if kind is Kind.CHOICE else (two, one),
        )  # fmt: skip
        fields[code] = Field(
            code, code[0], WORD, None, (), may_be_na=True, copied=True, value=value
        )
    groups = tuple(
        Group(letter, WORD, WORD, tuple(fields[each] for each in CODES if each[0] == letter),
              repeats=letter == "C", one=WORD, most=4)
        for letter in "ABC"
    )  # fmt: skip
    return Schema("1", "", WORD, groups, {})


def whole(draw: Random) -> dict[str, Any]:
    given = {"one": draw.choice(IDS), "two": draw.sample(IDS, draw.randint(1, 3))}
    return {name: given[name] for name in draw.sample(sorted(given), draw.randint(1, 2))}


def answered(seed: int) -> Answers:
    """A schema with answers to some of it."""
    draw, rows = Random(seed), dict[str, dict[str, Any]]()
    form = made(draw)
    for field in form:
        for key in [f"{field.code}#{n}" for n in (1, 2)] if field.group == "C" else [field.code]:
            if field.kind is Kind.CHOICE:
                value: Any = draw.choice(IDS)
            elif field.kind is Kind.PARTS:
                value = whole(draw)
            else:
                value = [whole(draw) for _ in range(draw.randint(1, 2))]
            if draw.random() < 0.8:
                rows[key] = {"value": value}
    return Answers(form, rows)


def told() -> st.SearchStrategy[Answers]:
    """By a seed: drawing each box by itself takes minutes."""
    return st.integers(0, 2**32).map(answered)


@given(told())
def test_what_does_not_apply_never_counts_and_is_never_required(typed: Answers) -> None:
    left = applicability.counting(typed)
    for key in typed.form.keys(typed.rows):
        if not applicability.applies(typed, key):
            assert key not in left.rows
            assert not applicability.required(typed, key)
            assert key not in applicability.missing(left)


@given(told())
def test_what_counts_is_some_of_what_was_typed_and_counting_twice_takes_no_more(
    typed: Answers,
) -> None:
    before = json.dumps(typed.rows, sort_keys=True)
    left = applicability.counting(typed)
    assert json.dumps(typed.rows, sort_keys=True) == before, "nothing typed is lost"
    assert left.rows.keys() <= typed.rows.keys()
    assert applicability.counting(left) == left
    assert (left == typed) is not bool(applicability.set_aside(typed))
    assert applicability.set_aside(left) == []
    for key in typed.form.keys(typed.rows):
        assert applicability.applies(left, key) is applicability.applies(typed, key)


@given(told())
def test_no_fault_is_told_of_a_place_that_is_set_aside(typed: Answers) -> None:
    aside = applicability.set_aside(typed)
    left = applicability.counting(typed)
    for reason in checks_of(left):
        assert not any(reason == each or reason.startswith(f"{each}.") for each in aside)


def checks_of(left: Answers) -> list[str]:
    """The items of what `checks` finds in the values; its rules on named meanings need a whole form."""
    return [
        found[0]
        for key, answer in left.rows.items()
        for found in checks._check(
            left.form.field(key).value, answer["value"], key, checks._Held(left, key, TODAY)
        )
    ]


@given(told())
def test_the_order_puts_each_field_behind_those_that_decide_on_it(typed: Answers) -> None:
    order = applicability.order(typed.form)
    assert sorted(order) == sorted(CODES)
    for field in typed.form:
        for leaf in field.value.leaves:
            if leaf.field:
                assert order.index(leaf.field) < order.index(field.code)


CIRCLES = {
    "themselves": {"B4": 'when = { field = "B4", is = ["other"] }'},
    "each other": {
        "B4": 'when = { not = { field = "B6", is = ["other"] } }',
        "B6": 'required = { any = [{ field = "B4", is = ["other"] }] }',
    },
    "the grade that they make": {"B5": 'when = { means = "grade", is = ["high"] }'},
}


@pytest.mark.parametrize("circle", CIRCLES.values(), ids=CIRCLES.keys())
def test_conditions_that_lead_round_in_a_circle_are_refused(
    circle: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=r"circle: .*→.*"):
        altered(tmp_path, monkeypatch, "algorithm.toml", circle)


def test_a_condition_on_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="Q9"):
        altered(
            tmp_path, monkeypatch, "algorithm.toml", {"B4": 'when = { field = "Q9", is = ["a"] }'}
        )


def altered(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: str, rows: dict[str, str]
) -> Schema:
    """The form with more rows on some fields."""
    made = folder / "schema"
    shutil.copytree(forms.FOLDER, made)
    text = (made / file).read_text()
    for code, row in rows.items():
        line = f'code = "{code}"\n'
        assert line in text
        text = text.replace(line, f"{line}{row}\n")
    (made / file).write_text(text)
    monkeypatch.setattr(forms, "FOLDER", made)
    return current()


SIBLING = 'when = { not = { field = "C7", is = ["none"] } }'
EITHER = (
    'when = { any = [{ field = "B8", is = ["pilot"] }, { field = "C7", is = ["biometric"] }] }'
)


def test_a_field_of_a_repeated_group_is_asked_by_its_own_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = altered(tmp_path, monkeypatch, "data_sets.toml", {"C12": SIBLING})
    rows: dict[str, Any] = {
        "C7#1": {"value": ["none"]},
        "C7#2": {"value": ["ordinary"]},
        "C12#1": {"value": {"zh": "一"}},
    }
    typed = Answers(form, rows)
    assert not applicability.applies(typed, "C12#1")
    assert applicability.required(typed, "C12#2")
    assert applicability.set_aside(typed) == ["C12#1"]
    assert "C12#2" in applicability.missing(typed)


def test_a_field_outside_asks_whichever_set_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = altered(tmp_path, monkeypatch, "algorithm.toml", {"B14": EITHER})
    one, two = {"C7#1": {"value": ["none"]}}, {"C7#2": {"value": ["ordinary", "biometric"]}}
    assert not applicability.applies(Answers(form, one), "B14")
    assert applicability.applies(Answers(form, one | two), "B14")
    assert applicability.applies(Answers(form, {"B8": {"value": "pilot"}}), "B14")
    said = applicability.in_words(form, form.field("B14").value)
    assert said is not None
    assert said.zh == "“服务状态”是“先行先试”，或者“个人信息”是“生物识别信息”"


def test_an_answer_that_is_set_aside_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = {
        "B6": 'when = { field = "B8", is = ["pilot"] }',
        "B14": 'when = { field = "B6", is = ["other"] }',
    }
    form = altered(tmp_path, monkeypatch, "algorithm.toml", chain)
    rows: dict[str, Any] = {
        "B6": {"value": "other"},
        "B14": {"value": "ranks"},
        "B8": {"value": "in_service"},
    }
    assert applicability.set_aside(Answers(form, rows)) == ["B6", "B14"]
    back = Answers(form, rows | {"B8": {"value": "pilot"}})
    assert applicability.counting(back) == back, "all of it counts again"


@pytest.mark.parametrize(("level", "asked"), [(None, False), ("low", False), ("high", True)])
def test_a_field_may_be_asked_by_the_grade(
    level: str | None, asked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"D4": 'when = { means = "grade", is = ["high"] }'}
    form = altered(tmp_path, monkeypatch, "design.toml", row)
    derived = {Meaning.GRADE: level} if level else {}
    assert applicability.asks(form, Meaning.GRADE)
    assert applicability.required(Answers(form, {}, derived), "D4") is asked


STALE = [{"by": "新用户", "reason": "new_user", "told": "页面上写明"}]


def test_a_part_that_no_longer_applies_is_kept_and_says_nothing() -> None:
    rows = stored(D10={"differs": "no", "grounds": STALE})
    typed = Answers(current(), rows, {Meaning.GRADE: "high"})
    left = applicability.counting(typed)
    assert left.rows["D10"]["value"] == {"differs": "no"}
    assert applicability.set_aside(typed) == ["D10.grounds"]
    assert checks.check_all(left, today=TODAY) == []
    said = applicability.place_in_words(current(), "D10.grounds")
    assert said.zh == "“会不会因人而异”是“会”"


def test_what_is_wrong_with_a_stale_answer_stops_nobody() -> None:
    broken: dict[str, Any] = {"E7": {"value": {"zh": "长" * 900}}, "E1": {"value": "calls"}}
    left = applicability.counting(Answers(current(), stored(**papers.OTHERS_MODEL) | broken))
    assert checks.check_all(left, today=TODAY) == []


def test_a_stale_answer_is_kept_and_not_published(session: Session) -> None:
    """A model that was trained, then said to be only called; grounds of a price that is the same for all."""
    scene = Scene(session)
    filing = scene.published(
        E1="calls",
        E7={"zh": "早先写的选择标准"},
        D10={"differs": "no", "grounds": STALE},
        **papers.OTHERS_MODEL,
    )
    edition = editions.newest(session, filing.id)
    assert edition is not None
    for words in ("早先写的选择标准", "页面上写明"):
        assert words in json.dumps(filing.answers, ensure_ascii=False)
        assert words in edition.record, "kept on file"
        assert words not in edition.content
    assert "E7" not in {row["key"] for row in edition.read()["answers"]}
    assert "E7" not in edition.on_file_told().rows


def test_a_stale_answer_counts_again_as_soon_as_it_applies(session: Session) -> None:
    scene = Scene(session)
    filing = scene.opened(E1="calls", E7={"zh": "早先写的"})
    assert "E7" not in filing.told.rows
    dossier.fill(
        session, by=scene.filer, filing_id=filing.id, revision=filing.revision,
        answers={"E1": "tuned"},
    )  # fmt: skip
    assert filing.told.rows["E7"] == {"value": {"zh": "早先写的"}}


def test_a_new_condition_is_one_row_in_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown, required, counted, told in words: all follow from the row; nothing else names it."""
    schemas.second(
        tmp_path,
        monkeypatch,
        split="",
        plain=schemas.PLAIN.replace(
            'code = "E14"\n', 'code = "E14"\nwhen = [{ field = "E1", is = ["trained"] }]\n'
        ),
    )
    form = current()
    trained, called = (Answers(form, {"E1": {"value": each}}) for each in ("trained", "calls"))
    assert "E14" in applicability.missing(trained)
    assert "E14" not in applicability.missing(called)
    answered = Answers(form, {**called.rows, "E14": {"value": "两千度"}})
    assert applicability.set_aside(answered) == ["E14"]
    assert papers.answers(), "the papers of the tests know nothing of it"
    assert answers.store(form, "E14", "两千度") == {"value": "两千度"}
