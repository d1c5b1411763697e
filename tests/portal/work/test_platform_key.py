"""security/S2, scale/3: where the signer's key lies, who enrols it, and who never does."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient

from portal import migrations
from portal.commands import serving
from portal.commands.enrolling import enrol
from portal.work import at_rest, doctor, runs, signer, signer_key, worker
from portal.work.enrolment import KeyElsewhere, UnknownPlatformKey
from portal.work.signer_key import KeyInOldPlace
from registry import attestation, database, journal, keys, modes, worklist
from registry import settings as configuration
from registry.database import transaction
from registry.organisations import Role, WrongRole
from registry.settings import Settings
from registry.worklist import State
from tests.portal.installation import Installation, installed
from tests.portal.world import World
from tests.processes import environment, signer_process

SIGNER, WORKER = 64_001, 64_002


def key() -> str:
    """The public half of a key that nobody knows."""
    return attestation.public_pem(Ed25519PrivateKey.generate().public_key())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A migrated installation on which nothing was ever signed."""
    chosen = Settings(data=tmp_path / "data", sandbox_tier="none")
    chosen.data.mkdir(mode=0o700)
    engine = database.connect(chosen.database_url)
    migrations.upgrade(engine)
    engine.dispose()
    return chosen


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """An installation whose signer runs and is known."""
    with installed(tmp_path, sandbox_tier="none") as place:
        yield place


def known(settings: Settings) -> set[str]:
    """The platform keys on record."""
    engine = database.connect(settings.database_url)
    try:
        with database.sessions(engine)() as session:
            return set(keys.platform(session))
    finally:
        engine.dispose()


def test_the_key_lies_beside_the_data_and_for_the_signer_alone(tmp_path: Path) -> None:
    """security/S2: by default apart from the data directory, in a folder of its own."""
    settings = Settings(data=tmp_path / "data")
    signer_key.open_key(settings)
    place = signer_key.key_path(settings)
    assert place == tmp_path / "data.signer" / "signer-key.pem"
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert not settings.data.exists()  # the signer needs nothing of it


def test_a_setting_says_where_the_key_lies(tmp_path: Path) -> None:
    """security/S2: MINGSUAN_SIGNER_KEY."""
    settings = Settings(data=tmp_path / "data", signer_key=str(tmp_path / "safe" / "key.pem"))
    signer_key.open_key(settings)
    assert (tmp_path / "safe" / "key.pem").exists()
    assert not (tmp_path / "data.signer").exists()


def test_a_key_among_the_data_is_never_replaced_but_moved_when_told(tmp_path: Path) -> None:
    """security/S2: an earlier release's key; a lost key means reports that no longer verify."""
    settings = Settings(data=tmp_path / "data", sandbox_tier="none")
    old = signer_key.old_path(settings)
    before = signer_key.load_or_create(old)
    with pytest.raises(KeyInOldPlace, match="doctor --repair") as refused:
        signer_key.open_key(settings)
    assert str(signer_key.key_path(settings)) in refused.value.said.zh
    assert not signer_key.key_path(settings).exists()
    fine, said = at_rest.examined_modes(settings)
    assert not fine
    assert str(old) in said.en
    assert any("moved to" in each.en for each in at_rest.close(settings))
    assert not old.exists()
    after = signer_key.open_key(settings)
    assert attestation.private_pem(after) == attestation.private_pem(before)
    assert at_rest.examined_modes(settings)[0]


def test_a_key_may_stay_among_the_data_where_the_setting_says_so(tmp_path: Path) -> None:
    """security/S2: the told step has another way."""
    data = tmp_path / "data"
    settings = Settings(data=data, signer_key=str(data / "signer-key.pem"))
    before = signer_key.load_or_create(signer_key.old_path(settings))
    assert attestation.private_pem(signer_key.open_key(settings)) == attestation.private_pem(
        before
    )
    assert signer_key.move(settings) is None


def test_two_keys_are_left_where_they_are(tmp_path: Path) -> None:
    """security/S2: moving never overwrites a key."""
    settings = Settings(data=tmp_path / "data")
    for place in (signer_key.old_path(settings), signer_key.key_path(settings)):
        signer_key.load_or_create(place)
    old = signer_key.old_path(settings).read_bytes()
    new = signer_key.key_path(settings).read_bytes()
    assert signer_key.move(settings) is None
    assert signer_key.old_path(settings).read_bytes() == old
    assert signer_key.key_path(settings).read_bytes() == new
    assert "keep it safe" in at_rest.examined_modes(settings)[1].en


