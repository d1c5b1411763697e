"""The levels of a column: the few values that repeat, by which people are grouped and told of.

A level stands in tables, sentences and pictures that the public reads, so it keeps to the rule of
all texts: two levels that differ by a character nobody sees would be two groups of one name. Free
text (long values, or values that hardly repeat) names no group and is left as it is.
"""

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from registry import characters
from registry.errors import Reason
from registry.language import Text

MOST = 1000
"""Different values of one column that are still looked at as levels; ours."""
LONGEST = 200
"""Characters of a value that is still a level; ours, as for a column's name."""
REPEATED = 2
"""How often a level occurs at least, on the average of its column."""


@dataclass(slots=True)
class Levels:
    """The different values of one column after the rows seen so far; empty once it is free text.

    Args:
        seen: the values.
        filled: how many cells held one.
        free: whether the column turned out to be free text.
    """

    seen: set[str] = field(default_factory=set)
    filled: int = 0
    free: bool = False

    def see(self, values: pa.Array) -> None:
        """Look at the next rows; columns that hold no text are passed over."""
        if self.free:
            return
        self.filled += len(values) - values.null_count
        if pa.types.is_dictionary(values.type):
            values = values.dictionary
        if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
            return
        fresh = pc.unique(values).drop_null()
        longest = pc.max(pc.utf8_length(fresh)).as_py() or 0
        if longest <= LONGEST and len(self.seen) + len(fresh) <= 2 * MOST:
            self.seen.update(fresh.to_pylist())
        if longest > LONGEST or len(fresh) > MOST or len(self.seen) > MOST:
            self.free = True
            self.seen.clear()

    def reasons(self, column: str) -> list[Reason]:
        """Which levels hold characters that nobody sees; empty for free text.

        Args:
            column: the column's name.
        """
        if len(self.seen) * REPEATED > self.filled:
            return []
        return [
            Reason(
                column,
                Text(
                    f"值“{characters.visible(level)}”：{reason.said.zh}",
                    f"Value “{characters.visible(level)}”: {reason.said.en}",
                ),
                Text(
                    "请在数据里改正这个值，再重新登记。",
                    "Correct this value in the data and register them again.",
                ),
            )
            for level in sorted(self.seen)
            for reason in characters.reasons(column, level)[:1]
        ]
