"""What page and terminal say alike: which rows count, and whose probability was read."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from evaluators.judging import captions
from evaluators.running import left_out_words
from registry.language import Text

NO_NUMBER = Text(
    "数据的行数不公开：公开了就能算出很少的几个人缺了什么。",
    "How many rows the data have is not published: it would tell how few people lack something.",
)


def rows_left_out(report: Mapping[str, Any]) -> list[Text]:
    """How many rows lack what the probes read, and how many groups were not compared: one clause each.

    Args:
        report: its predicate; None of it is said of a report made before rows were counted.
    """
    plan = report["plan"].get("content") or {}
    found = left_out_words.clauses(
        report.get("rows_read") or {}, plan.get("columns") or {}, partial(captions.column, plan)
    )
    absent: dict[str, int] = {}
    for each in report["findings"]:
        groups = (each.get("left_out") or {}).get("not_compared", 0)
        if groups and len(each["slice"]) == 1:
            name = next(iter(each["slice"]))
            absent[name] = max(groups, absent.get(name, 0))
    if alone := max((_alone(each) for each in report["findings"]), default=0):
        least = int((report.get("rows_read") or {}).get("least", 10))
        many = (
            Text("有些行", "some rows")
            if alone < least
            else Text(f"{alone:,} 行", f"{alone:,} rows")
        )
        found.append(Text(
            f"在商品和时刻相同的价格比较里，{many.zh}的商品或时刻只有它自己，没有可比的",
            f"of the price comparisons at the same item and moment, {many.en} with no other of theirs",
        ))  # fmt: skip
    if apart := max((_apart(each) for each in report["findings"]), default=0):
        found.append(Text(
            f"在条件相同的价格比较里，{apart:,} 行没有可比的另一组的行",
            f"of the price comparisons under the same conditions, {apart:,} rows with none of another group",
        ))  # fmt: skip
    found += _one_sided(report["findings"], plan)
    for name, groups in absent.items():
        own, one = captions.column(plan, name), groups == 1
        found.append(Text(
            f"“{own.zh}”有 {groups:,} 组没有比较",
            f"{groups:,} {'group' if one else 'groups'} of '{own.en}' "
            f"{'was' if one else 'were'} not compared",
        ))  # fmt: skip
    return found


def _alone(finding: Mapping[str, Any]) -> int:
    """How many rows a price comparison left out for want of another of their item or moment."""
    return int((finding.get("details") or {}).get("alone") or 0)


def _apart(finding: Mapping[str, Any]) -> int:
    """How many rows a price comparison left out for want of one of another group in like conditions."""
    return int((finding.get("left_out") or {}).get("apart") or 0)


def _one_sided(findings: Sequence[Mapping[str, Any]], plan: Mapping[str, Any]) -> list[Text]:
    """Which groups lack so many more prices than others that a comparison could turn: one clause each."""
    told: dict[tuple[str, str], Text] = {}
    for each in findings:
        left = each.get("left_out") or {}
        column = next(iter(each["slice"]), "")
        for one in left.get("unpriced", ()) if left.get("uneven") else ():
            name, level = captions.column(plan, column), captions.level(plan, column, one["level"])
            share = f"{100 * one['share']:.1f}%" if one["share"] is not None else None
            told[column, one["level"]] = Text(
                f"“{name.zh}”为“{level.zh}”的报价里{f'有 {share}' if share else '有一些'}没有大于 0 的价格，多在一边，足以改变比较的结论",
                f"{share or 'some'} of the quotes to '{level.en}' of '{name.en}' without a price above 0: "
                "mostly of one side, enough to turn what is compared",
            )
    return list(told.values())


def rows_counted(report: Mapping[str, Any]) -> Text | None:
    """The same in one sentence for a first screen; None where the report does not say."""
    if not report.get("rows_read"):
        return None
    found = rows_left_out(report)
    if not found:
        return Text(
            "没有：检验所读的各列，每一行都有可用的值。",
            "Nothing: every row has a usable value in every column that the probes read.",
        )
    rows = report["rows_read"]["rows"]
    zh, en = "；".join(each.zh for each in found), "; ".join(each.en for each in found)
    if rows is None:
        return Text(f"{zh}。{NO_NUMBER.zh}", f"{en[:1].upper()}{en[1:]}. {NO_NUMBER.en}")
    return Text(f"{rows:,} 行中：{zh}。", f"Of {rows:,} rows: {en}.")


def data_doubts(report: Mapping[str, Any]) -> list[Text]:
    """What about the data makes the report's numbers doubtful; nothing where it does not say.

    Args:
        report: its predicate.
    """
    plan = report["plan"].get("content") or {}
    found = []
    for each in report.get("data_doubts") or ():
        name, said = str(each["item"]), Text(each["zh"], each["en"])
        own = captions.column(plan, name)
        found.append(
            Text(
                said.zh.replace(f"“{name}”", f"“{own.zh}”"),
                said.en.replace(f"'{name}'", f"'{own.en}'"),
            )
        )
    return found


UNNAMED = ("xgboost", "lightgbm", "onnx")
"""The formats whose probabilities may come without the names of their classes."""

IN_ORDER = Text(
    "{flavour} 格式的输出可以不带类别名：那时模型没有写明哪一列是哪一类，计划里各类别的次序被当作模型输出各列的次序，"
    "无法核对。",
    "Outputs of the format {flavour} may hold no names of classes: then the model does not say which column "
    "is which class, the order of the classes in the plan was taken for the order of the model's columns, "
    "and it cannot be checked.",
)


def classes_in_order(report: Mapping[str, Any]) -> Text | None:
    """That the plan's order of classes may have decided whose probability was read; else None.

    Classes 0, 1, 2 … are taken by their number, and other formats name their classes.

    Args:
        report: its predicate.
    """
    columns = (report["plan"].get("content") or {}).get("columns") or {}
    names = [str(each) for each in columns.get("classes") or ()]
    sandbox = (report.get("provenance") or {}).get("sandbox") or {}
    flavour = sandbox.get("model_format") or (report.get("model") or {}).get("flavour")
    if flavour not in UNNAMED or {*names} == {*map(str, range(len(names)))}:
        return None
    return IN_ORDER.format(flavour=flavour)


def rows_number(rows: int | None) -> Text:
    """How many rows the data have, or why that is not told."""
    return NO_NUMBER if rows is None else Text(f"{rows:,} 行", f"{rows:,} rows")
