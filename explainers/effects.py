"""What each column does to the result, in sentences of the table."""

from collections.abc import Mapping, Sequence
from typing import Any

from explainers import numbers
from explainers.asking import SCALE, Tally
from explainers.columns import Column, comparative
from explainers.plan import ExplanationPlan, Subject
from explainers.sentences import Counts, Kind, choose, sentence
from registry.language import Text

Sentence = dict[str, Any]
Places = Mapping[str, Text]

DIRECTED = frozenset(
    {Kind.ALWAYS, Kind.USUALLY, Kind.STEPS, Kind.NO_SIMPLE_DIRECTION, Kind.DIRECTION_OPEN}
)


def of_subject(plan: ExplanationPlan, tally: Tally, subject: Subject) -> list[Sentence]:
    """Everything the evidence supports saying about one subject."""
    places = _names(plan, subject)
    if subject.kind == "constant":
        return [_filed(sentence("not_tested", evidence={"n": 0}, places=places), subject)]
    said = []
    if len(subject.names) > 1:
        said.append(
            sentence("correlated", evidence={"columns": list(subject.names)}, places=places)
        )
    if subject.kind == "levels":
        said += _levels(plan, tally, subject, places)
    elif subject.kind == "group" and (0 in subject.signs or -1 in subject.signs):
        said += _group(plan, tally, subject, places)
    else:
        said += _number(plan, tally, subject, places)
    return [_filed(each, subject) for each in said]


def counts(tally: Tally, key: str, changed: str = "") -> Counts:
    """The counts of one contrast; `changed` names another key for whose result changed."""
    return Counts(
        n=tally.get(f"{key}:n", 0),
        up=tally.get(f"{key}:up", 0),
        down=tally.get(f"{key}:down", 0),
        changed=tally.get(f"{changed or key}:changed", 0),
    )


def evidence(plan: ExplanationPlan, counted: Counts, **more: Any) -> dict[str, Any]:
    """The numbers behind a contrast's sentence, with their simultaneous bounds."""
    family = plan.family
    return {
        "n": counted.n,
        "up": counted.up,
        "same": counted.same,
        "down": counted.down,
        "changed": counted.changed,
        "direction_low": numbers.rounded(family.lower(counted.most, counted.n)),
        "changed_low": numbers.rounded(family.lower(counted.changed, counted.n)),
        "changed_high": numbers.rounded(family.upper(counted.changed, counted.n)),
        "claims": family.claims,
        "alpha": family.alpha,
        **more,
    }


def listed(names: Sequence[Text]) -> Text:
    """Several names as one: A、B和C, A, B and C."""
    if len(names) == 1:
        return names[0]
    zh = "、".join(name.zh for name in names[:-1]) + "和" + names[-1].zh
    return Text(zh, ", ".join(name.en for name in names[:-1]) + " and " + names[-1].en)


def subject_name(plan: ExplanationPlan, subject: Subject) -> Text:
    """What people call a subject."""
    return listed([plan.column(name).subject for name in subject.names])


def same(text: object) -> Text:
    """One text for both languages."""
    return Text(str(text), str(text))


def _filed(said: Sentence, subject: Subject) -> Sentence:
    return said | {"columns": list(subject.names)}


def _names(plan: ExplanationPlan, subject: Subject) -> dict[str, Text]:
    columns = [plan.column(name) for name in subject.names]
    first = columns[0]
    name = subject_name(plan, subject)
    plain = listed([column.plain for column in columns])
    more = first.direction.more
    return {
        "X": name,
        "x": name,
        "A": Text(
            "、".join(column.plain.zh for column in columns[:-1]),
            ", ".join(column.subject.en for column in columns[:-1]),
        ),
        "B": columns[-1].subject,
        "high": more,
        "higher_X": Text(plain.zh, comparative(more.en, plain.en)),
        "matters": Text("", "matters" if len(columns) == 1 else "matter"),
        "high_words": Text(f"变{more.zh}时", ""),
        "more_X": Text(plain.zh, f"{more.en} {plain.en}"),
        **wording(plan),
    }


def wording(plan: ExplanationPlan) -> dict[str, Text]:
    """What the results and the people are called, by place."""
    wording = plan.wording
    return {
        "good": wording.favourable,
        "bad": wording.unfavourable,
        "price": wording.price,
        "unit": wording.unit,
        "person": wording.person,
        "people": wording.people,
    }


def _number(
    plan: ExplanationPlan, tally: Tally, subject: Subject, places: Places
) -> list[Sentence]:
    key = f"contrast:{subject.key}"
    counted = counts(tally, key)
    kind = choose(counted, plan.family)
    shown = evidence(plan, counted, test="contrast", mean_difference=_mean(tally, key))
    where = dict(places) | _tested(plan, counted) | _mean_place(shown)
    if kind is Kind.NO_SIMPLE_DIRECTION:
        where |= {"result": plan.wording.favourable}
    row, test = _row(plan, kind, "number"), f"{plan.task}.contrast" if counted.n else ""
    return [sentence(row, kind=kind, evidence=shown, places=where, test=test)]


