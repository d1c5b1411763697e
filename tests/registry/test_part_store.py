"""Parts of large uploads, in files and on S3, under one contract."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from registry import artifacts, part_store
from registry.artifacts import ArtifactStore, FileStore, TooLarge
from registry.part_store import PartsMissing, PartStore
from registry.settings import Settings

SMALLEST = 5 * 1024 * 1024  # of a part on S3, but for the last
ONE, TWO = b"1" * SMALLEST, b"2" * 7
ID = "a" * 32


@pytest.fixture(params=["files", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArtifactStore]:
    """A store of each kind."""
    if request.param == "files":
        yield FileStore(tmp_path / "store")
    else:
        settings: Settings = request.getfixturevalue("s3_settings")
        yield artifacts.open_store(settings)


@pytest.fixture
def parts(store: ArtifactStore) -> PartStore:
    """Where the parts lie beside it."""
    return part_store.beside(store)


def sent(parts: PartStore, token: str, folder: Path, number: int, content: bytes) -> str:
    """A part, sent as its store wants it; its entity tag."""
    address = parts.address(ID, token, number, 60)
    if address is not None:
        answer = httpx.put(address, content=content)
        assert answer.status_code == 200, answer.text
        return str(answer.headers["ETag"])
    (folder / "part").write_bytes(content)
    parts.put(ID, number, folder / "part")
    return hashlib.sha256(content).hexdigest()


def test_parts_become_one_blob(store: ArtifactStore, parts: PartStore, tmp_path: Path) -> None:
    token = parts.begin(ID)
    # More than the store of S3 sends in one request.
    contents = {5: TWO, 1: ONE, 2: ONE, 3: ONE, 4: ONE}
    whole = b"".join(contents[number] for number in sorted(contents))
    tags = [
        (number, sent(parts, token, tmp_path, number, content))
        for number, content in contents.items()
    ]
    digest, size = parts.join(ID, token, sorted(tags), limit=len(whole))

    assert (digest, size) == (hashlib.sha256(whole).hexdigest(), len(whole))
    with store.open(digest) as stream:
        assert stream.read() == whole
    assert parts.join(ID, token, sorted(tags), limit=len(whole)) == (digest, size), "once more"
    parts.discard(ID, token)
    parts.discard(ID, token)
    with pytest.raises(PartsMissing):
        parts.join(ID, token, sorted(tags), limit=len(whole))


def test_a_part_that_never_came_is_missed(
    store: ArtifactStore, parts: PartStore, tmp_path: Path
) -> None:
    token = parts.begin(ID)
    tag = sent(parts, token, tmp_path, 1, ONE)

    with pytest.raises(PartsMissing):
        parts.join(ID, token, [(1, tag), (2, tag)], limit=10 * SMALLEST)
    assert list(store.digests()) == []


def test_parts_beyond_the_limit_become_nothing(
    store: ArtifactStore, parts: PartStore, tmp_path: Path
) -> None:
    token = parts.begin(ID)
    tag = sent(parts, token, tmp_path, 1, TWO)

    with pytest.raises(TooLarge, match="MINGSUAN_MAX_SUBMISSION"):
        parts.join(ID, token, [(1, tag)], limit=6)
    assert list(store.digests()) == []


def test_a_part_sent_again_replaces_the_first(tmp_path: Path) -> None:
    """In files; the S3 server of these tests refuses other bytes for a part that it has."""
    parts = part_store.beside(FileStore(tmp_path / "store"))
    token = parts.begin(ID)
    sent(parts, token, tmp_path, 1, b"first")
    tag = sent(parts, token, tmp_path, 1, TWO)

    digest, _ = parts.join(ID, token, [(1, tag)], limit=100)
    assert digest == hashlib.sha256(TWO).hexdigest()


def test_a_part_with_other_bytes_than_its_tag_makes_no_file(tmp_path: Path) -> None:
    """Two senders of one part could leave the row of one with the bytes of the other."""
    store = FileStore(tmp_path / "store")
    parts = part_store.beside(store)
    token = parts.begin(ID)
    first = sent(parts, token, tmp_path, 1, ONE)
    second = sent(parts, token, tmp_path, 2, b"of one sender")
    other = sent(parts, token, tmp_path, 2, b"of the other")

    with pytest.raises(PartsMissing, match=r"\(2\)\. No file was made"):
        parts.join(ID, token, [(1, first), (2, second)], limit=10 * SMALLEST)
    assert list(store.digests()) == []
    digest, _ = parts.join(ID, token, [(1, f'"{first}"'), (2, other)], limit=10 * SMALLEST)
    assert digest == hashlib.sha256(ONE + b"of the other").hexdigest()
