"""Which numbers of a certificate moved: each as a line, old beside new, the verdicts first."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TOLERANCE = 1e-7
# Beside an exact 0 the last bits of a sum are no change.
NOISE = 1e-12
FIRST = frozenset({"verdict", "finding", "table", "refused", "case"})


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that is not as it was certified.

    Args:
        probe: its id.
        case: the design and the damage or number; "policy" for a policy value.
        about: the finding or table; empty where the whole case came, went or is answered otherwise.
        what: the number or word that moved.
        old, new: before and now; None where there was or is none.
    """

    probe: str
    case: str
    about: str
    what: str
    old: Any
    new: Any

    def line(self) -> str:
        """One line of the table, in Markdown."""
        return (
            f"| {self.probe} | {self.case} | {self.about or '–'} | {self.what} "
            f"| {_shown(self.old)} → {_shown(self.new)} |"
        )


def between(
    probe: str, before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]
) -> list[Moved]:
    """What differs between the certificate of a probe and what it gives now.

    Args:
        probe: its id.
        before: as certified, see `certificate.present`.
        now: as found now.
    """
    old, new = ({each.get("case", "policy"): each for each in one} for one in (before, now))
    moved = list[Moved]()
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new or name not in old:
            told = ("certified", None) if name in old else (None, "found")
            moved.append(Moved(probe, name, "", "case", *told))
        elif name == "policy":
            moved += _values(probe, name, "", old[name]["policy"], new[name]["policy"])
        else:
            if old[name]["refused"] != new[name]["refused"]:
                refusals = old[name]["refused"], new[name]["refused"]
                moved.append(Moved(probe, name, "", "refused", *refusals))
            for kind in ("finding", "table"):
                parts = old[name][f"{kind}s"], new[name][f"{kind}s"]
                moved += _parts(probe, name, kind, *parts)
    return moved


def _parts(
    probe: str, case: str, kind: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Moved]:
    for about in [*old, *(about for about in new if about not in old)]:
        if about not in new or about not in old:
            told = [(kind if about in each else None) for each in (old, new)]
            yield Moved(probe, case, about, kind, *told)
        else:
            yield from _values(probe, case, about, old[about], new[about])


def _values(
    probe: str, case: str, about: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Moved]:
    for name in [*old, *(name for name in new if name not in old)]:
        was, is_now = old.get(name), new.get(name)
        if not same(was, is_now):
            yield Moved(probe, case, about, name, was, is_now)


def same(old: Any, new: Any) -> bool:
    """Whether two entries are equal: words and integers exactly, reals to 1e-7 of their size."""
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=TOLERANCE, abs_tol=NOISE)
    return type(old) is type(new) and bool(old == new)


def kept(old: Any, new: Any) -> Any:
    """The new content, with every number that did not move as it was written before.

    Args:
        old: as certified; None where there was none.
        new: as found now.
    """
    if isinstance(new, dict):
        was = old if isinstance(old, dict) else {}
        return {name: kept(was.get(name), value) for name, value in new.items()}
    return old if same(old, new) else new


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def table(moved: Sequence[Moved], compared: int) -> str:
    """What moved, as a reviewer reads it; the verdicts first.

    Args:
        moved: what moved.
        compared: how many plans were run.
    """
    if not moved:
        return f"{compared} plans: nothing moved\n"
    first = sorted(moved, key=lambda each: each.what not in FIRST)
    touched = len({(each.probe, each.case) for each in moved})
    kinds = Counter(each.what for each in moved)
    counts = ", ".join(f"{name} {count}" for name, count in kinds.most_common())
    head = "| probe | case | finding or table | what | old → new |\n|---|---|---|---|---|"
    told = f"{compared} plans, {touched} of them moved: {counts}"
    return "\n".join([head, *(each.line() for each in first), "", told]) + "\n"
