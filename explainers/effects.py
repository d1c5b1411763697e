"""What each column does to the result, in sentences of the table."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from explainers import bends, marks, means, numbers, parted, scores, shares, subgroups
from explainers.asking import Tally
from explainers.caveats import STEADY, UNSTEADY
from explainers.columns import MORE, Column, raised, with_article
from explainers.phrases import about, roughly, same
from explainers.plan import ExplanationPlan
from explainers.sentences import (
    ONE_OF_A_HUNDRED,
    Again,
    Around,
    Counts,
    Kind,
    capitalised,
    choose,
    sentence,
)
from explainers.subjects import Subject
from explainers.table import MORE as MORE_TESTS
from explainers.table import RULE
from explainers.wording import ever
from registry.language import Text

Sentence = dict[str, Any]
Places = Mapping[str, Text]

DIRECTED = frozenset(
    {
        *(Kind.ALWAYS, Kind.USUALLY, Kind.STEPS, Kind.ONE_WAY),
        *(Kind.NO_SIMPLE_DIRECTION, Kind.DIRECTION_OPEN),
    }
)
ONE_DIRECTION = frozenset({Kind.ALWAYS, Kind.USUALLY, Kind.STEPS, Kind.ONE_WAY})
TELLING = DIRECTED | {Kind.NOISY}
BETTER_FIRST = frozenset({Kind.ALWAYS, Kind.USUALLY, Kind.STEPS})
"""Of two levels of which one is better, that one is named first."""
MOST_LISTED = 3  # names in one sentence (ours); more of them pass 45 characters or 25 words


def of_subject(plan: ExplanationPlan, tally: Tally, subject: Subject) -> list[Sentence]:
    """Everything the evidence supports saying about one subject; the last one files them all."""
    columns = acting(plan, tally, subject)
    idle = [name for name in subject.names if name not in {column.name for column in columns}]
    places, key = {**_names(plan, columns), **_unmoved(tally)}, f"contrast:{subject.key}"
    places |= _small(places, score_moved(plan, tally, subject, places["turned"]))
    said: list[Sentence] = []
    if not subject.tested:
        said = [_untested(plan, subject, places)]
    elif subject.kind == "levels":
        said = _levels(plan, tally, subject, places)
    elif subject.kind == "text" or 0 in subject.signs or -1 in subject.signs:
        said = _exchanged(plan, tally, subject, places)
    else:
        counted = counts(tally, key)
        beside = around(plan, tally, subject)
        kind = choose(counted, plan.family, beside)
        where, shown = _grouped(plan, kind, beside)
        numbered = _number(plan, tally, subject, counted, kind, dict(places) | where)
        said = _shaped(plan, tally, subject, numbered | {"evidence": numbered["evidence"] | shown}, places)  # fmt: skip
    blanks = [_blank(plan, tally, name) for name in subject.names if name in plan.blanks]
    together = [_together(plan, tally, subject, idle)] if len(subject.names) > 1 else []
    return [_filed(each, subject) for each in (*together, *blanks, *said)]


UNMOVED = {
    "unmoved": Text("难易不变", "as likely"),
    "idle": Text("没有影响", "nothing changes"),
}
UNMOVED_LABELS = {
    "unmoved": Text("结果没变", "with the same result"),
    "idle": Text("结果没变", "the result stays the same"),
}
"""Of a program that answers by its result alone nobody knows whether another result came nearer."""


def _unmoved(tally: Tally) -> dict[str, Text]:
    """What a change that moved nothing is called."""
    return UNMOVED if tally["all:graded"] else UNMOVED_LABELS


def around(plan: ExplanationPlan, tally: Tally, subject: Subject) -> Around:
    """What else was asked about a subject: swapped, left blank, its rare levels, flips, again."""
    names = subject.names
    keys = [f"swap:{subject.key}", f"contrast:{subject.key}:rest"]
    keys += [f"blank:{name}" for name in names]
    if plan.task == "decision":
        keys += [f"flip:{name}" for name in names]
    tests = [(tally[f"{key}:changed"], tally[f"{key}:n"]) for key in keys if f"{key}:n" in tally]
    untried = any(plan.natures[name].untried for name in names)
    seen = subgroups.within(plan, tally, [f"contrast:{subject.key}", *keys])
    twice, own = again(tally), scores.furthest(contrasts(tally, subject))
    moved = own is not None and scores.moves(plan, twice, own[1])
    return Around(twice, tests, untried=untried, within=seen, score=moved)


def contrasts(tally: Tally, subject: Subject) -> list[tuple[str, Counts]]:
    """The contrasts of a subject that have a direction, each with its key."""
    key = f"contrast:{subject.key}"
    levels = subject.kind == "levels"
    keys = [f"{key}:{i}" for i in range(1, len(subject.levels))] if levels else [key]
    return [(each, counts(tally, each)) for each in keys if f"{each}:up" in tally]


def score_moved(plan: ExplanationPlan, tally: Tally, subject: Subject, turned: Text) -> Text:
    """Which way the score moves with a subject, where it does so beyond chance.

    Args:
        plan: names the levels and the results.
        tally: what was counted.
        subject: that was changed.
        turned: what was done to it, where it is a number.
    """
    own = scores.furthest(contrasts(tally, subject))
    if own is None or not scores.moves(plan, again(tally), own[1]):
        return scores.NOT_TOLD
    key, counted = own
    if subject.kind == "levels":
        column, at = plan.column(subject.names[0]), int(key.rpartition(":")[2])
        a, b = (_level_name(plan, column, subject.levels[i]) for i in (0, at))
        turned = Text(
            f"{column.plain.zh}从“{a.zh}”改成“{b.zh}”",
            f"{column.subject.en} changed from “{a.en}” to “{b.en}”",
        )
    return scores.told(plan, tally, key, counted, turned)


def again(tally: Tally) -> Again:
    """What came of asking twice with nothing changed."""
    return Again(*(tally[f"again:{name}"] for name in ("n", "moved", "changed")))


def counts(tally: Tally, key: str, changed: str = "") -> Counts:
    """The counts of one contrast; `changed` names another key for whose result changed."""
    return Counts(
        n=tally.get(f"{key}:n", 0),
        up=tally.get(f"{key}:up", 0),
        down=tally.get(f"{key}:down", 0),
        changed=tally.get(f"{changed or key}:changed", 0),
        gained=tally.get(f"{key}:gained", 0),
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


def some(names: Sequence[Text]) -> Text:
    """Several names as one, the first of them where all would make a sentence too long to read."""
    if len(names) <= MOST_LISTED:
        return listed(names)
    first, n = names[:MOST_LISTED], len(names)
    return Text(
        "、".join(name.zh for name in first) + f"等{n}项",
        ", ".join(name.en for name in first) + f" and {n - MOST_LISTED} more",
    )


def quoted(names: Sequence[Text]) -> Text:
    """Names of levels as they stand in a sentence: “东城”、“西城”."""
    return Text(
        "、".join(f"“{name.zh}”" for name in names), ", ".join(f"“{name.en}”" for name in names)
    )


def acting(plan: ExplanationPlan, tally: Tally, subject: Subject) -> list[Column]:
    """The columns of a subject, without those that a test of their own showed to do nothing."""
    idle = _idle(plan, tally, subject)
    return [plan.column(name) for name in subject.names if name not in idle]


def subject_name(plan: ExplanationPlan, subject: Subject) -> Text:
    """What people call a subject."""
    return some([plan.column(name).subject for name in subject.names])


def rounded_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the importance for the record."""
    return {k: numbers.rounded(v) if isinstance(v, float) else v for k, v in row.items()}


