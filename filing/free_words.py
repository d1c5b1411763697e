"""What the free words of groups D and H assert of the model's inputs, and which are left to a reader.

A sentence of which a rule can tell what it asserts becomes a claim, held against the tests as a row is. One that names
what was measured and fits no rule is shown beside the measurement to who submits and who reviews: nothing is
concluded from it, and nobody is told that it agrees.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from filing import plainness
from filing.fields import Answers
from filing.meanings import Meaning, Topic
from registry import assertions, contradictions, untranslated
from registry.assertions import Assertion, Sentence, Sort
from registry.contradictions import Claim, Contradiction, Effect, Influence
from registry.language import LANGUAGES, Language, Text
from registry.mentions import Names

LONGEST_QUOTE = 60
"""Of a sentence that is quoted beside what was measured."""
EFFECTS = {
    Sort.NOT_GIVEN: Effect.NOT_GIVEN,
    Sort.NOT_USED: Effect.NOT_USED,
    Sort.NO_EFFECT: Effect.NONE,
    Sort.LITTLE: Effect.LITTLE,
    Sort.BETTER: Effect.BETTER,
    Sort.WORSE: Effect.WORSE,
}


USED = frozenset({Sort.USED, Sort.MAIN, Sort.MOST})
"""What says of a thing that the model uses it, wherever it is said."""
Reported = Callable[[], Sequence[Mapping[str, Any]]]
"""The findings of the reports that count, read where a sentence is held against them."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of the dossier.

    Args:
        place: where it stands, for programs.
        where: the same for people.
        sentence: what it says.
        beside: what the text's other language says in its place; empty where that is not known,
            None where there is none.
    """

    place: str
    where: Text
    sentence: Sentence
    beside: str | None = None

    @property
    def quoted(self) -> Text:
        """The sentence in its language; in the other what the filer says there, or a mark."""
        beside = self.beside and _cut(self.beside)
        return untranslated.quoted(_cut(self.sentence.said), self.sentence.language, beside)


def _cut(said: str) -> str:
    cut = said if len(said) <= LONGEST_QUOTE else f"{said[:LONGEST_QUOTE]}……"
    return cut.rstrip("。.；;")


@dataclass(frozen=True, slots=True)
class Beside:
    """A sentence that names what was measured, of which no rule can tell what it asserts.

    Args:
        where: the field as people call it.
        language: of the sentence.
        said: the sentence.
        measured: of each input that it names, what it is called and what was counted.
    """

    where: Text
    language: Language
    said: str
    measured: tuple[tuple[Text, Text], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading the free words of a dossier.

    Args:
        compared: by language, how many sentences assert something that was compared with the tests.
        beside: those that name what was measured and were compared with nothing.
    """

    compared: Mapping[Language, int]
    beside: tuple[Beside, ...]

    def in_(self, language: Language) -> tuple[int, list[Beside]]:
        """How many sentences of one language were compared, and those that are left.

        Args:
            language: of the page.
        """
        return self.compared[language], [e for e in self.beside if e.language == language]

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {
            "compared": dict(self.compared),
            "left": [
                {
                    "where": each.where.as_json(),
                    "language": each.language,
                    "said": each.said,
                    "measured": [
                        {"plain": plain.as_json(), "measured": told.as_json()}
                        for plain, told in each.measured
                    ],
                }
                for each in self.beside
            ],
        }


def read(
    told: Answers | None,
    content: Mapping[str, Any] | None,
    columns: Sequence[Mapping[str, Any]],
    declared: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Said]:
    """The sentences of groups D and H and of an explanation's plan, with what they assert.

    Args:
        told: the stored answers; None where only the plan of an explanation is read.
        content: of the explanation, which names the results.
        columns: {name, plain, direction, values, phrases} of each input, and `outside` where the model is
            not given it.
        declared: what the plan says in the filer's words.
    """
    wording = (content or {}).get("wording") or {}
    names = {each: Names(columns, each) for each in LANGUAGES}
    results = {each: _results(wording, each) for each in LANGUAGES}
    of_plan = declared or {}
    every = [
        *(
            (f"declared.{name}", asked, of_plan.get(name) or {})
            for name, asked in DECLARED_ASKED.items()
        ),
        *(texts(told) if told else ()),
    ]
    return [
        Said(place, where, sentence, _beside(sentence, value, names, results))
        for place, where, value in every
        for language in LANGUAGES
        for sentence in assertions.read(
            str(value.get(language) or ""), names[language], results=results[language]
        )
    ]


def _beside(
    sentence: Sentence,
    value: Mapping[str, str],
    names: Mapping[Language, Names],
    results: Mapping[Language, Sequence[str]],
) -> str | None:
    """What the other language says in the place of a sentence, unless it asserts another thing."""
    beside = untranslated.counterpart(sentence.said, sentence.language, value)
    if not beside:
        return beside
    other = next(each for each in LANGUAGES if each != sentence.language)
    read = assertions.read(beside, names[other], results=results[other])
    theirs = {one.sort for each in read for one in each.asserted}
    return beside if not theirs or theirs & {one.sort for one in sentence.asserted} else ""


DECLARED_ASKED = {
    "decided": Text(
        "说明里的“它决定我的什么事？”", "“What is decided about me?” in the explanation"
    ),
    "who": Text("说明里的“谁在用它”", "“Who uses it” in the explanation"),
    "object": Text("说明里的“我不同意，怎么办？”", "“How do I object?” in the explanation"),
}
"""What the filer writes for an explanation itself, but for who decides, which is read by itself."""


