"""A copied database is what making every table gives, and nobody else's."""

from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import Engine, select

from portal.app import create_app
from registry import database, organisations
from registry.database import Record
from registry.organisations import Organisation, Person, Role
from registry.settings import Settings
from tests import tables
from tests.portal.world import World

STATEMENTS = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"


def opened(place: Path) -> Engine:
    return database.connect(f"sqlite:///{place}")


def test_a_copied_database_has_the_tables_and_the_ways_of_a_made_one(tmp_path: Path) -> None:
    made, copied = opened(tmp_path / "made.db"), opened(tmp_path / "copied.db")
    Record.metadata.create_all(made)
    tables.make(copied)
    told = []
    for engine in (made, copied):
        with engine.connect() as connection:
            run = connection.exec_driver_sql
            modes = [
                run(f"PRAGMA {each}").scalar()
                for each in (
                    "journal_mode",
                    "foreign_keys",
                    "synchronous",
                    "encoding",
                    "page_size",
                )
            ]
            told.append((list(map(tuple, run(STATEMENTS))), modes))
        engine.dispose()
    assert told[0] == told[1]
    assert len(told[0][0]) > len(Record.metadata.tables) > 30


def test_a_database_that_holds_something_is_left_as_it_is(tmp_path: Path) -> None:
    engine = opened(tmp_path / "held.db")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE ours (one)")
        connection.exec_driver_sql("INSERT INTO ours VALUES (1)")
        connection.commit()
    tables.make(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT one FROM ours").scalar() == 1
        assert connection.exec_driver_sql("SELECT count(*) FROM organisation").scalar() == 0
    engine.dispose()


def settled(place: Path) -> FastAPI:
    site = create_app(Settings(data=place, sandbox_tier="none"))
    tables.make(site.state.engine)
    return site


def test_two_worlds_are_alike_and_apart(tmp_path: Path) -> None:
    worlds = [World(settled(tmp_path / name)) for name in ("first", "second")]
    tokens = [world.member("enterprise-own", Role.FILER).token for world in worlds]
    assert tokens[0] == tokens[1]
    told: list[list[str]] = []
    for world in worlds:
        with world.site.state.factory() as session:
            told.append(sorted(session.scalars(select(Organisation.id))))
            assert session.scalar(select(Person.id).limit(1))
    assert told[0] == told[1]
    first, second = (world.site.state.factory for world in worlds)
    member = worlds[0].member("enterprise-own", Role.FILER)
    with database.transaction(first) as session:
        session.get_one(Person, member.person.id).name = "Renamed"
    with second() as session:
        assert session.get_one(Person, member.person.id).name == member.person.name != "Renamed"
        acting = organisations.acting(session, member.person.id, member.organisation.id)
        assert acting == member.actor


def test_a_world_in_a_register_that_is_in_use_replaces_nothing(tmp_path: Path) -> None:
    World(settled(tmp_path / "before"))
    site = settled(tmp_path / "used")
    with database.transaction(site.state.factory) as session:
        session.add(Person(email="first@here.example", name="First", password_hash="none"))
    World(site)
    with site.state.factory() as session:
        assert session.scalar(select(Person).where(Person.email == "first@here.example"))
        assert session.scalar(select(Person).where(Person.email.like("filer@enterprise-own%")))
