import hashlib
import io
import os
import pickle
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from registry import artifacts
from registry.artifacts import ArtifactStore, FileStore
from registry.belonging import StoreUnreachable
from registry.errors import Invalid
from registry.s3_store import S3Store
from registry.settings import Settings
from registry.submission import Version


@pytest.fixture(params=["files", pytest.param("s3", marks=pytest.mark.s3)])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    """The same facts hold on both stores."""
    if request.param == "files":
        return artifacts.open_store(Settings(data=tmp_path / "data"))
    return artifacts.open_store(request.getfixturevalue("s3_settings"))


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def entry(path: str, data: bytes) -> dict[str, object]:
    return {"path": path, "sha256": sha(data), "size": len(data)}


def test_bytes_come_back_under_their_digest(either: ArtifactStore) -> None:
    digest = either.put(io.BytesIO(b"abc"))
    assert digest == sha(b"abc")
    with either.open(digest) as stream:
        assert stream.read() == b"abc"
    assert either.has(digest)
    assert either.size(digest) == 3


def test_a_file_and_a_stream_of_the_same_bytes_are_one_blob(
    either: ArtifactStore, tmp_path: Path
) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"same")
    assert either.put(file) == either.put(io.BytesIO(b"same"))
    assert list(either.digests()) == [sha(b"same")]


def test_an_empty_blob_is_a_blob(either: ArtifactStore) -> None:
    with either.open(either.put(io.BytesIO(b""))) as stream:
        assert stream.read() == b""


def test_a_blob_larger_than_one_part_is_whole(either: ArtifactStore) -> None:
    data = os.urandom(1024) * (37 * 1024)
    digest = either.put(io.BytesIO(data))
    with either.open(digest) as stream:
        assert sha(stream.read()) == sha(data)
        stream.seek(-10, io.SEEK_END)
        assert stream.read() == data[-10:]


def test_what_was_never_put_is_not_found(either: ArtifactStore) -> None:
    either.put(io.BytesIO(b"something else"))
    assert not either.has(sha(b"never"))
    for ask in (either.open, either.size):
        with pytest.raises(artifacts.BlobNotFound, match="mingsuan doctor"):
            ask(sha(b"never"))
    either.delete(sha(b"never"))


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_only_digests_are_looked_up(either: ArtifactStore, digest: str) -> None:
    with pytest.raises(artifacts.BlobNotFound):
        either.open(digest)


def test_the_list_has_every_blob_in_order_with_its_size(either: ArtifactStore) -> None:
    for number in range(20):
        either.put(io.BytesIO(b"x" * number))
    found = list(either.blobs())
    assert [blob.digest for blob in found] == sorted(sha(b"x" * n) for n in range(20))
    assert {blob.digest: blob.size for blob in found}[sha(b"xxxx")] == 4


def test_collection_takes_only_what_is_old_and_unreferenced(either: ArtifactStore) -> None:
    kept = either.put(io.BytesIO(b"kept"))
    loose = either.put(io.BytesIO(b"loose"))
    assert artifacts.collect(either, lambda: {kept}) == []
    gone = artifacts.collect(either, lambda: {kept}, grace=timedelta(seconds=-5))
    assert [blob.digest for blob in gone] == [loose]
    assert list(either.digests()) == [kept]


def test_putting_again_renews_the_age(store: FileStore) -> None:
    digest = store.put(io.BytesIO(b"again"))
    os.utime(store._place(digest), (0, 0))
    store.put(io.BytesIO(b"again"))
    assert artifacts.collect(store, set) == []
    os.utime(store._place(digest), (0, 0))
    assert [blob.digest for blob in artifacts.collect(store, set)] == [digest]


def test_damaged_bytes_are_never_handed_out_and_putting_again_heals(store: FileStore) -> None:
    digest = store.put(io.BytesIO(b"true"))
    place = store._place(digest)
    place.chmod(0o644)
    place.write_bytes(b"lies")
    with pytest.raises(artifacts.BlobDamaged, match="not those that were filed"):
        store.open(digest)
    store.put(io.BytesIO(b"true"))
    with store.open(digest) as stream:
        assert stream.read() == b"true"


