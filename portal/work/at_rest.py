"""What lies on disk beside the database: who can read it, and what interrupted work has left."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from portal.work import signer_key
from registry import artifacts, modes
from registry.errors import Unavailable
from registry.language import Text
from registry.settings import Settings

LEFT_OVER = 24 * 3600.0
SHOWN = 5
SWEEP_SECONDS = 3600.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sweeper:
    """Removes what is left over, once an hour; a worker asks it whenever it has nothing to do.

    Args:
        settings: of the installation.
        clear: drops uploads that nobody registered; how many.
        due: when it sweeps next, by the clock of `time.monotonic`.
    """

    settings: Settings
    clear: Callable[[], int]
    due: float = 0.0

    def sweep(self) -> None:
        """Sweep if it is time; what cannot be removed waits for the next time."""
        if time.monotonic() < self.due:
            return
        self.due = time.monotonic() + SWEEP_SECONDS
        try:
            said = remove_left_overs(self.settings)
            uploads = self.clear()
        except (OSError, Unavailable, SQLAlchemyError) as error:
            log.warning("not_swept", error=str(error))
        else:
            log.info("swept", said=said.en, uploads=uploads)


def examined_modes(settings: Settings) -> tuple[bool, Text]:
    """Whether the data directory and the signer's key are for our account alone."""
    exposed = list(_exposed(settings))
    if exposed:
        listed = ", ".join(f"{each.path} ({each.mode:04o})" for each in exposed[:SHOWN])
        said = Text(
            "{n} 项对本机其他用户开放：{listed}。请运行 mingsuan doctor --repair 收紧权限。",
            "{n} places are open to other users of this machine: {listed}. "
            "Run mingsuan doctor --repair to close them.",
        )
        return False, said.format(n=len(exposed), listed=listed)
    if signer_key.in_old_place(settings):
        return False, _old_key(settings)
    return True, Text(
        "数据目录和签名私钥只有运行账户能读。",
        "Only the account that runs the processes can read the data and the signer's key.",
    )


def _old_key(settings: Settings) -> Text:
    old, place = signer_key.old_path(settings), signer_key.key_path(settings)
    if place.exists():
        return Text(
            f"数据目录里还有一把旧的签名私钥 {old}，签名进程用的是 {place}。请把旧的移到数据目录之外保管。",
            f"An earlier private key of the signer lies in the data directory ({old}); the signer "
            f"uses {place}. Take the earlier one out of the data directory and keep it safe.",
        )
    return Text(
        f"签名私钥还在数据目录里（{old}）。请停掉签名进程，再运行 mingsuan doctor --repair，把它移到 {place}。",
        f"The signer's private key still lies in the data directory ({old}). Stop the signer, then "
        f"run mingsuan doctor --repair to move it to {place}.",
    )


def close(settings: Settings) -> list[Text]:
    """Move the signer's key out of the data directory and close all to other accounts."""
    done = []
    if (place := signer_key.move(settings)) is not None:
        done.append(
            Text(f"签名私钥移到了 {place}。", f"The signer's private key was moved to {place}.")
        )
    folder = signer_key.key_path(settings).parent
    results = [
        *(modes.close(root) for root in _roots(settings)),
        modes.close(folder, deep=False, rights=_rights(settings)),
    ]
    closed, left = sum(number for number, _ in results), [p for _, rest in results for p in rest]
    done.append(Text("收紧权限 {n} 项。", "Closed {n} places to other users.").format(n=closed))
    if left:
        listed = ", ".join(str(path) for path in left[:SHOWN])
        said = Text(
            "{n} 项属于其他账户，未能收紧：{listed}。请用那个账户或 root 再运行一次。",
            "{n} places belong to other accounts and were not closed: {listed}. "
            "Run this again under that account or as root.",
        )
        done.append(said.format(n=len(left), listed=listed))
    return done


def _roots(settings: Settings) -> tuple[Path, Path]:
    return settings.data, signer_key.key_path(settings)


def _rights(settings: Settings) -> int:
    """What others may not do with the folder of the signer's key.

    In our own they may do nothing; in one that the operator chose, which may hold others' things,
    they may not put another key in the place of ours.
    """
    return modes.WRITE if settings.signer_key else modes.OTHERS


def _exposed(settings: Settings) -> Iterator[modes.Open]:
    folder = signer_key.key_path(settings).parent
    return chain(
        *(modes.exposed(root) for root in _roots(settings)),
        modes.exposed(folder, deep=False, rights=_rights(settings)),
    )


def left_overs(settings: Settings) -> list[Path]:
    """What interrupted work left in the spool, once old (for uploads see `portal.work.abandoned`)."""
    spool = settings.data / "spool"
    places = ("incoming/*", "s3/*", "form-*", "upload-*", "models/.*")
    before = time.time() - LEFT_OVER
    return [
        path for place in places for path in spool.glob(place) if path.lstat().st_mtime < before
        if path.name not in ("incoming", "s3", "models")
    ]  # fmt: skip


def remove_left_overs(settings: Settings) -> Text:
    """Remove what is left over, and say how much."""
    left = left_overs(settings)
    for path in left:
        if path.is_dir():
            artifacts.discard(path)
        else:
            path.unlink(missing_ok=True)
    return Text("清除临时文件 {n} 项。", "Removed {n} left-overs.").format(n=len(left))
