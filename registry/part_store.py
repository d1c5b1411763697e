"""Where the parts of a large upload lie until they are one file, beside the store of blobs.

In files they come through our server and lie in a folder that every server on the same store sees;
on S3 the sender writes them to the object store itself, at addresses signed for an hour. Joining
streams them once, so that a file of any size takes constant memory.
"""

import io
import os
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from registry import artifacts
from registry.artifacts import ArtifactStore, FileStore, TooLarge
from registry.errors import Conflict
from registry.language import Text

LONGEST_PARTS = 10_000
"""Parts of one upload: what S3 takes at most."""


class PartsMissing(Conflict):
    """Some parts have not arrived, or are not what was sent: send them again."""


class PartStore(Protocol):
    """What keeps parts until they are joined."""

    def begin(self, upload_id: str) -> str:
        """Get ready for an upload; the token with which the store knows it."""

    def address(self, upload_id: str, token: str, number: int, seconds: int) -> str | None:
        """Where the sender puts a part by itself; None where it comes through our server."""

    def put(self, upload_id: str, number: int, source: Path) -> None:
        """Keep a part that came through our server."""

    def join(
        self, upload_id: str, token: str, parts: Sequence[tuple[int, str]], *, limit: int
    ) -> tuple[str, int]:
        """Make one blob of the parts in their order; its digest and size.

        Args:
            upload_id: which upload.
            token: what `begin` returned.
            parts: (number, entity tag) of each, as the sender has them.
            limit: the most bytes they may come to.

        Raises:
            PartsMissing: when the store lacks one, or has another.
            TooLarge: when they come to more than `limit`.
        """

    def discard(self, upload_id: str, token: str) -> None:
        """Drop the parts; parts that are gone are no error."""


def beside(store: ArtifactStore) -> PartStore:
    """Where parts lie beside a store of blobs.

    Args:
        store: what `artifacts.open_store` returned.
    """
    if isinstance(store, FileStore):
        return FileParts(store)
    from registry.s3_parts import S3Parts  # boto3 takes a third of a second
    from registry.s3_store import S3Store

    return S3Parts(cast("S3Store", store))


class FileParts:
    """Parts as files `parts/UPLOAD/NUMBER` in the folder of a store of files.

    Args:
        store: that store.
    """

    def __init__(self, store: FileStore) -> None:
        self._store = store

    def begin(self, upload_id: str) -> str:
        self._store.folder("parts", upload_id)
        return ""

    def address(self, upload_id: str, token: str, number: int, seconds: int) -> str | None:  # noqa: ARG002
        return None

    def put(self, upload_id: str, number: int, source: Path) -> None:
        """Copy beside, then rename: a part is there whole or not at all."""
        folder = self._store.folder("parts", upload_id)
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".")
        try:
            with os.fdopen(descriptor, "wb") as target, source.open("rb") as stream:
                artifacts.copy(stream, target)
            Path(name).replace(folder / str(number))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def join(
        self,
        upload_id: str,
        token: str,  # noqa: ARG002
        parts: Sequence[tuple[int, str]],
        *,
        limit: int,
    ) -> tuple[str, int]:
        """Each part is held against its tag: of two senders at once the other's bytes may lie here."""
        folder = self._folder(upload_id)
        paths = [folder / str(number) for number, _ in parts]
        try:
            size = sum(path.stat().st_size for path in paths)
            require_within(size, limit)
            with _Chained(
                (number, tag.strip('"'), folder / str(number)) for number, tag in parts
            ) as stream:
                return self._store.put(cast("BinaryIO", stream)), size
        except FileNotFoundError as missing:
            raise parts_missing() from missing

    def discard(self, upload_id: str, token: str) -> None:  # noqa: ARG002
        artifacts.discard(self._folder(upload_id))

    def _folder(self, upload_id: str) -> Path:
        return self._store.root / "parts" / upload_id


def require_within(size: int, limit: int) -> None:
    """See that a whole upload keeps within the limit.

    Raises:
        TooLarge: when it does not.
    """
    if size > limit:
        raise TooLarge(
            f"各块合计 {size:,} 字节，超过上限 {limit:,}。请减小，或请管理员调高 MINGSUAN_MAX_SUBMISSION。",
            f"The parts come to {size:,} bytes; the limit is {limit:,}. Send less, or ask the "
            "operator for a higher MINGSUAN_MAX_SUBMISSION.",
        )


def parts_missing(numbers: Sequence[int] = ()) -> PartsMissing:
    """What to raise where parts have not arrived, or are others than those sent.

    Args:
        numbers: which, where it is known.
    """
    some = ", ".join(str(number) for number in numbers[:20]) + (" …" if numbers[20:] else "")
    named = Text(f"（{some}）", f" ({some})") if numbers else Text("", "")
    return PartsMissing(
        f"有的块没有收到，或与发送的不同{named.zh}。没有合成文件：请把这些块再发一次，或重新上传这个文件。",
        f"Some parts have not arrived, or are not those that were sent{named.en}. No file was made: "
        "send these again. Upload the file again where their addresses are an hour old.",
    )


class _Chained(io.RawIOBase):
    """Parts one after another as one stream, each held against its digest and closed at its end.

    Args:
        parts: (number, SHA-256, file) of each.
    """

    def __init__(self, parts: Iterable[tuple[int, str, Path]]) -> None:
        self._parts = iter(parts)
        self._present: BinaryIO | None = None
        self._number, self._digest, self._hashed = 0, "", sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`, of one part; empty at the end of the last.

        Raises:
            PartsMissing: at the end of a part that is not what its tag says.
        """
        while (stream := self._present or self._next()) is not None:
            if chunk := stream.read(size):
                self._hashed.update(chunk)
                return chunk
            stream.close()
            self._present = None
            if self._hashed.hexdigest() != self._digest:
                raise parts_missing([self._number])
        return b""

    def _next(self) -> BinaryIO | None:
        """The next part, opened; None after the last."""
        part = next(self._parts, None)
        if part is not None:
            self._number, self._digest, file = part
            self._present, self._hashed = file.open("rb"), sha256()
        return self._present

    def close(self) -> None:
        """Close the part that is being read."""
        with suppress(AttributeError):
            if self._present is not None:
                self._present.close()
        super().close()
