"""case: appeal, complain or report about a filing, follow it by code, deal with what is for you."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from filing.concern_steps import Ground, Outcome
from filing.routes import SITUATIONS, Route

if TYPE_CHECKING:
    from portal.commands.client import Client

JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
SERVER = click.option("--server", default="", help="登记系统的网址 / address of the registry")
ATTACH = click.option(
    "--attach",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="附件，可给几次：PNG、JPEG、WebP、.txt / a file, may be given several times",
)


@click.group(
    help="申诉、投诉、举报：提交、查询、办理。/ Appeal, complain, report; follow; deal with it."
)
def case() -> None:
    """Sending and following need no account; dealing with a case needs your organisation's token."""


@case.command("send", help="提交，不用账号。/ Send one, without an account.")
@click.argument("filing")
@click.argument("route", type=click.Choice([each.value for each in Route]))
@click.option(
    "--situation",
    type=click.Choice([each.id for each in SITUATIONS]),
    default="other",
    help="发生了什么 / what happened",
)
@click.option("--words", required=True, help="经过 / in your own words")
@click.option("--contact", default="", help="联系方式，可不填 / where to reach you; optional")
@click.option(
    "--consent", is_flag=True, help="投诉可以交给备案主体 / the filer may get a complaint"
)
@click.option(
    "--watch", "watch_id", default="", help="主管部门或行业组织 / authority or body, by id"
)
@ATTACH
@SERVER
@JSON
def send(
    filing: str, route: str, *, files: tuple[Path, ...], server: str, as_json: bool, **said: Any
) -> None:
    """The private code is printed once; nobody can tell it again."""
    given = {"route": route, **said}
    with _anybody(server) as client:
        place = f"/catalogue/{filing}/concerns"
        if files:
            made = client.send_files(f"{place}/with-attachments", given, "attachments", files)
        else:
            made = client.post(place, given)
    _show(made, as_json=as_json)
    if not as_json:
        click.echo(f"查询码 private code: {made['code']}")
        click.echo(made["notice"]["zh"])
        click.echo(made["notice"]["en"])


@case.command(
    "follow", help="凭编号和查询码查询、补充。/ Follow by number and code, or add to it."
)
@click.argument("number")
@click.option("--code", prompt="查询码 private code", hide_input=True)
@click.option("--add", "words", default="", help="补充的话 / what to add")
@ATTACH
@SERVER
@JSON
def follow(
    number: str, *, code: str, words: str, files: tuple[Path, ...], server: str, as_json: bool
) -> None:
    """The code is asked for rather than taken from the command line, where others can read it."""
    plain = number.replace("-", "")
    with _anybody(server) as client:
        place, said = f"/cases/{plain}/additions", {"code": code, "words": words}
        if files:
            told = client.send_files(f"{place}/with-attachments", said, "attachments", files)
        elif words:
            told = client.post(place, said)
        else:
            told = client.post(f"/cases/{plain}/follow", {"code": code})
    _show(told, as_json=as_json)


@case.command("list", help="本单位要办的。/ What waits for your organisation.")
@JSON
def listed(*, as_json: bool) -> None:
    """Open ones first, oldest first."""
    from portal.commands import showing
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        found = client.get("/concerns")["items"]
    if as_json:
        showing.as_json(found)
        return
    table = showing.table("编号 number", "是什么 what", "备案 filing", "现在 now", "修订 revision")
    for each in found:
        table.add_row(
            each["number"],
            each["kind"]["zh"],
            each["filing"],
            each["status"]["zh"],
            str(each["revision"]),
        )
    showing.console().print(table)


@case.command("show", help="查看一件。/ Show one.")
@click.argument("number")
@JSON
def show(number: str, *, as_json: bool) -> None:
    """As far as your organisation may read it."""
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        told = client.get(f"/concerns/{number.replace('-', '')}")
    _show(told, as_json=as_json)


@case.command("attachment", help="保存一个附件。/ Save one attachment.")
@click.argument("number")
@click.argument("position", type=click.IntRange(min=1))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="存到 / where to")
def saved(number: str, position: int, *, out: Path) -> None:
    """For whoever deals with the case; an existing file is never written over."""
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        content = client.read(f"/concerns/{number.replace('-', '')}/attachments/{position}")
    with out.open("xb") as target:
        target.write(content)
    click.echo(str(out))


@click.command(help="等本单位办的。/ What waits for your organisation.")
@JSON
def inbox(*, as_json: bool) -> None:
    """Oldest first; each line names the page where it is dealt with."""
    from portal.commands import showing
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        found = client.get("/inbox")
        url = client.url
    if as_json:
        showing.as_json(found)
        return
    table = showing.table("等什么 what", "名称 name", "在哪里 where")
    for each in found:
        name = f"{each['name']['zh']} · {each['name']['en']}"
        table.add_row(name, each["label"], f"{url}/zh{each['place']}")
    showing.console().print(table)


