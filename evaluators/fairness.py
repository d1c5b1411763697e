"""Four probes of unequal treatment in decisions, found here under their entry points."""

from evaluators.error_rates import ErrorParity
from evaluators.flips import CounterfactualFlip
from evaluators.leakage import ProxyLeakage
from evaluators.selection import SelectionParity

__all__ = ["CounterfactualFlip", "ErrorParity", "ProxyLeakage", "SelectionParity"]