def _small(places: Places, score: Text) -> dict[str, Text]:
    """What the score does, and how a sentence begins on what is small for most: not where it moves."""
    opening = Text(
        f"对大多数{places['people'].zh}，{places['X'].zh}的影响很小",
        f"For most {places['people'].en} {places['x_bare'].en} made little difference",
    )
    return {"score": score, "mostly": places["X_bare"] if score.zh else opening}


def _filed(said: Sentence, subject: Subject) -> Sentence:
    return said | {"columns": list(subject.names)}


def _names(plan: ExplanationPlan, columns: Sequence[Column]) -> dict[str, Text]:
    first = columns[0]
    name = some([column.subject for column in columns])
    plain = some([column.plain for column in columns])
    more, alone = first.direction.more, len(columns) == 1
    together = Text(f"{name.zh}一起变{more.zh}", f"{raised(more.en, plain.en)} together")
    return {
        "X": name,
        "x": name,
        "X_bare": plain,
        "x_bare": plain,
        "high": more,
        "only": Text("只改这一项", "changing only this")
        if alone
        else Text("只改这几项", "changing only these"),
        "turned": first.raised if alone else together,
        **wording(plan),
    }


def wording(plan: ExplanationPlan) -> dict[str, Text]:
    """What the results and the people are called, by place."""
    named = {name: getattr(plan.wording, name) for name in plan.wording.__slots__}
    return {**named, "good": plan.wording.favourable, "bad": plan.wording.unfavourable}