def test_the_first_start_enrols_the_key_and_later_ones_change_nothing(settings: Settings) -> None:
    """security/S2: serve and demo set the first key up on an empty record."""
    for _ in range(2):
        with serving.beside(settings, workers=0, signer=True):
            running = signer.health(settings).key_id
        assert known(settings) == {running}


def test_a_second_machine_draws_no_second_key(settings: Settings, tmp_path: Path) -> None:
    """scale/3: `serve` elsewhere, on a record that has a key, does not start a signer."""
    with serving.beside(settings, workers=0, signer=True):
        pass
    before = known(settings)
    elsewhere = settings.model_copy(
        update={"data": tmp_path / "second", "database": settings.database_url}
    )
    with (
        pytest.raises(KeyElsewhere, match="--no-signer") as refused,
        serving.beside(elsewhere, workers=0, signer=True),
    ):
        raise AssertionError
    assert next(iter(before))[:16] in refused.value.said.zh
    assert not signer_key.key_path(elsewhere).exists()
    assert known(settings) == before


def test_a_signer_with_another_key_is_not_set_up(settings: Settings, tmp_path: Path) -> None:
    """scale/3: a key that lies there and is not on record is said to be unknown."""
    with serving.beside(settings, workers=0, signer=True):
        pass
    before = known(settings)
    elsewhere = settings.model_copy(
        update={"data": tmp_path / "second", "database": settings.database_url}
    )
    signer_key.load_or_create(signer_key.key_path(elsewhere))
    with (
        pytest.raises(UnknownPlatformKey, match="mingsuan keys enrol"),
        serving.beside(elsewhere, workers=0, signer=True),
    ):
        raise AssertionError
    assert known(settings) == before


