"""By what a report judged a version: its cut, the favourable side, what it treats as sensitive.

The examined does not write the exam. Where a third party's countersigned report counts at the
gate, an explanation of the version takes these from the newest of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from registry import group_names, legal_day, reports
from registry.database import now
from registry.errors import Reason
from registry.language import Text
from registry.reports import Report
from registry.sandbox.child.classes import named
from registry.settings import settings

HALF = 0.5
FLIPS = "counterfactual_flip"  # the probe that changes the columns in its option `change` alone
ABOVE, BELOW = Text("达到分数线", "at the cut or above"), Text("低于分数线", "below the cut")
FIX = Text("按报告改好，重新生成说明。", "Make the explanation again with what the report has.")


@dataclass(frozen=True, slots=True)
class Yardstick:
    """By what one report judged a version.

    Args:
        report_id: which report.
        cut: the score from which the result changes; None where the report has none.
        favourable_above: whether reaching the cut is good for the person.
        sensitive: the columns it compares people by, or changes alone.
        names: what columns and their levels are called, by column: {plain, levels}.
        target_kind: "outcome" or "human_decision": what its results were held against.
        classes: of the model; empty where its answer is a number by itself.
        favourable: the class that is good for the person, where there are any.
    """

    report_id: str
    cut: float | None
    favourable_above: bool
    sensitive: tuple[str, ...]
    names: Mapping[str, Any] = field(default_factory=dict)
    target_kind: str = "outcome"
    classes: tuple[str, ...] = ()
    favourable: str = ""

    @classmethod
    def of(cls, report: Report) -> "Yardstick":
        """What a report's plan says."""
        plan: Mapping[str, Any] = reports.statement(report)["predicate"]["plan"]["content"]
        return cls.by(report.id, plan)

    @classmethod
    def by(cls, report_id: str, plan: Mapping[str, Any]) -> "Yardstick":
        """What a plan says.

        Args:
            report_id: of the report that was made by it.
            plan: its content.
        """
        columns: Mapping[str, Any] = plan.get("columns") or {}
        flipped = [
            name
            for probe in plan.get("probes") or ()
            if probe.get("id") == FLIPS
            for name in probe.get("change") or ()
        ]
        side = columns.get("score_favourable")  # where the data have another word than the model
        favourable = named(columns.get("favourable") if side is None else side)
        classes = tuple(named(each) for each in columns.get("classes") or ())
        return cls(
            report_id=report_id,
            cut=columns.get("cut"),
            favourable_above=bool(classes) or favourable.lower() not in ("0", "false"),
            sensitive=tuple(dict.fromkeys([*(columns.get("sensitive") or ()), *flipped])),
            names=plan.get("names") or {},
            target_kind=plan.get("target_kind") or "outcome",
            classes=classes,
            favourable=favourable if classes else "",
        )

    @property
    def line(self) -> float | None:
        """The chance or score from which the result changes; None where no single one says it.

        Of two classes the likelier is the answer: the one asked about from one half on. Of more
        than two, none is the answer from a chance that is the same for everybody.
        """
        if self.cut is not None:
            return float(self.cut)
        return HALF if len(self.classes) == 2 else None

    @property
    def line_said(self) -> Text:
        """The line in words, and where it comes from where the report names none."""
        told = _number(self.line)
        if self.cut is not None or self.line is None:
            return told
        return Text(
            f"{told.zh}（两类中机会较大的一类）", f"{told.en} (of two classes the likelier)"
        )

    def applied(self, plan: Mapping[str, Any], inputs: Sequence[str]) -> dict[str, Any]:
        """A request for an explanation with what the report settles put in where it is silent.

        Args:
            plan: the request: task, cut, favourable_above, columns, protected.
            inputs: the columns that the model is given.
        """
        settled = dict(plan)
        if self.line is not None and plan.get("task", "decision") == "decision":
            if plan.get("cut") is None:
                settled["cut"] = self.line
            settled.setdefault("favourable_above", self.favourable_above)
        if self.classes and plan.get("task", "decision") == "decision" and not plan.get("classes"):
            settled |= {"classes": list(self.classes), "favourable": self.favourable}
        settled["columns"] = [
            {**column, "protected": True} if column.get("name") in self.sensitive else column
            for column in plan.get("columns") or ()
        ]
        told = list(plan.get("protected") or ())
        known = {each.get("name") for each in told} | set(inputs)
        outside = [self._outsider(name) for name in self.sensitive if name not in known]
        if told or outside:
            settled["protected"] = [*told, *outside]
        return settled

    def _outsider(self, name: str) -> dict[str, Any]:
        levels = dict((self.names.get(name) or {}).get("levels") or {})
        return {"name": name, "plain": self._plain(name).as_json(), "values": levels}

    def _plain(self, name: str) -> Text:
        """What the report calls a column."""
        named = (self.names.get(name) or {}).get("plain") or {}
        return Text(named.get("zh") or name, named.get("en") or name)

    def quoted(self, name: str, called: Mapping[str, Text] | None = None) -> Text:
        """What a column is called, in quotation marks.

        Args:
            name: the column.
            called: what a page calls columns; else the report's name of it counts, or its own.
        """
        plain = (called or {}).get(name) or self._plain(name)
        return Text(f"“{plain.zh}”", f"“{plain.en}”")

    def differences(self, plan: Mapping[str, Any]) -> list[Reason]:
        """Where a request for an explanation goes by something else, with both values.

        So does one that calls a group by the report's name for another.

        Args:
            plan: the request, or the plan of a finished explanation.
        """
        found = []
        decides = plan.get("task", "decision") == "decision"
        if self.line is not None:
            asked = plan.get("cut") if decides else None
            if asked is None or float(asked) != self.line:
                ours, theirs = _number(asked), self.line_said
                found.append(_reason("cut", Text("分数线", "the cut"), ours, theirs))
            above = bool(plan.get("favourable_above", True))
            if decides and above != self.favourable_above:
                sides = [ABOVE if side else BELOW for side in (above, self.favourable_above)]
                name = Text("哪一边是有利的结果", "the favourable side")
                found.append(_reason("favourable_above", name, *sides))
        if decides and (self.line is not None or self.classes):
            given = tuple(named(each) for each in plan.get("classes") or ())
            asked_class = _asked_class(given, named(plan.get("favourable")))
            own_class = _asked_class(self.classes, self.favourable)
            if asked_class != own_class:
                name = Text("问的是哪一类", "the class asked about")
                found.append(_reason("classes", name, _class(asked_class), _class(own_class)))
        told = {each.get("name") for each in plan.get("protected") or ()}
        told |= {c.get("name") for c in plan.get("columns") or () if c.get("protected")}
        missing = [name for name in self.sensitive if name not in told]
        found += [
            _reason(
                name,
                self.quoted(name),
                Text("没有列为敏感特征", "not listed as sensitive"),
                Text("敏感特征", "sensitive"),
            )
            for name in missing
        ]
        return [*found, *self._misnamed(plan)]

    def _misnamed(self, plan: Mapping[str, Any]) -> Iterator[Reason]:
        """Groups that a plan calls by the report's name for another."""
        for part in ("columns", "protected"):
            for each in plan.get(part) or ():
                name, place = str(each.get("name")), f"{part}.{each.get('name')}"
                for key in ("values", "phrases"):
                    given = {
                        str(level): _text(said) for level, said in (each.get(key) or {}).items()
                    }
                    given.pop("more", None)
                    called = (self.names.get(name) or {}).get("levels") or {}
                    levels = {str(level): _text(said) for level, said in called.items()}
                    if name in self.sensitive:
                        levels = group_names.by_level([*levels, *given], levels)
                    yield from group_names.faults(place, key, levels, given)

    def beside(
        self, other: "Yardstick", *, called: Mapping[str, Text] | None = None
    ) -> list[Text]:
        """Where two reports differ, this one being the newer.

        Args:
            other: the older one.
            called: what the page calls columns; else a report's names, and at last the column's own.
        """
        found = []
        if self.line != other.line:
            new, old = self.line_said, other.line_said
            found.append(Text(f"分数线是{new.zh}和{old.zh}", f"the cut is {new.en} and {old.en}"))
        elif self.line is not None and self.favourable_above != other.favourable_above:
            found.append(Text("有利的一边相反", "the favourable sides are opposite"))
        new_class, old_class = (
            _asked_class(each.classes, each.favourable) for each in (self, other)
        )
        if new_class != old_class and None not in (self.line, other.line):
            new, old = _class(new_class), _class(old_class)
            found.append(
                Text(
                    f"问的类别是“{new.zh}”和“{old.zh}”",
                    f"the class asked about is “{new.en}” and “{old.en}”",
                )
            )
        for one, more in ((self, other), (other, self)):
            extra = [name for name in more.sensitive if name not in one.sensitive]
            which = Text("较早", "older") if more is other else Text("较新", "newer")
            for name in extra:
                said = more.quoted(name, called)
                found.append(
                    Text(
                        f"只有{which.zh}的报告比较{said.zh}",
                        f"only the {which.en} report compares {said.en}",
                    )
                )
        return found


