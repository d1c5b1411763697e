"""price_counterfactual: does the price change when only the person changes?

Same goods, same moment, same costs; the declared habit, preference and ability-to-pay features are
changed one at a time, as declared bundles and in a two-level factorial. A deterministic submitted
model has no p-value: its differences are facts, described over the profiles the plan names. Where
whole accounts were given a profile and a service quoted them prices, the accounts are permuted
(see `evaluators.prices.pricing_accounts`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from evaluators.plan import Plan, Scalar
from evaluators.prices import (
    price_defences,
    price_readings,
    pricing_accounts,
    pricing_evidence,
    pricing_model,
    pricing_reasons,
    quotes,
)
from evaluators.prices.price_nulls import account_nulls, accounts_planted
from evaluators.prices.pricing_design import (
    MOST_FACTORS,
    MOST_LEVELS,
    Bundle,
    CounterfactualDetails,
    Design,
    Feature,
    feature,
)
from evaluators.probe import (
    UNIT,
    NullDesign,
    Options,
    Probe,
    ProbeSpec,
    Run,
    ScoreRequest,
    State,
    Table,
)
from registry.findings import Finding
from registry.language import Text

LEGAL = ("SZ72-5", "SH67-4", "算法推荐21", "PIPL24", "消保条例9", "SZDATA69")


class BundleOption(BaseModel):
    """Two whole profiles to be compared, each a mapping from feature to value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    profile: dict[str, Scalar]
    against: dict[str, Scalar]


class CounterfactualOptions(Options):
    """What a plan may say to price_counterfactual.

    Attributes:
        design: "model" asks the submitted model, "accounts" reads the quotes that a service gave
            to accounts; left out, the model is asked where the plan names its inputs.
        features: the features varied; left out, the profile columns are.
        levels: feature → the values tried; left out, quantiles of the data or its levels.
        reference: feature → the value the others are compared with; left out, the lowest number
            or the most common level.
        tails: the quantiles tried for a number.
        bundles: whole profiles to compare.
        factors: the features of the factorial; left out, the first five.
        sample: at most so many rows are asked about.
        pair: accounts: the column that names matched pairs.
        replicates: accounts: how many permutations.
    """

    design: Literal["auto", "model", "accounts"] = "auto"
    features: tuple[str, ...] = ()
    levels: Mapping[str, tuple[Scalar, ...]] = Field(default_factory=dict)
    reference: Mapping[str, Scalar] = Field(default_factory=dict)
    tails: tuple[float, ...] = (0.1, 0.5, 0.9)
    bundles: tuple[BundleOption, ...] = ()
    factors: tuple[str, ...] | None = None
    sample: int | None = 2000
    pair: str | None = None
    replicates: int = 4999


