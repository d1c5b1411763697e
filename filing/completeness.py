"""How complete a dossier is: a percentage, and what is still to do, group by group."""

from dataclasses import dataclass

from filing import applicability, checks
from filing.dossier import Filing
from registry import legal_day
from registry.errors import Reason
from registry.language import Text


@dataclass(frozen=True, slots=True)
class Lacking:
    """One group with what is still to do in it."""

    group: str
    name: Text
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of what is required is there and sound.

    Args:
        percent: share of the required answers that are sound, rounded down.
        required, done: the counts behind it.
        lacking: what is to do, by group, in the order of the form.
    """

    percent: int
    required: int
    done: int
    lacking: tuple[Lacking, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing and nothing is wrong."""
        return not self.lacking

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Everything to do."""
        return tuple(reason for group in self.lacking for reason in group.reasons)


def measure(filing: Filing) -> Completeness:
    """How complete a filing is, and what to do about the rest."""
    told = filing.told
    form, given = told.form, told.rows
    reasons = checks.check_all(told, today=legal_day.today())
    faulty = {reason.item.partition(".")[0] for reason in reasons}
    needed = applicability.needed(told)
    done = sum(1 for key in needed if key in given and key not in faulty)
    grouped = (
        Lacking(
            group.id,
            group.name,
            tuple(each for each in reasons if form.group_of(each.item) is group),
        )
        for group in form.groups
    )
    return Completeness(
        percent=100 * done // len(needed),
        required=len(needed),
        done=done,
        lacking=tuple(each for each in grouped if each.reasons),
    )
