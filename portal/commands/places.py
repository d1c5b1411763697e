"""Files that a command reads and writes: whether they are there, and their faults by name."""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from registry import typed_toml
from registry.errors import Conflict, Invalid, Reason
from registry.language import Text


class FileThere(Conflict):
    """A file of that name exists and is not overwritten."""


class NoNumber(Invalid):
    """A file has nan or inf where a number belongs: write one."""


class NotWritable(Invalid):
    """Nothing can be written there: choose another place, or make room."""


class Existing(click.ParamType[Path]):
    """A file or folder that must exist.

    Args:
        what: `file`, `folder` or `any`.
    """

    name = "path"

    def __init__(self, what: str = "file") -> None:
        self._what = what

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """The path, or a usage error in both languages."""
        place = Path(value)
        if not place.exists():
            self.fail(
                f"“{place}”不存在，请检查路径。/ There is no '{place}'; check the path.",
                param,
                ctx,
            )
        if self._what == "file" and not place.is_file():
            self.fail(f"“{place}”不是文件。/ '{place}' is not a file.", param, ctx)
        if self._what == "folder" and not place.is_dir():
            self.fail(f"“{place}”不是文件夹。/ '{place}' is not a folder.", param, ctx)
        return place


FILE, FOLDER, ANY = Existing("file"), Existing("folder"), Existing("any")


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        NotToml: naming the line.
        NoNumber: naming each place that has nan or inf.
    """
    what = Text(f"{path} ", str(path))
    content = typed_toml.read(typed_toml.decoded(path.read_bytes(), what), what)
    if odd := [*_not_finite(content)]:
        raise NoNumber(
            f"{path} 里有的数不是数（nan 或 inf），请逐项改正。",
            f"{path} has numbers that are none (nan or inf); correct each.",
            reasons=[Reason(each, NO_FINITE, A_NUMBER) for each in odd],
        )
    return content


NO_FINITE = Text("这不是一个确定的数。", "This is no finite number.")
A_NUMBER = Text(
    "请写一个数，例如 0.5，或者去掉这一项。", "Write one, such as 0.5, or leave it out."
)


def _not_finite(value: object, place: str = "") -> Iterator[str]:
    """Where a file has nan or inf, which no JSON can carry."""
    if isinstance(value, float) and not math.isfinite(value):
        yield place
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for name, each in inner:
        yield from _not_finite(each, f"{place}.{name}" if place else str(name))


def section(content: dict[str, Any], name: str) -> dict[str, Any]:
    """The table `name` of a file, or the whole file where it has no such table."""
    found = content.get(name, content)
    return found if isinstance(found, dict) else content


def free(path: Path) -> Path:
    """The path, if nothing is there.

    Raises:
        FileThere: when something is.
    """
    if path.exists():
        raise FileThere(
            f"{path} 已存在，不会覆盖。请换一个名字。",
            f"{path} exists and is not overwritten. Choose another name.",
        )
    return path


def writable(folder: Path) -> None:
    """See whether files can be written into a folder, before any work is done for them.

    Raises:
        NotWritable: saying why; nothing is left behind.
    """
    absent = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder):
            pass
    except OSError as error:
        raise _not_writable(folder, error) from error
    finally:
        for each in absent:
            with suppress(OSError):
                each.rmdir()


def write_all(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write new files: all of them whole, or none. Sealed ones are for their owner alone.

    Raises:
        FileThere: when a name is taken.
        NotWritable: when the place can't be written, or is full.
    """
    places = [free(folder / name) for name in contents]
    placed: list[Path] = []
    try:
        for each in [each for each in (folder, *folder.parents) if not each.exists()][::-1]:
            each.mkdir(
                mode=0o755, exist_ok=True
            )  # whoever may write there may take out what is sealed
        with TemporaryDirectory(dir=folder, prefix=".") as aside:
            for name, content in contents.items():
                mode = 0o600 if name.startswith("sealed") else 0o644
                descriptor = os.open(Path(aside, name), os.O_WRONLY | os.O_CREAT, mode)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
            for place in places:
                Path(aside, place.name).rename(place)
                placed.append(place)
    except OSError as error:
        for place in placed:
            place.unlink(missing_ok=True)
        raise _not_writable(folder, error) from error
    return places


def _not_writable(place: Path, error: OSError) -> NotWritable:
    why = error.strerror or type(error).__name__
    return NotWritable(
        f"不能写入“{place}”（{why}），什么也没有写。请换一个文件夹，或检查权限和剩余空间。",
        f"'{place}' cannot be written ({why}); nothing was written. Choose another folder, or check "
        "permissions and space.",
    )
