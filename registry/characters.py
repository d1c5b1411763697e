"""Which characters a text of the register may hold: only those that a reader can see.

A register is read by strangers: what two people read must be what was written. So no text of any
door may hold a character that turns the writing round, shows nothing, or steers a terminal. The
rule is one for all texts. The register is written in Chinese and English, which need neither of the
joiners U+200C and U+200D; U+200D may stand between two emoji alone, where it makes them one picture
(a name may hold none, see `registry.lookalikes`).

Sources: Unicode 15.1, `DerivedCoreProperties.txt` (Default_Ignorable_Code_Point) and chapters 23.2
to 23.8; the classes come from the Unicode data that Python ships.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry import json_places
from registry.errors import Invalid, Reason
from registry.json_places import Place
from registry.language import Text

TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
SURROGATE = re.compile("[\ud800-\udfff]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]|\r(?!\n)")
BLANK = re.compile("[\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159]")
NO_CHARACTER = re.compile(
    # U+FFFC and U+FFFD stand for what could not be read or shown, so nobody wrote them; what a
    # private character looks like is agreed between two, and a register is read by strangers.
    "[\ufdd0-\ufdef\ufff0-\ufffd\ue000-\uf8ff\U000e0000-\U000e0fff\U000f0000-\U0010fffd"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]"
)
EMOJI = "\u2194\u2195\u231a-\u23ff\u2600-\u27bf\u2b1b\u2b1c\u2b50\U0001f300-\U0001faff"
"""Signs that are drawn as pictures, and that Unicode joins to one another (`emoji-zwj-sequences.txt`)."""
SKIN = "\U0001f3fb-\U0001f3ff"
JOINER = "\u200d"
INVISIBLE = re.compile(
    "[\u00ad\u034f\u180b-\u180f\u200b\u200c\u2060-\u2065\u206a-\u206f\ufeff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]"
    # A joiner that makes no two emoji one.
    f"|{JOINER}(?![{EMOJI}])"
    f"|(?<![{EMOJI}])(?<![{EMOJI}]\ufe0f)(?<![{EMOJI}][{SKIN}]){JOINER}"
    # A variation selector picks the form of the character before it; alone it shows nothing.
    "|(?:^|(?<=[\\s\ufe00-\ufe0f]))[\ufe00-\ufe0f]"
)
CLASSES: Mapping[re.Pattern[str], Text] = {
    SURROGATE: Text("它只是半个字符", "it is half a character (a lone surrogate)"),
    CONTROL: Text("它是看不见的控制字符", "it is a control character"),
    TURNING: Text("它会改变文字的方向", "it turns the direction of the writing"),
    BLANK: Text("它看起来是空白的", "it is a letter that looks blank"),
    INVISIBLE: Text("它看不见，也不占位置", "it is invisible and has no width"),
    NO_CHARACTER: Text("它不是可以书写的字符", "it is no character to write with"),
}
LINE_BREAKS = re.compile("[\t\n\r]")
LINE_BREAK = Text("这里只能写一行", "this takes one line only")
ANY = re.compile("|".join(f"(?:{kind.pattern})" for kind in CLASSES))
# One class that holds them all: most texts hold none, and are read some ten times as fast by it.
SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufdd0-\ufdef"
    "\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U0001bca0-\U0010ffff]"
)
MOST_REASONS = 20  # of one document: enough to mend it by, and no page of a thousand lines
SHOWN_PATH = 80


class TextRefused(Invalid):
    """A text holds characters that a reader cannot see: delete those that are listed."""


UNSEEN = re.compile(f"{INVISIBLE.pattern}|{TURNING.pattern}")


def seen(text: str) -> str:
    """A text without what shows nothing or turns the writing round, letters that look blank as blanks.

    For what is only asked and never kept: a name that was copied from a page or a document brings such
    characters along, and who pasted it cannot see them.

    Args:
        text: as it was sent.
    """
    return BLANK.sub(" ", UNSEEN.sub("", text))


@dataclass(frozen=True, slots=True)
class Unwanted:
    """One character that a text may not hold.

    Args:
        place: where it stands, counted in characters from 1.
        character: itself.
        why: what is wrong with it.
    """

    place: int
    character: str
    why: Text

    def reason(self, item: str) -> Reason:
        """Why the item that holds it is refused, and what to do."""
        spelt = named(self.character)
        return Reason(
            item,
            Text(
                f"第 {self.place} 个字符是 {spelt}：{self.why.zh}。",
                f"Character {self.place} is {spelt}: {self.why.en}.",
            ),
            Text("请删去这个字符，再重新提交。", "Delete this character and send it again."),
        )


def named(character: str) -> str:
    """The code point of a character and, where Unicode gives it one, its name."""
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}" + (f" ({name})" if name else "")


def unwanted(text: str, *, lines: bool = True) -> Iterator[Unwanted]:
    """Every character of `text` that may not stand in it.

    Args:
        text: as it was sent.
        lines: whether the text may have several lines (and tabs).
    """
    for match in ANY.finditer(text) if SUSPECT.search(text) else ():
        why = next(why for kind, why in CLASSES.items() if kind.match(text, match.start()))
        yield Unwanted(match.start() + 1, match.group(), why)
    if not lines:
        for match in LINE_BREAKS.finditer(text):
            yield Unwanted(match.start() + 1, match.group(), LINE_BREAK)


def reasons(item: str, text: str, *, lines: bool = True) -> list[Reason]:
    """Why a text is refused: its first unwanted characters; empty for a text that is in order.

    Args:
        item: what the text is, as the sender knows it.
        text: as it was sent.
        lines: whether the text may have several lines (and tabs).
    """
    found = []
    for each in unwanted(text, lines=lines):
        found.append(each.reason(item))
        if len(found) == MOST_REASONS:
            break
    return found


def check(item: str, text: str, *, lines: bool = True) -> None:
    """Raise unless every character of the text may stand in it.

    Raises:
        TextRefused: lists the first characters that may not.
    """
    _refuse(reasons(item, text, lines=lines))


def check_all(value: object, *, within: str = "") -> None:
    """Raise unless every text in a JSON value is in order, the keys of its objects too.

    Args:
        value: texts, numbers, lists and objects, as deep as they come.
        within: what the value is, put before the path of each item.

    Raises:
        TextRefused: lists the first characters that may not stand where they do.
    """
    found: list[Reason] = []
    for place, text in texts(value, within):
        if next(unwanted(text), None) is not None:
            found += reasons(shown(place), text)
        if len(found) >= MOST_REASONS:
            break
    _refuse(found[:MOST_REASONS])


def visible(text: str) -> str:
    """The text with every unwanted character written out as its code point.

    For messages that quote what somebody else wrote, such as a file's name or an error of a model.
    """
    return ANY.sub(lambda match: f"‹U+{ord(match.group()):04X}›", text)


def all_visible(value: Any) -> Any:
    """A JSON value with every text of it made visible."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {visible(str(key)): all_visible(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [all_visible(each) for each in value]
    return value


def texts(value: object, within: str = "") -> Iterator[tuple[Place, str]]:
    """Every text of a JSON value with its place, the keys of its objects too.

    Args:
        value: texts, numbers, lists and objects, as deep as they come.
        within: what the value is, put before each place.
    """
    for place, each in json_places.walk(value, within):
        if isinstance(each, str):
            yield place, each
        elif isinstance(each, Mapping):
            for key in each:
                yield Place(place, str(key)), str(key)


def shown(place: Place) -> str:
    """A place as the item of a reason: its beginning, where it is long."""
    return visible((str(place) or "body")[:SHOWN_PATH])[:SHOWN_PATH]


def _refuse(found: list[Reason]) -> None:
    if found:
        raise TextRefused(
            "文字里有看不见或不能使用的字符，没有保存任何内容。请按所列位置删去。",
            "The text holds characters that cannot be seen or used. Nothing was stored; delete "
            "those that are listed.",
            reasons=found,
        )
