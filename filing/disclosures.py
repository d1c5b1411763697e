"""Who gives out what proves a withheld value, and which digests stand in the editions of a filing."""

from sqlalchemy.orm import Session

from filing import catalogue, dossier, editions, withholding
from filing.withholding import Disclosure, NothingWithheld, Place
from registry.errors import Refused
from registry.organisations import Actor, Kind


class NotYours(Refused):
    """Only the filer and the authority give out what proves a withheld value."""


def places(session: Session, number: str) -> list[Place]:
    """What every edition of a filing withholds, with its digest, oldest first.

    Args:
        session: any session.
        number: of the filing, in either form.

    Raises:
        NumberNotFound: when nothing was published under it.
    """
    return withholding.places(catalogue.contents(session, number))


def every(
    session: Session, by: Actor, filing_id: str, edition: int | None = None
) -> list[Disclosure]:
    """What an edition withholds, with what proves it.

    Args:
        session: any session.
        by: the filer, or the authority.
        filing_id: of which filing.
        edition: its number; None for the newest, of which there may be none yet.

    Raises:
        NotYours: for anybody else.
        EditionNotFound: when there is no such edition.
    """
    filing = dossier.get(session, by=by, filing_id=filing_id)
    if by.organisation_id != filing.organisation_id and by.kind != Kind.AUTHORITY:
        raise NotYours(
            "证明材料由备案主体或者主管部门给出。",
            "What proves a withheld value is given out by the filer or the authority.",
        )
    issued = editions.every(session, filing)
    if edition is None and not issued:
        return []
    number = edition or len(issued)
    if not 1 <= number <= len(issued):
        raise editions.not_found(number)
    return withholding.disclosable(issued[number - 1].on_file())


def one(session: Session, by: Actor, filing_id: str, place: str) -> Disclosure:
    """One thing that the newest edition withholds.

    Args:
        session: any session.
        by: the filer, or the authority.
        filing_id: of which filing.
        place: the key, with the part after a point: `E2.structure`.

    Raises:
        NothingWithheld: when nothing is withheld there.
    """
    key, _, part = place.partition(".")
    for each in every(session, by, filing_id):
        if (each.key, each.part) == (key, part):
            return each
    raise NothingWithheld(
        f"最近一次公示在“{place}”没有不公开的内容。",
        f"The newest edition withholds nothing at “{place}”.",
    )
