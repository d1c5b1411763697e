"""Answers in words for filer and authority, who read what the public does not: withheld, restricted."""

from collections.abc import Mapping
from typing import Any

from filing import risk, sources, withholding, wording
from filing.fields import Field, Kind
from registry.language import Text


def stored(field: Field, given: Mapping[str, Any]) -> Text:
    """A stored answer in full, for a reader who may see what is withheld.

    Args:
        field: the field that was answered.
        given: `{value, sealed?, sealed_parts?}` or `{not_applicable}`.
    """
    if "not_applicable" in given:
        reason = wording.own_words(given["not_applicable"])
        return Text(f"不适用：{reason.zh}", f"not applicable: {reason.en}")
    said = value(field, given["value"])
    if "source" in given:
        taken = sources.said(given["source"])
        said = Text(f"{said.zh}（{taken.zh}）", f"{said.en} ({taken.en})")
    for kept in seals(field, given):
        said = Text(f"{said.zh}（{kept.zh}）", f"{said.en} ({kept.en})")
    return said


def seals(field: Field, given: Mapping[str, Any]) -> list[Text]:
    """What of a stored answer is to be withheld: on which ground, why, until when.

    Args:
        field: the field that was answered.
        given: the stored answer.
    """
    found = []
    if "sealed" in given:
        found.append(_seal(Text("申请不公开", "to be withheld"), given["sealed"]))
    for part in field.value.parts:
        if seal := given.get("sealed_parts", {}).get(part.id):
            name = part.name
            what = Text(f"申请不公开“{name.zh}”", f"“{name.en}” to be withheld")
            found.append(_seal(what, seal))
    return found


def _seal(what: Text, seal: Mapping[str, Any]) -> Text:
    reason = wording.own_words(seal["reason"])
    ground = withholding.GROUNDS.get(seal["ground"], Text(seal["ground"], seal["ground"]))
    until = withholding.until(seal)
    return Text(
        f"{what.zh}：{ground.zh}，{reason.zh}；{until.zh}",
        f"{what.en}: {ground.en}, {reason.en}; {until.en}",
    )


def value(field: Field, given: Any, *, marked: bool = True) -> Text:
    """An answer's bare value in words, also of a questionnaire, which the public never reads.

    Args:
        field: the field that was answered.
        given: its value.
        marked: tell a reader of English where words are there in Chinese alone.
    """
    if field.kind is Kind.QUESTIONNAIRE:
        return _questions(given)
    return wording.of(field, given, marked=marked)


def _questions(value: Mapping[str, Any]) -> Text:
    """Each question that was answered, with the option that was chosen."""
    told = [
        (each.ask, _chosen(each, value[each.id]))
        for each in risk.questionnaire().questions
        if each.id in value
    ]
    lines = [Text(f"{asked.zh} {said.zh}", f"{asked.en} {said.en}") for asked, said in told]
    return Text("\n".join(each.zh for each in lines), "\n".join(each.en for each in lines))


def _chosen(question: risk.Question, given: Mapping[str, Any]) -> Text:
    if "not_applicable" in given:
        reason = wording.own_words(given["not_applicable"])
        return Text(f"不适用：{reason.zh}", f"not applicable: {reason.en}")
    answer = str(given.get("answer", ""))
    option = question.option(answer)
    return option.name if option else Text(answer, answer)
