"""Whether rows of the journal are those that were sealed: no database, no server, only hashes.

A journal is a list of entries: the rows of a batch, each `{"row": {…}}`, then the seal of that
batch, `{"seal": {…}}`; rows behind the last seal wait for theirs. In a file each entry is one line
of canonical JSON. At the end of an export each row is named in whose details on record a key stands
twice, `{"twice": seq}`: the row above it has the last value. `docs/decisions/0028-the-journal-is-sealed.md` has the format.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, BinaryIO

from registry import attestation, merkle
from registry.attestation import NotCanonical
from registry.errors import Invalid
from registry.language import Text

TWICE = Text(
    "{n} 行的内容里同一个键写了两次（第 {shown} 行），看不出以哪一个为准。本平台不会这样写：请与备份或以前的导出对照，查明是谁改了数据库。",
    "In {n} rows a key stands twice (row {shown}), so which value counts cannot be told. This "
    "platform writes no such row: compare with a backup or an earlier export, and find out who "
    "changed the database.",
)
SHOWN = 5
NOTHING_BEFORE = "0" * 64
"""What the first seal names as the hash of the seal before it."""
HEADER = ("number", "at", "before", "root", "rows", "first", "last")
"""What the hash of a seal is taken of; the leaves are bound by the root."""
SEAL = frozenset({*HEADER, "hash", "leaves"})
ROW = ("seq", "at", "name", "subject", "person_id", "organisation_id", "details")
LONGEST_LINE = 32 * 1024**2
MOST_MATCHED = 200
"""Changed rows of one batch among which it is looked for two that changed places."""
MOST_FAULTS = 1000
"""Faults that are kept; all are counted."""

Entry = Mapping[str, Any]


class NotAJournal(Invalid):
    """The file is no exported journal: export it again."""


class Kind(StrEnum):
    """What is wrong with a row or a seal."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    SEAL_CHANGED = "seal_changed"
    SEAL_UNREADABLE = "seal_unreadable"
    SEAL_REMOVED = "seal_removed"
    HEAD_MISSING = "head_missing"


