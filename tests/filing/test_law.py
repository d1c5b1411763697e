"""Whose rules a filing is held against: the filer's city's, and ours said to be ours."""

import re
from typing import Any

import pytest

from filing import forms, gate, risk
from filing.answers import store
from filing.fields import Answers, Show
from filing.forms import current
from filing.gate import Gate, Hurdle, Subject
from filing.meanings import Meaning
from filing.risk import Duty, Level
from registry import law
from registry.law import OURS, City, Force
from tests.filing import papers

NOW = papers.at(2026, 11, 21)
OWN_CONDITIONS = {
    "another_organisation", "this_version", "countersigned", "unexpired", "task", "required_probes",
}  # fmt: skip


def subject(city: str, **changed: Any) -> Subject:
    place = {"kind": "company", "city": city, "district": "中心区"}
    raw = papers.answers(A3=place, **changed)
    made = {key: store(current(), key, each) for key, each in raw.items()}
    return Subject(
        "d1", "enterprise", Answers(current(), {key: each for key, each in made.items() if each})
    )


def checked(city: str, level: Level, **changed: Any) -> Gate:
    return gate.check(subject(city, **changed), level, [], at=NOW, days=365)


def hurdles(found: Gate) -> dict[str, Hurdle]:
    return {each.name: each for each in found.hurdles}


def duties(city: str, level: Level, **answers: str) -> tuple[Duty, ...]:
    return risk.duties(level, papers.HIGH | answers, city=city)


def test_the_article_on_biometrics_stands_under_no_field_of_every_algorithm() -> None:
    """law.md: Shanghai 68 binds biometric services alone; it asks nobody else for their role."""
    assert {each.code for each in current() if "SH68" in each.legal} == {"C7", "D14"}


@pytest.mark.parametrize("means", [Meaning.QUESTIONNAIRE, Meaning.GRADE, Meaning.EFFECT])
@pytest.mark.parametrize("version", forms.versions())
def test_our_way_of_grading_stands_under_no_article(version: str, means: Meaning) -> None:
    """X7d/17: Shanghai 65 is a list of products and no questionnaire; neither city defines grades."""
    form = forms.schema(version)
    assert form.field(form.key(means)).legal == ()


def test_each_duty_is_told_as_narrow_as_its_article() -> None:
    """X7d/18 and 19: one sentence under three articles says of each what another says."""
    prices = {"scene_effect": "prices"}
    said = {
        (city, rule): each.said
        for city in ("shanghai", "shenzhen")
        for each in duties(city, Level.LOW, **prices)
        for rule in each.articles
    }
    assert "支付能力" in said["shenzhen", "SZ72-5"].zh
    assert "支付能力" not in said["shanghai", "SH67-4"].zh
    assert "消费" not in said["shenzhen", "SZDATA69"].zh
    assert {"年龄", "职业"} <= set(re.findall("年龄|职业|国籍", said["shanghai", "SH67-3"].zh))
    assert "国籍" in said["shenzhen", "SZ72-4"].zh
    assert "年龄" not in said["shenzhen", "SZ72-4"].zh


@pytest.mark.parametrize("city", ["shanghai", "shenzhen", "other"])
def test_our_conditions_of_the_gate_stand_under_no_article(city: str) -> None:
    """law.md, "ours is said to be ours": Shenzhen 66 says neither who assesses nor how."""
    own = [each for each in checked(city, Level.HIGH).hurdles if each.name in OWN_CONDITIONS]
    assert {each.name for each in own} == OWN_CONDITIONS
    for each in own:
        assert each.legal == ()
        assert each.grounds == (OURS,)


@pytest.mark.parametrize("level", list(Level))
def test_nothing_is_ticked_of_an_evaluation_that_is_not_there(level: Level) -> None:
    """filing/B3: that no people tie a third party to the filer is said of a third party's report."""
    assert not [
        each for each in checked("shanghai", level).hurdles if each.name == "independent_people"
    ]


@pytest.mark.parametrize("city", ["shanghai", "shenzhen"])
def test_a_duty_beyond_the_articles_is_ours(city: str) -> None:
    found = duties(city, Level.HIGH)
    own = [each for each in found if each.ours]
    assert [each.grounds for each in own] == [(OURS,)]
    assert "签章" in own[0].said.zh
    for each in found:
        if not each.ours:
            assert not any(word in each.said.zh for word in ("别的单位", "签章", "一年"))


@pytest.mark.parametrize("level", list(Level))
def test_no_duty_under_an_article_speaks_of_this_platform(level: Level) -> None:
    """law.md: what "disclosure" is on this platform is this platform's answer, not the article's."""
    for city in ("shanghai", "shenzhen", "other"):
        for each in duties(city, level):
            assert each.ours or "平台" not in each.said.zh


@pytest.mark.parametrize(
    ("city", "other"), [("shanghai", City.SHENZHEN), ("shenzhen", City.SHANGHAI)]
)
@pytest.mark.parametrize("level", list(Level))
def test_duties_cite_the_city_of_the_filer_and_the_other_city_apart(
    city: str, other: City, level: Level
) -> None:
    for each in duties(city, level):
        assert all(law.rule(rule).city in {None, City(city)} for rule in each.articles)
        assert all(law.rule(rule).city is other for rule in each.elsewhere)
    assert any(each.articles for each in duties(city, level))
    assert any(each.elsewhere for each in duties(city, level))


