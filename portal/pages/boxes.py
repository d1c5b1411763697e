"""The boxes of a form that was turned down, read off its page: a refusal names each by its label.

The page is read as a browser reads it, so that the label which the refusal gives is the one that
stands beside the box, and there is no second list of labels. A box is then marked as wrong and
described by the reason (WCAG 2.2, 3.3.1; ARIA `aria-invalid`, `aria-describedby`).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import accumulate
from typing import TypeVar
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

from filing.fields import FieldNotFound
from filing.forms import current
from registry.errors import Conflict, Reason, RegisterError
from registry.language import Language

Names = Callable[[str], Iterable[str]]
"""From the item of a reason to the names that its box may have, the most exact first."""
CHANGES = frozenset({"csrf", "once", "revision"})
"""Hidden fields that differ between the form that was sent and the same form shown again."""
BOXES = frozenset({"input", "select", "textarea"})
ASIDE = frozenset({"quiet", "tag"})
"""Classes of what stands in a label and is no part of it: "(optional)", a type, a weight."""
VOID = frozenset({"input", "br", "hr", "img", "meta", "link", "wbr", "source", "col"})
DESCRIBED = re.compile(r'\s+aria-describedby="[^"]*"')
FIELD = "data-field"
"""The attribute of a group that holds the code of a field of the filing."""
JOINT = " · "
CALLED = "/name"
"""At the end of the id of what names a part of an answer, in the form of a filing."""
Kind = TypeVar("Kind")


def same(item: str) -> Iterable[str]:
    """The name of a box that is called what the reason calls it."""
    return (item,)


def called(names: Mapping[str, str]) -> Names:
    """A form whose boxes are called as the reasons call them, but for those in `names`.

    Args:
        names: item of a reason → name of its box.
    """
    return lambda item: (names.get(item, item),)


@dataclass(frozen=True, slots=True)
class Box:
    """One box, or a group of boxes, as the page shows it.

    Args:
        address: the link to it, within the page unless it stands on another.
        label: what the page calls it, in the page's language.
        code: the code of the filing's field that it belongs to; empty elsewhere.
    """

    address: str
    label: str
    code: str = ""


def of_field(item: str, language: Language, page: str = "") -> Box | None:
    """The field of the filing that a reason is about; None where it is about none.

    Args:
        item: of the reason, such as `B7.purpose.zh`.
        language: of the page.
        page: the page of the filing; empty where every field stands on this one.
    """
    key = item.partition(".")[0]
    try:
        name = current().field(key).name.in_(language)
    except FieldNotFound:
        return None
    group = f"{page}?group={key[0]}" if page else ""
    return Box(f"{group}#{quote(key)}", name, key)


@dataclass(frozen=True, slots=True)
class Told:
    """One reason of a refusal, with the box that it is about.

    Args:
        id: of the reason's place on the page, which describes the box.
        reason: what is wrong, and what to do.
        box: None where the reason is about no box of the form.
    """

    id: str
    reason: Reason
    box: Box | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A page that shows a form again: the reasons, and the page with the wrong boxes marked."""

    reasons: Sequence[Told]
    page: Markup


def shown(
    page: str,
    error: RegisterError,
    *,
    address: str,
    typed: Mapping[str, object],
    names: Names,
) -> Shown:
    """Name the box of each reason, and mark the boxes that are wrong.

    Where the record has moved on, a reason tells what somebody else did with a field of the
    filing: it leads to the field, and nothing that was typed is wrong.

    Args:
        page: the page, without the list of reasons.
        error: why the form was turned down.
        address: where the form was sent.
        typed: what was sent in it.
        names: from the item of a reason to the name of its box.
    """
    reader = _Reader(page)
    found = reader.boxes(address, typed)
    told, wrong = list[Told](), dict[int, tuple[_Tag, list[str]]]()
    for number, reason in enumerate(error.reasons, 1):
        tag = next((found[name] for name in names(reason.item) if name in found), None)
        if tag and isinstance(error, Conflict):
            tag = tag.field or tag
        told.append(Told(f"why-{number}", reason, reader.box(tag) if tag else None))
        if tag and not isinstance(error, Conflict):
            wrong.setdefault(tag.start, (tag, []))[1].append(f"why-{number}")
    return Shown(told, Markup(reader.marked(wrong.values())))  # noqa: S704  # our own page, marked