def _levels(
    plan: ExplanationPlan, tally: Tally, subject: Subject, places: Places
) -> list[Sentence]:
    column, key = plan.column(subject.names[0]), f"contrast:{subject.key}"
    whole = Counts(tally[f"{key}:n"], 0, 0, tally[f"{key}:changed"])
    kind = choose(whole, plan.family)
    said: list[Sentence] = []
    if kind in DIRECTED:
        said = [
            each
            for i in range(1, len(subject.levels))
            if (each := _level(plan, tally, subject, i, places)) is not None
        ]
    if not said:
        kind = Kind.INCONCLUSIVE if kind in DIRECTED else kind
        where = dict(places) | _tested(plan, whole)
        shown = evidence(plan, whole, test="levels")
        said = [sentence(_row(plan, kind, "levels"), kind=kind, evidence=shown, places=where)]
    if subject.left_out:
        where = dict(places) | {"k": same(subject.left_out)}
        said.append(sentence("levels.left_out", evidence={"n": 0}, places=where))
    return [each | {"levels": _shares(plan, tally, subject, column)} for each in said]


def _level(
    plan: ExplanationPlan, tally: Tally, subject: Subject, i: int, places: Places
) -> Sentence | None:
    """One level against the most common one; nothing where too little hangs on it."""
    column, key = plan.column(subject.names[0]), f"contrast:{subject.key}:{i}"
    counted = counts(tally, key)
    kind = choose(counted, plan.family)
    if kind not in DIRECTED:
        return None
    a, b = (_level_name(plan, column, subject.levels[at]) for at in (0, i))
    ends = {"from": a, "to": b}
    if plan.task == "decision" and counted.down > counted.up:
        a, b = b, a
    where = dict(places) | _tested(plan, counted) | ends
    where |= {"a": a, "b": b, "result": plan.wording.favourable}
    shown = evidence(plan, counted, test="levels", mean_difference=_mean(tally, key))
    return sentence(
        _row(plan, kind, "levels"),
        kind=kind,
        evidence=shown,
        places=where | _mean_place(shown),
        test=f"{plan.task}.levels",
    )


def _group(
    plan: ExplanationPlan, tally: Tally, subject: Subject, places: Places
) -> list[Sentence]:
    """Columns without a common direction: only whether they matter, by swapping them."""
    key = f"swap:{subject.key}"
    counted = Counts(tally[f"{key}:n"], 0, 0, tally[f"{key}:changed"])
    kind = choose(counted, plan.family)
    row = f"{plan.task}.group.matters" if kind in DIRECTED else _row(plan, kind, "number")
    share = counted.changed / max(counted.n, 1)
    where = dict(places) | _tested(plan, counted) | {"p": hundred(share)}
    shown = evidence(plan, counted, test="swap")
    return [
        sentence(
            row, kind=kind if kind not in DIRECTED else "matters", evidence=shown, places=where
        )
    ]


def _row(plan: ExplanationPlan, kind: Kind, shape: str) -> str:
    if kind is Kind.NOT_TESTED:
        return "not_tested"
    if kind in DIRECTED:
        return f"{plan.task}.{shape}.{kind}"
    return f"{plan.task}.{kind}"


def _tested(plan: ExplanationPlan, counted: Counts) -> dict[str, Text]:
    up = counted.up >= counted.down
    wording = plan.wording
    return {
        "n": same(numbers.count(counted.n)),
        "up": same(numbers.count(counted.up)),
        "down": same(numbers.count(counted.down)),
        "same": same(numbers.count(counted.same)),
        "changed": same(numbers.count(counted.changed)),
        "k": same(numbers.count(counted.most)),
        "s": same(numbers.count(counted.same)),
        "d": same(numbers.count(counted.least)),
        "c": same(numbers.count(counted.changed)),
        "p": hundred(counted.most / max(counted.n, 1)),
        "about": about(counted.changed / max(counted.n, 1)),
        "result": wording.favourable if up else wording.unfavourable,
        "price_high": Text("高", "higher") if up else Text("低", "lower"),
    }


def about(share: float) -> Text:
    """A share as roughly so many people out of a hundred."""
    if 0 < share < 0.01:
        return Text("不到1", "fewer than 1")
    exact = share in (0.0, 1.0)
    zh, en = ("有", "") if exact else ("约有", "about ")
    return Text(zh + numbers.per_hundred(share), en + numbers.per_hundred(share))


def hundred(share: float) -> Text:
    """A share as people out of a hundred."""
    return Text(numbers.per_hundred(share), numbers.per_hundred_en(share))


def _mean_place(shown: Mapping[str, Any]) -> dict[str, Text]:
    return {"m": same(numbers.value(abs(shown["mean_difference"])))}


def _mean(tally: Tally, key: str) -> float:
    n = tally.get(f"{key}:n", 0)
    return numbers.rounded(tally.get(f"{key}:difference", 0) / SCALE / n) if n else 0.0


def _shares(
    plan: ExplanationPlan, tally: Tally, subject: Subject, column: Column
) -> list[dict[str, Any]]:
    key, n = f"contrast:{subject.key}", tally[f"contrast:{subject.key}:n"]
    return [
        {
            "level": _level_name(plan, column, level).as_json(),
            "per_hundred": numbers.rounded(100 * tally[f"{key}:{i}:favourable"] / n),
            "mean": numbers.rounded(tally[f"{key}:{i}:sum"] / SCALE / n),
        }
        for i, level in enumerate(subject.levels)
    ]


def _level_name(plan: ExplanationPlan, column: Column, code: Any) -> Text:
    return column.level(plan.donors.value(column.name, code))
