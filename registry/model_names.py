"""What a model may be called: a name that stands in an address and in MLflow, and misleads nobody."""

import re
import unicodedata

from registry import characters, lookalikes
from registry.errors import Invalid, Reason
from registry.language import Text

LONGEST = 120
SHOWN = 40
"""How much of a name is repeated in a refusal."""
START, END = re.compile(r"[^\W_]"), re.compile(r"\w")
FOREIGN = re.compile(r"[^\w .\-]")
NOT_ALLOWED = Text(
    "模型名称“{name}”不可用。请用 1–120 个汉字、字母、数字、空格、点、短横或下划线，"
    "并以汉字、字母或数字开头。",
    "The name “{name}” cannot be used. Take 1–120 letters (of any script, Chinese characters too), "
    "digits, blanks, dots, hyphens or underscores, beginning with a letter or a digit.",
)
BLANKS_AROUND = Text(
    "模型名称前后不要有空格：“{name}”。请写“{spelt}”。",
    "Write the model's name without blanks around it: “{name}”. Write “{spelt}”.",
)
IN_PIECES = Text(
    "模型名称“{spelt}”里有拆开书写的字（例如字母与附加符号分开）。请用 Unicode 的合成形式"
    "（NFC）书写，看上去相同。",
    "The name “{spelt}” is sent with letters in pieces, such as a letter and its accent. "
    "Send it in Unicode's composed form (NFC); it looks the same.",
)


ALIAS_NOT_ALLOWED = Text(
    "别名“{alias}”不可用。请改成看上去与所写一致、不会认错的字符。",
    "The alias “{alias}” cannot be used. Write it in characters that are what they look like.",
)


class NameNotAllowed(Invalid):
    """The model's name has a character that cannot stand in one: choose another name."""


class AliasNotAllowed(Invalid):
    """The alias looks like other words than it is: write it in letters of one script."""


def checked(name: str) -> str:
    """A model's name in its one spelling (NFC, no blanks around it).

    Raises:
        NameNotAllowed: when a character cannot stand in a name, an address or an MLflow registry,
            or makes the name look like another one; lists each.
    """
    spelt = unicodedata.normalize("NFC", name.strip())
    wrong = lookalikes.reasons("name", spelt) or _wrong(spelt)
    if wrong or not spelt:
        shown = characters.visible(name)
        said = NOT_ALLOWED.format(name=shown[:SHOWN] + "…" * (len(shown) > SHOWN))
        raise NameNotAllowed(said.zh, said.en, reasons=wrong)
    return spelt


def require_alias(alias: str) -> None:
    """See that an alias, by which clients name the version in use, looks like nothing else.

    Raises:
        AliasNotAllowed: when a character makes it look like another one; lists each.
    """
    wrong = lookalikes.reasons("alias", alias.strip())
    if wrong:
        shown = characters.visible(alias)
        said = ALIAS_NOT_ALLOWED.format(alias=shown[:SHOWN] + "…" * (len(shown) > SHOWN))
        raise AliasNotAllowed(said.zh, said.en, reasons=wrong)


def _wrong(name: str) -> list[Reason]:
    """What of a name cannot stand in an address or in MLflow."""
    found = []
    if len(name) > LONGEST:
        found.append((_LENGTH.format(length=len(name), most=LONGEST), _SHORTEN))
    if foreign := dict.fromkeys(FOREIGN.findall(name)):
        zh = "、".join(f"“{each}”" for each in foreign)
        en = ", ".join(f"“{each}”" for each in foreign)
        found.append((_FOREIGN.format(which=Text(zh, en)), _REPLACE))
    if name and not foreign:
        if not START.match(name[0]):
            found.append((_START.format(which=name[0]), _BEGIN))
        if not END.match(name[-1]):
            found.append((_END.format(which=name[-1]), _FINISH))
    if ".." in name:
        found.append((_DOTS, _ONE_DOT))
    return [Reason("name", said, remedy) for said, remedy in found]


def require_spelt(name: str) -> None:
    """See that a name is sent in its one spelling, where what was sent is kept by somebody else.

    Raises:
        NameNotAllowed: as for `checked`; or it has blanks around it or another Unicode form.
    """
    spelt = checked(name)
    if name != name.strip():
        said = BLANKS_AROUND.format(name=name, spelt=spelt)
        raise NameNotAllowed(said.zh, said.en)
    if name != spelt:
        said = IN_PIECES.format(spelt=spelt)
        raise NameNotAllowed(said.zh, said.en)


_LENGTH = Text(
    "有 {length} 个字符，最多 {most} 个", "it has {length} characters, {most} are the most"
)
_SHORTEN = Text("请写短一些", "shorten it")
_FOREIGN = Text("名称里不能有 {which}", "{which} may not stand in a name")
_REPLACE = Text(
    "请去掉，或换成空格或短横，例如把“（二）”写成“-二”",
    "leave it out, or put a blank or a hyphen in its place",
)
_START = Text("不能以“{which}”开头", "it may not begin with “{which}”")
_BEGIN = Text("请以汉字、字母或数字开头", "begin with a letter or a digit")
_END = Text("不能以“{which}”结尾", "it may not end with “{which}”")
_FINISH = Text("请以汉字、字母、数字或下划线结尾", "end with a letter, a digit or an underscore")
_DOTS = Text("不能有连续的点", "dots may not follow each other")
_ONE_DOT = Text("请只写一个点", "write one dot")