def _untested(plan: ExplanationPlan, subject: Subject, places: Places) -> Sentence:
    """A column in which nobody differs, or too few people do."""
    known = plan.natures[subject.names[0]]
    if subject.kind == "constant" and not known.untried and not known.blank:
        return sentence("not_tested", evidence={"n": 0}, places=places)
    where = dict(places) | {"least": same(plan.k)}
    row = "too_rare" if known.untried else "only_blank"
    return sentence(row, kind=Kind.NOT_TESTED, evidence={"n": 0}, places=where)


def _idle(plan: ExplanationPlan, tally: Tally, subject: Subject) -> list[str]:
    """Columns of a group that a test of their own showed to be without effect."""
    if len(subject.names) == 1 or again(tally).moved:
        return []
    found = [
        name
        for name in subject.names
        if not plan.natures[name].untried
        and not on_its_own(plan, tally, name)[0]
        and plan.family.upper(0, on_its_own(plan, tally, name)[1]) < ONE_OF_A_HUNDRED
    ]
    return found if len(found) < len(subject.names) else []


def on_its_own(plan: ExplanationPlan, tally: Tally, name: str) -> tuple[int, int]:
    """How often a column of a group changed the result on its own, of how many tests.

    What the page says of a protected column in answer five is one test, and it is said here, too.
    """
    never = "moved" if plan.task == "price" else "changed"
    flip = plan.task == "decision" and f"flip:{name}:n" in tally
    key = f"flip:{name}" if flip else f"alone:{name}"
    return tally[f"{key}:{never}"], tally[f"{key}:n"]


def _together(
    plan: ExplanationPlan, tally: Tally, subject: Subject, idle: Sequence[str]
) -> Sentence:
    """Whether columns that change together can be told apart by changing each on its own."""
    places = wording(plan) | {"X": subject_name(plan, subject)}
    seen = {name: on_its_own(plan, tally, name) for name in subject.names}
    shown: dict[str, Any] = {"columns": list(subject.names)}
    if idle:
        n = seen[idle[0]][1]
        alone = some([plan.column(name).plain for name in idle])
        places |= {
            "Y": alone,
            "y": Text(alone.zh, with_article(alone.en)),
            "n": same(numbers.count(n)),
        }
        return sentence(f"{plan.task}.told_apart", evidence=shown | {"n": n}, places=places)
    act = all(plan.family.lower(k, n) >= ONE_OF_A_HUNDRED for k, n in seen.values())
    if not act or again(tally).moved:
        return sentence("correlated", evidence=shown, places=places)
    each = {name: {"changed": k, "n": n} for name, (k, n) in seen.items()}
    places |= {"each": _each_alone(plan, seen)}
    return sentence(
        f"{plan.task}.each_acts",
        evidence=shown | {"n": min(n for _, n in seen.values()), "each": each},
        places=places,
    )


def _each_alone(plan: ExplanationPlan, seen: Mapping[str, tuple[int, int]]) -> Text:
    priced = plan.task == "price"
    zh_what, en_what = (
        (plan.wording.price.zh, plan.wording.price.en) if priced else ("结果", "result")
    )
    zh, en = [], []
    for name, (k, n) in seen.items():
        column, times, of = plan.column(name), numbers.count(k), numbers.count(n)
        share = roughly(k / max(n, 1))
        zh.append(
            f"只改{column.plain.zh}，每100次里，{share.zh}次{zh_what}变了（试了{of}次，{times}次）"
        )
        en.append(
            f"changing only {column.subject.en} changed the {en_what} in {share.en} of 100 tests "
            f"({times} of {of})"
        )
    return Text("；".join(zh), capitalised("; ".join(en)))


