"""What a filer declares, held against what was measured: each contradiction with both sides.

The filer says what a thing does to the result, how much it weighs or that it is not used: of a
column in the plan of an explanation, in groups D and H of a filing. The explainer's typed facts say what tests
counted. A claim is contradicted only by what the tests can tell; what they leave open contradicts nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from registry import outcomes
from registry.findings import as_told, by_gravity
from registry.language import Text


class Kind(StrEnum):
    """About what a declaration and a measurement disagree."""

    DIRECTION = "direction"
    MATTERS = "matters"
    NOT_USED = "not_used"
    IMPORTANCE = "importance"
    PURPOSE = "purpose"
    DATES = "dates"
    DECIDER = "decider"
    ALIKE = "alike"
    TERMS = "terms"


KIND_NAMES = {
    Kind.DIRECTION: Text("方向", "direction"),
    Kind.MATTERS: Text("有没有影响", "whether it matters"),
    Kind.NOT_USED: Text("用没用到", "whether it is used"),
    Kind.IMPORTANCE: Text("哪一项更重要", "what weighs more"),
    Kind.PURPOSE: Text("用途", "purpose"),
    Kind.DATES: Text("期限", "time limits"),
    Kind.DECIDER: Text("由谁决定", "who decides"),
    Kind.ALIKE: Text("是不是同样对待", "whether all are treated alike"),
    Kind.TERMS: Text("价格会不会因人而异", "whether prices differ between people"),
}


class Acts(StrEnum):
    """What tests showed of one thing; `up` is better for the person, or dearer, or more points."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"
    CHANGES = "changes"
    PARTLY = "partly"
    LITTLE = "little"
    NEVER = "never"
    UNKNOWN = "unknown"


class Effect(StrEnum):
    """What a filer says that more of a thing does to the result, for the person."""

    BETTER = "better"
    WORSE = "worse"
    MIXED = "mixed"
    NONE = "none"
    NOT_USED = "not_used"
    NOT_GIVEN = "not_given"
    """That the program is not given it: in words of a filing alone."""
    LITTLE = "little"
    """That it changes little: in words of a filing alone."""
    SOME = "some"
    """That it matters, whichever way: what a filing's words come to that name no side."""


class Influence(StrEnum):
    """How much a filer says that a thing weighs."""

    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"


EFFECTS = {
    Effect.BETTER: Text("结果更好", "the result gets better"),
    Effect.WORSE: Text("结果更差", "the result gets worse"),
    Effect.MIXED: Text("有时更好，有时更差", "sometimes better, sometimes worse"),
    Effect.NONE: Text("不改变结果", "no change"),
    Effect.NOT_USED: Text("没有用到", "not used"),
}
INFLUENCES = {
    Influence.STRONG: Text("影响大", "strong"),
    Influence.MEDIUM: Text("影响中等", "medium"),
    Influence.WEAK: Text("影响小", "weak"),
}
WEIGHT = {Influence.STRONG: 3, Influence.MEDIUM: 2, Influence.WEAK: 1}
MOVES = frozenset({Acts.UP, Acts.DOWN, Acts.BOTH, Acts.CHANGES, Acts.PARTLY})
FEW = 0.1  # of the tests that moved, against what is declared: "usually" still holds (ours)
LITTLE_ENDS = 10.0  # of a hundred results: what changes as many is not "little" (ours)
SMALL = frozenset({Acts.LITTLE, Acts.NEVER})


