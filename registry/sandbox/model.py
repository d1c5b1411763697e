"""The model that a sandbox is started for, as far as the side that starts it knows it.

The format is a word of the register's own table, so what a sandbox imports beforehand is chosen
without a byte of the model being read in it: that happens when every wall stands.
"""

from dataclasses import dataclass
from pathlib import Path

from registry.sandbox.child import flavours
from registry.sandbox.child.classes import Classes


@dataclass(frozen=True, slots=True)
class Model:
    """What a sandbox stands ready for: one version, in one format, for one claim.

    Args:
        folder: the model's files, where the sandbox's user id can read them.
        format: a word of `flavours`, which says what is imported; None imports nothing.
        classes: how a classifier's answers are read; None reads numbers.
        trial: a file that must stay out of reach: rounds try the walls instead.
    """

    folder: Path
    format: str | None
    classes: Classes | None = None
    trial: Path | None = None

    @property
    def packages(self) -> tuple[str, ...]:
        """What is imported before a round."""
        return next((row.packages for row in flavours.FORMATS if row.name == self.format), ())
