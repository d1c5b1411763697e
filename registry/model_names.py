"""What a model may be called: a name that stands in an address and in MLflow, and misleads nobody."""

import re
import unicodedata

from registry import characters, lookalikes
from registry.errors import Invalid

NAME = re.compile(r"[^\W_](?:[\w .\-]{0,118}[\w])?")


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
        shown = characters.visible(name)
        raise NameNotAllowed(
            f"模型名称“{shown}”不可用。请用 1–120 个汉字、字母、数字、空格、点、短横或下划线，"
            "并以汉字、字母或数字开头。",
            f"The name “{shown}” cannot be used. Take 1–120 letters, digits, blanks, dots, hyphens "
            "or underscores, beginning with a letter or a digit.",
            reasons=misread,
        )
    return spelt


def require_spelt(name: str) -> None:
    """See that a name is sent in its one spelling, where what was sent is kept by somebody else.

    Raises:
        NameNotAllowed: as for `checked`; or it has blanks around it or another Unicode form.
    """
    spelt = checked(name)
    if name != name.strip():
        raise NameNotAllowed(
            f"模型名称前后不要有空格：“{name}”。请写“{spelt}”。",
            f"Write the model's name without blanks around it: “{name}”. Write “{spelt}”.",
        )
    if name != spelt:
        raise NameNotAllowed(
            f"模型名称“{spelt}”里有拆开书写的字（例如字母与附加符号分开）。请用 Unicode 的合成形式"
            "（NFC）书写，看上去相同。",
            f"The name “{spelt}” is sent with letters in pieces, such as a letter and its accent. "
            "Send it in Unicode's composed form (NFC); it looks the same.",
        )
