"""The journal is sealed in batches; whatever happens to a row afterwards is named."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from registry import database, journal, journal_proof, sealing
from registry.database import transaction
from registry.journal import Event
from registry.journal_proof import Entry, Fault, Kind, NotAJournal, Proof
from registry.sealing import JournalSeal
from tests import tables

Register = sessionmaker[Session]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def register(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Register]:
    """A database that several connections use at once."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'journal.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    engine = database.connect(url)
    tables.make(engine)
    yield database.sessions(engine)
    engine.dispose()


@pytest.fixture
def at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealing as often as it is called."""
    monkeypatch.setattr(sealing, "AT_MOST_EVERY", timedelta(0))


def write(register: Register, count: int) -> None:
    with transaction(register) as session:
        for number in range(count):
            journal.record(session, "a:b:c", f"s{number}", note="一", weight=number / 3)


def faults(proof: Proof) -> set[tuple[str, int]]:
    return {(str(each.kind), each.number) for each in proof.faults}


def test_rows_are_sealed_once_a_minute_and_hold(register: Register) -> None:
    write(register, 5)
    assert sealing.check(register) == Proof(waiting=5)
    assert sealing.seal(register) == 5
    write(register, 2)
    assert sealing.seal(register) == 0  # within the minute
    with transaction(register) as session:
        head = session.scalars(select(JournalSeal.hash)).one()
        assert sealing.waiting_since(session) is not None
    assert sealing.check(register) == Proof(seals=1, sealed=5, waiting=2, head=head)


@pytest.mark.usefixtures("at_any_time")
def test_a_backlog_is_sealed_in_batches_that_follow_one_another(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BATCH", 3)
    monkeypatch.setattr(sealing, "BATCHES", 2)
    write(register, 8)
    assert [sealing.seal(register) for _ in range(3)] == [6, 2, 0]
    proof = sealing.check(register)
    assert (proof.seals, proof.sealed, proof.waiting, proof.count) == (3, 8, 0, 0)
    with register() as session:
        assert sealing.waiting_since(session) is None


CHANGES: dict[str, tuple[Any, set[tuple[str, int]]]] = {
    "changed": (update(Event).where(Event.seq == 3).values(person_id="p9"), {("changed", 3)}),
    "removed": (delete(Event).where(Event.seq == 3), {("removed", 3)}),
    "the first of all removed": (delete(Event).where(Event.seq == 1), {("removed", 1)}),
    "the last removed": (delete(Event).where(Event.seq == 8), {("removed", 8)}),
    "a seal changed": (
        update(JournalSeal).where(JournalSeal.number == 2).values(root="0" * 64),
        {("seal_changed", 2)},
    ),
    "a seal removed": (
        delete(JournalSeal).where(JournalSeal.number == 2),
        {("seal_removed", 2)},
    ),
}  # fmt: skip


@pytest.mark.usefixtures("at_any_time")
@pytest.mark.parametrize("name", CHANGES)
def test_what_happens_to_a_sealed_row_is_named(
    register: Register, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    change, expected = CHANGES[name]
    monkeypatch.setattr(sealing, "BATCH", 3)
    write(register, 8)
    sealing.seal(register)
    assert sealing.check(register).count == 0
    with transaction(register) as session:
        session.execute(change)
    assert faults(sealing.check(register)) == expected


@pytest.mark.usefixtures("at_any_time")
def test_two_rows_that_changed_places_and_one_slipped_in_are_named(register: Register) -> None:
    write(register, 4)
    with transaction(register) as session:
        session.execute(delete(Event).where(Event.seq == 2))  # a number that is not in use
    sealing.seal(register)
    with transaction(register) as session:
        for before, after in ((3, -3), (4, 3), (-3, 4)):
            session.execute(update(Event).where(Event.seq == before).values(seq=after))
        for seq in (2, 0):
            session.add(Event(seq=seq, name="a:b:c", subject="slipped in", details={}))
    assert faults(sealing.check(register)) == {
        ("reordered", 3), ("reordered", 4), ("inserted", 2), ("inserted", 0),
    }  # fmt: skip


@pytest.mark.usefixtures("at_any_time")
def test_a_row_that_commits_late_is_no_row_slipped_in(register: Register) -> None:
    """On PostgreSQL the lower number may commit last; SQLite keeps the second writer waiting."""
    if register.kw["bind"].dialect.name == "sqlite":
        pytest.skip("one writer at a time")
    with transaction(register) as early:
        journal.record(early, "a:b:c", "early")
        write(register, 1)
        assert sealing.seal(register) == 0
    assert sealing.seal(register) == 2
    assert sealing.check(register).count == 0


@pytest.mark.usefixtures("at_any_time")
def test_sealers_and_writers_at_once_make_one_chain(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BATCH", 4)
    start = Barrier(4)

    def repeat(act: Callable[[], object]) -> None:
        start.wait(30)
        for _ in range(12):
            act()

    acts = [lambda: sealing.seal(register)] * 2 + [lambda: write(register, 2)] * 2
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(repeat, acts))
    while sealing.seal(register):
        pass
    proof = sealing.check(register)
    assert (proof.sealed, proof.waiting, proof.faults) == (48, 0, [])


def test_of_two_sealers_at_once_one_seals(register: Register) -> None:
    write(register, 5)
    start = Barrier(2)

    def run(_: int) -> int:
        start.wait(30)
        return sealing.seal(register)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, range(2))) == [0, 5]


KILLED = """
import sys, time
from registry import database, sealing
register = database.sessions(database.connect(sys.argv[1]))
made = sealing._seal
def stop(session):
    made(session)
    print("sealed, not committed", flush=True)
    time.sleep(60)
