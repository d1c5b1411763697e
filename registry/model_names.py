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
