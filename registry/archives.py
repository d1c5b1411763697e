"""Archives as they arrive: unpacked with limits, or refused with every reason.

Names are judged as bytes of a stranger: nothing may leave the target folder, two names may not
meet on a file system that folds case, and what is written is counted while it is written (the
sizes an archive declares are not believed).
"""

import bz2
import gzip
import io
import lzma
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from registry import characters, environment, expansion, tar_headers
from registry.errors import Invalid, Reason
from registry.expansion import ARCHIVE_RATIO, archive_reason
from registry.language import Text

MAX_FILES = 1000
MAX_DEPTH = 8
MAX_NAME = 200
_CHUNK = 1 << 20
_LIST = 1 << 20  # of a zip's list of entries: MAX_FILES of the longest names
_HEADERS = 16 << 20  # beside the files' bytes: names, padding, the end
_RESERVED = {"con", "prn", "aux", "nul"} | {f"{d}{i}" for d in ("com", "lpt") for i in range(10)}
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class ScreeningFailed(Invalid):
    """The submission breaks the rules: correct every item listed and submit again."""


class ArchiveRefused(ScreeningFailed):
    """The archive breaks a rule: pack the model directory again as plain files and folders."""


class _TooLarge(Exception):
    """More bytes came out than the limit allows."""


class _TooMany(Exception):
    """The list of entries alone is longer than any that is taken."""


@dataclass(frozen=True, slots=True)
class _Member:
    """One entry of an archive: its name, and how to open it (None for a folder)."""

    name: str
    open: Callable[[], IO[bytes] | None] | None
    wrong: Text | None = None


def unpack(archive: Path, into: Path, *, limit: int) -> Path:
    """Unpack a zip or tar archive (plain, gzip, bzip2, xz) into the empty folder `into`.

    Args:
        archive: the file as uploaded.
        into: an existing, empty folder.
        limit: the most bytes that may come out of the archive; less for a small one, see
            `registry.expansion`.

    Returns:
        The model directory: `into`, or the one folder that holds everything.

    Raises:
        ArchiveRefused: with every offending entry.
    """
    reasons: list[Reason] = []
    names = NameRules()
    room = allowed = min(limit, expansion.allowed(archive.stat().st_size, ARCHIVE_RATIO))
    members = _members(archive, allowed)
    try:
        for count, member in enumerate(members, start=1):
            wrong = (
                [member.wrong]
                if member.wrong
                else names.wrong_with(member.name, directory=member.open is None)
            )
            if count > MAX_FILES:
                reasons.append(too_many_files())
                break
            reasons += [Reason(shown(member.name), said, _REPACK) for said in wrong]
            if not reasons:
                room -= _write(member, into, room)
    except _TooLarge:
        reasons.append(too_large(limit) if allowed == limit else archive_reason(allowed))
    except _TooMany:
        reasons.append(too_many_files())
    except _DAMAGE as error:
        environment.check(error)
        reasons.append(Reason("archive", _UNREADABLE, _REPACK_ZIP))
        raise _refusal(reasons) from error
    finally:
        members.close()
    if reasons:
        raise _refusal(reasons)
    return _top(into)


def _refusal(reasons: list[Reason]) -> ArchiveRefused:
    return ArchiveRefused(
        "压缩包不合规则，未予接收。请按所列原因修改后重新打包。",
        "The archive breaks the rules and was not taken in. Correct what is listed and pack it "
        "again.",
        reasons=reasons,
    )


def _top(into: Path) -> Path:
    inside = list(into.iterdir())
    if len(inside) == 1 and inside[0].is_dir() and not (into / "MLmodel").exists():
        return inside[0]
    return into


def _write(member: _Member, into: Path, room: int) -> int:
    target = into.joinpath(*PurePosixPath(member.name).parts)
    stream = member.open() if member.open else None
    if stream is None:
        target.mkdir(parents=True, exist_ok=True)
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with stream, target.open("xb") as out:
        while piece := stream.read(_CHUNK):
            written += len(piece)
            if written > room:
                raise _TooLarge
            out.write(piece)
    return written


def _members(archive: Path, limit: int) -> Generator[_Member, None, None]:
    with archive.open("rb") as file:
        head = file.read(6)
    if head.startswith(b"PK"):
        yield from _zip_members(archive, limit)
        return
    opened: dict[bytes, object] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
    opener = opened.get(head[:2], Path.open)
    plain = cast("BinaryIO", opener(archive, "rb"))  # type: ignore[operator]
    with (
        plain,
        tarfile.open(
            fileobj=_Metered(plain, limit + _HEADERS), mode="r:", tarinfo=tar_headers.Entry
        ) as tar,
    ):
        for info in tar:
            yield _tar_member(tar, info)


def _zip_members(archive: Path, limit: int) -> Generator[_Member, None, None]:
    with _Listed(archive) as file, zipfile.ZipFile(file) as zipped:
        if sum(info.file_size for info in zipped.infolist()) > limit:
            raise _TooLarge
        for info in zipped.infolist():
            kind = (info.external_attr >> 28) & 0xF  # the Unix file type, 0 where none is given
            if info.flag_bits & 1:
                yield _Member(info.filename, None, _ENCRYPTED)
            elif kind not in {0, 0x4, 0x8}:
                yield _Member(info.filename, None, NOT_PLAIN)
            elif info.is_dir():
                yield _Member(info.filename.rstrip("/"), None)
            else:
                yield _Member(info.filename, partial(zipped.open, info))