@dataclass(slots=True)
class _Words:
    """What a label, a legend or a heading says."""

    parts: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join("".join(self.parts).split())


@dataclass(slots=True)
class _Tag:
    """A box, or a group of boxes, where it stands in the page."""

    given: Mapping[str, str]
    start: int
    text: str
    group: "_Tag | None" = None
    label: _Words | None = None

    @property
    def is_box(self) -> bool:
        return "name" in self.given

    @property
    def name(self) -> str:
        return self.given.get("name") or self.given.get("id", "").removeprefix("f-")

    def around(self) -> Iterator["_Tag"]:
        """Itself, then each group that it stands in, from the inside."""
        tag: _Tag | None = self
        while tag is not None:
            yield tag
            tag = tag.group

    @property
    def field(self) -> "_Tag | None":
        """The group of a field of the filing that it belongs to."""
        return next((each for each in self.around() if FIELD in each.given), None)

    @property
    def id(self) -> str:
        return self.given.get("id") or "f-" + "_".join(self.name.split())


@dataclass(slots=True)
class _Form:
    """One form: where its buttons send it, its hidden fields, its boxes and groups by name."""

    addresses: set[str]
    hidden: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, list[_Tag]] = field(default_factory=dict)

    def sent(self, typed: Mapping[str, object]) -> bool:
        """Whether its hidden fields are those that were sent."""
        return all(typed.get(name, value) == value for name, value in self.hidden.items())


@dataclass(frozen=True, slots=True)
class _Open:
    """An element that is not closed yet: what it makes, and whether its text is part of no label."""

    tag: str
    makes: _Form | _Words | _Tag | None
    aside: bool


