"""What is compiled for one database is used for the next of its kind, and for no other."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.sql.elements import ClauseElement

from registry import database, organisations
from registry.organisations import Kind, Organisation
from tests import tables


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The dialect of each statement that is compiled from now on."""
    made = list[str]()
    compiler = ClauseElement._compiler

    def counting(self: ClauseElement, dialect: object, **given: object) -> object:
        made.append(str(getattr(dialect, "name", "")))
        return compiler(self, dialect, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(ClauseElement, "_compiler", counting)
    return made


def names(engine: Engine, name: str) -> list[str]:
    """Of every organisation in a database, once one called `name` is on record."""
    tables.make(engine)
    with database.transaction(database.sessions(engine)) as session:
        organisations.found(session, kind=Kind.ENTERPRISE, name_zh=name, name_en=f"{name} Ltd")
        return list(session.scalars(select(Organisation.name_zh)))


def test_a_second_database_compiles_nothing_anew_and_answers_for_itself(
    tmp_path: Path, compiled: list[str]
) -> None:
    engines = [database.connect(f"sqlite:///{tmp_path / name}") for name in ("1.db", "2.db")]
    assert names(engines[0], "甲公司") == ["甲公司"]
    compiled.clear()
    assert names(engines[1], "乙公司") == ["乙公司"]
    assert compiled == []
    for engine in engines:
        engine.dispose()


@pytest.mark.postgres
def test_a_database_of_another_kind_compiles_its_own(
    engine: Engine, postgres_url: str, compiled: list[str]
) -> None:
    other = database.connect(postgres_url)
    assert engine.dialect != other.dialect
    assert names(engine, "甲公司") == ["甲公司"]
    assert names(other, "乙公司") == ["乙公司"]
    assert set(compiled) <= {"sqlite", "postgresql"}
    other.dispose()
