"""What an entry rests on, read from the record: whether it may be entered, and when it ends."""

from datetime import datetime

from sqlalchemy.orm import Session

from filing import concerns, editions, gate
from filing.dossier import Filing
from filing.guards import Case, independent
from filing.lifecycle import EXITS
from filing.recommended.criteria import Published
from filing.recommended.lapse import End, Since, Terms, end
from filing.recommended.records import RecommendedApplication
from registry import explanations
from registry.errors import Reason
from registry.language import Text
from registry.organisations import Actor
from registry.settings import settings


def published(session: Session, filing: Filing) -> Published | None:
    """What the public record says of a filing now; None where it was never published.

    Args:
        session: any session.
        filing: which.
    """
    edition = editions.newest(session, filing)
    if edition is None:
        return None
    content = edition.read()
    named = content["explanation"]
    made = explanations.get(session, named["id"]) if named else None
    return Published(
        content=content,
        explanation=made.content if made else None,
        counts=concerns.counts(session, filing.id),
    )


def evaluated(read: Published) -> datetime | None:
    """When the newest third-party report that counts was taken in; None where none counts."""
    made = [datetime.fromisoformat(each["made"]) for each in read.counted_reports]
    return max(made, default=None)


def ends(session: Session, entry: RecommendedApplication, filing: Filing) -> End:
    """When an entry ends by itself, or did, and why.

    Args:
        session: any session.
        entry: one that was entered.
        filing: its filing.
    """
    decided, until, digest, made = entry.decided, entry.until, entry.model_digest, entry.evaluated
    if decided is None or until is None or digest is None or made is None:
        raise ValueError("an entry was decided")
    terms = Terms(decided, digest, made, entry.licence_until, until)
    every = [
        (each.published, str(each.read()["model"]["sha256"]))
        for each in editions.every(session, filing)
    ]
    ended = filing.since if filing.status in EXITS else None
    return end(terms, Since(ended, every), days=settings().evaluation_days)


def hindrances(session: Session, filing: Filing, *, at: datetime) -> list[Reason]:
    """Why a filing cannot be in the catalogue now; empty where it can.

    These conditions are this platform's own rule.

    Args:
        session: any session.
        filing: which.
        at: now.
    """
    read = published(session, filing)
    if read is None or filing.status in EXITS:
        return [
            Reason(
                "filing",
                Text(
                    "这份备案没有公示，或者已经结束。",
                    "The filing is not published, or has ended.",
                ),
                Text("请先备案并公示。", "File it and have it published first."),
            )
        ]
    made = evaluated(read)
    if made is None or at >= gate.expires(made, settings().evaluation_days):
        return [
            Reason(
                "evaluation",
                Text(
                    "现在公示的版本没有还在有效期内的第三方评估。",
                    "The published version has no third-party evaluation that still counts.",
                ),
                Text(
                    "请委托评估机构评估这个版本，再变更备案附上报告。",
                    "Have this version evaluated, then attach the report in a change of the filing.",
                ),
            )
        ]
    return []


def ties(session: Session, filing: Filing, by: Actor) -> list[Reason]:
    """What ties somebody of the industry body to the filer or to a tester: as for reviewers of filings.

    Args:
        session: any session.
        filing: which is decided on.
        by: who decides.
    """
    return independent(Case(session, filing, by))
