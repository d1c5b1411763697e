"""The re-identification check of a data set: who could be singled out, judged against a set k.

The one who registers the data names the columns by which somebody could know a person there (the
quasi-identifiers). Where none is named, the sensitive columns are taken. Too small a class refuses
the data, or is acknowledged in writing; the acknowledgement is kept and journalled with who and
when. Figures stay with the owner: a report says only which columns were checked, against which k,
and how it ended.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import anonymity, identifiers, journal, lengths
from registry.anonymity import Exposure
from registry.database import Identified, Record
from registry.errors import Conflict, Invalid, Reason
from registry.identifiers import Direct
from registry.language import Text
from registry.lengths import Limit
from registry.organisations import Actor

K = 5
K_SOURCE = Text(
    "本平台设定，运营方可以改大；模型见 GB/T 42460—2023 附录 D",
    "ours, the operator may raise it; the model is that of GB/T 42460—2023, annex D",
)
SHORTEST_REASON = 8
LONGEST_REASON = 1000
REASON = Limit("reason", Text("理由", "reason"), LONGEST_REASON)


class State(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    ACKNOWLEDGED = "acknowledged"


STATE_NAMES: Mapping[str, Text] = {
    State.PASSED: Text("每一组都不少于 k", "every class has at least k"),
    State.ACKNOWLEDGED: Text("未达到，已书面说明理由", "fell short; acknowledged in writing"),
    "none": Text("还没有检查", "not checked yet"),
}


class ReidentificationCheck(Identified, Record):
    """One check of one data set; the newest counts, the earlier ones stay on record.

    `named` tells whether the columns were named or, where nobody did, taken from the roles;
    `exposure` is `Exposure.as_json`, None where no column was named; `direct` lists the columns
    whose values name people outright; `reason` is the written acknowledgement.
    """

    __tablename__ = "reidentification_check"

    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"), index=True)
    quasi_identifiers: Mapped[list[Any]]
    named: Mapped[bool]
    k: Mapped[int]
    exposure: Mapped[dict[str, Any] | None]
    direct: Mapped[list[Any]]
    state: Mapped[State] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON), default="")
    made_by: Mapped[str] = mapped_column(ForeignKey("person.id"))


class Reidentifiable(Invalid):
    """People could be singled out by the named columns: make them coarser, or say why not."""


class QuasiIdentifiersUnknown(Invalid):
    """What is named is no column that can be checked: name columns of the file."""


class NotChecked(Conflict):
    """The data set has no re-identification check yet: make it before a plan is registered."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the one who registers says about recognising people.

    Args:
        quasi_identifiers: the columns by which somebody could know a person; None says nothing,
            which takes the sensitive columns; empty says that there is none, which needs a reason.
        reason: why the data are used although classes are smaller than k.
        k: the size that a class should have at least.
    """

    quasi_identifiers: tuple[str, ...] | None = None
    reason: str = ""
    k: int = K


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at the rows showed; nothing is on record yet.

    Args:
        wish: what was asked.
        columns: the columns that were looked at.
        exposure: None where no column was named.
        direct: columns whose values name people outright.
    """

    wish: Wish
    columns: tuple[str, ...]
    exposure: Exposure | None
    direct: tuple[Direct, ...] = ()

    @property
    def named(self) -> bool:
        """Whether somebody named the columns."""
        return self.wish.quasi_identifiers is not None

    @property
    def enough(self) -> bool:
        """Whether nothing need be acknowledged."""
        return self.exposure is not None and self.exposure.enough and not self.direct

    @property
    def state(self) -> State | None:
        """How the check ends; None while it is refused."""
        if self.enough:
            return State.PASSED
        explained = len(self.wish.reason.strip()) >= SHORTEST_REASON
        return State.ACKNOWLEDGED if explained else None


