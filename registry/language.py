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