@pytest.mark.s3
def test_damaged_objects_are_never_handed_out(s3_settings: Settings) -> None:
    store = S3Store(s3_settings)
    digest = store.put(io.BytesIO(b"true"))
    store.client.put_object(Bucket=store.bucket, Key=store._key(digest), Body=b"lies")
    with pytest.raises(artifacts.BlobDamaged):
        store.open(digest)


@pytest.mark.s3
def test_objects_lie_below_the_prefix(s3_settings: Settings) -> None:
    store = S3Store(s3_settings)
    store.client.create_bucket(Bucket=store.bucket)
    store.client.put_object(Bucket=store.bucket, Key="other/thing", Body=b"not ours")
    digest = store.put(io.BytesIO(b"ours"))
    listed = store.client.list_objects_v2(Bucket=store.bucket)["Contents"]
    key = f"artifacts/sha256/{digest[:2]}/{digest[2:4]}/{digest}"
    assert {entry["Key"] for entry in listed} == {"other/thing", key}
    assert list(store.digests()) == [digest]


def test_a_folder_that_is_gone_is_the_stores_trouble_not_one_blobs(store: FileStore) -> None:
    """scale/1: what was put is not damaged or missing when the whole disk is not mounted."""
    digest = store.put(io.BytesIO(b"kept"))
    store.root.rename(store.root.with_name("elsewhere"))
    for ask in (store.open, store.size):
        with pytest.raises(StoreUnreachable, match=r"没有挂载.*not mounted"):
            ask(digest)


def test_a_store_that_works_passes_its_check_and_keeps_no_trace(either: ArtifactStore) -> None:
    """scale/9"""
    either.check()
    assert list(either.digests()) == []


@pytest.mark.parametrize("where", ["s3", "folder"])
def test_where_the_store_is_stays_with_the_operator(where: str, tmp_path: Path) -> None:
    """Security stranger on issue 7, F7d/10: anybody may be told that it is away, nobody where it is."""
    address = "http://127.0.0.1:9" if where == "s3" else str(tmp_path)
    settings = Settings(
        data=tmp_path,
        store="s3://secret-bucket" if where == "s3" else "",
        s3_key="secret-name",
        s3_secret=SecretStr("x"),
        s3_endpoint="http://127.0.0.1:9",
    )
    store = artifacts.open_store(settings)
    with pytest.raises(StoreUnreachable, match=re.escape(address)) as told:
        store.size(sha(b"x"))
    for words in (told.value.said.zh, told.value.said.en):
        assert address not in words
        assert "secret" not in words
        assert "MINGSUAN_" not in words
    assert address in told.value.operators.en
    assert address in pickle.loads(pickle.dumps(told.value)).operators.zh


@pytest.mark.s3
def test_a_store_that_refuses_or_is_away_fails_its_check_soon(s3_settings: Settings) -> None:
    """scale/9, scale/1"""
    wrong = s3_settings.model_copy(update={"s3_secret": SecretStr("wrong")})
    with pytest.raises(StoreUnreachable, match=r"拒绝了本机的密钥.*refuses this machine's key"):
        artifacts.open_store(wrong).check()
    gone = s3_settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:9"})
    with pytest.raises(StoreUnreachable, match="did not answer"):
        artifacts.open_store(gone).check()


@pytest.mark.s3
def test_wrong_keys_are_said_plainly(s3_settings: Settings) -> None:
    wrong = s3_settings.model_copy(update={"s3_secret": SecretStr("wrong")})
    with pytest.raises(StoreUnreachable, match=r"密钥.*MINGSUAN_S3_SECRET here"):
        artifacts.open_store(wrong).put(io.BytesIO(b"x"))


@pytest.mark.s3
def test_a_server_that_is_not_there_is_said_plainly(s3_settings: Settings) -> None:
    gone = s3_settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:9"})
    with pytest.raises(StoreUnreachable):
        artifacts.open_store(gone).has(sha(b"x"))


