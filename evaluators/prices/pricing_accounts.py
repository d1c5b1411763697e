"""Quotes that a service gave to accounts with assigned profiles: the account is permuted.

Services randomise by account (sticky A/B buckets), so quotes of one account are no independent
trials: on null audits with a sticky +3 % bucket, tests over quotes reject most of the time. Every
account is reduced to its mean over all its quotes, each relative to its cell of item and moment;
labels then move with whole accounts, or signs with whole matched pairs.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators.judging import equivalence
from evaluators.judging.findings import draft, sides
from evaluators.judging.findings import units as counted
from evaluators.judging.verdicts import judge, reached, spans
from evaluators.plan import Plan, Scalar, level_name
from evaluators.policy import POLICY
from evaluators.prices import offer_rows, price_defences, price_readings, quotes
from evaluators.prices.price_family import UNVARIED, detectable, unvaried, within
from evaluators.prices.price_lines import EQUIVALENCE, SAME, beyond, log_line, severity, threshold
from evaluators.prices.price_spread import Spread, describe, pairs_needed
from evaluators.prices.pricing_breakdown import (
    Part,
    account_means,
    beyond_share,
    differing,
    parts,
    ranges,
    registered,
    seen,
)
from evaluators.prices.pricing_design import CounterfactualDetails
from evaluators.prices.quotes import Mask
from evaluators.prices.uncompared import UNEVEN, side_of, uncompared
from evaluators.probe import UNIT, ProbeSpec, Run
from evaluators.statistics.permutation import MaxT, flip_pairs, shuffle_accounts, smallest_p
from evaluators.statistics.regression import Codes, Coefficient, Floats, codes_of, critical
from registry.findings import Finding, Verdict


@dataclass(frozen=True, slots=True)
class Audit:
    """What the plan says about accounts.

    Args:
        features: the columns that hold each account's profile.
        reference: feature → the level the others are compared with.
        pair: the column of matched pairs.
        replicates: how many permutations.
    """

    features: tuple[str, ...]
    reference: Mapping[str, Scalar] = field(default_factory=dict)
    pair: str | None = None
    replicates: int = 4999


@dataclass(frozen=True, slots=True)
class Accounts:
    """Each account reduced to its means.

    Args:
        values: accounts × (all quotes, then one column per item): means relative to the cell.
        labels: each account's level.
        levels: their names.
        items: the items that have a column.
        quotes: how many quotes were used.
        left_out: quotes in cells that not every level was quoted in.
        several: accounts left out because they have several levels.
        same: share of pairs of quotes in one cell to accounts of one level that differ (A/A).
        other: the same share between levels.
        pair: each account's matched pair, or None.
        noise: mean absolute difference of accounts of one level, from the level's mean.
        groups: registered attribute=level → the marks of its accounts.
        ranges: item → ratios of the dearest to the cheapest quote at one moment.
        unpriced: level → its quotes without a price above 0, and all its quotes.
        apart: level → of values alike shaped, how far the level itself stands from its cells.
    """

    values: Floats
    labels: Codes
    levels: quotes.Levels
    items: tuple[str, ...]
    quotes: int
    left_out: int
    same: float | None
    other: float | None
    pair: Codes | None
    noise: float
    groups: Mapping[str, Mask] = field(default_factory=dict)
    ranges: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    unpriced: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    apart: Callable[[int], Floats] | None = None
    several: int = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """One level against the reference."""

    place: int
    group: str
    reference: str
    n: int
    n_reference: int
    each: Floats
    seen: Floats
    test: str
    freedom: int
    pair: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Judged:
    """A comparison with what the clean bill asks of it."""

    finding: Finding
    spread: Spread | None
    groups: Mapping[str, Part]
    uneven: bool = False


def findings(
    spec: ProbeSpec, rows: pa.Table, audit: Audit, *, plan: Plan, run: Run
) -> list[Finding]:
    """All findings on quotes to accounts, feature by feature, and the clean bill."""
    found: list[Finding] = []
    judged: list[_Judged] = []
    reasons: list[Finding] = []
    size = max(len(audit.features), 1) * run.plans
    for name in audit.features:
        accounts = reduce(rows, name, plan, audit.pair)
        if accounts is None:
            found.append(price_readings.nothing_between(spec, plan, name))
            continue
        examined = _examined(rows, name, accounts, audit, plan)
        own = _feature(spec, name, accounts, audit, plan=plan, run=run, size=size)
        judged += [
            replace(one, finding=price_defences.beside(one.finding, examined)) for one in own
        ]
        beside = [one.finding for one in own]
        reasons += [reason(spec, name, entry, beside=beside) for entry in examined]
    found += [one.finding for one in judged] + reasons
    return [*found, _clean_bill(spec, judged, plan)] if judged else found


def _examined(
    rows: pa.Table, name: str, accounts: Accounts, audit: Audit, plan: Plan
) -> list[price_defences.Examined]:
    """The declared reasons, tested on these accounts."""
    if not plan.defences:
        return []
    levels = quotes.levels(rows.column(name))
    base = levels.names[_base(accounts, audit.reference.get(name, plan.reference.get(name)))]
    met = [levels.names[code] for code in np.unique(accounts.labels)]

    def gaps(some: pa.Table, extra: tuple[str, ...]) -> dict[str, Coefficient]:
        part = reduce(some, name, plan, None, extra)
        return {} if part is None else _welch(part, base)

    def membership(group: str, reference: str) -> tuple[Floats, quotes.Mask]:
        mine, other = (levels.codes == levels.names.index(level) for level in (group, reference))
        return mine.astype(np.float64), mine | other

    unit = quotes.units(rows, str(quotes.account(plan)))
    pairs = tuple((level, base) for level in met if level != base)
    case = price_defences.Case(rows, name, pairs, unit, plan.alpha, gaps, membership, plan.plain)
    return price_defences.tested(case, plan.defences)


def _welch(accounts: Accounts, base: str) -> dict[str, Coefficient]:
    """Each level against the reference, by Welch's t over accounts."""
    found: dict[str, Coefficient] = {}
    names, values = accounts.levels.names, accounts.values[:, 0]
    rest = np.array([names[code] == base for code in accounts.labels], dtype=np.bool_)
    for code in np.unique(accounts.labels[~rest]).tolist():
        mark = accounts.labels == code
        if min(mark.sum(), rest.sum()) < 2:
            continue
        scale = float(seen(accounts.apart(code), mark, rest)[0]) if accounts.apart else 1.0
        own, other = values[mark] / scale, values[rest] / scale
        error = math.sqrt(own.var(ddof=1) / len(own) + other.var(ddof=1) / len(other))
        if error > SAME:
            freedom = min(len(own), len(other)) - 1
            found[names[code]] = Coefficient(float(own.mean() - other.mean()), error, freedom)
    return found