def _blank(plan: ExplanationPlan, tally: Tally, name: str) -> Sentence:
    """What would come of it if nobody had filled in a column."""
    key, column = f"blank:{name}", plan.column(name)
    n, everyone = tally[f"{key}:n"], tally["all:n"]
    mean = means.told(tally, f"{key}:sum", n, plan.k)
    own = means.told(tally, "all:sum", everyone, plan.k)
    good, k = tally[f"{key}:favourable"], plan.k
    places = wording(plan) | {
        "X": column.subject,
        "a": shares.about(good, n, k),
        "b": shares.about(tally["all:favourable"], everyone, k),
        "m": means.written(mean, plan.wording.unit),
        "own": means.written(own, plan.wording.unit),
    }
    shown = {
        "n": n,
        "changed": tally[f"{key}:changed"],
        "favourable": shares.told(good, n, k),
        "mean": mean,
    }
    return sentence(f"{plan.task}.blank", evidence=shown, places=places)


def _number(
    plan: ExplanationPlan,
    tally: Tally,
    subject: Subject,
    counted: Counts,
    kind: Kind,
    places: Places,
) -> Sentence:
    key = f"contrast:{subject.key}"
    counted, test = _one_count(plan, tally, subject, kind, counted, test="contrast")
    shown = evidence(plan, counted, test=test, **_mean(plan, tally, key, kind))
    where = dict(places) | _tested(plan, tally, counted) | _mean_place(plan, shown)
    where |= _swapped(tally, subject) | _ever(plan, subject, counted, where)
    if kind not in DIRECTED:
        where["however_little"] = _however_little(tally, counted, where["turned"], where)
    shape = "number" if len(subject.names) == 1 else "together"
    row = _row(plan, kind, shape)
    if shape == "together" and kind in DIRECTED:
        row = f"{plan.task}.together"
    test = f"{plan.task}.contrast" if counted.n and kind in DIRECTED else ""
    return sentence(row, kind=kind, evidence=shown, places=where, test=test)


def _shaped(
    plan: ExplanationPlan, tally: Tally, subject: Subject, numbered: Sentence, places: Places
) -> list[Sentence]:
    """What a number does, and where it has a step or turns round.

    A step says which way the number acts, and how often; a direction that always holds says more.
    Neither is told of a number that acts the other way between neighbouring values.
    """
    name = subject.names[0]
    if subject.kind == "number" and numbered["kind"] == Kind.NOISY and _results_hold(plan, tally):
        step = marks.steps(plan, tally, name, places)
        return [numbered] if step is None else [step, numbered]
    if subject.kind != "number" or numbered["kind"] not in DIRECTED:
        return [numbered]
    mark = marks.told(plan, tally, name, places)
    always = [numbered] if numbered["kind"] in (Kind.ALWAYS, Kind.USUALLY) else []
    beside: list[Sentence] = []
    if mark is not None and mark["kind"] == "turn":
        bent = not bends.turns_once(plan, tally, name, top=mark["evidence"]["top"])
    else:
        bent = bool(bends.missed(plan, tally, name))
        if not bent and mark is None and bends.cliff(plan, tally, name):
            bent, beside = True, always
    if bent:
        counted = counts(tally, f"contrast:{name}")
        where = dict(places) | _tested(plan, tally, counted)
        return [bends.told(plan, tally, name, numbered["evidence"], where), *beside]
    if mark is None:
        return [numbered]
    told = {"test": numbered["test"]} if "test" not in mark else {}
    mark |= told | {"evidence": {**numbered["evidence"], **mark["evidence"]}}
    return [mark, *always]


def _results_hold(plan: ExplanationPlan, tally: Tally) -> bool:
    """Whether answers differ when asked again, and no result does: where results change is known."""
    return plan.task == "decision" and not again(tally).changed


