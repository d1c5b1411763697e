"""offer_access: do all get the same coupons, subsidies, stock and delivery, and pay the same in the end?

A price can differ by who is shown a coupon. Per attribute and offer: the rate at which accounts of
each group get it, first as it stands, then over the same mix of goods and moments
(`evaluators.prices.account_rates`: Mantel and Haenszel's weights, Koopman's score at the effective number
of trials); then total-cost parity of the final payable price = list - coupons + fees, and how much
of a difference is list price, coupons and fees. The unit is the account. The line for rates is the
four-fifths ratio by analogy; the lines for the price are those of all price probes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import Field

from evaluators.judging import captions
from evaluators.judging.findings import draft, not_evaluable
from evaluators.judging.findings import units as counted
from evaluators.plan import Plan, Scalar
from evaluators.policy import POLICY
from evaluators.prices import account_rates, offer_readings, price_defences, price_family, quotes
from evaluators.prices.account_rates import Mean
from evaluators.prices.offer_nulls import offer_nulls, offer_planted
from evaluators.prices.offer_rows import (
    Amounts,
    Groups,
    Paid,
    cells,
    groups,
    kept,
    marked,
    offered,
    paid,
)
from evaluators.prices.offer_sizes import sizes_by
from evaluators.prices.price_family import PRICE, Judged, Line, Result
from evaluators.prices.price_lines import LEGAL
from evaluators.prices.price_readings import REASON_LIMIT
from evaluators.prices.uncompared import Uncompared, side_of, uncompared
from evaluators.probe import (
    UNIT,
    Details,
    NullDesign,
    Options,
    Probe,
    ProbeSpec,
    Run,
    State,
    Table,
)
from evaluators.sizes import Sizes
from evaluators.statistics.regression import Codes, Coefficient, Floats
from registry.findings import Finding, Verdict
from registry.language import Text

RATE = Line(
    POLICY.value("rate_ratio_low"), POLICY.value("rate_ratio_high"),
    (POLICY.value("rate_equivalence_low"), POLICY.value("rate_equivalence_high")),
    {"value": POLICY.value("rate_ratio_low"), "source": POLICY.source("rate_ratio_low"),
     "rule": "ratio of the rates at which accounts get the offer, and its reciprocal",
     "lines": {"low": POLICY.value("rate_ratio_low"), "high": POLICY.value("rate_ratio_high")}},
    lambda _low, _high: None,
    none=1.0,
)  # fmt: skip


class OfferOptions(Options):
    """What a plan may say to offer_access.

    Attributes:
        attributes: the attributes compared; left out, the sensitive and profile columns are.
        offers: columns that say whether the good thing was offered (coupon shown, in stock).
        list_price: the price before coupons and fees; left out, the plan's price is final.
        coupons: amounts taken off; getting one is an offer too.
        fees: amounts added; paying none is an offer too.
        strata: further columns held the same beside item and time.
        order: attribute → its levels from the lowest to the highest, for words with an order.
        levels: the most levels a number is cut into.
    """

    attributes: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    list_price: str | None = None
    coupons: tuple[str, ...] = ()
    fees: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    order: Mapping[str, tuple[Scalar, ...]] = Field(default_factory=dict)
    levels: int = Field(default=3, ge=2, le=10)


class OfferDetails(Details):
    """The numbers of offer_access beside a finding's own.

    Attributes:
        offer: the offer, or "" for the final price.
        same: whether goods, moment and strata were held the same.
        trials, reference_trials: independent trials that would vary as much as these accounts do.
        rows, reference_rows: rows counted.
        parts: list, coupons and fees: how they add up to the difference, as log-ratios.
        left_out, unpriced: rows of no group; rows without a final price.
        mismatch: the share of rows whose logged price is not the computed one.
        problem: why nothing is concluded.
        more: further numbers.
    """

    offer: str = ""
    same: bool = False
    trials: float | None = None
    reference_trials: float | None = None
    rows: int = 0
    reference_rows: int = 0
    parts: dict[str, float] = Field(default_factory=dict)
    left_out: int = 0
    unpriced: int = 0
    mismatch: float | None = None
    problem: str | None = None
    more: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The rows as far as all attributes share them."""

    rows: pa.Table
    account: Codes
    offers: Mapping[str, Floats]
    paid: Paid | None
    cells: Codes | None