def reason(
    spec: ProbeSpec, name: str, entry: price_defences.Examined, design: str = "accounts",
    beside: Sequence[Finding] = (),
) -> Finding:  # fmt: skip
    """A declared reason as a finding of its own.

    Args:
        spec: the probe's.
        name: the feature; "" where the reason is about all of them.
        entry: what was examined.
        design: accounts or model.
        beside: the findings on this feature.
    """
    untested = entry.verdict is Verdict.NOT_EVALUABLE
    details = CounterfactualDetails(
        design=design, problem="untested" if untested else None, more=dict(entry.numbers)
    )
    return draft(
        spec, f"defence_{entry.kind}", slice_={name: entry.group} if name else {}, group=entry.group or None,
        reference_group=entry.reference or None, **price_defences.sizes(beside, entry),
        effect={"kind": "log_ratio", "value": entry.effect},
        p_value=entry.p, verdict=entry.verdict, defences=(entry.kind,),
        details=details.model_dump(mode="json"), reading=entry.said, limit=price_readings.REASON_LIMIT,
    )  # fmt: skip


def reduce(
    rows: pa.Table, name: str, plan: Plan, pair: str | None, more: Sequence[str] = ()
) -> Accounts | None:
    """Each account's mean log price relative to its cells; None where no two levels meet.

    An account must have one level of the feature: quotes of others are left out.

    Args:
        rows: the quotes, in canonical order.
        name: the feature.
        plan: for price, account, item and moment.
        pair: the column of matched pairs.
        more: further columns held the same beside item and moment.
    """
    columns = plan.columns
    price = quotes.numbers(rows.column(str(columns.price)))
    levels = quotes.levels(rows.column(name))
    owner = quotes.units(rows, UNIT if columns.unit else str(columns.user))
    sound = np.isfinite(price) & (price > 0) & (levels.codes >= 0)
    whole = (levels.codes >= 0) & ~_torn(owner, levels.codes)[owner]
    gone = whole & ~sound
    sound &= whole
    held = offer_rows.cells(rows, plan, more)
    cells = np.zeros(rows.num_rows, dtype=np.int64) if held is None else held
    usable = sound & _met(cells, levels, sound)
    if not usable.any() or len(np.unique(levels.codes[usable])) < 2:
        return None
    y, cell, code = np.log(price[usable]), codes_of(cells[usable]), levels.codes[usable]
    account = codes_of(owner[usable])
    relative = y - (np.bincount(cell, y) / np.bincount(cell))[cell]
    items = quotes.levels(rows.column(columns.item)) if columns.item else None
    item = None if items is None else replace(items, codes=items.codes[usable])
    values, named = account_means(relative, account, item)
    first = np.unique(account, return_index=True)[1]
    same, other = differing(cell, code, y)
    used = rows.filter(pa.array(usable))
    pairs = None
    if pair is not None and pair in rows.schema.names:
        pairs = quotes.cell_codes(rows, [pair])[usable][first]
    labels = code[first]
    means = np.bincount(labels, values[:, 0]) / np.maximum(np.bincount(labels), 1)
    return Accounts(
        values, labels, levels, named, int(usable.sum()), int((sound & ~usable).sum()), same, other,
        pairs, float(np.abs(values[:, 0] - means[labels]).mean()),
        registered(used, plan, first),
        ranges(y, cell, quotes.levels(used.column(columns.item)) if columns.item else None),
        {
            level: (int(gone[levels.codes == level].sum()), int(whole[levels.codes == level].sum()))
            for level in np.unique(labels).tolist()
        },
        lambda level: account_means(beyond_share(code == level, cell), account, item)[0],
        len(np.unique(owner[(levels.codes >= 0) & ~whole])),
    )  # fmt: skip