def _levels(
    plan: ExplanationPlan, tally: Tally, subject: Subject, places: Places
) -> list[Sentence]:
    column, key = plan.column(subject.names[0]), f"contrast:{subject.key}"
    whole = Counts(tally[f"{key}:n"], 0, 0, tally[f"{key}:changed"])
    beside = around(plan, tally, subject)
    if beside.again.moved:  # of many answers some differ by noise alone: pairs are compared
        pairs = [counts(tally, f"{key}:{i}") for i in range(1, len(subject.levels))]
        whole = max(pairs, key=lambda pair: pair.changed)
    kind = choose(whole, plan.family, beside)
    said: list[Sentence] = []
    if kind in TELLING:
        each = [_level(plan, tally, subject, i, places) for i in range(1, len(subject.levels))]
        said = [one for one in each if one is not None]
        at_once = _at_once(plan, tally, subject, said, whole, places)
        # What goes both ways between two levels does not show in what comes of each.
        both = [
            one for one in said if min(one["evidence"][way] for way in ("up", "down")) >= plan.k
        ]
        said = [*both, at_once] if at_once is not None else said
    if not said:
        kind = Kind.INCONCLUSIVE if kind in DIRECTED else kind
        kind = Kind.NOISE if kind is Kind.NOISY else kind
        grouped, groups = _grouped(plan, kind, beside)
        whole, test = _one_count(plan, tally, subject, kind, whole, test="levels")
        where = dict(places) | _tested(plan, tally, whole) | _swapped(tally, subject) | grouped
        where["however_little"] = _between_levels(plan, tally, subject, where)
        shown = evidence(plan, whole, test=test, **groups)
        said = [sentence(_row(plan, kind, "levels"), kind=kind, evidence=shown, places=where)]
    rest = _rest(plan, tally, subject, places)
    return [each | {"levels": _shares(plan, tally, subject, column)} for each in (*rest, *said)]


def _at_once(
    plan: ExplanationPlan,
    tally: Tally,
    subject: Subject,
    pairs: Sequence[Sentence],
    whole: Counts,
    places: Places,
) -> Sentence | None:
    """All levels in one sentence, with the evidence of the pair between which most changes."""
    key, n = f"contrast:{subject.key}", len(subject.levels)
    answers = parted.of_levels(plan, tally, key, n) if n >= parted.FEWEST else None
    if answers is None:
        return None
    shown = evidence(plan, whole, test="levels")
    if pairs:
        first = max(pairs, key=lambda one: int(one["evidence"]["changed"]))
        shown = {**first["evidence"], "way": str(first["kind"])}
    column = plan.column(subject.names[0])
    return parted.told(plan, column, subject.levels, answers, places, shown)


def _alone(plan: ExplanationPlan, tally: Tally, column: Column) -> list[Sentence]:
    """With which levels of a column of a group the answer is which, changed on its own."""
    levels, (changed, n) = plan.natures[column.name].levels, on_its_own(plan, tally, column.name)
    answers = parted.of_donors(plan, tally, f"alone:{column.name}", len(levels))
    if answers is None or plan.family.lower(changed, n) < ONE_OF_A_HUNDRED:
        return []
    said = parted.told(plan, column, levels, answers, _names(plan, [column]), {"n": n})
    return [] if said is None else [said]


NO_WAY = Text("", "")


def _ever(
    plan: ExplanationPlan, subject: Subject, counted: Counts, places: Places
) -> dict[str, Text]:
    """That more of a number goes one way: 年龄越大，越容易通过, or in the filer's own phrase."""
    column, way = plan.column(subject.names[0]), _one_way(plan, counted)
    said = f"{column.plain.zh}越{column.direction.more.zh}，{ever(way)}"
    if MORE in column.phrases:
        said = f"{places['turned'].zh}，{way.zh}"
    return {"ever": Text(said, "")}


def _one_way(plan: ExplanationPlan, counted: Counts) -> Text:
    """The phrase for the way that most tests went."""
    return plan.wording.way(up=counted.up >= counted.down, priced=plan.task == "price")


