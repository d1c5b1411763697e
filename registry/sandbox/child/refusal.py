"""Why a model is not opened, or its answers are not taken."""

from collections.abc import Sequence


class NotOpened(ValueError):
    """The model is not opened, or not believed.

    Args:
        cause: a word of `registry.sandbox.verdict.Cause`.
        said: for the log.
        items: the offending types, outputs, columns or packages.
    """

    def __init__(self, cause: str, said: str, items: Sequence[str] = ()) -> None:
        super().__init__(said)
        self.cause = cause
        self.items = tuple(items)
