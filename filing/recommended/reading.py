"""What an entry rests on, read from the record: whether it may be entered, and when it ends."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from filing import basis, concerns, counting, editions, withdrawn
from filing.concerns import Appeal
from filing.dossier import Filing
from filing.editions import Edition
from filing.forms import told_by
from filing.guards import Case, independent
from filing.lifecycle import EXITS
from filing.recommended.criteria import Published
from filing.recommended.lapse import End, Since, Terms, end
from filing.recommended.records import RecommendedApplication
from filing.withdrawn import Withdrawal
from registry import explanations
from registry.errors import Reason
from registry.explanations import Explanation
from registry.language import Text
from registry.organisations import Actor
from registry.settings import settings


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is on record of one filing, as far as a catalogue tells of it.

    Args:
        filing: which.
        editions: every one, oldest first.
        explanations: by identifier, those that newest editions carry.
        appeals: those that the public record counts.
        withdrawn: by identifier, its reports that were taken back.
    """

    filing: Filing
    editions: Sequence[Edition]
    explanations: Mapping[str, Explanation]
    appeals: Sequence[Appeal]
    withdrawn: Mapping[str, Withdrawal]

    def published(self, at: datetime) -> Published | None:
        """What the public reads at a moment; None for a filing that was never published."""
        if not self.editions:
            return None
        content = withdrawn.with_marks(self.editions[-1].read(), self.withdrawn)
        named = content["explanation"]
        made = self.explanations.get(named["id"]) if named else None
        return Published(
            content=content,
            explanation=made.content if made else None,
            appeals=self.appeals,
            at=at,
            days=settings().evaluation_days,
        )

    def ends(self, entry: RecommendedApplication) -> End:
        """When an entry of this filing ends by itself, or did, and why."""
        decided, until, digest, made = (
            entry.decided,
            entry.until,
            entry.model_digest,
            entry.evaluated,
        )
        if decided is None or until is None or digest is None or made is None:
            raise ValueError("an entry was decided")
        terms = Terms(decided, digest, made, entry.licence_until, until)
        every = [(each.published, str(each.read()["model"]["sha256"])) for each in self.editions]
        ended = self.filing.since if self.filing.status in EXITS else None
        taken_back = self._taken_back(entry)
        return end(terms, Since(ended, every, taken_back), days=settings().evaluation_days)

    def _taken_back(self, entry: RecommendedApplication) -> datetime | None:
        """When the first of the reports that the entry was decided on was withdrawn."""
        content = self.decided_on(entry)
        counted = counting.third_party(content)
        found = (self.withdrawn.get(each["id"]) for each in counted)
        return min((each.at for each in found if each is not None), default=None)

    def decided_on(self, entry: RecommendedApplication) -> Mapping[str, Any]:
        """The content of the edition that was published when an entry was decided."""
        decided = entry.decided
        if decided is None:
            raise ValueError("an entry was decided")
        seen = [each for each in self.editions if each.published <= decided]
        # A clock that was set back can have the decision before every edition.
        return (seen or self.editions[:1])[-1].read()


def recorded(session: Session, filings: Iterable[Filing]) -> dict[str, Recorded]:
    """What is on record of some filings, by their identifiers; as many queries for many as for one.

    Args:
        session: any session.
        filings: which.
    """
    named = {each.id: each for each in filings}
    every = editions.of_filings(session, list(named))
    contents = [each.read() for found in every.values() for each in found]
    taken_back = withdrawn.found(session, contents)
    newest = [each[-1].read()["explanation"] for each in every.values() if each]
    made = explanations.by_id(session, [each["id"] for each in newest if each])
    appealed = concerns.appeals_of(session, list(named))
    return {
        name: Recorded(filing, every.get(name, ()), made, appealed.get(name, ()), taken_back)
        for name, filing in named.items()
    }


def of_filing(session: Session, filing: Filing) -> Recorded:
    """What is on record of one filing.

    Args:
        session: any session.
        filing: which.
    """
    return recorded(session, [filing])[filing.id]


def evaluated(read: Published) -> datetime | None:
    """By which moment the age of the third-party evaluation goes; None where no report counts."""
    age = counting.age(read.counted_reports, basis.task(told_by(read.content)))
    return age.made if age else None


def hindrances(session: Session, filing: Filing, *, at: datetime) -> list[Reason]:
    """Why a filing cannot be in the catalogue now; empty where it can.

    These conditions are this platform's own rule.

    Args:
        session: any session.
        filing: which.
        at: now.
    """
    read = of_filing(session, filing).published(at)
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
    if evaluated(read) is None:
        return [
            Reason(
                "evaluation",
                Text(
                    "公示的内容没有附上还在有效期内、针对这个版本的第三方评估。",
                    "What is published carries no third-party evaluation of its version that still counts.",
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
