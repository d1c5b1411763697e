"""compare: two reports of two versions beside each other."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.commands.places import ANY
from registry.errors import Invalid

if TYPE_CHECKING:
    from evaluators.running.comparison import Comparison

COLOURS = {"worse": "red", "better": "green", "unchanged": "cyan"}


class NotAReport(Invalid):
    """Only evaluation reports can be compared: an envelope, or the folder of a run at home."""


@click.command(
    help="比较两份报告（通常是同一模型的两个版本）：哪些变好、变差，哪些看不出变化。不需要网络。/ "
    "Compare two reports, usually of two versions: what got better, worse, or shows no change. "
    "Needs no network."
)
@click.argument("first", type=ANY)
@click.argument("second", type=ANY)
@click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
def compare(first: Path, second: Path, *, as_json: bool) -> None:
    """A change is no error: the exit code is 0 whatever changed."""
    from evaluators.running import comparison
    from portal.commands import showing

    found = comparison.compare(_statement(first), _statement(second))
    if as_json:
        showing.as_json(found.as_json())
    else:
        _show(found)


def _statement(path: Path) -> dict[str, Any]:
    """The statement in an envelope; signatures are for `mingsuan verify`."""
    from portal.commands import exploring
    from registry import attestation, statements

    file = path / exploring.ENVELOPE if path.is_dir() else path
    if not file.is_file():
        raise NotAReport(
            f"{file} 不存在。请写报告文件，或者 mingsuan evaluate --out 写出的文件夹。",
            f"There is no {file}. Name a report, or the folder of `mingsuan evaluate --out`.",
        )
    sealed = attestation.decode(file.read_bytes(), unsigned=True)
    statement = statements.read(attestation.payload(sealed))
    if statement["predicateType"] not in (statements.REPORT, statements.EXPLORATORY):
        raise NotAReport(
            f"{file} 不是评估报告。请写 mingsuan evaluate 或登记系统给出的报告。",
            f"{file} is not an evaluation report. Name one that `mingsuan evaluate` or a "
            "registry made.",
        )
    return statement


def _show(found: "Comparison") -> None:
    from rich.markup import escape

    from evaluators.running.comparison import CHANGE_NAMES, METHOD, SAME_NAMES
    from portal.commands import showing

    out = showing.console()
    for name, same in found.same.items():
        out.print(escape(str(SAME_NAMES[name, same])), style="dim")
    for change, alike in groupby(found.compared, key=lambda each: each.change):
        compared = list(alike)
        style = f"bold {COLOURS.get(change.value, 'default')}"
        out.print(f"\n{CHANGE_NAMES[change]} ({len(compared)})", style=style)
        for each in compared[: showing.ROWS]:
            out.print(escape(f"· {each.reading.zh}"))
            out.print(escape(f"  {each.reading.en}"), style="dim")
        more = len(compared) - showing.ROWS
        if more > 0:
            out.print(f"另有 {more:,} 项，用 --json 看全。/ {more:,} more: use --json.")
    out.print(f"\n{escape(METHOD.zh)}\n{escape(METHOD.en)}", style="dim")