sealing._seal = stop
sealing.seal(register)
"""


def test_a_sealer_killed_in_the_middle_leaves_nothing_half_done(register: Register) -> None:
    write(register, 5)
    url = register.kw["bind"].url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "sealed, not committed\n"
        os.kill(child.pid, signal.SIGKILL)
    with register() as session:
        assert session.scalar(select(func.count()).select_from(JournalSeal)) == 0
    write(register, 1)
    assert sealing.seal(register) == 6
    assert sealing.check(register).count == 0


def exported(register: Register) -> bytes:
    return b"".join(journal_proof.line_of(each) for each in sealing.entries(register))


def verified(data: bytes, *, kept: str = "") -> Proof:
    return journal_proof.check(journal_proof.read(io.BytesIO(data)), kept=kept)


@pytest.mark.usefixtures("at_any_time")
def test_the_export_proves_itself_and_a_kept_hash_shows_a_journal_written_anew(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BATCH", 3)
    write(register, 5)
    sealing.seal(register)
    whole = exported(register)
    head = verified(whole).head
    write(register, 1)
    assert verified(exported(register), kept=head) == Proof(2, 5, 1, head)
    cut = b"".join(whole.splitlines(keepends=True)[:4])
    assert verified(cut).count == 0  # cut at a seal: only who kept the last hash can tell
    assert faults(verified(cut, kept=head)) == {("head_missing", 0)}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}\n",
        b'{"row": {}}\n',
        b'{"seal":{"number":1}}\n',
        b"\xff\n",
        b"[1]\n",
        b"\n",
        b"nul",
    ],
)
def test_what_is_no_journal_is_refused(data: bytes) -> None:
    with pytest.raises(NotAJournal):
        verified(data)


def row(seq: int, subject: str = "s") -> dict[str, Any]:
    return {
        "seq": seq, "at": "2026-11-29T00:00:00.000000+00:00", "name": "a:b:c", "subject": subject,
        "person_id": None, "organisation_id": None, "details": {},
    }  # fmt: skip


def sealed(batches: list[list[int]]) -> list[Entry]:
    """A journal of rows with these numbers, one seal for each list."""
    made: list[Entry] = []
    before = journal_proof.NOTHING_BEFORE
    for number, batch in enumerate(batches, start=1):
        rows = [row(seq, f"s{seq}") for seq in batch]
        leaves = [[each["seq"], journal_proof.leaf_of(each)] for each in rows]
        seal: dict[str, Any] = {
            "number": number, "at": rows[0]["at"], "before": before, "rows": len(rows),
            "root": journal_proof.root_of(each for _, each in leaves),
            "first": batch[0], "last": batch[-1], "leaves": leaves,
        }  # fmt: skip
        before = seal["hash"] = journal_proof.hash_of(seal)
        made += [{"row": each} for each in rows] + [{"seal": seal}]
    return made


@st.composite
def journals(draw: st.DrawFn) -> list[Entry]:
    numbers = sorted(draw(st.sets(st.integers(1, 60), min_size=2, max_size=20)))
    cut = draw(st.integers(1, len(numbers) - 1))
    return sealed([numbers[:cut], numbers[cut:]])


@given(journals(), st.data())
def test_one_row_touched_is_the_row_that_is_named(whole: list[Entry], data: st.DataObject) -> None:
    assert journal_proof.check(whole).count == 0
    rows = [place for place, each in enumerate(whole) if "row" in each]
    place = data.draw(st.sampled_from(rows))
    seq = whole[place]["row"]["seq"]
    kind = data.draw(st.sampled_from([Kind.CHANGED, Kind.REMOVED, Kind.INSERTED]))
    touched = list(whole)
    if kind is Kind.CHANGED:
        touched[place] = {"row": row(seq, "somebody else's")}
    elif kind is Kind.REMOVED:
        del touched[place]
    else:
        seq = data.draw(st.integers(-5, 99))
        touched.insert(place, {"row": row(seq, f"s{seq}")})
    assert Fault(kind, seq) in journal_proof.check(touched).faults


@given(journals(), st.data())
def test_two_rows_of_a_batch_in_another_order_are_named(
    whole: list[Entry], data: st.DataObject
) -> None:
    places = [
        place
        for place in range(len(whole) - 1)
        if "row" in whole[place] and "row" in whole[place + 1]
    ]
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    one, other = whole[place], whole[place + 1]
    swapped = [*whole[:place], other, one, *whole[place + 2 :]]
    assert faults(journal_proof.check(swapped)) == {("reordered", one["row"]["seq"])}


@given(journals(), st.data())
def test_a_seal_touched_anywhere_is_named(whole: list[Entry], data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([n for n, each in enumerate(whole) if "seal" in each]))
    seal = dict(whole[place]["seal"])
    name = data.draw(st.sampled_from(["at", "before", "root", "rows", "first", "last", "hash"]))
    seal[name] = f"{seal[name][:-1]}x" if isinstance(seal[name], str) else seal[name] + 1
    touched = [*whole[:place], {"seal": seal}, *whole[place + 1 :]]
    named = faults(journal_proof.check(touched))
    assert {("seal_changed", seal["number"]), ("seal_unreadable", seal["number"])} & named


@given(st.binary(max_size=200))
def test_a_file_of_anything_is_read_or_refused(data: bytes) -> None:
    with suppress(NotAJournal):
        verified(data)


def test_a_missing_seal_is_told_once_and_not_for_each_of_its_rows() -> None:
    whole = sealed([[1, 2, 3], [4, 5], [6]])
    first = next(each for each in whole if "seal" in each)
    cut = [each for each in whole if each is not first]
    assert faults(journal_proof.check(cut)) == {("seal_removed", 1)}


BROKEN = {
    "a blob for a name": ("UPDATE event SET name = CAST(name AS BLOB) WHERE seq = 3", 3),
    "no JSON": ("UPDATE event SET details = '{\"a\":' WHERE seq = 2", 2),
    "no text": ("UPDATE event SET subject = CAST(x'ff00' AS TEXT) WHERE seq = 4", 4),
    "no moment": ("UPDATE event SET at = 'yesterday' WHERE seq = 5", 5),
    "a number that is none": ("UPDATE event SET details = '{\"a\": NaN}' WHERE seq = 1", 1),
    "bytes that are no JSON": ("UPDATE event SET details = x'ff' WHERE seq = 1", 1),
}


@pytest.mark.usefixtures("at_any_time")
@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("sealed", [True, False])
def test_a_row_that_cannot_be_read_is_named_and_every_other_is_exported(
    tmp_path: Path, name: str, sealed: bool
) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'journal.db'}")  # which keeps anything
    tables.make(engine)
    register = database.sessions(engine)
    write(register, 6)
    if sealed:
        sealing.seal(register)
    change, seq = BROKEN[name]
    with transaction(register) as session:
        session.execute(text(change))

    assert list(sealing.unreadable(register)) == [seq]
    assert list(sealing.ambiguous(register)) == []
    lines = b"".join(map(journal_proof.line_of, sealing.entries(register)))
    rows = [each["row"] for each in journal_proof.read(io.BytesIO(lines)) if "row" in each]
    assert [each["seq"] for each in rows] == [1, 2, 3, 4, 5, 6]
    assert [each["seq"] for each in rows if "unreadable" in str(each)] == [seq]
    for proof in (
        sealing.check(register),
        journal_proof.check(journal_proof.read(io.BytesIO(lines))),
    ):
        assert faults(proof) == ({("changed", seq)} if sealed else set())
    if not sealed:
        assert sealing.seal(register) == 6
        assert list(sealing.unreadable(register)) == [seq]
    engine.dispose()


PARTS = {
    "leaves": ("'null'", "'[1,2]'", "'[[\"a\",5]]'", "'garbage'", "x'ff00'", "'{}'", "'[[1]]'", "'[NaN]'"),
    "rows": ("'x'", "2.5", "x'ff'", "-1"),
    "first": ("'x'", "-1"),
    "last": ("'x'", "1000000000000", "x'ff'"),
    "at": ("'garbage'", "'2020-01-01 00:00:00.000000'", "x'ff00'", "5"),
    "before": ("'x'", "x'ff00'", "''"),
    "root": ("'x'", "x'ff00'", "5"),
    "hash": ("'x'", "x'ff00'", "5"),
}  # fmt: skip
CELLS = [(name, value) for name, values in PARTS.items() for value in values]


@pytest.mark.usefixtures("at_any_time")
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize(("part", "value"), CELLS)
def test_a_seal_of_which_a_part_is_overwritten_is_named_and_nothing_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, value: str, number: int
) -> None:
    """Issue 13: one cell ended the doctor in a traceback, so that nobody read of it."""
    monkeypatch.setattr(sealing, "BATCH", 3)
    engine = database.connect(f"sqlite:///{tmp_path / 'journal.db'}")  # which keeps anything
    tables.make(engine)
    register = database.sessions(engine)
    write(register, 9)
    sealing.seal(register)
    write(register, 1)
    with transaction(register) as session:
        session.execute(text(f"UPDATE journal_seal SET {part} = {value} WHERE number = {number}"))

    lines = b"".join(map(journal_proof.line_of, sealing.exported(register)))
    for proof in (sealing.check(register), verified(lines)):
        named = faults(proof)
        assert ("seal_unreadable", number) in named or ("seal_changed", number) in named
        # The hash of a seal stands in the next one, too; whichever was overwritten, they differ.
        rest = {("seal_changed", number + 1)} if part == "hash" else set()
        assert named - rest <= {("seal_unreadable", number), ("seal_changed", number)}
    entries = list(journal_proof.read(io.BytesIO(lines)))
    assert [each["row"]["seq"] for each in entries if "row" in each] == [*range(1, 11)]
    assert [each["seal"]["number"] for each in entries if "seal" in each] == [1, 2, 3]
    assert list(sealing.unreadable(register)) == []
    engine.dispose()


@pytest.mark.usefixtures("at_any_time")
@pytest.mark.parametrize("value", ["null", "[1,2]", '[["a",5]]', "{}", '"x"'])
def test_what_is_no_list_of_hashes_is_named_on_any_database(
    register: Register, value: str
) -> None:
    write(register, 3)
    sealing.seal(register)
    with transaction(register) as session:
        session.execute(text("UPDATE journal_seal SET leaves = :value"), {"value": value})
    assert faults(sealing.check(register)) == {("seal_unreadable", 1)}


@pytest.mark.usefixtures("at_any_time")
@pytest.mark.parametrize(
    ("change", "goes_on"),
    [("leaves = 'garbage'", True), ("at = 'garbage'", True), ("root = x'ff'", True),
     ("hash = x'ff'", False), ("leaves = 'null', last = 'x'", False)],
)  # fmt: skip
def test_sealing_goes_on_behind_a_damaged_seal_while_its_hash_and_its_end_are_known(
    tmp_path: Path, change: str, *, goes_on: bool
) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'journal.db'}")
    tables.make(engine)
    register = database.sessions(engine)
    write(register, 3)
    sealing.seal(register)
    write(register, 2)
    with transaction(register) as session:
        session.execute(text(f"UPDATE journal_seal SET {change}"))
    if goes_on:
        assert sealing.seal(register) == 2
        proof = sealing.check(register)
        assert faults(proof) == {("seal_unreadable", 1)}
        assert (proof.seals, proof.waiting) == (2, 0)
    else:
        with pytest.raises(sealing.SealUnreadable) as caught:
            sealing.seal(register)
        assert "第 1 次封存" in caught.value.said.zh
    engine.dispose()


def test_a_seal_with_a_number_that_none_has_is_named(register: Register) -> None:
    write(register, 3)
    sealing.seal(register)
    with transaction(register) as session:
        session.execute(
            text(
                "INSERT INTO journal_seal (number, at, before, root, rows, first, last, hash, leaves)"
                " SELECT -5, at, 'x', root, rows, first, last, 'y', leaves FROM journal_seal"
            )
        )
    assert faults(sealing.check(register)) == {("seal_unreadable", -5)}


@given(journals(), st.data())
def test_a_seal_of_anything_is_named_and_raises_nothing(
    whole: list[Entry], data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from([n for n, each in enumerate(whole) if "seal" in each]))
    seal = dict(whole[place]["seal"])
    scalars = st.none() | st.booleans() | st.integers(-9, 99) | st.text(max_size=3)
    anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
    name = data.draw(st.sampled_from([each for each in sorted(seal) if each != "number"]))
    value = data.draw(anything)
    if value == seal[name]:
        return
    touched = [*whole[:place], {"seal": {**seal, name: value}}, *whole[place + 1 :]]
    lines = b"".join(map(journal_proof.line_of, touched))
    proof = journal_proof.check(journal_proof.read(io.BytesIO(lines)))
    assert proof == journal_proof.check(touched)
    assert {("seal_unreadable", seal["number"]), ("seal_changed", seal["number"])} & faults(proof)
