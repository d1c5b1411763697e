"""Answers taken over from another filing of the same organisation: into what is open, and nothing else.

A new filing of the same model starts with the answers of the last one (`dossier.open_filing`). Here a
filer names any other filing of its own; what is typed already stays, and each answer says where it
came from.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import carrying, dossier, sources
from filing.answers import Stored
from filing.dossier import Filing
from filing.fields import split
from filing.meanings import Meaning
from registry.errors import Invalid
from registry.organisations import Actor

COPIED = "filing:dossier:copied"
"""The event of a filing that took answers over from another."""
OWN = (Meaning.NAME, Meaning.SUMMARY, Meaning.QUESTIONNAIRE)
"""What is of one algorithm alone: two would be called the same, or graded by one set of answers."""


class NothingToCopy(Invalid):
    """The other filing answers nothing that is open here: choose another, or type it."""


def offered(session: Session, filing: Filing) -> Sequence[Filing]:
    """The other filings of the same organisation, newest first.

    Args:
        session: any session.
        filing: into which answers would be taken over.
    """
    own = select(Filing).where(
        Filing.organisation_id == filing.organisation_id, Filing.id != filing.id
    )
    return session.scalars(own.order_by(Filing.id.desc())).all()


def copy(session: Session, *, by: Actor, filing_id: str, earlier_id: str, revision: int) -> Filing:
    """Take answers over from another filing of the organisation, into what is open.

    What names a file is left out, for a file belongs to the filing that it was handed in with; of a
    group that repeats nothing is taken over once a set of it is begun.

    Args:
        session: the caller's transaction.
        by: a filer of the organisation of both.
        filing_id: which filing takes them over.
        earlier_id: from which.
        revision: the revision of the first that the writer read.

    Raises:
        FilingNotFound, NotAssigned, NotYours: `by` may not read the other filing, or does not own it.
        Moved, NotEditable: as `dossier.editable` has them.
        NothingToCopy: the other answers nothing that is open here.
    """
    filing = dossier.editable(session, by, filing_id, revision)
    earlier = dossier.get(session, by=by, filing_id=earlier_id)
    by.own(earlier.organisation_id)
    taken = dict(_taken(filing, earlier))
    if not taken:
        raise NothingToCopy(
            "那份备案里没有这里还空着、又能取来的内容。",
            "That filing answers nothing that is open here and can be taken over.",
        )
    filing.answers = {**filing.answers, **taken}
    dossier.save(session, filing, COPIED, by, keys=sorted(taken), earlier=earlier.id)
    return filing


def _taken(filing: Filing, earlier: Filing) -> Iterator[tuple[str, Stored]]:
    form, here = filing.form, filing.answers
    kept_out = {form.meant(each).code for each in OWN}
    begun = {group.id for group in form.groups if group.repeats and any(map(group.has, here))}
    for key, stored in carrying.forward(earlier.typed, form).items():
        field = form.field(key)
        free = key not in here and split(key)[0] not in kept_out and field.group not in begun
        if free and field.copied and not _names_file(stored.get("value")):
            source = {"source": sources.other(stored["value"])} if "value" in stored else {}
            yield key, {**stored, **source}


def _names_file(value: Any) -> bool:
    if isinstance(value, dict):
        return "sha256" in value or any(map(_names_file, value.values()))
    return isinstance(value, list) and any(map(_names_file, value))