class _Reader(HTMLParser):
    """Reads the forms of a page, with what names each box."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._page = page
        self._lines = [0, *accumulate(len(line) + 1 for line in page.split("\n"))]
        self._forms: list[_Form] = []
        self._named: dict[str, _Words] = {}
        self._inside: list[_Open] = []
        self.feed(page)

    def boxes(self, address: str, typed: Mapping[str, object]) -> dict[str, _Tag]:
        """The boxes of the form that was sent, by name; of several with one name the first."""
        own = [form for form in self._forms if address in form.addresses]
        there = own or [form for form in self._forms if "" in form.addresses]
        found: dict[str, _Tag] = {}
        for form in [each for each in there if each.sent(typed)] or there:
            for name, tags in form.boxes.items():
                first = found.setdefault(name, tags[0])
                kind = first.given.get("type")
                if (kind == "radio" or (kind == "checkbox" and len(tags) > 1)) and first.group:
                    first.label = first.group.label  # what stands over them all
        return found

    def box(self, tag: _Tag) -> Box:
        """A box, or a group, as people know it."""
        group, address = tag.field, f"#{quote(tag.id, safe='/')}"
        if group is None:
            return Box(address, self._own(tag) or tag.name)
        # A part of an answer is named by each step of its place: the field, the part, the language.
        places = list(accumulate(tag.id.split("/"), lambda one, two: f"{one}/{two}"))[:-1]
        calls = [each for place in places for each in (f"{place}{CALLED}", place)]
        steps = [str(self._named[each]) for each in calls if each in self._named]
        parts = dict.fromkeys(part for part in [self._own(group), *steps, self._own(tag)] if part)
        return Box(address, JOINT.join(parts), group.given[FIELD])

    def _own(self, tag: _Tag) -> str:
        given = tag.given
        ids = given.get(
            "aria-labelledby", ""
        ).split()  # from the outside inwards: the last is its own
        named = self._named.get(ids[-1] if ids else tag.id)
        return given.get("aria-label") or str(named or tag.label or "")

    def marked(self, wrong: Iterable[tuple[_Tag, Sequence[str]]]) -> str:
        """The page with each wrong box marked, described by its reasons, and within reach of a link.

        Args:
            wrong: the box, and the ids of what describes it.
        """
        parts, end = list[str](), 0
        for tag, why in sorted(wrong, key=lambda each: each[0].start):
            parts += [self._page[end : tag.start], _marked(tag, why)]
            end = tag.start + len(tag.text)
        return "".join([*parts, self._page[end:]])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, a box, a group, or what names one."""
        given = {name: value or "" for name, value in attrs}
        makes: _Form | _Words | _Tag | None = None
        form = self._last(_Form)
        if tag == "form":
            makes = _Form({urlsplit(given.get("action", "")).path})
            self._forms.append(makes)
        elif form is not None and "formaction" in given:
            form.addresses.add(urlsplit(given["formaction"]).path)
        elif form is not None and tag in BOXES and given.get("name"):
            self._box(form, given)
        elif tag == "fieldset" or given.get("role") == "group":
            makes = self._tag(given)
            if form is not None and given.get("id"):
                form.boxes.setdefault(makes.name, []).append(makes)
        elif tag in ("label", "legend") or (tag == "span" and given.get("id")):
            makes = self._words(tag, given)
        if tag not in VOID:
            aside = tag in BOXES or bool(ASIDE & set(given.get("class", "").split()))
            self._inside.append(_Open(tag, makes, aside))

    def handle_endtag(self, tag: str) -> None:
        """Close the last element of this kind, and what was left open in it."""
        places = [place for place, each in enumerate(self._inside) if each.tag == tag]
        if places:
            del self._inside[places[-1] :]

    def handle_data(self, data: str) -> None:
        """Text is part of every label that it stands in, unless it stands aside."""
        for each in reversed(self._inside):
            if each.aside:
                return
            if isinstance(each.makes, _Words):
                each.makes.parts.append(data)

    def _box(self, form: _Form, given: Mapping[str, str]) -> None:
        if given.get("type") != "hidden":
            form.boxes.setdefault(given["name"], []).append(self._tag(given, self._last(_Words)))
        elif given["name"] not in CHANGES:
            form.hidden[given["name"]] = given.get("value", "")

    def _tag(self, given: Mapping[str, str], label: _Words | None = None) -> _Tag:
        line, column = self.getpos()
        text = self.get_starttag_text() or ""
        return _Tag(given, self._lines[line - 1] + column, text, self._last(_Tag), label)

    def _words(self, tag: str, given: Mapping[str, str]) -> _Words:
        made = _Words()
        group = self._last(_Tag)
        if tag == "legend" and group is not None:
            group.label = made
        for place in {given.get("for"), given.get("id")} - {None, ""}:
            self._named[str(place)] = made
        return made

    def _last(self, kind: type[Kind]) -> Kind | None:
        """The innermost open element that makes a `kind`."""
        return next(
            (each.makes for each in reversed(self._inside) if isinstance(each.makes, kind)), None
        )


def _marked(tag: _Tag, why: Sequence[str]) -> str:
    """The tag of a box, marked as wrong and with an id for the link; of a group as it is."""
    if not tag.is_box:
        return tag.text  # it has an id, or it had no name
    added = "" if tag.given.get("id") else f' id="{escape(tag.id)}"'
    described = " ".join([*why, *tag.given.get("aria-describedby", "").split()])
    text = DESCRIBED.sub("", tag.text)
    name = re.match(r"<\w+", text)
    end = name.end() if name else 0
    marks = f'{added} aria-invalid="true" aria-describedby="{escape(described)}"'
    return f"{text[:end]}{marks}{text[end:]}"
