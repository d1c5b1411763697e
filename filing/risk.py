"""The risk grade: a questionnaire with visible weights, a grade with its reasons, and the duties.

Shenzhen 66 asks for risk level, application scene *and* scope of influence; neither regulation
defines the grades, so the method in `schema/questionnaire.toml` is ours and says so.
"""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

from filing.fields import Answers, Option
from filing.law import GRADE_STATEMENT, METHOD_STATEMENT, cite
from filing.meanings import Meaning
from registry import law
from registry.errors import Invalid, Reason
from registry.language import Text


class Level(StrEnum):
    """The three grades, lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low, 2 for high."""
        return list(Level).index(self)


LEVEL_NAMES: dict[Level, Text] = {
    Level.LOW: Text("低风险", "low risk"),
    Level.MEDIUM: Text("中风险", "medium risk"),
    Level.HIGH: Text("高风险", "high risk"),
}


@dataclass(frozen=True, slots=True)
class Weighted(Option):
    """An option of the questionnaire and the points it carries."""

    weight: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `dimension` is scene, scope or severity."""

    id: str
    dimension: str
    ask: Text
    options: tuple[Weighted, ...]

    @property
    def most(self) -> int:
        """The points of the gravest option."""
        return max(each.weight for each in self.options)

    def option(self, option_id: object) -> Weighted | None:
        """The option with that id, if any."""
        return next((each for each in self.options if each.id == option_id), None)


@dataclass(frozen=True, slots=True)
class Floor:
    """A grade that certain answers call for, whatever the points say."""

    level: Level
    when: Mapping[str, Collection[str]]
    said: Text


@dataclass(frozen=True, slots=True)
class Duty:
    """What follows from a grade, with the articles that say so and their force.

    Args:
        said: what is to be done.
        articles: the rules of the filer's city, and national ones, that say so.
        levels: grades it follows from; none given means every grade.
        when: answers of the questionnaire that call for it.
        sectors: sectors of field B5 that call for it.
        elsewhere: rules of the other city: they bind whoever also serves people there.
    """

    said: Text
    articles: tuple[str, ...]
    levels: tuple[Level, ...] = ()
    when: Mapping[str, Collection[str]] | None = None
    sectors: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        """Whether no rule says so, only this platform."""
        return not self.articles and not self.elsewhere

    @property
    def grounds(self) -> tuple[Text, ...]:
        """The rules of the filer's city and national ones, or that it is ours, as shown."""
        return (law.OURS,) if self.ours else law.shown(self.articles)

    @property
    def away(self) -> tuple[Text, ...]:
        """The rules of the other city, as shown."""
        return law.shown(self.elsewhere)

    def as_json(self) -> dict[str, Any]:
        """The duty as a JSON object."""
        return {
            **self.said.as_json(),
            "articles": [cite(each) for each in self.articles],
            "elsewhere": [cite(each) for each in self.elsewhere],
            "ours": self.ours,
        }

    def for_city(self, city: str) -> "Duty":
        """The duty with the rules of that city, and national ones, told from the other city's.

        Args:
            city: part `city` of field A3; where it is neither, both regulations are elsewhere.
        """
        here, away = law.by_city(self.articles, city)
        return replace(self, articles=here, elsewhere=away)


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """One version of the method."""

    version: str
    lines: Mapping[Level, int]
    dimensions: Mapping[str, Text]
    questions: tuple[Question, ...]
    floors: tuple[Floor, ...]
    duties: tuple[Duty, ...]

    def question(self, question_id: str) -> Question | None:
        """The question with that id, if any."""
        return next((each for each in self.questions if each.id == question_id), None)


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade, where it comes from and what follows from it.

    Args:
        level: high, medium or low.
        score: the mean of the three dimensions' shares, in percent, rounded down.
        shares: dimension → percent of the points that could be reached, rounded down.
        points: question id → points.
        reasons: why this grade, the deciding reason first.
        duties: what follows.
        method: the version of the questionnaire.
        floor: the lowest grade that the answers allow, whatever the points say.
        floor_reasons: which answers call for that floor.
    """

    level: Level
    score: int
    shares: Mapping[str, int]
    points: Mapping[str, int]
    reasons: tuple[Text, ...]
    duties: tuple[Duty, ...]
    method: str
    floor: Level
    floor_reasons: tuple[Text, ...]

    @property
    def name(self) -> Text:
        """What the grade is called."""
        return LEVEL_NAMES[self.level]

    def as_json(self) -> dict[str, Any]:
        """The grade as a JSON object, its standing statement included."""
        return {
            "level": self.level.value,
            "name": self.name.as_json(),
            "score": self.score,
            "shares": dict(self.shares),
            "reasons": [each.as_json() for each in self.reasons],
            "duties": [each.as_json() for each in self.duties],
            "method": self.method,
            "statement": GRADE_STATEMENT.as_json(),
            "method_statement": METHOD_STATEMENT.as_json(),
        }


class Ungraded(Invalid):
    """The questionnaire has open questions: answer each, or say why it does not apply."""


@cache
def questionnaire() -> Questionnaire:
    """The questionnaire in force."""
    source = resources.files("filing") / "schema" / "questionnaire.toml"
    raw = tomllib.loads(source.read_text("utf-8"))
    return Questionnaire(
        version=raw["version"],
        lines={Level.HIGH: raw["lines"]["high"], Level.MEDIUM: raw["lines"]["medium"]},
        dimensions={name: Text(**said) for name, said in raw["dimensions"].items()},
        questions=tuple(_question(row) for row in raw["questions"]),
        floors=tuple(
            Floor(Level(row["grade"]), row["when"], Text(row["zh"], row["en"]))
            for row in raw["floors"]
        ),
        duties=tuple(_duty(row) for row in raw["duties"]),
    )


def _question(row: dict[str, Any]) -> Question:
    options = tuple(
        Weighted(each["id"], Text(each["zh"], each["en"]), weight=each["weight"])
        for each in row["options"]
    )
    return Question(row["id"], row["dimension"], Text(row["zh"], row["en"]), options)


def _duty(row: dict[str, Any]) -> Duty:
    return Duty(
        said=Text(row["zh"], row["en"]),
        articles=tuple(row["articles"]),
        levels=tuple(Level(each) for each in row.get("grades", ())),
        when=row.get("when"),
        sectors=tuple(row.get("sectors", ())),
    )


def check(answers: Any, *, item: str = "") -> list[Reason]:
    """What is wrong with the answers to the questionnaire, question by question.

    Args:
        answers: question id → {answer: option id} or {not_applicable: {zh, en?}}.
        item: the field's key, which the reasons name; empty where only whether matters.
    """
    if not isinstance(answers, Mapping):
        answers = {}
    method = questionnaire()
    reasons = [
        reason
        for question in method.questions
        if (reason := _open(question, answers.get(question.id), item)) is not None
    ]
    for dimension, name in method.dimensions.items():
        asked = [each for each in method.questions if each.dimension == dimension]
        if all(_excused(answers.get(each.id)) for each in asked):
            reasons.append(
                Reason(
                    f"{item}.{asked[0].id}",
                    Text(
                        f"“{name.zh}”的题全部写成了不适用。",
                        f"Every question on the {name.en} is marked not applicable.",
                    ),
                    Text("请至少回答一题。", "Answer at least one of them."),
                )
            )
    return reasons


def _excused(answer: Any) -> bool:
    reason = answer.get("not_applicable") if isinstance(answer, Mapping) else None
    return isinstance(reason, Mapping) and bool(str(reason.get("zh", "")).strip())


def _open(question: Question, answer: Any, item: str) -> Reason | None:
    if _excused(answer):
        return None
    chosen = answer.get("answer") if isinstance(answer, Mapping) else None
    if chosen is not None and question.option(chosen) is not None:
        return None
    return Reason(
        f"{item}.{question.id}",
        Text(f"还没有回答：{question.ask.zh}", f"Not answered: {question.ask.en}"),
        Text(
            "请选一项；不适用的请写理由。跳过不等于“没有”。",
            "Choose one, or give the reason why it does not apply. Skipping never counts as no.",
        ),
    )


def grade(answers: Mapping[str, Any], *, sectors: Collection[str] = (), city: str = "") -> Grade:
    """The grade that the answers lead to.

    Points of a question marked not applicable are left out of what could be reached as well.

    Args:
        answers: question id → {answer: option id} or {not_applicable: {zh, en?}}.
        sectors: the sectors of field B5, which some duties turn on.
        city: the city of filing of field A3, whose rules the duties cite.

    Raises:
        Ungraded: when a question was skipped; every one is listed.
    """
    open_questions = check(answers)
    if open_questions:
        raise Ungraded(
            "分级问卷还没有答完，暂时得不出等级。",
            "The grading questionnaire is not complete, so there is no grade yet.",
            reasons=open_questions,
        )
    method = questionnaire()
    chosen = {
        each.id: answers[each.id]["answer"]
        for each in method.questions
        if not _excused(answers[each.id])
    }
    points = {
        each.id: option.weight
        for each in method.questions
        if (option := each.option(chosen.get(each.id))) is not None
    }
    shares = {name: _share(method, name, points) for name in method.dimensions}
    score = sum(shares.values(), Fraction(0)) / len(shares)
    floors = [each for each in method.floors if _holds(each.when, chosen)]
    floor = max((each.level for each in floors), key=lambda each: each.rank, default=Level.LOW)
    level, reasons = _judge(method, score, shares, floors)
    return Grade(
        level=level,
        score=int(score),
        shares={name: int(share) for name, share in shares.items()},
        points=points,
        reasons=tuple(reasons),
        duties=duties(level, chosen, sectors=sectors, city=city),
        method=method.version,
        floor=floor,
        floor_reasons=tuple(each.said for each in floors if each.level is floor),
    )


def _share(method: Questionnaire, dimension: str, points: Mapping[str, int]) -> Fraction:
    asked = [q for q in method.questions if q.dimension == dimension and q.id in points]
    return Fraction(100 * sum(points[q.id] for q in asked), sum(q.most for q in asked))


def _judge(
    method: Questionnaire,
    score: Fraction,
    shares: Mapping[str, Fraction],
    floors: Sequence[Floor],
) -> tuple[Level, list[Text]]:
    by_points = next((level for level, line in method.lines.items() if score >= line), Level.LOW)
    level = max([by_points, *(each.level for each in floors)], key=lambda each: each.rank)
    listed = {name: int(share) for name, share in shares.items()}
    told = Text(
        "、".join(f"{method.dimensions[name].zh}{share}%" for name, share in listed.items()),
        ", ".join(f"{method.dimensions[name].en} {share} %" for name, share in listed.items()),
    )
    sums = Text(
        f"问卷得分{int(score)}分（{told.zh}）；{method.lines[Level.MEDIUM]}分起为中风险，"
        f"{method.lines[Level.HIGH]}分起为高风险。",
        f"The questionnaire gives {int(score)} ({told.en}); medium from "
        f"{method.lines[Level.MEDIUM]}, high from {method.lines[Level.HIGH]}.",
    )
    if level is not by_points:
        name, lower = LEVEL_NAMES[level], LEVEL_NAMES[by_points]
        sums = Text(
            f"{sums.zh}按分数是{lower.zh}；有前面写的情形，不论多少分，至少是{name.zh}。",
            f"{sums.en} By points this is {lower.en}; what is written before makes it {name.en} at least, "
            "whatever the points.",
        )
    return level, [*(each.said for each in floors if each.level is level), sums]


def _holds(when: Mapping[str, Collection[str]], chosen: Mapping[str, str]) -> bool:
    return all(chosen.get(question) in values for question, values in when.items())


def duties(
    level: Level,
    chosen: Mapping[str, str],
    *,
    sectors: Collection[str] = (),
    city: str = "",
) -> tuple[Duty, ...]:
    """What follows from a grade.

    Args:
        level: the grade in force, a reviewer's change included.
        chosen: question id → option id.
        sectors: the sectors of field B5.
        city: the city of filing of field A3.
    """
    return tuple(
        each.for_city(city)
        for each in questionnaire().duties
        if (not each.levels or level in each.levels)
        and (each.when is None or _holds(each.when, chosen))
        and (not each.sectors or set(each.sectors) & set(sectors))
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """A field and a question that must not contradict each other: allowed answers by field value."""

    field: Meaning
    question: str
    allowed: Mapping[str, Collection[str]]


AGREEMENTS: Sequence[Agreement] = (
    Agreement(
        Meaning.PUBLIC_INTEREST,
        "scene_public",
        {"public_decision": {"decision"}, "public_interest": {"commerce"}, "other": {"no"}},
    ),
    Agreement(
        Meaning.EFFECT,
        "scene_effect",
        {
            "informs": {"informs"},
            "ranks": {"ranks"},
            "prices": {"prices"},
            "allocates": {"prices"},
            "decides": {"decides"},
        },
    ),
)


def contradictions(told: Answers) -> list[Reason]:
    """Where the questionnaire says something else than the rest of the filing.

    Args:
        told: the stored answers.
    """
    given, asked = told.value(Meaning.QUESTIONNAIRE) or {}, told.form.key(Meaning.QUESTIONNAIRE)
    reasons = []
    for row in AGREEMENTS:
        value = str(told.value(row.field))
        answer = given.get(row.question)
        chosen = answer.get("answer") if isinstance(answer, Mapping) else None
        if chosen is None or value not in row.allowed or chosen in row.allowed[value]:
            continue
        reasons.append(
            Reason(
                f"{asked}.{row.question}",
                Text(
                    f"问卷里的回答和字段 {told.form.key(row.field)} 不一致。",
                    f"The questionnaire and field {told.form.key(row.field)} do not agree.",
                ),
                Text("请核对后改成一致。", "Check both and make them agree."),
            )
        )
    return reasons
