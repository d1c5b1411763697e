"""Text swap: does the answer change when a text speaks of another gender, name or region?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, field_validator

from evaluators.accumulating.accumulators import Cells, Coded, merge_cells
from evaluators.behaviour import alterations, wording
from evaluators.behaviour import text_swap_readings as say
from evaluators.behaviour.alterations import TWIN, Asked, Counts, Question, Trials
from evaluators.behaviour.wording import WordList
from evaluators.designs.answer_nulls import swap_nulls, swap_planted
from evaluators.judging import readings
from evaluators.judging.findings import not_evaluable
from evaluators.plan import Plan
from evaluators.probe import (
    FAVOURED,
    SCORE,
    UNIT,
    Change,
    Details,
    NullDesign,
    Options,
    Probe,
    ProbeSpec,
    Run,
    ScoreRequest,
    State,
    Table,
)
from evaluators.statistics.intervals import Interval
from registry.findings import Finding, Verdict
from registry.language import Text

MOST_PAIRS = 500
METRIC = "text_swap_share"


class SwapOptions(Options):
    """What to exchange, and where.

    Args:
        lists: the lists to try, of those in `words.toml`.
        text: the input columns that hold text; by default every input of text.
        pairs: lists of the plan's own: name → pairs of words.
    """

    lists: tuple[Literal["gender", "names", "regions"], ...] = ("gender", "names", "regions")
    text: tuple[str, ...] = ()
    pairs: dict[str, tuple[tuple[str, str], ...]] = Field(default_factory=dict)

    @field_validator("pairs")
    @classmethod
    def balanced(
        cls, given: dict[str, tuple[tuple[str, str], ...]]
    ) -> dict[str, tuple[tuple[str, str], ...]]:
        """Every word stands in one pair of its list, and in one only."""
        for name, pairs in given.items():
            words = [word.strip().lower() for pair in pairs for word in pair]
            twice = sorted({word for word in words if words.count(word) > 1 or not word})
            if name in wording.LISTS or not 1 <= len(pairs) <= MOST_PAIRS or twice:
                raise ValueError(
                    f"{name}: 1 to {MOST_PAIRS} pairs, no word twice ({', '.join(twice)}), and "
                    f"another name than {', '.join(wording.LISTS)}"
                )
        return given


class SwapDetails(Details):
    """Counts behind the share.

    Args:
        people, changed, silent: tried, with another answer, and without any.
        tests, flips, flip_rate, to_favourable, to_unfavourable: the same by rows.
        without: rows whose text holds none of the words.
        mean_shift: the mean change of the score by direction (texts with male words only, now
            female; the reverse; texts with both).
        columns: the texts that were changed.
        pairs: how many pairs the list has.
        digest: of the list.
        deterministic, twin_changed: whether the same text got the same answer twice.
        bound: the share of such people at most, with 95 % confidence.
    """

    people: int | None = None
    changed: int | None = None
    silent: int | None = None
    tests: int | None = None
    flips: int | None = None
    flip_rate: float | None = None
    to_favourable: int | None = None
    to_unfavourable: int | None = None
    without: int | None = None
    mean_shift: dict[str, float | None] = Field(default_factory=dict)
    columns: list[str] = Field(default_factory=list)
    pairs: int | None = None
    digest: str | None = None
    deterministic: bool | None = None
    twin_changed: int | None = None
    bound: float | None = None


class TextSwap(Probe[Cells | Trials]):
    """Does the answer change when a text speaks of another gender, name or region?

    The model answers each text as it is and with the words of a list exchanged for their
    counterparts, all at once. One trial per person whose text holds such a word: their decision
    changes, or it does not; the share has Clopper and Pearson's (1934) interval. A model that was
    asked twice and gave the same answers has no p-value: the share is a fact about these rows,
    beyond the line or not; small is only what the interval shows to be. A randomised model, or a
    service that may change, is held against its own A/A twin by the exact sign test. People whose texts
    hold no word of a list are counted and not tried. The exchange of names after Bertrand and
    Mullainathan (American Economic Review 94, 2004); of words as "counterfactual token fairness"
    (Garg et al., AIES 2019). The word lists are ours.
    """

    spec = ProbeSpec(
        id="text_swap",
        version="1.0.0",
        task="decision",
        state=State.MULTI_PASS,
        roles=("inputs",),
        optional=("unit",),
        derived=(FAVOURED, SCORE, UNIT),
        asks_model=True,
        options=SwapOptions,
        details=SwapDetails,
        legal_refs=("SZ72-4", "SH67-3"),
        question=Text(
            "同一段文字，只换其中的性别用词、姓名或地名，结果会变吗？",
            "Does the answer change when only gender words, names or regions in the text are exchanged?",
        ),
    )  # fmt: skip
    options: SwapOptions

    def lists(self) -> list[WordList]:
        """The lists to try, the plan's own last."""
        named = [wording.LISTS[name] for name in dict.fromkeys(self.options.lists)]
        return named + [wording.own(name, pairs) for name, pairs in self.options.pairs.items()]

    def create_accumulator(self, plan: Plan) -> Cells | Trials:
        self.inputs = [n for n in self.options.text or plan.columns.inputs
                       if n in plan.columns.inputs]  # fmt: skip
        return Cells(("column",), ("rows", *(f"held:{one.name}" for one in self.lists())))

    def add_batch(self, acc: Cells | Trials, batch: pa.RecordBatch) -> Cells | Trials:
        assert isinstance(acc, Cells)  # noqa: S101  # the first pass
        for name in self.inputs:
            if _is_text(batch.schema.field(name).type):
                held = [
                    sum(side > 0 for _, side in wording.turned(batch[name], one.change()))
                    for one in self.lists()
                ]
                acc = acc.plus((name,), [batch.num_rows, *held])
        return acc

    def merge(self, accs: Sequence[Cells | Trials]) -> Cells | Trials:
        return merge_cells(acc for acc in accs if isinstance(acc, Cells))

    def refine(self, acc: Cells | Trials, plan: Plan) -> "Probe[Cells | Trials] | None":
        if not isinstance(acc, Cells) or not plan.columns.decides:
            return None
        texts = sorted(str(key[0]) for key in acc.table)
        held = dict(zip(acc.measures, acc.total(), strict=True))
        able = [one for one in self.lists() if held.get(f"held:{one.name}")]
        return SwapTrials(self.options, able, texts, plan) if able else None

    def answers_per_row(self, plan: Plan) -> int:  # noqa: ARG002
        return 1 + len(self.lists())

    def sealed(self, acc: Cells | Trials) -> Any:
        return acc.as_json()

    def extract_findings(self, acc: Cells | Trials, plan: Plan, run: Run) -> list[Finding]:
        texts = isinstance(acc, Cells) and bool(acc.table)
        return [self._unable(one, plan, run, texts=texts) for one in self.lists()]

    def _unable(self, one: WordList, plan: Plan, run: Run, *, texts: bool) -> Finding:
        why = say.NOTHING.format(list=one.plain) if texts else say.NO_TEXT
        if run.oracle.kind == "column":
            why = say.NO_MODEL
        elif not plan.columns.decides:
            why = say.NO_CUT
        return not_evaluable(self.spec, METRIC, slice_={"words": one.name}, why=why,
                             limit=say.LIMIT)  # fmt: skip

    def question(self, one: WordList, plan: Plan, more: Mapping[str, Any]) -> Question:
        """The finding about one list."""

        def said(seen: Counts, verdict: Verdict, ci: Interval | None) -> Text:
            return say.reading(one, seen, verdict, plan, ci)

        return Question(
            one.name, METRIC, {"words": one.name}, ("flip_share", "flip_equivalence"), said,
            readings.joined(say.LIMIT, readings.frame(plan)), more,
        )  # fmt: skip

    def recompute(self, tables: Sequence[Table], plan: Plan, run: Run) -> list[Finding]:
        known, found = {one.name: one for one in self.lists()}, list[Finding]()
        for table in tables:
            seen, steady = alterations.unpublished(table)
            asked = [self.question(known[n], plan, {}) for n in known if n in seen]
            found += alterations.judged(self.spec, asked, seen, plan, run, steady=steady)
        return found

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return swap_nulls()

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return swap_planted()