def _torn(owner: Codes, codes: Codes) -> quotes.Mask:
    """Accounts that have more than one level."""
    size = int(owner.max(initial=0)) + 1
    low, high = np.full(size, np.iinfo(np.int64).max), np.full(size, -1)
    np.minimum.at(low, owner, np.where(codes >= 0, codes, np.iinfo(np.int64).max))
    np.maximum.at(high, owner, codes)
    return np.asarray((high >= 0) & (low != high), dtype=np.bool_)


def _met(cells: Codes, levels: quotes.Levels, sound: quotes.Mask) -> quotes.Mask:
    """Rows of cells that every level was quoted in: the same goods at the same moment."""
    size, many = int(cells.max(initial=0)) + 1, len(levels.names)
    seen = np.zeros((size, many), dtype=np.bool_)
    seen[cells[sound], levels.codes[sound]] = True
    full = np.asarray(seen[:, seen.any(axis=0)].all(axis=1), dtype=np.bool_)
    found: quotes.Mask = full[cells]
    return found


def _feature(
    spec: ProbeSpec,
    name: str,
    accounts: Accounts,
    audit: Audit,
    *,
    plan: Plan,
    run: Run,
    size: int,
) -> list[_Judged]:
    rng = run.rng(f"{spec.id}:{name}")
    alpha = plan.alpha / size
    names = accounts.levels.names
    base = _base(accounts, audit.reference.get(name, plan.reference.get(name)))
    others = [c for c in np.unique(accounts.labels).tolist() if c != base]
    matched = _matched(accounts, base, others)
    if matched is not None:
        result = flip_pairs(matched, rng=rng, alpha=alpha, replicates=audit.replicates)
    else:
        result = shuffle_accounts(
            accounts.values, accounts.labels, [(c, base) for c in others],
            rng=rng, alpha=alpha, replicates=audit.replicates,
        )  # fmt: skip
    width = accounts.values.shape[1]
    found = []
    for number, code in enumerate(others):
        mark, rest = accounts.labels == code, accounts.labels == base
        each = matched[:, 0] if matched is not None else (
            accounts.values[mark, 0] - accounts.values[rest, 0].mean()
        )  # fmt: skip
        scale = seen(accounts.apart(code), mark, rest) if accounts.apart else np.ones(width)
        compared = Compared(
            place=number * width,
            group=names[code],
            reference=names[base],
            n=int(mark.sum()),
            n_reference=int(rest.sum()),
            each=each / scale[0],
            seen=scale,
            test="pairs flipped" if matched is not None else "accounts shuffled",
            freedom=len(each) - 1 if matched is not None else int(mark.sum() + rest.sum()) - 2,
            pair=(code, base),
        )
        found.append(_finding(spec, name, compared, accounts, result, plan=plan, size=size,
                              others=len(others)))  # fmt: skip
    return found


def _base(accounts: Accounts, declared: Scalar | None) -> int:
    names = accounts.levels.names
    if declared is not None and level_name(declared) in names:
        return names.index(level_name(declared))
    return int(np.argmax(np.bincount(accounts.labels)))


