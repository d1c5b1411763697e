"""The thresholds on evidence that choose among the table's sentences, and how a row is filled.

No text is generated at run time: a row is chosen by its evidence and its places are filled.
Thresholds are met by simultaneous Clopper–Pearson bounds, never by the share that was seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from explainers.bounds import Family
from explainers.caveats import CAVEATS
from explainers.frame import FRAME, TESTS
from explainers.subgroups import Within
from explainers.table import SENTENCES, Row
from registry.language import Text

ROWS: Mapping[str, Row] = {**SENTENCES, **CAVEATS, **FRAME}

NEARLY_ALWAYS = 0.99
USUALLY = 0.90
ONE_OF_A_HUNDRED = 0.01
MOSTLY_NOT = 0.50  # of the tests: what is rarer is so in fewer than every second (design)
NOTABLE = 0.05  # of the tests in which a one-sided effect is worth a sentence (ours)


class Kind(StrEnum):
    """What the evidence supports saying."""

    ALWAYS = "always"
    USUALLY = "usually"
    STEPS = "steps"
    ONE_WAY = "one_way"
    NO_SIMPLE_DIRECTION = "no_simple_direction"
    DIRECTION_OPEN = "direction_open"
    LITTLE = "little"
    SCORE = "score"
    PARTLY = "partly"
    UNTRIED = "untried"
    ELSEWHERE = "elsewhere"
    NOISY = "noisy"
    NOISE = "noise"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not_tested"


@dataclass(frozen=True, slots=True)
class Counts:
    """What one contrast counted.

    Args:
        n: people tested, one contrast each.
        up: how often the answer got better for the person, or dearer.
        down: how often it got worse, or cheaper.
        changed: how often the result itself changed.
        gained: how often it changed to the good result, or to a dearer price.
    """

    n: int
    up: int
    down: int
    changed: int
    gained: int = 0

    @property
    def same(self) -> int:
        """How often nothing moved."""
        return self.n - self.up - self.down

    @property
    def most(self) -> int:
        """The count of the direction seen more often."""
        return max(self.up, self.down)

    @property
    def least(self) -> int:
        """The count of the other direction."""
        return min(self.up, self.down)


@dataclass(frozen=True, slots=True)
class Again:
    """What came of asking twice with nothing changed.

    Args:
        n: people asked twice.
        moved: how many answers differed.
        changed: how many results differed.
    """

    n: int = 0
    moved: int = 0
    changed: int = 0

    def exceeded(self, changed: int, n: int, family: Family) -> bool:
        """Whether a change makes more results differ than asking again does, at the bounds."""
        return family.lower(changed, n) > family.upper(self.changed, self.n)


@dataclass(frozen=True, slots=True)
class Around:
    """What else is known of one thing, beside its contrast.

    Args:
        again: what came of asking twice.
        tests: its other tests, as (results changed, people tested).
        untried: whether a few people have a value, or none, that nobody could try.
        within: what the tests came to in each group of people, the most changed first.
        score: whether the score moves by more than chance, whatever the results do.
    """

    again: Again = field(default_factory=Again)
    tests: Sequence[tuple[int, int]] = ()
    untried: bool = False
    within: Sequence[Within] = ()
    score: bool = False


def choose(counts: Counts, family: Family, around: Around | None = None) -> Kind:
    """Which row of the table the evidence supports: exactly one, whatever the counts."""
    n, around = counts.n, around or Around()
    if n == 0:
        return Kind.NOT_TESTED
    tests = [(counts.changed, n), *around.tests]
    few = all(family.upper(*test) < ONE_OF_A_HUNDRED for test in tests)
    again = around.again
    if again.changed or (again.moved and not few):
        return _noisy(tests, family, again)
    if few:
        if any(group.share >= ONE_OF_A_HUNDRED for group in around.within[:1]):
            return Kind.PARTLY
        if around.untried:
            return Kind.UNTRIED
        return Kind.SCORE if around.score else Kind.LITTLE
    if family.lower(counts.changed, n) < ONE_OF_A_HUNDRED:
        elsewhere = any(family.lower(*test) >= ONE_OF_A_HUNDRED for test in around.tests)
        return Kind.ELSEWHERE if elsewhere else Kind.INCONCLUSIVE
    most = family.lower(counts.most, n)
    if most >= NEARLY_ALWAYS:
        return Kind.ALWAYS
    if most >= USUALLY:
        return Kind.USUALLY
    if family.upper(counts.least, n) < ONE_OF_A_HUNDRED and most >= NOTABLE:
        return Kind.STEPS
    if not counts.least and family.upper(counts.most, n) < MOSTLY_NOT:
        return Kind.ONE_WAY
    if family.upper(counts.most, n) < USUALLY:
        return Kind.NO_SIMPLE_DIRECTION
    return Kind.DIRECTION_OPEN


def _noisy(tests: Sequence[tuple[int, int]], family: Family, again: Again) -> Kind:
    """A model that contradicts itself: what a change does counts beside what asking again does."""
    exceeded = any(
        again.exceeded(k, n, family) and family.lower(k, n) >= ONE_OF_A_HUNDRED for k, n in tests
    )
    return Kind.NOISY if exceeded else Kind.NOISE


def sentence(
    row: str,
    *,
    evidence: Mapping[str, Any],
    places: Mapping[str, Text],
    kind: str = "",
    test: str = "",
) -> dict[str, Any]:
    """Fill one row of the table.

    Args:
        row: its name.
        kind: how the page files it; the row's name where empty.
        evidence: the numbers it rests on.
        places: what goes into its places, in both languages.
        test: the row of `TESTS` that tells what was done, if any.
    """
    chosen = ROWS[row]
    text, limit = filled(chosen.text, places), filled(chosen.limit, places)
    said = {
        "kind": kind or row,
        "zh": text.zh,
        "en": text.en,
        "limit": limit.as_json(),
        "evidence": dict(evidence),
    }
    return said | {"test": filled(TESTS[test], places).as_json()} if test else said


def filled(text: Text, places: Mapping[str, Text]) -> Text:
    """A row's text with its places filled, each language from its own words."""
    zh = text.zh.format_map({name: each.zh for name, each in places.items()})
    zh = zh.replace("有0次", "没有一次")  # “有0次结果变了” is no Chinese
    en = text.en.format_map({name: each.en for name, each in places.items()})
    return Text(zh, capitalised(en.rstrip()))


def capitalised(text: str) -> str:
    """An English sentence with a large first letter."""
    return text[:1].upper() + text[1:]
