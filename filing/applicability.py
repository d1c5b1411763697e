"""Which fields and parts apply to what was answered, and so which answers count.

What does not apply is not asked, not required and not published. What somebody once answered there
stays in the dossier, set aside, and counts again as soon as it applies. An answer that is set aside
is no answer to the conditions of others either. All of it is a pure function of schema and answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from filing import conditions
from filing.conditions import ALWAYS, Condition, Every, Is, Not, Some
from filing.fields import Answers, Field, FieldNotFound, Kind, Part, Schema, sets, split
from filing.meanings import DERIVED, Meaning, Topic
from registry.language import Text


def applies(told: Answers, key: str) -> bool:
    """Whether the field of a key is asked, given the answers.

    Args:
        told: stored answers.
        key: `B1` or `C1#2`.
    """
    return _Reading(told).applies(key)


def required(told: Answers, key: str) -> bool:
    """Whether a key must be answered, given the answers; never where it does not apply.

    Args:
        told: stored answers.
        key: `B1` or `C1#2`.
    """
    reading = _Reading(told)
    field = told.form.field(key)
    return reading.applies(key) and reading.holds(field.value.required, key, {})


def missing(told: Answers, topic: Topic | None = None) -> list[str]:
    """The keys that must be answered and are not, in the order of the form.

    Args:
        told: the answers that count.
        topic: of one group alone; None for all.
    """
    form = told.form
    return [
        key
        for key in needed(told)
        if key not in told.rows
        and (topic is None or form.group(form.field(key).group).topic is topic)
    ]


def needed(told: Answers) -> list[str]:
    """The keys that must be answered, in the order of the form.

    Args:
        told: the answers that count.
    """
    form, reading = told.form, _Reading(told)
    return [
        key
        for key in form.keys(told.rows)
        if not (field := form.field(key)).computed
        and reading.applies(key)
        and reading.holds(field.value.required, key, {})
    ]


def part_required(told: Answers, key: str, part: Part, siblings: Mapping[str, Any]) -> bool:
    """Whether a part inside an answer must be there, given those beside it.

    Args:
        told: stored answers.
        key: of the answer.
        part: one of its parts, or of a row's.
        siblings: the values of the same object or row that count.
    """
    reading = _Reading(told)
    return all(reading.holds(each, key, siblings) for each in (part.when, part.required))


def counting(told: Answers) -> Answers:
    """The answers that count: without fields and parts that do not apply.

    Args:
        told: stored answers, of which some may be set aside.
    """
    reading, kept = _Reading(told), dict[str, Mapping[str, Any]]()
    for key, stored in told.rows.items():
        try:
            field = told.form.field(key)
        except FieldNotFound:
            kept[key] = stored
            continue
        if not field.value.conditional:
            kept[key] = stored
        elif reading.applies(key):
            value = reading.value(key)
            if "value" not in stored or value == stored["value"]:
                kept[key] = stored
            elif value is not None:
                kept[key] = {**stored, "value": value}
    return Answers(told.form, kept, told.derived)


def set_aside(told: Answers) -> list[str]:
    """The places of what was answered and does not count, `B9` or `D10.grounds`, in order of the form.

    Args:
        told: stored answers, all of them.
    """
    left = counting(told)
    return [
        f"{key}{path}"
        for key in told.form.keys(told.rows)
        if key in told.rows
        for path in _lost(told.rows[key].get("value"), (left.rows.get(key) or {}).get("value"))
        if key not in left.rows or path
    ]


def _lost(before: Any, after: Any) -> Iterator[str]:
    """The paths, from the outside in, of what one value has and the other has not."""
    if after is None:
        yield ""
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for name, inner in before.items():
            yield from (f".{name}{path}" for path in _lost(inner, after.get(name)))
    elif isinstance(before, list) and isinstance(after, list):
        for place, (was, now) in enumerate(zip(before, after, strict=False), 1):
            yield from (f".{place}{path}" for path in _lost(was, now))


def holds(told: Answers, key: str, condition: Condition) -> bool:
    """Whether a condition of a field holds.

    Args:
        told: stored answers.
        key: of the field whose condition it is.
        condition: one that asks no sibling part.
    """
    return _Reading(told).holds(condition, key, {})


def spelled_out(form: Schema, condition: Condition) -> Condition:
    """A condition with those under which the answers that it asks apply at all.

    Args:
        form: the schema.
        condition: of a field or a part of one.
    """
    match condition:
        case Is():
            if condition.means in DERIVED or not (condition.field or condition.means):
                return condition
            field, part = _place(form, condition)
            leaf = Is(condition.values, field.code, part)
            when = field.value.when
            return leaf if when == ALWAYS else Every((leaf, spelled_out(form, when)))
        case Not():
            return Not(spelled_out(form, condition.of))
        case Every() | Some():
            return type(condition)(tuple(spelled_out(form, each) for each in condition.of))


def asks(form: Schema, meaning: Meaning) -> bool:
    """Whether any condition of a schema asks for what the platform has worked out.

    Args:
        form: the schema.
        meaning: one of `meanings.DERIVED`.
    """
    return meaning in form.asked


def order(form: Schema) -> list[str]:
    """The codes of a schema, each behind all that decide whether it applies.

    Args:
        form: the schema.

    Raises:
        ValueError: where conditions lead round in a circle, or ask for what is not there; names them.
    """
    after = {field.code: set(_asked(form, field)) for field in form}
    for meaning, sources in DERIVED.items():
        if meaning in form.places:
            after[form.meant(meaning).code] |= {form.meant(each).code for each in sources}
    try:
        for field in form:
            _siblings(field.value, field.code)
        return list(TopologicalSorter(after).static_order())
    except CycleError as circle:
        named = " → ".join(circle.args[1])
        raise ValueError(f"conditions of the form lead round in a circle: {named}") from circle


def _asked(form: Schema, field: Field) -> Iterator[str]:
    """The codes of the other fields that a field's conditions ask."""
    for leaf in field.value.leaves:
        if leaf.field or leaf.means:
            yield _place(form, leaf)[0].code