def _matched(accounts: Accounts, base: int, others: Sequence[int]) -> Floats | None:
    """One row per matched pair, other level - reference; None where there are no such pairs."""
    if accounts.pair is None or len(others) != 1:
        return None
    kept = []
    for pair in np.unique(accounts.pair):
        mine = np.flatnonzero(accounts.pair == pair)
        if len(mine) == 2 and set(accounts.labels[mine].tolist()) == {base, others[0]}:
            high = mine[accounts.labels[mine] == others[0]]
            low = mine[accounts.labels[mine] == base]
            kept.append(accounts.values[high[0]] - accounts.values[low[0]])
    return np.stack(kept) if len(kept) > 1 else None


def _finding(
    spec: ProbeSpec, name: str, compared: Compared, accounts: Accounts, result: MaxT, *,
    plan: Plan, size: int, others: int,
) -> _Judged:  # fmt: skip
    place, scale = compared.place, float(compared.seen[0])
    low, high = (end / scale for end in result.interval(place))
    if high - low <= 2 * SAME and not beyond(low, high):
        low, high = -math.inf, math.inf  # no account drawn differs: that bounds no other one
    value, error = float(result.effects[place]) / scale, float(result.errors[place]) / scale
    adjusted = min(1.0, float(result.adjusted[place]) * size)
    low, high = reached((low, high), adjusted, plan.alpha)
    margin = log_line(EQUIVALENCE)
    fewest = min(compared.n, compared.n_reference)
    small = within(value, error, compared.freedom, (-margin, margin), accounts=fewest)
    claims = others * size  # of items nothing is called small
    units = _units(compared)
    spread = describe(compared.each)
    problem = "too_few_accounts" if min(compared.n, compared.n_reference) < 2 else None
    alike = equivalence.passed(small, family=claims, alpha=plan.alpha, units=sides(units))
    sides_ = zip((compared.group, compared.reference), compared.pair, strict=True)
    gone = uncompared(
        [side_of(plan, name, level, accounts.unpriced.get(code, (0, 0))) for level, code in sides_],
        least=plan.min_n, apart=accounts.left_out, several=accounts.several,
    )  # fmt: skip
    method = f"{compared.test}, max-T over {len(result.effects)} contrasts × {size} families"
    if alike and not math.isfinite(high - low):
        (low, high), method = unvaried(value, min(sides(units)), plan.alpha / claims), UNVARIED
    verdict = judge(
        evaluable=problem is None,
        beyond=math.isfinite(high - low) and beyond(low, high),
        equivalent=alike
        and not gone.uneven
        and equivalence.inside((low, high), (-margin, margin)),
        p_adjusted=adjusted,
        alpha=plan.alpha,
        spanned=math.isfinite(high - low) and spans((low, high)),
    )
    finest = _finest(compared, result)
    groups = parts(accounts.values[:, 0] / scale, accounts.labels, accounts.groups, compared.pair)
    details = CounterfactualDetails(
        design="accounts",
        spread=spread.as_json() if spread else None,
        aa_different=accounts.same,
        deterministic=None,
        groups={name: part.as_json() for name, part in groups.items()},
        problem=problem,
        more={
            "between_different": accounts.other,
            "quotes": accounts.quotes,
            "left_out": accounts.left_out,
            "smallest_p": finest,
            "replicates": result.replicates,
            "account_noise": accounts.noise,
            "items": _items(result, compared, accounts),
        },
    )
    finding = draft(
        spec,
        "price_gap",
        slice_={name: compared.group},
        group=compared.group,
        reference_group=compared.reference,
        n=compared.n,
        n_reference=compared.n_reference,
        effect={"kind": "log_ratio", "value": value},
        ci={"low": low, "high": high, "level": 1 - plan.alpha, "simultaneous": True,
            "method": method}
        if math.isfinite(high - low) else None,
        test={"name": compared.test, "statistic": value / error if error > 0 else None},
        p_value=float(result.p[place]),
        p_adjusted=adjusted,
        adjustment="single-step max-T, Bonferroni over features and plans",
        family={"id": f"{spec.id}|{name}", "size": len(result.effects) * size},
        equivalence={"low": -margin, "high": margin, "p": small,
                     "p_adjusted": equivalence.adjusted(small, claims)},
        units=units,
        mde=detectable(error, critical(1 - plan.alpha / size / 2, compared.freedom), compared.freedom)
        if compared.freedom > 0 else None,
        threshold=threshold(),
        verdict=verdict,
        severity=severity(low, high) if verdict is Verdict.DISPARITY else None,
        defences=tuple(str(defence["kind"]) for defence in plan.defences),
        details=details.model_dump(mode="json"),
        left_out={} if problem else gone.left_out,
        reading=price_readings.accounts_gap(
            name, compared.group, compared.reference, value=value, low=low, high=high,
            verdict=verdict, accounts=compared.n + compared.n_reference, problem=problem, plan=plan,
            also=gone.said,
        ),
        limit=price_readings.accounts_limit(finest, result.replicates, accounts.same, accounts.other),
    )  # fmt: skip
    return _Judged(finding, spread, groups, gone.uneven)


