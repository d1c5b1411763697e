"""What about the data makes numbers doubtful: told before a run, and on the report's first screen.

Nothing is changed and nothing is refused: whether a row that stands twice is one person or two, only
whoever made the data knows. Before the run it is told with row, value and remedy; the public report
says that it is so and no value or count of it, which might be somebody's.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluators.plan import Plan, level_name
from evaluators.running import decision_words, missing, planning, unknown_levels
from evaluators.running.data import Source, content_hashes
from evaluators.running.decision_words import quoted
from registry.language import Text

MOST_CELLS = 4_000_000
"""Data of more cells are not looked through: a run of large data is not to wait for it."""
MOST_LEVELS = 20
"""More values of a number or a moment than this make no groups of people (ours)."""
DETAIL = 0.5
"""A column with so many values to a row tells rows apart, so that equal rows are no chance (ours)."""
KINDS = 20
"""Of fewer different rows it may be chance that each stands twice, or three times, or … (ours)."""
LISTED = 4
ROWS = Text("数据行", "rows")
OFFSET = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?P<zone>Z|z|[+-]\d{2}:?\d{2}|UTC|GMT)?$"
MONEY = re.compile(r"(?i)(^|_)(currency|ccy|curr)($|_)|币种|货币")
CODES = frozenset(
    ["AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CLP", "CNH", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "JPY", "KRW", "KZT", "MAD", "MOP", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PKR", "PLN", "QAR", "RMB", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VND", "ZAR"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that makes numbers doubtful.

    Args:
        kind: levels, repeated, currencies or zones.
        item: the column, or "rows".
        said: what is so, for whoever has the rows.
        remedy: what to do.
        public: the same without values and counts.
    """

    kind: str
    item: str
    said: Text
    remedy: Text
    public: Text

    @property
    def told(self) -> Text:
        """What is so and what to do, in one line."""
        item = ROWS if self.kind == "repeated" else Text(self.item, self.item)
        return Text(
            f"{item.zh}：{self.said.zh}{self.remedy.zh}",
            f"{item.en}: {self.said.en} {self.remedy.en}",
        )

    def as_json(self) -> dict[str, str]:
        """As a report has it."""
        return {"kind": self.kind, "item": self.item, **self.public.as_json()}


def of(plan: Plan, source: Source) -> list[Doubt]:
    """What makes the numbers of a plan on these data doubtful; nothing of very large data.

    Args:
        plan: which columns are read, and for what.
        source: the rows, which `Source.check` has found to fit the plan.
    """
    names = source.schema.names
    if source.rows * len(names) > MOST_CELLS or not source.rows:
        return []
    columns = plan.columns
    grouping = [] if planning.task(plan) == "pricing" else _once(columns.sensitive, source)
    times = _once([columns.time] if columns.time else [], source)
    money = [n for n in names if _may_be_money(n, source)] if columns.price else []
    wanted = list(dict.fromkeys([*grouping, *times, *money]))
    counts: dict[str, decision_words.Counts] = {name: {} for name in wanted}
    for block in source.blocks(wanted) if wanted else ():
        told = missing.told(block, columns).rows
        for name in wanted:
            _count(counts[name], told[name])
    found = [_levels(n, counts[n], source, plan) for n in grouping]
    found += [_zones(n, counts[n], source) for n in times]
    found += [_currencies(n, counts[n]) for n in money if n not in columns.named()]
    return [*(each for each in found if each is not None), *_repeated(source)]


def _once(named: Iterable[str], source: Source) -> list[str]:
    return [name for name in named if source.schema.names.count(name) == 1]


def _count(counts: decision_words.Counts, column: pa.ChunkedArray) -> None:
    for each in pc.value_counts(column.drop_null()).to_pylist():
        word = level_name(each["values"])
        counts[word] = counts.get(word, 0) + each["counts"]


def _levels(name: str, counts: Mapping[str, int], source: Source, plan: Plan) -> Doubt | None:
    """Numbers, days or many small words by which people are grouped."""
    kind = source.schema.field(name).type
    worded = unknown_levels.worded(kind)
    small = sum(rows < plan.min_n for rows in counts.values())
    if len(counts) <= MOST_LEVELS or (worded and small * 2 <= len(counts)):
        return None
    row, word = _first(source, name, counts)
    many, few = f"{len(counts):,}", f"{small:,}"
    bands = Text(
        "请另加一列分段（例如 18–29、30–44……），把那一列写进 sensitive。",
        "Add a column of bands (18–29, 30–44 …) and name that one under sensitive.",
    )
    joined = Text(
        "请把小组合并成另一列，把那一列写进 sensitive。",
        "Join small groups in another column and name that one under sensitive.",
    )
    return Doubt(
        "levels",
        name,
        Text(
            f"有 {many} 个不同的值，每个值算作一组（第 {row:,} 行是“{word}”），其中 {few} 组不足 {plan.min_n} 行，比不了。",
            f"it has {many} values, each of which is a group (row {row:,} holds '{word}'), and {few} of them "
            f"have fewer than {plan.min_n} rows and cannot be compared.",
        ),
        joined if worded else bands,
        Text(
            f"“{name}”没有分段：每个不同的值算作一组，很多组人太少，比不了。",
            f"'{name}' is not in bands: each value is a group, and many have too few people to be compared.",
        ),
    )


