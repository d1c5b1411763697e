"""What a search can be narrowed by: the facets of the record, their values in words, their counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import QueryParams

from filing.fields import Option, schema
from filing.lifecycle import STATUS_NAMES, Status
from filing.risk import LEVEL_NAMES, Level
from filing.search_index import MOST_FILERS, Filters
from registry.language import Text
from registry.organisations import Organisation

YES_NO = {"yes": Text("有", "yes"), "no": Text("没有", "no")}
LONGEST = 100
MOST_VALUES = 20
"""Values of one facet that an address may name."""
SHOWN = (
    Status.PUBLISHED, Status.CHANGE_PENDING, Status.CANCELLED, Status.REVOKED, Status.SUPERSEDED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet: in words, how many hits it has, whether it is chosen."""

    id: str
    said: Text
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet with those of its values that a reader can choose."""

    name: str
    label: Text
    values: tuple[Value, ...]


LABELS = {
    "kind": Text("算法类型", "Kind"),
    "effect": Text("对个人的影响", "Effect on a person"),
    "sector": Text("领域", "Sector"),
    "grade": Text("风险等级", "Risk grade"),
    "status": Text("状态", "Status"),
    "evaluated": Text("未过期的第三方评估", "Third-party evaluation that has not expired"),
    "beyond": Text(
        "附的报告里超过界线的差异", "A difference beyond its line in an attached report"
    ),
    "personal": Text("数据里的个人信息", "Personal information in the data"),
    "choice": Text("“您可以怎样选择”的说明", "An answer to “what you can choose”"),
    "city": Text("备案城市", "City of filing"),
    "district": Text("所在区", "District"),
    "filer": Text("备案主体", "Filer"),
}
OPEN = ("district", "filer")
"""Facets whose values are the record's and no options of ours."""


def chosen(given: QueryParams) -> dict[str, list[str]]:
    """The values that an address names; what is no value of its facet is left out.

    Args:
        given: the address's parameters.
    """
    names = dict(options())
    found: dict[str, list[str]] = {}
    for name in LABELS:
        values = list(dict.fromkeys(given.getlist(name)))[:MOST_VALUES]
        kept = [
            each
            for each in values
            if (0 < len(each) <= LONGEST if name in OPEN else each in names[name])
        ]
        if kept:
            found[name] = kept
    return found


def filters(given: Mapping[str, Sequence[str]]) -> Filters:
    """The values as a search takes them.

    Args:
        given: values by facet.
    """
    evaluated = given.get("evaluated", ())
    rest = {name: values for name, values in given.items() if name not in ("evaluated", "status")}
    return Filters(
        evaluated=evaluated[0] == "yes" if len(evaluated) == 1 else None,
        status=[Status(each) for each in given.get("status", ())],
        **rest,  # type: ignore[arg-type]  # the facets' names are the filters' own
    )


def shown(
    session: Session,
    counts: Mapping[str, Mapping[str, int]],
    given: Mapping[str, Sequence[str]],
) -> tuple[Facet, ...]:
    """The facets as the page shows them: values that have hits or are chosen.

    Args:
        session: any session, for the names of filers.
        counts: hits by facet and value.
        given: what is chosen.
    """
    names: dict[str, Mapping[str, Text]] = dict(options())
    filers = sorted(counts.get("filer", {}), key=lambda each: (-counts["filer"][each], each))
    named = {*filers[:MOST_FILERS], *given.get("filer", ())}
    name = select(Organisation.id, Organisation.name_zh, Organisation.name_en)
    rows = session.execute(name.where(Organisation.id.in_(named)))
    names["filer"] = {each: Text(zh, en) for each, zh, en in rows}
    places = {*counts.get("district", {}), *given.get("district", ())}
    names["district"] = {each: Text(each, each) for each in sorted(places) if each}
    return tuple(
        Facet(name, label, _values(names[name], counts.get(name, {}), given.get(name, ())))
        for name, label in LABELS.items()
    )


def _values(
    names: Mapping[str, Text], counted: Mapping[str, int], given: Sequence[str]
) -> tuple[Value, ...]:
    every = (
        Value(each, said, counted.get(each, 0), each in given) for each, said in names.items()
    )
    return tuple(each for each in every if each.count or each.chosen)


@cache
def options() -> Mapping[str, Mapping[str, Text]]:
    """The values of each facet that are options of ours, in words."""
    form = schema()
    sectors = next(part for part in form.field("B5").value.parts if part.id == "sectors")
    cities = next(part for part in form.field("A3").value.parts if part.id == "city")
    return {
        "kind": _options(form.field("B4").value.options),
        "effect": _options(form.field("B14").value.options),
        "sector": _options(sectors.options),
        "city": _options(cities.options),
        "grade": {level.value: LEVEL_NAMES[level] for level in Level},
        "status": {each.value: STATUS_NAMES[each] for each in SHOWN},
        **dict.fromkeys(("evaluated", "beyond", "personal", "choice"), YES_NO),
    }


def _options(options: Sequence[Option]) -> dict[str, Text]:
    return {each.id: each.name for each in options}