def _results(wording: Mapping[str, Mapping[str, str]], language: Language) -> list[str]:
    """The names of the favourable and of the unfavourable result."""
    named = (wording.get(name) or {} for name in ("favourable", "unfavourable"))
    return [str(each.get(language) or "") for each in named]


def texts(told: Answers) -> Iterator[tuple[str, Text, Mapping[str, str]]]:
    """Public texts of groups D and H; what names the subject of a row is compared as a row.

    Args:
        told: the stored answers.

    Returns:
        Of each its place, what that is called, and the text by language.
    """
    rows = {
        told.form.meant(meaning).code
        for meaning in (Meaning.FACTORS, Meaning.LEFT_OUT, Meaning.MOVES)
        if meaning in told.form.places
    }
    for topic in (Topic.DESIGN, Topic.EXPLANATION):
        for field in told.form.about(topic).fields:
            stored = told.rows.get(field.code) or {}
            if field.computed or "sealed" in stored:
                continue
            sealed = set(stored.get("sealed_parts") or ())
            values = dict[str, dict[str, str]]()
            for path, language, text in plainness.texts(field.value, "", stored.get("value")):
                values.setdefault(path, {})[language] = text
            why_not: dict[str, str] = stored.get("not_applicable") or {}
            for path, value in (*values.items(), ("", why_not)):
                part = path.rpartition(".")[2]
                subject = field.code in rows and part in ("factor", "what")
                if not subject and not sealed & set(path.split(".")):
                    code, name = field.code, field.name
                    where = Text(f"{code}（{name.zh}）", f"{code} ({name.en})")
                    yield code, where, value


def claims(said: Sequence[Said]) -> list[Claim]:
    """What sentences claim of single inputs; in two languages the same is claimed once.

    Args:
        said: as `read` has it.
    """
    found: dict[tuple[str, str, str, str], Claim] = {}
    numbers: dict[str, int] = {}
    for each in said:
        for one in each.sentence.asserted:
            if one.mention is None or one.mention.column.get("outside"):
                continue
            level = one.mention.level
            key = (each.place, one.mention.name, one.sort.value, level.zh if level else "")
            if key in found:
                continue
            number = numbers[each.place] = numbers.get(each.place, 0) + 1
            found[key] = _claim(each, one, number)
    return list(found.values())


def _claim(said: Said, one: Assertion, number: int) -> Claim:
    assert one.mention is not None  # noqa: S101  # narrows the type, the caller has looked
    weighs = one.sort in (Sort.MAIN, Sort.MOST)
    return Claim(
        place=f"{said.place}.{number}",
        where=said.where,
        said=said.quoted,
        column=one.mention.name,
        plain=one.mention.plain,
        effect=EFFECTS.get(one.sort),
        influence=Influence.STRONG if weighs else None,
        level=one.mention.level,
        most=one.sort is Sort.MOST,
        of_score=True,
    )


def absent(said: Sequence[Said]) -> Iterator[Contradiction]:
    """Where a sensitive feature is said to be used that the model is not given.

    Args:
        said: as `read` has it.
    """
    seen = set[tuple[str, str]]()
    for each in said:
        for one in each.sentence.asserted:
            if (
                one.sort not in USED
                or one.mention is None
                or not one.mention.column.get("outside")
            ):
                continue
            name = one.mention.name
            if (each.place, name) not in seen:
                seen.add((each.place, name))
                place = f"{each.place}.{name}"
                yield contradictions.absent(
                    place, each.where, each.quoted, name, one.mention.plain
                )


def unlike(
    said: Sequence[Said],
    columns: Sequence[Mapping[str, Any]],
    facts: Sequence[Mapping[str, Any]],
    task: str,
    reported: Reported,
) -> Iterator[Contradiction]:
    """Where all people are said to be treated alike, and a report or the tests show that they are not.

    A report that counts goes first: the filer's own tests are not asked where somebody else's tell.

    Args:
        said: as `read` has it.
        columns: the inputs, of which some are protected.
        facts: what was measured.
        task: decision, price or score.
        reported: the findings of the reports that count.
    """
    plains = {str(c["name"]): Text(**c["plain"]) for c in columns if c.get("protected")}
    seen = set[str]()
    for each in said:
        if each.place in seen or not _alike(each):
            continue
        seen.add(each.place)
        place = f"{each.place}.0"
        found = contradictions.reported(
            place, each.where, each.quoted, reported()
        ) or contradictions.unlike(place, each.where, each.quoted, plains, facts, task=task)
        if found is not None:
            yield found


def _alike(said: Said) -> bool:
    return any(one.sort is Sort.ALIKE for one in said.sentence.asserted)


def reading(
    said: Sequence[Said], facts: Sequence[Mapping[str, Any]], task: str, reported: Reported
) -> Reading:
    """How much of the free words was compared, and what is left to whoever reads them.

    Args:
        said: as `read` has it.
        facts: what was measured.
        task: decision, price or score.
        reported: the findings of the reports that count.
    """
    of = {name: fact for fact in facts for name in fact["columns"]}
    compared, left = dict.fromkeys(LANGUAGES, 0), list[Beside]()
    for each in said:
        asserted = {one.mention.name for one in each.sentence.asserted if one.mention}
        known = {name for name in asserted if name in of and of[name]["acts"] != "unknown"}
        alike = _alike(each) and bool(facts or reported())
        compared[each.sentence.language] += bool(known) or alike
        open_ = {
            m.name: m.plain for m in each.sentence.named if m.name in of and m.name not in known
        }
        if open_:
            told = tuple(
                (plain, contradictions.counted(of[name], task)) for name, plain in open_.items()
            )
            left.append(Beside(each.where, each.sentence.language, each.sentence.said, told))
    return Reading(compared, tuple(left))
