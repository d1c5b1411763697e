"""How long to wait before trying again: twice as long each time, up to a limit."""

import random


def doubled(times: int, *, first: float, longest: float) -> float:
    """Seconds to wait after so many failures in a row, without chance.

    Args:
        times: failures so far; one or none gives `first`.
        first: seconds after the first failure.
        longest: seconds that are never passed.
    """
    return min(first * float(1 << min(max(times - 1, 0), 20)), longest)


def jittered(times: int, *, first: float, longest: float) -> float:
    """The same, shifted by up to half at random, so that those who failed together part ways."""
    return doubled(times, first=first, longest=longest) * random.uniform(0.5, 1.5)  # noqa: S311
