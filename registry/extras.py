"""Packages that a plain installation does not have, and the command that adds each."""

import importlib.util

from registry.errors import Invalid, Reason
from registry.language import Text

EXTRAS: dict[str, str] = {
    "xgboost": "boosting",
    "lightgbm": "boosting",
    "catboost": "boosting",
    "duckdb": "duckdb",
    "dask": "dask",
    "distributed": "dask",
    "a2wsgi": "server",
    "flask": "server",
}
"""Package → the extra of ours that brings it, named as in pyproject.toml."""
NAMES = {"xgboost": "XGBoost", "lightgbm": "LightGBM", "catboost": "CatBoost"}
VERBS = {"boosting": "make boosting", "server": "make setup"}
"""Extra → the verb of the Makefile that adds it from the locked requirements."""


class PackageMissing(Invalid):
    """A package is not installed here: the reason names the extra and the command."""


def missing(package: str) -> Reason:
    """Why a package is missing, and how it is added.

    Args:
        package: the name it is imported by.
    """
    extra = EXTRAS.get(package)
    if extra is None:
        return Reason(package, _ABSENT, _OTHER_FORMAT)
    pip = f'pip install "mingsuan[{extra}]"'
    command = (
        Text(
            f"{VERBS[extra]}（在源码目录里）或 {pip}", f"{VERBS[extra]} (in the sources) or {pip}"
        )
        if extra in VERBS
        else Text(pip, pip)
    )
    return Reason(
        package,
        _NOT_INSTALLED.format(name=NAMES.get(package, package), extra=extra),
        _ADD.format(command=command),
    )


def require(*packages: str) -> None:
    """Go on only where packages are installed.

    Args:
        packages: the names they are imported by.

    Raises:
        PackageMissing: with the extra of the first that is missing, and the command.
    """
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise absent(package)


def absent(package: str) -> PackageMissing:
    """The error of a program that cannot go on without a package.

    Args:
        package: the name it is imported by.
    """
    why = missing(package)
    return PackageMissing(
        f"{why.said.zh}。{why.remedy.zh}。", f"{why.said.en}: {why.remedy.en}.", reasons=[why]
    )


_ABSENT = Text("此处没有安装这个软件包", "this package is not installed here")
_OTHER_FORMAT = Text(
    "请把模型另存为 ONNX 等不需要它的格式，或请平台管理员安装",
    "save the model in a format that does not need it, such as ONNX, or ask the administrator",
)
_NOT_INSTALLED = Text(
    "此处没有安装 {name}，它在附加项 {extra} 里",
    "{name} is not installed here; it comes with the extra {extra}",
)
_ADD = Text("请运行：{command}", "run {command}")
