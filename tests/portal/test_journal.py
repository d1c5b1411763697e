"""The journal goes home and is proved there: worker, doctor, command line and API."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fastapi import FastAPI
from sqlalchemy import Engine, text, update

from portal import migrations
from portal.cli import app
from portal.commands.places import FileThere
from portal.work import doctor, worker
from portal.work.runs import Place
from registry import artifacts, database, journal, sealing
from registry.database import transaction
from registry.journal import Event
from registry.organisations import Organisation, Role, give_role
from registry.settings import Settings
from registry.settings import settings as cached
from tests import cast
from tests.filing.papers import Scene
from tests.portal.command_line import CommandLine
from tests.portal.world import World


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A migrated installation in which something was done."""
    cached.cache_clear()  # commands read the environment once for each process
    monkeypatch.setenv("MINGSUAN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MINGSUAN_SANDBOX_TIER", "none")
    monkeypatch.delenv("MINGSUAN_SERVER", raising=False)
    chosen = Settings()
    chosen.data.mkdir()
    engine = database.connect(chosen.database_url)
    migrations.upgrade(engine)
    with transaction(database.sessions(engine)) as session:
        cast.actor(session)
        for number in range(4):
            journal.record(session, "a:b:c", f"s{number}")
    engine.dispose()
    yield chosen
    cached.cache_clear()


@pytest.fixture
def place(settings: Settings) -> Iterator[Place]:
    engine = database.connect(settings.database_url)
    yield Place(settings, database.sessions(engine), artifacts.open_store(settings))
    engine.dispose()


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["journal", *words])


def examined(settings: Settings) -> doctor.Check:
    return next(each for each in doctor.examine(settings) if each.name.en == "journal")


def test_the_worker_seals_and_the_doctor_names_the_row_that_was_changed(
    settings: Settings, place: Place
) -> None:
    worker.work(place, "w", {}, once=True)
    assert examined(settings).ok
    assert "in 1 seals" in examined(settings).said.en
    with transaction(place.factory) as session:
        session.execute(update(Event).where(Event.subject == "s1").values(subject="s9"))
        seq = session.query(Event.seq).where(Event.subject == "s9").scalar()
    check = examined(settings)
    assert not check.ok
    assert f"row {seq} was changed" in check.said.en
    with transaction(place.factory) as session:
        session.execute(text("UPDATE event SET details = 'no JSON' WHERE subject = 's2'"))
        seq = session.query(Event.seq).where(Event.subject == "s2").scalar()
    check = examined(settings)
    assert not check.ok
    assert f"1 rows hold what cannot be read (row {seq})" in check.said.en


