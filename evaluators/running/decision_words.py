"""The words of decisions: which is favourable, which are refusals, and which are left out.

Of two words the one that is not favourable is a refusal. Of more, nobody but the owner of the data
knows: "pending" and "withdrawn" are no refusals, "denied" is, so the plan says it
(`columns.unfavourable`), and what it does not list is left out and told.
"""

import json
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pyarrow as pa

from evaluators.accumulating.tally import small
from evaluators.plan import Columns, Plan, level_name
from evaluators.probe import DESERVED, FAVOURED, ProbeSpec
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


def faults(
    counts: Mapping[str, Counts],
    columns: Columns,
    kinds: Mapping[str, pa.DataType],
    read: Collection[str],
) -> list[Reason]:
    """What the plan must still say of the words of its columns of decisions and outcomes.

    Args:
        counts: column → word → rows.
        columns: what the plan says.
        kinds: column → its type.
        read: every column whose words some probe reads, those that need no counting included.
    """
    both = {columns.target, columns.prediction} <= {*read} and columns.target != columns.prediction
    refusals = [
        _written(word, kinds[name])
        for name in counts
        for word in refusals_of(name, sorted(counts[name]), level_name(columns.good(name)))
    ]
    example = ", ".join(dict.fromkeys(refusals[:LISTED]))
    found = (
        _fault(name, own, columns, kinds[name], example, both=both) for name, own in counts.items()
    )
    return [reason for reason in found if reason is not None]


def _fault(
    name: str, counts: Counts, columns: Columns, kind: pa.DataType, example: str, *, both: bool
) -> Reason | None:
    # With score_favourable the classes are the model's words, and no one's outcome.
    classes = columns.classes if columns.score_favourable is None else ()
    wanted, said = level_name(columns.good(name)), {*columns.unfavourable, *classes}
    others = [word for word in counts if word not in {wanted, *said}]
    if wanted not in counts and others and len(counts) >= TWO:
        return _never(name, wanted, counts, columns, kind, both=both)
    refused = [word for word in counts if word in said and word != wanted]
    enough = (
        bool(refused) or not others
        if columns.unfavourable
        else not others if classes
        else len(others) < TWO
    )  # fmt: skip
    if enough:
        return None
    zh, en = listed(counts)
    why = Text(
        f"“{name}”里的值不止两种：{zh}；计划没有写哪些算不利、哪些不计入。",
        f"'{name}' holds more than two values: {en}; the "
        "plan does not say which are unfavourable and which are left out.",
    )
    if columns.unfavourable:
        why = Text(
            f"unfavourable 没有列出“{name}”里的任何值：{zh}。",
            f"unfavourable lists none of the values of '{name}': {en}.",
        )
    elif classes:
        why = Text(
            f"“{name}”里有 classes 没有列出的值：{zh}；计划没有写哪些算不利、哪些不计入。",
            f"'{name}' holds values that classes does not list: {en}; the "
            "plan does not say which are unfavourable and which are left out.",
        )
    shown = f"unfavourable = [{example}]"
    return Reason(
        "columns.unfavourable",
        why,
        Text(
            "写 unfavourable，target 和 prediction 的都写在这一行，只列真正不利的值，没有列的不计入，报告会写明行数"
            + (f"；例如 {shown}" if example else ""),
            "list as unfavourable, for target and prediction together, those that are refusals; "
            "whatever is not listed is left out, and the report tells how many rows."
            + (f" For instance {shown}" if example else ""),
        ),
    )


def _never(
    name: str, wanted: str, counts: Counts, columns: Columns, kind: pa.DataType, *, both: bool
) -> Reason:
    """That the favourable word is none of a column's: another column may have it."""
    zh, en = listed(counts)
    why = Text(
        f"“{name}”里没有“{wanted}”，只有：{zh}", f"'{name}' never holds '{wanted}', only: {en}"
    )
    likely = good_word(name, sorted(counts))
    shown = "…" if likely is None else _written(likely, kind)
    if both and name == columns.prediction:
        return Reason(
            "columns.prediction_favourable", why,
            Text(f"target 和 prediction 用词不同时，另写 prediction 里有利的那个值：prediction_favourable = {shown}",
                 "where target and prediction use different words, name that of prediction too: "
                 f"prediction_favourable = {shown}"),
        )  # fmt: skip
    if both and columns.prediction_favourable is None:
        return Reason(
            "columns.favourable", why,
            Text(f"favourable 写 target 里有利的那个值：favourable = {shown}；prediction 用词不同时，另写 prediction_favourable",
                 f"name with favourable that of target: favourable = {shown}; where prediction "
                 "uses another word, name it as prediction_favourable"),
        )  # fmt: skip
    return Reason(
        "columns.favourable",
        why,
        Text("写其中对当事人有利的那个值", "name the one that is good for the person"),
    )