def _said_with_it(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a step, whoever takes it."""
    for option in (
        click.option("--words", default="", help="要说的话 / what you say with it"),
        click.option("--outcome", type=click.Choice([each.value for each in Outcome])),
        click.option("--ground", type=click.Choice([each.value for each in Ground])),
        click.option(
            "--revision", type=int, required=True, help="您看过的修订 / the revision you read"
        ),
        JSON,
    ):
        command = option(command)
    return command


@case.command(
    "step",
    help="备案主体办理一步：acknowledge 受理、reply 答复询问、close 结案并答复。/ "
    "The filer takes a step: acknowledge (take it on), reply, close it with an answer.",
)
@click.argument("number")
@click.argument("action", type=click.Choice(["acknowledge", "reply", "close"]))
@_said_with_it
def step(number: str, action: str, *, as_json: bool, **said: Any) -> None:
    """Take on, answer, close what is for you; reply to a question."""
    _take(number, "steps", {"action": action, **said}, as_json=as_json)


@case.command(
    "review",
    help="主管部门或行业组织办理一步：acknowledge 受理、put 用自己的话向备案主体询问、close 结案并答复、"
    "release 放行、set_aside 不予受理。/ "
    "The authority takes a step: acknowledge (take it on), put (ask the filer in your own words), "
    "close it with an answer, release (let it through), set_aside (set it aside).",
)
@click.argument("number")
@click.argument(
    "action", type=click.Choice(["acknowledge", "put", "close", "release", "set_aside"])
)
@_said_with_it
@click.option(
    "--yes", is_flag=True, help="询问以前不再问 / ask the filer without asking you first"
)
def review(number: str, action: str, *, as_json: bool, yes: bool, **said: Any) -> None:
    """Take on, put it to the filer in your own words, close it; look first at what was held."""
    if action == "put":
        _read_first(number, said["words"], said["revision"], agreed=yes)
    _take(number, "review", {"action": action, **said}, as_json=as_json)


def _read_first(number: str, words: str, revision: int, *, agreed: bool) -> None:
    """Show what the filer will read, on the other channel than the answer, and ask whether to send it."""
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        asked = {"revision": revision, "words": words}
        told = client.post(f"/concerns/{number.replace('-', '')}/question", asked)
    click.echo("备案主体会读到 / The filer will read:", err=True)
    click.echo(f"  {told['kind']['zh']} · {told['kind']['en']} {told['number']}", err=True)
    click.echo(f"  {told['filing']} · 最迟答复 reply by {told['reply_by']}", err=True)
    for each in told["messages"]:
        click.echo(f"  {each['said']}", err=True)
    if not agreed:
        click.confirm("就这样询问？/ Ask this?", abort=True, err=True)


def _take(number: str, where: str, body: Mapping[str, Any], *, as_json: bool) -> None:
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        told = client.post(f"/concerns/{number.replace('-', '')}/{where}", body)
    _show(told, as_json=as_json)


def _anybody(server: str) -> "Client":
    from portal.commands.client import Client
    from registry.settings import settings

    return Client(server or settings().server or settings().public_url)


def _show(told: Mapping[str, Any], *, as_json: bool) -> None:
    """One case, for its sender or for who deals with it."""
    from portal.commands import showing

    if as_json:
        showing.as_json(told)
        return
    lines = [("编号 number", told["number"])]
    for name, shown in (
        ("途径 route", "route"),
        ("是什么 what", "kind"),
        ("现在 now", "status"),
        ("结果 outcome", "outcome"),
        ("理由 ground", "ground"),
        ("由谁处理 handled by", "handler"),
        ("怎样删除 deletion", "deletion"),
        ("逾期 overdue", "overdue"),
    ):
        if told.get(shown):
            lines.append((name, f"{told[shown]['zh']} · {told[shown]['en']}"))
    for name, shown in (
        ("备案 filing", "filing"),
        ("最迟答复 answer by", "answer_by"),
        ("最迟答复询问 reply by", "reply_by"),
        ("修订 revision", "revision"),
    ):
        if told.get(shown):
            lines.append((name, str(told[shown])))
    for name, value in lines:
        click.echo(f"{name}: {value}")
    attached = told.get("attachments") or ()
    if isinstance(attached, int):
        click.echo(f"附件 attachments: {attached}")
    else:
        for each in attached:
            click.echo(f"附件 attachment {each['position']}: {each['name']} {each['size']:,} B")
    for each in told.get("messages", ()):
        click.echo(f"  [{each['from']}] {each['said'] or '—'}")
