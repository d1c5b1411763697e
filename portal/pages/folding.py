"""Which sentences of an answer stand in sight, and which stand under a heading that opens.

An answer is at most about one screen of a telephone. Nothing is left out: what does not stand in
sight stands under a heading, which paper shows open. A difference beyond a line stands there only
beside a figure at least as large about the same feature, or beside as many features as are graver;
the heading says how many stand under it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

IN_SIGHT = 3
"""So many sentences of an answer are in sight: of differences beyond a line one for each feature."""
ONE_SCALE = "log_ratio"
"""Effects of this kind are all of one amount, so that the largest tells of a feature the most."""


LINES = 100
"""So wide may be what the first screen tells of one thing; a Chinese character is two wide (ours)."""
ROOM = 950
"""So wide may the filer's own words under one question be that stand in sight: about one screen."""
HEAD = 120
"""As wide as the heading of each of them is high."""
LINE = 38
"""How wide a line of a telephone is."""
ENDS = re.compile(r"[。！？；]|[.!?;](?=\s)")
JOINTS = re.compile(r"[，、]|[,\s]\s*")


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence, and the limit beside it.

    Args:
        text: the sentence.
        limit: what it does not show; empty where nothing is to be said.
        kind: from which row of the table of sentences it is.
        beyond: the finding that it tells, if that is beyond a line.
        kept: whether it stands in sight whatever else does.
    """

    text: str
    limit: str
    kind: str
    beyond: Mapping[str, Any] | None = None
    kept: bool = False

    @property
    def findings(self) -> int:
        """How many findings beyond a line it tells."""
        return int(self.beyond.get("alike", 1)) if self.beyond else 0


def folded(
    said: Sequence[Said], sensitive: Container[str] = ()
) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
    """The sentences in sight, and the others; each in the order in which they came.

    Args:
        said: the first sentences of an answer; of differences beyond a line the gravest first.
        sensitive: names of the features by which people must not be told apart: of findings that are
            as serious, those about them come first.
    """
    alike: dict[tuple[Any, ...], list[int]] = {}
    for n, each in enumerate(said):
        if each.beyond:
            alike.setdefault(_topic(each.beyond), []).append(n)
    kept = {n for n, each in enumerate(said) if each.kept}
    graver = sorted(alike.values(), key=lambda group: _rank(said, group, sensitive))
    largest = [max(group, key=lambda n: _size(said[n])) for group in graver]
    shown = {*_by_turns(said, largest)[:IN_SIGHT], *kept}
    for n, each in enumerate(said):
        if len(shown) < IN_SIGHT and not each.beyond:
            shown.add(n)
    return (
        tuple(each for n, each in enumerate(said) if n in shown),
        tuple(each for n, each in enumerate(said) if n not in shown),
    )


def limits(said: Iterable[Said]) -> tuple[str, ...]:
    """What the sentences do not show, each limit once, in their order.

    Args:
        said: sentences.
    """
    return tuple(dict.fromkeys(each.limit for each in said if each.limit))


def width(text: str) -> int:
    """How wide a text is on one line, a Chinese character two.

    Args:
        text: of any language.
    """
    return sum(1 + (unicodedata.east_asian_width(each) in "WF") for each in text)


def begun(text: str, most: int = LINES) -> str:
    """A text, or as many of its first sentences as there is room for, and dots for the rest.

    Where not even the first has room, it ends at a comma or a blank, and else anywhere.

    Args:
        text: in one language.
        most: how wide it may be.
    """
    if width(text) <= most:
        return text
    room = next(n for n in range(len(text), -1, -1) if width(text[:n]) <= most)
    for joints in (ENDS, JOINTS):
        places = [each.end() for each in joints.finditer(text) if each.end() <= room]
        if places:
            return f"{text[: places[-1]].rstrip().rstrip('，、,')}…"
    return f"{text[:room]}…"


def words_in_sight(texts: Sequence[str]) -> int:
    """How many of the filer's own texts on a question stand in sight, where nothing else does.

    The first does, however long it is.

    Args:
        texts: in the language of the page, in their order.
    """
    taken = 0
    for number, text in enumerate(texts):
        taken += HEAD + sum(width(line) + LINE // 2 for line in text.splitlines())
        if taken > ROOM and number:
            return number
    return len(texts)


def _topic(finding: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a finding is about: of prices the features, of people the group and the measure as well."""
    features = tuple(sorted(finding.get("slice") or {}))
    kind = (finding.get("effect") or {}).get("kind")
    if features and kind == ONE_SCALE:
        return kind, *features
    return kind, finding.get("probe"), finding.get("metric"), str(finding.get("slice"))


def _rank(
    said: Sequence[Said], group: Sequence[int], sensitive: Container[str]
) -> tuple[bool, bool, int]:
    """The serious first, then what is about people by a sensitive feature; then as they came."""
    findings = [said[n].beyond or {} for n in group]
    serious = any(each.get("severity") == "serious" for each in findings)
    told = any(name in sensitive for each in findings for name in each.get("slice") or {})
    return not serious, not told, group[0]


def _by_turns(said: Sequence[Said], graver: Sequence[int]) -> list[int]:
    """The gravest of each feature first, then the next of each."""
    turns: Counter[tuple[str, ...]] = Counter()
    turn: dict[int, int] = {}
    for n in graver:
        features = tuple(sorted((said[n].beyond or {}).get("slice") or {}))
        turn[n] = turns[features]
        turns[features] += 1
    return sorted(graver, key=lambda n: turn[n])


def _size(said: Said) -> float:
    effect = (said.beyond or {}).get("effect") or {}
    return abs(float(effect.get("value") or 0.0))
