"""Which column of the data plays which part, and which of its words say what."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluators.accumulating.levels import level_name
from evaluators.plan_reasons import Reasons
from registry import class_names, tables
from registry.class_names import Scalar
from registry.errors import Reason
from registry.language import Text
from registry.sandbox.child.classes import Classes

_ONE = ("target", "score", "prediction", "price", "item", "time", "user", "unit", "query", "rank",
        "weight")  # fmt: skip
_MANY = ("sensitive", "control", "cost", "profile", "inputs")
_SAID_WHERE_NEEDED = (
    "classes",
    "unfavourable",
    "missing",
    "prediction_favourable",
    "score_favourable",
)
SIDES = frozenset({"0", "1", "false", "true"})
"""What the favourable side of answers without names is called, as of a model's classes 0 and 1."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of the data plays which part.

    Args:
        target: the observed outcome, or a human decision (see `Plan.target_kind`).
        favourable: the value of target and prediction that is good for the person.
        prediction_favourable: that of prediction, where target says it with another word.
        score_favourable: that of a model's answers, or of the score, where target says it with
            another word: one of `classes`; without classes 1 or true where the score rises towards
            what is good for the person, 0 or false where it falls (a risk).
        sensitive, control: features by which groups are compared; conditions to hold fixed.
        score, prediction, cut: answers that come with the data; the cut turns a score into a
            decision (favourable at or above it; below it where `good_answer` is 0).
        inputs: the model's input columns; required when a model is scored.
        classes: the classes of a classifier of several, or of one that answers with names. With
            a cut the score is the favourable one's probability; without one the answer is the
            class that the model names or finds most probable.
        unfavourable: the words of target and prediction that are refusals, those of both in one
            list; any further word is left out, and said. Empty: the one other word is.
        missing: column → the words that count as missing in it, in place of
            `registry.tables.EMPTY`; blank always does.
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
    unfavourable: tuple[str, ...] = ()
    prediction_favourable: Scalar | None = None
    score_favourable: Scalar | None = None
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The columns as they stand in a plan, defaults filled in."""
        content: dict[str, Any] = {}
        for entry in fields(Columns):
            value = getattr(self, entry.name)
            content[entry.name] = list(value) if isinstance(value, tuple) else value
        content["missing"] = {name: list(self.missing[name]) for name in sorted(self.missing)}
        for name in _SAID_WHERE_NEEDED:  # plans that say nothing of it keep the digest they had
            if content[name] in (None, [], {}):
                del content[name]
        return content

    def good(self, column: str | None) -> Scalar | None:
        """The value that is good for the person in the column of decisions or of outcomes."""
        own = self.prediction_favourable
        return own if own is not None and column == self.prediction else self.favourable

    @property
    def good_answer(self) -> Scalar | None:
        """The class, or the side of the score, that is good for the person."""
        return self.favourable if self.score_favourable is None else self.score_favourable

    def missing_words(self, column: str) -> tuple[str, ...]:
        """The words that count as missing in a column, in small letters, without blanks around."""
        words = self.missing.get(column, tables.EMPTY)
        return ("", *(word.strip().lower() for word in words))

    def is_missing(self, column: str, level: str) -> bool:
        """Whether a word counts as missing in a column."""
        return level.strip().lower() in self.missing_words(column)

    def named(self) -> frozenset[str]:
        """Every column the plan names."""
        one = {getattr(self, role) for role in _ONE} - {None}
        return frozenset(one.union(*(getattr(self, role) for role in _MANY)))

    def favours(self, score: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Whether scores are at or above the cut; below it where a score falls."""
        if self.classes:
            return score >= (0.5 if self.cut is None else self.cut)
        high: npt.NDArray[np.bool_] = score >= (np.nan if self.cut is None else self.cut)
        return ~high if self.falls else high

    @property
    def falls(self) -> bool:
        """Whether a lower score is better for the person, as a risk is."""
        return not self.classes and level_name(self.good_answer) in {"0", "false"}

    @property
    def sided(self) -> bool:
        """Whether the plan says which side of an answer is good for the person."""
        return self.good_answer is not None

    @property
    def decides(self) -> bool:
        """Whether a model's answers can be told favourable or not."""
        return self.cut is not None or bool(self.classes)

    @property
    def reading(self) -> Classes | None:
        """How the answers of a classifier with names become numbers; None where there are none."""
        wanted = None if self.cut is None else level_name(self.good_answer)
        return Classes(self.classes, wanted) if self.classes else None

    @property
    def names_class(self) -> bool:
        """Whether a model's raw answer is the place of a class in `classes`."""
        return bool(self.classes) and self.cut is None

    def as_score(self, answers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """A model's raw answers as scores: 1 for the favourable class, where it names classes."""
        if not self.names_class:
            return answers
        wanted = self.classes.index(level_name(self.good_answer))
        return np.where(np.isnan(answers), np.nan, (answers == wanted).astype(np.float64))

    def listed(self, role: str) -> tuple[str, ...]:
        """The columns that the plan names for a role; none where it says nothing."""
        value = getattr(self, role)
        return value if isinstance(value, tuple) else (value,) if value else ()

    def role(self, role: str) -> Any:
        """What the plan says for a role; empty or None when it says nothing."""
        return getattr(self, role)


def read(reasons: Reasons, given: Any) -> Columns:
    """The columns of a plan as written; what is wrong goes to `reasons`."""
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
    favourable = _value(reasons, "favourable", given)
    decided = _value(reasons, "prediction_favourable", given)
    if decided is not None and None in (values["prediction"], values["target"], favourable):
        reasons.add("columns.prediction_favourable", "只在 target 和 prediction 用词不同时才写",
                    "is for plans whose target and prediction use different words",
                    do_zh="写上 target、favourable 和 prediction；只有一列时，只写 favourable",
                    do_en="name target, favourable and prediction; with one such column write favourable alone")  # fmt: skip
    side = _value(reasons, "score_favourable", given)
    classes = _classes(reasons, given.get("classes", ()), favourable, side)
    if side is not None:
        _check_side(reasons, side, classes)
    refusals = _refusals(reasons, given.get("unfavourable", ()), (favourable, decided))
    missing = _missing(reasons, given.get("missing", {}))
    return Columns(
        **values, favourable=favourable, classes=classes, unfavourable=refusals, missing=missing,
        prediction_favourable=decided, score_favourable=side,
    )  # fmt: skip


def _value(reasons: Reasons, name: str, given: Mapping[str, Any]) -> Scalar | None:
    """A value that is good for the person, as the plan writes it."""
    value = given.get(name)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    reasons.add(f"columns.{name}", "要写一个值", "must be one value",
                do_zh="写对当事人有利的结果，例如 1", do_en="write the outcome that is good for the person, for instance 1")  # fmt: skip
    return None


def _refusals(reasons: Reasons, given: Any, good: tuple[Any, ...]) -> tuple[str, ...]:
    plain = isinstance(given, list | tuple) and all(isinstance(v, Scalar) for v in given)
    names = tuple(level_name(value) for value in given) if plain else ()
    if not plain or len(set(names)) != len(names):
        reasons.add("columns.unfavourable", "要写一列互不相同的值", "must be a list of different values",
                    do_zh='例如 ["拒绝"]', do_en='for instance ["denied"]')  # fmt: skip
        return ()
    for name in sorted({level_name(value) for value in good if value is not None} & {*names}):
        reasons.add("columns.unfavourable", f"“{name}”是有利的结果", f"'{name}' is the favourable one",
                    do_zh="从 unfavourable 里去掉", do_en="take it out of unfavourable")  # fmt: skip
    return names


def _missing(reasons: Reasons, given: Any) -> dict[str, tuple[str, ...]]:
    lists = isinstance(given, Mapping) and all(
        isinstance(words, list | tuple) and all(isinstance(word, str) for word in words)
        for words in given.values()
    )
    if not lists:
        reasons.add("columns.missing", "要写成“列 = 算作缺失的词”", "must map a column to the words that are missing values",
                    do_zh='例如 missing = { country = ["N/A", "不详"] }', do_en='for instance missing = { country = ["N/A", "unknown"] }')  # fmt: skip
        return {}
    return {str(name): tuple(words) for name, words in given.items()}


def check_answers(reasons: Reasons, columns: Columns) -> None:
    """See that a plan tests a score or recorded decisions, not both: the cut would hide the latter.

    Args:
        reasons: what is wrong goes here.
        columns: the roles.
    """
    score, decision = columns.score, columns.prediction
    if score is None or decision is None or not columns.decides:
        return
    cut = "score" if columns.classes else "cut"  # with classes a score has a cut of one half
    both = "prediction"
    if columns.prediction_favourable is not None:
        both = "prediction, prediction_favourable"
    reasons.add(
        "columns.cut",
        f"score（“{score}”）有了分数线，prediction（“{decision}”）就不会被读取；一份计划只检验其中一个",
        f"with a cut the score '{score}' is tested and the prediction '{decision}' is never read; "
        "a plan tests one of the two",
        do_zh=f"检验“{decision}”里记录的决定：删去 {cut}；检验按分数线得出的结果：删去 {both}",
        do_en=f"to test the decisions recorded in '{decision}' remove {cut}; "
        f"to test what the cut makes of the score remove {both}",
    )


def check_words(reasons: Reasons, columns: Columns, reference: Mapping[str, str]) -> None:
    """See that no word which the plan uses as a level counts as missing.

    Args:
        reasons: what is wrong goes here.
        columns: the roles.
        reference: sensitive feature → its declared reference group.
    """
    decided = [n for n in (columns.prediction, columns.target) if n is not None]
    used = [
        *((f"reference.{name}", name, level) for name, level in reference.items()),
        *(("columns.favourable", n, v) for n in decided if isinstance(v := columns.good(n), str)),
        *(("columns.unfavourable", name, w) for name in decided for w in columns.unfavourable),
    ]
    for item, name, word in used:
        if columns.is_missing(name, word):
            reasons.add(item, f"“{word}”在“{name}”这一列算作缺失", f"'{word}' counts as missing in '{name}'",
                        do_zh=f'它是一个真实的值时，写 missing.{name} = ["N/A"]，列出这一列真正表示缺失的词（可以是空的一列 []）',
                        do_en=f'where it is a real value, write missing.{name} = ["N/A"]: the words that do mean missing in this column ([] for none)')  # fmt: skip


def _classes(reasons: Reasons, given: Any, favourable: Any, side: Any) -> tuple[str, ...]:
    names, wrong = class_names.checked(given, favourable if side is None else side)
    for why in wrong:
        item, remedy = why.item, why.remedy
        if item == "favourable" and side is not None:
            item = "score_favourable"
        elif item == "favourable":
            remedy = Text(
                f"{remedy.zh}；target 用的是别的词时，favourable 照 target 写，另写 score_favourable = 其中与它同义的一类",
                f"{remedy.en}; where target uses other words, write favourable as target has it, and "
                "as score_favourable the class that means the same",
            )
        reasons.found.append(Reason(f"columns.{item}", why.said, remedy))
    return names


def _check_side(reasons: Reasons, side: Scalar, classes: tuple[str, ...]) -> None:
    """See that the favourable side of a score is one of two, or a class of the model."""
    if not classes and level_name(side) not in SIDES:
        reasons.add("columns.score_favourable", "没有写 classes 时，只能是 0 或 1",
                    "is 0 or 1 where there are no classes",
                    do_zh="分数越高对本人越有利（或模型的类别 1 有利）写 1，否则写 0；模型的类别另有名称时，写上 classes",
                    do_en="write 1 where a higher score is better for the person (or class 1 of the model is "
                    "the favourable one), else 0; where the model's classes have names, list them as classes")  # fmt: skip


def _one_name(reasons: Reasons, role: str, value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        reasons.add(f"columns.{role}", "要写一个列名", "must be one column name",
                    do_zh="用引号写列名", do_en="write the column's name in quotes")  # fmt: skip
        return None
    return value


def _many_names(reasons: Reasons, role: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) and v for v in value):
        reasons.add(f"columns.{role}", "要写一列列名", "must be a list of column names",
                    do_zh='例如 ["race", "sex"]', do_en='for instance ["race", "sex"]')  # fmt: skip
        return ()
    for name in sorted({v for v in value if list(value).count(v) > 1}):
        reasons.add(f"columns.{role}", f"“{name}”写了两次", f"'{name}' is named twice",
                    do_zh="删去一个", do_en="remove one")  # fmt: skip
    return tuple(value)
