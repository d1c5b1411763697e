"""What befalls data outside simulations: the ways in which a certificate damages a simulated table.

A damage takes a plan with its data and a generator, and gives the damaged table, or None where the
data have nothing that it could befall (no groups, no answers). The plan stays.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.types as pt

from evaluators.probe import NullCase

Damage = Callable[[NullCase, np.random.Generator], pa.Table | None]
FEW, TINY = 40, 5


def _named(case: NullCase, roles: Sequence[str], options: Sequence[str]) -> list[str]:
    """The columns that the plan, or its one probe, names in these places and that are there."""
    columns, (probe,) = case.plan["columns"], case.plan["probes"]
    found: list[str] = []
    for given in (*map(columns.get, roles), *map(probe.get, options)):
        found += [given] if isinstance(given, str) else [*(given or ())]
    return [name for name in dict.fromkeys(found) if name in case.table.column_names]


def _features(case: NullCase) -> list[str]:
    """The columns by whose levels people are told apart."""
    return _named(case, ("sensitive", "profile"), ("features",))


def _answers(case: NullCase) -> list[str]:
    """The columns that say what became of people; those that a model reads where it answers."""
    roles = ("prediction", "score", "price", "rank", "target")
    return _named(case, roles, ("list_price", "coupons", "offers")) or _named(
        case, ("inputs",), ()
    )


def _put(table: pa.Table, name: str, values: Sequence[object] | pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(values))


def _without(case: NullCase, names: Sequence[str], lost: npt.NDArray[np.bool_]) -> pa.Table | None:
    table = case.table
    for name in names:
        kept = [None if gone else value
                for value, gone in zip(table[name].to_pylist(), lost, strict=True)]  # fmt: skip
        table = table.set_column(
            table.column_names.index(name), name, pa.array(kept, type=table[name].type)
        )
    return table if names else None


def few_rows(case: NullCase, rng: np.random.Generator) -> pa.Table:
    """Forty rows, drawn without order."""
    rows = np.sort(rng.permutation(case.table.num_rows)[:FEW])
    return case.table.take(pa.array(rows))


def one_row(case: NullCase, rng: np.random.Generator) -> pa.Table:  # noqa: ARG001
    """One row."""
    return case.table.slice(0, 1)


def no_rows(case: NullCase, rng: np.random.Generator) -> pa.Table:  # noqa: ARG001
    """The head of a file, and nothing under it."""
    return case.table.slice(0, 0)


def unknown_groups(case: NullCase, rng: np.random.Generator) -> pa.Table | None:
    """A fifth of the rows do not say to which group they belong."""
    return _without(case, _features(case)[:1], rng.random(case.table.num_rows) < 0.2)


def missing_answers(case: NullCase, rng: np.random.Generator) -> pa.Table | None:
    """A tenth of the rows say nothing of what became of the person."""
    if case.scorer is not None:  # the simulated services read no blanks
        return None
    return _without(case, _answers(case)[:1], rng.random(case.table.num_rows) < 0.1)


def tiny_group(case: NullCase, rng: np.random.Generator) -> pa.Table | None:
    """Five rows are a group of their own."""
    names = _features(case)
    if not names:
        return None
    name = names[0]
    chosen = set(rng.permutation(case.table.num_rows)[:TINY].tolist())
    rare = "rare" if _words(case.table, name) else 97
    values = [rare if i in chosen else v for i, v in enumerate(case.table[name].to_pylist())]
    return _put(case.table, name, values)


def spelt_two_ways(case: NullCase, rng: np.random.Generator) -> pa.Table | None:
    """A third of the rows spell their level in capitals and with a blank behind."""
    names = _features(case)
    if not names:
        return None
    name = names[0]
    other = rng.random(case.table.num_rows) < 1 / 3
    words = map(str, case.table[name].to_pylist())
    spelt = [f"{w.upper()} " if o else w for w, o in zip(words, other, strict=True)]
    return _put(case.table, name, spelt)


def numbers_for_names(case: NullCase, rng: np.random.Generator) -> pa.Table | None:  # noqa: ARG001
    """Levels are called 1, 2, 3: numbers where a file is read, words where a model is asked."""
    names = _features(case)
    if not names:
        return None
    name = names[0]
    values = case.table[name].to_pylist()
    called = {level: i + 1 for i, level in enumerate(sorted(set(values)))}
    numbers = [called[value] for value in values]
    return _put(case.table, name, numbers if case.scorer is None else list(map(str, numbers)))


def every_row_twice(case: NullCase, rng: np.random.Generator) -> pa.Table:  # noqa: ARG001
    """A file that was joined to itself."""
    return pa.concat_tables([case.table, case.table])


def one_outlier(case: NullCase, rng: np.random.Generator) -> pa.Table | None:
    """One number is a thousand times what it was."""
    numbers = [name for name in _answers(case) if pt.is_floating(case.table[name].type)]
    if not numbers:
        return None
    values = case.table[numbers[0]].to_pylist()
    values[int(rng.integers(len(values)))] *= 1000
    return _put(case.table, numbers[0], values)


def least_for_the_smallest(case: NullCase, rng: np.random.Generator) -> pa.Table | None:  # noqa: ARG001
    """Everyone of the smallest group has the least of all answers."""
    names, answers = _features(case), _answers(case)
    if not names or answers[0] in names:
        return None
    groups, given = case.table[names[0]].to_pylist(), case.table[answers[0]].to_pylist()
    smallest = min(sorted(set(groups)), key=groups.count)
    least = min(given)
    told = [least if g == smallest else v for g, v in zip(groups, given, strict=True)]
    return _put(case.table, answers[0], told)


def answers_at_the_ends(case: NullCase, rng: np.random.Generator) -> pa.Table | None:
    """A tenth of the shares are 0, another tenth 1, where the answers are shares."""
    numbers = [name for name in _answers(case) if pt.is_floating(case.table[name].type)]
    if not numbers:
        return None
    values, drawn = case.table[numbers[0]].to_numpy(), rng.random(case.table.num_rows)
    if not 0 <= np.nanmin(values) <= np.nanmax(values) <= 1:
        return None
    ends = np.where(drawn < 0.1, 0.0, np.where(drawn > 0.9, 1.0, values))
    return _put(case.table, numbers[0], ends)


def answers_rounded(case: NullCase, rng: np.random.Generator) -> pa.Table | None:  # noqa: ARG001
    """Answers are told to one digit, so that most are shared."""
    numbers = [name for name in _answers(case) if pt.is_floating(case.table[name].type)]
    if not numbers:
        return None
    values = case.table[numbers[0]].to_pylist()
    return _put(case.table, numbers[0], [v and float(f"{v:.1g}") for v in values])


def one_group(case: NullCase, rng: np.random.Generator) -> pa.Table | None:  # noqa: ARG001
    """Everyone is of one group."""
    table = case.table
    for name in _features(case):
        table = _put(table, name, [table[name][0].as_py()] * table.num_rows)
    return None if table is case.table else table


def all_alike(case: NullCase, rng: np.random.Generator) -> pa.Table | None:  # noqa: ARG001
    """The same becomes of everyone."""
    table = case.table
    for name in set(_answers(case)) - set(_features(case)):
        table = _put(table, name, [table[name][0].as_py()] * table.num_rows)
    return None if table is case.table else table


def _words(table: pa.Table, name: str) -> bool:
    kind = table[name].type
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_dictionary(kind))


DAMAGES: Mapping[str, Damage] = {
    each.__name__: each
    for each in (few_rows, unknown_groups, missing_answers, tiny_group, spelt_two_ways,
                 numbers_for_names, every_row_twice, one_outlier, least_for_the_smallest, one_group,
                 all_alike, one_row, no_rows, answers_at_the_ends, answers_rounded)
}  # fmt: skip
