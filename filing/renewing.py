"""A filing taken to the newest schema: what that would change, told first, and the step itself.

A filing keeps the schema that it was opened under until its filer takes it along, where the dossier
may be changed. What was published stays as it is, under the schema that it was published under.
"""

from sqlalchemy.orm import Session

from filing import carrying, dossier, identity
from filing.carrying import Preview
from filing.dossier import Filing
from filing.fields import Answers
from filing.forms import current
from registry import legal_day
from registry.organisations import Actor, Organisation

CARRIED = "filing:dossier:carried"
"""The event of a filing that was taken to a later schema."""


def preview(filing: Filing) -> Preview | None:
    """What taking the filing to the newest schema would change; None where it is kept under it."""
    newest = current()
    if filing.schema_version == newest.version:
        return None
    return carrying.preview(
        filing.typed, newest, change=filing.grade_change, today=legal_day.today()
    )


def carry_forward(session: Session, *, by: Actor, filing_id: str, revision: int) -> Filing:
    """Take a filing to the newest schema, as `preview` says; under it already, nothing changes.

    What was published stays as it is, under the schema that it was published under.

    Args:
        session: the caller's transaction.
        by: a filer of the filing's organisation.
        filing_id: which filing.
        revision: the revision the writer read.

    Raises:
        Moved: when the filing has another revision by now.
        NotEditable: in a state where the dossier is closed.
    """
    filing = dossier.editable(session, by, filing_id, revision)
    before, newest = filing.schema_version, current()
    if before != newest.version:
        owner = session.get_one(Organisation, filing.organisation_id)
        carried = carrying.forward(filing.typed, newest)
        filing.answers = identity.taken(owner, Answers(newest, carried))
        filing.schema_version = newest.version
        dossier.save(session, filing, CARRIED, by, before=before, after=newest.version)
    return filing
