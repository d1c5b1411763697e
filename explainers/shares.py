"""Shares of people as they may be told: no count of fewer than k of them, and none that leaves fewer.

"1,989 of 1,990 were approved" tells of the one who was not. A count below k, or within k of
everybody, is told as a bound; nobody and everybody are told as they are, for that singles out none.
"""

import math

from explainers import phrases
from registry.language import Text


def told(count: int, n: int, k: int) -> int | None:
    """A count of people for the record; None where it or what it leaves is fewer than k.

    Args:
        count: how many people.
        n: of how many.
        k: how many people must share what is told.
    """
    return None if _few(count, n, k) else count


def per_hundred(count: int, n: int, k: int) -> int | None:
    """The share for the record, in whole people out of a hundred, as `about` says it in words."""
    if _few(count, n, k):
        return None
    share = round(100 * (count / n))  # as the words round it: 100 * 23 / 40 rounds the other way
    return share if count in (0, n) else min(99, max(1, share))


def about(count: int, n: int, k: int) -> Text:
    """The share in words: about so many out of a hundred, or fewer or more than so many."""
    if not _few(count, n, k):
        return phrases.about(count / n)
    if 2 * count <= n:
        bound = math.ceil(100 * k / n)
        return Text(f"不到{bound}", f"fewer than {bound}")
    bound = math.floor(100 * (n - k) / n)
    return Text(f"超过{bound}", f"more than {bound}")


def _few(count: int, n: int, k: int) -> bool:
    return 0 < count < k or 0 < n - count < k
