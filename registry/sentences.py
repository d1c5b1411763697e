"""The sentences of a text in Chinese or in English, as they stand."""

import re
from collections.abc import Iterator

from registry.language import Language

ENDS: dict[Language, re.Pattern[str]] = {
    "zh": re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?"),
    "en": re.compile(r".+?(?:[.!?;](?=\s|$)|\n|$)", re.DOTALL),
}


def of(text: str, language: Language) -> Iterator[str]:
    """Each sentence of a text, with the sign that ends it.

    Args:
        text: in one language.
        language: of the text.
    """
    every = (each.group().strip() for each in ENDS[language].finditer(text))
    return (said for said in every if said)