def _however_little(tally: Tally, counted: Counts, changed: Text, places: Places) -> Text:
    """Which way a price moves, however little: told beside that it is little."""
    if again(tally).moved or not counted.up + counted.down:
        return NO_WAY
    up, down = (roughly(each / counted.n) for each in (counted.up, counted.down))
    raw = numbers.count(counted.up), numbers.count(counted.down), numbers.count(counted.n)
    higher, lower = places["higher"], places["lower"]
    return Text(
        f"{changed.zh}，每100次里，{up.zh}次{higher.zh}，{down.zh}次{lower.zh}"
        f"（试了{raw[2]}次，{raw[0]}次和{raw[1]}次）。",
        f"With {changed.en}, of 100 tests {up.en} gave {higher.en} and {down.en} {lower.en} "
        f"({raw[2]} tests: {raw[0]} and {raw[1]}). ",
    )


def _between_levels(plan: ExplanationPlan, tally: Tally, subject: Subject, places: Places) -> Text:
    """The same of the two levels between which a price moves one way most often."""
    column, key = plan.column(subject.names[0]), f"contrast:{subject.key}"
    each = {i: counts(tally, f"{key}:{i}") for i in range(1, len(subject.levels))}
    i = max(each, key=lambda at: abs(each[at].up - each[at].down))
    counted, ends = each[i], [_level_name(plan, column, subject.levels[at]) for at in (0, i)]
    if counted.up < counted.down:
        ends.reverse()
        counted = replace(counted, up=counted.down, down=counted.up)
    a, b = ends
    changed = Text(
        f"{column.plain.zh}从“{a.zh}”改成“{b.zh}”",
        f"{column.subject.en} changed from “{a.en}” to “{b.en}”",
    )
    return _however_little(tally, counted, changed, places)


def _rest(plan: ExplanationPlan, tally: Tally, subject: Subject, places: Places) -> list[Sentence]:
    """The levels that are not tried by name: those tried together, and those not tried at all."""
    key, said = f"contrast:{subject.key}:rest", list[Sentence]()
    nature = plan.natures[subject.names[0]]
    together, others, further = len(subject.rest), nature.others, len(nature.further)
    where = dict(places) | {"k": same(together), "least": same(plan.k)}
    if together:
        n, changed = tally[f"{key}:n"], tally[f"{key}:changed"]
        column = plan.column(subject.names[0])
        names = [_level_name(plan, column, level) for level in nature.further]
        where |= {
            "about": about(changed / n),
            "names": quoted(names),
            "most": same(len(nature.levels)),
        }
        which = "rare" if not further else "common" if further == together else "both"
        which = "one" if which == "common" and further == 1 else which
        shown = {"n": n, "changed": changed}
        row = f"{plan.task}.rest.{which}"
        said.append(sentence(row, kind=f"{plan.task}.rest", evidence=shown, places=where))
    if others > together:
        left = others - together
        cases = (
            "1 further case was not tested, because it is too rare"
            if left == 1
            else f"{left} further cases were not tested, because they are too rare"
        )
        where |= {"k": same(left), "cases": Text("", cases)}
        said.append(sentence("levels.left_out", evidence={"n": 0}, places=where))
    return said


def _level(
    plan: ExplanationPlan, tally: Tally, subject: Subject, i: int, places: Places
) -> Sentence | None:
    """One level against the most common one; nothing where too little hangs on it."""
    column, key = plan.column(subject.names[0]), f"contrast:{subject.key}:{i}"
    counted = counts(tally, key)
    kind = choose(counted, plan.family, Around(again(tally)))
    if kind not in TELLING:
        return None
    values = [plan.donors.value(column.name, subject.levels[at]) for at in (0, i)]
    a, b = (column.who(value, plan.wording.people) for value in values)
    where = dict(places) | _tested(plan, tally, counted)
    where |= {"from": column.level(values[0]), "to": column.level(values[1])}
    if plan.task == "decision" and kind in BETTER_FIRST and counted.down > counted.up:
        a, b, where["way"] = b, a, plan.wording.easier
    where |= {"a_who": a, "b_who": b}
    shown = evidence(plan, counted, test="levels", **_mean(plan, tally, key, kind))
    return sentence(
        _row(plan, kind, "levels"),
        kind=kind,
        evidence=shown,
        places=where | _mean_place(plan, shown),
        test=f"{plan.task}.levels" if kind in DIRECTED else "",
    )


