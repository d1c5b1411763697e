"""Archives: what comes out of them, and what never does."""

import gzip
import io
import os
import struct
import tarfile
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any, cast

import pytest

from registry import screening
from registry.archives import MAX_FILES, ArchiveRefused, unpack

LIMIT = 1 << 20


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: Any = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def items(archive: Path, into: Path, *, limit: int = LIMIT) -> set[str]:
    with pytest.raises(ArchiveRefused) as refused:
        unpack(archive, into, limit=limit)
    assert isinstance(refused.value, screening.ScreeningFailed)
    return {reason.item for reason in refused.value.reasons}


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_a_model_directory_comes_out_as_it_went_in(tmp_path: Path, into: Path, kind: str) -> None:
    source = tmp_path / "source" / "model"
    (source / "artifacts").mkdir(parents=True)
    (source / "MLmodel").write_bytes(b"flavors: {}")
    (source / "artifacts" / "a.bin").write_bytes(os.urandom(50_000))
    archive = tmp_path / f"model.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as made:
            for path in source.rglob("*"):
                made.write(path, path.relative_to(source.parent))
    else:
        with tarfile.open(archive, cast("Any", f"w:{kind[4:]}")) as made_tar:
            made_tar.add(source, arcname=".")

    root = unpack(archive, into, limit=LIMIT)

    assert (root / "MLmodel").read_bytes() == b"flavors: {}"
    assert (root / "artifacts" / "a.bin").read_bytes() == (source / "artifacts/a.bin").read_bytes()


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out", "a\\..\\out", "C:out"])
def test_nothing_leaves_the_folder(tmp_path: Path, into: Path, name: str) -> None:
    assert items(zipped(tmp_path / "a.zip", {name: b"x"}), into)
    assert items(tarred(tmp_path / "a.tgz", (tarfile.TarInfo(name), b"x")), into)
    assert not (tmp_path / "out").exists()
    assert list(into.iterdir()) == []


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_are_refused(tmp_path: Path, into: Path, kind: bytes) -> None:
    info = tarfile.TarInfo("odd")
    info.type, info.linkname = kind, "/etc/passwd"

    assert items(tarred(tmp_path / "a.tar", (info, b""), mode="w"), into) == {"odd"}


def test_a_symbolic_link_in_a_zip_is_refused(tmp_path: Path, into: Path) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")

    assert items(tmp_path / "a.zip", into) == {"link"}


def test_bombs_stop_at_the_limit(tmp_path: Path, into: Path) -> None:
    bomb = bytes(20 * LIMIT)

    assert items(zipped(tmp_path / "a.zip", {"bomb": bomb}), into) == {"total"}
    assert sum(path.stat().st_size for path in into.iterdir()) <= LIMIT
    assert items(tarred(tmp_path / "a.tgz", (tarfile.TarInfo("bomb2"), bomb)), into) == {"total"}


def test_a_header_of_many_megabytes_is_not_read(tmp_path: Path, into: Path) -> None:
    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": "x" * (8 << 20)}

    path = tarred(tmp_path / "a.tgz", (info, b""))

    assert items(path, into, limit=64 << 20) == {"total"}


def test_too_many_entries_are_refused(tmp_path: Path, into: Path) -> None:
    entries = {f"f{number}": b"" for number in range(MAX_FILES + 1)}

    assert "total" in items(zipped(tmp_path / "a.zip", entries), into)


def test_an_encrypted_entry_is_refused(tmp_path: Path, into: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a": b"x"})
    content = bytearray(path.read_bytes())
    for head, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(head) + place] |= 1
    path.write_bytes(content)

    assert items(path, into) == {"a"}


def test_the_same_name_twice_is_refused(tmp_path: Path, into: Path) -> None:
    members = [(tarfile.TarInfo("a"), b"1"), (tarfile.TarInfo("A"), b"2")]

    assert items(tarred(tmp_path / "a.tgz", *members), into) == {"A"}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x1f\x8b junk", os.urandom(2000)])
def test_what_is_no_archive_is_refused(tmp_path: Path, into: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)

    assert items(tmp_path / "a.zip", into) == {"archive"}


def test_a_damaged_archive_is_refused(tmp_path: Path, into: Path) -> None:
    whole = tarred(tmp_path / "a.tgz", (tarfile.TarInfo("a"), os.urandom(100_000))).read_bytes()
    (tmp_path / "a.tgz").write_bytes(whole[:50_000])
    assert items(tmp_path / "a.tgz", into) == {"archive"}
    changed = bytearray(gzip.decompress(whole))
    changed[200] ^= 1
    (tmp_path / "b.tar").write_bytes(changed)
    assert items(tmp_path / "b.tar", into) == {"archive"}


def extended(body: bytes, kind: bytes = tarfile.XHDTYPE) -> bytes:
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, len(body)
    return info.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512)


SPARSE = b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "header",
    [
        extended(b"99999 path=" + b"9" * 700_000),
        extended(b"9" * 60_000),
        extended(b"9" * 700_000 + b" path=x\n"),
        extended(b"2 " * 30_000 + b"="),
        extended(b"11 path=a\n") * 3000,
        extended(b"0 path=a\n"),
        extended(b"9 path=a\n", tarfile.XGLTYPE) * 100_000,
        extended(SPARSE) + tarfile.TarInfo("m").tobuf(tarfile.USTAR_FORMAT) + b"1" * (20 << 20),
    ],
    ids=["digits", "few", "length", "again", "chain", "nothing", "global", "sparse"],
)
def test_no_header_of_a_tar_keeps_the_process_busy(
    tmp_path: Path, into: Path, header: bytes
) -> None:
    """security/S3: 700 kB of digits in an extended header held the whole server for minutes."""
    entry = tarfile.TarInfo("a").tobuf(tarfile.USTAR_FORMAT)
    (tmp_path / "a.tar").write_bytes(header + entry + bytes(1024))
    begun = time.process_time()

    assert items(tmp_path / "a.tar", into, limit=64 << 20) == {"archive"}

    assert time.process_time() - begun < 2


def test_ordinary_extended_headers_are_read(tmp_path: Path, into: Path) -> None:
    info = tarfile.TarInfo("长" * 50 + "0" * 30)
    info.pax_headers = {"mtime": "1732800000.123456789", "LIBARCHIVE.xattr.a": "1" * 3000}

    unpack(tarred(tmp_path / "a.tgz", (info, b"x")), into, limit=LIMIT)

    assert (into / info.name).read_bytes() == b"x"


def test_the_list_of_a_zip_is_not_read_when_it_is_huge(tmp_path: Path, into: Path) -> None:
    """security/S3: a million entries in 50 MB took 8 s and 330 MiB before they were refused."""
    count = 300_000
    one = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, *[0] * 8, 1, *[0] * 6) + b"a"
    many = struct.pack(
        "<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(one) * count, 4
    )
    place = struct.pack("<4sLQL", b"PK\6\7", 0, 4 + len(one) * count, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    (tmp_path / "a.zip").write_bytes(b"PK\3\4" + one * count + many + place + end)
    tracemalloc.start()

    assert items(tmp_path / "a.zip", into) == {"total"}

    assert tracemalloc.get_traced_memory()[1] < 32 << 20
    tracemalloc.stop()
