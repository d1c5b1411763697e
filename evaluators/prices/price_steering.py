"""price_steering: are some people shown dearer goods, or the same goods dearer?

Result lists of the same queries shown to accounts of different profiles (Hannak et al. 2014). Per
list the log price weighted by exposure, divided into the goods shown and the same goods dearer, and
nDCG with the price as gain; per pair of lists Jaccard's index, rank-biased overlap and Kendall's
tau-b (`evaluators.prices.ranked_lists`). Whole accounts are shuffled, against the A/A noise that accounts of one
profile show; where the data hold the non-personalised option, every account's own lists are
compared with it, and signs flip with whole accounts.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import Field

from evaluators.judging.findings import draft, not_evaluable
from evaluators.plan import Plan, Scalar
from evaluators.prices import (
    price_defences,
    price_family,
    quotes,
    ranked_lists,
    steering_readings,
    steering_results,
    steering_tests,
)
from evaluators.prices.offer_rows import Groups, groups, kept, marked
from evaluators.prices.price_family import PRICE, Judged, Result
from evaluators.prices.price_lines import LEGAL
from evaluators.prices.price_readings import REASON_LIMIT
from evaluators.prices.ranked_lists import SIMILARITIES, STATISTICS, Lists
from evaluators.prices.steering_nulls import steering_nulls, steering_planted
from evaluators.prices.steering_tests import Likeness, Means
from evaluators.prices.uncompared import Side, uncompared
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
from evaluators.statistics.permutation import MaxT, flip_pairs, smallest_p
from evaluators.statistics.regression import Codes, Coefficient, Floats
from registry.findings import Finding, Verdict
from registry.language import Text

MOST_COMPARED = 200  # accounts whose lists are compared pairwise; beyond it a random choice
LEAST = 2  # accounts per group; the shuffle says what so few can show


class SteeringOptions(Options):
    """What a plan may say to price_steering.

    Attributes:
        features: the attributes compared; left out, the profile and sensitive columns are.
        order: attribute → its levels from the lowest to the highest, for words with an order.
        depth: how many ranks count.
        persistence: of rank-biased overlap.
        variant: the column that tells variants of one list apart.
        non_personalised: the variant that does not look at the person.
        twin: the variant that asks the same question again (A/A).
        replicates: how many shuffles.
    """

    features: tuple[str, ...] = ()
    order: Mapping[str, tuple[Scalar, ...]] = Field(default_factory=dict)
    depth: int = Field(default=10, ge=1, le=100)
    persistence: float = Field(default=0.9, gt=0, lt=1)
    variant: str | None = None
    non_personalised: str | None = None
    twin: str | None = None
    replicates: int = Field(default=1999, ge=99)


class SteeringDetails(Details):
    """The numbers of price_steering beside a finding's own.

    Attributes:
        parts: the price shown, divided into goods shown and the same goods dearer.
        aa_band: how far random sets of like accounts differ (the A/A noise).
        aa_different: the share of lists that differ when asked twice alike.
        lists, left_out, dropped: lists used; of queries not every group saw; rows unusable.
        similarity: name → {within, between} of the lists of two accounts.
        smallest_p: the smallest p-value this design can give.
        replicates: shuffles.
        problem: why nothing is concluded.
        more: further numbers.
    """

    parts: dict[str, float] = Field(default_factory=dict)
    aa_band: float | None = None
    aa_different: float | None = None
    lists: int = 0
    left_out: int = 0
    dropped: int = 0
    similarity: dict[str, dict[str, float]] = Field(default_factory=dict)
    smallest_p: float | None = None
    replicates: int = 0
    problem: str | None = None
    more: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Data:
    """The lists, and what all findings share."""

    rows: pa.Table
    account: Codes
    lists: Lists
    shown: Codes
    apart: tuple[int, ...]
    twins: float | None

    def side(self, level: str, name: Text, rows: quotes.Mask) -> Side:
        """A group with how many of its rows have no price above 0."""
        return Side(level, name, int((rows & self.lists.unpriced).sum()), int(rows.sum()))

    @property
    def personal(self) -> quotes.Mask:
        """The rows of lists that are neither the non-personalised option nor asked again."""
        return ~np.isin(self.lists.kind, self.apart)


class PriceSteering(Probe[pa.Table]):
    """Dearer goods, or the same goods dearer, in result lists."""

    spec = ProbeSpec(
        id="price_steering",
        version="1",
        task="pricing",
        state=State.ROWS,
        roles=("query", "rank", "item", "price"),
        derived=(UNIT,),
        options=SteeringOptions,
        details=SteeringDetails,
        legal_refs=LEGAL,
        question=Text(
            "同样的查询，不同的人看到的结果是不是更贵：是同一商品更贵，还是把更贵的商品排在前面？",
            "For the same query, are some people shown dearer results: the same goods dearer, or dearer goods first?",
        ),
        optional=("profile", "sensitive", "time", "user", "unit"),
    )  # fmt: skip
    options: SteeringOptions

    def create_accumulator(self, plan: Plan) -> pa.Table:  # noqa: ARG002
        return pa.table({})

    def add_batch(self, acc: pa.Table, batch: pa.RecordBatch) -> pa.Table:
        return quotes.join([acc, quotes.keep(batch, quotes.own(batch))])

    def merge(self, accs: Sequence[pa.Table]) -> pa.Table:
        return quotes.join(accs)

    def sealed(self, acc: pa.Table) -> Any:
        return quotes.sealed(acc)

    def columns(self, plan: Plan) -> tuple[str, ...]:
        variant = (self.options.variant,) if self.options.variant else ()
        return (*self.options.features, *variant, *price_defences.named(plan.defences))

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return steering_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return steering_planted()

    def features(self, plan: Plan) -> tuple[str, ...]:
        """The attributes compared."""
        named = self.options.features or (*plan.columns.profile, *plan.columns.sensitive)
        return tuple(dict.fromkeys(named))

    def extract_findings(self, acc: pa.Table, plan: Plan, run: Run) -> list[Finding]:
        rows, column = quotes.ordered(acc), quotes.account(plan)
        if column is None or not rows.num_rows:
            return [self._nothing(steering_readings.NO_ACCOUNT)]
        data = self._data(rows, plan)
        found = self._options(data, plan, run) if self.options.non_personalised else []
        for feature in self.features(plan):
            found += self._feature(data, feature, plan, run)
        return found or [self._nothing(steering_readings.NOTHING)]

    def public(self, acc: pa.Table, plan: Plan) -> Sequence[Table]:
        """Accounts and their lists by group."""
        rows = quotes.ordered(acc)
        if quotes.account(plan) is None or not rows.num_rows:
            return ()
        data, tables = self._data(rows, plan), []
        first, owner = data.lists.first[data.shown], data.lists.account[data.shown]
        for feature in self.features(plan):
            found = self._groups(data, feature, plan)
            code = found.codes[first]
            counted = tuple(
                ((label,), (len(np.unique(owner[code == place])), int((code == place).sum())))
                for place, label in enumerate(found.labels)
            )
            if counted:
                name = f"{self.spec.id}:{feature}"
                tables.append(Table(name, (feature,), ("accounts", "lists"), counted))
        return tables

    def _nothing(self, why: Text) -> Finding:
        limit = steering_readings.limit(
            smallest=0, replicates=0, depth=self.options.depth, twins=None
        )
        return not_evaluable(self.spec, "exposed_price_gap", slice_={}, why=why, limit=limit)

    def _data(self, rows: pa.Table, plan: Plan) -> _Data:
        own = self.options
        account = quotes.units(rows, str(quotes.account(plan)))
        lists = ranked_lists.read(rows, plan, account, depth=own.depth, variant=own.variant)
        apart = [
            lists.variants.index(v)
            for v in (own.non_personalised, own.twin)
            if v in lists.variants
        ]
        shown = lists.those(~np.isin(lists.variant, apart))
        return _Data(rows, account, lists, shown, tuple(apart), self._twins(lists, shown))

    def _twins(self, lists: Lists, shown: Codes) -> float | None:
        """The share of lists that differ in goods, order or price when asked twice alike."""
        found = ranked_lists.matched(lists, shown, self.options.twin)
        if not len(found):
            return None
        contents = [
            ranked_lists.content(lists, int(a)) != ranked_lists.content(lists, int(b))
            for a, b in found
        ]
        return float(np.mean(contents))

    def _groups(self, data: _Data, feature: str, plan: Plan) -> Groups:
        order = self.options.order.get(feature, ())
        return groups(
            data.rows, feature, plan, account=data.account, order=order, most=2, least=LEAST
        )

    def _feature(self, data: _Data, feature: str, plan: Plan, run: Run) -> list[Finding]:
        found = self._groups(data, feature, plan)
        if found.problem is not None:
            return [self._unable(feature, found.problem, plan)]
        code = found.codes[data.lists.first[data.shown]]
        means = steering_tests.relative(data.lists, data.shown[code >= 0], code[code >= 0])
        if means is None:
            return [self._unable(feature, "no_common_query", plan)]
        counts = np.bincount(means.labels, minlength=len(found.labels))
        base = found.reference if counts[found.reference] else int(np.argmax(counts))
        places = [p for p in np.flatnonzero(counts).tolist() if p != base]
        if counts[counts > 0].min() < LEAST:
            return [self._unable(feature, "few_accounts", plan)]
        rng, pairs = run.rng(f"{self.spec.id}:{feature}"), [(p, base) for p in places]
        alpha = plan.alpha / (2 * run.plans)
        shuffled = steering_tests.contrasts(
            means, pairs, alpha=alpha, replicates=self.options.replicates, rng=rng
        )
        bands = steering_tests.noise(means, pairs, alpha=plan.alpha, rng=rng)
        judged: list[Judged] = []
        size = 6 * len(pairs) * run.plans
        for at, pair in enumerate(pairs):
            alike = self._alike(data, means, pair, rng)
            blank = self._blank(data, feature, found, pair, counts, means, shuffled, alike, plan)
            judged += steering_results.prices(
                blank, shuffled, at, bands[at], plan, 2 * run.plans, size=size
            )
            judged += steering_results.lists(
                blank, alike, plan, 2 * len(pairs) * 2 * run.plans, size=size
            )
        examined = self._reasons(data, feature, found, pairs, plan)
        made = [
            self._finding(j, steering_readings.who(plan, feature, j), plan, feature, size)
            for j in judged
        ]
        return [*(price_defences.beside(finding, examined) for finding in made),
                *(self._reason(entry, feature, made) for entry in examined)]  # fmt: skip

    def _alike(
        self, data: _Data, means: Means, pair: tuple[int, int], rng: np.random.Generator
    ) -> dict[str, Likeness | None]:
        """How alike lists within and between two groups are."""
        accounts = np.flatnonzero(np.isin(means.labels, pair))
        if len(accounts) > MOST_COMPARED:
            accounts = np.sort(rng.choice(accounts, MOST_COMPARED, replace=False))
        number = np.full(len(means.labels), -1)
        number[accounts] = np.arange(len(accounts))
        kept = number[means.member] >= 0
        compared = ranked_lists.alike(data.lists, means.lists[kept], number[means.member[kept]],
                                      len(accounts), self.options.persistence)  # fmt: skip
        labels = means.labels[accounts]
        return {
            name: steering_tests.likeness(compared, which, labels, pair, rng=rng,
                                          replicates=self.options.replicates)
            for which, name in enumerate(SIMILARITIES)
        }  # fmt: skip

    def _blank(
        self, data: _Data, feature: str, found: Groups, pair: tuple[int, int], counts: Codes,
        means: Means, shuffled: MaxT, alike: Mapping[str, Likeness | None], plan: Plan,
    ) -> Result:  # fmt: skip
        n, n_reference = int(counts[pair[0]]), int(counts[pair[1]])
        finest = max(1 / math.comb(n + n_reference, n), shuffled.smallest)
        similarity = {name: {"within": one.within, "between": one.between}
                      for name, one in alike.items() if one is not None}  # fmt: skip
        details = SteeringDetails(
            aa_different=data.twins, lists=len(means.lists), left_out=means.left_out,
            dropped=data.lists.dropped, similarity=similarity, smallest_p=finest,
            replicates=shuffled.replicates,
        )  # fmt: skip
        label, base = (found.labels[place] for place in pair)
        sides = [data.side(name, plan.plain_level(feature, name), found.of(place) & data.personal)
                 for name, place in zip((label, base), pair, strict=True)]  # fmt: skip
        return Result("", {feature: label}, label, base, n, n_reference, PRICE,
                      details=details.model_dump(mode="json"),
                      gone=uncompared(sides, least=plan.min_n, several=found.several,
                                      lists=means.left_out))  # fmt: skip

    def _options(self, data: _Data, plan: Plan, run: Run) -> list[Finding]:
        """Every account's lists against the non-personalised ones of the same query."""
        variant = str(self.options.variant)
        found = ranked_lists.matched(data.lists, data.shown, self.options.non_personalised)
        owner = data.lists.account[found[:, 0]] if len(found) else np.empty(0, dtype=np.int64)
        if len(np.unique(owner)) < LEAST:
            return [
                self._unable(variant, "no_pairs", plan, metric="personalised_exposed_price_gap")
            ]
        rng = run.rng(f"{self.spec.id}:personalised")
        gaps = ranked_lists.by_account(
            data.lists.values[found[:, 0]] - data.lists.values[found[:, 1]], owner
        )
        flipped = flip_pairs(
            gaps, rng=rng, alpha=plan.alpha / run.plans, replicates=self.options.replicates
        )
        twins = ranked_lists.matched(data.lists, data.shown, self.options.twin)
        bands = np.zeros(len(STATISTICS))
        if len(twins):
            noise = data.lists.values[twins[:, 0]] - data.lists.values[twins[:, 1]]
            own = ranked_lists.by_account(noise, data.lists.account[twins[:, 0]])
            signs = rng.integers(0, 2, (steering_tests.BAND, len(own))) * 2.0 - 1.0
            bands = np.quantile(np.abs(signs @ own / len(own)), 1 - plan.alpha, axis=0)
        n, reference = len(gaps), str(self.options.non_personalised)
        finest = max(smallest_p(n), flipped.smallest)
        details = SteeringDetails(aa_different=data.twins, lists=len(found), dropped=data.lists.dropped,
                                  smallest_p=finest, replicates=flipped.replicates)  # fmt: skip
        whole = np.asarray(data.lists.kind == data.lists.variants.index(reference), dtype=np.bool_)
        sides = [data.side("personalised", steering_readings.OWN_LISTS, data.personal),
                 data.side(reference, plan.plain_level(variant, reference), whole)]  # fmt: skip
        blank = Result("", {variant: "personalised"}, "personalised", reference, n, n, PRICE,
                       details=details.model_dump(mode="json"),
                       gone=uncompared(sides, least=plan.min_n))  # fmt: skip
        size = len(STATISTICS) * run.plans
        judged = steering_results.prices(
            blank, flipped, 0, bands, plan, run.plans, size=size, freedom=n - 1
        )
        return [
            self._finding(
                steering_results.renamed(j), steering_readings.personalised(j), plan, variant, size
            )
            for j in judged
        ]

    def _unable(
        self, feature: str, word: str, plan: Plan, metric: str = "exposed_price_gap"
    ) -> Finding:
        why = steering_readings.problem(plan.plain(feature), word)
        limit = steering_readings.limit(
            smallest=0, replicates=0, depth=self.options.depth, twins=None
        )
        return not_evaluable(self.spec, metric, slice_={feature: ""}, why=why, limit=limit,
                             details=SteeringDetails(problem=word).model_dump(mode="json"))  # fmt: skip

    def _finding(
        self, judged: Judged, opening: Text, plan: Plan, feature: str, size: int
    ) -> Finding:
        details = judged.result.details
        reading = (
            steering_readings.problem(plan.plain(feature), judged.result.problem)
            if judged.result.problem
            else steering_readings.reading(judged, opening)
        )
        limit = steering_readings.limit(smallest=details["smallest_p"], replicates=details["replicates"], depth=self.options.depth,
                                        twins=details["aa_different"])  # fmt: skip
        return price_family.finding(
            self.spec, judged, plan=plan, family=f"{self.spec.id}|{feature}", size=size,
            reading=reading, limit=limit, adjustment="single-step max-T, Bonferroni over the two kinds of test and plans",
        )  # fmt: skip

    def _reasons(
        self,
        data: _Data,
        feature: str,
        found: Groups,
        pairs: Sequence[tuple[int, int]],
        plan: Plan,
    ) -> list[price_defences.Examined]:
        """The declared reasons, tested on the price shown."""
        if not plan.defences:
            return []
        labels = found.labels

        def gaps(some: pa.Table, extra: tuple[str, ...]) -> dict[str, Coefficient]:
            return {} if extra else self._gaps(some, kept(some, found), plan)

        def membership(group: str, reference: str) -> tuple[Floats, quotes.Mask]:
            mine, other = (found.of(labels.index(name)) for name in (group, reference))
            return mine.astype(np.float64), mine | other

        named = tuple((labels[a], labels[b]) for a, b in pairs)
        case = price_defences.Case(
            marked(data.rows, found),
            feature,
            named,
            data.account,
            plan.alpha,
            gaps,
            membership,
            plan.plain,
        )
        return price_defences.tested(case, plan.defences)

    def _gaps(self, rows: pa.Table, found: Groups, plan: Plan) -> dict[str, Coefficient]:
        """The price shown to each group against the reference, on some rows."""
        data = self._data(rows, plan)
        code = found.codes[data.lists.first[data.shown]]
        if not (code >= 0).any():
            return {}
        means = steering_tests.relative(data.lists, data.shown[code >= 0], code[code >= 0])
        if means is None:
            return {}
        return steering_results.welch(means, found.labels, found.reference)

    def _reason(
        self, entry: price_defences.Examined, feature: str, beside: Sequence[Finding]
    ) -> Finding:
        problem = "untested" if entry.verdict is Verdict.NOT_EVALUABLE else None
        return draft(
            self.spec,
            f"defence_{entry.kind}",
            slice_={feature: entry.group},
            group=entry.group or None,
            reference_group=entry.reference or None,
            **price_defences.sizes(beside, entry),
            effect={"kind": "log_ratio", "value": entry.effect},
            p_value=entry.p,
            verdict=entry.verdict,
            defences=(entry.kind,),
            details=SteeringDetails(problem=problem, more=dict(entry.numbers)).model_dump(
                mode="json"
            ),
            reading=entry.said,
            limit=REASON_LIMIT,
        )