@dataclass(frozen=True, slots=True)
class _Pair:
    """A group against the reference under one set of conditions."""

    seen: _Seen
    attribute: str
    found: Groups
    place: int
    same: bool
    alpha: float
    least: int

    @property
    def suffix(self) -> str:
        return "_same_goods" if self.same else ""

    def means(self, values: Floats, *, amounts: bool = False) -> tuple[Mean | None, Mean | None]:
        """The group's and the reference's mean; of amounts the error is that within cells."""
        group, reference = self.found.of(self.place), self.found.of(self.found.reference)
        known = np.isfinite(values)
        group, reference = group & known, reference & known
        cells, account = self.seen.cells if self.same else None, self.seen.account
        weights = account_rates.overlap(cells, group, reference)
        left = None
        if amounts and cells is not None:
            left = account_rates.within(values, cells, group | reference, account)
        return (
            account_rates.mean(values, weights, group, account, left),
            account_rates.mean(values, weights, reference, account, left),
        )

    def problem(self, means: tuple[Mean | None, Mean | None]) -> str | None:
        """Why they can't be compared."""
        if means[0] is None or means[1] is None:
            return "no_overlap" if self.same else "few_accounts"
        fewest = min(means[0].accounts, means[1].accounts)
        return "few_accounts" if fewest < self.least else None


