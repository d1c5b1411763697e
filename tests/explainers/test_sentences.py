import re
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from explainers import checked, questions
from explainers.bounds import Family
from explainers.columns import Column, Outsider, raised
from explainers.frame import FRAME, TESTS
from explainers.sentences import ROWS, Counts, Kind, choose, sentence
from explainers.table import MORE, SENTENCES
from registry.language import LANGUAGES, Text
from registry.readability import blocking

FAMILY = Family(claims=60)


@st.composite
def counts(draw: st.DrawFn) -> Counts:
    n = draw(st.integers(0, 20_000))
    up = draw(st.integers(0, n))
    down = draw(st.integers(0, n - up))
    return Counts(n=n, up=up, down=down, changed=draw(st.integers(0, n)))


@given(counts())
@example(Counts(10_000, 10_000, 0, 5_000))
@example(Counts(10_000, 9_500, 500, 5_000))
@example(Counts(10_000, 5_000, 0, 5_000))
@example(Counts(10_000, 6_000, 4_000, 5_000))
@example(Counts(10_000, 0, 0, 0))
def test_a_sentence_says_no_more_than_its_evidence(seen: Counts) -> None:
    kind = choose(seen, FAMILY)
    lower, upper = FAMILY.lower, FAMILY.upper
    matters = lower(seen.changed, seen.n) >= 0.01
    assert (kind is Kind.NOT_TESTED) == (seen.n == 0)
    if kind in (
        Kind.ALWAYS,
        Kind.USUALLY,
        Kind.STEPS,
        Kind.ONE_WAY,
        Kind.NO_SIMPLE_DIRECTION,
        Kind.DIRECTION_OPEN,
    ):
        assert matters
    if kind is Kind.ALWAYS:
        assert lower(seen.most, seen.n) >= 0.99
    if kind is Kind.USUALLY:
        assert 0.90 <= lower(seen.most, seen.n) < 0.99
    if kind is Kind.NO_SIMPLE_DIRECTION:
        assert upper(seen.most, seen.n) < 0.90
    if kind is Kind.ONE_WAY:
        assert seen.least == 0
        assert upper(seen.most, seen.n) < 0.5
    if kind is Kind.STEPS:
        assert upper(seen.least, seen.n) < 0.01
    if kind is Kind.LITTLE:
        assert upper(seen.changed, seen.n) < 0.01
    if kind is Kind.INCONCLUSIVE:
        assert not matters
        assert upper(seen.changed, seen.n) >= 0.01


def test_few_people_never_support_a_claim() -> None:
    assert choose(Counts(20, 20, 0, 20), FAMILY) is Kind.DIRECTION_OPEN
    assert choose(Counts(20, 0, 0, 0), FAMILY) is Kind.INCONCLUSIVE


def test_the_wording_is_that_of_the_design() -> None:
    """Per hundred first, and behind it in brackets what was counted."""
    counted = {"n": "1,002", "k": "952", "c": "80", "d": "20", "s": "30"}
    places = {
        "ever": Text("每月收入越高，越容易获批", ""),
        "turned": Text("每月收入变高", "the monthly income higher"),
        "way": Text("更容易获批", "more likely to get it"),
        "person": Text("个人", "person"),
        "k_p": Text("约95", "about 95"),
        "c_p": Text("约8", "about 8"),
        "unmoved": Text("难易不变", "as likely"),
        **{name: Text(count, count) for name, count in counted.items()},
    }
    said = sentence("decision.number.usually", evidence={}, places=places)
    assert said["zh"] == (
        "其他信息不变时，一般每月收入越高，越容易获批：换成相差较大的数值，每100次里，约95次这样；约8次结果本身变了。"
        "（试了1,002次，依次是952次、80次；20次相反，30次难易不变。）"
    )
    assert said["en"] == (
        "All else equal, with the monthly income higher, the person is usually more likely to get it: in "
        "about 95 of 100 tests between values far apart; the result itself changed in about 8. (1,002 "
        "tests: 952 and 80; 20 the other way, 30 as likely.)"
    )


def _filled(text: str) -> str:
    names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    return text.format(**dict.fromkeys(names, "12"))


def test_no_row_of_the_table_is_hard_to_read() -> None:
    rows = {**SENTENCES, **FRAME}
    for name, row in rows.items():
        for language in LANGUAGES:
            for text in (row.text, row.limit):
                assert blocking(_filled(text.in_(language)), language) == [], (name, language)
    for name, said in TESTS.items():
        for language in LANGUAGES:
            assert blocking(_filled(said.in_(language)), language) == [], name


def test_both_languages_of_a_row_speak_of_the_same_numbers() -> None:
    numbers = {"n", "k", "b", "c", "s", "d", "v", "low", "high"}
    for name, row in {**SENTENCES, **FRAME}.items():
        zh, en = (set(re.findall(r"{(\w+)}", row.text.in_(one))) & numbers for one in LANGUAGES)
        assert zh - {"high"} == en - {"high"}, name


def test_every_row_has_a_limit_beside_it() -> None:
    for name, row in {**SENTENCES, **FRAME}.items():
        assert row.limit.zh, name
        assert row.limit.en, name