def _tar_member(tar: tarfile.TarFile, info: tarfile.TarInfo) -> _Member:
    if info.isdir():
        return _Member(info.name.rstrip("/").removeprefix("./") or ".", None)
    if not info.isreg() or info.issparse():
        return _Member(info.name, None, NOT_PLAIN)
    return _Member(info.name.removeprefix("./"), partial(tar.extractfile, info))


class _Metered(io.RawIOBase):
    """A stream for tarfile that refuses huge single reads (bombs in headers) and huge totals."""

    def __init__(self, source: BinaryIO, limit: int) -> None:
        self._source = source
        self._limit = limit + _CHUNK
        self.headers = tar_headers.Headers()

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= _CHUNK or self._source.tell() > self._limit:
            raise _TooLarge
        piece = self._source.read(size)
        self.headers.judge(piece)
        return piece

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if offset > self._limit:
            raise _TooLarge
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()


class _Listed(io.FileIO):
    """A zip file for zipfile, which reads the whole list of entries at once: not a huge one."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LIST:
            raise _TooMany
        return super().read(-1 if size is None else size)


class NameRules:
    """Judges names one after the other; remembers them, since two may collide."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def wrong_with(self, name: str, *, directory: bool = False) -> list[Text]:
        """Everything that is wrong with `name`, a path with slashes; empty when it is fine."""
        wrong = [said for test, said in _NAME_RULES if test(name)]
        folded = unicodedata.normalize("NFKC", name).casefold()
        if not directory and folded in self._seen:
            wrong.append(_COLLIDES.format(other=shown(self._seen[folded])))
        self._seen[folded] = name
        return wrong


def _parts(name: str) -> tuple[str, ...]:
    return tuple(name.split("/"))


def _leaves(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name or ".." in _parts(name)


def _odd(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return True
    if any(characters.unwanted(name, lines=False)):
        return True
    hidden = any(unicodedata.category(letter)[0] in "CZ" and letter != " " for letter in name)
    return hidden or unicodedata.normalize("NFC", name) != name


def _reserved(name: str) -> bool:
    return any(
        not part
        or part != part.strip(" ")
        or (part.endswith(".") and part not in {".", ".."})
        or part.split(".")[0].casefold() in _RESERVED
        for part in _parts(name)
    )


def _long(name: str) -> bool:
    parts = _parts(name)
    return len(parts) > MAX_DEPTH or any(
        len(part.encode(errors="replace")) > MAX_NAME for part in parts
    )


def shown(name: str) -> str:
    """The name as it may be printed: control and direction marks become visible escapes."""
    return "".join(
        c if c == " " or unicodedata.category(c)[0] not in "CZ" else f"\\u{ord(c):04x}"
        for c in name
    )[:MAX_NAME]


def too_large(limit: int) -> Reason:
    """The reason for more bytes than `limit`."""
    return Reason(
        "total",
        Text(
            f"解开后超过 {limit:,} 字节的上限",
            f"it comes to more than the limit of {limit:,} bytes",
        ),
        Text(
            "请只保留模型所需的文件，或请平台管理员提高上限",
            "keep only the files the model needs, or ask the administrator for a higher limit",
        ),
    )


def too_many_files() -> Reason:
    """The reason for more than MAX_FILES entries."""
    return Reason(
        "total",
        Text(f"文件超过 {MAX_FILES} 个", f"there are more than {MAX_FILES} files"),
        Text("请只保留模型所需的文件", "keep only the files the model needs"),
    )


NOT_PLAIN = Text(
    "不是普通文件或文件夹（链接、设备或管道）",
    "it is neither a plain file nor a folder (a link, a device or a pipe)",
)
_ENCRYPTED = Text("加了密码", "it is encrypted")
_UNREADABLE = Text(
    "无法作为 zip 或 tar 压缩包读取，或已损坏", "it cannot be read as zip or tar, or it is damaged"
)
_COLLIDES = Text(
    "与 {other} 仅大小写或写法不同，在某些系统上会互相覆盖",
    "it differs from {other} only in case or spelling; on some systems one overwrites the other",
)
_REPACK = Text(
    "请改名或删除该项，再重新打包", "rename or remove this entry, then pack the directory again"
)
_REPACK_ZIP = Text(
    "请用 zip 或 tar.gz 重新打包模型目录", "pack the model directory again as zip or tar.gz"
)
_NAME_RULES = (
    (_leaves, Text("路径会指向目录之外", "its path may lead outside of the directory")),
    (
        _odd,
        Text(
            "名称含有不可见、方向控制或不规范的字符",
            "its name holds invisible, direction-changing or non-normal characters",
        ),
    ),
    (
        _reserved,
        Text(
            "名称为空、以空格或点结尾，或为系统保留",
            "its name is empty, ends in a space or a dot, or is reserved by a system",
        ),
    ),
    (
        _long,
        Text(
            f"名称过长或目录超过 {MAX_DEPTH} 层",
            f"its name is too long or it lies deeper than {MAX_DEPTH} folders",
        ),
    ),
)
