"""The words of decisions: which is favourable, which are refusals, and which are left out.

Of two words the one that is not favourable is a refusal. Of more, nobody but the owner of the data
knows: "pending" and "withdrawn" are no refusals, "denied" is, so the plan says it
(`columns.unfavourable`), and what it does not list is left out and told.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from evaluators.plan import Columns, Plan, level_name
from evaluators.probe import DESERVED, FAVOURED, ProbeSpec
from evaluators.tally import small
from registry.errors import Reason
from registry.language import Text

Counts = dict[str, int]

TWO = 2
LISTED = 8


def read_by(plan: Plan, specs: Sequence[ProbeSpec], *, scored: bool) -> set[str]:
    """The columns whose words are read as decisions by some probe.

    Args:
        plan: names them.
        specs: of the planned probes.
        scored: whether a model answers.
    """
    columns, found = plan.columns, set[str]()
    decides = (scored or columns.score is not None) and columns.decides
    for spec in specs:
        reads = {*spec.derived, *spec.welcome}
        if FAVOURED in reads and not decides and columns.prediction and not spec.asks_model:
            found.add(columns.prediction)
        if (DESERVED in reads or "target" in spec.optional) and columns.target is not None:
            found.add(columns.target)
    return found


def add(counts: Counts, column: pa.ChunkedArray) -> None:
    """Count the words of more rows.

    Args:
        counts: word → rows so far.
        column: the rows; missing ones are null.
    """
    codes, names = small(column)
    held = np.bincount(codes, minlength=len(names)).tolist() if len(codes) else []
    for word, rows in zip(names, held, strict=False):
        if rows and word is not None:
            counts[word] = counts.get(word, 0) + rows


def fault(name: str, counts: Counts, columns: Columns, kind: pa.DataType) -> Reason | None:
    """What the plan must still say of the words of a column; None where it has said enough.

    Args:
        name: of the column.
        counts: word → rows.
        columns: what the plan says.
        kind: the column's type.
    """
    wanted, said = level_name(columns.favourable), {*columns.unfavourable, *columns.classes}
    others = [word for word in counts if word not in {wanted, *said}]
    if wanted not in counts and len(counts) == TWO and not said & set(counts):
        return _never(name, wanted, *sorted(counts))
    refused = [word for word in counts if word in said and word != wanted]
    enough = (
        bool(refused) or not others
        if columns.unfavourable
        else not others if columns.classes
        else len(others) < TWO
    )  # fmt: skip
    if enough:
        return None
    zh, en = _listed(counts, "“", "”"), _listed(counts, "'", "'")
    draft = ", ".join(_written(word, kind) for word in sorted(set(counts) - {wanted})[:LISTED])
    return Reason(
        "columns.unfavourable",
        Text(
            f"“{name}”里的值不止两种：{zh}；计划没有写哪些算不利、哪些不计入。",
            f"'{name}' holds more than two values: {en}; the "
            "plan does not say which are unfavourable and which are left out.",
        ),
        Text(
            f"写 unfavourable，只列真正不利的值，没有列的不计入，报告会写明行数；例如 unfavourable = [{draft}]",
            "list as unfavourable those that are refusals; whatever is not listed is left out, and "
            f"the report tells how many rows. For instance unfavourable = [{draft}]",
        ),
    )


def _never(name: str, wanted: str, one: str, other: str) -> Reason:
    return Reason(
        "columns.favourable",
        Text(
            f"“{name}”里没有“{wanted}”，只有“{one}”和“{other}”",
            f"'{name}' holds '{one}' and '{other}', never '{wanted}'",
        ),
        Text("写其中对当事人有利的那个值", "name the one that is good for the person"),
    )


def _listed(counts: Counts, left: str, right: str) -> str:
    """The most frequent words with their rows, and how many more there are."""
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    named = [f"{left}{word}{right} {counts[word]:,}" for word in ranked[:LISTED]]
    more = len(ranked) - LISTED
    return ("、" if left == "“" else ", ").join([*named, *([f"… +{more:,}"] if more > 0 else [])])


def _written(word: str, kind: pa.DataType) -> str:
    """A word as TOML has it."""
    plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    return word if plain else f'"{word}"'
