"""What is wrong with the options of a planned probe, said in the plan's two languages."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from registry.errors import Reason
from registry.language import Text

BOUNDS: Mapping[str, tuple[str, Text]] = {
    "greater_than": ("gt", Text("应大于 {0}", "must be more than {0}")),
    "greater_than_equal": ("ge", Text("应不小于 {0}", "must be at least {0}")),
    "less_than": ("lt", Text("应小于 {0}", "must be less than {0}")),
    "less_than_equal": ("le", Text("应不大于 {0}", "must be at most {0}")),
    "literal_error": ("expected", Text("只能是 {0}", "must be {0}")),
    "enum": ("expected", Text("只能是 {0}", "must be {0}")),
    "too_short": ("min_length", Text("至少要有 {0} 项", "needs at least {0}")),
    "too_long": ("max_length", Text("最多 {0} 项", "takes at most {0}")),
}
TYPES: Mapping[str, Text] = {
    "int": Text("应是整数", "must be a whole number"),
    "float": Text("应是数", "must be a number"),
    "bool": Text("应是 true 或 false", "must be true or false"),
    "string": Text("应是文字", "must be a text"),
    "list": Text("应是列表 […]", "must be a list […]"),
    "tuple": Text("应是列表 […]", "must be a list […]"),
    "dict": Text("应是表 { … = … }", "must be a table { … = … }"),
}


def option_faults(
    probe: str, options: type[BaseModel], wrong: ValidationError
) -> Iterator[Reason]:
    """One reason per wrong option.

    Args:
        probe: its id.
        options: what it takes.
        wrong: what pydantic found.
    """
    known = list(options.model_fields)
    choose = Text(
        f"可用的选项有：{'、'.join(known)}" if known else "这项检验没有选项，请删去",
        f"its options are: {', '.join(known)}" if known else "it takes no options; remove it",
    )
    correct = Text(
        "改正这个值；各选项见检验的参考页", "correct it; see the reference of the probes"
    )
    for error in wrong.errors():
        place = ".".join(("probes", probe, *(str(part) for part in error["loc"])))
        unknown = error["type"] == "extra_forbidden" and len(error["loc"]) == 1
        yield Reason(place, _said(error), choose if unknown else correct)


def _said(error: Mapping[str, Any]) -> Text:
    kind, context = str(error["type"]), error.get("ctx") or {}
    if kind == "extra_forbidden":
        return Text("没有这个选项", "there is no such option")
    if kind == "missing":
        return Text("缺这一项", "is missing")
    if kind in BOUNDS and BOUNDS[kind][0] in context:
        name, form = BOUNDS[kind]
        bound = str(context[name])
        return Text(form.zh.format(bound.replace(" or ", " 或 ")), form.en.format(bound))
    said = TYPES.get(kind.split("_", maxsplit=1)[0])
    if said and kind.endswith(("_type", "_parsing", "_from_float")):
        return said
    own = str(error["msg"]).removeprefix("Value error, ")
    return Text(f"值不合要求：{own}", f"is not acceptable: {own}")
