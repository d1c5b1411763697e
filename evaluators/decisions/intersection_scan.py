"""Intersection scan: is any crossing of up to three attributes treated unlike everyone else?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field
from scipy.special import ndtr

from evaluators.accumulating.accumulators import Cells, Key, coded, merge_cells, truth
from evaluators.accumulating.columns import is_level
from evaluators.decisions import crossing_readings
from evaluators.decisions.crossing_nulls import crossing_nulls, crossing_planted
from evaluators.decisions.crossings import MOST_ATTRIBUTES, Crossings, Kinds, crossings
from evaluators.decisions.error_parity import error_lines
from evaluators.decisions.selection_parity import selection_lines
from evaluators.judging import equivalence, findings, rates, readings, verdicts
from evaluators.judging.findings import draft, not_evaluable
from evaluators.judging.parity import ARTICLES, published
from evaluators.judging.rates import Comparison, Group, Lines
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import (
    DESERVED,
    FAVOURED,
    UNIT,
    Details,
    Gathered,
    NullDesign,
    Options,
    Probe,
    ProbeSpec,
    Run,
    Share,
    State,
    Table,
)
from evaluators.statistics import intervals, shrinkage
from evaluators.statistics.inference import Test, fisher_exact, tost_ratio
from evaluators.statistics.multiplicity import MaxT, replicates_needed, step_down_max_t
from registry.findings import Finding
from registry.language import Text

Floats = npt.NDArray[np.float64]
Rate = Literal["selection", "wrongly_refused", "wrongly_granted"]

KNOWN = ("tp", "fp", "fn", "tn")
OF_ALL = ("difference_ci", "shrunk_rate", "shrunk_ci", "shrink_weight")
"""Details that come of all groups."""
KINDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "selection": (("tp", "fp", "up"), ("tp", "fp", "fn", "tn", "up", "down")),
    "wrongly_refused": (("fn",), ("tp", "fn")),
    "wrongly_granted": (("fp",), ("fp", "tn")),
}
"""Rate → what its numerator and denominator add up; error rates stay within the true outcome."""
METRICS = {"selection": "selection_rate_ratio", "wrongly_refused": "false_negative_rate_ratio",
           "wrongly_granted": "false_positive_rate_ratio"}  # fmt: skip
ERRORS = ("wrongly_refused", "wrongly_granted")

EXPECTED = 5
MOST_DRAWS = 20_000
NULL_DRAWS = 1000
CELLS_SHARE = 0.8
"""The crossings spend four fifths of the level; ε, one more question of the same data, the rest."""


class ScanOptions(Options):
    """What is compared between crossings.

    Args:
        rates: the favourable rate, and with a target the two error rates.
    """

    rates: tuple[Rate, ...] = Field(default=("selection",), min_length=1)


class ScanDetails(Details):
    """Beside the ratio: both rates' intervals, the shrunk rate, and of ε its null."""

    difference: float | None = None
    difference_ci: dict[str, Any] | None = None
    rate_ci: dict[str, Any] | None = None
    shrunk_rate: float | None = None
    shrunk_ci: dict[str, Any] | None = None
    shrink_weight: float | None = None
    crossings_too_small: int | None = None
    groups: int | None = None
    null_mean: float | None = None
    null_high: float | None = None
    draws: int | None = None


