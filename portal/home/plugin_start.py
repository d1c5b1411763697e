"""A package with one probe to start from: a small probe that works, under the name that was asked for.

What is copied is a package as it stands; only its name changes.
"""

import importlib.util
import keyword
import re
from pathlib import Path

from registry.errors import Conflict, Invalid

TEMPLATE = Path(__file__).parents[1] / "plugin_template"
NAME = "incomplete_records"
FORM = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST = 40


class BadName(Invalid):
    """A probe is called by small letters, digits and single underscores, as `queue_length`."""


class NameTaken(Conflict):
    """Something of that name is there already: choose another."""


def create(name: str, into: Path) -> Path:
    """Write a package whose tests pass as it stands.

    Args:
        name: of the probe, and of the module that holds it.
        into: the folder in which the package gets a folder of its own.

    Returns:
        The package's folder.

    Raises:
        BadName, NameTaken: nothing is written.
    """
    _check(name)
    folder = into / name
    if folder.exists():
        raise NameTaken(
            f"{folder} 已经存在，不会覆盖。请换一个名称或文件夹。",
            f"{folder} is there already and is not overwritten; choose another name or folder.",
        )
    for source in sorted(TEMPLATE.rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts and source.suffix != ".pyc":
            place = folder / _renamed(source.relative_to(TEMPLATE).as_posix(), name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(_renamed(source.read_text("utf-8"), name), encoding="utf-8")
    return folder


def _check(name: str) -> None:
    if not FORM.fullmatch(name) or len(name) > LONGEST or keyword.iskeyword(name):
        raise BadName(
            f"“{name}”不能作名称：只用小写字母、数字和单个下划线，以字母开头，不超过 {LONGEST} 个字符。",
            f"{name!r} is no name for a probe: small letters, digits and single underscores, a "
            f"letter first, at most {LONGEST} characters.",
        )
    from evaluators.guests import installed

    if name in installed.names():
        package = installed.origin(name).package
        raise NameTaken(
            f"已经安装了名为 {name} 的检验（{package}）。请换一个名称。",
            f"A probe named {name} is installed already ({package}); choose another name.",
        )
    if importlib.util.find_spec(name) is not None:
        raise NameTaken(
            f"已经有名为 {name} 的 Python 模块。请换一个名称。",
            f"There is a Python module named {name} already; choose another name.",
        )


def _renamed(text: str, name: str) -> str:
    camel = "".join(part.capitalize() for part in name.split("_"))
    old = "".join(part.capitalize() for part in NAME.split("_"))
    dashed = NAME.replace("_", "-"), name.replace("_", "-")
    return text.replace(NAME, name).replace(old, camel).replace(*dashed)
