"""Defects of popular tools beside our results on the same data, measured; and the page that prints them.

Fairlearn is installed and asked itself. Aequitas, Giskard, Evidently and AI Verify can't be: each
would replace a package that this project runs on (pandas, NumPy, SciPy or plotly) by an older one. So
their rule is written out here from their published source, in our words, and each entry says so.
`python -m tests.evaluators.popular_tools` writes docs/popular-tools.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from fairlearn.metrics import MetricFrame, equalized_odds_difference, true_positive_rate
from scipy import stats

from evaluators.plan import Plan
from evaluators.running import engine
from evaluators.statistics.multiplicity import benjamini_hochberg
from registry.findings import Finding, Verdict
from tests.evaluators.decision_data import counted, plan

Floats = npt.NDArray[np.float64]
Rates = dict[tuple[str, str], Finding]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "popular-tools.md"
CLAIMS = {Verdict.DISPARITY, Verdict.DIFFERENCE}


@dataclass(frozen=True)
class Beside:
    """One defect, and what we say about the same data.

    Args:
        tool: its name.
        how: asked itself, or by its rule, and where that stands in its source.
        data: what both were given.
        theirs, ours: what came out, in words with the measured figures.
        facts: those figures, for the tests.
    """

    tool: str
    how: str
    data: str
    theirs: str
    ours: str
    facts: Mapping[str, Any] = field(repr=False)


def _run(table: pa.Table, probe: str = "error_parity", **more: Any) -> Rates:
    found = engine.measure(Plan.parse(plan(probe, **more)), table, scorer=None, nonce="n")
    return {(f.metric, str(next(iter(f.slice.values()), "*"))): f for f in found}


def _said(finding: Finding) -> str:
    return str(finding.verdict.value).replace("_", " ")


def no_positives() -> Beside:
    """A group of whom nobody deserved the favourable result has no true positive rate."""
    a = {("a", 1, 0): 50, ("a", 0, 1): 10, ("a", 0, 0): 90}
    table = counted({**a, ("b", 0, 1): 10, ("b", 0, 0): 90})
    due, granted, race = (table[name].to_numpy() for name in ("due", "granted", "race"))
    frame = MetricFrame(
        metrics=true_positive_rate, y_true=due, y_pred=granted, sensitive_features=race
    )
    rate = float(frame.by_group["b"])
    odds = float(equalized_odds_difference(due, granted, sensitive_features=race))
    found = _run(table, reference={"race": "a"})
    refused, equal = found["false_negative_rate", "b"], found["equalized_odds_difference", "*"]
    return Beside(
        f"Fairlearn {version('fairlearn')}", "asked itself",
        "150 people of a, 50 of whom deserved the favourable result; 100 of b, nobody of whom did",
        f"true positive rate of b {rate:.1f}; equalised odds difference {odds:.1f}, which reads as perfect",
        f"wrongly refused in b: {_said(refused)}; equalised odds: {_said(equal)}",
        {"rate": rate, "odds": odds, "refused": refused, "equal": equal},
    )  # fmt: skip


def _fair(rng: np.random.Generator) -> tuple[pa.Table, Floats, Floats, Floats]:
    """The same error rates for both groups, of whom 20 and 60 % deserve the favourable result."""
    race = rng.choice(["a", "b"], 3000)
    due = (rng.random(3000) < np.where(race == "a", 0.2, 0.6)).astype(int)
    granted = (rng.random(3000) < np.where(due == 1, 0.8, 0.2)).astype(int)
    table = pa.table({"race": race, "due": due, "granted": granted})
    return table, (race == "b").astype(float), due.astype(float), granted.astype(float)


def _over_all_rows(member: Floats, due: Floats, granted: Floats) -> float:
    """Aequitas' older rule: false positives marked 1, every other row 0, and a t test of the means."""
    marks = ((granted == 1) & (due == 0)).astype(float)
    return float(stats.ttest_ind(marks[member == 1], marks[member == 0]).pvalue)


def _over_the_granted(member: Floats, due: Floats, granted: Floats) -> float:
    """Its newer rule: the refused are left out, so it is 1 − precision that is tested as the FPR."""
    kept = granted == 1
    marks = (due == 0).astype(float)
    return float(stats.ttest_ind(marks[kept & (member == 1)], marks[kept & (member == 0)]).pvalue)


