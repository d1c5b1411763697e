"""What of an answer stands in sight: nothing is lost, and nothing grave is put away without its lead."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.pages import folding
from portal.pages.folding import IN_SIGHT, Said, folded, limits


def finding(
    feature: str, value: float, kind: str = "log_ratio", level: str = "x", metric: str = "m"
) -> dict[str, Any]:
    return {
        "slice": {feature: level}, "probe": "p", "metric": metric,
        "effect": {"kind": kind, "value": value},
    }  # fmt: skip


def said(text: str, beyond: dict[str, Any] | None = None, **more: Any) -> Said:
    return Said(text, f"{text}’s limit", "kind", beyond, **more)


FINDINGS = st.builds(
    finding,
    st.sampled_from(["income", "race", "price"]),
    st.floats(-1, 1),
    st.sampled_from(["log_ratio", "ratio", "share"]),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["m", "n"]),
)
SAID = st.lists(
    st.builds(said, st.text(max_size=2), st.none() | FINDINGS, kept=st.booleans()), max_size=9
)


@given(SAID)
def test_no_sentence_is_lost_or_told_twice_and_the_order_stays(lead: list[Said]) -> None:
    shown, away = folded(lead)
    assert sorted(map(id, (*shown, *away))) == sorted(map(id, lead))
    for part in (shown, away):
        places = [next(n for n, each in enumerate(lead) if each is one) for one in part]
        assert places == sorted(places)


@given(SAID)
def test_a_finding_is_put_away_only_beside_one_as_large_or_beside_as_many_as_are_shown(
    lead: list[Said],
) -> None:
    """public/S6: all beyond a line is first in answer five, or its lead is, or others are told."""
    shown, away = folded(lead)
    for each in away:
        assert not each.kept
        if each.beyond:
            leads = [one.beyond for one in shown if one.beyond]
            assert len(leads) >= IN_SIGHT or any(
                set(lead["slice"]) == set(each.beyond["slice"])
                and lead["effect"]["kind"] == each.beyond["effect"]["kind"]
                and abs(lead["effect"]["value"]) >= abs(each.beyond["effect"]["value"])
                for lead in leads
            )


@given(SAID)
def test_no_more_than_a_few_stand_in_sight_but_for_what_is_kept_there(lead: list[Said]) -> None:
    """An answer is one screen of a telephone, however many findings a report has."""
    shown, _ = folded(lead)
    assert len([each for each in shown if not each.kept]) <= IN_SIGHT


def test_every_feature_has_its_turn_before_another_measure_of_one() -> None:
    """Two groups, or two kinds of error, are two things; two figures of one price are one."""
    lead = [
        said("one", finding("race", 2.0, "ratio", "a")),
        said("two", finding("race", 1.5, "ratio", "b")),
        said("three", finding("race", 1.6, "ratio", "a", "other")),
        said("four", finding("income", 0.02)),
        said("five", finding("income", 0.07, level="y")),
        said("six"),
    ]
    shown, away = folded(lead)
    assert [each.text for each in shown] == ["one", "two", "five"]
    assert [each.text for each in away] == ["three", "four", "six"]


def test_the_serious_come_first_and_then_what_is_sensitive() -> None:
    """As on the first screen, whatever the order in which they came."""
    names = ("rent", "wage", "tills", "area", "race")
    lead = [said(each, finding(each, 0.07)) for each in names]
    shown, _ = folded(lead, {"race"})
    assert [each.text for each in shown] == ["rent", "wage", "race"]
    lead[3] = said("area", {**finding("area", 0.01), "severity": "serious"})
    shown, _ = folded(lead, {"race"})
    assert [each.text for each in shown] == ["rent", "area", "race"]


def test_of_ordinary_sentences_the_first_are_in_sight() -> None:
    shown, away = folded([said(str(n)) for n in range(IN_SIGHT + 2)])
    assert [each.text for each in shown] == ["0", "1", "2"]
    assert len(away) == 2


def test_each_limit_is_told_once_in_order() -> None:
    lead = [Said("a", "second", "k"), Said("b", "", "k"), Said("c", "first", "k")]
    assert limits([*lead, *lead]) == ("second", "first")


@pytest.mark.parametrize(
    ("text", "begun"),
    [
        ("短的一句。", "短的一句。"),
        ("第一句。" * 20, "第一句。" * 12 + "…"),
        ("没有句号，" * 20, "没有句号，" * 9 + "没有句号…"),
        ("字" * 80, "字" * 50 + "…"),
        ("One sentence. " * 10, ("One sentence. " * 7).rstrip() + "…"),
    ],
)
def test_a_text_begins_with_whole_sentences_as_far_as_there_is_room(text: str, begun: str) -> None:
    assert folding.begun(text) == begun


@given(st.text("字a。,， ", max_size=300))
def test_what_is_begun_is_the_beginning_and_has_room(text: str) -> None:
    begun = folding.begun(text)
    assert begun == text or text.startswith(begun.removesuffix("…"))
    assert folding.width(begun) <= folding.LINES + 2


def test_the_filers_own_words_stand_in_sight_as_far_as_there_is_room() -> None:
    assert folding.words_in_sight([]) == 0
    assert folding.words_in_sight(["短"] * 3) == 3
    assert folding.words_in_sight(["长" * 900, "短"]) == 1, "the first one always"
    assert folding.words_in_sight(["短", "长" * 400]) == 1
