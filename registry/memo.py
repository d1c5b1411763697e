"""What was made from something that never changes, kept for the next who asks for it."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memo(Generic[T]):
    """Keeps so many results; the one that was asked for longest ago goes first.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._alone = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The result for a key, made where it is not kept; two who ask at once may both make it.

        Args:
            key: everything that the result is made from.
            make: what makes it.
        """
        with self._alone:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._alone:
            self._kept[key] = made
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return made

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)