@dataclass(frozen=True, slots=True)
class Claim:
    """What the filer says of one thing.

    Args:
        place: where it stands, for programs: `columns.income`, `H5.2`.
        where: the same for people.
        said: the filer's own words, or the choice made.
        column: the input it is about.
        plain: what the input is called.
        effect: what more of it is said to do, if anything is said.
        influence: how much it is said to weigh, if anything is said.
        rank: the place in a list that is ordered by weight; None where it stands in none.
        level: the level that the words are about, as people call it; None where they name none.
        most: whether it is said to weigh more than all else.
        of_score: whether a direction is said of what comes more easily, and not of results alone.
    """

    place: str
    where: Text
    said: Text
    column: str
    plain: Text
    effect: Effect | None = None
    influence: Influence | None = None
    rank: int | None = None
    level: Text | None = None
    most: bool = False
    of_score: bool = False


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that the filer declares otherwise than it was measured, or declared elsewhere.

    Args:
        kind: about what.
        place: where it is declared, for programs; with `kind` it names the contradiction.
        where: the same for people.
        columns: the inputs it is about.
        declared: what the filer says there.
        measured: what was counted, or what stands against it.
        n: of how many tests; None where nothing was counted.
    """

    kind: Kind
    place: str
    where: Text
    columns: tuple[str, ...]
    declared: Text
    measured: Text
    n: int | None = None

    @property
    def id(self) -> str:
        """What a reason names it by."""
        return f"{self.kind}:{self.place}"

    @property
    def said(self) -> Text:
        """Both sides in one sentence a language."""
        found = ("测到的是", "Measured") if self.n is not None else ("另一处是", "Elsewhere")
        return Text(
            f"{self.where.zh}，备案主体写的是“{self.declared.zh}”；{found[0]}：{self.measured.zh}。",
            f"{self.where.en}: the filer says “{self.declared.en}”. {found[1]}: {self.measured.en}.",
        )

    def as_json(self) -> dict[str, Any]:
        """The contradiction as a JSON object."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "place": self.place,
            "where": self.where.as_json(),
            "columns": list(self.columns),
            "declared": self.declared.as_json(),
            "measured": self.measured.as_json(),
            "n": self.n,
            "said": self.said.as_json(),
        }


def of_columns(columns: Iterable[Mapping[str, Any]]) -> list[Claim]:
    """What the columns of an explanation's plan claim.

    Args:
        columns: {name, plain, direction?, effect?, influence?} as the plan has them.
    """
    claims = []
    for column in columns:
        if not (column.get("effect") or column.get("influence")):
            continue
        effect = Effect(column["effect"]) if column.get("effect") else None
        influence = Influence(column["influence"]) if column.get("influence") else None
        plain, direction = Text(**column["plain"]), column.get("direction") or {}
        more = Text((direction.get("zh") or ["高"])[0], (direction.get("en") or ["higher"])[0])
        said = []
        if effect in (Effect.NONE, Effect.NOT_USED):
            said.append(EFFECTS[effect])
        elif effect is not None:
            named = EFFECTS[effect]
            said.append(Text(f"{more.zh}的时候，{named.zh}", f"when {more.en}, {named.en}"))
        if influence is not None:
            said.append(INFLUENCES[influence])
        claims.append(
            Claim(
                place=f"columns.{column['name']}",
                where=Text(
                    f"说明的计划里，{plain.zh}", f"In the plan of the explanation, {plain.en}"
                ),
                said=Text("；".join(t.zh for t in said), "; ".join(t.en for t in said)),
                column=str(column["name"]),
                plain=plain,
                effect=effect,
                influence=influence,
            )
        )
    return claims


def against(
    claims: Sequence[Claim],
    facts: Sequence[Mapping[str, Any]],
    *,
    task: str,
    plains: Mapping[str, Text] | None = None,
) -> list[Contradiction]:
    """Every contradiction between claims and facts, in the order of the claims.

    Args:
        claims: what the filer says.
        facts: what was measured, as `explainers.measured.facts` has it.
        task: decision, price or score: a dearer price is worse, more points are better.
        plains: by input, what people call it, where a claim is about all of them.
    """
    of = {name: fact for fact in facts for name in fact["columns"]}
    found = []
    for claim in claims:
        fact = of.get(claim.column)
        if claim.effect is Effect.NOT_GIVEN:
            found.append(_given(claim))
        elif fact is not None:
            compared = _about_level(claim, fact)
            found += [_found(claim, kind, fact, task) for kind in _wrong(compared, fact, task)]
    return [*found, *_order(claims, of), *_topped(claims, of, plains or {})]


