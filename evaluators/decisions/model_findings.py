"""The findings of conditional parity's declared model: its coefficients, judged and put into words.

Where the model explains the plan's favourable decision, the ratio of rates is held against the
four-fifths line as everywhere. Any other outcome is called by its own name, and no line applies.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.decisions import model_readings
from evaluators.decisions.conditional_model import Estimate, ModelOptions
from evaluators.decisions.conditions import Compared
from evaluators.decisions.selection_parity import selection_lines
from evaluators.judging import equivalence, findings, rates, readings, verdicts
from evaluators.judging.findings import draft, not_evaluable
from evaluators.judging.rates import Comparison
from evaluators.plan import Plan
from evaluators.probe import ProbeSpec
from registry.findings import Finding, Verdict
from registry.language import Text

NO_LINE: Mapping[str, Any] = {
    "value": None,
    "rule": "none: the outcome is not the plan's favourable decision",
    "source": "ours",
}


@dataclass(frozen=True, slots=True)
class Modelled:
    """The findings of one attribute's declared model.

    Args:
        spec: of the probe.
        options: the model.
        attribute: the sensitive feature.
        plan: names, level and least denominator.
        family: the id of the family.
    """

    spec: ProbeSpec
    options: ModelOptions
    attribute: str
    plan: Plan
    family: str

    def all(
        self, estimates: Sequence[Estimate], found: Compared | None, plans: int
    ) -> Iterator[Finding]:
        """The coefficients; without groups they are a family of their own."""
        if found is None:
            size = len(estimates) * plans
            found = Compared((), size=size, modelled={
                one.level: min(1.0, one.p_value * size) for one in estimates
            })  # fmt: skip
        for one in estimates:
            yield self._one(one, found)

    def _one(self, one: Estimate, found: Compared) -> Finding:
        reference = found.against.name if found.against else None
        decides = self.options.decides(self.plan)
        metric = "standardised_rate_ratio" if decides else "standardised_outcome_ratio"
        metric = metric if one.rates is not None else "model_coefficient"
        slice_ = {self.attribute: one.level or "*"}
        limit = readings.joined(model_readings.LIMIT, readings.frame(self.plan))
        values: dict[str, Any] = {
            "attribute": self.plan.plain(self.attribute), "least": self.plan.min_n,
            "group": self.plan.plain_level(self.attribute, one.level),
            "reference": self.plan.plain_level(self.attribute, reference or ""),
            "outcome": self.plan.plain(self.options.outcome),
        }  # fmt: skip
        if one.why is not None or one.fit is None:
            why = model_readings.WHY[one.why or "collinear"].format(**values)
            why = readings.few(why, self.plan) if one.why in {"small", "small_all"} else why
            return not_evaluable(self.spec, metric, slice_=slice_, why=why, limit=limit,
                                 group=one.level or None, reference_group=reference, n=one.n)  # fmt: skip
        lines, level = selection_lines(), 1 - self.plan.alpha / found.size
        p, none = found.modelled[one.level], 0.0 if one.rates is None else 1.0
        interval = verdicts.reaching(one.interval(level), p, self.plan.alpha, none=none)
        alike = one.equivalence(lines) if decides else None
        verdict = verdicts.judge(
            evaluable=True,
            beyond=decides and one.rates is not None and rates.beyond(interval, None, lines),
            equivalent=decides and equivalence.shown(
                alike, family=found.size, alpha=self.plan.alpha, units=one.people or (),
                interval=interval, near=lines.equivalence,
            ),
            p_adjusted=p, alpha=self.plan.alpha,
            spanned=verdicts.spans(interval, none),
        )  # fmt: skip
        people = one.people or (one.n, one.n_reference)
        ratio = (
            np.exp(one.rates.log_ratio) if one.rates and one.rates.log_ratio is not None else None
        )
        return draft(
            self.spec, metric, slice_=slice_, verdict=verdict, limit=limit,
            reading=self._model_reading(one, verdict, values, interval, p, decides=decides),
            group=one.level or None, reference_group=reference, n=one.n,
            n_reference=one.n_reference if one.level else None,
            estimate=one.coefficient if one.rates is None else one.rates.group,
            reference_estimate=None if one.rates is None else one.rates.reference,
            effect={"kind": "difference", "value": one.coefficient} if ratio is None else {"kind": "ratio", "value": ratio},
            ci=interval.as_json(simultaneous=True) if interval else None,
            test={"name": "wald_robust", "statistic": one.statistic}, p_value=one.p_value,
            p_adjusted=p, adjustment="holm", family={"id": self.family, "size": found.size},
            equivalence=None if alike is None else {
                "low": lines.equivalence[0], "high": lines.equivalence[1], "p": alike,
                "p_adjusted": equivalence.adjusted(alike, found.size),
            },
            threshold=None if ratio is None else NO_LINE if not decides else {
                "value": lines.ratio[0], "rule": lines.rule(), "source": lines.source,
            },
            units=findings.units("people", people[0], people[1] if one.level else None),
            details={"model": one.as_json() | (
                {} if decides else {"outcome": self.options.outcome}
            )},
        )  # fmt: skip

    def _model_reading(
        self, one: Estimate, verdict: Verdict, values: dict[str, Any], interval: Any, p: float,
        *, decides: bool,
    ) -> Text:  # fmt: skip
        plan, info = self.plan, one.as_json()
        controls = [name for name in plan.columns.control if name != self.attribute]
        values |= {
            "kind": model_readings.KINDS[info["kind"]], "interval": readings.span(interval),
            "covariates": model_readings.covariates(controls, plan),
            "used": model_readings.used(one.left) if one.left else Text("", ""),
            "coefficient": f"{info['coefficient']:.3g}", "error": f"{info['error']:.2g}",
        }  # fmt: skip
        if one.rates is None:
            level = model_readings.LEVEL.format(**values) if one.level else Text("", "")
            fine = Text(
                *[
                    f"区间 {interval.low:.3g} 至 {interval.high:.3g}",
                    f"interval {interval.low:.3g} to {interval.high:.3g}",
                ]
            )
            lead = model_readings.SLOPE if decides else model_readings.SLOPE_OF_OUTCOME
            said = lead.format(**{**values, "level": level, "interval": fine})
            end = model_readings.verdict_of_slope(verdict)
        else:
            ratio = float(np.exp(one.rates.log_ratio or 0.0))
            lead = model_readings.RATIO if decides else model_readings.RATIO_OF_OUTCOME
            said = lead.format(
                **values, rate=readings.percent(one.rates.group), ratio=readings.number(ratio),
                rate_reference=readings.percent(one.rates.reference),
            )  # fmt: skip
            shown = Comparison(
                rates.Group("", 0, 0), rates.Group("", 0, 0), 0.95, p_adjusted=p, verdict=verdict
            )
            end = readings.ending(shown, selection_lines(), plan)
            if not decides:
                end = model_readings.verdict_of_outcome(verdict, plan.plain(self.options.outcome))
            elif verdict is Verdict.INCONCLUSIVE:
                end = model_readings.NOT_SHOWN
        crossed = self._crossed_with()
        if crossed:
            said = readings.joined(said, model_readings.CROSSED.format(
                others=readings.listed([plan.plain(name) for name in crossed])))  # fmt: skip
        return readings.joined(said, end)

    def _crossed_with(self) -> list[str]:
        pairs = self.options.interactions
        return [a if b == self.attribute else b for a, b in pairs if self.attribute in {a, b}]
