"""What groups B, D, H and I of a filing declare, held against what its explanation measured.

An answer is matched to an input of the model by the names that the filer gave the input and its levels, and by
nothing else: a row that names none, or more than one, is compared with nothing (record 0041).
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from filing import dossier, free_words, gate, promised, risk
from filing.dossier import Filing
from filing.fields import Answers, Field
from filing.fields import Kind as FieldKind
from filing.free_words import DECLARED_ASKED, Reading, Reported, Said
from filing.meanings import Meaning
from registry import (
    contradictions,
    deciders,
    explanations,
    mentions,
    reports,
    sentences,
    untranslated,
)
from registry.contradictions import TURNED, Claim, Contradiction, Effect, Influence, Kind
from registry.database import now
from registry.deciders import Decides
from registry.explanations import Explanation
from registry.language import LANGUAGES, Language, Text
from registry.mentions import Mention
from registry.settings import settings
from registry.submission import Version

MORE = frozenset(
    [
        "高",
        "大",
        "多",
        "长",
        "增加",
        "提高",
        "上升",
        "变大",
        "越高",
        "越多",
        "higher",
        "larger",
        "more",
        "longer",
        "greater",
        "bigger",
        "rising",
    ]
)
LESS = frozenset(
    [
        "低",
        "小",
        "少",
        "短",
        "减少",
        "降低",
        "下降",
        "变小",
        "越低",
        "越少",
        "lower",
        "smaller",
        "less",
        "fewer",
        "shorter",
        "falling",
    ]
)
DIRECTIONS = {"zh": ("高", "低"), "en": ("higher", "lower")}
JOINTS = re.compile(r"[\s的更变较了太过很，。、：:（）()“”,.;]|时候?$|\b(?:an?|the|of)\b")
ALWAYS = frozenset({"always", "follows"})
"""Answers of the questionnaire by which a person looks at each result before it takes effect."""
DECIDER_ASKED = Text("说明里的“谁做决定”", "“Who decides” in the explanation")
NOT_ALWAYS = frozenset({Decides.PROGRAM, Decides.NOBODY, Decides.REQUEST})
"""What words may not say where a person looks at each result."""
TASKS = {"prices": "price", "ranks": "score", "allocates": "decision", "decides": "decision"}
TASK_NAMES = {
    "decision": Text("作出决定", "it decides"),
    "price": Text("给出价格", "it gives a price"),
    "score": Text("给出排序用的评分", "it gives a score for ranking"),
}


def of(session: Session, filing: Filing) -> list[Contradiction]:
    """What a dossier declares otherwise than was measured or reported of it, or says elsewhere.

    Args:
        session: any session.
        filing: with its answers; without an explanation and a report only what it declares twice is compared.
    """
    content, plan = _explained(session, filing)
    return found(
        filing.told,
        content,
        plan.get("declared"),
        outside=outside_of(content, plan),
        reported=lambda: _reported(session, filing),
    )


def found(
    told: Answers,
    content: Mapping[str, Any] | None,
    declared: Mapping[str, Mapping[str, str]] | None = None,
    *,
    outside: Sequence[Mapping[str, Any]] = (),
    reported: Reported = tuple,
) -> list[Contradiction]:
    """The contradictions of stored answers with what explainers made and evaluators reported.

    Args:
        told: the stored answers.
        content: of the attached explanation, if any; one of an earlier release has no facts.
        declared: what its plan says, of which "object" tells how long an answer takes and "decider" who
            decides.
        outside: the sensitive features that the model is not given, as `outside_of` has them.
        reported: the findings of the reports on this version that count, where words are held against them.
    """
    columns = columns_of(content)
    free = free_words.read(told, content, [*columns, *outside], declared)
    facts, task = _measured(content)
    texts = declared or {}
    return [
        *contradictions.against(claims(told, columns), facts, task=task),
        *_absent(told, outside),
        *_of_words(free, content, reported),
        *_purpose(told, content),
        *_dates(told, texts),
        *_decider(told, texts),
        *_terms(told),
    ]


def _measured(content: Mapping[str, Any] | None) -> tuple[Sequence[Mapping[str, Any]], str]:
    """What tests counted, and of what kind of answer."""
    of = content or {}
    return of.get("measured", ()), str(of.get("task", "decision"))


def _of_words(
    free: Sequence[Said], content: Mapping[str, Any] | None, reported: Reported
) -> Iterator[Contradiction]:
    facts, task = _measured(content)
    columns = columns_of(content)
    plains = {str(each["name"]): Text(**each["plain"]) for each in columns}
    yield from contradictions.against(free_words.claims(free), facts, task=task, plains=plains)
    yield from free_words.absent(free)
    yield from free_words.unlike(free, columns, facts, task, reported)


@dataclass(frozen=True, slots=True)
class OfPlan:
    """What the filer writes for an explanation itself, held against what it measured.

    Args:
        reading: how much of it was compared, and what is left to the reader.
        differing: what differs; a filing to which it is attached asks for a reason.
    """

    reading: Reading
    differing: tuple[Contradiction, ...]


def of_plan(session: Session, made: Explanation) -> OfPlan:
    """The words of an explanation's plan beside its tests and the reports on its version that count.

    Args:
        session: any session.
        made: the explanation.
    """
    content, plan = made.content, made.plan

    def reported() -> list[Mapping[str, Any]]:
        return _findings(session, made.version_id, made.model_digest, ())

    columns = [*columns_of(content), *outside_of(content, plan)]
    free = free_words.read(None, content, columns, plan.get("declared"))
    reading = free_words.reading(free, *_measured(content), reported)
    return OfPlan(reading, tuple(_of_words(free, content, reported)))


def _explained(
    session: Session, filing: Filing
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any]]:
    """What the attached explanation says, and its plan; nothing without one."""
    made = explanations.get(session, filing.explanation_id) if filing.explanation_id else None
    return (made.content, made.plan) if made else (None, {})


def _reported(session: Session, filing: Filing) -> list[Mapping[str, Any]]:
    """The findings on the filed version of every report that counts, attached or not, and of the filer's own."""
    digest = session.get_one(Version, filing.version_id).digest
    return _findings(session, filing.version_id, digest, filing.report_ids)