class IntersectionScan(Probe[Cells]):
    """Is any crossing of up to three attributes treated unlike everyone else?

    Every crossing of one to three attributes against everyone else: ratio (Koopman), studentised
    and centred bootstrap draws from the joint cells, step-down max-T (Romano and Wolf 2005) over
    all of them at once, error rates within the true outcome; small cells exactly (Fisher), with
    their share of the level. Repeated units: draws from the joint normal law of the units' scores
    (Hothorn, Bretz and Westfall 2008). Beside each rate its empirical-Bayes shrinkage (Kleinman
    1973). Over all: differential-fairness ε (Foulds et al. 2020) against random assignment.
    """

    spec = ProbeSpec(
        id="intersection_scan",
        version="1.0.0",
        task="decision",
        state=State.CELLS,
        roles=("sensitive",),
        optional=("unit", "target"),
        derived=(FAVOURED, UNIT),
        options=ScanOptions,
        details=ScanDetails,
        legal_refs=ARTICLES,
        question=Text(
            "几个特征合起来看，有没有哪一群人受到与其他人不同的对待？",
            "Looking at several features together, is any crossing of them treated unlike everyone else?",
        ),
    )
    options: ScanOptions

    @property
    def measures(self) -> tuple[str, ...]:
        """Disjoint counts; without error rates the outcome is not looked at."""
        return (
            ("up", "down") if set(self.options.rates) == {"selection"} else (*KNOWN, "up", "down")
        )

    def needs(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> tuple[str, ...]:
        """Every feature, since each crossing is held against all others; and outcomes for errors."""
        own = (*super().needs(plan, metric, slice_), *plan.columns.sensitive)
        return own if metric not in (METRICS[rate] for rate in ERRORS) else (*own, DESERVED)

    def gathers(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> Gathered | None:
        """Bounds and the steadier rates come of all groups and crossings; so does ε."""
        by = plan.columns.sensitive
        if not slice_:
            return Gathered(by) if metric == "differential_fairness" else None
        return Gathered(by, readings.RATIO, readings.OF_ALL, bounds=True, details=OF_ALL)

    def share(self, plan: Plan, metric: str) -> Share | None:  # noqa: ARG002
        """What each of the rates counts, held against everyone else of known features."""
        for rate, name in METRICS.items():
            if name == metric:
                top, of = (frozenset(part) & frozenset(KNOWN) for part in KINDS[rate])
                return Share(top, of, _lines(rate).difference)
        return None

    def create_accumulator(self, plan: Plan) -> Cells:
        self.target, self.favourable = plan.columns.target, plan.columns.favourable
        keys = plan.columns.sensitive + ((UNIT,) if plan.columns.unit else ())
        return Cells(keys, self.measures)

    def add_batch(self, acc: Cells, batch: pa.RecordBatch) -> Cells:
        yes = truth(batch[FAVOURED])
        due = np.full(yes.size, -1, dtype=np.int64)
        if len(acc.measures) > 2 and self.target is not None:
            due = is_level(batch[self.target], self.favourable)
        kinds = {
            "tp": (1, 1),
            "fp": (1, 0),
            "fn": (0, 1),
            "tn": (0, 0),
            "up": (1, -1),
            "down": (0, -1),
        }
        marks = [
            ((yes == kinds[m][0]) & (due == kinds[m][1])).astype(np.int64) for m in acc.measures
        ]
        return acc.add([coded(batch[name]) for name in acc.keys], marks)

    def merge(self, accs: Sequence[Cells]) -> Cells:
        return merge_cells(accs)

    def sealed(self, acc: Cells) -> Any:
        return acc.as_json()

    def extract_findings(self, acc: Cells, plan: Plan, run: Run) -> list[Finding]:
        wanted = [
            rate for rate in self.options.rates if rate == "selection" or plan.columns.target
        ]
        found = [self._no_target(rate, plan) for rate in self.options.rates if rate not in wanted]
        kinds = {
            rate: tuple(tuple(acc.measures.index(m) for m in part if m in acc.measures) for part in KINDS[rate])
            for rate in wanted
        }  # fmt: skip
        rated: Kinds = {str(r): (k[0], k[1]) for r, k in kinds.items()}
        whole = crossings(acc, plan.columns.sensitive, rated, least=plan.min_n)
        pairs = whole.groups()
        able = [p for p, (one, rest) in enumerate(pairs)
                if one.enough(plan) and rest.enough(plan) and one.k + rest.k]  # fmt: skip
        found += self._cells(whole, pairs, able, plan, run)
        small = whole.small + len(pairs) - len(able)
        if small or not pairs:
            found.append(self._small(small, plan))
        if "selection" in wanted:
            found.append(self._epsilon(whole, pairs, plan, run, small=bool(small)))
        return found

    def _cells(
        self, whole: Crossings, pairs: Sequence[tuple[Group, Group]], able: Sequence[int],
        plan: Plan, run: Run,
    ) -> Iterator[Finding]:  # fmt: skip
        if not able:
            return
        shrunk = _shrunk(whole, pairs)
        clustered = whole.by_unit is not None
        large = [p for p in able if clustered or _expected(*pairs[p]) >= EXPECTED]
        level = plan.alpha * CELLS_SHARE * len(large) / (len(able) * run.plans)
        drawn = _max_t(whole.only(large), run.rng(f"{self.spec.id}/crossings"), plan.alpha, level)
        factor = run.plans / CELLS_SHARE
        for place in able:
            one, rest = pairs[place]
            if drawn is not None and place in large:
                at = large.index(place)
                p, own = float(drawn.p_adjusted[at]), float(drawn.p_values[at])
                p, method = p * len(able) / len(large), "max_t"
                confidence = float(2 * ndtr(drawn.critical) - 1)
            else:
                own = fisher_exact(one.k, one.n, rest.k, rest.n)
                p, method = own * len(able), "fisher_exact"
                confidence = 1 - plan.alpha * CELLS_SHARE / (len(able) * run.plans)
            made = _compared(
                one, rest, _lines(whole.rates[place]), plan,
                p=(own, min(1.0, p * factor)), method=method, level=confidence,
                size=len(able) * run.plans,
            )  # fmt: skip
            yield self._one(whole, place, made, shrunk[place], plan, run)

    def _one(
        self, whole: Crossings, place: int, made: Comparison, shrunk: shrinkage.Shrunk,
        plan: Plan, run: Run,
    ) -> Finding:  # fmt: skip
        rate, slice_ = whole.rates[place], dict(whole.slices[place])
        lines = _lines(rate)
        lead = crossing_readings.LEADS[rate]
        if plan.target_kind != "outcome":
            lead = crossing_readings.AGREEMENT.get(rate, lead)
        said = readings.comparison(made, lines, plan, lead, slice_=slice_, who=readings.who(run))
        also = crossing_readings.SHRUNK.format(
            rate=readings.percent(shrunk.rate), weight=readings.percent(shrunk.weight)
        )
        own, gap = made.group.interval(0.95), made.difference_ci
        numbers = rates.numbers(
            made,
            lines=lines,
            family=self._family(),
            adjustment=made.test.name if made.test else "max_t",
        )
        return draft(
            self.spec, METRICS[rate], slice_=slice_, verdict=made.verdict,
            reading=_capital(readings.joined(said, also)),
            limit=readings.joined(crossing_readings.LIMIT, readings.frame(plan)),
            details={
                "difference": made.difference,
                "difference_ci": gap.as_json(simultaneous=True) if gap else None,
                "rate_ci": own.as_json() if own else None, "shrunk_rate": shrunk.rate,
                "shrunk_ci": shrunk.interval.as_json(), "shrink_weight": shrunk.weight,
            },
            **numbers,
        )  # fmt: skip

    def _family(self) -> str:
        return f"{self.spec.id}/crossings"

    def _no_target(self, rate: str, plan: Plan) -> Finding:
        limit = readings.joined(crossing_readings.LIMIT, readings.frame(plan))
        return not_evaluable(
            self.spec, METRICS[rate], slice_={}, why=crossing_readings.NO_TARGET, limit=limit
        )

    def _small(self, many: int, plan: Plan) -> Finding:
        limit = readings.joined(crossing_readings.LIMIT, readings.frame(plan))
        why = readings.few(crossing_readings.SMALL.format(many=many, least=plan.min_n), plan)
        return not_evaluable(self.spec, "crossings_too_small", slice_={}, why=why, limit=limit,
                             details={"crossings_too_small": many})  # fmt: skip

    def _epsilon(
        self, whole: Crossings, pairs: Sequence[tuple[Group, Group]], plan: Plan, run: Run, *,
        small: bool,
    ) -> Finding:  # fmt: skip
        limit = readings.joined(crossing_readings.EPSILON_LIMIT, readings.frame(plan))
        most = min(MOST_ATTRIBUTES, len(plan.columns.sensitive))
        sets: dict[tuple[str, ...], list[int]] = {}
        for place, (slice_, (one, _)) in enumerate(zip(whole.slices, pairs, strict=True)):
            if len(slice_) == most and whole.rates[place] == "selection" and one.enough(plan):
                sets.setdefault(tuple(n for n, _ in slice_), []).append(place)
        several = [places for places in sets.values() if len(places) > 1]
        if not several:
            return not_evaluable(self.spec, "differential_fairness", slice_={}, limit=limit,
                                 why=readings.few(crossing_readings.FEW.format(least=plan.min_n), plan))  # fmt: skip
        null = _null(whole, several, run.rng(f"{self.spec.id}/epsilon"))
        if null is None:
            return not_evaluable(self.spec, "differential_fairness", slice_={}, limit=limit,
                                 why=crossing_readings.MIXED)  # fmt: skip
        counts = {p: pairs[p][0].effective() for places in several for p in places}
        value = max(
            float(shrinkage.epsilon(*(np.array([pairs[p][0].k for p in places], dtype=np.float64),
                                      np.array([pairs[p][0].n for p in places], dtype=np.float64))))
            for places in several
        )  # fmt: skip
        level = 1 - plan.alpha * (1 - CELLS_SHARE) / (run.plans * len(several))
        bounds = [
            made for places in several
            if (made := shrinkage.epsilon_interval(
                [counts[p][0] for p in places], [counts[p][1] for p in places], level)) is not None
        ]  # fmt: skip
        ends = max(b.low for b in bounds), max(b.high for b in bounds)
        own = float((1 + (null >= value * (1 - 1e-9)).sum()) / (null.size + 1))
        p = min(1.0, own * run.plans / (1 - CELLS_SHARE))
        low, high = verdicts.reached(ends, p, plan.alpha)
        ci = replace(bounds[0], low=low, high=high)
        line, near = (
            POLICY.value("differential_fairness"),
            POLICY.value("differential_fairness_equivalence"),
        )
        fewest = min(pairs[q][0].effective_people for places in several for q in places)
        # The two furthest apart may be among the crossings that are too small to be compared.
        alike = equivalence.inside(ci, (0.0, near)) and equivalence.enough([fewest]) and not small
        verdict = verdicts.judge(evaluable=True, beyond=ci.low > line, equivalent=alike,
                                 p_adjusted=p, alpha=plan.alpha, spanned=verdicts.spans(ci))  # fmt: skip
        high = float(np.quantile(null, 0.95, method="higher"))
        many = sum(len(places) for places in several)
        return draft(
            self.spec, "differential_fairness", slice_={}, verdict=verdict, limit=limit,
            reading=crossing_readings.epsilon(
                value, ci, high, verdict, groups=many, line=line, left=small, real=p < plan.alpha and not verdicts.spans(ci)
            ),
            n=sum(pairs[q][0].n for places in several for q in places) // len(several),
            units=findings.units("people", fewest),
            estimate=value, effect={"kind": "log_ratio", "value": value},
            ci=ci.as_json(simultaneous=True), equivalence={"low": 0.0, "high": near, "p": None},
            test={"name": "random_assignment", "statistic": value},
            p_value=own, p_adjusted=p, adjustment="share_of_level",
            family={"id": self._family(), "size": run.plans},
            threshold={"value": line, "rule": f"ε > {line:.4g}", "source": POLICY.source("differential_fairness")},
            details={"groups": many, "null_mean": float(null.mean()), "null_high": high, "draws": int(null.size)},
        )  # fmt: skip

    def public(self, acc: Cells, plan: Plan) -> Sequence[Table]:
        """Counts of the rows it compares: those of which every feature is known."""
        if UNIT in acc.keys:
            return []
        tables: list[Table] = []
        acc = acc.margin(plan.columns.sensitive)
        plan = replace(plan, columns=replace(plan.columns, weight=None))  # it counts people
        places = {m: at for at, m in enumerate(acc.measures)}
        if "selection" in self.options.rates:
            tops = [places[m] for m in ("tp", "fp", "up") if m in places]
            tables += published(
                acc, plan, self.spec.id, counts=("favoured", "refused"),
                people=lambda row: (sum(row[p] for p in tops), sum(row) - sum(row[p] for p in tops)),
            )  # fmt: skip
        if len(acc.measures) > 2:
            tables += published(acc, plan, self.spec.id, counts=KNOWN,
                                people=lambda row: tuple(row[places[m]] for m in KNOWN))  # fmt: skip
        features = plan.columns.sensitive
        return [replace(t, within=tuple(n for n in features if n not in t.keys)) for t in tables]

    def recompute(self, tables: Sequence[Table], plan: Plan, run: Run) -> list[Finding]:
        """Everything follows from the joint table of one kind of rate, if nothing in it is suppressed."""
        counted = ("favoured", "refused") if self.measures == ("up", "down") else KNOWN
        if counted == KNOWN and "selection" in self.options.rates:
            return []
        for table in tables:
            shown = [counts for _, counts in table.rows if counts is not None]
            if (
                table.keys == plan.columns.sensitive
                and table.counts == counted
                and len(shown) == len(table.rows)
            ):
                pad = (0,) * (len(self.measures) - len(counted))
                rows: dict[Key, tuple[int, ...]] = {
                    key: (*counts, *pad) for key, counts in table.rows if counts is not None
                }
                return self.extract_findings(Cells(table.keys, self.measures, rows), plan, run)
        return []

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return crossing_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return crossing_planted()


def _capital(said: Text) -> Text:
    return Text(said.zh, said.en[:1].upper() + said.en[1:])


def _lines(rate: str) -> Lines:
    if rate == "selection":
        return selection_lines()
    return error_lines()


def _expected(one: Group, rest: Group) -> float:
    k, n = one.k + rest.k, one.n + rest.n
    return min(one.n, rest.n) * min(k, n - k) / n


def _max_t(many: Crossings, rng: np.random.Generator, alpha: float, level: float) -> MaxT | None:
    """Step-down max-T over the crossings; single-step where the family outgrows the draws."""
    if not many.slices:
        return None
    wanted = replicates_needed(len(many.slices), alpha)
    draws = min(wanted, MOST_DRAWS)
    gap, error = many.gaps(many.atoms[None, :])
    if many.by_unit is None:
        total = int(many.atoms.sum())
        drawn, errors = many.gaps(rng.multinomial(total, many.atoms / total, size=draws))
        observed, null = (gap / error)[0], (drawn - gap) / errors
    else:
        scores = many.unit_scores()
        units = len(scores)
        spread = scores.T @ scores * units / (units - 1)
        own = np.maximum(np.sqrt(np.diag(spread)), error[0])
        values, vectors = np.linalg.eigh(spread / np.outer(own, own))
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        null = rng.standard_normal((draws, len(own))) @ root.T
        observed = gap[0] / own
    found = step_down_max_t(observed, null, alpha=level)
    if wanted <= MOST_DRAWS:
        return found
    # Single-step: the maximum over all crossings serves every one, so fewer draws suffice.
    largest = np.abs(null).max(axis=1)
    hits = (largest[:, None] >= np.abs(observed)).sum(axis=0)
    return MaxT(found.p_values, (1.0 + hits) / (draws + 1.0), found.critical, draws)


def _compared(
    one: Group, rest: Group, lines: Lines, plan: Plan,
    *, p: tuple[float, float], method: str, level: float, size: int,
) -> Comparison:  # fmt: skip
    counts = (*one.effective(), *rest.effective())
    held = partial(verdicts.reaching, p_adjusted=p[1], alpha=plan.alpha)
    ratio = held(intervals.koopman(*counts, level), none=1.0)
    gap = held(intervals.newcombe(*counts, level))
    low, high = lines.equivalence
    alike = tost_ratio(*counts, low=low, high=high)
    key = {rates.pair(one.name, "*"): p[1]}
    made = rates.compare([one, rest], rest, lines, plan, family=size, pairs=key)[0]
    verdict = verdicts.judge(
        evaluable=True, beyond=rates.beyond(ratio, gap, lines),
        equivalent=equivalence.shown(
            alike, family=size / CELLS_SHARE, alpha=plan.alpha, units=rates.sides(one, rest),
            interval=ratio, near=(low, high),
        ),
        p_adjusted=p[1], alpha=plan.alpha, spanned=verdicts.spans(ratio, 1.0),
    )  # fmt: skip
    return replace(
        made, level=level, ratio_ci=ratio, difference_ci=gap, test=Test(method, None, p[0]), verdict=verdict
    )  # fmt: skip


def _shrunk(whole: Crossings, pairs: Sequence[tuple[Group, Group]]) -> dict[int, shrinkage.Shrunk]:
    """Every rate shrunk towards the common rate of the crossings of the same attributes."""
    sets: dict[tuple[Any, ...], list[int]] = {}
    for place, slice_ in enumerate(whole.slices):
        if pairs[place][0].n:
            sets.setdefault((whole.rates[place], *(name for name, _ in slice_)), []).append(place)
    found: dict[int, shrinkage.Shrunk] = {}
    for places in sets.values():
        counts = np.array([pairs[p][0].effective() for p in places])
        found |= dict(zip(places, shrinkage.shrink(counts[:, 0], counts[:, 1]), strict=True))
    return found


def _null(
    whole: Crossings, sets: Sequence[Sequence[int]], rng: np.random.Generator
) -> Floats | None:
    """ε where the favourable results are dealt out at random; None where units straddle cells."""
    first = whole.only([sets[0][0]])
    favoured, counted = first.all_top[0].astype(bool), first.all_bottom[0].astype(bool)
    if whole.by_unit is None:
        n = np.where(counted, whole.atoms, 0)
        cells = n.reshape(-1, whole.width).sum(axis=1)
        k = int(whole.atoms[favoured].sum())
        dealt = rng.multivariate_hypergeometric(cells, k, size=NULL_DRAWS, method="marginals")
        drawn = dealt.astype(np.float64)
        sizes = np.broadcast_to(cells.astype(np.float64), drawn.shape)
    else:
        split = whole.by_unit.reshape(len(whole.by_unit), -1, whole.width)
        cell_n = np.where(counted, whole.by_unit, 0).reshape(split.shape).sum(axis=2)
        own_k = whole.by_unit[:, favoured].sum(axis=1)
        own_n, where = cell_n.sum(axis=1), cell_n.argmax(axis=1)
        if ((cell_n > 0).sum(axis=1) > 1).any():
            return None
        many = split.shape[1]
        drawn, sizes = np.zeros((NULL_DRAWS, many)), np.zeros((NULL_DRAWS, many))
        for draw in range(NULL_DRAWS):
            order = rng.permutation(where)
            drawn[draw] = np.bincount(order, weights=own_k, minlength=many)
            sizes[draw] = np.bincount(order, weights=own_n, minlength=many)
    found = np.zeros(NULL_DRAWS)
    for places in sets:
        member = whole.bottoms[list(places)].reshape(len(places), -1, whole.width).any(axis=2)
        found = np.maximum(found, shrinkage.epsilon(drawn @ member.T, sizes @ member.T))
    return found
