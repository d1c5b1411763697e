"""A small question is answered without a session, and whatever went wrong with one harms no other."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    column,
    func,
    insert,
    select,
    text,
)

from registry import database
from registry.errors import Unavailable
from registry.reader import Reader, Rows

COUNTED = Table(  # of this test's own, and none of the record's
    "counted", MetaData(), Column("name", String(40), primary_key=True), Column("number", Integer)
)
ALL = select(COUNTED.c.name, COUNTED.c.number).order_by(COUNTED.c.number)
NAMED = select(COUNTED.c.number, COUNTED.c.name).where(
    COUNTED.c.name == bindparam("name"),
    COUNTED.c.number > bindparam("least"),
    COUNTED.c.number != 7,
)
KEPT = [("a", 1), ("名称 '\"\\ 100%", 2), ("", 3)]
GONE: Select[Any] = select(column("nothing")).select_from(text("nowhere"))


@pytest.fixture(params=["sqlite", "postgresql"])
def record(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A record of each kind with the rows of `KEPT`."""
    name = "engine" if request.param == "sqlite" else "postgres_url"
    given = request.getfixturevalue(name)
    engine = given if isinstance(given, Engine) else database.connect(given)
    COUNTED.create(engine)
    with database.writers(engine).begin() as connection:
        rows = [{"name": name, "number": number} for name, number in KEPT]
        connection.execute(insert(COUNTED), rows)
    yield engine
    engine.dispose()


def test_what_is_told_is_what_the_record_holds(record: Engine) -> None:
    reader = Reader(record)

    async def asked() -> tuple[Rows, list[Rows]]:
        named = [await reader.ask(NAMED, name=name, least=0) for name, _ in KEPT]
        return await reader.ask(ALL), [*named, await reader.ask(NAMED, name="a", least=1)]

    every, named = asyncio.run(asked())
    assert every == KEPT
    assert named == [*([(number, name)] for name, number in KEPT), []]


def test_a_question_sees_all_that_was_committed_before_it(record: Engine) -> None:
    reader = Reader(record)

    async def asked() -> list[Rows]:
        before = await reader.ask(ALL)
        with database.writers(record).begin() as connection:
            connection.execute(insert(COUNTED), {"name": "later", "number": 9})
        return [before, await reader.ask(ALL)]

    before, after = asyncio.run(asked())
    assert after == [*before, ("later", 9)]


def test_many_who_ask_at_once_are_each_told_their_own(record: Engine) -> None:
    reader = Reader(record)

    async def asked() -> list[Rows]:
        every = [reader.ask(NAMED, name=name, least=0) for name, _ in KEPT * 20]
        return await asyncio.gather(*every)

    assert asyncio.run(asked()) == [[(number, name)] for name, number in KEPT * 20]


def test_a_question_that_cannot_be_answered_harms_none_that_comes_after(record: Engine) -> None:
    reader = Reader(record)

    async def asked() -> Rows:
        await reader.ask(ALL)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await reader.ask(GONE)
        return await reader.ask(ALL)

    assert asyncio.run(asked()) == KEPT


def test_each_loop_has_a_connection_and_a_closed_engine_is_opened_again(record: Engine) -> None:
    reader = Reader(record)

    async def asked() -> Rows:
        return await reader.ask(ALL)

    assert [asyncio.run(asked()) for _ in range(3)] == [KEPT] * 3
    record.dispose()
    assert asyncio.run(asked()) == KEPT


def test_a_connection_that_the_server_ended_is_made_again(postgres_url: str) -> None:
    engine = database.connect(postgres_url)
    reader, me = Reader(engine), select(func.pg_backend_pid())

    async def asked() -> tuple[Rows, Rows]:
        ((before,),) = await reader.ask(me)
        with engine.connect() as connection:
            ended = connection.execute(select(func.pg_terminate_backend(before, 5_000))).scalar()
        assert ended
        return [(before,)], await reader.ask(me)

    before, after = asyncio.run(asked())
    assert before != after
    engine.dispose()


def test_a_question_that_was_given_up_leaves_nothing_for_the_next(postgres_url: str) -> None:
    """Its answer, which comes later, would be taken for that of another question."""
    engine = database.connect(postgres_url)
    reader, slow = Reader(engine), select(func.pg_sleep(0.5), text("'slow'"))

    async def asked() -> Rows:
        await reader.ask(select(text("'first'")))
        waiting = asyncio.ensure_future(reader.ask(slow))
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0.5)
        return await reader.ask(select(text("'next'")))

    assert asyncio.run(asked()) == [("next",)]
    engine.dispose()


def test_a_large_answer_that_comes_in_parts_is_whole(postgres_url: str) -> None:
    engine = database.connect(postgres_url)
    reader = Reader(engine)
    many = select(text("repeat('x', 1000) FROM generate_series(1, 3000)"))

    async def asked() -> Rows:
        return await reader.ask(many)

    assert asyncio.run(asked()) == [("x" * 1_000,)] * 3_000
    engine.dispose()