def test_an_unknown_kind_of_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="ftp://x"):
        artifacts.open_store(Settings(data=tmp_path, store="ftp://x"))


def test_a_failed_put_leaves_nothing(store: FileStore) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("cable pulled")

    with pytest.raises(OSError, match="cable"):
        store.put(Broken())
    assert [path for path in store.root.rglob("*") if path.is_file()] == []


def test_a_spool_takes_streams_and_chunks_up_to_the_limit(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    with artifacts.spooled([b"ab", b"cd"], settings=settings, limit=4) as path:
        assert path.read_bytes() == b"abcd"
    with artifacts.spooled(io.BytesIO(b"abcd"), settings=settings, limit=4) as path:
        assert path.read_bytes() == b"abcd"
    assert not path.exists()
    with (
        pytest.raises(artifacts.TooLarge, match="4"),
        artifacts.spooled([b"abc", b"de"], settings=settings, limit=4),
    ):
        raise AssertionError
    assert list((tmp_path / "data/spool/incoming").iterdir()) == []


def test_materialised_files_are_for_our_account_alone_and_written_by_nobody(
    either: ArtifactStore, tmp_path: Path
) -> None:
    """security/S1: a model's copy is nobody else's to read."""
    old = os.umask(0)
    try:
        manifest = [entry("MLmodel", b"m"), entry("deep/er/model.onnx", b"o")]
        for data in (b"m", b"o"):
            either.put(io.BytesIO(data))
        target = tmp_path / "new" / "target"
        artifacts.materialise(either, manifest, target)
    finally:
        os.umask(old)
    assert (target / "deep/er/model.onnx").read_bytes() == b"o"
    assert stat.S_IMODE((target / "MLmodel").stat().st_mode) == 0o400
    for folder in (target, target / "deep", target / "deep/er"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o500
    assert stat.S_IMODE(target.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "", "a\\b"])
def test_a_manifest_cannot_lead_outside(store: FileStore, tmp_path: Path, path: str) -> None:
    store.put(io.BytesIO(b"x"))
    with pytest.raises(artifacts.UnsafePath):
        artifacts.materialise(store, [entry(path, b"x")], tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_cached_directory_is_made_once_and_anew_when_damaged(
    store: FileStore, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path / "data")
    manifest = [entry("a/b", b"x"), entry("MLmodel", b"y")]
    for data in (b"x", b"y"):
        store.put(io.BytesIO(data))
    version = Version(digest=sha(b"the manifest"), manifest=manifest)
    first = artifacts.cached_directory(store, version, settings)
    inode = first.stat().st_ino
    assert artifacts.cached_directory(store, version, settings).stat().st_ino == inode

    (first / "MLmodel").chmod(0o644)
    (first / "MLmodel").write_bytes(b"z")
    again = artifacts.cached_directory(store, version, settings)
    assert again == first
    assert (again / "MLmodel").read_bytes() == b"y"

    again.chmod(0o755)
    (again / "extra").write_bytes(b"")
    assert not (artifacts.cached_directory(store, version, settings) / "extra").exists()


def test_workers_at_once_share_one_cached_directory(either: ArtifactStore, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    contents = [bytes([number]) * 1000 for number in range(20)]
    manifest = [entry(f"f{number}/x", data) for number, data in enumerate(contents)]
    for data in contents:
        either.put(io.BytesIO(data))
    version = Version(digest=sha(b"m"), manifest=manifest)
    with ThreadPoolExecutor(8) as pool:
        places = list(
            pool.map(lambda _: artifacts.cached_directory(either, version, settings), range(8))
        )
    assert len(set(places)) == 1
    assert (places[0] / "f7" / "x").read_bytes() == contents[7]
    assert list(places[0].parent.iterdir()) == [places[0]]


@pytest.mark.s3
def test_the_bucket_is_made_in_the_region_asked_for(s3_settings: Settings) -> None:
    elsewhere = s3_settings.model_copy(update={"s3_region": "eu-central-1"})
    store = S3Store(elsewhere)
    with store.open(store.put(io.BytesIO(b"x"))) as stream:
        assert stream.read() == b"x"
