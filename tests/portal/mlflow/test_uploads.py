"""Joining the parts of an upload while the client, tired of waiting, asks for it again."""

import hashlib
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from mlflow.entities.multipart_upload import MultipartUploadPart
from mlflow.exceptions import MlflowException
from sqlalchemy.orm import Session, sessionmaker

from portal.mlflow.uploads import Uploads
from registry import staging
from registry.artifacts import FileStore
from registry.database import transaction
from registry.part_store import FileParts
from tests import cast
from tests.portal import doors
from tests.portal.doors import FILES, MPU, Door


class Slow(FileParts):
    """Parts that begin to be joined only once another request has joined and dropped them."""

    def __init__(self, store: FileStore) -> None:
        super().__init__(store)
        self.meanwhile: list[object] = []

    def join(
        self, upload_id: str, token: str, parts: Sequence[tuple[int, str]], *, limit: int
    ) -> tuple[str, int]:
        for act in self.meanwhile:
            act()  # type: ignore[operator]
        return super().join(upload_id, token, parts, limit=limit)


def uploads_on(factory: sessionmaker[Session], store: FileStore, spool: Path) -> Uploads:
    """A server's uploads on a database and a store."""
    return Uploads(
        spool, factory, store, lambda *_: False, limit=100, part_address=lambda path: path
    )


@pytest.mark.parametrize("lost", [False, True])
def test_a_second_request_to_join_meets_what_the_first_has_made(
    factory: sessionmaker[Session], store: FileStore, tmp_path: Path, lost: bool
) -> None:
    """A client waits two minutes for 5 GB, then asks again: it read that parts were missing."""
    with transaction(factory) as session:
        organisation_id = cast.actor(session).organisation_id
    folder = f"workspaces/{organisation_id}/1/{'a' * 32}/artifacts"
    one, two = (uploads_on(factory, store, tmp_path / name) for name in ("one", "two"))
    upload = one.create_multipart_upload("f", 1, folder).upload_id
    assert upload is not None
    part = tmp_path / "part"
    part.write_bytes(b"part")
    tag = hashlib.sha256(b"part").hexdigest()
    one._keep_part(upload, 1, part, 4, tag)
    listed = [MultipartUploadPart(1, tag, "x")]
    slow = two._parts = Slow(store)
    if lost:
        slow.meanwhile.append(lambda: slow.discard(upload, ""))
        with pytest.raises(MlflowException, match="have not arrived"):
            two.complete_multipart_upload("f", upload, listed, folder)
        return
    slow.meanwhile.append(lambda: one.complete_multipart_upload("f", upload, listed, folder))

    two.complete_multipart_upload("f", upload, listed, folder)

    with factory() as session:
        [kept] = staging.below(session, folder)
    assert (kept.digest, kept.size) == (tag, 4)


@pytest.mark.parametrize("listed", [1, 3])
def test_a_list_of_other_parts_than_announced_makes_no_file_and_can_be_mended(
    factory: sessionmaker[Session], store: FileStore, tmp_path: Path, listed: int
) -> None:
    with transaction(factory) as session:
        organisation_id = cast.actor(session).organisation_id
    folder = f"workspaces/{organisation_id}/1/{'a' * 32}/artifacts"
    door = uploads_on(factory, store, tmp_path / "one")
    upload = door.create_multipart_upload("f", 2, folder).upload_id
    assert upload is not None
    tags = []
    for number, content in enumerate((b"one", b"two", b"six"), 1):
        (tmp_path / "part").write_bytes(content)
        tags.append(hashlib.sha256(content).hexdigest())
        if number <= listed:
            door._keep_part(upload, number, tmp_path / "part", 3, tags[-1])
    parts = [MultipartUploadPart(number, tag, "x") for number, tag in enumerate(tags, 1)]

    with pytest.raises(MlflowException, match=f"begun with 2 parts, and {listed} are listed"):
        door.complete_multipart_upload("f", upload, parts[:listed], folder)
    with factory() as session:
        assert staging.below(session, folder) == []

    if listed == 1:
        with pytest.raises(MlflowException, match=r"not those that were sent \(2\)"):
            door.complete_multipart_upload("f", upload, parts[:2], folder)
        (tmp_path / "part").write_bytes(b"two")
        door._keep_part(upload, 2, tmp_path / "part", 3, tags[1])
        door.complete_multipart_upload("f", upload, parts[:2], folder)
        with factory() as session:
            [kept] = staging.below(session, folder)
        assert kept.size == 6


@pytest.mark.slow
@pytest.mark.parametrize("what", ["a part", "a file"])
def test_a_client_that_breaks_off_leaves_no_fault_and_no_bytes(tmp_path: Path, what: str) -> None:
    """Each left a traceback in the log, as a fault of the server's."""
    with doors.serving(tmp_path) as site:
        door = Door(f"{site.url}/mlflow", site.tokens["ours"])
        url, token = (
            httpx.URL(f"{door.url}{FILES}/broken/f"),
            f"Authorization: Bearer {door.token}",
        )
        if what == "a part":
            asked = door.ask("POST", f"{MPU}/create/broken", json={"path": "f", "num_parts": 1})
            url, token = httpx.URL(asked.json()["credentials"][0]["url"]), "X-Nothing: 1"
        head = f"PUT {url.raw_path.decode()} HTTP/1.1\r\nHost: x\r\n{token}\r\nContent-Length: 999999\r\n\r\n"
        with socket.create_connection(("127.0.0.1", url.port or 80)) as line:
            line.sendall(head.encode() + b"x" * 70_000)
            time.sleep(1)
        time.sleep(1)
        assert door.ask("GET", f"{FILES}/broken/f").status_code == 404
        left = [path for path in (tmp_path / "data" / "spool").rglob("*") if path.is_file()]
    assert left == []
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    assert "Traceback" not in log, log[-3000:]
    assert "ClientDisconnect" not in log, log[-3000:]
