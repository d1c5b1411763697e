"""Who may read what lies on disk: the account that runs the processes, and nobody else.

One rule for everything below the data directory and beside it: folders 0700, files 0600 (0400
where nothing is to be written again). `close_to_others` sets it for whatever a process makes from
then on, libraries' files included; what we make ourselves is made so whatever the process's mask.
Sandboxes run under other accounts: they get copies (`registry.sandbox.runtime`) or open handles.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FOLDER = 0o700
FILE = 0o600
SEALED_FOLDER = 0o500
SEALED_FILE = 0o400
OTHERS = 0o077
WRITE = 0o022
"""The part of it by which others put files into a folder, take them out, or change them."""


def close_to_others() -> None:
    """Let this process and its children make no file that another account could read."""
    os.umask(OTHERS)


def folder(place: Path, *, within: Path | None = None) -> Path:
    """Make a folder, with all that is missing above it, for our account alone.

    Args:
        place: the folder; what is there already keeps its mode (see `exposed`).
        within: a folder above it that is not made; None makes them all.

    Raises:
        FileNotFoundError: when `within` is not there.
    """
    above = [each for each in place.parents if within is None or within in each.parents]
    absent = [each for each in (place, *above) if not each.exists()]
    for each in reversed(absent):
        with suppress(FileExistsError):  # made by another process meanwhile
            each.mkdir(mode=FOLDER)
            each.chmod(FOLDER)  # where the mask took even more away
    return place


def file(place: Path) -> Path:
    """Make an empty file for our account alone, unless it is there.

    Args:
        place: the file; its folder must exist.
    """
    with suppress(FileExistsError):
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, FILE))
    return place


def identity(place: Path | str) -> tuple[int, int] | None:
    """Which file lies at a path now: its device and its number; None for none.

    Args:
        place: the file.
    """
    try:
        status = os.stat(place)  # noqa: PTH116  # asked before each answer, and a Path takes as long
    except OSError:
        return None
    return status.st_dev, status.st_ino


@dataclass(frozen=True, slots=True)
class Open:
    """Something that other accounts may read, enter or change.

    Args:
        path: what.
        mode: its permission bits.
    """

    path: Path
    mode: int


def exposed(root: Path, *, deep: bool = True, rights: int = OTHERS) -> Iterator[Open]:
    """Everything in a folder, itself included, that is not for its owner alone; links are skipped.

    Args:
        root: a folder or a file; one that is not there has nothing open.
        deep: also what lies in it.
        rights: what others may not do.
    """
    waiting = [root]
    while waiting:
        path = waiting.pop()
        try:
            status = path.lstat()
            inside = list(path.iterdir()) if deep and stat.S_ISDIR(status.st_mode) else []
        except (FileNotFoundError, PermissionError):  # gone meanwhile, or another account's
            continue
        waiting += inside
        if not stat.S_ISLNK(status.st_mode) and status.st_mode & rights:
            yield Open(path, stat.S_IMODE(status.st_mode))


def close(root: Path, *, deep: bool = True, rights: int = OTHERS) -> tuple[int, list[Path]]:
    """Take group's and others' rights from everything in a folder, itself included.

    Args:
        root: a folder or a file.
        deep: also what lies in it.
        rights: those that are taken.

    Returns:
        How many were closed, and those that could not be (another account's).
    """
    closed, left = 0, list[Path]()
    for each in exposed(root, deep=deep, rights=rights):
        try:
            each.path.chmod(each.mode & ~rights)
        except FileNotFoundError:
            continue
        except PermissionError:
            left.append(each.path)
        else:
            closed += 1
    return closed, left
