"""The evaluation plan: what is tested, on which columns, fixed and digested before the run.

A plan is written as TOML or JSON, checked here with every reason listed at once, and from then on
never changes; its digest is the SHA-256 of its canonical JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from evaluators.option_faults import option_faults
from evaluators.policy import POLICY
from registry import attestation
from registry.errors import Invalid, Reason
from registry.language import Text
from registry.sandbox.child.classes import Classes

Scalar = str | int | float | bool
TargetKind = Literal["outcome", "human_decision"]
Words = str | Mapping[str, str]
"""One sentence, or {zh, en}."""

_ONE = ("target", "score", "prediction", "price", "item", "time", "user", "unit", "query", "rank",
        "weight")  # fmt: skip
_MANY = ("sensitive", "control", "cost", "profile", "inputs")
_TOP = ("title", "columns", "reference", "probes", "target_kind", "frame", "defences", "alpha",
        "min_n", "policy", "names")  # fmt: skip
LONGEST_NAME = 80
NAMES_EXAMPLE = 'names.race = { plain = { zh = "种族", en = "race" }, levels = { white = { zh = "白人", en = "white" } } }'


class PlanInvalid(Invalid):
    """The plan breaks a rule: correct every listed item and register it again."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of the data plays which part.

    Args:
        target: the observed outcome, or a human decision (see `Plan.target_kind`).
        favourable: the value of target and prediction that is good for the person. A score
            rises towards the favourable outcome, unless this is 0 or false.
        sensitive, control: features by which groups are compared; conditions to hold fixed.
        score, prediction, cut: answers that come with the data; the cut turns a score into a
            decision (favourable at or above it; below it where `favourable` is 0).
        inputs: the model's input columns; required when a model is scored.
        classes: the classes of a classifier of several, or of one that answers with names. With
            a cut the score is the favourable one's probability; without one the answer is the
            class that the model names or finds most probable.
        price, item, time, user, cost, profile: for price probes: the amount paid, the good, the
            moment, the account, legitimate cost factors, and habit or ability-to-pay features.
        unit: the randomised or sampled unit; None means every row is one.
        query, rank, weight: for probes that need them.
    """

    target: str | None = None
    favourable: Scalar | None = None
    sensitive: tuple[str, ...] = ()
    control: tuple[str, ...] = ()
    score: str | None = None
    prediction: str | None = None
    cut: float | None = None
    inputs: tuple[str, ...] = ()
    price: str | None = None
    item: str | None = None
    time: str | None = None
    user: str | None = None
    cost: tuple[str, ...] = ()
    profile: tuple[str, ...] = ()
    unit: str | None = None
    query: str | None = None
    rank: str | None = None
    weight: str | None = None
    classes: tuple[str, ...] = ()

    def named(self) -> frozenset[str]:
        """Every column the plan names."""
        one = {getattr(self, role) for role in _ONE} - {None}
        return frozenset(one.union(*(getattr(self, role) for role in _MANY)))

    def favours(self, score: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Whether scores are at or above the cut; without classes, below it where 0 is favourable."""
        if self.classes:
            return score >= (0.5 if self.cut is None else self.cut)
        high: npt.NDArray[np.bool_] = score >= (np.nan if self.cut is None else self.cut)
        return ~high if level_name(self.favourable) in {"0", "false"} else high

    @property
    def decides(self) -> bool:
        """Whether a model's answers can be told favourable or not."""
        return self.cut is not None or bool(self.classes)

    @property
    def reading(self) -> Classes | None:
        """How the answers of a classifier with names become numbers; None where there are none."""
        wanted = None if self.cut is None else level_name(self.favourable)
        return Classes(self.classes, wanted) if self.classes else None

    @property
    def names_class(self) -> bool:
        """Whether a model's raw answer is the place of a class in `classes`."""
        return bool(self.classes) and self.cut is None

    def as_score(self, answers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """A model's raw answers as scores: 1 for the favourable class, where it names classes."""
        if not self.names_class:
            return answers
        wanted = self.classes.index(level_name(self.favourable))
        return np.where(np.isnan(answers), np.nan, (answers == wanted).astype(np.float64))

    def role(self, role: str) -> Any:
        """What the plan says for a role; empty or None when it says nothing."""
        return getattr(self, role)


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
    def parse(cls, mapping: Mapping[str, Any], *, alone: bool = False) -> "Plan":
        """Check a plan as written.

        Args:
            mapping: the parsed TOML or JSON.
            alone: leave out what only the installed probes can check; for a plan that was checked.

        Raises:
            PlanInvalid: with every reason, each naming the offending item.
        """
        reasons = _Reasons()
        reasons.unknown(mapping, _TOP, "")
        plan = cls(
            title=reasons.text(mapping, "title"),
            columns=_columns(reasons, mapping.get("columns", {})),
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
        if not alone:
            _check_together(reasons, plan)
        reasons.settle()
        return plan

    def as_json(self) -> dict[str, Any]:
        """The whole plan, defaults filled in, as canonical JSON content."""
        columns = {}
        for entry in fields(Columns):
            value = getattr(self.columns, entry.name)
            columns[entry.name] = list(value) if isinstance(value, tuple) else value
        if not self.columns.classes:  # plans without classes keep the digest they had
            del columns["classes"]
        return {
            "title": self.title,
            "columns": columns,
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

    @property
    def task(self) -> Literal["decision", "pricing"]:
        """What is evaluated: pricing as soon as one price probe is planned."""
        from evaluators import installed

        tasks = {installed.probe_class(probe.id).spec.task for probe in self.probes}
        return "pricing" if "pricing" in tasks else "decision"


class _Reasons:
    """Collects what is wrong while the rest of the plan is still read."""

    def __init__(self) -> None:
        self.found: list[Reason] = []

    def add(self, item: str, zh: str, en: str, *, do_zh: str, do_en: str) -> None:
        self.found.append(Reason(item, Text(zh, en), Text(do_zh, do_en)))

    def settle(self) -> None:
        if self.found:
            raise PlanInvalid(
                f"评估计划有 {len(self.found)} 处要改，请逐项改正。",
                f"To correct in the plan: {len(self.found)}.",
                reasons=self.found,
            )

    def unknown(self, mapping: Mapping[str, Any], known: tuple[str, ...], prefix: str) -> None:
        for key in sorted(set(mapping) - set(known)):
            self.add(
                prefix + key,
                "计划里没有这一项",
                "no such entry in a plan",
                do_zh=f"可用的有：{'、'.join(known)}",
                do_en=f"choose from: {', '.join(known)}",
            )

    def text(self, mapping: Mapping[str, Any], key: str, *, required: bool = True) -> Words:
        value = mapping.get(key, "")
        if isinstance(value, Mapping) and set(value) == {"zh", "en"}:
            pair = {language: str(value[language]).strip() for language in ("zh", "en")}
            if all(pair.values()):
                return pair
        if not isinstance(value, str) or (required and not value.strip()):
            self.add(
                key,
                "要写一段文字",
                "must be a text",
                do_zh="写一句话，或者写 { zh = …, en = … }",
                do_en="write a sentence, or { zh = …, en = … }",
            )
            return ""
        return value

    def choice(self, mapping: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> Any:
        value = mapping.get(key, allowed[0])
        if value not in allowed:
            names = " / ".join(allowed)
            self.add(key, "不是可选的值", "not one of the choices", do_zh=names, do_en=names)
            return allowed[0]
        return value

    def number(
        self, mapping: Mapping[str, Any], key: str, *, default: float, low: float, high: float
    ) -> float:
        value = mapping.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low < value < high:
            self.add(
                key,
                f"要写 {low} 与 {high} 之间的数",
                f"must be a number between {low} and {high}",
                do_zh=f"不写则用 {default}",
                do_en=f"leave it out for {default}",
            )
            return default
        return float(value)

    def policy(self, mapping: Mapping[str, Any]) -> str:
        value = mapping.get("policy", POLICY.version)
        if value != POLICY.version:
            self.add(
                "policy",
                "界线文件的版本与本程序不同",
                "the policy version is not the one installed here",
                do_zh=f"改为 {POLICY.version}，或用登记时的程序版本",
                do_en=f"write {POLICY.version}, or use the program version it was registered with",
            )
        return POLICY.version


def _columns(reasons: _Reasons, given: Any) -> Columns:
    if not isinstance(given, Mapping):
        reasons.add("columns", "要写成一组列名", "must be a table of column names",
                    do_zh="见计划示例", do_en="see the example plan")  # fmt: skip
        return Columns()
    known = tuple(entry.name for entry in fields(Columns))
    reasons.unknown(given, known, "columns.")
    values: dict[str, Any] = {}
    for role in _ONE:
        values[role] = _one_name(reasons, role, given.get(role))
    for role in _MANY:
        values[role] = _many_names(reasons, role, given.get(role, ()))
    cut = given.get("cut")
    if cut is not None and (isinstance(cut, bool) or not isinstance(cut, int | float)):
        reasons.add("columns.cut", "要写一个数", "must be a number",
                    do_zh="例如 0.5", do_en="for instance 0.5")  # fmt: skip
        cut = None
    values["cut"] = None if cut is None else float(cut)
    favourable = given.get("favourable")
    if favourable is not None and not isinstance(favourable, str | int | float | bool):
        reasons.add("columns.favourable", "要写一个值", "must be one value",
                    do_zh="写对当事人有利的结果，例如 1", do_en="write the outcome that is good for the person, for instance 1")  # fmt: skip
        favourable = None
    classes = _classes(reasons, given.get("classes", ()), favourable)
    return Columns(**values, favourable=favourable, classes=classes)


def _classes(reasons: _Reasons, given: Any, favourable: Any) -> tuple[str, ...]:
    plain = isinstance(given, list | tuple) and all(isinstance(v, Scalar) for v in given)
    names = tuple(level_name(value) for value in given) if plain else ()
    if not plain or len(set(names)) != len(names) or len(names) == 1:
        reasons.add("columns.classes", "要写两个以上互不相同的类别", "must be two or more different classes",
                    do_zh='例如 ["approve", "review", "refuse"]', do_en='for instance ["approve", "review", "refuse"]')  # fmt: skip
        return ()
    if names and level_name(favourable) not in names:
        reasons.add("columns.favourable", "不在 classes 所列的类别之中", "is not one of the classes",
                    do_zh=f"从中选一个：{'、'.join(names)}", do_en=f"choose from: {', '.join(names)}")  # fmt: skip
        return ()
    return names


def _one_name(reasons: _Reasons, role: str, value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        reasons.add(f"columns.{role}", "要写一个列名", "must be one column name",
                    do_zh="用引号写列名", do_en="write the column's name in quotes")  # fmt: skip
        return None
    return value


def _many_names(reasons: _Reasons, role: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) and v for v in value):
        reasons.add(f"columns.{role}", "要写一列列名", "must be a list of column names",
                    do_zh='例如 ["race", "sex"]', do_en='for instance ["race", "sex"]')  # fmt: skip
        return ()
    for name in sorted({v for v in value if list(value).count(v) > 1}):
        reasons.add(f"columns.{role}", f"“{name}”写了两次", f"'{name}' is named twice",
                    do_zh="删去一个", do_en="remove one")  # fmt: skip
    return tuple(value)


def _reference(reasons: _Reasons, given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping):
        reasons.add("reference", "要写成“列 = 组”", "must map a column to a group",
                    do_zh='例如 race = "white"', do_en='for instance race = "white"')  # fmt: skip
        return {}
    return {str(name): level_name(value) for name, value in given.items()}


def _names(reasons: _Reasons, given: Any) -> dict[str, Named]:
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


def _defences(reasons: _Reasons, given: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(given, list | tuple) or not all(
        isinstance(entry, Mapping) and isinstance(entry.get("kind"), str) for entry in given
    ):
        reasons.add("defences", "每条理由要有 kind", "each defence needs a kind",
                    do_zh='例如 [[defences]] kind = "new_user_offer"',
                    do_en='for instance [[defences]] kind = "new_user_offer"')  # fmt: skip
        return ()
    return tuple(dict(entry) for entry in given)


def _probes(reasons: _Reasons, given: Any) -> tuple[ProbePlan, ...]:
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


def _check_together(reasons: _Reasons, plan: Plan) -> None:
    from evaluators import installed

    for name in sorted(set(plan.reference) - set(plan.columns.sensitive)):
        reasons.add(f"reference.{name}", "不在敏感特征之列", "is not a sensitive feature",
                    do_zh="加到 columns.sensitive，或删去", do_en="add it to columns.sensitive or remove it")  # fmt: skip
    for planned in plan.probes:
        try:
            probe = installed.probe_class(planned.id)
        except installed.ProbeMissing as missing:
            reasons.add(f"probes.{planned.id}", missing.said.zh, missing.said.en,
                        do_zh=f"已安装的有：{'、'.join(installed.names())}",
                        do_en=f"installed: {', '.join(installed.names())}")  # fmt: skip
            continue
        try:
            probe.spec.options.model_validate(dict(planned.options))
        except ValidationError as wrong:
            reasons.found += option_faults(planned.id, probe.spec.options, wrong)
        for role in probe.spec.roles:
            if plan.columns.role(role) in (None, ()):
                reasons.add(f"columns.{role}", f"检验 {planned.id} 需要这一列",
                            f"the probe {planned.id} needs it",
                            do_zh="在 [columns] 里写上", do_en="name it under [columns]")  # fmt: skip


def level_name(value: Any) -> str:
    """The name of a level: whole numbers without a point, booleans as true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