def look(
    batches: Iterable[pa.RecordBatch], columns: Sequence[Mapping[str, Any]], wish: Wish
) -> Looked:
    """Look at the rows as the wish says, once; records nothing and refuses no result.

    Args:
        batches: the rows.
        columns: {name, type, role, …} of every column.
        wish: what to look at.

    Raises:
        QuasiIdentifiersUnknown: with every name that cannot be checked.
    """
    names = quasi_identifiers(columns, wish)
    if reasons := [*_faults(names, columns)]:
        raise QuasiIdentifiersUnknown(
            "有些列不能作为准标识符。请逐项改正。",
            "Some columns cannot be quasi-identifiers. Correct every item listed.",
            reasons=reasons,
        )
    search, exposure = identifiers.Search(columns), None
    persons = [str(column["name"]) for column in columns if column["role"] == "user"]
    if names:
        person = next(iter(persons), None)
        exposure = anonymity.measure(search.over(batches), names, k=wish.k, person=person)
    elif search.names:
        deque(search.over(batches), maxlen=0)
    return Looked(wish, names, exposure, search.found())


def quasi_identifiers(columns: Sequence[Mapping[str, Any]], wish: Wish) -> tuple[str, ...]:
    """The columns that a wish means: those named, otherwise the sensitive ones."""
    if wish.quasi_identifiers is not None:
        return tuple(dict.fromkeys(wish.quasi_identifiers))
    return tuple(str(each["name"]) for each in columns if each["role"] == "sensitive")


def admit(looked: Looked) -> None:
    """Raise `Reidentifiable` unless the result is as asked or acknowledged in writing."""
    if looked.state is not None:
        return
    raise Reidentifiable(
        "重标识检查发现有的组不足 k，或者有的列直接认出人。请把这些列变粗（如年龄分段、地址只到市），或写明为什么仍要使用"
        f"（至少 {SHORTEST_REASON} 个字）。",
        "The re-identification check fell short. Make the columns coarser (age in bands, the city "
        f"for the address), or say in writing why the data are used (at least {SHORTEST_REASON} "
        "characters).",
        reasons=[*_shortfalls(looked)],
    )


def record(
    session: Session, dataset_id: str, looked: Looked, *, by: Actor
) -> ReidentificationCheck:
    """Put a result on record, and in the journal with who and when.

    Args:
        session: the caller's transaction.
        dataset_id: whose rows were looked at.
        looked: the result.
        by: who made the check and, where it fell short, answers for the reason.

    Raises:
        Reidentifiable: when it fell short and no reason is written.
    """
    admit(looked)
    lengths.check([(REASON, looked.wish.reason)])
    state = looked.state or State.PASSED
    reason = "" if state is State.PASSED else looked.wish.reason.strip()
    made = ReidentificationCheck(
        dataset_id=dataset_id,
        quasi_identifiers=list(looked.columns),
        named=looked.named,
        k=looked.wish.k,
        exposure=looked.exposure.as_json() if looked.exposure else None,
        direct=[asdict(each) for each in looked.direct],
        state=state,
        reason=reason,
        made_by=by.person_id,
    )
    session.add(made)
    session.flush()
    journal.record(
        session,
        f"dataset:reidentification:{state}",
        dataset_id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        check=made.id,
        quasi_identifiers=list(looked.columns),
        k=looked.wish.k,
        **({"reason": reason} if reason else {}),
    )
    return made


def latest(session: Session, dataset_id: str) -> ReidentificationCheck | None:
    """The check that counts; None where there is none."""
    return next(iter(history(session, dataset_id, limit=1)), None)


def history(
    session: Session, dataset_id: str, *, limit: int = 50, before: str | None = None
) -> Sequence[ReidentificationCheck]:
    """Every check of a data set, newest first, one page at a time.

    Args:
        session: any session.
        dataset_id: of which data set.
        limit: how many.
        before: the identifier at the end of the page before.
    """
    query = select(ReidentificationCheck).where(ReidentificationCheck.dataset_id == dataset_id)
    if before is not None:
        query = query.where(ReidentificationCheck.id < before)
    return session.scalars(query.order_by(ReidentificationCheck.id.desc()).limit(limit)).all()