def _units(compared: Compared) -> dict[str, Any]:
    """Accounts on each side, or matched pairs of them."""
    if compared.test == "pairs flipped":
        return counted("pairs", len(compared.each))
    return counted("accounts", compared.n, compared.n_reference)


def _finest(compared: Compared, result: MaxT) -> float:
    """The smallest p-value the design can give."""
    if compared.test == "pairs flipped":
        return max(smallest_p(len(compared.each)), result.smallest)
    labellings = math.comb(compared.n + compared.n_reference, compared.n)
    return max(1 / labellings, result.smallest)  # of whole numbers: a float would overflow


def _items(result: MaxT, compared: Compared, accounts: Accounts) -> list[dict[str, Any]]:
    found = []
    for offset, item in enumerate(accounts.items, start=1):
        place = compared.place + offset
        size = float(result.effects[place] / compared.seen[offset])
        found.append({"item": item, "log_ratio": size, "p": float(result.p[place]),
                      "p_adjusted": float(result.adjusted[place]), **accounts.ranges.get(item, {})})  # fmt: skip
    return found


def _clean_bill(spec: ProbeSpec, judged: Sequence[_Judged], plan: Plan) -> Finding:
    """All three parts at once, over all accounts and in every registered group of them."""
    groups = [part for one in judged for part in one.groups.values()]
    spreads = [(one.spread, one, "") for one in judged if one.spread is not None]
    spreads += [(part.spread, one, of) for one in judged for of, part in one.groups.items()]
    means = all(one.finding.verdict is Verdict.EQUIVALENT for one in judged)
    means = means and all(part.small < plan.alpha for part in groups)
    uneven = any(one.uneven for one in judged)
    bounded = all(s.beyond_upper <= POLICY.value("price_share_beyond") for s, _, _ in spreads)
    verdicts = {one.finding.verdict for one in judged}
    if Verdict.DISPARITY in verdicts:
        verdict = Verdict.DISPARITY
    elif means and bounded and spreads:
        verdict = Verdict.EQUIVALENT
    elif Verdict.DIFFERENCE in verdicts:
        verdict = Verdict.DIFFERENCE
    elif verdicts == {Verdict.NOT_EVALUABLE}:
        verdict = Verdict.NOT_EVALUABLE
    else:
        verdict = Verdict.INCONCLUSIVE
    worst, widest_of, part_of = max(
        spreads, key=lambda each: each[0].beyond_upper, default=(None, judged[0], "")
    )
    sizes = [float(one.finding.effect["value"]) for one in judged] + [part.mean for part in groups]
    widest = max(sizes, key=abs, default=0.0)
    matched = all((one.finding.units or {}).get("of") == "pairs" for one in judged)
    details = CounterfactualDetails(
        design="accounts", spread=worst.as_json() if worst else None, aa_different=None,
        deterministic=None, groups={}, problem=None,
        more={"largest_mean": abs(widest), "means_within": means, "share_bounded": bounded,
              "groups": len(groups), "pairs_needed": pairs_needed()},
    )  # fmt: skip
    return draft(
        spec,
        "clean_bill",
        slice_={},
        n=worst.pairs if worst else 0,
        units=min((one.finding.units for one in judged if one.finding.units),
                  key=lambda each: min(sides(each)), default=None),
        effect={"kind": "share", "value": worst.beyond if worst else None},
        threshold={"value": POLICY.value("price_share_beyond"), "source": POLICY.source("price_share_beyond"),
                   "rule": "every mean shown within 1 %; upper bound of the share of accounts beyond 1 % at most 1 %; "
                           "the same in every registered group",
                   "lines": {"equivalence": EQUIVALENCE}},
        verdict=verdict,
        details=details.model_dump(mode="json"),
        reading=price_readings.clean_bill(
            worst, widest, verdict,
            "too_few_units" if verdict is Verdict.NOT_EVALUABLE else None, needed=pairs_needed(),
            of=price_readings.PAIRS if matched else price_readings.ACCOUNTS,
            whom=price_readings.whom(widest_of.finding, part_of, plan),
            barred=UNEVEN if uneven else None,
        ),
        limit=price_readings.ACCOUNTS_LIMIT,
    )  # fmt: skip
