"""What a model may be called: a name that stands in an address and in MLflow, and misleads nobody."""

import re
import unicodedata

from registry import characters, lookalikes
from registry.errors import Invalid
from registry.language import Text

NAME = re.compile(r"[^\W_](?:[\w .\-]{0,118}[\w])?")
NOT_ALLOWED = Text(
    "模型名称“{name}”不可用。请用 1–120 个汉字、字母、数字、空格、点、短横或下划线，"
    "并以汉字、字母或数字开头。",
    "The name “{name}” cannot be used. Take 1–120 letters, digits, blanks, dots, hyphens "
    "or underscores, beginning with a letter or a digit.",
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


class NameNotAllowed(Invalid):
    """The model's name has a character that cannot stand in one: choose another name."""


def checked(name: str) -> str:
    """A model's name in its one spelling (NFC, no blanks around it).

    Raises:
        NameNotAllowed: when a character cannot stand in a name, an address or an MLflow registry,
            or makes the name look like another one; lists each.
    """
    spelt = unicodedata.normalize("NFC", name.strip())
    misread = lookalikes.reasons("name", spelt)
    if NAME.fullmatch(spelt) is None or ".." in spelt or misread:
        said = NOT_ALLOWED.format(name=characters.visible(name))
        raise NameNotAllowed(said.zh, said.en, reasons=misread)
    return spelt


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