def test_the_doctor_tells_when_nobody_seals_and_seals(
    settings: Settings, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examined(settings).ok
    monkeypatch.setattr(doctor, "UNSEALED", -1.0)
    assert not examined(settings).ok
    with place.factory() as session:
        assert sealing.newest(session) is None
    assert any("Sealed" in said.en for said in doctor.repair(settings))
    with place.factory() as session:
        assert sealing.newest(session) is not None


def test_seals_that_were_removed_are_told_as_that(
    settings: Settings, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a machine remembers survives the table, and a sealing anew covers nothing up."""
    worker.work(place, "w", {}, once=True)
    assert settings.last_seal.stat().st_mode & 0o077 == 0
    with transaction(place.factory) as session:
        session.execute(text("DELETE FROM journal_seal"))
    check = examined(settings)
    assert not check.ok
    assert "remembers seal 1" in check.said.en
    doctor.repair(settings)
    check = examined(settings)
    assert not check.ok, "sealing anew must not make it good"
    assert str(settings.last_seal) in check.said.zh
    settings.last_seal.unlink()
    doctor.repair(settings)
    assert examined(settings).ok
    assert settings.last_seal.exists()


@pytest.mark.parametrize("change", ["leaves='null'", "leaves='[1,2]'", "leaves='x'", "rows='x'"])
def test_a_seal_that_is_none_any_more_is_named_and_every_other_check_is_shown(
    settings: Settings, place: Place, tmp_path: Path, change: str
) -> None:
    """Issue 13: `mingsuan doctor` ended in a traceback, with no check at all."""
    worker.work(place, "w", {}, once=True)
    with transaction(place.factory) as session:
        journal.record(session, "a:b:c", "later")
        session.execute(text(f"UPDATE journal_seal SET {change} WHERE number = 1"))
    whole = CliRunner().invoke(app, ["doctor", "--json"])
    checks = {each["name"]["en"]: each for each in json.loads(whole.output)}
    assert whole.exit_code == 1
    assert not checks["journal"]["ok"]
    assert "seal 1 holds what is no part of a seal" in checks["journal"]["said"]["en"]
    assert {"database", "editions", "outbox", "search index"} <= set(checks)
    file = tmp_path / "journal.ndjson"
    assert run("export", str(file)).exit_code == 0
    told = json.loads(run("verify", str(file), "--json").output)
    assert [(each["kind"], each["number"]) for each in told["listed"]] == [("seal_unreadable", 1)]
    assert any("Sealed" in said.en for said in doctor.repair(settings))


def test_a_seal_that_none_can_follow_stops_no_worker_and_no_repair(
    settings: Settings, place: Place
) -> None:
    worker.work(place, "w", {}, once=True)
    with transaction(place.factory) as session:
        journal.record(session, "a:b:c", "later")
        session.execute(text("UPDATE journal_seal SET hash = 'x', leaves = 'null', at = 'x'"))
    worker.work(place, "w", {}, once=True)
    assert any("cannot be read any more" in said.en for said in doctor.repair(settings))
    assert "seal 1 holds" in examined(settings).said.en


@pytest.mark.parametrize("written", ["garbage", "[1]", '{"number": "x"}', "{}", b"\xff", ""])
def test_a_damaged_memory_of_the_last_seal_is_told_by_the_name_of_its_file(
    settings: Settings, place: Place, written: str | bytes
) -> None:
    """Issue 13: it was told as a seal of the database that cannot be read."""
    worker.work(place, "w", {}, once=True)
    file = settings.last_seal
    file.write_bytes(written if isinstance(written, bytes) else written.encode())
    with transaction(place.factory) as session:
        session.execute(update(Event).where(Event.subject == "s1").values(subject="s9"))
        journal.record(session, "a:b:c", "later")
    told = examined(settings)
    assert not told.ok
    assert str(file) in told.said.zh
    assert f"The file {file}" in told.said.en
    assert "was changed after it was sealed" in told.said.en, "what else is wrong is told with it"
    worker.work(place, "w", {}, once=True)
    doctor.repair(settings)
    assert f"The file {file}" in examined(settings).said.en, "a sealing covers nothing up"
    file.unlink()
    doctor.repair(settings)
    assert "The file" not in examined(settings).said.en


def test_an_old_journal_without_one_seal_is_told_as_what_cannot_be_known(
    settings: Settings, place: Place
) -> None:
    """No file remembers: never sealed or all removed, and afterwards the seals are late."""
    with transaction(place.factory) as session:
        session.execute(text("UPDATE event SET at = '2020-01-01 00:00:00.000000' WHERE seq < 3"))
    check = examined(settings)
    assert not check.ok
    assert "not one seal" in check.said.en
    assert "2020-01-01" in check.said.en
    doctor.repair(settings)
    check = examined(settings)
    assert check.ok
    assert "In 1 seals (number 1) a row had waited" in check.said.en


def test_a_key_that_stands_twice_in_a_row_is_told(settings: Settings, place: Place) -> None:
    """Our reader takes the last value, which was sealed; another takes the first."""
    worker.work(place, "w", {}, once=True)
    with transaction(place.factory) as session:
        session.execute(
            text("UPDATE event SET details = :twice WHERE subject = 's1'"),
            {"twice": '{"a": {"b": 1, "b": 1}}'},
        )
        session.execute(
            text("UPDATE event SET details = :twice WHERE subject = 's2'"), {"twice": "{}"}
        )
        seq = session.query(Event.seq).where(Event.subject == "s1").scalar()
    check = examined(settings)
    assert not check.ok
    assert f"In 1 rows a key stands twice (row {seq})" in check.said.en


def test_a_key_that_stands_twice_is_told_at_home_as_by_the_doctor(
    settings: Settings, place: Place, tmp_path: Path
) -> None:
    sealing.seal(place.factory)
    with transaction(place.factory) as session:
        seq, details = session.query(Event.seq, Event.details).first() or (0, {})
        written = json.dumps({**details, "b": 1})
        session.execute(
            text("UPDATE event SET details = :twice WHERE seq = :seq"),
            {"twice": f'{written[:-1]}, "b": 1}}', "seq": seq},
        )
    file = tmp_path / "journal.ndjson"
    assert run("export", str(file)).exit_code == 0
    said = f"In 1 rows a key stands twice (row {seq})"
    told = run("verify", str(file))
    assert told.exit_code == 1
    assert said in told.output
    assert said in examined(settings).said.en
    as_json = json.loads(run("verify", str(file), "--json").output)
    assert (as_json["ok"], as_json["twice"]) == (False, [seq])


def test_an_edition_that_was_changed_is_named(settings: Settings, place: Place) -> None:
    def editions() -> doctor.Check:
        return next(each for each in doctor.examine(settings) if each.name.en == "editions")

    with transaction(place.factory) as session:
        filing = Scene(session).published()
        named = f"edition 1 of filing {filing.id}: "
    assert editions().ok
    assert editions().said.en.startswith("1 editions")
    with place.factory() as session:  # what refuses it is gone, as somebody with the file could do
        session.execute(text("DROP TRIGGER edition_frozen"))
        session.commit()
    before = "SELECT content FROM edition"
    for changed, said in (
        ("replace(content, '{', '{\"number\":\"a\",')", "a key stands twice (number"),
        ("replace(content, '浦东', '长宁')", "it does not fit its digest"),
        ("'no JSON'", "it cannot be read"),
    ):
        with place.factory() as session:
            kept = session.execute(text(before)).scalar()
            session.execute(text("UPDATE edition SET content = " + changed))
            session.commit()
            assert not editions().ok
            assert named + said in editions().said.en
            session.execute(text("UPDATE edition SET content = :kept"), {"kept": kept})
            session.commit()
    assert editions().ok


def test_an_export_is_verified_at_home_and_a_line_touched_is_named(
    settings: Settings, place: Place, tmp_path: Path
) -> None:
    sealing.seal(place.factory)
    file = tmp_path / "journal.ndjson"
    assert run("export", str(file)).exit_code == 0
    assert file.stat().st_mode & 0o077 == 0
    assert isinstance(run("export", str(file)).exception, FileThere)

    settings.data.rename(tmp_path / "gone")  # verifying needs no registry
    good = run("verify", str(file), "--json")
    told = json.loads(good.output)
    assert (good.exit_code, told["ok"], told["seals"], told["waiting"]) == (0, True, 1, 0)
    assert run("verify", str(file), "--kept", told["head"]).exit_code == 0
    assert run("verify", str(file), "--kept", "0" * 64).exit_code == 1

    lines = file.read_bytes().splitlines(keepends=True)
    number = json.loads(lines[1])["row"]["seq"]
    file.write_bytes(b"".join([lines[0], *lines[2:]]))
    bad = run("verify", str(file))
    assert bad.exit_code == 1
    assert f"row {number} was removed" in bad.output
    assert "1 things are not as they were sealed" in bad.output
    assert "each as it was sealed" not in bad.output
    assert "逐行相符" not in bad.output


def test_an_authoritys_administrator_takes_it_home_and_nobody_else_does(
    site: FastAPI,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = CommandLine(site, monkeypatch, capsys)
    assert sealing.seal(site.state.factory) > 0
    file = tmp_path / "journal.ndjson"
    others = (
        world.member("authority-own", Role.REVIEWER),
        world.member("enterprise-own", Role.ADMINISTRATOR),
        world.member("tester-own", Role.ADMINISTRATOR),
    )
    for other in others:
        assert command(other, "journal", "export", str(file), "--online").code == 1
        assert [*tmp_path.glob("*journal*")] == []
    member = world.member("authority-own", Role.ADMINISTRATOR)
    assert command(member, "journal", "export", str(file), "--online").code == 0
    told = json.loads(run("verify", str(file), "--json").output)
    assert (told["ok"], told["seals"]) == (True, 1)

    # a 举报 about an enterprise stands in it: nobody of the enterprise reads it as the authority's
    with transaction(site.state.factory) as session:
        filer = world.member("enterprise-own", Role.FILER)
        enterprise = session.get_one(Organisation, filer.organisation.id)
        person = member.actor.person_id
        give_role(session, person_id=person, organisation=enterprise, role=Role.FILER, by=None)
    file.unlink()
    refused = command(member, "journal", "export", str(file), "--online")
    assert (refused.code, file.exists()) == (1, False)
    assert "youhavearoleelsewheretoo" in refused.err.lower()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'migrated.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    engine = database.connect(url)
    yield engine
    engine.dispose()


OLD = """
INSERT INTO event (at, name, subject, person_id, organisation_id, details)
VALUES ('2026-11-21 00:00:00', 'a:b:c', 's', NULL, NULL, '{"weight": 0.1, "note": "一"}')
"""


def test_rows_written_before_the_migration_are_sealed_as_found(empty: Engine) -> None:
    migrations.upgrade(empty, "0011")
    with empty.begin() as connection:
        for _ in range(3):
            connection.execute(text(OLD.replace(":", r"\:")))
    migrations.upgrade(empty)
    register = database.sessions(empty)
    assert sealing.seal(register) == 3
    assert sealing.check(register).count == 0
    migrations.downgrade(empty, "0011")
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM event")) == 3
