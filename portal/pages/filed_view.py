"""What the filed page and a line of the catalogue show of a filing, from its record alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from explainers.questions import WHO_DECIDES
from filing import basis, claims, wording
from filing.catalogue import PublicEntry
from filing.fields import Answers
from filing.forms import told_by
from filing.hits import Hit
from filing.law import CITY_STATEMENTS
from filing.lifecycle import EXITS, STATUS_NAMES, Status
from filing.meanings import Meaning
from filing.risk import Level
from filing.standing import Freshness, Standing, State
from portal.pages import (
    answers,
    beyond,
    confirming,
    explaining,
    price_table,
    rendering,
    report_pictures,
    report_view,
    unquoted,
)
from portal.pages.beyond import Beyond
from portal.pages.rendering import named
from portal.pages.report_view import ReportView
from portal.web.glossary import used
from registry import datasets, explanations, findings, law, legal_day, reports, submission
from registry.contradictions import Kind
from registry.database import rows
from registry.datasets import Dataset
from registry.explanations import Explanation
from registry.findings import Verdict
from registry.language import Language, Text
from registry.memo import Memo
from registry.outcomes import OUTCOME_NAMES, OUTCOMES

PLAIN = frozenset({State.CURRENT, State.DECLARED, State.NONE})
"""States that call for no warning; none of them reads as passed."""
PARTS: Memo["Parts"] = Memo(256)
"""Of as many editions, each about 80 kB."""
SECTIONS = (
    ("third_party", Text("第三方评估", "Third-party evaluation")),
    ("own", Text("备案主体自行评估", "The filer's own evaluation")),
)


FROM_THE_FILING = Text(
    "这一句来自备案；服务状态由备案主体填写。",
    "This comes from the filing; the state of the service is the filer's word.",
)


@dataclass(frozen=True, slots=True)
class Badge:
    """A short label on a hit or a page; `tone` is warn, bad or empty, never one that praises."""

    text: Text
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One hit of the catalogue: what was found beyond a line first, then how it stands."""

    hit: Hit
    beyond: Text | None
    found: Text | None
    badges: tuple[Badge, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One report on the filed page: its summary in the edition, its view, and its plan's title."""

    summary: Mapping[str, Any]
    view: ReportView
    title: str = ""

    @property
    def rules(self) -> tuple[price_table.Row, ...]:
        """Prices rule by rule; none of a report that is not about prices."""
        return price_table.of(self.view.predicate, self.view.rules)

    def beside_reason(self, declared: Mapping[str, Any] | None) -> Text | None:
        """What was measured with costs held equal, where the filing declares costs as the reason.

        Args:
            declared: its declaration on differing prices, where that is public.
        """
        return price_table.beside_reason(self.view.predicate, declared or {})

    @property
    def ties(self) -> Mapping[str, Any] | None:
        """What both sides declared about their ties, and who pays."""
        engagement: Mapping[str, Any] | None = self.view.predicate["report"]["engagement"]
        return engagement


@dataclass(frozen=True, slots=True)
class Words:
    """The explanation as it stands on the page.

    Args:
        explained: six answers: what was measured, if anything was, and the filer's words beside it.
        measured: whether an explanation made from tests is attached.
        version: which version it is about, where that is not the edition's; else None.
        data: name, declared source and number of rows that were asked about.
        other_rows: whether a report rests on other data, so that figures differ.
        own_line: that the attached reports draw lines of their own, where something matters little.
        unexplained: names of those that are missing.
        decider: who decides, as the filer says in the explanation of the version that is published.
    """

    explained: explaining.Explained
    measured: bool
    version: int | None
    data: Mapping[str, Any] | None
    other_rows: bool
    unexplained: tuple[Text, ...]
    decider: Mapping[str, str] | None = None
    own_line: Text | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """One thing that the filer says, what it is called, and where on the page it stands in full.

    Args:
        name: what it is called.
        said: the filer's words.
        at: the id of the place.
        differs: the id of the answer at which stands that it is otherwise elsewhere; empty where none does.
    """

    name: Text
    said: Text
    at: str
    differs: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """What only another edition changes on the filed page, as it is sent.

    Args:
        purpose: whose filing it is, what it is for, who decides.
        found: what was found beyond a line.
        objecting: how to object.
        explanation: the six answers.
        words: the terms that stand in what is above, with their meanings.
        glance: how many of which verdict, and where things stand on the page.
        evidence: the evaluations, what was filed.
    """

    purpose: Markup
    found: Markup
    objecting: Markup
    explanation: Markup
    words: Markup
    glance: Markup
    evidence: Markup


@dataclass(frozen=True, slots=True)
class Filed:
    """Everything on the filed page that is not in the edition's own words.

    Args:
        badges: how the filing stands.
        graded: who set its grade.
        city: what its city's rules say of filing, if anything.
        claimed: what is said beside names and answers that claim an approval, if any does.
        parts: what only another edition changes.
        pending: what a submitted change touches, where no badge says it, and when it was handed in.
    """

    badges: tuple[Badge, ...]
    graded: Text
    city: Text | None
    claimed: Text | None
    parts: Parts
    pending: tuple[Text, ...] = ()

    @property
    def warnings(self) -> list[Badge]:
        """What stands in the first screen; the other badges stand with the filing's data."""
        return [each for each in self.badges if each.tone]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the parts show."""

    beyond: Beyond
    evaluations: tuple[Evaluation, ...]
    words: Words

    @property
    def omitted(self) -> list[str]:
        """What was not tested, as each evaluation says of itself, in the page's language."""
        if len(self.evaluations) == 1:
            return list(self.evaluations[0].view.omitted)
        return [f"{each.title}: {said}" for each in self.evaluations for said in each.view.omitted]

    @property
    def sections(self) -> list[tuple[str, Text, list[Evaluation]]]:
        """The kinds of reports that are attached, each under its own name."""
        kinds = [
            (kind, name, [each for each in self.evaluations if each.summary["kind"] == kind])
            for kind, name in SECTIONS
        ]
        return [each for each in kinds if each[2]]


def view(
    session: Session, entry: PublicEntry, language: Language, kept: Memo["Parts"] = PARTS
) -> Filed:
    """What the page of an entry shows.

    Args:
        session: any session.
        entry: an edition with its standing.
        language: of the page.
        kept: where what only another edition changes is kept for whoever asks next.
    """
    content, labels, pending = entry.content, badges(entry.standing), entry.standing.pending
    told = any(each.text.zh.endswith(pending.said.zh) for each in labels) if pending.said else True
    return Filed(
        badges=labels,
        pending=tuple(filter(None, (None if told else pending.said, pending.rest))),
        graded=wording.graded(content["grade"]),
        city=CITY_STATEMENTS.get(_city(content)),
        claimed=claims.beside(
            claims.anywhere(_said(content, Meaning.NAME), content["filer"], content["answers"])
        ),
        parts=_parts(session, entry, language, kept),
    )


OF_SERVICE = (Meaning.SERVICE, Meaning.WHO_USES)
"""What tells of the service, in the filer's word."""
DECIDER, DECIDED = "decider", "decided"
"""Under which name the plan of an explanation says who decides, and under which question it is told."""


def _said(content: Mapping[str, Any], meaning: Meaning) -> Mapping[str, str]:
    """A text of an edition in both languages, such as its name or what it decides."""
    return told_by(content).of(meaning).get("said") or {}


OWN_LINE = Text(
    "说明和评估各有界线：这里说“影响很小”，是每100次里不到1次变；评估的界线写在每条结果里。"
    "所以同一件事，两处的结论可以不同。",
    "Explanation and evaluation draw lines of their own: here “matters little” is fewer than 1 change "
    "in 100; the evaluation’s line stands in each of its findings. So on one thing the two may "
    "conclude differently.",
)
LITTLE = "little"
WAYS = frozenset({"decision.flip.levels", "decision.flip.way"})
"""Kinds of the sentences on which way results change where only a protected feature is changed."""
"""In the kind of every sentence of an explanation that something matters little."""
WORDS = "words"
READ_FIRST = ("purpose", "found", "objecting", "explanation")
"""The parts that everybody reads, whose words are explained on the page itself."""


def _parts(session: Session, entry: PublicEntry, language: Language, kept: Memo["Parts"]) -> Parts:
    """The parts, made once of an edition: the key holds all that is no edition's."""
    lapse, data = entry.standing.service.lapse, _data(session, entry.content)
    aged = tuple((n, e.said) for n, e in entry.standing.evaluations.overtaken.items())
    told, grade = told_by(entry.content), entry.content["grade"]["level"]
    answered = answers.of(session, [each["id"] for each in entry.content["reports"]])
    said = tuple((name, given) for name, by in answered.items() for given in by.values())

    def made() -> Parts:
        shown = _shown(session, entry.content, data, language)
        template = rendering.environment(language).get_template("_filed_parts.html")
        module = template.make_module(
            {
                "content": entry.content,
                "told": told,
                "purposes": purposes(told, shown.words),
                "of_service": [told.form.key(each) for each in OF_SERVICE],
                "names_filer": told.form.key(Meaning.FILER),
                "names_acts": told.form.key(Meaning.FORBIDDEN_ACTS)
                if Meaning.FORBIDDEN_ACTS in told.form.places
                else "",
                "groups": told.form.groups,
                "about": [row for each in ABOUT if (row := told.of(each))],
                "warning": told.of(Meaning.WARNING) if grade == Level.HIGH else {},
                "warning_grounds": law.grounds(["SZ66"], _city(entry.content)),
                "self_check": told.of(Meaning.FORBIDDEN_ACTS).get("key"),
                "liability": law.rule("SZ72-liability"),
                "english": _english(told),
                "gravest": report_view.gravest,
                "foremost": findings.FOREMOST,
                "gravest_picture": report_pictures.gravest,
                "shown": shown,
                "lapse": lapse,
                "aged": dict(aged),
                "answered": answered,
            }
        )
        made = {
            each.name: getattr(module, each.name)() for each in fields(Parts) if each.name != WORDS
        }
        read = Markup(" ").join(made[each] for each in READ_FIRST).striptags()
        return Parts(**made, words=getattr(module, WORDS)(used(read, language)))

    return kept.get((entry.digest, language, lapse, aged, data, said), made)


def purposes(told: Answers, words: Words) -> list[Stated]:
    """What the first screen tells in the filer's word, where it is public: what for, and who decides.

    Who decides is told as it is done, where the explanation says so; who checks stands in for it.
    What the filing tells otherwise elsewhere is marked.

    Args:
        told: the answers of an edition.
        words: the explanation as it stands on the page.
    """
    decides = []
    if words.decider is not None:
        otherwise = any(
            each.id.startswith(f"{Kind.DECIDER}:") for each in words.explained.differing
        )
        place = DECIDED if otherwise else ""
        decides = [Stated(WHO_DECIDES, wording.own_words(words.decider), DECIDED, place)]
    asked = (Meaning.WHY,) if decides else (Meaning.WHY, Meaning.WHO_CHECKS)
    rows = (row for each in asked if (row := told.of(each)).get("said"))
    first = [
        Stated(
            Text(**row["name"]),
            wording.answered(row, told.form),
            row["key"],
            next(
                (
                    each.answer
                    for each in words.explained.differing
                    if each.id.partition(":")[2].partition(".")[0] == row["code"]
                ),
                "",
            ),
        )
        for row in rows
    ]
    return [*first, *decides]


def _english(told: Answers) -> Text | None:
    """Who made the English, as the filer says; None where it does not say."""
    value = told.of(Meaning.ENGLISH).get("value") or {}
    part = next(iter(told.form.part(Meaning.ENGLISH).parts), None) if value else None
    option = part.option(str(value.get(part.id))) if part else None
    return option.name if option else None


@dataclass(frozen=True, slots=True)
class Data:
    """The data on which an explanation rests, as its record names them now."""

    called: Text
    source: str
    digest: str
    period: str


RESTS_ON = (
    select(Dataset.name, Dataset.name_en, Dataset.source, Dataset.digest, Dataset.period)
    .join(Explanation, Explanation.dataset_id == Dataset.id)
    .where(Explanation.id == bindparam("explanation_id"))
)


def _data(session: Session, content: Mapping[str, Any]) -> Data | None:
    if content["explanation"] is None:
        return None
    (row,) = rows(session, RESTS_ON, explanation_id=content["explanation"]["id"])
    return Data(datasets.called(row.name, row.name_en), row.source, row.digest, row.period)


def _shown(
    session: Session, content: Mapping[str, Any], data: Data | None, language: Language
) -> Shown:
    evaluations = tuple(
        _evaluation(each, _statement(session, each["id"]), language) for each in content["reports"]
    )
    predicates = [(each.summary, each.view.predicate) for each in evaluations]
    made = explanations.get(session, content["explanation"]["id"]) if data else None
    return Shown(
        beyond=beyond.of(
            predicates,
            content["model"]["sha256"],
            made.plan if made else None,
            _ways(made.content) if made and made.content else {},
        ),
        evaluations=evaluations,
        words=_words(session, content, predicates, data, language),
    )


def _ways(explained: Mapping[str, Any]) -> dict[str, Text]:
    """Which way results change where only a feature is changed, by the explanation on the page."""
    return {
        said["columns"][0]: Text(
            f"算法说明里试过：{said['zh']}", f"As the explanation tried it: {said['en']}"
        )
        for question in explained["questions"]
        for section in ({"sentences": question["lead"]}, *question["detail"])
        for said in section["sentences"]
        if said["kind"] in WAYS
    }


def _evaluation(
    summary: Mapping[str, Any], statement: Mapping[str, Any], language: Language
) -> Evaluation:
    plan = statement["predicate"]["plan"].get("content") or {}
    title = named(plan.get("title"), language) or str(summary["id"])
    return Evaluation(summary, report_view.view(statement, language), title)


def _city(content: Mapping[str, Any]) -> str:
    return str(told_by(content).value(Meaning.CITY) or "")


def _statement(session: Session, report_id: str) -> Mapping[str, Any]:
    return reports.statement(reports.get(session, report_id))


def _words(
    session: Session,
    content: Mapping[str, Any],
    predicates: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
    data: Data | None,
    language: Language,
) -> Words:
    told = told_by(content)
    missing = tuple(told.form.field(code).name for code in basis.unexplained(told))
    made = explanations.get(session, content["explanation"]["id"]) if data else None
    if made is None or made.content is None or data is None:
        bare = explaining.untested(language, _own(told, {**WHERE, **WHO}))
        bare = replace(
            bare, differing=_kept(content, "contradictions"), hard=_kept(content, "hard_words")
        )
        return Words(bare, False, None, None, other_rows=False, unexplained=missing)
    about = content["explanation"]["model_digest"] == content["model"]["sha256"]
    explained = explaining.view(
        made.content,
        language,
        made.overruled,
        _recorded(content, told),
        _own(told, WHERE),
        unquoted.of(predicates, content["explanation"], made.plan),
    )
    explained = replace(
        explained,
        differing=(*explained.differing, *_kept(content, "contradictions")),
        hard=_kept(content, "hard_words"),
    )
    return Words(
        explained,
        measured=True,
        version=None if about else submission.get(session, made.version_id).number,
        data={
            "name": data.called.in_(language),
            "source": data.source,
            "period": data.period,
        },
        other_rows=any(each["data"]["digest"] != data.digest for _, each in predicates),
        unexplained=missing,
        decider=(made.plan.get("declared") or {}).get(DECIDER) if about else None,
        own_line=OWN_LINE if predicates and explained.tells(LITTLE) else None,
    )


def _kept(content: Mapping[str, Any], what: str) -> tuple[confirming.Differing, ...]:
    """What the filer kept with a reason when it submitted; none in an edition of an earlier release."""
    return tuple(confirming.Differing.read(each) for each in content.get(what, ()))


WHO = {"who": (Meaning.WHO_USES,)}
"""Computed: beside a measured explanation it stands as the record's own sentence."""
WHERE: Mapping[str, Sequence[Meaning]] = {
    "decided": (Meaning.DOES, Meaning.WHY),
    "information": (Meaning.USES,),
    "moves": (Meaning.REACHES, Meaning.MOVES),
    "checked": (Meaning.WHAT_WAS_CHECKED, Meaning.ERRS),
    "object": (Meaning.WHO_CHECKS, Meaning.CHOICES, Meaning.OBJECTION),
}
"""Under which of the six questions each field of group H stands: one explanation, in one place."""
ABOUT = (Meaning.WITHHELD, Meaning.PICTURE, Meaning.ENGLISH, Meaning.READABILITY)
"""What group H says of the explanation itself and answers no question: it stands with what was filed."""


def _own(
    told: Answers, where: Mapping[str, Sequence[Meaning]]
) -> dict[str, list[Mapping[str, Any]]]:
    """By question, what the edition says on it in group H."""
    return {
        question: [
            {**told.of(each), "computed": told.form.meant(each).computed}
            for each in meanings
            if told.of(each)
        ]
        for question, meanings in where.items()
    }


def _recorded(content: Mapping[str, Any], told: Answers) -> dict[str, explaining.Recorded]:
    """What the edition itself knows on the questions that an explanation answers in old words."""
    approved = content["explanation"]["approved"]
    if approved is None:
        return {}
    day = legal_day.of(datetime.fromisoformat(approved)).isoformat()
    older = Text(
        f"这是备案主体在{day}确认说明时写的，没有测过。和备案不一样的，以备案为准。",
        f"The filer wrote this for the explanation that it confirmed on {day}; it was not tested. "
        "Where it differs from the filing, the filing counts.",
    )
    found = {
        question: explaining.Recorded(older)
        for question, meanings in WHERE.items()
        if any(told.of(each) for each in meanings)
    }
    who = told.of(Meaning.WHO_USES).get("said")
    if who is not None:
        found["who"] = explaining.Recorded(older, Text(**who), FROM_THE_FILING)
    return found


def badges(now: Standing) -> tuple[Badge, ...]:
    """How a filing stands, in labels that warn or say nothing of merit."""
    tone = "" if now.status is Status.PUBLISHED else "bad" if now.status in EXITS else "warn"
    shown = [Badge(STATUS_NAMES[now.status], tone)]
    if now.service.lapse is not None:
        shown.append(Badge(now.service.lapse, "warn"))
    # That it has expired is said once, unless something was changed since as well.
    third_party = now.third_party
    if now.service.lapse is None or third_party.state is not State.EXPIRED or third_party.changed:
        shown.append(badge(now.third_party))
    if now.own.state is not State.NONE:
        shown.append(badge(now.own))
    return (*shown, badge(now.explanation))


def _left_out(now: Standing) -> tuple[Badge, ...]:
    """In a line, that reports which count were not attached; a page says so under its headline."""
    left = now.unattached
    return (Badge(left.said, "bad" if left.beyond else "warn"),) if left else ()


def badge(fresh: Freshness) -> Badge:
    """How fresh one thing is, as a label."""
    return Badge(fresh.said, "" if fresh.state in PLAIN else "warn")


def line(hit: Hit) -> Line:
    """One hit, ready to show."""
    return Line(
        hit=hit,
        beyond=wording.beyond(hit.found.get(Verdict.DISPARITY.value, 0)),
        found=_found(hit.found),
        badges=(*badges(hit.standing), *_left_out(hit.standing)),
    )


def _found(counted: Mapping[str, int]) -> Text | None:
    """What the attached reports showed, gravest first; None without a report."""
    parts = [(OUTCOME_NAMES[each], counted[each]) for each in OUTCOMES if counted.get(each)]
    if not parts:
        return None
    zh = "；".join(f"{name.zh}：{count}项" for name, count in parts)
    en = "; ".join(f"{name.en}: {count}" for name, count in parts)
    return Text(f"附的评估报告里，{zh}", f"In the attached reports, {en}")
