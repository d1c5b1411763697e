"""The signer as a process of its own: what it signs, what it refuses, and who may reach it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.work import signer, signer_key
from portal.work.signer import HEADER, NotSigned, SignerUnreachable, SocketPathTooLong
from portal.work.signer_key import UnsafeKeyFile
from registry import attestation, statements
from registry.settings import Settings
from tests.processes import signer_process

STATEMENT = {
    "_type": statements.STATEMENT,
    "subject": [{"name": "model/o/credit@1", "digest": {"sha256": "a" * 64}}],
    "predicateType": statements.EXPLANATION,
    "predicate": {
        "explanation": {},
        "plan": {"digest": "b" * 64},
        "data": {"digest": "c" * 64, "name": "", "rows": 1, "columns": [], "held_out": ""},
        "nonce": "",
        "content": {},
        "content_digest": "d" * 64,
        "report": None,
        "provenance": {},
        "statements": [],
    },
}
PAYLOAD = attestation.canonical(STATEMENT)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of an installation whose signer runs."""
    settings = Settings(data=tmp_path_factory.mktemp("signer"))
    with signer_process(settings):
        yield settings


def test_it_signs_our_statements_with_the_key_it_names(settings: Settings) -> None:
    made = signer.sign_with(settings, PAYLOAD)
    health = signer.health(settings)
    public = attestation.load_public(health.public_pem)
    assert made.key_id == health.key_id == attestation.key_id(public)
    sealed = attestation.envelope(PAYLOAD, {made.key_id: made.value})
    assert attestation.verify(sealed, {made.key_id: public}) == {made.key_id}


def test_key_and_socket_are_for_their_user_alone(settings: Settings) -> None:
    assert signer_key.key_path(settings).stat().st_mode & 0o777 == 0o600
    assert settings.signer_path.stat().st_mode & 0o777 == 0o600


def _changed(**changed: Any) -> bytes:
    return attestation.canonical(STATEMENT | changed)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"anything",
        PAYLOAD + b" ",
        _changed(predicateType="https://slsa.dev/provenance/v1"),
        _changed(predicateType=statements.REPORT),
        _changed(subject=[]),
        _changed(subject=STATEMENT["subject"] * 2),  # type: ignore[operator]
        _changed(more=1),
        attestation.pae(PAYLOAD),
    ],
)
def test_it_signs_nothing_else(settings: Settings, payload: bytes) -> None:
    with pytest.raises(NotSigned):
        signer.sign_with(settings, payload)


def test_what_is_too_large_or_malformed_is_refused_before_it_is_read(settings: Settings) -> None:
    for header in (
        HEADER.pack(b"SIGN", 1 << 40),
        HEADER.pack(b"XXXX", 0),
        HEADER.pack(b"HLTH", 5),
    ):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(settings.signer_path))
            connection.sendall(header)
            assert b"refused" in connection.recv(4096)
    with pytest.raises(NotSigned):
        signer.sign_with(settings, bytes(statements.MAX_STATEMENT + 1))


def test_a_silent_or_broken_client_holds_nobody_up(settings: Settings) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(settings.signer_path))
        with socket.socket(socket.AF_UNIX) as broken:
            broken.connect(str(settings.signer_path))
            broken.sendall(b"SI")
        start = time.monotonic()
        assert signer.health(settings)
        assert time.monotonic() - start < 5


def test_many_ask_at_once(settings: Settings) -> None:
    got: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: got.append(signer.sign_with(settings, PAYLOAD).value))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 16
    assert len(set(got)) == 1  # Ed25519 is deterministic


def test_a_second_signer_on_the_same_socket_does_not_start(settings: Settings) -> None:
    again = subprocess.run(
        [sys.executable, "-m", "portal.work.signer"],
        env=os.environ | {"MINGSUAN_DATA": str(settings.data)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert again.returncode == 1
    assert "already" in again.stderr
    assert signer.health(settings)


def test_a_killed_signer_is_replaced_and_keeps_its_key(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with signer_process(settings) as process:
        before = signer.health(settings).key_id
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert settings.signer_path.exists()  # the stale socket
    assert not signer.reachable(settings)
    with pytest.raises(SignerUnreachable):
        signer.health(settings)
    with signer_process(settings):
        assert signer.health(settings).key_id == before
    assert not settings.signer_path.exists()


def test_a_key_file_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    key = signer_key.load_or_create(path)
    path.chmod(0o644)
    with pytest.raises(UnsafeKeyFile):
        signer_key.load_or_create(path)
    path.chmod(0o600)
    assert attestation.private_pem(signer_key.load_or_create(path)) == attestation.private_pem(key)
    assert [entry.name for entry in tmp_path.iterdir()] == ["key.pem"]


def test_a_socket_path_that_is_too_long_is_said_to_be(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / ("x" * 100))
    with pytest.raises(SocketPathTooLong, match="MINGSUAN_SIGNER_SOCKET"):
        signer.health(settings)
