"""Blobs on an S3 server, through boto3: the other implementation of `ArtifactStore`."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC
from pathlib import Path
from typing import Any, BinaryIO, cast

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from registry import modes
from registry.artifacts import (
    Blob,
    BlobNotFound,
    Readable,
    checked,
    copy,
    damaged,
    not_found,
    reading,
)
from registry.belonging import StoreUnreachable, away, require_mark, unmarked
from registry.language import Text
from registry.settings import Settings

MULTIPART = 16 * 1024 * 1024
IN_MEMORY = 8 * 1024 * 1024
COPIED_WHOLE = 5 * 1024**3
"""Bytes that S3 copies within itself in one request; a larger object is copied in parts."""
# A HEAD answer has no body, so there the refusal is only a status.
ABSENT = {"404", "NoSuchKey", "NotFound", "InvalidPart", "NoSuchUpload"}
REFUSALS = {"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}


class _Absent(Exception):
    """There is no such object, or nobody can tell because there is no such bucket."""


class S3Store:
    """Blobs as objects `prefix/sha256/ab/cd/abcd…` in one bucket.

    The bucket is made if it is not there, unless the record knows the store already.

    Args:
        settings: `store`, and the address, region and keys of the S3 server.
    """

    def __init__(self, settings: Settings) -> None:
        bucket, _, prefix = settings.store.removeprefix("s3://").partition("/")
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/sha256/".lstrip("/")
        self._region = settings.s3_region
        self._spool = settings.data / "spool" / "s3"
        self._transfer = TransferConfig(
            multipart_threshold=MULTIPART, multipart_chunksize=MULTIPART
        )
        self.client = self._connected(settings, connect=5, read=60, attempts=4)
        self._brief = self._connected(settings, connect=2, read=5, attempts=1)
        self._ready = False
        self.expected: Callable[[], str] = unmarked

    def _connected(self, settings: Settings, *, connect: float, read: float, attempts: int) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=settings.s3_endpoint or None,
            region_name=settings.s3_region,
            aws_access_key_id=settings.s3_key or None,
            aws_secret_access_key=settings.s3_secret.get_secret_value() or None,
            config=Config(
                connect_timeout=connect,
                read_timeout=read,
                retries={"mode": "standard", "total_max_attempts": attempts},
                signature_version="s3v4",  # also for addresses that a sender uses by itself
                # Servers other than AWS do not all know the newer checksum trailers; we have our own.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path" if settings.s3_endpoint else "auto"},
            ),
        )

    def put(self, source: Path | Readable) -> str:
        """Spool a stream to learn its digest, then upload, in parts when it is large."""
        self.require_ours()
        with self._spooled() as spool, reading(source) as stream:
            digest = copy(stream, spool)
            size = spool.tell()
            spool.seek(0)
            with self.answering(digest):
                self.client.upload_fileobj(
                    spool, self.bucket, self._key(digest), Config=self._transfer
                )
        if self.size(digest) != size:
            raise damaged(digest)
        return digest

    def open(self, digest: str) -> BinaryIO:
        """Download to a spool and check it there."""
        spool = self._spooled()
        with ExitStack() as undo:
            undo.callback(spool.close)
            with self.answering(digest):
                answer = self.client.get_object(Bucket=self.bucket, Key=self._key(digest))
                if copy(answer["Body"], spool) != digest:
                    raise damaged(digest)
            spool.seek(0)
            undo.pop_all()
        return spool

    def has(self, digest: str) -> bool:
        try:
            self.size(digest)
        except BlobNotFound:
            return False
        return True

    def size(self, digest: str) -> int:
        with self.answering(digest):
            answer = self.client.head_object(Bucket=self.bucket, Key=self._key(digest))
            return int(answer["ContentLength"])

    def take(self, place: dict[str, str], digest: str) -> None:
        """Keep an object of the same bucket as a blob, copied within the object store.

        Args:
            place: its bucket and key.
            digest: of its bytes, which the caller has read.
        """
        self.require_ours()
        with self.answering(digest):
            whole = TransferConfig(multipart_threshold=COPIED_WHOLE, multipart_chunksize=MULTIPART)
            self.client.copy(place, self.bucket, self._key(digest), Config=whole)

    def delete(self, digest: str) -> None:
        self.require_ours()
        with suppress(BlobNotFound), self.answering(digest):
            self.client.delete_object(Bucket=self.bucket, Key=self._key(digest))

    def blobs(self) -> Iterator[Blob]:
        self.require_ours()
        with self.answering(""):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix
            )
            for page in pages:
                for entry in page.get("Contents", ()):
                    digest = str(entry["Key"]).rpartition("/")[2]
                    yield Blob(digest, int(entry["Size"]), entry["LastModified"].astimezone(UTC))

    def digests(self) -> Iterator[str]:
        return (blob.digest for blob in self.blobs())

    def check(self) -> None:
        """Put one small object of a fixed name, through a client that gives up soon."""
        self._require_ours(self._brief)
        with self.answering("", self._brief):
            self._brief.put_object(Bucket=self.bucket, Key=self._beside("check"), Body=b"")

    def read_mark(self) -> str:
        return self._mark(self.client)

    def require_ours(self) -> None:
        self._require_ours(self.client)

    def _require_ours(self, client: Any) -> None:
        if known := self.expected():
            require_mark(known, self._mark(client))

    def _mark(self, client: Any) -> str:
        try:
            with self._asking(client):
                answer = client.get_object(Bucket=self.bucket, Key=self._beside("mark"))
                return str(answer["Body"].read().decode("ascii"))
        except _Absent:
            return ""

    def write_mark(self, mark: str) -> None:
        with self.answering(""):
            self.client.put_object(
                Bucket=self.bucket, Key=self._beside("mark"), Body=mark.encode("ascii")
            )

    def _beside(self, name: str) -> str:
        return f"{self.prefix.removesuffix('sha256/')}{name}"

    def _key(self, digest: str) -> str:
        checked(digest)
        return f"{self.prefix}{digest[:2]}/{digest[2:4]}/{digest}"

    def _spooled(self) -> BinaryIO:
        spool = str(modes.folder(self._spool))
        return cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=spool))

    def _make_bucket(self, client: Any) -> None:
        place = {} if self._region == "us-east-1" else {"LocationConstraint": self._region}
        try:
            client.head_bucket(Bucket=self.bucket)
        except ClientError as failed:
            if failed.response.get("Error", {}).get("Code") not in {"404", "NoSuchBucket"}:
                raise
            if self.expected():
                raise self._unreachable("NoSuchBucket") from failed
            with suppress(client.exceptions.BucketAlreadyOwnedByYou):  # made meanwhile
                client.create_bucket(
                    Bucket=self.bucket,
                    **({"CreateBucketConfiguration": place} if place else {}),
                )
        self._ready = True

    @contextmanager
    def answering(self, digest: str, client: Any = None) -> Iterator[None]:
        """Say in the register's words what the S3 client says in its own.

        Args:
            digest: of what is asked for, for the message.
            client: which client asks; None for the patient one.

        Raises:
            BlobNotFound: when there is no such object in a store that is ours.
            StoreUnreachable: for every other refusal.
        """
        chosen = client or self.client
        try:
            with self._asking(chosen):
                yield
        except _Absent as absent:
            self._require_ours(chosen)
            raise not_found(digest) from absent

    @contextmanager
    def _asking(self, client: Any) -> Iterator[None]:
        try:
            if not self._ready:
                self._make_bucket(client)
            yield
        except ClientError as failed:
            code = str(failed.response.get("Error", {}).get("Code", ""))
            if code in ABSENT:
                raise _Absent from failed
            raise self._unreachable(code or str(failed)) from failed
        except (Boto3Error, BotoCoreError) as failed:
            raise self._unreachable(str(failed)) from failed

    def _unreachable(self, why: str) -> StoreUnreachable:
        if why in REFUSALS:
            return away(
                Text(
                    f"对象存储 {self.bucket} 拒绝了本机的密钥（{why}）。请管理员检查本机的 MINGSUAN_S3_KEY "
                    "和 MINGSUAN_S3_SECRET 以及它们的权限。",
                    f"The object store {self.bucket} refuses this machine's key ({why}). The "
                    "operator must check MINGSUAN_S3_KEY and MINGSUAN_S3_SECRET here, and what "
                    "they may do.",
                )
            )
        return away(
            Text(
                f"对象存储 {self.bucket} 没有给出正常答复（{why}）。"
                "请检查 MINGSUAN_S3_ENDPOINT 和存储桶，然后重试。",
                f"The object store {self.bucket} did not answer as it should ({why}). "
                "Check MINGSUAN_S3_ENDPOINT and the bucket, then try again.",
            )
        )
