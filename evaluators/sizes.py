"""Groups of accounts that no table of people counts, and which of them may be told of.

Price probes compare accounts by profile, by levels that they cut themselves and by offer, each
finding with the sizes of its two sides. Nobody in particular is in such a number, but what is left
of all accounts is: it counts those who are in a hidden group, or in none. So these sizes keep the
rule of every other count (see `evaluators.running.audit`): one of 1 to 9 that is not published keeps a
range of at least ten whole numbers, whoever subtracts, and knows from the mere verdicts which
groups are large. Here a number belongs to one group of one attribute, so the ranges can be written
down and need no linear programme.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from registry.findings import Finding, Verdict

Group = frozenset[tuple[str, str]]
Band = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many there are of each group of one attribute.

    Args:
        probe: whose groups they are.
        attribute: by which they are told apart.
        counts: group → accounts, then whatever else is counted of it.
        rest: the same of those in no group, of whom nothing is published.
        within: what else is the same for all, as the offer.
        reference: the group that all others are held against.
        bands: group → accounts that it has at least, and at most, by mere verdicts.
    """

    probe: str
    attribute: str
    counts: Mapping[str, tuple[int, ...]]
    rest: tuple[int, ...] = ()
    within: tuple[tuple[str, str], ...] = ()
    reference: str | None = None
    bands: Mapping[str, Band] = field(default_factory=dict)

    def group(self, label: str) -> Group:
        """One of its groups, as the report hides it."""
        return frozenset({(self.attribute, label), *self.within})

    def gone(self, hidden: Collection[Group]) -> list[str]:
        """The groups that are hidden, or part of a hidden one."""
        return [one for one in self.counts if any(g <= self.group(one) for g in hidden)]

    def small(self, least: int) -> list[str]:
        """The groups of which some count is small."""
        return [name for name, own in self.counts.items() if any(0 < n < least for n in own)]

    def pinned(self, gone: Sequence[str], least: int) -> bool:
        """Whether all that is not hidden leaves a small count fewer than `least` values.

        Args:
            gone: the groups that are hidden.
            least: the smallest count that is published.
        """
        width = len(next(iter(self.counts.values()), ()))
        return any(self._pinned(gone, least, at) for at in range(width))

    def _pinned(self, gone: Sequence[str], least: int, at: int) -> bool:
        cells = [(self.counts[name][at], *self._band(name, at)) for name in gone]
        if self.rest and self.rest[at]:
            cells.append((self.rest[at], 0, None))
        whole = sum(n for n, _, _ in cells)
        for place, (n, low, high) in enumerate(cells):
            if not 0 < n < least:
                continue
            others = [each for other, each in enumerate(cells) if other != place]
            most = whole - sum(each[1] for each in others)
            ends = [each[2] for each in others]
            fewest = 0 if None in ends else whole - sum(end or 0 for end in ends)
            narrow = min(most, most if high is None else high) - max(low, fewest, 0)
            if narrow < least:
                return True
        return False

    def _band(self, name: str, at: int) -> Band:
        low, high = self.bands.get(name, (0, None))
        if self.within:
            return 0, None  # of an offer nobody knows how many got it
        return (low, high) if at == 0 else (low, None)  # an account has a row

    def next(self, gone: Sequence[str]) -> str | None:
        """What is hidden next: the smallest group, the one that all are held against last."""
        rest = [name for name in self.counts if name not in gone]
        return min(
            rest, key=lambda one: (one == self.reference, self.counts[one], one), default=None
        )


def hidden(sizes: Sequence[Sizes], least: int, before: Iterable[Group] = ()) -> frozenset[Group]:
    """The groups that no finding may tell of.

    Args:
        sizes: of every price probe.
        least: the smallest count of people that is published.
        before: the groups that are hidden already, for other reasons.
    """
    found, many = set(before), -1
    while many != len(found):  # a group that one probe hides is hidden in all
        many = len(found)
        for each in sizes:
            found |= {each.group(name) for name in each.small(least)}
            while each.pinned(gone := each.gone(found), least):
                more = each.next(gone)
                if more is None:
                    break
                found.add(each.group(more))
    return frozenset(found)


def of(
    found: Sequence[Finding],
    own: Mapping[str, Sequence[Sizes]],
    *,
    accounts: int | None,
    min_n: int,
) -> list[Sizes]:
    """The sizes behind the findings of price probes.

    Args:
        found: their full findings.
        own: per probe what it says itself of its groups; of the others it is what their findings
            state, the most that any of them does.
        accounts: how many accounts there are; None where nobody counted them.
        min_n: the fewest accounts that a plan compares.
    """
    stated: dict[tuple[str, str], dict[str, int]] = {}
    bands: dict[tuple[str, str], dict[str, Band]] = {}
    against: dict[tuple[str, str], str] = {}
    for each in found:
        attribute = next((k for k, level in each.slice.items() if level == each.group), None)
        if attribute is None or each.n is None:
            continue
        about = each.probe, attribute
        levels = stated.setdefault(about, {})
        for name, n in _sides(each):
            levels[name] = max(n, levels.get(name, 0))
        for name, band in _bands(each, min_n):
            low, high = bands.setdefault(about, {}).get(name, (0, None))
            ends = [end for end in (high, band[1]) if end is not None]
            bands[about][name] = max(low, band[0]), min(ends, default=None)
        if each.reference_group is not None:
            against.setdefault(about, each.reference_group)
    made = [each for sizes in own.values() for each in sizes]
    for (probe, attribute), levels in stated.items():
        rest = None if accounts is None else accounts - sum(levels.values())
        if probe in own or (rest is not None and rest < 0):
            continue  # its sides overlap: everybody was asked as both
        counts = {name: (n,) for name, n in levels.items()}
        made.append(Sizes(probe, attribute, counts, (rest,) if rest else ()))
    return [
        replace(one, bands=bands.get((one.probe, one.attribute), {}),
                reference=one.reference or against.get((one.probe, one.attribute)))
        for one in made
    ]  # fmt: skip


def levels(finding: Finding) -> list[tuple[str, int]]:
    """The levels that a finding lists with their accounts, besides its own two sides.

    Args:
        finding: any.
    """
    listed = finding.details.get("levels")
    if not isinstance(listed, list):
        return []
    return [(str(one["level"]), int(one["accounts"])) for one in listed
            if isinstance(one, Mapping) and {"level", "accounts"} <= set(one)]  # fmt: skip


def _sides(finding: Finding) -> list[tuple[str, int]]:
    sides = [(str(finding.group), finding.n or 0), *levels(finding)]
    if finding.reference_group is not None and finding.n_reference is not None:
        sides.append((finding.reference_group, finding.n_reference))
    return sides


def _bands(finding: Finding, min_n: int) -> list[tuple[str, Band]]:
    """What the verdict, which is published of hidden groups too, says of the accounts."""
    sides = [(str(finding.group), finding.n or 0)]
    if finding.reference_group is not None:
        sides.append((finding.reference_group, finding.n_reference or 0))
    if finding.verdict is not Verdict.NOT_EVALUABLE:
        fewest = max(min_n, int((finding.units or {}).get("at_least") or 0))
        return [(name, (fewest, None)) for name, _ in sides]
    return [(name, (0, min_n - 1)) for name, n in sides if n < min_n]
