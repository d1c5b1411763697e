"""record: read what a filing says in public, now or on a day; prove what it withholds."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.commands.places import FILE
from registry.language import Text

if TYPE_CHECKING:
    from portal.commands.client import Client

JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
SERVER = click.option("--server", default="", help="登记系统的网址 / address of the registry")


@click.group(
    help="公示的备案：现在的，或者某一天的。/ What a filing says in public, now or on a day."
)
def record() -> None:
    """It needs no account, but for `disclose`."""


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
        rows = [] if day or as_json else client.get(f"/catalogue/{number}/record")
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
    for each in rows:
        name = each["name"]
        click.echo(f"{each['code']} {name['zh']}：{each['zh']}")
        click.echo(f"   {name['en']}: {each['en']}")


@record.command(
    "disclose",
    help="取出一项没有公开的内容和能证明它的随机串。/ Save a withheld value with what proves it.",
)
@click.argument("filing")
@click.argument("place")
@click.option(
    "--out", type=click.Path(path_type=Path), help="写到哪里 / where to [withheld-PLACE.json]"
)
def disclose(filing: str, place: str, *, out: Path | None) -> None:
    """For the filer and the authority: the file is shown to whom they choose. PLACE is D7 or E2.structure."""
    import json

    from filing.withholding import NothingWithheld
    from portal.commands.client import Client
    from portal.commands.places import write_all
    from registry.settings import settings

    key, _, part = place.partition(".")
    with Client.of(settings()) as client:
        found = client.get(f"/filings/{filing}/withheld")
    shown = [each["disclosure"] for each in found]
    own = next((each for each in shown if (each["key"], each["part"]) == (key, part)), None)
    if own is None:
        raise NothingWithheld(
            f"最近一次公示在“{place}”没有不公开的内容。",
            f"The newest edition withholds nothing at “{place}”.",
        )
    kept = out or Path(f"withheld-{place}.json")
    write_all(kept.parent, {kept.name: json.dumps(own, ensure_ascii=False, indent=1).encode()})
    click.echo(f"已写出 / written: {kept}")


@record.command(
    "prove",
    help="核对别人给您看的没有公开的内容。/ Hold a withheld value that you were shown against the record.",
)
@click.argument("number")
@click.argument("file", type=FILE)
@SERVER
@JSON
def prove(number: str, file: Path, *, server: str, as_json: bool) -> None:
    """The digest is computed here. Exit code 1 when no edition's digest is that of the file."""
    from filing.withholding import Disclosure, Place
    from filing.withholding import prove as held_against
    from portal.commands import showing

    shown = Disclosure.read(file.read_bytes())
    with _anybody(server) as client:
        withheld = [Place(**each) for each in client.get(f"/catalogue/{number}/withheld")]
    proof = held_against(withheld, shown)
    if as_json:
        showing.as_json(proof.as_json())
    else:
        _both(proof.said.as_json())
    if not proof.fits:
        raise click.exceptions.Exit(1)


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