def _findings(
    session: Session, version_id: str, digest: str, own: Collection[str]
) -> list[Mapping[str, Any]]:
    since = gate.counting_since(now(), settings().evaluation_days)
    return [
        finding
        for report in reports.for_version(session, version_id)
        if report.withdrawn is None and report.model_digest == digest and report.created >= since
        if (report.countersigned if report.third_party else report.id in own)
        for finding in reports.findings(report)
    ]


def read(session: Session, filing: Filing) -> Reading:
    """How much of a filing's free words was compared with what was measured and reported, and what is left.

    Args:
        session: any session.
        filing: with its answers.
    """
    content, plan = _explained(session, filing)
    return reading(filing.told, content, plan.get("declared"), lambda: _reported(session, filing))


def reading(
    told: Answers,
    content: Mapping[str, Any] | None,
    declared: Mapping[str, Mapping[str, str]] | None = None,
    reported: Reported = tuple,
) -> Reading:
    """How much of the free words was compared with what was measured, and what is left to a reader.

    Args:
        told: the stored answers.
        content: of the attached explanation, if any.
        declared: what its plan says in the filer's words.
        reported: the findings of the reports that count.
    """
    free = free_words.read(told, content, columns_of(content), declared)
    return free_words.reading(free, *_measured(content), reported)


def outside_of(
    content: Mapping[str, Any] | None, plan: Mapping[str, Any] | None
) -> list[Mapping[str, Any]]:
    """The sensitive features that people are compared by and that the model is not given.

    Args:
        content: of an explanation.
        plan: of it, which names them.
    """
    given = {str(each["name"]) for each in columns_of(content)}
    return [
        {**each, "outside": True}
        for each in (plan or {}).get("protected") or ()
        if str(each["name"]) not in given and (each.get("plain") or {}).get("zh")
    ]


