"""The facets of a search as a page shows them: their values in words, with their counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from filing.lifecycle import Status
from filing.search_hits import MOST_FILERS, Filters
from filing.search_options import LABELS, options
from registry import districts, untranslated
from registry.database import rows
from registry.language import Text
from registry.organisations import Organisation


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


NAMED = select(Organisation.id, Organisation.name_zh, Organisation.name_en).where(
    Organisation.id.in_(bindparam("ids", expanding=True))
)


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
        **rest,
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
    called = rows(session, NAMED, ids=sorted(named)) if named else ()
    names["filer"] = {each: Text(zh, en) for each, zh, en in called}
    places = {*counts.get("district", {}), *given.get("district", ())}
    names["district"] = {each: _district(each) for each in sorted(places) if each}
    return tuple(
        Facet(name, label, _values(names[name], counts.get(name, {}), given.get(name, ())))
        for name, label in LABELS.items()
    )


def _district(name: str) -> Text:
    """A district in both languages; one that is in neither city has no English name of ours."""
    english = districts.english(name)
    return Text(name, english) if english else untranslated.once(name)


def _values(
    names: Mapping[str, Text], counted: Mapping[str, int], given: Sequence[str]
) -> tuple[Value, ...]:
    every = (
        Value(each, said, counted.get(each, 0), each in given) for each, said in names.items()
    )
    return tuple(each for each in every if each.count or each.chosen)