def _siblings(part: Part, where: str) -> None:
    """Raise where parts of one object ask each other in a circle, or ask for one that is not there."""
    beside = {each.id: each for each in part.parts}
    after = {
        each.id: {
            leaf.part
            for condition in (each.when, each.required)
            for leaf in conditions.leaves(condition)
            if not leaf.field and leaf.means is None
        }
        for each in part.parts
    }
    for name, asked in after.items():
        if strangers := sorted(asked - beside.keys()):
            raise ValueError(f"{where}.{name} asks for {strangers[0]}, which is not beside it")
    TopologicalSorter(after).prepare()
    for each in part.parts:
        _siblings(each, f"{where}.{each.id}")


def _place(form: Schema, leaf: Is) -> tuple[Field, str]:
    """The field and the part that a leaf asks about, where it is no sibling.

    Raises:
        ValueError: when there is none.
    """
    if leaf.means is not None:
        field, part = form.places[leaf.means]
        if field.computed and leaf.means not in DERIVED:
            raise ValueError(f"a condition asks for {leaf.means}, which none may")
        return field, part
    found = form.coded(leaf.field)
    if found is None:
        raise ValueError(f"a condition asks for {leaf.field}, which is no field of the form")
    return found, leaf.part


class _Reading:
    """One look at the answers; each field is decided once.

    Args:
        told: stored answers.
    """

    def __init__(self, told: Answers) -> None:
        self.told = told
        self._applies: dict[str, bool] = {}
        self._values: dict[str, Any] = {}

    def applies(self, key: str) -> bool:
        """Whether the field of a key is asked."""
        if key not in self._applies:
            field = self.told.form.field(key)
            self._applies[key] = self.holds(field.value.when, key, {})
        return self._applies[key]

    def value(self, key: str) -> Any:
        """So much of an answer's bare value as counts; None where nothing does."""
        if key not in self._values:
            field = self.told.form.field(key)
            given = (self.told.rows.get(key) or {}).get("value")
            counts = given is not None and self.applies(key)
            self._values[key] = self._counting(field.value, given, key) if counts else None
        return self._values[key]

    def holds(self, condition: Condition, key: str, siblings: Mapping[str, Any]) -> bool:
        """Whether a condition of a field, or of a part beside `siblings`, holds."""
        return condition == ALWAYS or conditions.met(
            condition, lambda leaf: self._look(leaf, key, siblings)
        )

    def _look(self, leaf: Is, key: str, siblings: Mapping[str, Any]) -> Sequence[Any]:
        if leaf.means is not None and leaf.means in DERIVED:
            found = self.told.derived.get(leaf.means)
            return () if found is None else (found,)
        if not leaf.field and leaf.means is None:
            return tuple(_bare(siblings.get(leaf.part), ""))
        field, part = _place(self.told.form, leaf)
        keys = self._keys(field, key)
        return [each for held in keys for each in _bare(self.value(held), part)]

    def _keys(self, field: Field, asking: str) -> list[str]:
        """The keys of a field as another one sees it: in its own set, or in every set."""
        form = self.told.form
        group = form.group(field.group)
        if not group.repeats:
            return [field.code]
        number = split(asking)[1]
        if number is not None and form.field(asking).group == group.id:
            return [f"{field.code}#{number}"]
        return [f"{field.code}#{each}" for each in range(1, sets(group, self.told.rows) + 1)]

    def _counting(self, part: Part, given: Any, key: str) -> Any:
        if part.kind is Kind.ROWS and isinstance(given, list):
            rows = [self._object(part, row, key) or {} for row in given]
            return rows if any(rows) else None  # each in its place, by which a fault is told
        return self._object(part, given, key) if part.kind is Kind.PARTS else given

    def _object(self, part: Part, given: Any, key: str) -> Any:
        """The parts of one object or row that apply, decided in the order in which they ask."""
        if not isinstance(given, Mapping):
            return given
        left = dict(given)
        for each in part.in_order:
            if each.id in left and not self.holds(each.when, key, left):
                del left[each.id]
            elif each.id in left:
                left[each.id] = self._counting(each, left[each.id], key)
        return {name: inner for name, inner in left.items() if inner is not None} or None


