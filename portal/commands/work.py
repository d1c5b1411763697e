"""work: a requested piece of work: how far it is, letting it go on when parked, stopping it."""

from collections.abc import Mapping
from typing import Any

import click

JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")


@click.group(help="查看、继续、取消排队的评估和说明。/ Show, resume or cancel requested work.")
def work() -> None:
    """An evaluation or an explanation names its work; only the organisation that asked may act."""


@work.command("list", help="本单位的工作，最新的在前。/ Your organisation's work, newest first.")
@JSON
def listing(*, as_json: bool) -> None:
    """The newest, with the identifiers that the other verbs take."""
    from portal.commands import showing
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        page = client.get("/worklist")
    if as_json:
        showing.as_json(page)
        return
    if not page["items"]:
        showing.console().print("还没有工作。/ No work has been asked for yet.")
    for number, item in enumerate(page["items"]):
        if number:
            showing.console().print()
        _print(item)


@work.command("show", help="进行到哪里，为什么停下。/ How far it is, or why it stands still.")
@click.argument("work_id", metavar="WORK")
@JSON
def show(work_id: str, *, as_json: bool) -> None:
    """WORK is an identifier that `work list` prints."""
    _ask("GET", f"/worklist/{work_id}", as_json=as_json)


@work.command("resume", help="让搁置的工作继续。/ Let parked work go on.")
@click.argument("work_id", metavar="WORK")
@JSON
def resume(work_id: str, *, as_json: bool) -> None:
    """The same work goes on; predictions already charged are not charged again."""
    _ask("POST", f"/worklist/{work_id}/resume", as_json=as_json)


@work.command(
    "cancel", help="取消：正在进行的做完这一轮就停。/ Cancel; a round is finished first."
)
@click.argument("work_id", metavar="WORK")
@JSON
def cancel(work_id: str, *, as_json: bool) -> None:
    """What has ended stays as it ended."""
    _ask("POST", f"/worklist/{work_id}/cancel", as_json=as_json)


def _ask(method: str, path: str, *, as_json: bool) -> None:
    from portal.commands import showing
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        found = client.get(path) if method == "GET" else client.post(path)
    if as_json:
        showing.as_json(found)
    else:
        _print(found)


def _print(found: Mapping[str, Any]) -> None:
    from rich.markup import escape

    from portal.commands import showing
    from registry.worklist import STATE_NAMES, State

    out = showing.console()
    out.print(escape(f"工作 / work:      {found['id']}"), style="bold")
    out.print(escape(f"内容 / about:     {found['kind']} {found['subject_id']}"))
    out.print(f"状态 / state:     {STATE_NAMES[State(found['state'])]}")
    if found["total"]:
        out.print(f"进度 / progress:  {found['done']:,} / {found['total']:,}")
    told = [found["said"], found["waits"], found["error"]]
    for said in (each for each in told if each and each["zh"]):
        out.print(escape(said["zh"]))
        out.print(escape(said["en"]), style="dim")
    if found["state"] == State.PARKED:
        out.print(escape(f"继续 / to go on:  mingsuan work resume {found['id']}"))
