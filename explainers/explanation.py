"""The public explanation of one model version: six questions, each sentence with test and limit."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from explainers import (
    bends,
    checked,
    counterfactual,
    effects,
    examples,
    means,
    measured,
    numbers,
    shares,
    strongest,
    yardstick,
)
from explainers.asking import AskedAgain, Asking, Check, Reading, Tally, merged
from explainers.bends import Near
from explainers.blanks import Blank
from explainers.columns import MORE, Column, Outsider, written_level
from explainers.contrasts import Contrast
from explainers.counterfactual import Search, search
from explainers.draws import generator
from explainers.effects import Sentence
from explainers.flips import Flip
from explainers.importance import Alone, Swap, beyond_noise, ranked
from explainers.people import Scorer
from explainers.phrases import same
from explainers.pictures import Picture, drawn
from explainers.plan import BLOCK, ExplanationPlan
from explainers.questions import QUESTIONS, WHO_DECIDES
from explainers.sentences import Kind, capitalised, sentence
from explainers.wording import Wording
from registry import attestation, contradictions, readability
from registry.findings import row_by_row
from registry.language import LANGUAGES, Language, Text
from registry.yardsticks import Yardstick

FORMAT = "urn:mingsuan:explanation:v1"
WEAK = frozenset(
    {Kind.LITTLE, Kind.SCORE, Kind.UNTRIED, Kind.NOISE, Kind.INCONCLUSIVE, Kind.NOT_TESTED}
)
FIRST_SCREEN = 3  # sentences on what moves the result; the rest stand under a heading

Progress = Callable[[int, int, Text], None]
Declared = Mapping[str, Mapping[str, str]]


def explain(
    plan: ExplanationPlan,
    table: pa.Table,
    scorer: Scorer,
    *,
    nonce: str,
    report_findings: Sequence[Mapping[str, Any]] | None = None,
    yardsticks: Sequence[Yardstick] = (),
    target_kind: str = "outcome",
    caption: Callable[[Mapping[str, Any]], Text] | None = None,
    of_people: Callable[[Mapping[str, Any]], bool] = row_by_row,
    declared: Declared | None = None,
    progress: Progress | None = None,
    shards: int = 1,
) -> dict[str, Any]:
    """Ask the model what the plan says, and tell what came of it.

    Args:
        plan: fixed before anything was asked.
        table: the people; rows that are equal in every column are one, unless the plan names a unit.
        scorer: the black box.
        nonce: issued after plan and data were sealed; keys every draw.
        report_findings: findings of the countersigned report, as JSON objects.
        yardsticks: of the reports on the version that count at the gate, newest first; the plan
            goes by the first of them, and without any by what the filer chose.
        target_kind: what the quoted report held results against: "outcome" or "human_decision".
        caption: says of a finding, without numbers, whom it is about, what it measured and with
            which verdict; told where the words of its probe are not for everybody.
        of_people: whether the rates of a finding are so many of a hundred people.
        declared: what the filer says under "decided", "who", "object" and "decider", {zh, en}.
        progress: told what is done, out of how much, and what comes next.
        shards: over how many states the counts are kept and merged; the numbers do not depend on it.

    Returns:
        The content: JSON that is the same for the same plan, data, nonce and report.
    """
    tell = progress or _silent
    tell(0, 1, Text("先挑好要问的人", "Choosing whom to ask about"))
    reading = Reading(plan)
    everyone = plan.chosen(table, nonce)
    asking = Asking(plan, checks(plan), nonce, scorer, reading)
    blocks = -(-len(everyone) // BLOCK)
    states: list[list[Tally]] = [[] for _ in range(shards)]
    for number, block in asking.blocks(everyone):
        tell(1 + number, blocks + 2, Text("一次改一项信息", "Changing one thing at a time"))
        states[number % shards].append(asking.block(number, block))
    tally = merged(merged(state) for state in states)
    tally |= bends.walked(plan, everyone, tally, scorer=scorer, reading=reading)
    tell(1 + blocks, blocks + 2, Text("找例子", "Looking for examples"))
    steady = not tally["again:changed"]  # an example of a model that contradicts itself is none
    found = search(plan, everyone, scorer=scorer, reading=reading, nonce=nonce) if steady else None
    tell(2 + blocks, blocks + 2, Text("完成", "Done"))
    quoted = checked.Quoted(report_findings, target_kind, caption, of_people)
    page = _Page(plan, tally, found, quoted, tuple(yardsticks), declared or {})
    content = page.content() | {"nonce": nonce}
    content |= {"readability": {lang: _readability(content, page.own, lang) for lang in LANGUAGES}}
    return content | {"digest": attestation.digest(content)}


def _silent(done: int, total: int, said: Text) -> None:
    """Tell nobody."""


def _readability(
    content: Mapping[str, Any], own: Sequence[Text], language: Language
) -> dict[str, Any]:
    """How easily the page's sentences are read, and what its filer could say more plainly.

    Args:
        content: the page.
        own: what the filer wrote; nothing is remarked on that the filer cannot change.
        language: of the page.
    """
    text = "\n".join(said[language] for said in sentences_of(content))
    measured = readability.profile(text, language)
    told = [
        each for each in dict.fromkeys(one.in_(language) for one in own) if each and each in text
    ]
    return {
        "profile": {name: numbers.rounded(value) for name, value in measured.items()},
        "remarks": [
            replace(remark, place=None).as_json()
            for each in told
            for remark in readability.remarks(each, language)
        ],
    }


def sentences_of(content: Mapping[str, Any]) -> Iterator[Sentence]:
    """Every sentence of an explanation, in the order of the page."""
    for question in content["questions"]:
        yield from question["lead"]
        for section in question["detail"]:
            yield from section["sentences"]


def predictions_needed(plan: ExplanationPlan, rows: int) -> int:
    """How many rows the model will be asked about at most, for the budget."""
    people = min(rows, plan.people)
    block = plan.donors.take(np.arange(2))
    draw = generator("", "budget")
    variants = 1 + sum(len(check.ask(block, draw).variants) for check in checks(plan))
    later = bends.most_predictions(plan, people) + counterfactual.most_predictions(plan)
    return people * variants + later


def checks(plan: ExplanationPlan) -> list[Check]:
    """Everything that is asked about each block."""
    subjects = [subject for subject in plan.subjects if subject.tested]
    return [
        AskedAgain(),
        *(Contrast(plan, subject) for subject in subjects if subject.kind != "text"),
        *(Near(plan, subject.names[0]) for subject in subjects if subject.kind == "number"),
        *(Blank(plan, name) for name in plan.blanks),
        *(Swap(plan, subject) for subject in subjects),
        *(Alone(plan, name) for s in subjects if s.kind == "group" for name in s.names),
        *(Picture(plan, name) for name, edges in plan.edges.items() if len(edges) > 1),
        *(Flip(plan, column) for column in plan.protected_inputs),
    ]


class _Page:
    """The content as it is put together: facts in, questions out."""

    def __init__(
        self,
        plan: ExplanationPlan,
        tally: Tally,
        found: Search | None,
        quoted: checked.Quoted,
        yardsticks: Sequence[Yardstick],
        declared: Declared,
    ) -> None:
        self.plan, self.tally, self.found = plan, tally, found
        self.quoted, self.declared, self.yardsticks = quoted, declared, yardsticks
        every = ranked(plan, tally)
        self.importance = [row for row in every if beyond_noise(plan, tally, row)]
        by_columns = {subject.names: subject for subject in plan.subjects}
        ordered = [by_columns[tuple(row["columns"])] for row in every]
        untested = [subject for subject in plan.subjects if not subject.tested]
        self.effects = [effects.of_subject(plan, tally, s) for s in (*ordered, *untested)]
        told = list(zip((*ordered, *untested), self.effects, strict=True))
        self.measured = measured.facts(plan, tally, told, self.importance)
        # Nothing is strongest where the same question gets two results.
        steady = not tally["again:changed"]
        self.strongest = strongest.told(plan, tally, every, self.importance) if steady else []

    @property
    def own(self) -> list[Text]:
        """What the filer wrote: its answers, and the names and phrases of which sentences are made."""
        attributes: list[Column | Outsider] = [*self.plan.columns, *self.plan.outsiders]
        words = [
            word
            for each in attributes
            for word in (each.plain, *each.values.values(), *each.phrases.values())
        ]
        words += [getattr(self.plan.wording, name) for name in Wording.__slots__]
        answers = [Text(said.get("zh", ""), said.get("en", "")) for said in self.declared.values()]
        return [*answers, *words, *([self.plan.sealed] if self.plan.sealed else [])]

    def content(self) -> dict[str, Any]:
        """Everything the page shows, as JSON."""
        return {
            "format": FORMAT,
            "task": self.plan.told_task,
            "questions": [
                {"id": name, "title": title.as_json(), **getattr(self, f"_{name}")()}
                for name, title in QUESTIONS.items()
            ],
            "importance": [self._named(row) for row in self.importance],
            "pictures": list(self._pictures()),
            "plan": {
                "digest": self.plan.digest,
                "people": self.tally["all:n"],
                "donors": len(self.plan.donors),
                "claims": self.plan.family.claims,
                "alpha": self.plan.family.alpha,
                "cut": self.plan.cut,
                "favourable_above": self.plan.favourable_above,
                **({"classes": self.plan.classes.as_json()} if self.plan.classes else {}),
                "protected": sorted(
                    {c.name for c in self.plan.columns if c.protected}
                    | {outsider.name for outsider in self.plan.outsiders}
                ),
                "by_report": self.yardsticks[0].report_id if self.yardsticks else None,
                "k": self.plan.k,
            },
            "wording": self.plan.wording.as_json(),
            "measured": self.measured,
            "contradictions": [each.as_json() for each in self._contradictions()],
            "missing": [n for n in ("decided", "who", "object") if n not in self.declared],
        }

    def _contradictions(self) -> list[contradictions.Contradiction]:
        """Where the filer's plan says of a column what the tests showed to be otherwise."""
        claims = contradictions.of_columns([column.as_json() for column in self.plan.columns])
        return contradictions.against(claims, self.measured, task=self.plan.told_task)

    def _decided(self) -> dict[str, Any]:
        chosen = yardstick.told(self.plan, self.yardsticks)
        lead = [self._stated("decided"), *self._overall(), *chosen]
        return {
            "lead": lead,
            "detail": self._if_stated("decider", WHO_DECIDES),
        }

    def _who(self) -> dict[str, Any]:
        return {"lead": [self._stated("who")], "detail": []}

    def _information(self) -> dict[str, Any]:
        columns = self.plan.columns
        can = sum(bool(column.actionable) for column in columns)
        alone = len(columns) == 1
        places = {
            "n": same(len(columns)),
            "all": Text("", "piece of information,")
            if alone
            else Text("都", "pieces of information, all"),
            "which": Text("这一项", "it") if alone else Text(f"其中{can}项", f"{can} of them"),
        }
        lead = [sentence("inputs", evidence={"n": len(columns)}, places=places)]
        if can:
            lead.append(sentence("actionable", evidence={"k": can}, places=places))
        lead += [checked.unseen(outsider) for outsider in self.plan.outsiders]
        return {"lead": lead, "detail": [], "items": [self._item(column) for column in columns]}

    def _item(self, column: Column) -> dict[str, Any]:
        """One column as the filer described it, without names for what fewer than k people have."""
        named = {
            written_level(self.plan.donors.value(column.name, code))
            for code in self.plan.natures[column.name].levels
        }
        described = column.as_json()
        # By the level, not by its name: a rare one may be called as a common one is.
        values, phrases = (
            {level: text for level, text in described[said].items() if level in names}
            for said, names in (("values", named), ("phrases", named | self._raised(column)))
        )
        return described | {"values": values, "phrases": phrases}

    def _raised(self, column: Column) -> set[str]:
        """The key of the phrase for more of a number."""
        return {MORE} if self.plan.natures[column.name].kind == "number" else set()

    def _moves(self) -> dict[str, Any]:
        def kind(said: Sequence[Sentence]) -> str:
            return str(said[-1]["kind"])

        strong = [said for said in self.effects if kind(said) not in WEAK]
        small = [said for said in self.effects if kind(said) == Kind.LITTLE]
        scored = [said for said in self.effects if kind(said) == Kind.SCORE]
        open_ = [s for s in self.effects if kind(s) in WEAK - {Kind.LITTLE, Kind.SCORE}]
        sections = [
            (
                Text("其他有影响的信息", "Other information that matters"),
                _flat(strong[FIRST_SCREEN:]),
            ),
            (
                Text(
                    "评分会变、结果几乎不变的信息",
                    "Information that moves the score and hardly a result",
                ),
                _flat(scored),
            ),
            (Text("影响很小的信息", "Information that matters little"), _flat(small)),
            (Text("还不能下结论的信息", "Information that is still open"), _flat(open_)),
            (
                Text("举个例子", "For example"),
                examples.told(self.plan, self.found),
            ),
        ]
        noise = checked.noise(self.plan, self.tally, drowned=not strong)
        lead = [*noise, *self.strongest, *_flat(strong[:FIRST_SCREEN])]
        return {"lead": lead, "detail": _sections(sections)}

    def _checked(self) -> dict[str, Any]:
        plan, findings = self.plan, self.quoted.findings
        beyond = checked.beyond(plan, self.quoted)
        flips = [
            said
            for column in plan.columns
            if column.protected
            for said in checked.flips(plan, self.tally, column)
        ]
        groups: list[Sentence] = []
        inputs = [column for column in plan.columns if column.protected]
        attributes: list[Column | Outsider] = [*plan.outsiders, *inputs]
        for attribute in attributes if findings is not None else ():
            groups += checked.by_group(plan, attribute, self.quoted, told=beyond)
        if findings is None:
            groups = [sentence("groups.none", evidence={"n": 0}, places={})]
        more = checked.two_bounds(plan, flips, findings or ())
        more += checked.rest(findings or (), [*beyond, *groups])
        groups = checked.joined(groups)
        lead = [*checked.joined(beyond), *flips]
        if not lead:  # the first comparison leads, and stands there alone
            lead, groups = groups[:1], groups[1:]
        sections = [
            (Text("不同人群的结果", "Results for different groups"), groups),
            (Text("评估报告里的其他结果", "Other results of the report"), more),
            (Text("问两次", "Asked twice"), [checked.asked_again(self.tally)]),
        ]
        return {"lead": lead, "detail": _sections(sections)}

    def _object(self) -> dict[str, Any]:
        return {"lead": [self._stated("object")], "detail": []}

    def _stated(self, name: str) -> Sentence:
        """What the filer says, marked as the filer's; or that nothing was said."""
        given = self.declared.get(name)
        if not given or not given.get("zh") or not given.get("en"):
            return sentence("missing", evidence={"declared": False}, places={})
        limit = Text(
            "这是备案主体自己填写的，没有测过。", "This is what the filer says; it was not tested."
        )
        return {
            "kind": "declared",
            "zh": given["zh"],
            "en": given["en"],
            "limit": limit.as_json(),
            "evidence": {"declared": True},
        }

    def _if_stated(self, name: str, title: Text) -> list[dict[str, Any]]:
        return _sections([(title, [self._stated(name)])]) if name in self.declared else []

    def _overall(self) -> list[Sentence]:
        n, good = self.tally["all:n"], self.tally["all:favourable"]
        mean = means.told(self.tally, "all:sum", n, self.plan.k)
        about = shares.about(good, n, self.plan.k)
        places = effects.wording(self.plan) | {
            "n": same(numbers.count(n)),
            "about": about,
            "About": Text("", capitalised(about.en)),
            "m": means.written(mean, self.plan.wording.unit),
        }
        shown = {"n": n, "favourable": shares.told(good, n, self.plan.k), "mean": mean}
        said = [sentence(f"{self.plan.task}.overall", evidence=shown, places=places)]
        if self.plan.scored:
            said.insert(0, sentence("score.no_place", evidence={"scored": True}, places=places))
        if self.plan.task == "decision" and not self.tally["all:graded"]:
            evidence = {"n": n, "graded": 0}
            said.append(sentence("overall.labels", evidence=evidence, places=places))
        said += self._taken_as_people()
        if self.plan.left_out:
            least = effects.wording(self.plan) | {"least": same(self.plan.k)}
            evidence = {"least": self.plan.k}
            said.append(sentence("overall.left_out", evidence=evidence, places=least))
        return said

    def _taken_as_people(self) -> list[Sentence]:
        """What was counted as people, where no column says whose a row is."""
        if self.plan.unit is not None:
            return []
        folded = self.plan.folded
        places = effects.wording(self.plan) | {"n": same(numbers.count(folded))}
        row = "overall.folded" if folded else "overall.rows"
        return [sentence(row, evidence={"folded": folded}, places=places)]

    def _named(self, row: Mapping[str, Any]) -> dict[str, Any]:
        subject = next(s for s in self.plan.subjects if list(s.names) == row["columns"])
        columns = effects.acting(self.plan, self.tally, subject)
        plain = effects.listed([column.plain for column in columns])
        return {**effects.rounded_row(row), "plain": plain.as_json()}

    def _pictures(self) -> Iterator[dict[str, Any]]:
        marks = {
            said["columns"][0]: said["evidence"]["at"]
            for said in _flat(self.effects)
            if "at" in said["evidence"]
        }
        hidden = self.tally["again:changed"] or self.plan.sealed
        for name in () if hidden else self.plan.edges:
            line = drawn(self.plan, self.tally, name)
            if line is not None:
                column = self.plan.column(name)
                scale = {"values": 100.0} if column.kind == "share" else {}
                points = {
                    key: [numbers.rounded(v * scale.get(key, 1.0)) for v in line[key]]
                    for key in line
                }
                unit = column.unit.as_json() if column.unit else None
                unit = Text("%", "%").as_json() if scale else unit
                at = [numbers.rounded(v * scale.get("values", 1.0)) for v in marks.get(name, ())]
                marked = {"marks": at} if name in marks else {}
                named = {"column": name, "plain": column.plain.as_json(), "unit": unit}
                yield named | points | marked


def _flat(said: Sequence[Sequence[Sentence]]) -> list[Sentence]:
    return [each for group in said for each in group]


def _sections(given: Sequence[tuple[Text, Sequence[Sentence]]]) -> list[dict[str, Any]]:
    return [{"title": title.as_json(), "sentences": list(said)} for title, said in given if said]
