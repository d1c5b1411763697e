"""Levels whose words say "not known": asked about before they become groups of people.

`columns.missing` says what is missing in a column: a word it lists is missing, one it does not is a
real level. Where the plan says nothing of a column that holds such a word, the run does not guess.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from evaluators.plan_columns import Columns
from evaluators.running import decision_words
from evaluators.running.decision_words import Counts
from registry.errors import Reason
from registry.language import Text
from registry.unknown_words import means_unknown

LISTED = decision_words.LISTED


def asked_of(columns: Columns, schema: pa.Schema) -> list[str]:
    """The columns of words by whose levels people are grouped.

    Args:
        columns: the roles.
        schema: of the data.
    """
    names = dict.fromkeys((*columns.sensitive, *columns.profile))
    return [name for name in names if name in schema.names and worded(schema.field(name).type)]


def worded(kind: pa.DataType) -> bool:
    """Whether a column of this type holds words."""
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain))


def faults(counts: Mapping[str, Counts], columns: Columns) -> list[Reason]:
    """What the plan must still say of levels that may mean "not known".

    Args:
        counts: column → word → rows, missing words included.
        columns: what the plan says.
    """
    found = (_fault(name, own, columns) for name, own in counts.items())
    return [reason for reason in found if reason is not None]


def open_words(counts: Counts, name: str, columns: Columns) -> list[str]:
    """The words of a column of which the plan does not say whether they are missing or real.

    A list of missing words that holds one which never occurs is taken for misspelt: it says nothing.

    Args:
        counts: word → rows.
        name: of the column.
        columns: what the plan says.
    """
    declared = columns.missing.get(name)
    occurring = {word.strip().lower() for word in counts}
    if declared is not None and {word.strip().lower() for word in declared} <= occurring | {""}:
        return []
    unsaid = [w for w in counts if not columns.is_missing(name, w) and means_unknown(w)]
    return sorted(unsaid, key=lambda word: (-counts[word], word))


def line(name: str, words: Sequence[str]) -> str:
    """The line under [columns] that says what is missing in a column.

    Args:
        name: of the column.
        words: that count as missing.
    """
    return f"missing.{key(name)} = [{', '.join(map(decision_words.quoted, words))}]"


def key(name: str) -> str:
    """A column's name as a key of TOML."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else decision_words.quoted(name)


def missing_words(counts: Counts, name: str, columns: Columns) -> list[str]:
    """The words of a column that count as missing in it by now, without blank.

    Args:
        counts: word → rows.
        name: of the column.
        columns: what the plan says.
    """
    return sorted(word for word in counts if word.strip() and columns.is_missing(name, word))


def proposed(rows: pa.Table, names: Iterable[str] | None = None) -> dict[str, list[str]]:
    """Column → the words a drafted plan proposes as missing, where any of them says "not known".

    Args:
        rows: those that are looked at.
        names: the columns; None for all.
    """
    found = {}
    for name in rows.schema.names if names is None else names:
        if not worded(rows.schema.field(name).type):
            continue
        counts: Counts = {}
        decision_words.add(counts, rows[name])
        if words := open_words(counts, name, Columns()):
            found[name] = [*words, *missing_words(counts, name, Columns())]
    return found


def _fault(name: str, counts: Counts, columns: Columns) -> Reason | None:
    words = open_words(counts, name, columns)
    if not words:
        return None
    coded = missing_words(counts, name, columns)
    zh = "、".join(f"“{word}” {counts[word]:,} 行" for word in words[:LISTED])
    en = ", ".join(f"'{word}' {counts[word]:,} rows" for word in words[:LISTED])
    more = f" … +{len(words) - LISTED:,}" if len(words) > LISTED else ""
    gone, kept = line(name, [*words, *coded]), line(name, coded)
    return Reason(
        f"columns.missing.{name}",
        Text(
            f"“{name}”里有看上去表示“不知道”的值：{zh}{more}；计划没有写它们算作缺失，还是真实的一组。",
            f"'{name}' holds values that look like 'not known': {en}{more}; the plan does not say "
            "whether they are missing or real groups.",
        ),
        Text(
            f"在 [columns] 里写明：算作缺失，写 {gone}；是真实的一组，写 {kept}（只列真正表示缺失的词）",
            f"say it under [columns]: where they are missing, {gone}; where they are real groups, "
            f"{kept} (list only the words that do mean missing)",
        ),
    )
