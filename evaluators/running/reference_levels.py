"""Declared reference groups that no row belongs to: a letter too few, and nothing is compared."""

from collections.abc import Mapping
from difflib import get_close_matches

from evaluators.plan import Plan
from evaluators.running import decision_words, unknown_levels
from evaluators.running.decision_words import Counts
from registry import characters
from registry.errors import Reason
from registry.language import Text

SAID = Text(
    "“{name}”里没有参照组“{wanted}”，只有：{found}",
    "'{name}' never holds the reference group '{wanted}', only: {found}",
)
REMEDY = Text(
    "写其中一组：{line}；不定参照组的，删去这一行",
    "name one of these groups: {line}; or leave the line out, where no group is the reference",
)


def faults(counts: Mapping[str, Counts], plan: Plan) -> list[Reason]:
    """The declared reference groups that the data do not have, with those that they have.

    A column without any group is left to the probes: there no reference would be right.

    Args:
        counts: column → level → rows, missing words included.
        plan: declares the reference groups, and says what is missing.
    """
    found = []
    for name in plan.reference:
        held = {
            level: rows
            for level, rows in counts.get(name, {}).items()
            if not plan.columns.is_missing(name, level)
        }
        if held and plan.reference[name] not in held:
            found.append(_fault(name, plan.reference[name], held))
    return found


def _fault(name: str, wanted: str, held: Counts) -> Reason:
    likely = _nearest(wanted, held)
    line = f"reference.{unknown_levels.key(name)} = {decision_words.quoted(likely)}"
    found = Text(*decision_words.listed(held))
    said = SAID.format(name=name, wanted=characters.visible(wanted), found=found)
    return Reason(f"reference.{name}", said, REMEDY.format(line=line))


def _nearest(wanted: str, held: Counts) -> str:
    """The group that was probably meant: the one written most alike, else the largest."""
    alike = get_close_matches(wanted, sorted(held), n=1, cutoff=0.4)
    return alike[0] if alike else max(sorted(held), key=lambda level: held[level])
