"""The ways in which a machine may run sandboxes, for tests that hold in each of them."""

import os
from dataclasses import dataclass

import pytest

from registry.sandbox import probe_tier
from registry.settings import Settings


@dataclass(frozen=True)
class Way:
    """A tier, with warmed interpreters or without."""

    tier: str
    warm: bool

    def __str__(self) -> str:
        return f"{self.tier}-{'warm' if self.warm else 'cells'}"


WAYS = tuple(Way(tier, warm) for tier in "AB" for warm in (True, False))
WARM = tuple(way for way in WAYS if way.warm)


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
