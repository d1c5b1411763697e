"""The form from which a plan is drafted: made from the installed probes and the columns' roles.

Every probe is a box with its question; its options come from its options schema. What is chosen
becomes a plan in TOML, which whoever registers it reads, corrects and seals.
"""

import inspect
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa
from starlette.datastructures import QueryParams

from evaluators.guests import installed
from evaluators.plan import Columns
from evaluators.probe import Options, Probe
from evaluators.running import alike_levels, decision_words, missing, score_side, unknown_levels
from portal.home import plan_start
from registry.datasets import Dataset
from registry.language import Text
from registry.submission import Version

ONE = ("target", "price", "item", "time", "user", "weight", "query", "rank", "unit")
MANY = ("sensitive", "control", "cost", "profile")
USUAL = ("selection_parity", "error_parity", "counterfactual_flip", "proxy_leakage",
         "price_counterfactual", "price_observational")  # fmt: skip
SIDES = {
    "1": Text("模型的类别 1（或高分）", "class 1 of the model (or a high score)"),
    "0": Text(
        "模型的类别 0（或低分，例如风险分）", "class 0 of the model (or a low score, as of a risk)"
    ),
    "names": Text("模型的类别就叫这些名称", "the model’s classes have these very names"),
}
"""What the favourable outcome is called by the model, where the data have words for it."""
TARGETS = {
    "outcome": Text("实际发生的结果", "an observed outcome"),
    "human_decision": Text("人作的决定", "a person's decision"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a probe as a field of the form.

    Args:
        key: the field's name.
        name: of the option.
        said: what it does.
        kind: `flag`, `one` (of `among`), `number`, `names` (a list of words), `words`, or `toml`.
        default: what holds when nothing is written.
        among: the values to choose from.
        typed: what was written.
    """

    key: str
    name: str
    said: Text
    kind: str
    default: str
    among: tuple[str, ...] = ()
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """One probe as a box of the form.

    Args:
        id, question, pricing: of the probe.
        lacking: the roles that no column of the data plays; it can't run without them.
        chosen: whether the box is ticked.
        choices: its options.
    """

    id: str
    question: Text
    pricing: bool
    lacking: tuple[str, ...]
    chosen: bool
    choices: tuple[Choice, ...]


def roles(dataset: Dataset) -> dict[str, list[str]]:
    """Role → the columns that play it."""
    found: dict[str, list[str]] = {}
    for column in dataset.columns:
        found.setdefault(column.get("role", "other"), []).append(column["name"])
    return found


def offers(dataset: Dataset, asked: QueryParams) -> list[Offer]:
    """Every probe that can be loaded; those the data can feed first.

    Args:
        dataset: whose columns have roles.
        asked: what was chosen before; empty at first.
    """
    known, faulty = roles(dataset), installed.broken()
    found = []
    for name in installed.names():
        if name in faulty:
            continue
        kind = installed.probe_class(name)
        lacking = tuple(
            role for role in kind.spec.roles if role in (*ONE, *MANY) and role not in known
        )
        first = "probe" not in asked and name in USUAL and not lacking
        found.append(Offer(name, kind.spec.question, kind.spec.task == "pricing", lacking,
                           first or name in asked.getlist("probe"), tuple(choices(kind, asked))))  # fmt: skip
    return sorted(found, key=lambda offer: (bool(offer.lacking), offer.pricing, offer.id))


def choices(kind: type[Probe[Any]], asked: Mapping[str, str]) -> Iterator[Choice]:
    """The options of a probe as fields, from its options schema; `zh` there is a plugin's Chinese."""
    said = described(kind.spec.options)
    for name, schema in kind.spec.options_schema().get("properties", {}).items():
        key = f"o.{kind.spec.id}.{name}"
        english = said.get(name, name)
        chinese = wording().get(kind.spec.id, {}).get(name) or str(schema.get("zh", english))
        default = schema.get("default")
        shown = "" if default in (None, [], {}) else written(default)
        yield Choice(key, name, Text(chinese, english), _kind(schema), shown,
                     tuple(map(str, schema.get("enum", ()))), asked.get(key, "").strip())  # fmt: skip


def _kind(schema: Mapping[str, Any]) -> str:
    options = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    only = options[0] if len(options) == 1 else {}
    if "enum" in only:
        return "one"
    plain = {"boolean": "flag", "number": "number", "integer": "number", "string": "words"}
    if only.get("type") == "array" and only.get("items", {}).get("type") == "string":
        return "names"
    return plain.get(str(only.get("type")), "toml")


@cache
def wording() -> dict[str, dict[str, str]]:
    """Probe → option → what it does, in Chinese; the English stands in the option's docstring."""
    text = files("portal.pages").joinpath("options.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def described(options: type[Options]) -> dict[str, str]:
    """What each option does, from the docstring of the options."""
    return entries(inspect.cleandoc(options.__doc__ or ""))


def entries(text: str) -> dict[str, str]:
    """The entries of a docstring's `Args` or `Attributes`.

    Args:
        text: the docstring, without its indentation.
    """
    _, _, below = text.partition("Args:\n")
    if not below:
        _, _, below = text.partition("Attributes:\n")
    found: dict[str, str] = {}
    for entry in re.split(r"\n {4}(?=\w)", "\n" + below):
        names, colon, said = entry.partition(":")
        if colon:
            for name in names.split(","):
                found[name.strip()] = " ".join(said.split())
    return found


def _title(dataset: Dataset, given: str) -> str:
    """What was typed; the name of the data set, left as it was offered, in both its languages."""
    called = dataset.called
    if given not in ("", called.zh, called.en) or called.zh == called.en:
        return written(given or called.zh)
    return f"{{ zh = {written(called.zh)}, en = {written(called.en)} }}"


def first_rows(dataset: Dataset, batches: Iterable[pa.RecordBatch]) -> pa.Table:
    """The first rows of the columns whose values the form speaks of; empty where it has none.

    Args:
        dataset: whose columns have roles.
        batches: its rows, of which the first are looked at.
    """
    known, held, looked = roles(dataset), list[pa.RecordBatch](), 0
    names = list(
        dict.fromkeys(
            name for role in ("target", "sensitive", "profile") for name in known.get(role, [])
        )
    )
    for batch in batches if names else ():
        held.append(batch.select(names))
        looked += batch.num_rows
        if looked >= plan_start.ROWS:
            break
    return pa.Table.from_batches(held) if held else pa.table({})


def levels(dataset: Dataset, rows: pa.Table) -> list[str]:
    """What is to be said under [columns] of the levels of columns of groups, line by line.

    Words for "not known" are declared missing, and levels that look like one group are remarked on.

    Args:
        dataset: whose columns have roles.
        rows: its first.
    """
    known, lines = roles(dataset), list[str]()
    names = [name for role in ("sensitive", "profile") for name in known.get(role, [])]
    names = [name for name in names if name in rows.column_names]
    if not names:
        return []
    rows = rows.select(list(dict.fromkeys(names)))
    for name, words in unknown_levels.proposed(rows).items():
        lines += [f"# {said}" for said in (plan_start.PROPOSED.zh, plan_start.PROPOSED.en)]
        lines.append(unknown_levels.line(name, words))
    return [*lines, *(f"# {said}" for said in alike_levels.remarks(rows, names))]


def outcomes(dataset: Dataset, rows: pa.Table) -> tuple[str, ...]:
    """The values of the column of outcomes, most frequent first; none where there are many.

    Args:
        dataset: whose columns have roles.
        rows: its first.
    """
    name = next(iter(roles(dataset).get("target", [])), None)
    if name is None or name not in rows.column_names:
        return ()
    counts: decision_words.Counts = {}
    decision_words.add(counts, missing.without_missing(rows[name], name, Columns()))
    found = sorted(counts, key=lambda word: (-counts[word], word))
    return tuple(found) if len(found) <= plan_start.FEW else ()


def likely(dataset: Dataset, values: Sequence[str]) -> str:
    """The value that is good for the person, where its word says so; else nothing is proposed.

    Args:
        dataset: whose columns have roles.
        values: those of the column of outcomes.
    """
    name = next(iter(roles(dataset).get("target", [])), None)
    if name is None:
        return "1"  # no outcome is held against the model: its own class is meant
    return (decision_words.good_word(name, values) if values else None) or ""


def draft(
    dataset: Dataset,
    version: Version,
    asked: QueryParams,
    rows: pa.Table,
) -> str:
    """The plan in TOML that follows from what was chosen.

    Args:
        dataset: whose columns have roles.
        version: whose inputs are to be scored.
        asked: the fields of the form.
        rows: the first rows, see `first_rows`.
    """
    known = roles(dataset)
    lines = [f"title = {_title(dataset, asked.get('title') or '')}"]
    if asked.get("frame"):
        lines.append(f"frame = {written(asked['frame'])}")
    if asked.get("target_kind") in TARGETS and asked["target_kind"] != "outcome":
        lines.append(f"target_kind = {written(asked['target_kind'])}")
    lines += ["", "[columns]"]
    lines += [f"{role} = {written(known[role][0])}" for role in ONE if known.get(role)]
    lines += [f"{role} = {written(known[role])}" for role in MANY if known.get(role)]
    lines += levels(dataset, rows)
    lines.append(f"inputs = {written([str(each['name']) for each in version.inputs])}")
    if not known.get("price"):
        lines += [*_decision(dataset, asked, outcomes(dataset, rows))]
        lines.append(f"cut = {_scalar(asked.get('cut') or '0.5')}")
    return "\n".join([*lines, *_references(known, asked), *_names(known, asked), *_probes(dataset, asked)])  # fmt: skip


def _decision(dataset: Dataset, asked: QueryParams, values: Sequence[str]) -> Iterator[str]:
    """Which outcome is good for the person, and which class of the model it is; what is not said is asked."""
    good = asked.get("favourable", likely(dataset, values)).strip()
    if good:
        yield f"favourable = {_scalar(good)}"
    else:
        yield f"# {plan_start.UNSAID.zh} /"
        yield f"# {plan_start.UNSAID.en}"
        yield f"# favourable = …   # {'、'.join(filter(str.isprintable, values))}"
    bad = [word for word in values if word in asked.getlist("unfavourable") and word != good]
    if bad:
        yield f"unfavourable = {written(bad)}"
    elif len(values) > 2:
        name = roles(dataset)["target"][0]
        yield from plan_start.unfavourable({name: values}, [name], good or None)
    if score_side.told_by(values):
        return
    side = asked.get("score_favourable", "")
    if side in ("0", "1"):
        yield f"score_favourable = {side}"
    elif side == "names":
        yield f"classes = {written(list(values))}"
    else:
        yield from score_side.lines(values, scored=True)


def _references(known: Mapping[str, list[str]], asked: Mapping[str, str]) -> Iterator[str]:
    chosen = {n: asked.get(f"reference.{n}", "").strip() for n in known.get("sensitive", [])}
    given = {name: level for name, level in chosen.items() if level}
    if given:
        yield from ("", "[reference]")
        yield from (f"{written(name)} = {written(level)}" for name, level in given.items())


def _names(known: Mapping[str, list[str]], asked: Mapping[str, str]) -> Iterator[str]:
    for name in [n for role in MANY for n in known.get(role, [])]:
        zh, en = (asked.get(f"name.{name}.{side}", "").strip() for side in ("zh", "en"))
        if zh or en:
            yield from ("", f"[names.{written(name)}]",
                        f"plain = {{ zh = {written(zh or en)}, en = {written(en or zh)} }}")  # fmt: skip


def _probes(dataset: Dataset, asked: QueryParams) -> Iterator[str]:
    for offer in offers(dataset, asked):
        if not offer.chosen:
            continue
        yield from ("", "[[probes]]", f"id = {written(offer.id)}")
        for choice in offer.choices:
            if choice.typed:
                yield f"{choice.name} = {_value(choice)}"


def _value(choice: Choice) -> str:
    """What was typed, as TOML; a fault shows when the plan is checked."""
    if choice.kind == "names":
        return written(
            [part.strip() for part in re.split(r"[,，、\n]", choice.typed) if part.strip()]
        )
    if choice.kind in ("words", "one"):
        return written(choice.typed)
    return choice.typed


def _scalar(text: str) -> str:
    """A number or truth value as such, anything else as a text."""
    return text if re.fullmatch(r"-?\d+(\.\d+)?|true|false", text) else written(text)


def written(value: Any) -> str:
    """A text, number, truth value, or list of them, in TOML."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
