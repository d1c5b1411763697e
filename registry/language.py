"""What a user is told, in both languages: Chinese first, English beside it."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """One statement in Chinese and in English.

    Args:
        zh: the Chinese wording.
        en: the English wording.
    """

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        """The wording in `language`."""
        return self.zh if language == "zh" else self.en

    def format(self, **values: object) -> "Text":
        """The same statement with its `{places}` filled in both languages.

        Args:
            values: what goes in; a `Text` gives each language its own wording.
        """
        return Text(
            *(
                getattr(self, side).format(
                    **{
                        k: getattr(v, side) if isinstance(v, Text) else v
                        for k, v in values.items()
                    }
                )
                for side in ("zh", "en")
            )
        )

    def as_json(self) -> dict[str, str]:
        """The pair as a JSON object with the keys `zh` and `en`."""
        return {"zh": self.zh, "en": self.en}

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


def followed(said: str, remedy: str, language: Language) -> str:
    """What is wrong and what to do: two sentences, or two halves of one where the first has no full stop.

    Args:
        said: what is wrong.
        remedy: what to do about it; may be empty.
        language: that both are written in.
    """
    if said.endswith(("。", "；", "！", "？", ".", "!", "?")):
        return (said + remedy) if language == "zh" else f"{said} {remedy}".strip()
    joint = "；" if language == "zh" else "; "
    return f"{said}{joint}{remedy}" if remedy else said
