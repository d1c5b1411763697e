"""The platform's private key as a file: where it lies, and how the signer comes by it.

It lies apart from the data directory, so that the folder which server and workers need can be given
to them without it. An installation made before that has its key in the data directory; it is moved
by a told step and never replaced, because reports signed by another key would not verify against
the one that people know.
"""

import os
import shutil
import tempfile
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry import attestation, modes
from registry.errors import Conflict, Invalid
from registry.settings import Settings

NAME = "signer-key.pem"

log = structlog.get_logger(__name__)


class UnsafeKeyFile(Invalid):
    """The key file can be read by others; the signer does not start with it."""


class KeyInOldPlace(Conflict):
    """The key still lies in the data directory: move it, or name that place in the setting."""


def key_path(settings: Settings) -> Path:
    """Where the private key lies, mode 0600: where the setting says, else beside the data."""
    if settings.signer_key:
        return Path(settings.signer_key)
    data = settings.data.resolve()
    return data.with_name(f"{data.name}.signer") / NAME


def old_path(settings: Settings) -> Path:
    """Where releases before this one kept the key."""
    return settings.data.resolve() / NAME


def in_old_place(settings: Settings) -> bool:
    """Whether a key waits in the data directory to be moved."""
    old, place = old_path(settings), key_path(settings)
    return old.exists() and not (place.exists() and old.samefile(place))


def open_key(settings: Settings) -> Ed25519PrivateKey:
    """Read the private key, or draw it on the first start.

    Raises:
        KeyInOldPlace: when the key of an earlier release waits to be moved.
        UnsafeKeyFile: when group or others may read the file.
        BadKey: when it holds no Ed25519 key.
    """
    require_moved(settings)
    return load_or_create(key_path(settings))


def require_moved(settings: Settings) -> None:
    """Draw no key while that of an earlier release waits in the data directory.

    Raises:
        KeyInOldPlace: when it does.
    """
    place = key_path(settings)
    if not place.exists() and in_old_place(settings):
        old = old_path(settings)
        raise KeyInOldPlace(
            f"签名私钥还在数据目录里（{old}），没有另造新的。请运行 mingsuan doctor --repair，"
            f"把它移到 {place}；要留在原处，请设 MINGSUAN_SIGNER_KEY={old}。",
            f"The signer's private key still lies in the data directory ({old}); no other was drawn. "
            f"Run mingsuan doctor --repair to move it to {place}, or set MINGSUAN_SIGNER_KEY={old} "
            "to leave it there.",
        )


def load_or_create(path: Path) -> Ed25519PrivateKey:
    """Read the private key, or draw it where there is none.

    Raises:
        UnsafeKeyFile: when group or others may read the file.
        BadKey: when it holds no Ed25519 key.
    """
    modes.folder(path.parent)
    if not path.exists():
        _create(path)
    if path.stat().st_mode & modes.OTHERS:
        raise UnsafeKeyFile(
            f"密钥文件 {path} 的权限过宽。请执行 chmod 600 {path}。",
            f"The key file {path} is readable by others. Run: chmod 600 {path}",
        )
    return attestation.load_private(path.read_bytes())


def _create(path: Path) -> None:
    """Write a new key whole or not at all; the first of two starters wins."""
    pem = attestation.private_pem(Ed25519PrivateKey.generate())
    if _placed(path, pem.encode()):
        log.info("signer_key_created", path=str(path))


def _placed(path: Path, content: bytes) -> bool:
    """Put a file there whole, unless one is there already."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".signer-") as draft:
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)
        except FileExistsError:
            return False
    return True


def move(settings: Settings) -> Path | None:
    """Move the key of an earlier release out of the data directory; never over another key.

    Returns:
        Where it lies now; None where nothing was to be moved, or another key is there.
    """
    old, place = old_path(settings), key_path(settings)
    if place.exists() or not in_old_place(settings):
        return None
    modes.folder(place.parent)
    if not _placed(place, old.read_bytes()):
        return None
    owner = old.stat()
    if os.geteuid() == 0:
        shutil.chown(place, owner.st_uid, owner.st_gid)
        shutil.chown(place.parent, owner.st_uid, owner.st_gid)
    old.unlink()
    return place