def columns_of(content: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The inputs as the filer described them, read from the text of an explanation."""
    return [
        item for asked in (content or {}).get("questions", ()) for item in asked.get("items", ())
    ]


def claims(told: Answers, columns: Sequence[Mapping[str, Any]]) -> list[Claim]:
    """What the rows of main factors, of what is left out and of what moves a result say of the inputs.

    Args:
        told: the stored answers.
        columns: {name, plain, direction} of each input.
    """
    return [
        *_factors(told, columns),
        *_effects(told, columns),
        *_left_out(told, columns),
    ]


def published(session: Session, filing: Filing) -> list[Mapping[str, Any]]:
    """What the filer kept when it last submitted the filing, each with its reason."""
    return list(dossier.sent_with(session, filing).get("contradictions", ()))


def _factors(told: Answers, columns: Sequence[Mapping[str, Any]]) -> Iterator[Claim]:
    field = told.form.meant(Meaning.FACTORS)
    for number, row in enumerate(told.value(Meaning.FACTORS) or (), start=1):
        known = _named(row.get("factor"), columns)
        if known is not None:
            influence = Influence(row["influence"]) if row.get("influence") else None
            said = (
                contradictions.INFLUENCES[influence]
                if influence
                else Text("列为主要因素", "listed")
            )
            yield _claim(field, number, known[0].column, said, influence=influence, rank=number)


def _effects(told: Answers, columns: Sequence[Mapping[str, Any]]) -> Iterator[Claim]:
    field = told.form.meant(Meaning.MOVES)
    for number, row in enumerate(told.value(Meaning.MOVES) or (), start=1):
        known = _named(row.get("what"), columns)
        if known is None or not row.get("effect"):
            continue
        named_there, more = known
        declared = Effect(row["effect"])
        named = contradictions.EFFECTS[declared]
        what = row["what"]
        said = Text(f"{what['zh']}：{named.zh}", f"{what.get('en') or what['zh']}: {named.en}")
        effect = TURNED.get(declared, declared) if more is False else declared
        level = named_there.level if more is None else None
        if more is None and level is None and declared in TURNED:
            effect = Effect.SOME  # of which side of it the filer speaks is not said
        yield _claim(field, number, named_there.column, said, effect=effect, level=level)


def _absent(told: Answers, outside: Sequence[Mapping[str, Any]]) -> Iterator[Contradiction]:
    """Where a row lists as used a sensitive feature that the model is not given."""
    for meaning, part in ((Meaning.FACTORS, "factor"), (Meaning.MOVES, "what")):
        field = told.form.meant(meaning)
        for number, row in enumerate(told.value(meaning) or (), start=1):
            known = _named(row.get(part), outside)
            unmoved = row.get("effect") in (Effect.NONE, Effect.NOT_USED)
            if known is None or unmoved:
                continue
            column = known[0].column
            said = untranslated.once(str(row[part].get("zh") or row[part].get("en")))
            claim = _claim(field, number, column, said)
            yield contradictions.absent(
                claim.place, claim.where, claim.said, claim.column, claim.plain
            )


def _left_out(told: Answers, columns: Sequence[Mapping[str, Any]]) -> Iterator[Claim]:
    field = told.form.meant(Meaning.LEFT_OUT)
    for number, row in enumerate(told.value(Meaning.LEFT_OUT) or (), start=1):
        known = _named(row.get("factor"), columns)
        if known is not None and known[1] is None:
            left = contradictions.EFFECTS[Effect.NOT_USED]
            plain = known[0].plain
            said = Text(f"{plain.zh}：{left.zh}", f"{plain.en}: {left.en}")
            yield _claim(field, number, known[0].column, said, effect=Effect.NOT_USED)


def _claim(
    field: Field,
    number: int,
    column: Mapping[str, Any],
    said: Text,
    *,
    effect: Effect | None = None,
    influence: Influence | None = None,
    rank: int | None = None,
    level: Text | None = None,
) -> Claim:
    code, name = field.code, field.name
    rows = field.kind is FieldKind.ROWS
    at = (f"第{number}行", f", row {number}") if rows else ("", "")
    return Claim(
        place=f"{code}.{number}",
        where=Text(f"{code}（{name.zh}）{at[0]}", f"{code} ({name.en}){at[1]}"),
        said=said,
        column=str(column["name"]),
        plain=Text(**column["plain"]),
        effect=effect,
        influence=influence,
        rank=rank,
        level=level,
    )


def _named(
    said: Mapping[str, str] | None, columns: Sequence[Mapping[str, Any]]
) -> tuple[Mention, bool | None] | None:
    """The one input that words are about, and whether they are about more of it; else None."""
    for language in LANGUAGES:
        text = (said or {}).get(language) or ""
        held = mentions.found(text, columns, language)
        level = _level(text, columns, language)
        if level is not None:
            return level, None
        if len(held) != 1:
            continue
        one = held[0]
        rest = JOINTS.sub("", text[: one.start] + " " + text[one.end :]).lower()
        given = (one.column.get("direction") or {}).get(language) or DIRECTIONS[language]
        if not rest:
            return one, None
        if rest in MORE | {given[0]}:
            return one, True
        if rest in LESS | {given[1]}:
            return one, False
    return None


def _level(text: str, columns: Sequence[Mapping[str, Any]], language: Language) -> Mention | None:
    """The level that a row names in the explanation's own words: 女, 性别是女, sex: female."""
    said, found = mentions.normal(text).strip(' 。.“”"'), list[Mention]()
    for column in columns:
        plain = mentions.normal(str(column["plain"][language]))
        own = re.sub(rf"^{re.escape(plain)}\s*(?:是|为|：|:|=|is|are)\s*", "", said)
        for level, named in (column.get("values") or {}).items():
            bare = mentions.normal(str(named[language]))
            alone = own == said and bare in mentions.LOOSE
            if not alone and own.strip('“”"') == bare:
                called = Text(**((column.get("phrases") or {}).get(level) or named))
                found.append(Mention(0, len(text), column, called))
    return found[0] if len(found) == 1 else None


def _purpose(told: Answers, content: Mapping[str, Any] | None) -> list[Contradiction]:
    effect = told.value(Meaning.EFFECT)
    asked, made = TASKS.get(str(effect)), str((content or {}).get("task", ""))
    if content is None or asked is None or made not in TASK_NAMES or asked == made:
        return []
    field = told.form.meant(Meaning.EFFECT)
    option = field.value.option(str(effect))
    return [
        Contradiction(
            Kind.PURPOSE,
            field.code,
            Text(f"{field.code}（{field.name.zh}）", f"{field.code} ({field.name.en})"),
            (),
            option.name if option else TASK_NAMES[asked],
            Text(
                f"说明讲的是“{TASK_NAMES[made].zh}”",
                f"the explanation is of what it does as “{TASK_NAMES[made].en}”",
            ),
        )
    ]


def _titled(field: Field) -> Text:
    return Text(f"{field.code}（{field.name.zh}）", f"{field.code} ({field.name.en})")


def _decider(told: Answers, declared: Mapping[str, Mapping[str, str]]) -> Iterator[Contradiction]:
    """Where people are told of a person who decides, and the questionnaire has none, or the reverse."""
    asked = next(each for each in risk.questionnaire().questions if each.id == "scene_human")
    answer = (told.value(Meaning.QUESTIONNAIRE) or {}).get(asked.id)
    picked = asked.option(answer.get("answer") if isinstance(answer, Mapping) else answer)
    if picked is None:
        return
    code = told.form.meant(Meaning.QUESTIONNAIRE).code
    against = Text(
        f"{code}（{asked.ask.zh}）选的是“{picked.name.zh}”",
        f"{code} ({asked.ask.en}) says “{picked.name.en}”",
    )
    texts = [
        ("declared.decider", DECIDER_ASKED, declared.get("decider")),
        *(
            (told.form.meant(each).code, _titled(told.form.meant(each)), told.value(each))
            for each in (Meaning.WHO_CHECKS, Meaning.DOES, Meaning.REACHES)
        ),
    ]  # fmt: skip
    wrong = NOT_ALWAYS if picked.id in ALWAYS else {Decides.PERSON}
    for place, where, value in texts:
        words = next(_told_of(value, wrong), None) if isinstance(value, Mapping) else None
        if words is not None:
            yield Contradiction(Kind.DECIDER, place, where, (), words, against)


SAME_FOR_ALL = re.compile(
    r"(?:不|不会|并不|从不|绝不)因人而异|人人同价|对(?:谁|任何人|所有人|每个人)(?:都|的价格)*(?:一样|相同|同价)|不(?:会)?因人(?:定价|不同)"
    r"|\bnot by (?:the )?person\b|(?:do|does|will|can)(?: not|n['’]t)(?: ever)? (?:differ|vary|change)s? (?:between|by|from|with) (?:people|(?:the )?person)"
    r"|same (?:prices? |terms? )?for (?:everyone|everybody|all people)",
    re.IGNORECASE,
)
"""That prices or terms are the same for all people."""


def _terms(told: Answers) -> Iterator[Contradiction]:
    """Where prices are declared to differ between people, and words of groups D or H say that they do not."""
    field = told.form.meant(Meaning.PRICE_GROUNDS)
    if (told.value(Meaning.PRICE_GROUNDS) or {}).get("differs") != "yes":
        return
    code, name = field.code, field.name
    against = Text(f"{code}（{name.zh}）选的是“会”", f"{code} ({name.en}) says “yes”")
    seen = set[str]()
    for place, where, value in free_words.texts(told):
        words = next(_alike_of(value), None)
        if words is not None and place not in seen:
            seen.add(place)
            yield Contradiction(Kind.TERMS, place, where, (), words, against)


def _alike_of(value: Mapping[str, str]) -> Iterator[Text]:
    """The sentences of a text by which all pay the same, with what its other language says there."""
    for language in LANGUAGES:
        for said in sentences.of(value.get(language) or "", language):
            if SAME_FOR_ALL.search(said):
                beside = untranslated.counterpart(said, language, value)
                ended = beside and beside.rstrip("。.；;")
                yield untranslated.quoted(said.rstrip("。.；;"), language, ended)


def _told_of(value: Mapping[str, Any], wrong: Collection[Decides]) -> Iterator[Text]:
    """The words of a text by which one of these decides, with what its other language says there."""
    for language in LANGUAGES:
        for each in deciders.read(str(value.get(language) or ""), language):
            if each.decides in wrong:
                beside = untranslated.counterpart(each.words, language, value)
                other = next(one for one in LANGUAGES if one != language)
                for read in deciders.read(beside or "", other):
                    beside = read.words if read.decides in wrong else ""
                yield untranslated.quoted(each.words, language, beside)


def _dates(told: Answers, declared: Mapping[str, Mapping[str, str]]) -> Iterator[Contradiction]:
    """Where people are told of other days until an answer than the appeal's days promise."""
    promise = told.value(Meaning.APPEAL_DAYS)
    if promise is None:
        return
    field = told.form.meant(Meaning.APPEAL_DAYS)
    code, name = field.code, field.name
    against = Text(
        f"{code}（{name.zh}）写的是{promise}天", f"{code} ({name.en}) says {promise} days"
    )
    days = told.value(Meaning.OBJECTION_DAYS)
    if days is not None and days != promise:
        other = told.form.meant(Meaning.OBJECTION_DAYS)
        title = other.name
        yield Contradiction(
            Kind.DATES,
            other.code,
            Text(f"{other.code}（{title.zh}）", f"{other.code} ({title.en})"),
            (),
            Text(f"{days}天内答复", f"answered within {days} days"),
            against,
        )
    for place, where, texts in _promising(told, declared):
        every = [each for text in texts for each in promised.of(text)]
        differing = next((each for each in every if each.days != promise), None)
        if differing is not None:
            words = Text(differing.said, f"answered within {differing.days} days")
            yield Contradiction(Kind.DATES, place, where, (), words, against)


def _promising(
    told: Answers, declared: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, Text, list[str]]]:
    """Where else people read how long an answer takes: the place, what it is called, its texts."""
    yield (
        "declared.object",
        DECLARED_ASKED["object"],
        list((declared.get("object") or {}).values()),
    )
    for meaning in (Meaning.OBJECTION, Meaning.APPEAL_DAYS):
        field = told.form.meant(meaning)
        value = (told.rows.get(field.code) or {}).get("value")
        texts = [each for each in value.values() if isinstance(each, Mapping)] if value else []
        where = Text(f"{field.code}（{field.name.zh}）", f"{field.code} ({field.name.en})")
        yield (
            f"{field.code}.words",
            where,
            [said for each in texts for said in each.values() if isinstance(said, str)],
        )
