"""The ways in which a machine may run sandboxes, for tests that hold in each of them."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from registry.sandbox import probe_tier
from registry.settings import Settings
from tests import exhaustive


@dataclass(frozen=True)
class Way:
    """A tier, with warmed interpreters or without."""

    tier: str
    warm: bool

    def __str__(self) -> str:
        return f"{self.tier}-{'warm' if self.warm else 'cells'}"


WAYS = tuple(Way(tier, warm) for tier in "AB" for warm in (True, False))
WARM = tuple(way for way in WAYS if way.warm)


def in_turn(ways: Sequence[Way], names: Iterable[str]) -> list[Any]:
    """Every case in every way, each in one of them in `make test`, turn and turn about.

    Args:
        ways: how sandboxes may run.
        names: of the cases.
    """
    return [
        exhaustive.case(way, name, kept=at % len(ways) == turn, name=f"{way}-{name}")
        for at, name in enumerate(names)
        for turn, way in enumerate(ways)
    ]


def offered(way: Way) -> Settings:
    """The settings of a way; a machine without it skips, or fails where tiers are required."""
    settings = Settings(
        sandbox_tier=way.tier,
        sandbox_warm=way.warm,
        sandbox_seconds=15,
        sandbox_memory=512 << 20,
    )
    tier = probe_tier(settings)
    if (tier.name, tier.warm) != (way.tier, way.warm):
        said = f"this machine offers no {way}: {'; '.join(tier.why_not)}"
        if os.environ.get("MINGSUAN_REQUIRE_TIERS") == "1":
            pytest.fail(said)
        pytest.skip(said)
    return settings
