"""What the source of a version names: one reading of an address, strict where MLflow guesses.

MLflow's own reading drops a query and a fragment, takes any word for a stage and fails on a bracket.
"""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from portal.mlflow.words import refusal
from registry import characters, staging

LONGEST = 2 * staging.LONGEST_PATH
SHOWN = 200
STAGES = frozenset({"none", "staging", "production", "archived"})
MODELS = "models:/"
VERSION = re.compile(r"models:/[^/@]+/([0-9]{1,9}|latest)|models:/[^/@]+@[^/@]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """An address that can be read.

    Args:
        text: as it was sent.
        address: its parts.
    """

    text: str
    address: SplitResult

    @property
    def parts(self) -> list[str]:
        """The parts of its path."""
        return self.address.path.strip("/").split("/")

    @property
    def is_logged_model(self) -> bool:
        """Whether it is written as a logged model's, `models:/m-…`."""
        return self.text.startswith(f"{MODELS}m-")

    @property
    def is_version(self) -> bool:
        """Whether it is written as a version's, `models:/NAME/…` or `models:/NAME@ALIAS`."""
        return self.text.startswith(MODELS) and not self.is_logged_model


def read(text: str) -> Source:
    """The address in a source.

    Args:
        text: as it was sent.

    Raises:
        MlflowException: by the rules `not-uploaded` and `source-unclear`.
    """
    try:
        address = urlsplit(text)
    except ValueError as no_address:
        raise refusal("not-uploaded", source=shown(text)) from no_address
    if len(text) > LONGEST:
        raise refusal("not-uploaded", source=shown(text))
    if "?" in text or "#" in text:
        raise refusal("source-unclear", source=shown(text))
    return Source(text, address)


def require_version(source: Source) -> None:
    """See that a source names a version by its number, an alias or `latest`.

    Raises:
        MlflowException: by the rules `stage-as-source` and `no-version`.
    """
    if source.parts[-1].lower() in STAGES and len(source.parts) == 2:
        raise refusal("stage-as-source")
    if VERSION.fullmatch(source.text) is None:
        raise refusal("no-version", source=shown(source.text))


def shown(text: str) -> str:
    """A source as a message quotes it."""
    return characters.visible(text[:SHOWN]) + ("…" if text[SHOWN:] else "")
