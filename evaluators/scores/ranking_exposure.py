"""Ranking exposure: do ranked lists show every group's items about as much as they are due?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from evaluators.accumulating.accumulators import Rows, merge_rows
from evaluators.accumulating.columns import is_level, names, real
from evaluators.judging import equivalence, findings, readings, verdicts
from evaluators.judging.findings import draft, not_evaluable
from evaluators.judging.parity import ARTICLES
from evaluators.plan import Plan
from evaluators.policy import POLICY
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
    keyed_hash,
)
from evaluators.scores import ranking_readings
from evaluators.scores.ranking_nulls import ranking_nulls, ranking_planted
from evaluators.statistics import exposure, inference
from evaluators.statistics.exposure import Placements, Share
from evaluators.statistics.intervals import quantile
from evaluators.statistics.multiplicity import holm
from registry import attestation
from registry.findings import Finding
from registry.language import Text

Array = npt.NDArray[Any]
DRAWS = 2000
MOST_LISTS = 1000
DEEPEST = 100
SHARES = 0.8
"""The shares of groups spend four fifths of the level; NDKL, one more question, the rest."""


class RankingOptions(Options):
    """How far the top reaches, and what an item is due.

    Args:
        k: the first places, for skew@k.
        relevance: the target (its favourable result where the plan names one, else its number), the
            score, or every item alike; `auto` takes the first there is. A score that falls towards
            the favourable result is nobody's merit: `auto` passes it over.
    """

    k: int = Field(default=10, ge=1, le=1000)
    relevance: Literal["auto", "target", "score", "equal"] = "auto"


class RankingDetails(Details):
    """Beside the log ratio: the ratio, what it rests on, and of NDKL its null."""

    ratio: float | None = None
    lists: int | None = None
    clusters: int | None = None
    relevance: str | None = None
    k: int | None = None
    items_recur: bool | None = None
    unjudged_share: float | None = None
    missing_share: float | None = None
    null_mean: float | None = None
    null_high: float | None = None
    draws: int | None = None


class RankingExposure(Probe[Rows]):
    """Do ranked lists show every group's items about as much as they are due?

    Exposure share over relevance share, averaged over lists, with exposure 1 / log2(1 + rank)
    (Singh and Joachims 2018); skew@k, the share of the first k places over the share of the list;
    and NDKL against labels dealt at random (both Geyik, Ambler and Kenthapadi 2019). Errors are
    clustered by list or by the plan's unit, and by item where items come back (Cameron, Gelbach
    and Miller 2011); a group that holds none of the first k places has the exact bound of so many
    lists (Clopper and Pearson 1934). Holm within an attribute. Line ±ln 1.25, ours; see the policy file.
    """

    spec = ProbeSpec(
        id="ranking_exposure",
        version="1.0.0",
        task="decision",
        state=State.ROWS,
        roles=("sensitive", "query", "rank"),
        optional=("item", "target", "score", "unit"),
        derived=(UNIT,),
        options=RankingOptions,
        details=RankingDetails,
        legal_refs=ARTICLES,
        question=Text(
            "排序的列表里，各组得到的曝光与应得的相称吗？",
            "Do ranked lists show every group's items about as much as they are due?",
        ),
    )
    options: RankingOptions

    def due(self, plan: Plan) -> str:
        """What an item's due is taken from."""
        given, columns = self.options.relevance, plan.columns
        there = [name for name in ("target", "score") if columns.role(name)]
        if given == "auto" and columns.falls:
            there = [name for name in there if name != "score"]
        if given == "auto":
            return there[0] if there else "equal"
        return given if given in there else "equal"

    def needs(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> tuple[str, ...]:
        """An exposure is held against what an item is due; the first places are not."""
        due = self.due(plan) if metric == "exposure_ratio" else "equal"
        own = () if due == "equal" else plan.columns.listed(due)
        return (*super().needs(plan, metric, slice_), *own)

    def create_accumulator(self, plan: Plan) -> Rows:
        self.plan = plan
        return Rows()

    def add_batch(self, acc: Rows, batch: pa.RecordBatch) -> Rows:
        plan, columns = self.plan, dict[str, Array]()
        roles = plan.columns
        columns["query"] = names(batch[roles.query])
        columns["rank"] = real(batch[roles.rank])
        columns[UNIT] = batch[UNIT].to_numpy(zero_copy_only=False).astype(np.uint64)
        if roles.item is not None:
            columns["item"] = names(batch[roles.item])
        due = self.due(plan)
        if due != "equal":
            source, judged = (
                batch[roles.role(due)],
                due == "target" and roles.favourable is not None,
            )
            columns["relevance"] = _marks(source, roles.favourable) if judged else real(source)
        for name in roles.sensitive:
            columns[f"group:{name}"] = names(batch[name])
        return acc.add(columns)

    def merge(self, accs: Sequence[Rows]) -> Rows:
        return merge_rows(accs)

    def sealed(self, acc: Rows) -> Any:
        """Rows stay where they are: the sealed evidence has their number and digest."""
        rank = acc.columns().get("rank", np.zeros(0))
        return {"rows": int(rank.size), "ranks": attestation.sha256(rank.tobytes())}

    def extract_findings(self, acc: Rows, plan: Plan, run: Run) -> list[Finding]:
        columns = acc.columns()
        return [f for n in plan.columns.sensitive for f in self._attribute(columns, n, plan, run)]

    def _attribute(
        self, columns: Mapping[str, Array], name: str, plan: Plan, run: Run
    ) -> Iterator[Finding]:
        said = _Said(self, name, plan, run, self.due(plan))
        why, many = ("risk", 0) if said.due == "score" and plan.columns.falls else _unfit(columns)
        if why is not None:
            yield said.nothing("exposure_ratio", why, many=many)
            return
        labels = columns[f"group:{name}"]
        known = (labels != "") & (columns["query"] != "") & ~np.isnan(columns["rank"])
        levels = np.unique(labels[known]).tolist()
        if len(levels) < 2:
            yield said.nothing("exposure_ratio", "one_group")
            return
        rows, judged = _placements(
            columns, labels, levels, known, clustered=plan.columns.unit is not None
        )
        said.missing = 1 - float(known.mean())
        said.unjudged = 1 - float(judged.mean()) if judged.size else None
        yield from self._findings(said, rows, judged, levels, plan, run)

    def _findings(
        self, said: "_Said", rows: Placements, judged: Array, levels: Sequence[str], plan: Plan, run: Run
    ) -> Iterator[Finding]:  # fmt: skip
        exposed, top = _exposed(rows, judged), _top(rows, self.options.k)
        shares: list[tuple[str, str, Placements | None, Share | None]] = []
        for code, level in enumerate(levels):
            shares.append(("exposure_ratio", level, exposed, _share(exposed, code, None)))
            shares.append(("skew_at_k", level, top, _share(top, code, self.options.k)))
        able = [
            s.p_value for _, _, _, s in shares
            if s is not None and _why("", s, plan) is None and s.p_value is not None
        ]  # fmt: skip
        said.size = max(1, len(able)) * run.plans
        adjusted = iter(
            [min(1.0, p * run.plans / SHARES) for p in holm(able).tolist()] if able else []
        )
        for metric, level, used, found in shares:
            why = _why(metric, found, plan)
            if why is not None or used is None or found is None:
                many = 0 if found is None else found.clusters
                yield said.nothing(metric, why or "few", group=level, many=many)
            else:
                mine = int((used.group == levels.index(level)).sum())
                yield said.share(metric, level, used, found, mine, next(adjusted))
        yield said.divergence(_several(rows, said.run.nonce), len(levels))

    def public(self, acc: Rows, plan: Plan) -> Sequence[Table]:
        """Per group how many places are among the first k and how many below."""
        columns, tables = acc.columns(), list[Table]()
        if not columns or _unfit(columns)[0] is not None or plan.columns.unit is not None:
            return ()
        for name in plan.columns.sensitive:
            labels, rank = columns[f"group:{name}"], columns["rank"]
            rows = []
            for level in np.unique(labels[labels != ""]).tolist():
                mine = rank[labels == level]
                first = int((mine <= self.options.k).sum())
                rows.append(((level,), (first, int((mine > self.options.k).sum()))))
            tables.append(
                Table(self.spec.id, (name,), ("places_in_top", "places_below"), tuple(rows))
            )
        return tables

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return ranking_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return ranking_planted()


def _marks(column: pa.Array, favourable: Any) -> Array:
    """1 for the favourable level, 0 for others, NaN for missing."""
    marks = is_level(column, favourable)
    return np.where(marks < 0, np.nan, marks.astype(np.float64))


def _unfit(columns: Mapping[str, Array]) -> tuple[str | None, int]:
    """Why the lists can't be read, and how many rows are at fault."""
    rank, query = columns["rank"], columns["query"]
    known = ~np.isnan(rank) & (query != "")
    bad = int(
        ((rank[known] < 1) | (rank[known] != np.floor(rank[known])) | (rank[known] > 2**31)).sum()
    )
    if bad:
        return "bad_rank", bad
    lists = np.unique(query[known], return_inverse=True)[1].astype(np.int64)
    pairs = np.unique(lists * 2**32 + rank[known].astype(np.int64)).size
    if pairs < int(known.sum()):
        return "tied", int(known.sum()) - pairs
    negative = int((columns["relevance"] < 0).sum()) if "relevance" in columns else 0
    return ("negative", negative) if negative else (None, 0)


def _placements(
    columns: Mapping[str, Array], labels: Array, levels: Sequence[str], known: Array, *, clustered: bool
) -> tuple[Placements, Array]:  # fmt: skip
    """The rows that can be used, by list and rank, and which of them have a relevance."""
    lists = np.unique(columns["query"][known], return_inverse=True)[1].astype(np.int64)
    rank = columns["rank"][known].astype(np.int64)
    order = np.lexsort([rank, lists])
    item = np.arange(order.size)
    if "item" in columns:
        names = columns["item"][known][order]
        item = np.unique(names, return_inverse=True)[1].astype(np.int64)
        item = np.where(names == "", item.max(initial=0) + 1 + np.arange(item.size), item)
    due = columns["relevance"][known][order] if "relevance" in columns else np.ones(order.size)
    unit = np.unique(columns[UNIT][known][order], return_inverse=True)[1].astype(np.int64)
    group = np.searchsorted(np.array(levels), labels[known][order]).astype(np.int64)
    judged = ~np.isnan(due)
    rows = Placements(
        lists[order], rank[order], group, item, unit if clustered else lists[order],
        np.where(judged, due, 0.0),
    )  # fmt: skip
    return rows, judged


def _exposed(rows: Placements, judged: Array) -> Placements | None:
    """The lists of two or more judged items, at least one of them relevant."""
    if not judged.any():
        return None
    kept = rows.where(judged)
    enough = (kept.sizes() >= 2) & (np.bincount(kept.lists, weights=kept.relevance) > 0)
    return kept.where(enough[kept.lists]) if enough.any() else None


def _top(rows: Placements, k: int) -> Placements | None:
    """The lists that go on below the first k places and have something in them."""
    first = np.bincount(rows.lists, weights=rows.rank <= k)
    long = (rows.sizes() > first) & (first > 0)
    return rows.where(long[rows.lists]) if long.any() else None


def _share(rows: Placements | None, group: int, k: int | None) -> Share | None:
    if rows is None:
        return None
    if k is None:
        got, due = exposure.attention(rows.rank), rows.relevance
    else:
        got, due = (rows.rank <= k).astype(np.float64), np.ones(rows.rank.size)
    return exposure.share(rows, rows.per_list(got), rows.per_list(due), group)


def _why(metric: str, found: Share | None, plan: Plan) -> str | None:
    """Why nothing can be said about a share."""
    if found is None or found.lists < plan.min_n:
        return "short" if metric == "skew_at_k" else "few"
    if found.clusters < plan.min_n:
        return "few"
    if found.log_ratio is None and not found.absent:
        return "no_relevance" if found.due <= 0 else "few"
    if found.p_value is None:
        even = found.log_ratio is not None and abs(found.log_ratio) <= inference.NOISE
        return "even" if even else "not_positive"
    return None


def _several(rows: Placements, nonce: str) -> Placements | None:
    """The lists that labels can be dealt in, a sample by keyed hash if there are many.

    A list needs two or more items, and two or more groups unless items come back: then labels move
    between lists.
    """
    rows = rows.where(rows.rank <= DEEPEST) if (rows.rank <= DEEPEST).any() else rows
    able = rows.sizes() >= 2 if rows.recurring else rows.mixed()
    if able.sum() > MOST_LISTS:
        keys = keyed_hash(np.arange(able.size, dtype=np.uint64), f"{nonce}/lists")
        limit = np.sort(keys[able])[MOST_LISTS - 1]
        able &= keys <= limit
    return rows.where(able[rows.lists]) if able.any() else None


@dataclass
class _Said:
    """The findings of one attribute."""

    probe: RankingExposure
    attribute: str
    plan: Plan
    run: Run
    due: str
    size: int = 1
    missing: float | None = None
    unjudged: float | None = None

    @property
    def limit(self) -> Text:
        return readings.joined(ranking_readings.LIMIT, readings.frame(self.plan))

    @property
    def family(self) -> str:
        return f"{self.probe.spec.id}/{self.attribute}"

    def nothing(self, metric: str, why: str, *, group: str = "*", many: int = 0) -> Finding:
        said = ranking_readings.WHY[why].format(
            attribute=self.plan.plain(self.attribute), group=self.plan.plain_level(self.attribute, group),
            many=many, least=self.plan.min_n, k=self.probe.options.k,
        )  # fmt: skip
        return not_evaluable(
            self.probe.spec, metric, slice_={self.attribute: group}, why=said, limit=self.limit
        )

    def share(
        self, metric: str, level: str, rows: Placements, found: Share, mine: int, p: float
    ) -> Finding:
        plan, line, near = (
            self.plan,
            POLICY.value("exposure_log_ratio"),
            POLICY.value("exposure_equivalence"),
        )
        confidence = 1 - plan.alpha * SHARES / self.size
        ci = verdicts.reaching(found.interval(confidence), p, plan.alpha)
        alike = found.equivalence(near)
        lists = min(found.lists, found.clusters)
        verdict = verdicts.judge(
            evaluable=True, beyond=ci is not None and (ci.low > line or ci.high < -line),
            equivalent=equivalence.shown(
                alike, family=self.size / SHARES, alpha=plan.alpha, units=[lists],
                interval=ci, near=(-near, near),
            ),
            p_adjusted=p, alpha=plan.alpha, spanned=verdicts.spans(ci),
        )  # fmt: skip
        power = quantile(confidence) + quantile(2 * POLICY.value("power") - 1)
        mde = None if found.null_error is None else power * found.null_error
        names: dict[str, object] = {
            "attribute": plan.plain(self.attribute), "group": plan.plain_level(self.attribute, level),
            "by": ranking_readings.by(self.due, plan), "k": self.probe.options.k,
        }  # fmt: skip
        lead = ranking_readings.EXPOSURE if metric == "exposure_ratio" else ranking_readings.SKEW
        ending = ranking_readings.ending(
            verdict, line=line, near=near, mde=mde, real=p < plan.alpha and not verdicts.spans(ci)
        )
        if found.absent:
            said = ranking_readings.none(found, ci, mine=mine, items=int(rows.group.size), **names)
        else:
            said = ranking_readings.ratio(lead, found, ci, **names)
        reading = readings.joined(said, ending)
        return draft(
            self.probe.spec, metric, slice_={self.attribute: level}, verdict=verdict, reading=reading,
            limit=self.limit, group=level, reference_group="*",
            n=mine, n_reference=int(rows.group.size),
            estimate=found.got, reference_estimate=found.due,
            effect={"kind": "log_ratio", "value": found.log_ratio},
            ci=ci.as_json(simultaneous=True) if ci else None,
            test={"name": "exact_lists" if found.absent else "clustered_t", "statistic": None}, p_value=found.p_value, p_adjusted=p,
            adjustment="holm", family={"id": self.family, "size": self.size},
            equivalence=None if alike is None else {
                "low": -near, "high": near, "p": alike, "p_adjusted": equivalence.adjusted(alike, self.size / SHARES),
            },
            units=findings.units("lists", lists),
            mde=mde,
            threshold={"value": line, "rule": f"|log ratio| > {line:.4g}", "source": POLICY.source("exposure_log_ratio")},
            details=self._details(found, rows),
        )  # fmt: skip

    def _details(self, found: Share, rows: Placements) -> dict[str, Any]:
        return {
            "ratio": 0.0 if found.absent else float(np.exp(found.log_ratio or 0.0)), "lists": found.lists, "clusters": found.clusters,
            "relevance": self.due, "k": self.probe.options.k, "items_recur": rows.recurring,
            "unjudged_share": self.unjudged, "missing_share": self.missing,
        }  # fmt: skip

    def divergence(self, rows: Placements | None, groups: int) -> Finding:
        plan = self.plan
        lists = 0 if rows is None else int(rows.mixed().sum())
        if rows is None or lists < plan.min_n:
            return self.nothing("ndkl", "few", many=lists)
        rng = self.run.rng(f"{self.probe.spec.id}/{self.attribute}/ndkl")
        found = exposure.divergence(rows, groups, rng, DRAWS)
        p = min(1.0, found.p_value * self.run.plans / (1 - SHARES))
        verdict = verdicts.judge(
            evaluable=True, beyond=False, equivalent=False, p_adjusted=p, alpha=plan.alpha
        )
        high = float(np.quantile(found.null, 0.95, method="higher"))
        said = ranking_readings.NDKL.format(
            attribute=plan.plain(self.attribute), lists=lists, value=f"{found.value:.3f}",
            mean=f"{found.null.mean():.3f}", high=f"{high:.3f}",
        )  # fmt: skip
        return draft(
            self.probe.spec, "ndkl", slice_={self.attribute: "*"}, verdict=verdict, limit=self.limit,
            reading=readings.joined(said, ranking_readings.NDKL_ENDINGS[verdict]),
            units=findings.units("lists", lists),
            n=int(rows.group.size), estimate=found.value, effect={"kind": "divergence", "value": found.value},
            test={"name": "labels_dealt_at_random", "statistic": found.value}, p_value=found.p_value,
            p_adjusted=p, adjustment="share_of_level", family={"id": self.family, "size": self.run.plans},
            details={
                "lists": lists, "items_recur": rows.recurring,
                "null_mean": float(found.null.mean()), "null_high": high, "draws": int(found.null.size),
                "missing_share": self.missing,
            },
        )  # fmt: skip
