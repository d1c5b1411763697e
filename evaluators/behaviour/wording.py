"""Exchange words of a text for their counterparts: names, gender words, regions.

The lists stand in `words.toml`, of our own writing, in Chinese and English. All words are exchanged
at once, the longest match first. English words end at a letter's end and keep their case; the
article before one follows its sound, and "her" and "his" look at what follows. Chinese has no
breaks between words, so words that merely contain a listed one are listed too and stay as they are.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from registry import attestation
from registry.language import Text

_LATIN = "A-Za-zÀ-ɏ"
_SILENT = ("hour", "honest", "honour", "honor", "heir")
_SPOKEN = ("uni", "use", "uk", "eu", "one", "once")


@dataclass(frozen=True, slots=True)
class WordList:
    """Words with their counterparts.

    Args:
        name: what plans call the list.
        plain: what sentences call it.
        sides: what stands left and right in its pairs.
        pairs: (left, right), each exchanged for the other.
        one_way: (from, to, "noun" or "end"): English words whose counterpart depends on whether
            what follows goes on with the noun or not.
        kept: words that contain a listed one and are left alone.
        after: Chinese pairs that count only after one of these characters (given names).
        given: such pairs.
    """

    name: str
    plain: Text
    sides: tuple[Text, Text]
    pairs: tuple[tuple[str, str], ...]
    one_way: tuple[tuple[str, str, str, int], ...] = ()
    kept: tuple[str, ...] = ()
    after: str = ""
    given: tuple[tuple[str, str], ...] = ()

    @property
    def directions(self) -> tuple[str, str, str]:
        """The directions of an exchange: of texts with the left side only, the right, or both."""
        left, right = (side.en for side in self.sides)
        return f"{left}→{right}", f"{right}→{left}", "both"

    @property
    def digest(self) -> str:
        """SHA-256 of everything an exchange depends on."""
        return attestation.digest(self.change())

    def change(self) -> dict[str, Any]:
        """The list as the value of a `swap`: everything an exchange depends on."""
        return {
            "pairs": [list(pair) for pair in self.pairs],
            "one_way": [list(entry) for entry in self.one_way],
            "kept": list(self.kept),
            "after": self.after,
            "given": [list(pair) for pair in self.given],
            "stops": list(STOPS),
        }


class _Exchange:
    """A compiled list: one pattern, and what each match becomes.

    Args:
        value: see `WordList.change`.
    """

    def __init__(self, value: Mapping[str, Any]) -> None:
        self.stops = frozenset(value["stops"])
        self.to: dict[str, tuple[str, int]] = {}
        self.proper = set[str]()
        for left, right in [*value["pairs"], *value["given"]]:
            self.to[left.lower()] = (right, 0)
            self.to[right.lower()] = (left, 1)
            self.proper |= {word.lower() for word in (left, right) if word[:1].isupper()}
        self.noun: dict[str, tuple[str, int]] = {}
        for word, becomes, when, side in value["one_way"]:
            (self.noun if when == "noun" else self.to)[word.lower()] = (becomes, side)
        given = {word for pair in value["given"] for word in pair}
        kept = set(value["kept"])
        words = sorted({*self.to, *self.noun, *kept} - given, key=lambda w: (-len(w), w))
        latin = [re.escape(w) for w in words if w.isascii()]
        others = [re.escape(w) for w in words if not w.isascii()]
        parts = []
        if given and value["after"]:
            names = "|".join(sorted(map(re.escape, given), key=lambda w: (-len(w), w)))
            parts.append(f"(?<=[{re.escape(value['after'])}])(?:{names})")
        parts += others
        if latin:
            parts.append(
                rf"(?<![{_LATIN}])(?:(?P<article>an?)(?P<gap>\s+))?"
                rf"(?P<word>{'|'.join(latin)})(?![{_LATIN}])"
            )
        self.kept = {word.lower() for word in kept}
        self.pattern = re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)

    def __call__(self, text: str) -> tuple[str, int]:
        """The text with its words exchanged, and which sides were found (1 left, 2 right)."""
        found = 0

        def turned(match: re.Match[str]) -> str:
            nonlocal found
            word = match["word"] if "word" in match.re.groupindex else None
            seen = word or match[0]
            if seen.lower() in self.kept or seen in self.proper:  # "grace" is no Grace
                return match[0]
            becomes, side = self._becomes(seen.lower(), text[match.end() :])
            found |= 1 << side
            if word is None:
                return becomes
            becomes = _cased(becomes, seen)
            if match["article"] is None:
                return becomes
            return _article(match["article"], becomes) + match["gap"] + becomes

        made = self.pattern.sub(turned, text)
        return made, found

    def _becomes(self, word: str, rest: str) -> tuple[str, int]:
        if word in self.noun:
            following = re.match(rf"\s+([{_LATIN}]+)", rest)
            if following and following[1].lower() not in self.stops:
                return self.noun[word]
        return self.to.get(word) or self.noun[word]


def _cased(word: str, like: str) -> str:
    """`word` in the case of `like`: capitals throughout, a capital first, or as the list has it."""
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if like[:1].isupper() else word


def _article(article: str, word: str) -> str:
    """The article as the next word sounds, in the case of the one there was."""
    low = word.lower()
    vowel = (low[:1] in "aeiou" and not low.startswith(_SPOKEN)) or low.startswith(_SILENT)
    made = "an" if vowel else "a"
    return made.upper() if article.isupper() and len(article) > 1 else _cased(made, article)


@lru_cache(maxsize=64)
def _compiled(text: str) -> _Exchange:
    value: Any = attestation.parse(text.encode())
    return _Exchange(value)


def _exchange(value: Mapping[str, Any]) -> _Exchange:
    return _compiled(attestation.canonical(dict(value)).decode())


def exchanged(column: pa.Array | pa.ChunkedArray, value: Mapping[str, Any]) -> pa.Array:
    """The texts of a column with the words of a list exchanged; what is missing stays missing."""
    return pa.array([text for text, _ in turned(column, value)], pa.string())


def turned(
    column: pa.Array | pa.ChunkedArray, value: Mapping[str, Any]
) -> list[tuple[str | None, int]]:
    """Per text what becomes of it, and which sides of the list it held (1 left, 2 right, 3 both)."""
    exchange, seen = _exchange(value), dict[str | None, tuple[str | None, int]]()
    seen[None] = (None, 0)
    texts = column.to_pylist()
    for text in set(texts) - {None}:
        seen[text] = exchange(str(text))
    return [seen[text] for text in texts]


def own(name: str, pairs: Sequence[tuple[str, str]]) -> WordList:
    """A list that a plan brings itself."""
    return WordList(name, Text(f"“{name}”", f"'{name}'"), (LEFT, RIGHT), tuple(pairs))


def _read() -> tuple[dict[str, WordList], tuple[str, ...]]:
    content = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
    stops = tuple(content.pop("stops"))
    lists = {}
    for name, entry in content.items():
        lists[name] = WordList(
            name=name,
            plain=Text(**entry["plain"]),
            sides=(Text(**entry["left"]), Text(**entry["right"])),
            pairs=tuple((left, right) for left, right in entry["zh"] + entry["en"]),
            one_way=tuple((a, b, when, side) for a, b, when, side in entry.get("one_way", ())),
            kept=tuple(entry.get("kept", ())),
            after=entry.get("after", ""),
            given=tuple((left, right) for left, right in entry.get("given", ())),
        )
    return lists, stops


LEFT, RIGHT = Text("左列", "left column"), Text("右列", "right column")
LISTS, STOPS = _read()
