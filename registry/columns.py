"""What is said of a data set's columns: which role each plays, and what stands against it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from registry import tables
from registry.errors import Reason
from registry.language import Text

ROLES = (
    *("input", "target", "sensitive", "control", "price", "cost", "profile"),
    *("item", "time", "user", "weight", "other"),
)
ROLE_NAMES: Mapping[str, Text] = {
    "input": Text("模型的输入", "input of the model"),
    "target": Text("实际结果", "observed outcome"),
    "sensitive": Text("敏感特征", "sensitive feature"),
    "control": Text("用来分层的条件", "condition to compare within"),
    "price": Text("价格", "price"),
    "cost": Text("成本", "cost"),
    "profile": Text("用户画像", "profile of the user"),
    "item": Text("商品", "item"),
    "time": Text("时间", "time"),
    "user": Text("人的编号", "number of the person"),
    "weight": Text("权重", "weight"),
    "other": Text("其他", "other"),
}
ONE_ONLY = frozenset({"target", "price", "time", "user", "weight"})
NUMERIC = frozenset({"price", "cost", "weight"})


def role_of(column: Mapping[str, Any] | None) -> str:
    """The role a declaration gives; `other` where it gives none."""
    return str((column or {}).get("role") or "other")


def declaration_faults(columns: Sequence[Mapping[str, Any]]) -> Iterator[Reason]:
    """What is wrong with the declarations, whatever the file holds."""
    seen: set[str] = set()
    for place, column in enumerate(columns, start=1):
        name = str(column.get("name", ""))
        if not name:
            yield fault(f"#{place}", f"第 {place} 项没有列名。", f"Entry {place} names no column.")
        elif name in seen:
            yield fault(name, "这一列声明了两次。", "The column is declared twice.")
        seen.add(name)
        if role_of(column) not in ROLES:
            zh = f"没有“{column['role']}”这个角色。可用：{'、'.join(ROLES)}。"
            en = f"There is no role {column['role']!r}. Choose from {', '.join(ROLES)}."
            yield fault(name or f"#{place}", zh, en)
        if "type" in column and column["type"] not in tables.TYPES:
            zh = f"没有“{column['type']}”这个类型。可用：{'、'.join(tables.TYPES)}。"
            en = f"There is no type {column['type']!r}. Choose from {', '.join(tables.TYPES)}."
            yield fault(name or f"#{place}", zh, en)


def missing(declared: Iterable[str], found: Mapping[str, str]) -> list[Reason]:
    """Declared columns that the file does not have."""
    return [
        fault(
            name,
            f"文件里没有这一列。文件里有：{'、'.join(found)}。",
            f"The file has no such column. It has: {', '.join(found)}.",
        )
        for name in declared
        if name and name not in found
    ]


def role_faults(columns: Sequence[Mapping[str, Any]]) -> Iterator[Reason]:
    """Roles that do not fit the types found, or that two columns claim."""
    first: dict[str, str] = {}
    for column in columns:
        name, role = str(column["name"]), str(column["role"])
        if role in NUMERIC and column["type"] not in tables.NUMBERS:
            zh = f"角色 {role} 需要数字，这一列是 {column['type']}。"
            en = f"The role {role} needs numbers; the column is of type {column['type']}."
            yield fault(name, zh, en)
        if role in ONE_ONLY and first.setdefault(role, name) != name:
            zh = f"角色 {role} 只能有一列，已经给了“{first[role]}”。"
            en = f"Only one column may have the role {role}; {first[role]!r} has it."
            yield fault(name, zh, en)


def fault(item: str, zh: str, en: str) -> Reason:
    """One reason, with the remedy that all of them share."""
    remedy = Text("请改正后重新登记。", "Correct it and register again.")
    return Reason(item, Text(zh, en), remedy)
