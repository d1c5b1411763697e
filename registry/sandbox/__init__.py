"""Where a submitted model is opened, and nowhere else: single-use sandboxes with limits."""

from registry.sandbox.tiers import Tier, probe_tier
from registry.sandbox.verdict import Cause, Contained, NoSandbox

__all__ = ["Cause", "Contained", "NoSandbox", "Tier", "probe_tier"]