def unlike(
    place: str,
    where: Text,
    said: Text,
    plains: Mapping[str, Text],
    facts: Sequence[Mapping[str, Any]],
    *,
    task: str,
) -> Contradiction | None:
    """That all people are treated alike, where a sensitive feature changes results.

    Args:
        place: where it is said, for programs.
        where: the same for people.
        said: the filer's words.
        plains: by sensitive feature, what people call it.
        facts: what was measured.
        task: decision, price or score.

    Returns:
        The contradiction with the feature that changes most; None where none is known to change anything.
    """
    acting = [
        (name, fact)
        for fact in facts
        for name in fact["columns"]
        if name in plains
        and len(fact["columns"]) == 1
        and fact["acts"] in MOVES
        and fact["changed"]
    ]
    if not acting:
        return None
    name, fact = max(acting, key=lambda each: each[1]["changed"])
    told, plain = counted(fact, task), plains[name]
    measured = Text(f"只改{plain.zh}，{told.zh}", f"changing only {plain.en}, {told.en}")
    return Contradiction(Kind.ALIKE, place, where, (name,), said, measured, fact["n"])


def reported(
    place: str, where: Text, said: Text, findings: Sequence[Mapping[str, Any]]
) -> Contradiction | None:
    """That all people are treated alike, where a report that counts found that groups are not.

    Args:
        place: where it is said, for programs.
        where: the same for people.
        said: the filer's words.
        findings: of the reports that count, as JSON.

    Returns:
        The contradiction with the gravest of them in the report's words; None where none shows a difference.
    """
    unlike = by_gravity([as_told(each) for each in findings if outcomes.unlike(each)])
    if not unlike:
        return None
    gravest, many = unlike[0], len(unlike)
    words = Text(**gravest["reading"])
    told = Text(
        f"评估报告里这样的结果有{many}项，最重的一项是：{words.zh.rstrip('。')}",
        f"in the reports, findings of a difference: {many}; the gravest: {words.en.rstrip('.')}",
    )
    columns = tuple(str(name) for name in gravest["slice"])
    return Contradiction(Kind.ALIKE, place, where, columns, said, told, gravest.get("n"))


def absent(place: str, where: Text, said: Text, column: str, plain: Text) -> Contradiction:
    """That a thing is used which the model is not given.

    Args:
        place: where it is said, for programs.
        where: the same for people.
        said: the filer's words.
        column: what the data call it.
        plain: what people call it.
    """
    listed = Text(
        f"说明列出的信息里没有“{plain.zh}”，它不是模型的输入",
        f"the explanation does not list “{plain.en}” among the information; it is no input of the model",
    )
    return Contradiction(Kind.NOT_USED, place, where, (column,), said, listed)


def compared(claim: Claim, facts: Sequence[Mapping[str, Any]]) -> bool:
    """Whether tests can tell anything of a claim."""
    for fact in facts:
        if claim.column in fact["columns"]:
            return Acts(fact["acts"]) is not Acts.UNKNOWN
    return False


TURNED = {Effect.BETTER: Effect.WORSE, Effect.WORSE: Effect.BETTER}
"""What less of a thing is said to do, where more of it is said to do this."""


def _given(claim: Claim) -> Contradiction:
    plain = claim.plain
    listed = Text(
        f"说明列出的信息里有“{plain.zh}”，它是模型的一项输入",
        f"the explanation lists “{plain.en}” among the information, an input of the model",
    )
    return Contradiction(
        Kind.NOT_USED, claim.place, claim.where, (claim.column,), claim.said, listed
    )


def _about_level(claim: Claim, fact: Mapping[str, Any]) -> Claim:
    """A claim as it is about the change that was counted: from the one level to the other.

    Of levels without an order nothing is higher, and of a level that was not counted only whether
    the thing matters can be told.
    """
    if claim.effect not in TURNED:
        return claim
    ends = [Text(**end) for end in fact.get("between", ())]
    if claim.level is None and (not ends or fact.get("ordered")):
        return claim
    if claim.level in ends[1:]:
        return claim
    turned = claim.level in ends[:1]
    return replace(claim, effect=TURNED[claim.effect] if turned else Effect.SOME)