class PriceCounterfactual(Probe[pa.Table]):
    """Prices for the same goods when only the person's profile changes.

    Args:
        options: what the plan says.
        design: the profiles, once the first pass has seen the data.
    """

    spec = ProbeSpec(
        id="price_counterfactual",
        version="1",
        task="pricing",
        state=State.ROWS,
        roles=("profile",),
        derived=(UNIT,),
        options=CounterfactualOptions,
        details=CounterfactualDetails,
        legal_refs=LEGAL,
        question=Text(
            "其他都不变，只改变用户的习惯、偏好或支付能力，价格会不会变？",
            "With all else unchanged, does the price change when only the user's "
            "habits, preferences or ability to pay change?",
        ),
        optional=("sensitive", "inputs", "cost", "price", "item", "time", "user", "unit"),
    )  # fmt: skip
    options: CounterfactualOptions

    def __init__(self, options: Options, design: Design | None = None) -> None:
        super().__init__(options)
        self.design = design

    def create_accumulator(self, plan: Plan) -> pa.Table:  # noqa: ARG002
        return pa.table({})

    def add_batch(self, acc: pa.Table, batch: pa.RecordBatch) -> pa.Table:
        return quotes.join([acc, quotes.keep(batch, batch.schema.names)])

    def merge(self, accs: Sequence[pa.Table]) -> pa.Table:
        return quotes.join(accs)

    def sealed(self, acc: pa.Table) -> Any:
        return quotes.sealed(acc)

    def refine(self, acc: pa.Table, plan: Plan) -> "PriceCounterfactual | None":
        """After the first pass the values to try are known, and the model can be asked."""
        if self.design is not None or not self.asks(plan):
            return None
        return PriceCounterfactual(self.options, self._design(quotes.ordered(acc), plan))

    def requests(self, acc: pa.Table, plan: Plan) -> Iterator[ScoreRequest]:  # noqa: ARG002
        if self.design is None or not self.design.features:
            return iter(())
        return self.design.requests()

    def answers_per_row(self, plan: Plan) -> int:
        if not self.asks(plan):
            return 0
        named = self.features(plan)
        tried = sum(
            len(self.options.levels.get(name, ())) or max(MOST_LEVELS, len(self.options.tails))
            for name in named
        )
        factors = len(self._factors(named))
        return 2 + tried + 2 * len(self.options.bundles) + (2**factors if factors > 1 else 0)

    def columns(self, plan: Plan) -> tuple[str, ...]:
        pair = (self.options.pair,) if self.options.pair and not self.asks(plan) else ()
        return (*self.features(plan), *pair, *price_defences.named(plan.defences))

    def needs(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> tuple[str, ...]:
        """Quotes to accounts must have a price, as a model's answers are one."""
        price = plan.columns.price
        own = () if price is None or self.asks(plan) else (price,)
        return (*super().needs(plan, metric, slice_), *own)

    def asks(self, plan: Plan) -> bool:
        """Whether a model is asked, or quotes to accounts are read."""
        if self.options.design == "auto":
            return bool(plan.columns.inputs)
        return self.options.design == "model"

    def features(self, plan: Plan) -> tuple[str, ...]:
        """The features that are varied; cost columns never are."""
        named = self.options.features or plan.columns.profile
        return tuple(name for name in dict.fromkeys(named) if name not in plan.columns.cost)

    def extract_findings(self, acc: pa.Table, plan: Plan, run: Run) -> list[Finding]:
        rows = quotes.ordered(acc)
        if self.design is not None:
            fitting = {bundle.name for bundle in self.design.bundles}
            refused = [b.name for b in self.options.bundles if b.name not in fitting]
            found = pricing_model.findings(
                self.spec, rows, self.design, plan=plan, run=run, named=self.features(plan)
            )
            told, examined = pricing_reasons.beside(found, plan)
            return [
                *(price_readings.bundle_refused(self.spec, name) for name in refused),
                *told,
                *(
                    pricing_accounts.reason(self.spec, name, entry, design="model", beside=told)
                    for name, entry in examined
                ),
            ]
        audit = pricing_accounts.Audit(
            features=self.features(plan),
            reference=self.options.reference,
            pair=self.options.pair,
            replicates=self.options.replicates,
        )
        if plan.columns.price is None or (plan.columns.user or plan.columns.unit) is None:
            return [price_readings.no_accounts(self.spec)]
        return pricing_accounts.findings(self.spec, rows, audit, plan=plan, run=run)

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return account_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return accounts_planted()

    def public(self, acc: pa.Table, plan: Plan) -> Sequence[Table]:
        """How many pairs differ, rise and fall, for every feature and value."""
        if self.design is None:
            return ()
        return pricing_evidence.tables(quotes.ordered(acc), self.design, plan)

    def recompute(self, tables: Sequence[Table], plan: Plan, run: Run) -> list[Finding]:  # noqa: ARG002
        return pricing_evidence.recompute(self.spec, tables, plan)

    def _factors(self, named: Sequence[str]) -> tuple[str, ...]:
        chosen = self.options.factors
        return tuple(named[:MOST_FACTORS] if chosen is None else chosen[:MOST_FACTORS])

    def _design(self, rows: pa.Table, plan: Plan) -> Design:
        found: dict[str, Feature] = {}
        for name in self.features(plan):
            if name not in plan.columns.inputs or name not in rows.schema.names:
                continue
            made = feature(
                rows.column(name),
                name,
                declared=self.options.levels.get(name, ()),
                tails=self.options.tails,
                reference=self.options.reference.get(name, plan.reference.get(name)),
            )
            if made is not None:
                found[name] = made
        inputs = set(plan.columns.inputs)
        return Design(
            features=tuple(found.values()),
            bundles=tuple(
                Bundle(bundle.name, bundle.profile, bundle.against)
                for bundle in self.options.bundles
                if {*bundle.profile, *bundle.against} <= inputs - set(plan.columns.cost)
            ),
            factors=tuple(found[name] for name in self._factors(tuple(found)) if name in found),
            sample=self.options.sample,
        )
