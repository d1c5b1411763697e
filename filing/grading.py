"""The grade in force, from the answers and the reviewers' change, and the answers that count under it.

A condition of the schema may ask for the grade, and the grade is worked out from answers, which may
have conditions of their own: `forms` refuses a schema in which that leads round in a circle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from filing import applicability, risk
from filing.fields import Answers
from filing.meanings import Meaning
from filing.risk import Grade, Level
from registry import attestation
from registry.language import Text


@dataclass(frozen=True, slots=True)
class Judgement:
    """The grade in force, and where it comes from.

    Args:
        computed: by the platform's method.
        level: in force.
        change: the reviewers' change that makes the difference, or None.
    """

    computed: Grade
    level: Level
    change: Mapping[str, Any] | None

    @property
    def name(self) -> Text:
        """What the grade in force is called."""
        return risk.LEVEL_NAMES[self.level]


def counted(typed: Answers, change: Mapping[str, Any] | None) -> Answers:
    """The answers that count, with the grade in force for the conditions that ask for it.

    Args:
        typed: everything that was answered.
        change: what two reviewers decided on the grade; None where they decided nothing.
    """
    first = applicability.counting(typed)
    if not applicability.asks(typed.form, Meaning.GRADE):
        return first
    # What the grade is worked out from does not hang on the grade, so it counts already.
    judged = judgement(first, change)
    return under(typed, judged.level if judged else None)


def under(typed: Answers, level: Level | None) -> Answers:
    """The answers that count under a grade.

    Args:
        typed: everything that was answered.
        level: in force; None where it is not known yet.
    """
    derived = {} if level is None else {Meaning.GRADE: level.value}
    return applicability.counting(Answers(typed.form, typed.rows, derived))


def grade(told: Answers) -> Grade | None:
    """The grade by the platform's method, or None while the questionnaire has open questions.

    Args:
        told: the answers that count.
    """
    answers = told.value(Meaning.QUESTIONNAIRE)
    if answers is None or risk.check(answers):
        return None
    return risk.grade(answers, sectors=sectors(told), city=city(told))


def sectors(told: Answers) -> Sequence[str]:
    """Where the algorithm is used."""
    found: Sequence[str] = told.value(Meaning.SECTORS) or ()
    return found


def city(told: Answers) -> str:
    """The city of filing; empty where it is not told."""
    return str(told.value(Meaning.CITY) or "")


def judgement(told: Answers, change: Mapping[str, Any] | None) -> Judgement | None:
    """The grade in force, or None while the questionnaire has open questions.

    A change counts once a second reviewer has confirmed it. A lower grade than the computed one
    counts for the answers it was decided on, and never below their floor; a higher one counts
    whatever was answered since.

    Args:
        told: the answers that count.
        change: what reviewers decided; None where they decided nothing.
    """
    found = grade(told)
    if found is None:
        return None
    if change is None or "confirmed" not in change:
        return Judgement(found, found.level, None)
    wanted = Level(change["level"])
    lower = found.floor.rank <= wanted.rank < found.level.rank
    if wanted.rank > found.level.rank or (lower and change["answers"] == answered(told)):
        return Judgement(found, wanted, change)
    return Judgement(found, found.level, None)


def answered(told: Answers) -> str:
    """The digest of the questionnaire's answers, to which a change of the grade is bound."""
    return attestation.digest(told.of(Meaning.QUESTIONNAIRE) or None)