def false_positives_of_whom() -> Beside:
    """The false positive rate is a share of those who did not deserve it, and of nobody else."""
    rng, older, newer, ours, denominators = np.random.default_rng(1), 0, 0, 0, []
    for _ in range(40):
        table, *marks = _fair(rng)
        older += _over_all_rows(*marks) < 0.05
        newer += _over_the_granted(*marks) < 0.05
        found = _run(table, reference={"race": "a"})["false_positive_rate", "b"]
        ours += found.verdict in CLAIMS
        undeserving = (table["race"].to_numpy() == "b") & (table["due"].to_numpy() == 0)
        denominators.append(found.n == int(undeserving.sum()))
    return Beside(
        "Aequitas", "by its rule (`src/aequitas/bias.py`, `_get_statistical_significance`)",
        "40 data sets of 3,000 people in which both groups have the same error rates, while 20 and 60 % "
        "deserve the favourable result",
        f"the false positive rates differ at 5 % in {older} of 40 (over all rows, older releases) and in "
        f"{newer} of 40 (over the granted only, newer ones)",
        f"a difference or disparity in {ours} of 40; the denominator is those who did not deserve it",
        {"older": older, "newer": newer, "ours": ours, "denominators": denominators},
    )  # fmt: skip


def values_that_two_attributes_share() -> Beside:
    """Two attributes with the levels no and yes have two p-values."""
    rng = np.random.default_rng(2)
    married, member = rng.choice(["no", "yes"], 2000), rng.choice(["no", "yes"], 2000)
    granted = (rng.random(2000) < np.where(married == "yes", 0.4, 0.7)).astype(int)
    table = pa.table({"married": married, "member": member, "granted": granted, "due": granted})
    theirs: dict[str, float] = {}  # keyed by the value alone: the last attribute wins
    for column in (married, member):
        for value in ("no", "yes"):
            samples = (granted[column == "no"], granted[column == value])
            theirs[value] = float(stats.ttest_ind(*samples).pvalue)
    content = plan("selection_parity", columns={"sensitive": ["married", "member"]},
                   reference={"married": "no", "member": "no"})  # fmt: skip
    found = engine.measure(Plan.parse(content), table, scorer=None, nonce="n")
    ours = {next(iter(f.slice)): f.p_value or 0.0 for f in found if len(f.slice) == 1}
    return Beside(
        "Aequitas", "by its rule (`src/aequitas/bias.py`, `_calculate_significance`)",
        "2,000 people, of whom the married get the favourable result in 40 instead of 70 %; a second "
        "attribute without influence has the same levels, no and yes",
        f"one p-value for *yes*, whichever attribute: {theirs['yes']:.2f}",
        f"married: p {_power(ours['married'])}; the other: p = {ours['member']:.2f}",
        {"theirs": theirs, "ours": ours},
    )  # fmt: skip


def _power(p: float) -> str:
    return f"< 10⁻{str(int(-np.log10(p))).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def _argsort_as_rank(p_values: Floats, alpha: float) -> npt.NDArray[np.bool_]:
    """Giskard's rule: the order that would sort the p-values is taken for their ranks."""
    ranks = p_values.argsort() + 1
    passing = p_values[p_values <= ranks / len(p_values) * alpha]
    return p_values <= (passing.max() if passing.size else -1.0)


def ranks_that_are_none() -> Beside:
    """Benjamini and Hochberg's procedure compares the k-th smallest p-value with k/m · q."""
    rng, theirs, ours, agrees = np.random.default_rng(3), list[float](), list[float](), True
    for _ in range(400):
        p_values = stats.norm.sf(np.r_[rng.standard_normal(35), rng.standard_normal(5) + 3])
        adjusted = benjamini_hochberg(p_values)
        agrees &= bool(np.allclose(adjusted, stats.false_discovery_control(p_values)))
        for shares, found in ((theirs, _argsort_as_rank(p_values, 0.1)), (ours, adjusted <= 0.1)):
            shares.append(float(found[:35].sum() / max(1, found.sum())))
    wrong, right = float(np.mean(theirs)), float(np.mean(ours))
    return Beside(
        "Giskard", "by its rule (`giskard/scanner/performance/performance_bias_detector.py`)",
        "400 times 40 tests, 35 of them of true null hypotheses, at a false discovery rate of 0.10",
        f"{wrong:.2f} of what it finds is false",
        f"{right:.2f}; the adjusted p-values are those of `scipy.stats.false_discovery_control`",
        {"theirs": wrong, "ours": right, "agrees": agrees},
    )  # fmt: skip


