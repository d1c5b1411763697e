"""How plainly a dossier speaks: what group H says in hard words is changed, or kept with a reason.

Every text that the public reads is remarked on beside its box. Only the group in which the filer
explains the algorithm in its own words is stopped by them: a word of the trade, or a sentence that
is too long to read, is submitted with a reason for its field, which reviewer and public see.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from filing import dossier
from filing.dossier import Filing
from filing.fields import Answers, Kind, Part, Schema, Show
from filing.meanings import Topic
from registry import readability
from registry.language import LANGUAGES, Language, Text
from registry.readability import Remark

NAME = Text("不好懂的话", "hard words")
"""What stands above hard words where they are listed beside other things that are kept."""
LONGEST_QUOTE = 30
MOST_TOLD = 5
"""Remarks on one text: a box is helped by the first few."""


@dataclass(frozen=True, slots=True)
class Remarked:
    """What could be plainer in one text.

    Args:
        path: of the text in its answer, without the language: `H5.2.what`.
        language: of the text.
        remarks: what to change, blocking remarks first.
    """

    path: str
    language: Language
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Hard:
    """The hard words of one field of group H.

    Args:
        place: the field's code.
        where: the same for people.
        words: each with its language, as it stands there.
    """

    place: str
    where: Text
    words: tuple[tuple[Language, str], ...]

    @property
    def id(self) -> str:
        """What a reason names it by."""
        return f"words:{self.place}"

    @property
    def said(self) -> Text:
        """Which words of the field are hard, in one sentence a language."""
        zh, en = (
            [f"“{brief(words)}”" for of, words in self.words if of == each] for each in LANGUAGES
        )
        told_zh = [*(["".join(zh)] if zh else ()), *([f"英文里{'、'.join(en)}"] if en else ())]
        told_en = [
            *([", ".join(en)] if en else ()),
            *([f"in its Chinese text {', '.join(zh)}"] if zh else ()),
        ]
        return Text(
            f"{self.where.zh}里有的话不好懂：{'；'.join(told_zh)}。",
            f"{self.where.en} has words that are hard to understand: {'; '.join(told_en)}.",
        )

    def as_json(self) -> dict[str, Any]:
        """The words as a JSON object."""
        return {
            "id": self.id,
            "kind": "words",
            "place": self.place,
            "words": [{"language": each, "quoted": quoted} for each, quoted in self.words],
            "said": self.said.as_json(),
        }


def hard(told: Answers) -> list[Hard]:
    """The fields of group H that have hard words, in the order of the form.

    Args:
        told: the stored answers that count.
    """
    found = []
    for field in told.form.about(Topic.EXPLANATION).fields:
        words = [
            (language, text[slice(*remark.place)].strip() if remark.place else remark.quoted)
            for _, language, text in texts(field.value, field.code, _value(told.rows, field.code))
            for remark in readability.blocking(text, language)
        ]
        if words:
            where = Text(f"{field.code}（{field.name.zh}）", f"{field.code} ({field.name.en})")
            found.append(Hard(field.code, where, tuple(dict.fromkeys(words))))
    return found


def remarks(schema: Schema, answers: Mapping[str, Any]) -> dict[str, list[Remarked]]:
    """Key → what could be plainer in each text that the public reads.

    Args:
        schema: that the answers were given under.
        answers: the stored ones.
    """
    found: dict[str, list[Remarked]] = {}
    for key in answers:
        field = schema.field(key)
        if field.show is Show.RESTRICTED:
            continue
        for path, language, text in texts(field.value, key, _value(answers, key)):
            if told := readability.remarks(text, language):
                said = Remarked(path, language, tuple(told[:MOST_TOLD]))
                found.setdefault(key, []).append(said)
    return found


def published(session: Session, filing: Filing) -> list[Mapping[str, Any]]:
    """The hard words that the filer kept when it last submitted the filing, each with its reason."""
    return list(dossier.sent_with(session, filing).get("hard_words", ()))


def _value(answers: Mapping[str, Any], key: str) -> Any:
    return (answers.get(key) or {}).get("value")


def texts(part: Part, path: str, value: Any) -> Iterator[tuple[str, Language, str]]:
    """The texts of an answer that the public reads, each with its place and language.

    Args:
        part: the field, or a part of it.
        path: its place.
        value: the answer.
    """
    if value is None or part.show is Show.RESTRICTED or part.is_name:
        return
    if part.kind is Kind.TEXT and isinstance(value, Mapping):
        yield from ((path, each, value[each]) for each in LANGUAGES if value.get(each))
    elif part.kind is Kind.PARTS and isinstance(value, Mapping):
        for inner in part.parts:
            yield from texts(inner, f"{path}.{inner.id}", value.get(inner.id))
    elif part.kind is Kind.ROWS and isinstance(value, list):
        for number, row in enumerate(value, start=1):
            for inner in part.parts:
                yield from texts(inner, f"{path}.{number}.{inner.id}", row.get(inner.id))


def brief(words: str) -> str:
    """Words as a sentence quotes them: the beginning of what is longer than anybody reads there."""
    return words if len(words) <= LONGEST_QUOTE else f"{words[:LONGEST_QUOTE]}……"