def counting(
    session: Session, version_id: str, model_digest: str, *, at: datetime | None = None
) -> list[Yardstick]:
    """The yardsticks of a version's reports that count at the gate, newest first.

    Args:
        session: any session.
        version_id: the version.
        model_digest: its digest.
        at: the moment; now where none is given.
    """
    moment, days = at or now(), settings().evaluation_days
    return [
        Yardstick.of(report)
        for report in reports.for_version(session, version_id)
        if report.third_party
        and report.signed
        and report.model_digest == model_digest
        and moment < legal_day.after(report.created, days)
    ]


SENSITIVE = Text(
    "它是敏感特征，说明不会劝人去改变它。",
    "It is a sensitive feature, and no text advises anybody to change it.",
)
NOT_ADVISED = Text(
    "请写 actionable = 0，或者去掉这一项。", "Write actionable = 0, or leave the key out."
)


def advised(plan: Mapping[str, Any]) -> list[Reason]:
    """The sensitive features of a plan that it names as what a person may change.

    Args:
        plan: of an explanation, with what a report settles.
    """
    return [
        Reason(f"columns.{column.get('name')}.actionable", SENSITIVE, NOT_ADVISED)
        for column in plan.get("columns") or ()
        if column.get("protected") and column.get("actionable")
    ]


def _asked_class(names: tuple[str, ...], favourable: str) -> tuple[frozenset[str], str]:
    """The classes in any order and the one asked about; of 0 and 1, 1 is asked about unnamed."""
    if not names:
        return frozenset({"0", "1"}), "1"
    return frozenset(names), favourable


def _class(asked: tuple[frozenset[str], str]) -> Text:
    names, favourable = asked
    listed = sorted(names)
    return Text(
        f"{favourable}（{'、'.join(listed)} 之一）", f"{favourable} (of {', '.join(listed)})"
    )


def _text(said: Mapping[str, str]) -> Text:
    return Text(said.get("zh") or "", said.get("en") or "")


def _number(value: float | None) -> Text:
    return Text("没有", "none") if value is None else Text(f"{value:g}", f"{value:g}")


def _reason(item: str, name: Text, asked: Text, reported: Text) -> Reason:
    said = Text(
        f"{name.zh}：说明里是“{asked.zh}”，评估报告里是“{reported.zh}”。",
        f"{name.en}: “{asked.en}” in the explanation, “{reported.en}” in the report.",
    )
    return Reason(item, said, FIX)