def _bare(value: Any, part: str) -> Iterator[Any]:
    """The option ids at a place of a value, also in each of several rows."""
    if isinstance(value, list):
        for each in value:
            yield from _bare(each, part)
    elif isinstance(value, Mapping):
        if part:
            yield from _bare(value.get(part), "")
    elif value is not None and not part:
        yield value


def in_words(form: Schema, part: Part, beside: Sequence[Part] = ()) -> Text | None:
    """Where a field or a part of one applies, in words; None where it always does.

    Args:
        form: the schema.
        part: a whole field, or a part of one.
        beside: the parts of the same object or row.
    """
    named = {each.id: each for each in beside}
    return _words(form, part.when, named) if part.when != ALWAYS else None


def place_in_words(form: Schema, place: str) -> Text:
    """Where a place that was set aside would apply, in words.

    Args:
        form: the schema.
        place: as `set_aside` gives it.
    """
    key, *path = place.split(".")
    part, beside = form.field(key).value, tuple[Part, ...]()
    for name in path:
        if not name.isdecimal():
            part, beside = next(each for each in part.parts if each.id == name), part.parts
    return in_words(form, part, beside) or Text("适用", "it applies")


def _words(
    form: Schema, condition: Condition, beside: Mapping[str, Part], *, turned: bool = False
) -> Text:
    match condition:
        case Is():
            return _leaf(form, condition, beside, turned=turned)
        case Not():
            return _words(form, condition.of, beside, turned=not turned)
        case Every() | Some():
            inner = [_words(form, each, beside, turned=turned) for each in condition.of]
            every = isinstance(condition, Every) is not turned  # not all is some that are not
            zh, en = ("，并且", " and ") if every else ("，或者", " or ")
            return Text(zh.join(each.zh for each in inner), en.join(each.en for each in inner))


def _leaf(form: Schema, leaf: Is, beside: Mapping[str, Part], *, turned: bool) -> Text:
    if not leaf.field and leaf.means is None:
        name, options = beside[leaf.part].name, beside[leaf.part].options
    else:
        field, inside = _place(form, leaf)
        part = next((each for each in field.value.parts if each.id == inside), field.value)
        name, options = field.name, part.options
        if part is not field.value:
            name = Text(f"{name.zh}·{part.name.zh}", f"{name.en}, {part.name.en}")
    chosen = [each.name for each in options if each.id in leaf.values] or [
        Text(each, each) for each in sorted(leaf.values)
    ]
    zh = "或".join(f"“{each.zh}”" for each in chosen)
    en = " or ".join(f"“{each.en}”" for each in chosen)
    if turned:
        return Text(f"“{name.zh}”不是{zh}", f"“{name.en}” is not {en}")
    return Text(f"“{name.zh}”是{zh}", f"“{name.en}” is {en}")
