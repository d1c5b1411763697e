"""Parts of large uploads on an S3 server: its own multipart upload, below `staging/`.

The sender writes each part at an address signed for it alone. When all are there, the object is
read once for its digest and copied, within the object store, to the key of its digest.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress

from registry.artifacts import CHUNK, BlobNotFound
from registry.part_store import parts_missing, require_within
from registry.s3_store import S3Store


class S3Parts:
    """Uploads in parts beside a store of blobs in the same bucket.

    Args:
        store: that store.
    """

    def __init__(self, store: S3Store) -> None:
        self._store = store

    def begin(self, upload_id: str) -> str:
        self._store.require_ours()
        with self._store.answering(upload_id):
            answer = self._store.client.create_multipart_upload(
                Bucket=self._store.bucket, Key=self._key(upload_id)
            )
            return str(answer["UploadId"])

    def address(self, upload_id: str, token: str, number: int, seconds: int) -> str | None:
        """An address that takes one part and nothing else."""
        place = {"Bucket": self._store.bucket, "Key": self._key(upload_id)}
        return str(
            self._store.client.generate_presigned_url(
                "upload_part",
                Params=place | {"UploadId": token, "PartNumber": number},
                ExpiresIn=seconds,
            )
        )

    def put(self, upload_id: str, number: int, source: object) -> None:  # noqa: ARG002
        """Refused: parts go to the object store itself."""
        raise parts_missing()

    def join(
        self, upload_id: str, token: str, parts: Sequence[tuple[int, str]], *, limit: int
    ) -> tuple[str, int]:
        self._store.require_ours()
        place = {"Bucket": self._store.bucket, "Key": self._key(upload_id)}
        listed = [{"PartNumber": number, "ETag": tag} for number, tag in parts]
        client = self._store.client
        try:
            with self._store.answering(upload_id):
                self._require(place, token, parts)
                self._complete(place, token, listed)
                size = int(client.head_object(**place)["ContentLength"])
                require_within(size, limit)
                hashed = hashlib.sha256()
                body = client.get_object(**place)["Body"]
                for chunk in iter(lambda: body.read(CHUNK), b""):
                    hashed.update(chunk)
                digest = hashed.hexdigest()
                self._store.take(place, digest)
        except BlobNotFound as missing:
            raise parts_missing() from missing
        return digest, size

    def discard(self, upload_id: str, token: str) -> None:
        place = {"Bucket": self._store.bucket, "Key": self._key(upload_id)}
        client = self._store.client
        with suppress(BlobNotFound), self._store.answering(upload_id):
            with suppress(client.exceptions.NoSuchUpload):
                client.abort_multipart_upload(**place, UploadId=token)
            client.delete_object(**place)

    def _require(
        self, place: dict[str, str], token: str, parts: Sequence[tuple[int, str]]
    ) -> None:
        """See that all parts are there before they are joined: some servers drop an upload that fails.

        Raises:
            PartsMissing: naming those that are not.
        """
        client, held = self._store.client, dict[int, str]()
        with suppress(client.exceptions.NoSuchUpload):  # joined before, or aborted
            pages = client.get_paginator("list_parts").paginate(**place, UploadId=token)
            for page in pages:
                for each in page.get("Parts", ()):
                    held[int(each["PartNumber"])] = str(each["ETag"]).strip('"')
            other = [number for number, tag in parts if held.get(number) != tag.strip('"')]
            if other:
                raise parts_missing(other)

    def _complete(self, place: dict[str, str], token: str, parts: list[dict[str, object]]) -> None:
        """Join the parts; where that was done before, the object is there already."""
        client = self._store.client
        with suppress(client.exceptions.NoSuchUpload):
            client.complete_multipart_upload(
                **place, UploadId=token, MultipartUpload={"Parts": parts}
            )

    def _key(self, upload_id: str) -> str:
        return f"{self._store.prefix.removesuffix('sha256/')}staging/{upload_id}"