def the_rate_of_everybody() -> Beside:
    """A rate by group is that group's."""
    a = {("a", 1, 1): 90, ("a", 1, 0): 10, ("a", 0, 0): 50}
    table = counted({**a, ("b", 1, 1): 40, ("b", 1, 0): 60, ("b", 0, 0): 50})
    due, granted, race = (table[name].to_numpy() for name in ("due", "granted", "race"))

    def calculate(_subset: npt.NDArray[np.bool_]) -> float:
        """The grouped rows are handed over, the result is read from the report on all rows."""
        return float(granted[due == 1].mean())

    theirs = {group: calculate(race == group) for group in ("a", "b")}
    found = _run(table, reference={"race": "a"})["false_negative_rate", "b"]
    rates = [f"{1 - (rate or 0):.2f}" for rate in (found.reference_estimate, found.estimate)]
    return Beside(
        "Evidently", "by its rule (`src/evidently/metrics/group_by.py`)",
        "200 people who deserved the favourable result; 90 of 100 of a and 40 of 100 of b got it",
        f"true positive rate of a {theirs['a']:.2f}, of b {theirs['b']:.2f}",
        f"{rates[0]} and {rates[1]}: {_said(found)}",
        {"theirs": theirs, "found": found},
    )  # fmt: skip


def nothing_to_divide_by() -> Beside:
    """A ratio of two rates of zero is not defined."""

    def divided(numerator: float, denominator: float) -> float:
        """0 where there is nothing to divide by."""
        return 0.0 if denominator == 0 else numerator / denominator

    table = counted({("a", 1, 0): 60, ("b", 1, 0): 60})
    rates = [
        float(table["granted"].to_numpy()[table["race"].to_numpy() == g].mean()) for g in "ab"
    ]
    theirs = divided(rates[1], rates[0])
    (found,) = _run(table, "selection_parity", reference={"race": "a"}).values()
    return Beside(
        "AI Verify", f"by its rule ({FAIRNESS_TOOLBOX})",
        "two groups of 60 of whom nobody got the favourable result",
        f"disparate impact {theirs:.1f}, the worst there is",
        _said(found),
        {"theirs": theirs, "found": found},
    )  # fmt: skip


def a_group_over_everybody() -> Beside:
    """The rate of a group is divided by that group."""
    deserving = {("a", 1, 1): 800, ("a", 1, 0): 200, ("b", 1, 1): 80, ("b", 1, 0): 20}
    theirs = {g: deserving[g, 1, 1] / sum(deserving.values()) for g in ("a", "b")}
    table = counted({**deserving, ("a", 0, 0): 99, ("b", 0, 0): 99})
    found = _run(table, reference={"race": "a"})["false_negative_rate", "b"]
    return Beside(
        "AI Verify", f"by its rule ({FAIRNESS_TOOLBOX})",
        "1,000 of a and 100 of b deserved the favourable result; 80 % of either got it",
        f"true positive rate of a {theirs['a']:.2f}, of b {theirs['b']:.2f}",
        f"wrongly refused: {found.reference_estimate:.2f} and {found.estimate:.2f}; {_said(found)}",
        {"theirs": theirs, "found": found},
    )  # fmt: skip


FAIRNESS_TOOLBOX = "`aiverify.stock.fairness-metrics-toolbox-for-classification`"
RAN: list[str] = []


def answers_run_as_code() -> Beside:
    """What a model answers is data."""
    answer = "RAN.append('the model') or 1"
    eval(str(answer))  # its rule
    theirs = bool(RAN) and RAN.pop() == "the model"
    table = pa.table({"race": ["a", "b"] * 50, "due": ["1"] * 100, "granted": [answer, "1"] * 50})
    found = _run(table, "selection_parity", reference={"race": "b"})["selection_rate_ratio", "a"]
    return Beside(
        "AI Verify", "by its rule (its classification plug-ins)",
        "a model that answers with a line of Python in place of a class",
        "the line runs" if theirs else "the line does not run",
        f"the line {'runs' if RAN else 'does not run'}: it is an answer that is not the favourable one "
        f"(rate {found.estimate:.0%})",
        {"theirs": theirs, "ran": list(RAN), "found": found},
    )  # fmt: skip


DEFECTS: tuple[Callable[[], Beside], ...] = (
    no_positives,
    false_positives_of_whom,
    values_that_two_attributes_share,
    ranks_that_are_none,
    the_rate_of_everybody,
    nothing_to_divide_by,
    a_group_over_everybody,
    answers_run_as_code,
)

HEAD = """# Defects of popular tools, and what we say about the same data

Written by `python -m tests.evaluators.popular_tools`; the tests fail when it no longer says what is
measured. We use Fairlearn's metrics where they are right. Tools that can't be installed beside this
project (each pins an older pandas, NumPy, SciPy or plotly) were not run: their rule was written out
from their published source, and the entry says where it stands. Later releases may have changed it.

| tool | how | data | it says | we say |
|---|---|---|---|---|
"""


def page(measured: list[Beside]) -> str:
    """The table as Markdown."""
    rows = [f"| {b.tool} | {b.how} | {b.data} | {b.theirs} | {b.ours} |" for b in measured]
    return "\n".join([HEAD.rstrip(), *rows]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page([measure() for measure in DEFECTS]), "utf-8")
