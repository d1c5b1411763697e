"""record: read what a filing says in public, now or as it was on a day."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from registry.language import Text

if TYPE_CHECKING:
    from portal.commands.client import Client

JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
SERVER = click.option("--server", default="", help="登记系统的网址 / address of the registry")


@click.group(
    help="公示的备案：现在的，或者某一天的。/ What a filing says in public, now or on a day."
)
def record() -> None:
    """It needs no account."""


@record.command("show", help="查看一份备案。/ Show one filing.")
@click.argument("number")
@click.option(
    "--on",
    "day",
    default="",
    metavar="DAY",
    help="那一天的样子和当时用的版本，写成 2026-12-01 / as it was on a day, and which version served",
)
@SERVER
@JSON
def show(number: str, *, day: str, server: str, as_json: bool) -> None:
    """The standing, and of a day what was public and what the filer says served then."""
    from portal.commands import showing

    place = f"/catalogue/{number}" + (f"/on/{day}" if day else "")
    with _anybody(server) as client:
        told = client.get(place)
    if as_json:
        showing.as_json(told)
        return
    if day:
        _both(told["said"])
        _both(told["service"])
        if told["service"]["claims"]:
            click.echo(str(UNVERIFIED))
    entry = told["entry"] if day else told
    if entry is not None:
        _entry(entry)


UNVERIFIED = Text(
    "服务的话是备案主体自己写的，本平台没有核实。",
    "What is said of the service is the filer's own word, which this platform did not verify.",
)


def _both(said: Mapping[str, Any]) -> None:
    click.echo(said["zh"])
    click.echo(said["en"])


def _entry(entry: Mapping[str, Any]) -> None:
    edition, standing = entry["edition"], entry["standing"]
    status, evaluation = standing["status"], standing["evaluation"]
    click.echo(f"编号 number: {edition['number']}")
    click.echo(f"第几次公示 edition: {edition['edition']} / {standing['editions']}")
    click.echo(f"状态 status: {status['zh']} / {status['en']}")
    click.echo(f"评估 evaluation: {evaluation['zh']} / {evaluation['en']}")
    click.echo(f"校验值 digest: sha256:{entry['digest']}")


def _anybody(server: str) -> "Client":
    from portal.commands.client import Client
    from registry.settings import settings

    return Client(server or settings().server or settings().public_url)
