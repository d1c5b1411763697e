"""A command that was not understood: what click says of it, Chinese first, English beside it."""

import re
from collections.abc import Iterable, Sequence

import click

from registry.language import Text

OWN = re.compile(r"(?P<zh>.*[。？！])\s*/ (?P<en>.+)", re.DOTALL)
"""A message of ours has both languages already."""
MEANT = re.compile(r"\s*\(?Did you mean(?: one of:)? (?P<names>.+?)\?\)?$")
VALUE = re.compile(r"Invalid value(?: for (?P<where>.+?))?: (?P<message>.+)", re.DOTALL)
MISSING = re.compile(
    r"Missing (?P<kind>argument|option|parameter)(?: (?P<name>.+?))?\."
    r"(?: Choose from:(?P<choices>.+))?",
    re.DOTALL,
)
KINDS = {"argument": "参数", "option": "选项", "parameter": "参数"}
SAYINGS: Sequence[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern, re.DOTALL), zh)
    for pattern, zh in (
        (r"No such option (.+)\.", "没有选项 {0}。"),
        (r"No such command (.+)\.", "没有命令 {0}。"),
        (r"Missing command\.", "请写明命令。"),
        (r"Option (.+) requires an argument\.", "选项 {0} 后面要写一个值。"),
        (r"Option (.+) requires (\d+) arguments\.", "选项 {0} 后面要写 {1} 个值。"),
        (r"Option (.+) does not take a value\.", "选项 {0} 后面不写值。"),
        (r"Argument (.+) takes (\d+) values\.", "参数 {0} 要写 {1} 个值。"),
        (r"Got unexpected extra arguments? \((.+)\)", "多写了：{0}。"),
        (r"(.+) is not a valid integer(?: range)?\.", "{0} 不是整数。"),
        (r"(.+) is not a valid float(?: range)?\.", "{0} 不是数。"),
        (r"(.+) is not a valid boolean\..*", "{0} 不是“是”或“否”。"),
        (r"(.+) is not in the range (.+)\.", "{0} 不在范围 {1} 之内。"),
        (r"(.+) is not one of (.+)\.", "{0} 不在可选的值之中：{1}。"),
    )
]
LABELS = {
    "Usage: ": "用法 / Usage: ",
    "Options": "选项 / Options",
    "Positional arguments": "参数 / Positional arguments",
    "Commands": "命令 / Commands",
    "Show this message and exit.": "显示这段说明 / show this message and exit",
    "Show the version and exit.": "显示版本 / show the version and exit",
}
REQUIRED = re.compile(r"\brequired\]$")
DEFAULT = re.compile(r"\[default: ")


class HelpText(click.HelpFormatter):
    """Help whose labels are Chinese first too."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The usage line."""
        super().write_usage(prog, args, prefix or LABELS["Usage: "])

    def write_heading(self, heading: str) -> None:
        """The heading of a section."""
        super().write_heading(LABELS.get(heading, heading))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """A list of options or commands."""
        super().write_dl([(name, _label(about)) for name, about in rows], col_max, col_spacing)


def _label(about: str) -> str:
    about = REQUIRED.sub("必填 / required]", LABELS.get(about, about))
    return DEFAULT.sub("[默认 / default: ", about)


def said(error: click.ClickException) -> Text:
    """What went wrong, in both languages.

    Args:
        error: of click's own, or one of ours with both languages in its message.
    """
    message = " ".join(error.format_message().split())
    if (meant := MEANT.search(message)) is None:
        return _said(message)
    said = _said(message[: meant.start()])
    return Text(f"{said.zh}是不是 {meant['names']}？", f"{said.en} {meant[0].strip()}")


def _said(message: str) -> Text:
    if value := VALUE.fullmatch(message):
        inner, where = _said(value["message"]), value["where"]
        place = Text(f"{where}：", f"{where}: ") if where else Text("", "")
        return Text(place.zh + inner.zh, place.en + inner.en)
    if own := OWN.fullmatch(message):
        return Text(own["zh"], own["en"])
    if missing := MISSING.fullmatch(message):
        return _missing(missing, message)
    for pattern, zh in SAYINGS:
        if found := pattern.fullmatch(message):
            return Text(zh.format(*found.groups()), message)
    return Text(f"命令没有看懂（{message}）。", message)


def _missing(missing: re.Match[str], message: str) -> Text:
    zh = f"缺少{KINDS[missing['kind']]} {missing['name'] or ''}".rstrip() + "。"
    if missing["choices"]:
        zh += f"可选：{missing['choices'].strip()}。"
    return Text(zh, message)


def tell(error: click.ClickException) -> None:
    """Print what went wrong and where the help is; help itself is printed as it is.

    Args:
        error: whatever click raised.
    """
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    what = said(error)
    click.secho(what.zh, fg="red", err=True)
    click.echo(what.en, err=True)
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
        click.echo(f"帮助 / Help: {error.ctx.command_path} --help", err=True)