class OfferAccess(Probe[pa.Table]):
    """Offers and final prices by group."""

    spec = ProbeSpec(
        id="offer_access",
        version="1",
        task="pricing",
        state=State.ROWS,
        roles=(),
        derived=(UNIT,),
        options=OfferOptions,
        details=OfferDetails,
        legal_refs=LEGAL,
        question=Text(
            "不同的人得到的优惠券、补贴、库存和配送费是否一样，最后付的钱是否一样？",
            "Do different people get the same coupons, subsidies, stock and delivery fee, and pay the same in the end?",
        ),
        optional=("sensitive", "profile", "price", "item", "time", "user", "unit"),
    )  # fmt: skip
    options: OfferOptions

    def create_accumulator(self, plan: Plan) -> pa.Table:  # noqa: ARG002
        return pa.table({})

    def add_batch(self, acc: pa.Table, batch: pa.RecordBatch) -> pa.Table:
        return quotes.join([acc, quotes.keep(batch, quotes.own(batch))])

    def merge(self, accs: Sequence[pa.Table]) -> pa.Table:
        return quotes.join(accs)

    def sealed(self, acc: pa.Table) -> Any:
        return quotes.sealed(acc)

    def columns(self, plan: Plan) -> tuple[str, ...]:
        own = self.options
        listed = (own.list_price,) if own.list_price else ()
        return (*own.attributes, *own.offers, *listed, *own.coupons, *own.fees, *own.strata,
                *price_defences.named(plan.defences))  # fmt: skip

    def needs(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> tuple[str, ...]:
        """Of an offer it must be known whether it was made."""
        offer = slice_.get("offer", "").removeprefix(captions.FREE)
        own = (offer,) if offer in self.columns(plan) else ()
        return (*super().needs(plan, metric, slice_), *own)

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return offer_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return offer_planted()

    def attributes(self, plan: Plan) -> tuple[str, ...]:
        """The attributes compared."""
        named = self.options.attributes or (*plan.columns.sensitive, *plan.columns.profile)
        return tuple(dict.fromkeys(named))

    def extract_findings(self, acc: pa.Table, plan: Plan, run: Run) -> list[Finding]:
        rows = quotes.ordered(acc)
        if not rows.num_rows or not self.attributes(plan):
            return [self._nothing(offer_readings.NOBODY)]
        seen = self._seen(rows, plan)
        if not seen.offers and seen.paid is None:
            return [self._nothing(offer_readings.NOTHING)]
        found: list[Finding] = []
        for attribute in self.attributes(plan):
            found += self._attribute(seen, attribute, plan, run)
        return found

    def public(self, acc: pa.Table, plan: Plan) -> Sequence[Table]:
        """Accounts, and how many of their quotes had each offer, by group."""
        rows = quotes.ordered(acc)
        if not rows.num_rows:
            return ()
        seen, tables = self._seen(rows, plan), []
        for attribute in self.attributes(plan):
            found = self._groups(seen, attribute, plan)
            counted = []
            for place, label in enumerate(found.labels):
                mine = found.of(place)
                accounts = len(np.unique(seen.account[mine]))
                for offer, made in seen.offers.items():
                    known = int(np.isfinite(made[mine]).sum())
                    counts = accounts, known, int((made[mine] == 1).sum())
                    counted.append(((label, offer), counts))
            if counted:
                tables.append(Table(f"{self.spec.id}:{attribute}", (attribute, "offer"),
                                    ("accounts", "quotes", "made"), tuple(counted)))  # fmt: skip
        return tables

    def sizes(self, acc: pa.Table, plan: Plan) -> Sequence[Sizes]:
        """Accounts and rows by group, and of each those with an offer, without, and unknown."""
        rows = quotes.ordered(acc)
        if not rows.num_rows:
            return ()
        seen, made = self._seen(rows, plan), list[Sizes]()
        for attribute in self.attributes(plan):
            found = self._groups(seen, attribute, plan)
            if found.problem is None:
                made += sizes_by(found, seen.account, seen.offers, (self.spec.id, attribute))
        return made

    def _nothing(self, why: Text) -> Finding:
        limit = offer_readings.limit(mismatch=None, clustered=True, left_out=0)
        return not_evaluable(self.spec, "offer_rate", slice_={}, why=why, limit=limit)

    def _seen(self, rows: pa.Table, plan: Plan, more: Sequence[str] = ()) -> _Seen:
        own, column = self.options, quotes.account(plan)
        offers = {name: offered(rows, name) for name in (*own.offers, *own.coupons)}
        free = {f"free:{name}": 1 - offered(rows, name) for name in own.fees}
        return _Seen(
            rows=rows,
            account=quotes.units(rows, column) if column else np.arange(rows.num_rows),
            offers={**offers, **free},
            paid=paid(rows, Amounts(own.list_price, own.coupons, own.fees), plan.columns.price),
            cells=cells(rows, plan, (*own.strata, *more)),
        )

    def _groups(self, seen: _Seen, attribute: str, plan: Plan) -> Groups:
        order = self.options.order.get(attribute, ())
        return groups(seen.rows, attribute, plan, account=seen.account, order=order,
                      most=self.options.levels)  # fmt: skip

    def _attribute(self, seen: _Seen, attribute: str, plan: Plan, run: Run) -> list[Finding]:
        found = self._groups(seen, attribute, plan)
        if found.problem is not None:
            why = offer_readings.problem(plan.plain(attribute), found.problem)
            details = OfferDetails(problem=found.problem, left_out=found.left_out)
            return [not_evaluable(self.spec, "offer_rate", slice_={attribute: ""}, why=why,
                                  limit=self._limit(seen, found, plan),
                                  details=details.model_dump(mode="json"))]  # fmt: skip
        places = [
            p for p in np.unique(found.codes[found.codes >= 0]).tolist() if p != found.reference
        ]
        steps = (False, True) if seen.cells is not None else (False,)
        tests = len(seen.offers) + (seen.paid is not None)
        size = tests * len(steps) * len(places) * run.plans
        results: list[Result] = []
        for place in places:
            for same in steps:
                pair = _Pair(seen, attribute, found, place, same, plan.alpha / size, plan.min_n)
                results += [_rate(pair, offer, made, plan) for offer, made in seen.offers.items()]
                results += [_cost(pair, seen.paid, plan)] if seen.paid is not None else []
        judged = price_family.settle(results, size=size, alpha=plan.alpha)
        examined = self._reasons(seen, attribute, found, plan)
        limit = self._limit(seen, found, plan)
        made = [self._finding(one, attribute, plan, size, limit) for one in judged]
        return [*(price_defences.beside(finding, examined) for finding in made),
                *(self._reason(entry, attribute, made) for entry in examined)]  # fmt: skip

    def _limit(self, seen: _Seen, found: Groups, plan: Plan) -> Text:
        return offer_readings.limit(
            mismatch=seen.paid.mismatch if seen.paid else None,
            clustered=quotes.account(plan) is not None, left_out=found.left_out,
        )  # fmt: skip

    def _finding(
        self, judged: Judged, attribute: str, plan: Plan, size: int, limit: Text
    ) -> Finding:
        result, held = judged.result, offer_readings.RAW
        if result.details["same"]:
            held = offer_readings.fixed(plan, self.options.strata)
        if result.metric.startswith("offer_rate"):
            said = _called(plan, str(result.details["offer"]))
            reading = offer_readings.rate(judged, plan, attribute, said, held=held)
        else:
            reading = offer_readings.cost(judged, plan, attribute, held=held)
        return price_family.finding(
            self.spec, judged, plan=plan, family=f"{self.spec.id}|{attribute}", size=size,
            reading=reading, limit=limit,
        )  # fmt: skip

    def _reasons(
        self, seen: _Seen, attribute: str, found: Groups, plan: Plan
    ) -> list[price_defences.Examined]:
        """The declared reasons, tested on the final price at the same goods and moment."""
        if not plan.defences:
            return []
        labels, base = found.labels, found.labels[found.reference]
        pairs = tuple(
            (label, base) for place, label in enumerate(labels) if place != found.reference
        )

        def gaps(some: pa.Table, extra: tuple[str, ...]) -> dict[str, Coefficient]:
            part = self._seen(some, plan, extra)
            return _costs(part, attribute, kept(some, found))

        def membership(group: str, reference: str) -> tuple[Floats, quotes.Mask]:
            mine, other = (found.of(labels.index(name)) for name in (group, reference))
            return mine.astype(np.float64), mine | other

        case = price_defences.Case(
            marked(seen.rows, found),
            attribute,
            pairs,
            seen.account,
            plan.alpha,
            gaps,
            membership,
            plan.plain,
        )
        return price_defences.tested(case, plan.defences)

    def _reason(
        self, entry: price_defences.Examined, attribute: str, beside: Sequence[Finding]
    ) -> Finding:
        problem = "untested" if entry.verdict is Verdict.NOT_EVALUABLE else None
        return draft(
            self.spec,
            f"defence_{entry.kind}",
            slice_={attribute: entry.group},
            group=entry.group or None,
            reference_group=entry.reference or None,
            **price_defences.sizes(beside, entry),
            effect={"kind": "log_ratio", "value": entry.effect},
            p_value=entry.p,
            verdict=entry.verdict,
            defences=(entry.kind,),
            details=OfferDetails(problem=problem, more=dict(entry.numbers)).model_dump(
                mode="json"
            ),
            reading=entry.said,
            limit=REASON_LIMIT,
        )


def _called(plan: Plan, offer: str) -> Text:
    """An offer in words."""
    if offer.startswith("free:"):
        name = plan.plain(offer.removeprefix("free:"))
        return Text(f"不收“{name.zh}”", f"No “{name.en}” charged")
    name = plan.plain(offer)
    return Text(f"得到“{name.zh}”", f"Gets “{name.en}”")


def _blank(pair: _Pair, metric: str, offer: str, means: tuple[Mean | None, Mean | None]) -> Result:
    labels, (own, other) = pair.found.labels, means
    slice_ = {pair.attribute: labels[pair.place], **({"offer": offer} if offer else {})}
    details = OfferDetails(
        offer=offer, same=pair.same, left_out=pair.found.left_out,
        rows=own.rows if own else 0, reference_rows=other.rows if other else 0,
        unpriced=pair.seen.paid.unpriced if pair.seen.paid else 0,
        mismatch=pair.seen.paid.mismatch if pair.seen.paid else None,
        problem=pair.problem(means),
    )  # fmt: skip
    return Result(
        metric + pair.suffix, slice_, labels[pair.place], labels[pair.found.reference],
        own.accounts if own else 0, other.accounts if other else 0,
        PRICE if metric == "total_cost_gap" else RATE,
        kind="log_ratio" if metric == "total_cost_gap" else "ratio",
        units=counted(
            "accounts", own.effective if own else 0, other.effective if other else 0
        ),
        problem=details.problem, details=details.model_dump(mode="json"),
    )  # fmt: skip


def _gone(pair: _Pair, values: Floats, plan: Plan, *, priced: bool) -> Uncompared:
    """The rows of both groups that a comparison leaves out: unpriced, or met by no row of the other."""
    found, known = pair.found, np.isfinite(values)
    group, reference = found.of(pair.place), found.of(found.reference)
    cells = pair.seen.cells if pair.same else None
    mine, theirs = group & known, reference & known
    apart = int(((mine | theirs) & (account_rates.overlap(cells, mine, theirs) == 0)).sum())
    sides = []
    for place, rows in ((pair.place, group), (found.reference, reference)) if priced else ():
        counts = int((rows & ~known).sum()), int(rows.sum())
        sides.append(side_of(plan, pair.attribute, found.labels[place], counts))
    return uncompared(sides, least=plan.min_n, apart=apart, several=found.several)


def _rate(pair: _Pair, offer: str, made: Floats, plan: Plan) -> Result:
    """The rates of one offer."""
    means = pair.means(made)
    blank = _blank(pair, "offer_rate", offer, means)
    own, other = means
    if own is None or other is None or blank.problem:
        return blank
    if np.all(made[np.isfinite(made)] == 1):
        return replace(
            blank, estimate=own.value, reference_estimate=other.value, problem="everyone",
            details={**blank.details, "problem": "everyone"},
        )  # fmt: skip
    ratio = account_rates.compare_rates(own, other, alpha=pair.alpha, margins=RATE.margins)
    trials = {"trials": own.trials, "reference_trials": other.trials}
    rated = replace(blank, estimate=own.value, reference_estimate=other.value,
                    details={**blank.details, **trials}, gone=_gone(pair, made, plan, priced=False))  # fmt: skip
    if ratio is None:
        return replace(
            rated, problem="undefined", details={**rated.details, "problem": "undefined"}
        )
    mde = None
    if ratio.error is not None:
        mde = price_family.detectable(ratio.error, ratio.critical, ratio.freedom)
    return replace(
        rated, value=ratio.value, low=ratio.low, high=ratio.high, p=ratio.p, small=ratio.small, mde=mde,
        test=("score of equal rates, effective trials", ratio.z),
        method=f"koopman at effective trials, t with {ratio.freedom} degrees of freedom",
    )  # fmt: skip


def _cost(pair: _Pair, final: Paid, plan: Plan) -> Result:
    """The final prices, and the parts of their difference."""
    means = pair.means(final.log, amounts=True)
    blank = _blank(pair, "total_cost_gap", "", means)
    own, other = means
    if own is None or other is None or blank.problem:
        return blank
    gap = account_rates.compare_means(own, other)
    coefficient = Coefficient(gap.value, gap.error, gap.freedom)
    low, high = coefficient.interval(pair.alpha)
    half = (high - low) / 2
    critical = half / gap.error if gap.error > 0 else 0.0
    known = np.where(np.isfinite(final.log), 0.0, np.nan)
    parts = {name: account_rates.compare_means(*both).value for name, values in final.parts
             if (both := _both(pair.means(values + known))) is not None}  # fmt: skip
    details = {**blank.details, "parts": parts if len(parts) == len(final.parts) else {}}
    return replace(
        blank, value=gap.value, low=low, high=high, p=gap.p, details=details,
        gone=_gone(pair, final.log, plan, priced=True),
        small=price_family.within(gap.value, gap.error, gap.freedom, PRICE.margins, accounts=min(own.accounts, other.accounts)),
        mde=price_family.detectable(gap.error, critical, gap.freedom),
        test=("t, clustered by account", gap.t), method=f"linearised variance between accounts{', within goods and moment' if pair.same else ''}, t",
    )  # fmt: skip


def _both(means: tuple[Mean | None, Mean | None]) -> tuple[Mean, Mean] | None:
    return (means[0], means[1]) if means[0] is not None and means[1] is not None else None


def _costs(seen: _Seen, attribute: str, found: Groups) -> dict[str, Coefficient]:
    """The differences of the final price by group, at the same goods and moment where known."""
    gaps: dict[str, Coefficient] = {}
    if seen.paid is None or found.problem is not None:
        return gaps
    for place, label in enumerate(found.labels):
        pair = _Pair(seen, attribute, found, place, seen.cells is not None, 1.0, 2)
        both = _both(pair.means(seen.paid.log, amounts=True)) if place != found.reference else None
        if both is not None and min(both[0].accounts, both[1].accounts) > 1:
            gap = account_rates.compare_means(*both)
            if gap.error > 0:
                gaps[label] = Coefficient(gap.value, gap.error, gap.freedom)
    return gaps