def test_a_worker_that_meets_an_unknown_key_stops_and_says_so(place: Installation) -> None:
    """security/S2: it enrols nothing, claims nothing and ends with an error in both languages."""
    made = place.register()
    with place.factory() as session:
        session.query(keys.PlatformKey).delete()
        session.commit()
    done = subprocess.run(
        [sys.executable, "-m", "portal.work.worker"],
        env=environment(place.settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "没有登记" in done.stderr
    assert "is not on record" in done.stderr
    assert known(place.settings) == set()
    work = place.work(made)
    assert (work.state, work.attempts) == (State.QUEUED, 0)


def test_a_signer_replaced_in_mid_run_costs_the_tester_nothing(
    place: Installation, own_signals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """security/S2: the work is given back, not failed, when the key turns out to be unknown."""

    def replaced(*_given: object, **_named: object) -> None:
        raise UnknownPlatformKey("未知", "unknown")

    made = place.register()
    monkeypatch.setattr(runs, "run", replaced)
    with pytest.raises(UnknownPlatformKey):
        worker.run(place.settings, once=True)
    assert place.work(made).state == State.QUEUED
    with place.factory() as session:
        assert worklist.waiting(session)


def test_an_administrator_of_the_authority_enrols_a_later_key(
    client: TestClient, world: World
) -> None:
    """security/S2: by API; everyone else is refused, and the journal names who it was."""
    for name, role in (
        ("enterprise-own", Role.ADMINISTRATOR),
        ("tester-own", Role.ADMINISTRATOR),
        ("industry_body-own", Role.ADMINISTRATOR),
        ("authority-own", Role.REVIEWER),
    ):
        member = world.member(name, role)
        answer = client.post(
            "/api/v1/keys/platform", json={"public_pem": key()}, headers=member.bearer
        )
        assert answer.status_code == 403, answer.text
    chief = world.member("authority-own", Role.ADMINISTRATOR)
    pem = key()
    answer = client.post("/api/v1/keys/platform", json={"public_pem": pem}, headers=chief.bearer)
    assert answer.status_code == 201, answer.text
    with world.site.state.factory() as session:
        (made,) = keys.platform_records(session)
        assert made.public_pem == pem
        (event,) = journal.history(session, made.id)
        assert event.person_id == chief.person.id
    answer = client.post("/api/v1/keys/platform", json={"public_pem": "x"}, headers=chief.bearer)
    assert answer.status_code == 422
    assert answer.json()["detail"] != answer.json()["detail_en"]


def test_the_rule_holds_below_the_doors_too(world: World) -> None:
    """security/S2: the domain refuses an administrator of anyone but the authority."""
    tester = world.member("tester-own", Role.ADMINISTRATOR)
    with transaction(world.site.state.factory) as session, pytest.raises(WrongRole):
        keys.enrol_platform(session, key(), by=tester.actor)


def test_the_operator_enrols_the_running_signers_key(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """security/S2: `mingsuan keys enrol`, where server and signer are apart (docker compose)."""
    monkeypatch.setenv("MINGSUAN_DATA", str(settings.data))
    configuration.settings.cache_clear()
    try:
        with signer_process(settings):
            running = signer.health(settings).key_id
            answered = CliRunner().invoke(enrol, ["--json"], catch_exceptions=False)
    finally:
        configuration.settings.cache_clear()
    assert answered.exit_code == 0
    assert running in answered.output
    assert known(settings) == {running}


def test_everyone_sees_the_platforms_keys_and_few_may_enrol_one(
    client: TestClient, world: World
) -> None:
    """security/S2: the page, in both languages."""
    with transaction(world.site.state.factory) as session:
        made = keys.enrol_platform(session, key())
    for language, word in (("zh", "平台公钥"), ("en", "Platform keys")):
        page = client.get(f"/{language}/platform-keys")
        assert page.status_code == 200
        assert word in page.text
        assert made.key_id in page.text
        assert "<textarea" not in page.text
    chief = world.member("authority-own", Role.ADMINISTRATOR)
    assert "<textarea" in client.get("/zh/platform-keys", headers=chief.browser).text
    pem = key()
    answer = client.post("/zh/platform-keys", data={"public_pem": pem}, headers=chief.browser)
    assert answer.status_code == 303, answer.text
    answer = client.post("/zh/platform-keys", data={"public_pem": "x"}, headers=chief.browser)
    assert "x</textarea>" in answer.text  # what was typed is kept
    with world.site.state.factory() as session:
        assert [each.public_pem for each in keys.platform_records(session)][1:] == [pem]


def test_serve_stops_where_an_earlier_key_waits_to_be_moved(settings: Settings) -> None:
    """security/S2: no signer starts, no key is drawn, the step is told."""
    signer_key.load_or_create(signer_key.old_path(settings))
    with (
        pytest.raises(KeyInOldPlace, match="doctor --repair"),
        serving.beside(settings, workers=0, signer=True),
    ):
        raise AssertionError
    assert not signer_key.key_path(settings).exists()
    assert known(settings) == set()


def test_doctor_says_that_the_signers_key_is_unknown(settings: Settings) -> None:
    """security/S2: before a worker stops at it."""
    with signer_process(settings):
        found = {check.name.en: check for check in doctor.examine(settings)}
        assert not found["signer"].ok
        assert "mingsuan keys enrol" in found["signer"].said.en


def test_serve_says_that_the_data_are_open(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """security/S1: an installation that was open before is not closed without a word."""
    settings.data.chmod(0o755)
    serving.prepare(settings)
    told = capsys.readouterr().err
    assert "doctor --repair" in told
    assert "对本机其他用户开放" in told


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_record(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with tables and nothing in them, of each kind."""
    url: str = f"sqlite:///{tmp_path / 'empty.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    engine = database.connect(url)
    migrations.upgrade(engine)
    engine.dispose()
    return url


def test_of_two_that_set_up_at_once_one_enrols_its_key(empty_record: str) -> None:
    """scale/3: two first starts on one record never put two keys there."""
    engine = database.connect(empty_record)
    factory = database.sessions(engine)
    start = threading.Barrier(6)

    def enrol_one() -> None:
        pem = key()
        start.wait()
        with transaction(factory) as session:
            keys.enrol_first_platform(session, pem)

    threads = [threading.Thread(target=enrol_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with factory() as session:
        assert len(keys.platform(session)) == 1
    engine.dispose()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give the signer its own account")
def test_a_signer_of_its_own_account_is_reached_by_root_and_its_key_by_nobody_else() -> None:
    """security/S2: as in docker/compose.yaml: the signer without data, the key its own."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="mingsuan-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        own = modes.folder(folder / "signer")
        os.chown(own, SIGNER, SIGNER)
        settings = Settings(
            data=folder / "data",
            signer_key=str(own / "key.pem"),
            signer_socket=str(own / "signer.sock"),
        )
        process = os.fork()
        if process == 0:
            run_as(SIGNER, settings)
        try:
            deadline = time.monotonic() + 30
            while not signer.reachable(settings):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert signer.health(settings).key_id
            assert (own / "key.pem").stat().st_uid == SIGNER
            assert not (folder / "data").exists()
            tried = subprocess.run(
                ["/bin/cat", str(own / "key.pem")],
                user=WORKER,
                group=WORKER,
                extra_groups=[],
                capture_output=True,
                check=False,
            )
            assert tried.returncode != 0
            assert tried.stdout == b""
        finally:
            os.kill(process, signal.SIGTERM)
            os.waitpid(process, 0)


def run_as(account: int, settings: Settings) -> None:
    """Be the signer under another account; never returns."""
    code = 1
    try:
        os.setgroups([])
        os.setgid(account)
        os.setuid(account)
        signer.run(settings)
        code = 0
    finally:
        os._exit(code)