def test_elsewhere_in_the_country_neither_city_s_rules_bind_the_filer() -> None:
    assert not any(each.articles for each in duties("other", Level.HIGH))


@pytest.mark.parametrize(
    ("city", "public", "legal"),
    [
        ("shenzhen", "public_interest", ("SZ71",)),
        ("shenzhen", "other", ()),
        ("shanghai", "public_decision", ()),  # encouraged only: what stops a filing is our rule
        ("shanghai", "other", ()),
        ("other", "public_interest", ()),
    ],
)
def test_the_explanation_is_compulsory_by_the_filer_s_city_only(
    city: str, public: str, legal: tuple[str, ...]
) -> None:
    assert hurdles(checked(city, Level.MEDIUM, B6=public))["explanation"].legal == legal


@pytest.mark.parametrize("city", ["shenzhen", "shanghai", "other"])
@pytest.mark.parametrize("public", ["public_decision", "public_interest", "other"])
@pytest.mark.parametrize("level", list(Level))
def test_what_stops_a_filing_stands_under_no_rule_that_only_encourages(
    city: str, public: str, level: Level
) -> None:
    """Breaker on issue 7, G7: the condition is this platform's own, and is said to be."""
    stopping = [each for each in checked(city, level, B6=public).hurdles if each.blocking]
    assert stopping
    for each in stopping:
        assert all(law.rule(rule).force is not Force.ENCOURAGED for rule in each.legal), each.name


DECLARED = {"declared": ["no_standard", "advanced", "outside"], "standard": {"zh": "ISO"}}


@pytest.mark.parametrize(
    ("city", "level", "changed", "stopped"),
    [
        ("shenzhen", Level.LOW, {"B6": "other", "B18": DECLARED}, set()),
        ("shenzhen", Level.MEDIUM, {"B6": "other", "B18": DECLARED}, {"pilot_grade"}),
        ("shenzhen", Level.LOW, {"B6": "public_interest", "B18": DECLARED}, {"pilot_interest"}),
        ("shenzhen", Level.LOW, {"B6": "other"}, {"pilot_conditions"}),
        (
            "shenzhen",
            Level.LOW,
            {"B6": "other", "B18": DECLARED | {"declared": ["no_standard", "outside"]}},
            {"pilot_conditions"},
        ),
        ("shanghai", Level.LOW, {"B6": "public_interest"}, set()),
        ("shanghai", Level.MEDIUM, {"B6": "public_interest"}, set()),
        ("other", Level.LOW, {"B6": "other", "B18": DECLARED}, {"pilot_city"}),
    ],
)
def test_a_pilot_is_held_against_its_city_s_conditions(
    city: str, level: Level, changed: dict[str, Any], stopped: set[str]
) -> None:
    """law.md, "Pilots": Shenzhen low risk outside the public interest, Shanghai low and medium."""
    found = checked(city, level, B8="pilot", **changed)
    assert {each.item for each in found.reasons} == stopped


@pytest.mark.parametrize("city", ["shanghai", "shenzhen", "other"])
def test_high_risk_is_never_a_pilot(city: str) -> None:
    found = checked(city, Level.HIGH, B8="pilot", B6="other", B18=DECLARED)
    assert {"pilot_grade", "pilot_city"} & {each.item for each in found.reasons}


def test_what_is_no_pilot_is_asked_nothing_about_pilots() -> None:
    found = checked("shenzhen", Level.LOW, B6="other")
    assert not any(each.name.startswith("pilot") for each in found.hurdles)


def test_what_explains_and_how_to_object_is_never_sealed() -> None:
    sealable = {each.code for each in current() if each.show is Show.SEALABLE}
    assert not any(code[0] in "HI" for code in sealable)


def test_our_hurdle_on_early_explanation_stands_under_no_article() -> None:
    """Shanghai 65 and Shenzhen 66 are the city's task; the condition put to a filer is ours."""
    for city in ("shanghai", "shenzhen"):
        timely = hurdles(checked(city, Level.MEDIUM))["explanation_in_time"]
        assert (timely.legal, timely.grounds) == ((), (OURS,))


@pytest.mark.parametrize("city", ["shanghai", "shenzhen", "other"])
def test_a_field_shows_the_rules_of_the_filer_s_city_first_and_each_article_once(
    city: str,
) -> None:
    """B5 of a Shanghai filer stood under Shenzhen 66 alone; B6 named Shanghai 16 twice."""
    for field in current():
        rules = field.grounds(city)
        other = {each for each in City if each.value != city}
        for name in (law.CITY_NAMES[each].zh for each in other):
            assert not any(f"（{name}" in each.zh for each in rules.here)
        assert rules.here
        shown = [*rules.here, *rules.away]
        assert len(set(shown)) == len(shown)
    b5, b6 = current().field("B5").grounds("shanghai"), current().field("B6").grounds("shanghai")
    assert (b5.here, len(b5.away)) == ((OURS,), 1)
    assert [each.zh for each in b6.here] == [law.rule("SH16-explain").shown.zh]
    assert [each.zh for each in b6.away] == [law.rule("SZ71").shown.zh]


def test_the_hint_on_public_interest_is_true_in_both_cities() -> None:
    ask = current().field("B6").ask
    assert "在深圳是应当" in ask.zh
    assert "在上海是鼓励" in ask.zh
    assert "must in Shenzhen and encouraged in Shanghai" in ask.en
