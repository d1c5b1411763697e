"""The fields that the platform fills in: version and digest, grade, who uses it, what was checked.

What is withheld and how long the sentences of the public's text are follow from the answers alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from filing import grading, reported, risk
from filing.answers import Stored
from filing.dossier import Filing
from filing.evidence import Evidence
from filing.fields import Answers
from filing.grading import Judgement
from filing.meanings import Meaning, Topic
from filing.risk import Grade, Level
from filing.withholding import GROUNDS
from registry.language import Text
from registry.settings import settings
from registry.submission import Model, Version


def grade(filing: Filing) -> Grade | None:
    """The computed grade, or None while the questionnaire has open questions."""
    return grading.grade(filing.told)


def judgement(filing: Filing) -> Judgement | None:
    """The grade in force (`grading.judgement`), or None while the questionnaire has open questions."""
    return grading.judgement(filing.told, filing.grade_change)


def kept_change(filing: Filing, change: Mapping[str, Any] | None) -> bool:
    """Whether a decision on the grade holds for the answers that stand in the filing now.

    Only a grade below the one that was in force is bound to the answers that it was decided on.

    Args:
        filing: any.
        change: what two reviewers decided last; None where they decided nothing.
    """
    if change is None or "confirmed" not in change:
        return False
    milder = Level(change["level"]).rank < Level(change["from"]).rank
    return not milder or bool(change["answers"] == answered(filing))


def answered(filing: Filing) -> str:
    """The digest of the questionnaire's answers, to which a change of the grade is bound."""
    return grading.answered(filing.told)


def level(filing: Filing) -> Level | None:
    """The grade in force, or None while the questionnaire has open questions."""
    found = judgement(filing)
    return found.level if found else None


def fields(session: Session, filing: Filing, evidence: Sequence[Evidence]) -> dict[str, Stored]:
    """The computed answers that can be given now, by key."""
    made: dict[Meaning, Any] = {
        Meaning.VERSION: _version(session, filing),
        Meaning.GRADE: _grade(filing),
        Meaning.WHO_USES: _who(filing),
        Meaning.WHAT_WAS_CHECKED: _checked(evidence),
    }
    made |= {
        Meaning.WITHHELD: withheld(filing.told),
        Meaning.READABILITY: readability(filing.told),
    }
    form = filing.form
    whole = {
        form.key(each): {"value": value}
        for each, value in made.items()
        if value is not None and each in form.places
    }
    return whole | _reported(session, filing, evidence)


def _reported(session: Session, filing: Filing, evidence: Sequence[Evidence]) -> dict[str, Stored]:
    """The answers that each attached report gives, a set for each."""
    made = [each for each in filing.form if each.value.made]
    if not made:
        return {}
    every = reported.read(session, evidence, settings().evaluation_days)
    most = filing.form.group(made[0].group).most
    return {
        f"{field.code}#{number}": {"value": said.as_json()}
        for number, report in enumerate(every[:most], 1)
        for field in made
        if (said := reported.said(field.value.made, report)) is not None
    }


SENTENCE = re.compile("[^。！？；\n]+")
"""What stands between two ends of a sentence in Chinese."""


def withheld(told: Answers) -> list[dict[str, Any]] | None:
    """What is withheld from the public, field by field, with reason, ground, end and review date.

    Args:
        told: the answers that count.
    """
    found = []
    for key in told.form.keys(told.rows):
        row = told.rows.get(key) or {}
        value = told.form.field(key).value
        names = {each.id: each.name for each in value.parts}
        seals = row.get("sealed_parts") or {}
        for part, seal in {**({"": row["sealed"]} if "sealed" in row else {}), **seals}.items():
            name = Text(
                f"{value.name.zh}·{names[part].zh}", f"{value.name.en}, {names[part].en}"
            ) if part else value.name  # fmt: skip
            ground = GROUNDS.get(seal["ground"], Text("", "")).as_json()
            kept = {"reason": seal["reason"], "ground": ground, "review": seal["review"]}
            kept |= {"until": seal["until"]} if seal.get("until") else {}
            found.append({"key": key, "part": part, "name": name.as_json(), **kept})
    return found or None