def _first(source: Source, name: str, words: Mapping[str, int]) -> tuple[int, str]:
    """Row, counted from 1, and word of the first row that holds one of the words."""
    before = 0
    for block in source.blocks([name]):
        for at, value in enumerate(block[name].to_pylist()):
            if value is not None and level_name(value) in words:
                return before + at + 1, level_name(value)
        before += block.num_rows
    return 1, ""


def _zones(name: str, counts: Mapping[str, int], source: Source) -> Doubt | None:
    """Moments written in several zones, which are read as words."""
    by_zone: dict[str, dict[str, int]] = {}
    for word, rows in counts.items():
        found = re.match(OFFSET, word.strip())
        if found is None:
            return None
        zone = (found["zone"] or "").upper().replace(":", "")
        zone = "+0000" if zone in {"Z", "UTC", "GMT"} else zone
        by_zone.setdefault(zone, {})[word] = rows
    if len(by_zone) < 2:
        return None
    shown = [_first(source, name, own) for own in list(by_zone.values())[:LISTED]]
    zh = "、".join(f"第 {row:,} 行“{word}”" for row, word in shown)
    en = ", ".join(f"row {row:,} '{word}'" for row, word in shown)
    return Doubt(
        "zones",
        name,
        Text(
            f"时间用了不止一种时区（{zh}），按文字读：同一时刻的两种写法算作两个时刻。",
            f"moments are written in several zones ({en}) and read as words: one moment written in two "
            "ways counts as two.",
        ),
        Text(
            "请把全部时间换算到同一时区，去掉时区后缀。",
            "Convert all moments to one zone and drop the suffix.",
        ),
        Text(
            f"“{name}”里的时间用了不止一种时区，同一时刻可能算作两个时刻。",
            f"moments in '{name}' are written in several zones: one moment may count as two.",
        ),
    )


def _may_be_money(name: str, source: Source) -> bool:
    once = source.schema.names.count(name) == 1
    return once and unknown_levels.worded(source.schema.field(name).type)


def _currencies(name: str, counts: Mapping[str, int]) -> Doubt | None:
    """A column of currencies beside a price that the plan does not heed."""
    named = MONEY.search(name) is not None
    coded = {word.strip().upper() for word in counts} <= CODES
    if len(counts) < 2 or not (named or coded):
        return None
    order = sorted(counts, key=lambda word: (-counts[word], word))[:LISTED]
    zh = "、".join(f"“{word}” {counts[word]:,} 行" for word in order)
    en = ", ".join(f"'{word}' {counts[word]:,} rows" for word in order)
    more = " …" if len(counts) > LISTED else ""
    return Doubt(
        "currencies",
        name,
        Text(
            f"价格有不止一种货币（{zh}{more}），计划没有用到这一列：不同货币的数直接相比。",
            f"prices are in several currencies ({en}{more}) and the plan does not heed it: amounts in "
            "different currencies are compared as they stand.",
        ),
        Text(
            f"请先折算成同一种货币；或在 [columns] 里写 control = [{quoted(name)}]，只在同一种货币之内比较。",
            f"Convert prices to one currency, or write control = [{quoted(name)}] under [columns] to compare "
            "within a currency alone.",
        ),
        Text(
            f"价格有不止一种货币（“{name}”），直接相比，没有折算。",
            f"prices are in several currencies ('{name}') and were compared as they stand.",
        ),
    )


def _repeated(source: Source) -> Iterator[Doubt]:
    """Rows that stand twice in data of such detail that this is no chance."""
    names = source.schema.names
    if len(set(names)) != len(names):
        return
    hashes, own = list[Any](), dict[str, list[Any]]()
    for block in source.blocks():
        found = content_hashes(block, "", names)
        hashes.append(found.whole)
        for name, values in found.by_column.items():
            own.setdefault(name, []).append(values)
    whole = np.concatenate(hashes)
    kinds, counts = np.unique(whole, return_counts=True)
    extra = len(whole) - len(kinds)
    every = len(kinds) >= KINDS and int(np.gcd.reduce(counts)) > 1
    detailed = max(len(np.unique(np.concatenate(each))) for each in own.values())
    if not extra or not (every or detailed >= DETAIL * len(kinds)):
        return
    again = int(np.argmax(counts > 1))
    one, other = (int(place) + 1 for place in np.flatnonzero(whole == kinds[again])[:2])
    yield Doubt(
        "repeated",
        "rows",
        Text(
            f"有 {extra:,} 行与别的行每一列都相同（例如第 {other:,} 行同第 {one:,} 行）；重复的行会使区间过窄。",
            f"{extra:,} rows equal another in every column (row {other:,} equals row {one:,}); rows that "
            "stand twice make intervals too narrow.",
        ),
        Text(
            "是重复的，请删去；确实是不同的人，请加一列编号，在 [columns] 里写 unit。",
            "Delete them where they are copies; where they are different people, add a column of identifiers "
            "and name it as unit under [columns].",
        ),
        Text(
            "数据里有每一列都相同的行；如果是重复，区间过窄。",
            "some rows equal another in every column; where they are copies, intervals are too narrow.",
        ),
    )
