"""What a plan may say about flips, and what is changed because of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from evaluators.probe import Details, Options


class Bundle(BaseModel):
    """Several inputs set together, as a proxy for something that is not an input.

    Args:
        name: what the bundle stands for.
        versions: name of a version → input column → value.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(min_length=1)
    versions: dict[str, dict[str, str | int | float | bool]] = Field(min_length=2)


class FlipOptions(Options):
    """What to change.

    Args:
        change: input columns to change; by default the sensitive features.
        values: column → the values to try; by default all levels in the data.
        bundles: proxy bundles.
    """

    change: tuple[str, ...] = ()
    values: dict[str, list[str | int | float | bool]] = Field(default_factory=dict)
    bundles: tuple[Bundle, ...] = ()


class FlipDetails(Details):
    """Counts behind the share."""

    tests: int | None = None
    flips: int | None = None
    flip_rate: float | None = None
    people: int | None = None
    changed: int | None = None
    to_favourable: int | None = None
    to_unfavourable: int | None = None
    mean_shift: dict[str, float | None] = Field(default_factory=dict)
    versions: list[str] = Field(default_factory=list)
    deterministic: bool | None = None
    twin_changed: int | None = None
    bound: float | None = None


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that is changed: an input column or a bundle.

    Args:
        name: of the column or bundle.
        versions: name of a version → input column → value.
        kind: whether it is a column or a bundle.
    """

    name: str
    versions: Mapping[str, Mapping[str, Any]]
    kind: Literal["column", "bundle"]

    def key(self, version: str) -> str:
        """The key of the request for one version."""
        return f"{self.name}={version}"