def _exchanged(
    plan: ExplanationPlan, tally: Tally, subject: Subject, places: Places
) -> list[Sentence]:
    """What has no higher and lower: only whether it matters, by exchanging it as a whole."""
    key = f"swap:{subject.key}"
    counted = Counts(tally[f"{key}:n"], 0, 0, tally[f"{key}:changed"])
    written = subject.kind == "text"
    beside = around(plan, tally, subject)
    kind = choose(counted, plan.family, replace(beside, untried=written))
    row = _row(plan, kind, "exchanged")
    if kind in DIRECTED:
        row = f"{plan.task}.group.matters"
    grouped, groups = _grouped(plan, kind, beside)
    counted, test = _one_count(plan, tally, subject, kind, counted, test="swap")
    where = (
        dict(places)
        | {"however_little": NO_WAY}
        | _tested(plan, tally, counted)
        | _swapped(tally, subject)
        | grouped
    )
    shown = evidence(plan, counted, test=test, **groups)
    told = "matters" if kind in DIRECTED else kind
    said = [sentence(row, kind=told, evidence=shown, places=where)]
    unread = sentence("written", kind=told, evidence={"n": 0}, places=places)
    if kind in DIRECTED and not written:
        acting_ = acting(plan, tally, subject)
        said = [one for column in acting_ for one in _alone(plan, tally, column)] + said
    return [unread, *said] if written else said


def _row(plan: ExplanationPlan, kind: Kind, shape: str) -> str:
    if kind is Kind.NOT_TESTED:
        return "not_tested"
    if kind in TELLING:
        return f"{plan.task}.{shape}.{kind}"
    return f"{plan.task}.{kind}"


def _grouped(
    plan: ExplanationPlan, kind: Kind, beside: Around
) -> tuple[dict[str, Text], dict[str, Any]]:
    """In how many groups a small matter was looked at; the group in which it is none."""
    if kind not in (Kind.LITTLE, Kind.SCORE, Kind.PARTLY):
        return {}, {}
    groups = len({each.group for each in beside.within})
    people = plan.wording.people
    places = {
        "within": Text(
            f"按每一项信息分成的{groups}个组（每组至少{subgroups.LEAST}{people.zh}）里，试出来的也不到1{people.zh}。",
            f"In the tests it was so in each of {groups} groups of at least {subgroups.LEAST}, by one thing at a time. "
            if groups > 1
            else f"In the tests it was so in 1 group of at least {subgroups.LEAST}, too. ",
        )
        if groups
        else Text("没有分组看过。", "Groups were not looked at. ")
    }
    if kind in (Kind.LITTLE, Kind.SCORE):
        return places, {"groups": groups}
    worst = beside.within[0]
    named = subgroups.name(plan, worst.group)
    places |= {
        "group": named,
        "group_p": roughly(worst.changed / worst.n),
        "group_n": same(numbers.count(worst.n)),
        "group_c": same(numbers.count(worst.changed)),
    }
    return places, {
        "groups": groups,
        "group": {**named.as_json(), "n": worst.n, "changed": worst.changed},
    }


def _one_count(
    plan: ExplanationPlan,
    tally: Tally,
    subject: Subject,
    kind: Kind,
    counted: Counts,
    *,
    test: str,
) -> tuple[Counts, str]:
    """What changing only this did, as counted by a test, and which test that is.

    A protected thing is changed on its own for answer five as well. Where both sentences would
    only say how often the result changed, that is one count: the one of answer five.
    """
    key = f"flip:{subject.key}"
    counts_only = kind in (Kind.INCONCLUSIVE, Kind.UNTRIED)
    if plan.task != "decision" or not counts_only or f"{key}:n" not in tally:
        return counted, test
    return Counts(tally[f"{key}:n"], 0, 0, tally[f"{key}:changed"]), "flip"


def _swapped(tally: Tally, subject: Subject) -> dict[str, Text]:
    """How often the result changes with the values of somebody else, whatever they are."""
    key = f"swap:{subject.key}"
    return {"swapped": about(tally[f"{key}:changed"] / tally[f"{key}:n"])}


