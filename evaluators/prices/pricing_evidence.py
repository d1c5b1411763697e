"""What a model audit publishes, and the findings computed again from it.

Published are counts of designed pairs and exact sums of their log-ratios, per comparison, over all
rows and in every registered group of ten rows or more: what the model did, not what people did.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from evaluators.judging.findings import draft
from evaluators.judging.findings import units as standing
from evaluators.plan import Plan
from evaluators.prices.price_lines import EQUIVALENCE, SAME, log_line
from evaluators.prices.price_spread import Spread, bill, counted, exact_verdict, total
from evaluators.prices.pricing_design import BASE, Design
from evaluators.prices.pricing_model import PAIRWISE, Answers, by_group, gaps_of, read, worst_of
from evaluators.probe import ProbeSpec, Table, answer
from evaluators.statistics.regression import Floats
from registry import attestation
from registry.findings import Finding, Verdict
from registry.language import Text

TABLE = "price_counterfactual:pairs"
KEYS = ("metric", "slice", "rows")
COUNTS = ("units", "pairs", "different", "dearer", "cheaper", "beyond", "log_ratio")
ALL, SAMPLE, BILL = "*", "*sample", "clean_bill"
_SILENT = Text("", "")

Row = tuple[tuple[str, ...], tuple[int, ...]]


def tables(rows: pa.Table, design: Design, plan: Plan) -> list[Table]:
    """Counts and sums of pairs by comparison; none where no ratio can be formed."""
    if not rows.num_rows or not design.features or answer(BASE) not in rows.schema.names:
        return []
    answers = read(rows, design, plan)
    gaps = gaps_of(answers.logs, design)
    if answers.unpriced or answers.twin > 0:
        return []
    found: list[Row] = []
    for gap in gaps:
        found += _rows(gap.metric, gap.slice, gap.ratios, answers)
    found += _rows(BILL, {}, worst_of(gaps), answers)
    return [Table(TABLE, KEYS, COUNTS, tuple(found), "answers")]


def _rows(metric: str, slice_: Mapping[str, str], ratios: Floats, answers: Answers) -> list[Row]:
    name = attestation.canonical(dict(slice_)).decode()
    everyone = SAMPLE if answers.sampled else ALL
    parts = {everyone: ratios}
    for group in by_group(ratios, answers):
        parts[group] = ratios[answers.groups[group]]
    return [((metric, name, rows), _counts(part, answers.units)) for rows, part in parts.items()]


def _counts(ratios: Floats, units: int) -> tuple[int, ...]:
    return (
        units,
        len(ratios),
        int((abs(ratios) > SAME).sum()),
        int((ratios > SAME).sum()),
        int((ratios < -SAME).sum()),
        int((abs(ratios) > log_line(EQUIVALENCE) + SAME).sum()),
        total(ratios),
    )


def recompute(spec: ProbeSpec, public: Sequence[Table], plan: Plan) -> list[Finding]:
    """The findings that follow from the published counts and sums."""
    found: dict[tuple[str, str], dict[str, tuple[int, Spread]]] = {}
    for table in public:
        for key, counts in table.rows if table.name == TABLE else ():
            if counts is not None:
                units, *rest = counts
                named = dict(zip(COUNTS[1:], rest, strict=True))
                found.setdefault((key[0], key[1]), {})[key[2]] = (units, counted(**named))
    made = [_finding(spec, metric, json.loads(name), rows, plan)
            for (metric, name), rows in found.items() if metric != BILL]  # fmt: skip
    worst = found.get((BILL, "{}"))
    if worst:
        parts = [spread for (metric, _), rows in found.items() if metric in PAIRWISE
                 for _, spread in rows.values()]  # fmt: skip
        spreads = [spread for _, spread in worst.values()]
        units, share = worst.get(ALL) or worst[SAMPLE]
        verdict = bill(parts, spreads).verdict(evaluable=units >= plan.min_n)
        made.append(_draft(spec, BILL, {}, units, verdict, effect={"kind": "share", "value": share.beyond},
                           ci={"low": None, "high": share.beyond_upper}))  # fmt: skip
    return made


def _finding(
    spec: ProbeSpec, metric: str, slice_: Mapping[str, str],
    rows: Mapping[str, tuple[int, Spread]], plan: Plan,
) -> Finding:  # fmt: skip
    sampled = SAMPLE in rows
    units, spread = rows[SAMPLE if sampled else ALL]
    groups = [own for name, (_, own) in rows.items() if name not in {ALL, SAMPLE}]
    verdict = exact_verdict(spread, groups, sampled=sampled, evaluable=units >= plan.min_n)
    return _draft(
        spec, metric, slice_, units, verdict, effect={"kind": "log_ratio", "value": spread.mean}
    )


def _draft(
    spec: ProbeSpec, metric: str, slice_: Mapping[str, str], units: int, verdict: Verdict,
    **numbers: Any,
) -> Finding:  # fmt: skip
    return draft(spec, metric, slice_=slice_, verdict=verdict, reading=_SILENT, limit=_SILENT,
                 n=units, n_reference=None if metric == BILL else units,
                 units=standing("profiles", units, None if metric == BILL else units), **numbers)  # fmt: skip
