"""Writing down that entries lapsed: in the journal and on the filer's record, after the fact.

Whether an entry stands is told at every reading (`filing.recommended.lapse`) and waits for nobody.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from filing.dossier import Filing
from filing.recommended import reading
from filing.recommended.lapse import WHY_NAMES, End
from filing.recommended.records import RecommendedApplication
from filing.recommended.steps import STANDING, Status
from registry import inbox, journal
from registry.database import now, transaction

LAPSED = "filing:recommended:lapsed"


def run(factory: sessionmaker[Session]) -> int:
    """Write down every entry that has lapsed and is not written down yet.

    Args:
        factory: sessions on the database.

    Returns:
        How many there were.
    """
    with factory() as session:
        if not any(over.at <= now() for _, over in _standing(session)):
            return 0
    with transaction(factory) as session:
        found = [(entry, over) for entry, over in _standing(session) if over.at <= now()]
        for entry, over in found:
            note(session, entry, over)
    return len(found)


def note(session: Session, entry: RecommendedApplication, over: End) -> None:
    """Write one down, as of the moment at which it lapsed.

    Args:
        session: the caller's transaction.
        entry: that lapsed.
        over: when and why.
    """
    entry.move(Status.LAPSED, over.at)
    entry.ended, entry.end_reason = over.at, WHY_NAMES[over.why].as_json()
    entry.proposal, entry.proposed_by = None, None
    session.flush()
    event = journal.record(
        session,
        LAPSED,
        entry.id,
        why=over.why,
        lapsed=over.at.isoformat(),
        revision=entry.revision,
    )
    inbox.turn(session, event)


def _standing(session: Session) -> list[tuple[RecommendedApplication, End]]:
    rows = session.execute(
        select(RecommendedApplication, Filing)
        .join(Filing, Filing.id == RecommendedApplication.filing_id)
        .where(RecommendedApplication.status.in_(sorted(STANDING)))
    ).all()
    known = reading.recorded(session, [filing for _, filing in rows])
    return [(entry, known[filing.id].ends(entry)) for entry, filing in rows]