def latest_of(session: Session, dataset_ids: Sequence[str]) -> Mapping[str, ReidentificationCheck]:
    """The check that counts for each of several data sets; those without one are left out."""
    rows = session.scalars(
        select(ReidentificationCheck)
        .where(ReidentificationCheck.dataset_id.in_(dataset_ids))
        .order_by(ReidentificationCheck.id)
    )
    return {row.dataset_id: row for row in rows}


def unchecked(session: Session, dataset_ids: Sequence[str]) -> frozenset[str]:
    """Those of several data sets that have no check yet."""
    return frozenset(dataset_ids) - set(latest_of(session, dataset_ids))


def require(session: Session, dataset_id: str) -> ReidentificationCheck:
    """The check that counts.

    Raises:
        NotChecked: when there is none.
    """
    found = latest(session, dataset_id)
    if found is None:
        raise NotChecked(
            "这份数据还没有做完重标识检查。请在数据页面（或用 mingsuan data check 数据编号 --quasi 列名 --record）"
            "指出准标识符并完成检查，再登记计划。",
            "This data set has no re-identification check yet. Name the quasi-identifiers on its page "
            "(or with mingsuan data check ID --quasi COLUMN --record) and finish the check, then "
            "register the plan.",
        )
    return found


def stated(session: Session, dataset_id: str) -> dict[str, Any] | None:
    """What a report says of the check: columns, k and how it ended, never a figure."""
    found = latest(session, dataset_id)
    if found is None:
        return None
    return {
        "state": str(found.state),
        "k": found.k,
        "quasi_identifiers": found.quasi_identifiers,
        "reason": found.reason,
        "made": found.created.isoformat(),
    }


def _faults(names: Sequence[str], columns: Sequence[Mapping[str, Any]]) -> Iterable[Reason]:
    roles = {str(column["name"]): str(column["role"]) for column in columns}
    remedy = Text("请从这份数据的列里选。", "Choose among the columns of the data.")
    for name in names:
        if name not in roles:
            said = Text(
                f"文件里没有这一列。文件里有：{'、'.join(roles)}。",
                f"The file has no such column. It has: {', '.join(roles)}.",
            )
            yield Reason(name, said, remedy)
        elif roles[name] == "user":
            said = Text(
                "这一列就是人的编号，检查按它数人，不能同时是准标识符。",
                "This column is the number of the person; persons are counted by it.",
            )
            yield Reason(name, said, remedy)


def _shortfalls(looked: Looked) -> Iterable[Reason]:
    for each in looked.direct:
        form = identifiers.NAMES[each.form]
        yield Reason(
            each.column,
            Text(
                f"这一列有 {each.values:,} 个值像{form.zh}，能直接认出人。",
                f"{each.values:,} values of this column look like {form.en}: they name people.",
            ),
            Text("请删去或替换这一列，或写明理由。", "Remove or replace the column, or say why."),
        )
    found, remedy = looked.exposure, Text("变粗，或写明理由。", "Make it coarser, or say why.")
    if found is None:
        said = Text(
            "没有指出任何准标识符。数据里没有能认出人的列时，也要写明理由。",
            "No quasi-identifier is named. Where no column tells of a person, say so in writing.",
        )
        yield Reason("quasi_identifiers", said, remedy)
        return
    if found.enough:
        return
    unit = Text("人", "persons") if found.unit == anonymity.PERSON else Text("行", "rows")
    yield Reason(
        "k",
        Text(
            f"最小的一组只有 {found.smallest:,} {unit.zh}，设定的 k 是 {found.k}（{K_SOURCE.zh}）。",
            f"The smallest class has {found.smallest:,} {unit.en}; the set k is {found.k} "
            f"({K_SOURCE.en}).",
        ),
        remedy,
    )
    yield Reason(
        "、".join(found.columns),
        Text(
            f"不足 k 的组有 {found.small_classes:,} 个，共 {found.small_members:,} {unit.zh}；"
            f"独一无二的有 {found.unique:,} {unit.zh}（{found.unique / found.members:.1%}）。",
            f"{found.small_classes:,} classes under k hold {found.small_members:,} {unit.en}; "
            f"{found.unique:,} are unique ({found.unique / found.members:.1%}).",
        ),
        remedy,
    )