def _wrong(claim: Claim, fact: Mapping[str, Any], task: str) -> Iterator[Kind]:
    acts, effect = Acts(fact["acts"]), claim.effect
    good, bad = (Acts.DOWN, Acts.UP) if task == "price" else (Acts.UP, Acts.DOWN)
    if acts in MOVES and len(fact["columns"]) > 1:
        return  # tried together: which of them does it is not known
    if claim.of_score and fact.get("scored") and effect in (*TURNED, Effect.SOME):
        if effect in TURNED and _prevails(fact, bad if effect is Effect.BETTER else good):
            yield Kind.DIRECTION
    elif effect in (Effect.BETTER, Effect.WORSE, Effect.MIXED, Effect.SOME) and acts in SMALL:
        yield Kind.MATTERS
    elif effect in (Effect.BETTER, Effect.WORSE):
        wrong = bad if effect is Effect.BETTER else good
        if (
            acts is wrong
            or (acts is Acts.BOTH and _often(fact, wrong))
            or (acts is Acts.CHANGES and _prevails(fact, wrong))
        ):
            yield Kind.DIRECTION
    elif effect is Effect.MIXED and acts in (good, bad) and not min(fact["up"], fact["down"]):
        yield Kind.DIRECTION
    elif (effect is Effect.NONE and acts in MOVES) or (
        effect is Effect.LITTLE and acts in MOVES and _much(fact)
    ):
        yield Kind.MATTERS
    elif effect is Effect.NOT_USED and (acts in MOVES or _used(fact)):
        yield Kind.NOT_USED
    if claim.influence is Influence.STRONG and acts in SMALL:
        yield Kind.IMPORTANCE


def _used(fact: Mapping[str, Any]) -> bool:
    """Whether what hardly changes a result changed one, or moved the score that it follows from."""
    return fact["acts"] == Acts.LITTLE and bool(fact["changed"] or fact.get("scored"))


def _much(fact: Mapping[str, Any]) -> bool:
    """Whether the result changes for more than a few in a hundred, with another person's values."""
    return bool((fact.get("swapped") or {}).get("low", 0) >= LITTLE_ENDS)


def _often(fact: Mapping[str, Any], way: Acts) -> bool:
    """Whether of the tests that moved anything, more than a few moved it this way."""
    against = fact["up"] if way is Acts.UP else fact["down"]
    return bool(against > FEW * (fact["up"] + fact["down"]))


def _prevails(fact: Mapping[str, Any], way: Acts) -> bool:
    """Whether half of all tests or more moved, and all but a few of those moved this way."""
    against = fact["up"] if way is Acts.UP else fact["down"]
    moved = fact["up"] + fact["down"]
    return bool(2 * moved >= fact["n"] > 0 and against >= (1 - FEW) * moved)


def _found(claim: Claim, kind: Kind, fact: Mapping[str, Any], task: str) -> Contradiction:
    return Contradiction(
        kind=kind,
        place=claim.place,
        where=claim.where,
        columns=(claim.column,),
        declared=claim.said,
        measured=_scored(fact, task) if kind is Kind.NOT_USED else counted(fact, task),
        n=fact["n"],
    )


USED = Text(
    "；它几乎不改变结果，但答案跟着它变，说明用到了它",
    "; it hardly changes a result, but the answer moves with it, so it is used",
)


def _scored(fact: Mapping[str, Any], task: str) -> Text:
    """What was counted, and that a thing is used which hardly changes a result."""
    told = counted(fact, task)
    if not fact.get("scored"):
        return told
    return Text(told.zh + USED.zh, told.en + USED.en)


