"""A plan to start from, made from the roles that a data set's columns were given."""

from typing import Any

from registry.datasets import Dataset
from registry.submission import Version

MANY = ("sensitive", "control", "cost", "profile")
ONE = ("target", "price", "item", "time", "user", "weight")


def roles(lines: str) -> list[dict[str, str]]:
    """Lines such as `race: sensitive` as the list of columns that a data set takes.

    Args:
        lines: one column a line, its role after a colon (Chinese or ASCII).
    """
    found = []
    for line in lines.replace("：", ":").splitlines():
        name, colon, role = line.partition(":")
        if name.strip():
            found.append({"name": name.strip(), "role": role.strip() if colon else "input"})
    return found


def draft(dataset: Dataset, version: Version) -> str:
    """A commented plan in TOML for this data set and version.

    Args:
        dataset: whose columns have roles.
        version: whose inputs are to be scored.
    """
    by_role: dict[str, list[str]] = {}
    for column in dataset.columns:
        by_role.setdefault(column.get("role", "other"), []).append(column["name"])
    pricing = bool(by_role.get("price") or by_role.get("profile"))
    lines = [f'title = "{dataset.name}"', "", "[columns]"]
    lines += [f'{role} = "{by_role[role][0]}"' for role in ONE if by_role.get(role)]
    lines += [f"{role} = {_names(by_role[role])}" for role in MANY if by_role.get(role)]
    lines += [f"inputs = {_names([str(each['name']) for each in version.inputs])}"]
    if not pricing:
        lines += [
            "favourable = 1      # 对本人有利的结果 / the outcome that is good for the person",
            "cut = 0.5           # 分数达到多少算有利 / favourable at or above this score",
        ]
    lines += ["", "# [reference]        # 对照组 / the reference group", '# race = "white"', ""]
    probes = (
        ("price_counterfactual", "price_observational")
        if pricing
        else ("selection_parity", "error_parity", "counterfactual_flip", "proxy_leakage")
    )
    for probe in probes:
        lines += ["[[probes]]", f'id = "{probe}"', ""]
    return "\n".join(lines)


def _names(names: list[str]) -> str:
    inside: list[Any] = [f'"{name}"' for name in names]
    return f"[{', '.join(inside)}]"
