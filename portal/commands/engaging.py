"""engagement: who may score which version, how often, and what ties the two sides."""

from collections.abc import Mapping
from typing import Any

import click

JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")


@click.group(help="委托测试机构评估一个版本。/ Engage a tester to evaluate a version.")
def engagement() -> None:
    """The enterprise grants, the tester takes on; either side ends."""


@engagement.command("list", help="本单位的委托，最新的在前。/ Your engagements, newest first.")
@click.option("--version", help="只看这个版本的 / those on this version alone")
@JSON
def listing(*, version: str | None, as_json: bool) -> None:
    """Every engagement in which your organisation is one side, or every one on a version."""
    from portal.commands import showing
    from portal.commands.client import Client
    from registry.settings import settings

    path = f"/versions/{version}/engagements" if version else "/engagements"
    with Client.of(settings()) as client:
        found = list(client.items(path))
    if as_json:
        showing.as_json(found)
        return
    if not found:
        showing.console().print("还没有委托。/ There is no engagement yet.")
    for number, each in enumerate(found):
        if number:
            showing.console().print()
        _print(each)


@engagement.command("show", help="一项委托：次数用了多少，双方声明。/ One engagement.")
@click.argument("engagement_id", metavar="ENGAGEMENT")
@JSON
def show(engagement_id: str, *, as_json: bool) -> None:
    """ENGAGEMENT is an identifier that `engagement list` prints."""
    _ask("GET", f"/engagements/{engagement_id}", None, as_json=as_json)


@engagement.command(
    "grant", help="企业：让一家测试机构评估一个版本。/ Enterprise: let a tester score a version."
)
@click.argument("version")
@click.argument("tester")
@click.option(
    "--queries",
    type=int,
    required=True,
    help="最多预测多少次，每次只算一回 / how many predictions, counted once each",
)
@click.option(
    "--conflict",
    required=True,
    help="与测试机构有无利益关系；没有写“无” / what ties you to the tester; “none” if nothing does",
)
@click.option("--paid-by", default="", help="谁付评估的钱 / who pays for the evaluation")
@JSON
def grant(
    version: str, tester: str, *, queries: int, conflict: str, paid_by: str, as_json: bool
) -> None:
    """VERSION is a version of yours, TESTER the identifier of a tester organisation."""
    body = {
        "tester_id": tester,
        "query_budget": queries,
        "conflict_filer": conflict,
        "paid_by": paid_by,
    }
    _ask("POST", f"/versions/{version}/engagements", body, as_json=as_json)


@engagement.command("take-on", help="测试机构：接受委托。/ Tester: take an engagement on.")
@click.argument("engagement_id", metavar="ENGAGEMENT")
@click.option(
    "--conflict",
    required=True,
    help="与企业有无利益关系；没有写“无” / what ties you to the enterprise; “none” if nothing does",
)
@JSON
def take_on(engagement_id: str, *, conflict: str, as_json: bool) -> None:
    """Your own declaration becomes part of the record."""
    body = {"conflict_tester": conflict}
    _ask("POST", f"/engagements/{engagement_id}/take-on", body, as_json=as_json)


@engagement.command("end", help="任何一方结束委托。/ End it, from either side.")
@click.argument("engagement_id", metavar="ENGAGEMENT")
@JSON
def end(engagement_id: str, *, as_json: bool) -> None:
    """Work that runs may finish, none begins."""
    _ask("POST", f"/engagements/{engagement_id}/end", None, as_json=as_json)


def _ask(method: str, path: str, body: Mapping[str, Any] | None, *, as_json: bool) -> None:
    from portal.commands import showing
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        found = client.get(path) if method == "GET" else client.post(path, body)
    if as_json:
        showing.as_json(found)
    else:
        _print(found)


def _print(found: Mapping[str, Any]) -> None:
    from rich.markup import escape

    from portal.commands import showing

    out = showing.console()
    out.print(escape(f"委托 / engagement:    {found['id']}"), style="bold")
    for said, value in (
        ("版本 / version:      ", found["version_id"]),
        ("企业 / enterprise:   ", found["enterprise_id"]),
        ("测试机构 / tester:   ", found["tester_id"]),
        ("状态 / state:        ", _state(found)),
        ("预测次数 / queries:  ", f"{found['spent']:,} / {found['query_budget']:,}"),
        ("企业声明 / filer:    ", found["conflict_filer"]),
        ("机构声明 / tester:   ", found["conflict_tester"] or "—"),
        ("付款 / paid by:      ", found["paid_by"] or "—"),
    ):
        out.print(escape(f"{said} {value}"))
    if not found["ended"] and not found["accepted"]:
        take = f'mingsuan engagement take-on {found["id"]} --conflict "…"'
        out.print(escape(f"测试机构的下一步 / the tester's next step: {take}"))


def _state(found: Mapping[str, Any]) -> str:
    if found["ended"]:
        return f"{found['ended'][:10]} 已结束 / ended"
    if found["accepted"]:
        return f"{found['accepted'][:10]} 已接受 / taken on"
    return "等测试机构接受 / waits for the tester"