SAID: dict[Kind, Text] = {
    Kind.CHANGED: Text("第 {n} 行在封存后被改动", "row {n} was changed after it was sealed"),
    Kind.REMOVED: Text("第 {n} 行在封存后被删除", "row {n} was removed after it was sealed"),
    Kind.INSERTED: Text(
        "第 {n} 行不在封存之内，是后来插入的", "row {n} was inserted: no seal holds it"
    ),
    Kind.REORDERED: Text("第 {n} 行被换了位置", "row {n} was moved from its place"),
    Kind.SEAL_CHANGED: Text(
        "第 {n} 次封存与自身的哈希或前一次封存不符",
        "seal {n} does not fit its hash or the seal before",
    ),
    Kind.SEAL_UNREADABLE: Text(
        "第 {n} 次封存里有读不出来的内容，它所含的行无从核对",
        "seal {n} holds what is no part of a seal, so its rows cannot be held against it",
    ),
    Kind.SEAL_REMOVED: Text("第 {n} 次封存不见了", "seal {n} is missing"),
    Kind.HEAD_MISSING: Text(
        "没有一次封存的哈希是您保存的那个：记录被截短或全部重写",
        "no seal has the hash that you kept: the journal was cut short or written anew",
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was sealed.

    Args:
        kind: what happened to it.
        number: of the row (its `seq`) or of the seal; 0 for the whole.
    """

    kind: Kind
    number: int

    @property
    def said(self) -> Text:
        """The fault as a sentence without a full stop."""
        return SAID[self.kind].format(n=self.number)


@dataclass(slots=True)
class Proof:
    """What was found.

    Args:
        seals: how many seals were read.
        sealed: rows that they hold.
        waiting: rows behind the last seal.
        head: the hash of the last seal; `NOTHING_BEFORE` where there is none.
        count: how many faults there are.
        faults: the first `MOST_FAULTS` of them.
        twice: rows in whose details on record a key stands twice, as the export tells.
    """

    seals: int = 0
    sealed: int = 0
    waiting: int = 0
    head: str = NOTHING_BEFORE
    count: int = 0
    faults: list[Fault] = field(default_factory=list)
    twice: list[int] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every row is as it was sealed, and reads in one way."""
        return not self.count and not self.twice

    def add(self, kind: Kind, number: int) -> None:
        """Count a fault, and keep it where there is room."""
        self.count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(kind, number))

    @property
    def said(self) -> Text:
        """How much was looked at and whether all of it holds, as sentences."""
        found = Text(
            "{sealed} 行分 {seals} 次封存，逐行相符；{waiting} 行等待封存。",
            "{sealed} rows in {seals} seals, each as it was sealed; {waiting} rows wait for theirs.",
        )
        if self.count:
            found = Text(
                "{sealed} 行分 {seals} 次封存，{count} 处与封存不符；{waiting} 行等待封存。",
                "{sealed} rows in {seals} seals; {count} things are not as they were sealed; "
                "{waiting} rows wait for theirs.",
            )
        said = found.format(
            sealed=self.sealed, seals=self.seals, waiting=self.waiting, count=self.count
        )
        if self.twice:
            twice = TWICE.format(n=len(self.twice), shown=numbers(self.twice))
            said = Text(said.zh + twice.zh, f"{said.en} {twice.en}")
        if not self.seals:
            return said
        head = Text("最近一次封存的哈希：{head}。", " Hash of the last seal: {head}.").format(
            head=self.head
        )
        return Text(said.zh + head.zh, said.en + head.en)

    def as_json(self) -> dict[str, Any]:
        """What was found, as a JSON object."""
        return {
            "ok": self.ok,
            "seals": self.seals,
            "sealed": self.sealed,
            "waiting": self.waiting,
            "head": self.head,
            "faults": self.count,
            "listed": [
                {"kind": str(each.kind), "number": each.number, "said": each.said.as_json()}
                for each in self.faults
            ],
            "twice": self.twice,
        }

    def shown(self, most: int) -> Text:
        """The first faults, joined."""
        first = [each.said for each in self.faults[:most]]
        return Text("；".join(each.zh for each in first), "; ".join(each.en for each in first))


def leaf_of(row: Entry) -> str:
    """The hash of one row, 64 hexadecimal digits."""
    return merkle.leaf(attestation.canonical(dict(row))).hex()


def root_of(leaves: Iterable[str]) -> str:
    """The root over the hashes of the rows, 64 hexadecimal digits."""
    return merkle.root([bytes.fromhex(each) for each in leaves]).hex()


def hash_of(seal: Entry) -> str:
    """The hash that the next seal names, 64 hexadecimal digits."""
    header = {name: seal[name] for name in HEADER}
    return hashlib.sha256(attestation.canonical(header)).hexdigest()


def check(entries: Iterable[Entry], *, kept: str = "") -> Proof:
    """Hold every row against the seal that follows it, and every seal against the one before.

    Args:
        entries: as the module's first lines say.
        kept: the hash of a seal that the reader kept from earlier; empty for none.
    """
    proof, rows, behind, met = Proof(), list[Entry](), 0, not kept
    gap = False  # whether the seal before is missing, or none
    for entry in entries:
        if "row" in entry:
            rows.append(entry["row"])
            continue
        if "twice" in entry:
            proof.twice.append(entry["twice"])
            continue
        seal, expected = entry["seal"], behind + 1
        number = seal["number"]
        for missing in range(expected, min(number, expected + MOST_FAULTS)):
            proof.add(Kind.SEAL_REMOVED, missing)
        gap = gap or number > expected
        behind = max(behind, number)
        proof.seals += 1
        met = met or seal["hash"] == kept
        if not _is_seal(entry):
            proof.add(Kind.SEAL_UNREADABLE, number)
            gap, rows = True, []
            continue
        if number < expected or not _is_sound(seal, before="" if gap else proof.head):
            proof.add(Kind.SEAL_CHANGED, number)
        if gap:  # what a missing seal held is told with it, once
            rows = [row for row in rows if row["seq"] >= seal["first"]]
        _check_rows(proof, seal, rows)
        gap, rows = False, []
        proof.sealed += seal["rows"]
        proof.head = seal["hash"]
    proof.waiting = len(rows)
    if not met:
        proof.add(Kind.HEAD_MISSING, 0)
    return proof


def reach(seal: Entry) -> int | None:
    """The last row that a seal was made of, as far as it can still be told; else None.

    Whoever wrote another number into it makes no row of another seal, or of none, its own.

    Args:
        seal: its parts, whatever they hold now.
    """
    try:
        if _counts(seal["last"]) and hash_of(seal) == seal["hash"]:
            return int(seal["last"])
    except NotCanonical:
        pass
    leaves = seal["leaves"]
    return int(leaves[-1][0]) if _are_leaves(leaves) and leaves else None


def _is_sound(seal: Entry, *, before: str) -> bool:
    """Whether a seal fits its own hash, its root and the seal before, if that is known."""
    numbers = [seq for seq, _ in seal["leaves"]]
    return (
        (not before or seal["before"] == before)
        and seal["hash"] == hash_of(seal)
        and seal["root"] == root_of(each for _, each in seal["leaves"])
        and bool(numbers)
        and (seal["rows"], seal["first"], seal["last"]) == (len(numbers), numbers[0], numbers[-1])
    )


def _check_rows(proof: Proof, seal: Entry, rows: list[Entry]) -> None:
    listed: dict[int, str] = dict(seal["leaves"])
    changed: dict[int, Entry] = {}
    seen: set[int] = set()
    highest = rows[0]["seq"] if rows else 0
    for row in rows:
        seq = row["seq"]
        if seq not in listed or seq in seen:
            proof.add(Kind.INSERTED, seq)
            continue
        if seq < highest:
            proof.add(Kind.REORDERED, seq)
        seen.add(seq)
        highest = max(highest, seq)
        if leaf_of(row) != listed[seq]:
            changed[seq] = row
    moved = _moved(changed, listed)
    for seq in changed:
        proof.add(Kind.REORDERED if seq in moved else Kind.CHANGED, seq)
    for seq in listed:
        if seq not in seen:
            proof.add(Kind.REMOVED, seq)


def _moved(changed: Mapping[int, Entry], listed: Mapping[int, str]) -> set[int]:
    """Of the rows that are not as sealed, those with the content that another one was sealed with."""
    if len(changed) > MOST_MATCHED:
        return set()
    places = {listed[seq] for seq in changed}
    return {
        seq
        for seq, row in changed.items()
        if any(leaf_of({**row, "seq": other}) in places for other in changed if other != seq)
    }


def read(file: BinaryIO) -> Iterator[Entry]:
    """The entries of an exported journal, read line by line.

    Args:
        file: open for reading bytes.

    Raises:
        NotAJournal: naming the line that is no entry.
    """
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        try:
            entry = attestation.parse(line.removesuffix(b"\n"))
        except NotCanonical as error:
            raise _no_entry(number) from error
        known = _is_row(entry) or _has_parts_of_a_seal(entry) or _is_twice(entry)
        if len(line) > LONGEST_LINE or not known:
            raise _no_entry(number)
        yield entry
    if not number:
        raise NotAJournal(
            "文件是空的，没有任何记录。请重新导出。",
            "The file is empty. Export the journal again.",
        )


def numbers(found: Sequence[int]) -> str:
    """The first of some numbers, and that there are more."""
    return ", ".join(map(str, found[:SHOWN])) + (" …" if len(found) > SHOWN else "")


def line_of(entry: Entry) -> bytes:
    """One line of an exported journal."""
    return attestation.canonical(dict(entry)) + b"\n"


def _no_entry(number: int) -> NotAJournal:
    return NotAJournal(
        f"第 {number} 个文本行不是日志的行或封存：文件被改动过，或不是导出的日志。请重新导出。",
        f"Line {number} of the file is neither a row nor a seal of a journal: the file was changed, "
        "or is no exported journal. Export it again.",
    )


def _is_row(entry: Any) -> bool:
    row = entry.get("row") if isinstance(entry, dict) and len(entry) == 1 else None
    return isinstance(row, dict) and set(row) == set(ROW) and type(row["seq"]) is int


def _is_twice(entry: Any) -> bool:
    return isinstance(entry, dict) and set(entry) == {"twice"} and type(entry["twice"]) is int


def _has_parts_of_a_seal(entry: Any) -> bool:
    """Whether it stands in the place of a seal, whatever its parts hold."""
    seal = entry.get("seal") if isinstance(entry, dict) and len(entry) == 1 else None
    return isinstance(seal, dict) and set(seal) == SEAL and type(seal["number"]) is int


def _is_seal(entry: Entry) -> bool:
    """Whether each part holds what it holds in a seal; what stands there may still be false."""
    seal = entry["seal"]
    return (
        all(_counts(seal[name]) for name in ("number", "rows", "first", "last"))
        and all(is_hash(seal[name]) for name in ("before", "root", "hash"))
        and isinstance(seal["at"], str)
        and _are_leaves(seal["leaves"])
    )


def _are_leaves(value: Any) -> bool:
    return isinstance(value, list) and all(_is_leaf(each) for each in value)


def _is_leaf(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and _counts(value[0]) and is_hash(value[1])


def _counts(value: Any) -> bool:
    return type(value) is int and value >= 0


def is_hash(value: Any) -> bool:
    """Whether it is 64 hexadecimal digits."""
    return isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef")