def _tested(plan: ExplanationPlan, tally: Tally, counted: Counts) -> dict[str, Text]:
    twice, n = again(tally), max(counted.n, 1)
    numbered = {
        "gained": counted.gained,
        "lost": counted.changed - counted.gained,
        "up": counted.up,
        "down": counted.down,
        "same": counted.same,
        "changed": counted.changed,
        "k": counted.most,
        "s": counted.same,
        "d": counted.least,
        "c": counted.changed,
    }
    return {
        **{name: same(numbers.count(each)) for name, each in numbered.items()},
        **{f"{name}_p": roughly(each / n) for name, each in numbered.items()},
        "n": same(numbers.count(counted.n)),
        "again_n": same(numbers.count(twice.n)),
        "again_c": same(numbers.count(twice.changed)),
        "again_p": roughly(twice.changed / max(twice.n, 1)),
        "partly": UNSTEADY if twice.changed else STEADY,
        "about": about(counted.changed / n),
        "way": _one_way(plan, counted),
        "open": _open(plan, counted),
    }


def _open(plan: ExplanationPlan, counted: Counts) -> Text:
    """What both counts of a direction do not show: which one is the larger, where that is open."""
    family, n = plan.family, max(counted.n, 1)
    if family.lower(counted.most, n) > family.upper(counted.least, n):
        return RULE
    return MORE_TESTS.format(people=plan.wording.people)


def _mean_place(plan: ExplanationPlan, shown: Mapping[str, Any]) -> dict[str, Text]:
    """The mean difference beside the way that most tests went, which few large ones may turn."""
    mean, most = shown["mean_difference"], shown["up"] - shown["down"]
    against = mean is not None and (mean < 0 if most >= 0 else mean > 0)
    if "mean_rise" in shown:
        ways = (shown["mean_rise"], shown["mean_fall"])
        return {"m": means.both(*ways, plan.wording.unit, against=against)}
    of = None
    if shown["same"]:
        of = means.UNCHANGED_TOO if shown["mean_of"] == shown["n"] else means.CHANGED
    return {"m": means.apart(mean, plan.wording.unit, against=against, of=of)}


def _mean(plan: ExplanationPlan, tally: Tally, key: str, kind: Kind) -> dict[str, Any]:
    """The mean difference, and of how many tests: where one way is told, of those that changed."""
    counted = counts(tally, key)
    n = counted.up + counted.down if kind in ONE_DIRECTION else counted.n
    mean = means.told(tally, f"{key}:difference", n, plan.k)
    return {"mean_difference": mean, "mean_of": n, **each_way(plan, tally, key, counted)}


def each_way(
    plan: ExplanationPlan, tally: Tally, key: str, counted: Counts
) -> dict[str, float | None]:
    """The mean rise and the mean fall, where there are enough of both; else nothing.

    Args:
        plan: names the task; of a decision no amounts are told.
        tally: with the sums of the rises and falls.
        key: of the comparison in it.
        counted: what came of it.
    """
    if plan.task != "price" or counted.least < plan.k:
        return {}
    told = (("rise", "rises", counted.up), ("fall", "falls", counted.down))
    return {f"mean_{name}": means.told(tally, f"{key}:{of}", n, plan.k) for name, of, n in told}


def _shares(
    plan: ExplanationPlan, tally: Tally, subject: Subject, column: Column
) -> list[dict[str, Any]]:
    key, n = f"contrast:{subject.key}", tally[f"contrast:{subject.key}:n"]
    return [
        {
            "level": _level_name(plan, column, level).as_json(),
            "who": _who(plan, column, level).as_json(),
            "per_hundred": shares.per_hundred(tally[f"{key}:{i}:favourable"], n, plan.k),
            "mean": means.told(tally, f"{key}:{i}:sum", n, plan.k),
        }
        for i, level in enumerate(subject.levels)
    ]


def _level_name(plan: ExplanationPlan, column: Column, code: Any) -> Text:
    return column.level(plan.donors.value(column.name, code))


def _who(plan: ExplanationPlan, column: Column, code: Any) -> Text:
    return column.who(plan.donors.value(column.name, code), plan.wording.people)