class SwapTrials(TextSwap):
    """The second pass: the texts and the lists that have something to exchange are known.

    Args:
        options: of the probe.
        able: the lists.
        texts: the columns.
        plan: the cut and the unit.
    """

    def __init__(
        self, options: Options, able: Sequence[WordList], texts: Sequence[str], plan: Plan
    ) -> None:
        super().__init__(options)
        self.able, self.texts, self.plan = able, texts, plan

    def create_accumulator(self, plan: Plan) -> Cells | Trials:
        return Trials.of([one.name for one in self.able], plan)

    def requests(self, acc: Cells | Trials, plan: Plan) -> Iterator[ScoreRequest]:  # noqa: ARG002
        yield ScoreRequest(TWIN, copy=1)
        for one in self.able:
            swap = Change("swap", one.change())
            yield ScoreRequest(one.name, dict.fromkeys(self.texts, swap))

    def add_batch(self, acc: Cells | Trials, batch: pa.RecordBatch) -> Cells | Trials:
        assert isinstance(acc, Trials)  # noqa: S101  # the second pass
        asked = Asked(batch, self.plan)
        for one in self.able:
            sides = np.zeros(batch.num_rows, dtype=np.int64)
            for name in self.texts:
                sides |= np.array([side for _, side in wording.turned(batch[name], one.change())])
            ways = Coded(np.maximum(sides - 1, 0), one.directions)
            acc = asked.add(acc, one.name, [one.name], sides > 0, ways)
        return asked.twins(acc)

    def merge(self, accs: Sequence[Cells | Trials]) -> Cells | Trials:
        return alterations.merged([acc for acc in accs if isinstance(acc, Trials)])

    def refine(self, acc: Cells | Trials, plan: Plan) -> Probe[Cells | Trials] | None:  # noqa: ARG002
        return None

    def public(self, acc: Cells | Trials, plan: Plan) -> Sequence[Table]:  # noqa: ARG002
        assert isinstance(acc, Trials)  # noqa: S101
        return [alterations.published(acc, self.spec, "words", steady=not acc.twins[1])]

    def extract_findings(self, acc: Cells | Trials, plan: Plan, run: Run) -> list[Finding]:
        assert isinstance(acc, Trials)  # noqa: S101
        steady = run.oracle.deterministic is True and not acc.twins[1]
        seen = {one.name: alterations.counts(acc, one.name) for one in self.able}
        asked = [self.question(one, plan, self._more(one, acc)) for one in self.able]
        found = alterations.judged(self.spec, asked, seen, plan, run, steady=steady)
        rest = [one for one in self.lists() if one.name not in seen]
        return found + [self._unable(one, plan, run, texts=True) for one in rest]

    def _more(self, one: WordList, acc: Trials) -> dict[str, Any]:
        return {
            "mean_shift": alterations.shift_by_direction(acc, one.name),
            "columns": list(self.texts),
            "pairs": len(one.pairs) + len(one.given),
            "digest": one.digest,
        }


def _is_text(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain))
