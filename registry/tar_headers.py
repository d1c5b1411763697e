"""Extended headers of tar files, looked at before `tarfile` parses them.

Python before 3.11.10 and 3.12.6 searches such a header with patterns that go back and forth: half a
megabyte of digits keeps a whole process busy for minutes (CVE-2024-6232). A record may also name a
length that makes the parser read the same bytes again and again, a sparse map may lead it through
the file block by block, and what a global header says is copied for every entry. So each body is
read here first, once and from left to right, and only what a packer really writes goes on.
"""

import re
import tarfile
from typing import Protocol, Self, cast

MOST = 64 << 10
"""The largest body of one header, bytes; a packer writes some hundred, with attributes a few thousand."""
MOST_TOGETHER = 4 << 20
MOST_GLOBAL = 64 << 10
_EXTENDED = {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.XGLTYPE}
_LONG = {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
_LENGTH = re.compile(rb"([0-9]{1,6}) ")
_TYPE = slice(156, 157)  # of the type in a header block (POSIX.1-2008, ustar)


class HeaderSource(Protocol):
    """The stream of a tar file that knows when a header is read from it."""

    headers: "Headers"


class Headers:
    """Judges what is read while `tarfile` is at a header; nothing is said about files' bytes."""

    def __init__(self) -> None:
        self.reading = False
        self._kind = b""
        self._together = 0
        self._global = 0

    def judge(self, piece: bytes) -> None:
        """Look at the next bytes of a header: a block of its own, or the body after it.

        Raises:
            ReadError: the body is too large, or no list of whole records.
        """
        if not self.reading:
            return
        kind, self._kind = self._kind, b""
        if kind in _EXTENDED | _LONG:
            self._count(kind, len(piece))
            if kind in _EXTENDED:
                _check_records(piece)
        elif len(piece) == tarfile.BLOCKSIZE:
            self._kind = piece[_TYPE]

    def _count(self, kind: bytes, size: int) -> None:
        self._together += size
        self._global += size if kind == tarfile.XGLTYPE else 0
        if size > MOST or self._together > MOST_TOGETHER or self._global > MOST_GLOBAL:
            raise tarfile.ReadError("extended headers are too large")


class Entry(tarfile.TarInfo):
    """An entry whose headers are judged while they are read."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        """The next entry; `archive` reads from a `HeaderSource`."""
        headers = cast("HeaderSource", archive.fileobj).headers
        before, headers.reading = headers.reading, True
        try:
            return super().fromtarfile(archive)
        finally:
            headers.reading = before


def _check_records(body: bytes) -> None:
    """Raise `ReadError` unless the body is records of "length keyword=value", then zeros."""
    place = 0
    while place < len(body) and body[place]:
        found = _LENGTH.match(body, place)
        end = place + int(found[1]) if found else 0
        record = body[found.end() : end] if found else b""
        keyword, equals, _ = record.partition(b"=")
        if not keyword or not equals or end > len(body) or not record.endswith(b"\n"):
            raise tarfile.ReadError("an extended header holds no whole records")
        if keyword.startswith(b"GNU.sparse."):
            raise tarfile.ReadError("sparse files are not taken")
        place = end
