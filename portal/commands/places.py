"""Files that a command is given: whether they are there, and TOML with its faults named."""

import tomllib
from pathlib import Path
from typing import Any

import click

from registry.errors import Conflict, Invalid


class NotToml(Invalid):
    """The file is not TOML: correct the line that is named."""


class FileThere(Conflict):
    """A file of that name exists and is not overwritten."""


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
            self.fail(f"“{value}”不存在。/ {value!r} does not exist.", param, ctx)
        if self._what == "file" and not place.is_file():
            self.fail(f"“{value}”不是文件。/ {value!r} is not a file.", param, ctx)
        if self._what == "folder" and not place.is_dir():
            self.fail(f"“{value}”不是文件夹。/ {value!r} is not a folder.", param, ctx)
        return place


FILE, FOLDER, ANY = Existing("file"), Existing("folder"), Existing("any")


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        NotToml: naming the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotToml(
            f"{path} 不是有效的 TOML：{error}", f"{path} is not valid TOML: {error}"
        ) from error


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
