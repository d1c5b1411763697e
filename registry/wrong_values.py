"""What is wrong with a value of the wrong kind, in both languages: pydantic's errors, translated."""

from collections.abc import Mapping
from typing import Any

from registry.language import Text

SAYINGS: Mapping[str, Text] = {
    "missing": Text("缺少这一项。", "It is missing."),
    "extra_forbidden": Text("没有这一项。", "There is no such item."),
    "json_invalid": Text("不是有效的 JSON。", "It is not valid JSON."),
    "int_type": Text("应是整数。", "It must be a whole number."),
    "int_parsing": Text("应是整数。", "It must be a whole number."),
    "int_parsing_size": Text("这个数太大。", "The number is too large."),
    "int_from_float": Text("应是整数。", "It must be a whole number."),
    "float_type": Text("应是数。", "It must be a number."),
    "float_parsing": Text("应是数。", "It must be a number."),
    "finite_number": Text("应是有限的数。", "It must be a finite number."),
    "no_network": Text(
        "应是地址或网段，用逗号分隔，例如 10.0.0.0/8。",
        "It must be addresses or networks with commas between, such as 10.0.0.0/8.",
    ),
    "bool_type": Text("应是 true 或 false。", "It must be true or false."),
    "bool_parsing": Text("应是 true 或 false。", "It must be true or false."),
    "string_type": Text("应是文字。", "It must be text."),
    "string_too_short": Text("至少 {min_length} 个字。", "At least {min_length} characters."),
    "string_too_long": Text("最多 {max_length} 个字。", "At most {max_length} characters."),
    "string_pattern_mismatch": Text("应符合格式 {pattern}。", "It must match {pattern}."),
    "greater_than": Text("应大于 {gt}。", "It must be greater than {gt}."),
    "greater_than_equal": Text("不能小于 {ge}。", "It must be at least {ge}."),
    "less_than": Text("应小于 {lt}。", "It must be less than {lt}."),
    "less_than_equal": Text("不能大于 {le}。", "It must be at most {le}."),
    "enum": Text("可选：{expected}。", "It must be one of: {expected}."),
    "literal_error": Text("可选：{expected}。", "It must be one of: {expected}."),
    "list_type": Text("应是列表。", "It must be a list."),
    "too_short": Text("至少 {min_length} 项。", "At least {min_length} items."),
    "too_long": Text("最多 {max_length} 项。", "At most {max_length} items."),
    "dict_type": Text("应是对象。", "It must be an object."),
    "model_type": Text("应是对象。", "It must be an object."),
    "model_attributes_type": Text("应是对象。", "It must be an object."),
}


def said(item: Mapping[str, Any]) -> Text:
    """What one error says, without the rejected value itself.

    Args:
        item: one of `ValidationError.errors()`.
    """
    known = SAYINGS.get(str(item["type"]))
    if known is None:
        return Text(f"这一项不符合要求：{item['msg']}", f"It breaks a rule: {item['msg']}")
    return known.format(**_plain(item.get("ctx", {})))


def _plain(limits: Mapping[str, Any]) -> dict[str, Any]:
    """The limits; two options stand in both languages beside one another."""
    expected = str(limits.get("expected", "")).replace(" or ", ", ").replace("'", "")
    return {**limits, "expected": expected}