GRANTED = (
    *("approv", "grant", "accept", "hire", "admit", "offer", "pass", "repaid", "yes"),
    *("批准", "通过", "录用"),
)
"""Parts of words for a favourable decision."""
REFUSED = (
    *(
        "reject",
        "refus",
        "denied",
        "deni",
        "declin",
        "fail",
        "default",
        "recid",
        "readmi",
        "churn",
    ),
    *("拒", "违约", "流失", "再犯"),
)
"""Parts of words for what is bad for the person, in a value or in the name of its column."""
RISKS = ("risk", "fraud", "hazard", "风险", "欺诈")
"""Parts of the name of a score that is high where things are bad."""
NO = frozenset({"no", "n", "否"})
NEGATED = ("no", "un", "dis", "非")
UNDONE = ("不", "未", "没")


def sounds_good(word: str) -> bool:
    """Whether a value's word is one for what is good for a person."""
    small_letters = word.lower()
    return (
        any(part in small_letters for part in GRANTED)
        and not any(part in small_letters for part in (*REFUSED, " not ", *UNDONE))
        and not small_letters.startswith(NEGATED)
    )


def refusals_of(column: str, words: Sequence[str], good: str | None) -> list[str]:
    """The values that may be refusals: neither the favourable one nor any that sounds like it.

    Args:
        column: its name.
        words: its values.
        good: the favourable one, as far as it is known.
    """
    known = {good, good_word(column, words)}
    return [
        word for word in words if word not in known and (adverse(column) or not sounds_good(word))
    ]


def adverse(column: str) -> bool:
    """Whether a column is named for what is bad for a person."""
    return any(part in column.lower() for part in REFUSED)


def foretells(column: str) -> bool:
    """Whether a column is named for a forecast, which has the words of what it forecasts."""
    return any(part in column.lower() for part in ("pred", "forecast", "y_hat", "预测"))


def risk(score: str) -> bool:
    """Whether a score is named for what is bad where it is high."""
    return adverse(score) or any(part in score.lower() for part in RISKS)


def good_word(column: str, words: Sequence[str]) -> str | None:
    """The value that is good for the person, where its word and its column's say which.

    A column named for what is bad (denied, default) turns a yes into a refusal. None where more
    or fewer than one value can be meant, or where 0 and 1 stand in a column that says neither
    (label, y): a guess would turn every sentence of the report round.

    Args:
        column: its name.
        words: its values.
    """
    bad = adverse(column)
    for no, yes in (("0", "1"), ("false", "true")):
        if set(words) <= {no, yes}:
            good = yes if sounds_good(column) else None
            return no if bad else good
    if bad:
        return next((word for word in words if word.lower() in NO), None)
    granted = [word for word in words if sounds_good(word)]
    return granted[0] if len(granted) == 1 else None


def listed(counts: Counts) -> tuple[str, str]:
    """The most frequent words with their rows, and how many more there are, in Chinese and English.

    Args:
        counts: word → rows.
    """
    return _listed(counts, "“", "”"), _listed(counts, "'", "'")


def _listed(counts: Counts, left: str, right: str) -> str:
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    named = [f"{left}{word}{right} {counts[word]:,}" for word in ranked[:LISTED]]
    more = len(ranked) - LISTED
    return ("、" if left == "“" else ", ").join([*named, *([f"… +{more:,}"] if more > 0 else [])])


def _written(word: str, kind: pa.DataType) -> str:
    """A word as TOML has it."""
    plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    return word if plain else quoted(word)


def quoted(word: str) -> str:
    """A text as TOML has it."""
    return json.dumps(word, ensure_ascii=False).replace("\x7f", "\\u007f")
