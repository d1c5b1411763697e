"""The parts of a large upload as a client sees them: how many, in which order, at which address.

Loads MLflow.
"""

import hmac
import re
import time
from collections.abc import Sequence
from hashlib import sha256

from mlflow.entities.multipart_upload import MultipartUploadPart
from mlflow.exceptions import MlflowException

from portal.mlflow.words import refusal
from registry import part_store, staging


def check_count(sent: int) -> None:
    """See that a file comes in as many parts as an upload may have.

    Args:
        sent: how many parts the client announces; 0 where it sent no whole number.

    Raises:
        MlflowException: when it may not.
    """
    most = part_store.LONGEST_PARTS
    if sent < 1:
        raise refusal("count-of-parts", most=most)
    if sent > most:
        raise refusal("too-many-parts", most=most, sent=sent)


def in_order(parts: Sequence[MultipartUploadPart]) -> list[tuple[int, str]]:
    """The parts that make up a file by number, each once and none left out.

    Args:
        parts: as the client lists them.

    Raises:
        MlflowException: when they do not run from 1 without a gap.
    """
    listed = sorted((part.part_number, part.etag or "") for part in parts)
    numbers = [number for number, _ in listed]
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        raise refusal("parts-listed")
    return listed


def check_announced(listed: int, announced: int | None) -> None:
    """See that a file is made of as many parts as it was begun with; the upload stays as it is.

    Args:
        listed: how many parts the client says that there are.
        announced: how many it said at first; None where an earlier release began the upload.

    Raises:
        MlflowException: when the numbers differ.
    """
    if announced is None or listed == announced:
        return
    raise refusal("parts-announced", announced=announced, listed=listed)


def count(sent: str) -> int:
    """A number in the address of a part.

    Args:
        sent: as it stands there.

    Raises:
        MlflowException: when it is none that an address made here can hold.
    """
    if re.fullmatch("[0-9]{1,12}", sent) is None:
        raise address_refused()
    return int(sent)


def signature(upload: staging.PartUpload, number: int, expires: int) -> str:
    """What proves that the address of a part was made here.

    Args:
        upload: which upload; its secret signs.
        number: of the part.
        expires: until when the address is good, in seconds since 1970.
    """
    signed = f"{upload.id}/{number}/{expires}".encode()
    return hmac.new(upload.secret.encode(), signed, sha256).hexdigest()


def is_signed(upload: staging.PartUpload, number: int, expires: int, sent: str) -> bool:
    """Whether the address of a part was made here and is still good.

    Args:
        upload: which upload.
        number: of the part.
        expires: until when the address says that it is good.
        sent: the signature in it, any text.
    """
    made = signature(upload, number, expires)
    return hmac.compare_digest(sent.encode(), made.encode()) and expires >= time.time()


def address_refused() -> MlflowException:
    """What to raise where the address of a part was not made here, or is too old."""
    return refusal("part-address")
