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
from evaluators.probe import Options, Probe
from evaluators.running import alike_levels, unknown_levels
from portal.home import plan_start
from registry.datasets import Dataset
from registry.language import Text
from registry.submission import Version

ONE = ("target", "price", "item", "time", "user", "weight", "query", "rank", "unit")
MANY = ("sensitive", "control", "cost", "profile")
USUAL = ("selection_parity", "error_parity", "counterfactual_flip", "proxy_leakage",
         "price_counterfactual", "price_observational")  # fmt: skip
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


def levels(dataset: Dataset, batches: Iterable[pa.RecordBatch]) -> list[str]:
    """What is to be said under [columns] of the levels of columns of groups, line by line.

    Words for "not known" are declared missing, and levels that look like one group are remarked on.

    Args:
        dataset: whose columns have roles.
        batches: its rows, of which the first are looked at.
    """
    known, held, looked = roles(dataset), list[pa.RecordBatch](), 0
    names = [name for role in ("sensitive", "profile") for name in known.get(role, [])]
    if not names:
        return []
    for batch in batches:
        held.append(batch.select(names))
        looked += batch.num_rows
        if looked >= plan_start.ROWS:
            break
    if not held:
        return []
    rows, lines = pa.Table.from_batches(held), list[str]()
    for name, words in unknown_levels.proposed(rows).items():
        lines += [f"# {said}" for said in (plan_start.PROPOSED.zh, plan_start.PROPOSED.en)]
        lines.append(unknown_levels.line(name, words))
    return [*lines, *(f"# {said}" for said in alike_levels.remarks(rows, names))]


def draft(
    dataset: Dataset,
    version: Version,
    asked: QueryParams,
    said: Sequence[str],
) -> str:
    """The plan in TOML that follows from what was chosen.

    Args:
        dataset: whose columns have roles.
        version: whose inputs are to be scored.
        asked: the fields of the form.
        said: what there is to say of levels, see `levels`.
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
    lines += said
    lines.append(f"inputs = {written([str(each['name']) for each in version.inputs])}")
    if not known.get("price"):
        lines += [
            f"favourable = {_scalar(asked.get('favourable') or '1')}",
            f"cut = {_scalar(asked.get('cut') or '0.5')}",
        ]
    return "\n".join([*lines, *_references(known, asked), *_names(known, asked), *_probes(dataset, asked)])  # fmt: skip


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
