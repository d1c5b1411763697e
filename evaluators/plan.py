"""The evaluation plan: what is tested, on which columns, fixed and digested before the run.

A plan is written as TOML or JSON, checked here with every reason listed at once, and from then on
never changes; its digest is the SHA-256 of its canonical JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from evaluators import plan_columns
from evaluators.accumulating.levels import level_name
from evaluators.plan_columns import Columns
from evaluators.plan_reasons import PlanInvalid, Reasons, Words
from evaluators.policy import POLICY
from registry import attestation
from registry.class_names import Scalar
from registry.language import Text

__all__ = ["Columns", "Named", "Plan", "PlanInvalid", "ProbePlan", "Scalar", "level_name"]

TargetKind = Literal["outcome", "human_decision"]

TOP = ("title", "columns", "reference", "probes", "target_kind", "frame", "defences", "alpha",
        "min_n", "policy", "names")  # fmt: skip
"""The keys of a plan."""
LONGEST_NAME = 80
NAMES_EXAMPLE = 'names.race = { plain = { zh = "种族", en = "race" }, levels = { white = { zh = "白人", en = "white" } } }'


@dataclass(frozen=True, slots=True)
class Named:
    """What a column and its levels are called in sentences.

    Args:
        plain: the column, as it stands within a sentence.
        levels: level → how it is called.
    """

    plain: Text
    levels: Mapping[str, Text] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The names as they stand in a plan."""
        levels = {level: said.as_json() for level, said in sorted(self.levels.items())}
        return {"plain": self.plain.as_json(), "levels": levels}


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """One probe of the plan and its options, as given."""

    id: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A checked plan.

    Args:
        title: what the report is called.
        columns: roles of columns.
        probes: the probes to run, each at most once.
        reference: sensitive feature → its declared reference group.
        target_kind: whether the target is an outcome or a human decision ("agreement").
        frame: where the rows come from, in words: whom the numbers speak for.
        defences: declared reasons for a difference; they change the reading, not the numbers.
        alpha: the family-wise error level.
        min_n: the smallest denominator that is evaluated.
        policy: the version of the policy file.
        names: column → what it and its levels are called in sentences.
    """

    title: Words
    columns: Columns
    probes: tuple[ProbePlan, ...]
    reference: Mapping[str, str] = field(default_factory=dict)
    target_kind: TargetKind = "outcome"
    frame: Words = ""
    defences: tuple[Mapping[str, Any], ...] = ()
    alpha: float = 0.05
    min_n: int = 30
    policy: str = POLICY.version
    names: Mapping[str, Named] = field(default_factory=dict)

    @classmethod
    def parse(cls, mapping: Mapping[str, Any]) -> "Plan":
        """Check a plan by itself; `planning.parse` also holds it against the installed probes.

        Args:
            mapping: the parsed TOML or JSON.

        Raises:
            PlanInvalid: with every reason, each naming the offending item.
        """
        reasons = Reasons()
        plan = cls.read(reasons, mapping)
        reasons.settle()
        return plan

    @classmethod
    def read(cls, reasons: Reasons, mapping: Mapping[str, Any]) -> "Plan":
        """A plan as far as it can be read; what is wrong goes to `reasons`."""
        reasons.unknown(mapping, TOP, "")
        plan = cls(
            title=reasons.text(mapping, "title"),
            columns=plan_columns.read(reasons, mapping.get("columns", {})),
            probes=_probes(reasons, mapping.get("probes", [])),
            reference=_reference(reasons, mapping.get("reference", {})),
            target_kind=reasons.choice(mapping, "target_kind", ("outcome", "human_decision")),
            frame=reasons.text(mapping, "frame", required=False),
            defences=_defences(reasons, mapping.get("defences", [])),
            alpha=reasons.number(mapping, "alpha", default=POLICY.value("alpha"), low=0, high=0.5),
            min_n=int(
                reasons.number(mapping, "min_n", default=POLICY.value("min_n"), low=2, high=1e9)
            ),
            policy=reasons.policy(mapping),
            names=_names(reasons, mapping.get("names", {})),
        )
        _check_together(reasons, plan)
        return plan

    def as_json(self) -> dict[str, Any]:
        """The whole plan, defaults filled in, as canonical JSON content."""
        return {
            "title": self.title,
            "columns": self.columns.as_json(),
            "reference": dict(self.reference),
            "probes": [{"id": probe.id, **probe.options} for probe in self.probes],
            "target_kind": self.target_kind,
            "frame": self.frame,
            "defences": [dict(defence) for defence in self.defences],
            "alpha": self.alpha,
            "min_n": self.min_n,
            "policy": self.policy,
            "names": {column: named.as_json() for column, named in sorted(self.names.items())},
        }

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """What `as_json` gives, made once for all that only read it: there may be thousands."""
        return self.as_json()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return attestation.digest(self.as_json())

    def plain(self, column: str) -> Text:
        """What a column is called in sentences: as named by the plan, else as in the data."""
        named = self.names.get(column)
        return named.plain if named else Text(column, column)

    def plain_level(self, column: str, level: str) -> Text:
        """What a level of a column is called in sentences."""
        named = self.names.get(column)
        return (named.levels if named else {}).get(level, Text(level, level))


def _reference(reasons: Reasons, given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping):
        reasons.add("reference", "要写成“列 = 组”", "must map a column to a group",
                    do_zh='例如 race = "white"', do_en='for instance race = "white"')  # fmt: skip
        return {}
    return {str(name): level_name(value) for name, value in given.items()}


def _names(reasons: Reasons, given: Any) -> dict[str, Named]:
    if not isinstance(given, Mapping):
        reasons.add("names", "要写成“列 = 名称”", "must map a column to its names",
                    do_zh=NAMES_EXAMPLE, do_en=NAMES_EXAMPLE)  # fmt: skip
        return {}
    found = {}
    for column, entry in given.items():
        plain = _said(entry.get("plain")) if isinstance(entry, Mapping) else None
        levels = entry.get("levels", {}) if isinstance(entry, Mapping) else None
        said = {str(k): _said(v) for k, v in levels.items()} if isinstance(levels, Mapping) else {}
        wrong = not isinstance(levels, Mapping) or set(entry) - {"plain", "levels"}
        if plain is None or wrong or None in said.values():
            reasons.add(f"names.{column}", "名称要有中文和英文", "a name needs Chinese and English",
                        do_zh=NAMES_EXAMPLE, do_en=NAMES_EXAMPLE)  # fmt: skip
            continue
        found[str(column)] = Named(plain, {k: v for k, v in said.items() if v is not None})
    return found


def _said(pair: Any) -> Text | None:
    """A pair {zh, en} as a text; None if it is not one."""
    if not isinstance(pair, Mapping) or set(pair) != {"zh", "en"}:
        return None
    words = [pair[language] for language in ("zh", "en")]
    if not all(isinstance(word, str) and 0 < len(word.strip()) <= LONGEST_NAME for word in words):
        return None
    return Text(*(word.strip() for word in words))


def _defences(reasons: Reasons, given: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(given, list | tuple) or not all(
        isinstance(entry, Mapping) and isinstance(entry.get("kind"), str) for entry in given
    ):
        reasons.add("defences", "每条理由要有 kind", "each defence needs a kind",
                    do_zh='例如 [[defences]] kind = "new_user_offer"',
                    do_en='for instance [[defences]] kind = "new_user_offer"')  # fmt: skip
        return ()
    return tuple(dict(entry) for entry in given)


def _probes(reasons: Reasons, given: Any) -> tuple[ProbePlan, ...]:
    if not isinstance(given, list | tuple) or not given:
        reasons.add("probes", "至少要有一项检验", "at least one probe is needed",
                    do_zh='例如 [[probes]] id = "selection_parity"',
                    do_en='for instance [[probes]] id = "selection_parity"')  # fmt: skip
        return ()
    found: list[ProbePlan] = []
    for number, entry in enumerate(given):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("id"), str):
            reasons.add(f"probes[{number}]", "缺少 id", "has no id",
                        do_zh="写检验的名字", do_en="write the probe's name")  # fmt: skip
            continue
        if entry["id"] in {probe.id for probe in found}:
            reasons.add(f"probes[{number}]", f"检验 {entry['id']} 写了两次",
                        f"the probe {entry['id']} is planned twice",
                        do_zh="合并为一项", do_en="merge the two")  # fmt: skip
            continue
        found.append(ProbePlan(entry["id"], {k: v for k, v in entry.items() if k != "id"}))
    return tuple(found)


def _check_together(reasons: Reasons, plan: Plan) -> None:
    for name in sorted(set(plan.reference) - set(plan.columns.sensitive)):
        reasons.add(f"reference.{name}", "不在敏感特征之列", "is not a sensitive feature",
                    do_zh="加到 columns.sensitive，或删去", do_en="add it to columns.sensitive or remove it")  # fmt: skip
    plan_columns.check_answers(reasons, plan.columns)
    plan_columns.check_words(reasons, plan.columns, plan.reference)