def _chinese(value: Any) -> Iterator[str]:
    """Every Chinese wording inside an answer."""
    if isinstance(value, list):
        for each in value:
            yield from _chinese(each)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if name == "zh" and isinstance(each, str):
                yield each
            else:
                yield from _chinese(each)


def readability(told: Answers) -> dict[str, str] | None:
    """How long the sentences are that the filer wrote for the public; no reader was asked.

    Args:
        told: the answers that count.
    """
    texts = [
        text
        for key in told.form.keys(told.rows)
        if told.form.group_of(key).topic is Topic.EXPLANATION
        for text in _chinese((told.rows.get(key) or {}).get("value"))
    ]
    sentences = [each.strip() for text in texts for each in SENTENCE.findall(text) if each.strip()]
    if not sentences:
        return None
    mean = round(sum(map(len, sentences)) / len(sentences))
    return Text(
        f"备案主体写给公众的话平均每句{mean}个字，最长的{max(map(len, sentences))}个字。没有读者测试的记录。",
        f"The filer’s words to the public average {mean} Chinese characters a sentence, the longest "
        f"{max(map(len, sentences))}. No test with readers is on record.",
    ).as_json()


def _version(session: Session, filing: Filing) -> dict[str, Any]:
    version = session.get_one(Version, filing.version_id)
    model = session.get_one(Model, filing.model_id)
    return {"model": model.name, "version": version.number, "sha256": version.digest}


def _grade(filing: Filing) -> dict[str, Any] | None:
    """The grade in force with all that a statement about it needs: who set it, both grades, why, when.

    `set_by` is `method` or `reviewer`; `computed` is the grade by the platform's method;
    `changed` is None or {from, to, reason, proposed, at} of the reviewers' change: one proposed it,
    another confirmed it. Nobody is named.
    """
    judged = judgement(filing)
    if judged is None:
        return None
    told, found = filing.told, judged.computed
    change, changed = judged.change, judged.level
    by_method = {"level": found.level.value, "name": found.name.as_json()}
    if change is None:
        return {**found.as_json(), "set_by": "method", "computed": by_method, "changed": None}
    chosen = {
        question: answer["answer"]
        for question, answer in told.value(Meaning.QUESTIONNAIRE).items()
        if "answer" in answer
    }
    duties = risk.duties(changed, chosen, sectors=grading.sectors(told), city=grading.city(told))
    return {
        **found.as_json(),
        "level": changed.value,
        "name": risk.LEVEL_NAMES[changed].as_json(),
        "duties": [each.as_json() for each in duties],
        "set_by": "reviewer",
        "computed": by_method,
        "changed": {
            "from": found.level.value,
            "to": changed.value,
            "reason": change["reason"],
            "proposed": change["proposed"],
            "at": change["confirmed"],
        },
    }


def _who(filing: Filing) -> dict[str, str] | None:
    name = filing.told.value(Meaning.FILER)
    role, service = (_option(filing, each) for each in (Meaning.ROLE, Meaning.SERVICE))
    if name is None or role is None or service is None:
        return None
    english = name.get("en") or name["zh"]
    return Text(
        f"{name['zh']}（{role.zh}）。服务状态：{service.zh}。",
        f"{english} ({role.en}). State of the service: {service.en}.",
    ).as_json()


def _option(filing: Filing, meaning: Meaning) -> Text | None:
    option = filing.form.part(meaning).option(str(filing.told.value(meaning)))
    return option.name if option else None


def _checked(evidence: Sequence[Evidence]) -> dict[str, str] | None:
    if not evidence:
        return None
    said = [each.sentence for each in evidence]
    return {"zh": "".join(each.zh for each in said), "en": " ".join(each.en for each in said)}