def test_english_forms_are_right_for_every_name_and_number() -> None:
    """“The one or two late payments matters little”, “by more than 1 % 0 times”."""
    said = [row.text.en for row in ROWS.values()] + [each.en for each in TESTS.values()]
    for text in said:
        assert not re.search(r"\{(c|up|down|same|changed|again_c)\} times", text)
        assert not re.search(
            r"\{[Xx]\} (matters?|\{matters\}|is|are|has|have)\b", text.split(":")[0]
        )


def test_what_was_tested_is_called_by_its_name() -> None:
    """“More people would have to be tested”, said of restaurants."""
    assert "{people}" in MORE.en
    assert "people" not in MORE.en.replace("{people}", "")
    assert "人" not in MORE.zh


PEOPLE = re.compile(r"\b(people|everyone|everybody)\b")
BARE = re.compile("(这些|这样的|哪些|有的)\\{people\\}|一般\\{X\\}是|怎样都算上")


def test_chinese_stands_with_a_name_that_has_its_measure_word() -> None:
    """Findings 7c, L1: “这些家门店”, “一般哪个连锁品牌是”."""
    for name, row in ROWS.items():
        assert not BARE.search(row.text.zh), name


SORTS = re.compile(r"(\}|个|0|的|各|所有)人(?!工)")


def test_no_row_says_that_what_was_tested_are_people() -> None:
    """Findings 7, G9: “What fewer than 10 people have is not told apart”, said of restaurants."""
    rows = [text for row in ROWS.values() for text in (row.text, row.limit)]
    for text in [*rows, *TESTS.values()]:
        zh, en = (re.sub(r"\{(person|people)\}", "", each) for each in (text.zh, text.en))
        assert not PEOPLE.search(en), en
        assert not SORTS.search(zh), zh


@pytest.mark.parametrize(
    ("word", "name", "said"),
    [
        ("higher", "crime rate", "the crime rate higher"),
        ("larger", "number of dependants", "the number of dependants larger"),
        ("longer", "your employment", "your employment longer"),
        ("more", "debts", "more debts"),
    ],
)
def test_what_is_raised_needs_no_other_article_or_number(word: str, name: str, said: str) -> None:
    """Findings 7, S5: “with higher crime rate”, “with larger number of dependants”."""
    assert raised(word, name) == said


def test_a_name_within_an_english_sentence_has_its_article() -> None:
    """Findings 7, S5: “Changing only share of black residents changed”."""
    rows = [text for row in ROWS.values() for text in (row.text, row.limit)]
    for text in [*rows, *TESTS.values()]:
        assert "{Y}" not in text.en.removeprefix("{Y}:")
        assert not re.search(r"(?<!with )\{turned\}", text.en, re.IGNORECASE)


def test_what_stays_and_what_changes_is_said_to_be_the_chance_or_the_result() -> None:
    """N8: "121 the same … 13 changed" was one sentence about scores and one about results."""
    said = [each.text for each in SENTENCES.values()] + list(TESTS.values())
    decided = [each for each in said if "{harder}" in each.zh and "变成" not in each.zh]
    assert len(decided) > 5
    for each in decided:
        assert "次不变" not in each.zh
        assert "{unmoved}" in each.zh
        assert "the same" not in each.en
        assert ("{changed}" in each.zh or "{c}" in each.zh) == ("结果本身变了" in each.zh)


def test_a_level_without_an_english_name_is_marked_as_chinese() -> None:
    """n7/14: “西城” stood in an English sentence as if it were English."""
    column = Column(
        name="town", plain=Text("片区", "district"), values={"南": Text("南镇", "South")}
    )
    assert column.level("西城") == Text("西城", "西城 (in Chinese, not translated)")
    assert column.level("南") == Text("南镇", "South")
    assert column.level("west") == Text("west", "west")
    outsider = Outsider("town", Text("片区", "district"), {})
    assert checked.level(outsider, "西城").en == "西城 (in Chinese, not translated)"


MOVES = ("always", "usually", "steps", "one_way", "no_simple_direction", "direction_open")


@pytest.mark.parametrize("shape", ["number", "levels"])
@pytest.mark.parametrize("kind", MOVES)
def test_every_sentence_on_what_moves_a_price_says_by_how_much(shape: str, kind: str) -> None:
    """public/P9: in money, whichever way it goes; that it goes both ways is no reason to leave it out."""
    row = SENTENCES[f"price.{shape}.{kind}"].text
    assert "{m}" in row.zh
    assert "{m}" in row.en


def test_a_measure_word_follows_a_number_or_each() -> None:
    """The place of the people holds "次行程" or "件商品": "对个别次行程" is no Chinese."""
    for name, row in ROWS.items():
        for found in re.finditer(r"(.)\{(people|person)\}", row.text.zh):
            assert found[1] not in "别的些", (name, row.text.zh)


def test_no_sentence_points_to_a_heading_that_may_not_stand_on_the_page() -> None:
    """An explanation without a report sent readers to “Results for different groups”, which it lacks."""
    headings = {text for each in questions.QUESTIONS.values() for text in (each.zh, each.en)}
    pointed = re.compile(r"请看“([^”]*)”|see “([^”]*)”")
    for row in ROWS.values():
        for said in (row.text.zh, row.text.en, row.limit.zh, row.limit.en):
            for found in pointed.finditer(said):
                assert (found[1] or found[2]) in headings, said