def counted(fact: Mapping[str, Any], task: str) -> Text:
    """What tests of one thing counted, in a sentence without its end.

    Args:
        fact: one of what was measured.
        task: decision, price or score.
    """
    n, up, down, changed = (fact[name] for name in ("n", "up", "down", "changed"))
    if not up and not down:
        return Text(
            f"试了{n}次，{changed}次结果变了", f"the result changed in {changed} of {n} tests"
        )
    zh, en = {
        "decision": (("更容易得到有利的结果", "更难"), ("better", "worse")),
        "price": (("更高", "更低"), ("higher", "lower")),
    }.get(task, (("更高", "更低"), ("higher", "lower")))
    changed_zh = changed_en = ""
    if "between" in fact:  # without both ends the counts could be read as of the opposite change
        one, two = fact["between"]
        changed_zh = f"从“{one['zh']}”改成“{two['zh']}”，"
        changed_en = f"with “{one['en']}” changed to “{two['en']}”, "
    return Text(
        f"{changed_zh}试了{n}次，{up}次{zh[0]}，{down}次{zh[1]}，{n - up - down}次不变；"
        f"{changed}次结果本身变了",
        f"{changed_en}of {n} tests, {up} {en[0]}, {down} {en[1]}, {n - up - down} the same; the result "
        f"itself changed in {changed}",
    )


def _order(
    claims: Sequence[Claim], of: Mapping[str, Mapping[str, Any]]
) -> Iterator[Contradiction]:
    """Where what is said to weigh less was measured to weigh more, beyond both intervals."""
    told = [(c, of[c.column]["swapped"]) for c in claims if of.get(c.column, {}).get("swapped")]
    for claim, row in told:
        # The one that most clearly weighs more, not one sentence for each pair.
        above = [(o, r) for o, r in told if _heavier(claim, o) and r["low"] > row["high"]]
        if not above:
            continue
        other, more = max(above, key=lambda pair: pair[1]["low"])
        if of[other.column] is of[claim.column]:
            continue  # tried together: neither is known to weigh more
        yield Contradiction(
            kind=Kind.IMPORTANCE,
            place=f"{claim.place}>{other.place}",
            where=claim.where,
            columns=(claim.column, other.column),
            declared=Text(
                f"{claim.plain.zh}比{other.plain.zh}影响大",
                f"{claim.plain.en} weighs more than {other.plain.en}",
            ),
            measured=_beside(claim.plain, row, other.plain, more),
            n=row["n"],
        )


def _topped(
    claims: Sequence[Claim], of: Mapping[str, Mapping[str, Any]], plains: Mapping[str, Text]
) -> Iterator[Contradiction]:
    """Where what is said to weigh most was measured to weigh less than another thing, beyond both intervals."""
    said = {claim.column for claim in claims if claim.most}
    for claim in claims:
        fact = of.get(claim.column, {})
        row = fact.get("swapped")
        if not claim.most or not row or fact["acts"] in SMALL:
            continue
        above = [
            (name, other["swapped"])
            for name, other in of.items()
            if name not in said and other is not fact and other.get("swapped")
            if other["swapped"]["low"] > row["high"]
        ]
        if above:
            name, more = max(above, key=lambda pair: pair[1]["low"])
            plain = plains.get(name, Text(name, name))
            yield Contradiction(
                Kind.IMPORTANCE,
                claim.place,
                claim.where,
                (claim.column, name),
                claim.said,
                _beside(claim.plain, row, plain, more),
                row["n"],
            )


def _beside(one: Text, row: Mapping[str, Any], other: Text, more: Mapping[str, Any]) -> Text:
    """How often two things changed the result, each with the values of another person."""
    return Text(
        f"换成别人的，{one.zh}试了{row['n']}次，{row['changed']}次结果变了，"
        f"{other.zh}试了{more['n']}次，{more['changed']}次变了",
        f"with another's, {one.en} changed the result in {row['changed']} of "
        f"{row['n']} tests, {other.en} in {more['changed']} of {more['n']}",
    )


def _heavier(one: Claim, other: Claim) -> bool:
    """Whether the filer says that the one weighs more than the other."""
    if one.influence and other.influence and one.influence is not other.influence:
        return WEIGHT[one.influence] > WEIGHT[other.influence]
    return one.rank is not None and other.rank is not None and one.rank < other.rank
