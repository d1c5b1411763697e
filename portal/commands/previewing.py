"""file preview: a filing as the public would read it, and the links that show it to others."""

import click

JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")


@click.command(
    "preview",
    help="预览：现在公示的话公众会看到什么；--share 生成链接给别人看。/ "
    "What the public would read now; --share makes a link for others.",
)
@click.argument("filing")
@click.option("--share", is_flag=True, help="生成一个链接，只打开一次 / make a link, opened once")
@click.option("--links", is_flag=True, help="列出有效的链接 / list the links that are good")
@click.option("--revoke", metavar="LINK", help="作废一个链接 / take a link back")
@JSON
def preview(filing: str, *, share: bool, links: bool, revoke: str | None, as_json: bool) -> None:
    """Nothing of a preview is published or kept."""
    from portal.commands import showing
    from portal.commands.client import Client
    from registry.settings import settings

    if sum((share, links, revoke is not None)) > 1:
        raise click.UsageError(
            "--share、--links、--revoke 只能给一个。/ Give one of --share, --links and --revoke."
        )
    here = f"/filings/{filing}/previews"
    with Client.of(settings()) as client:
        if revoke is not None:
            client.delete(f"{here}/{revoke}")
            click.echo("链接已作废。/ The link is taken back.", err=as_json)
            return
        if links:
            found = list(client.items(here))
            if as_json:
                showing.as_json(found)
                return
            for each in found:
                state = "已打开 / opened" if each["opened"] else "未打开 / not opened"
                click.echo(f"{each['id']}  {each['expires'][:16]}  {state}")
            return
        made = client.post(here) if share else client.get(f"/filings/{filing}/preview")
    if as_json:
        showing.as_json(made)
    elif share:
        click.echo(made["link"])
    else:
        _print(made["edition"])


def _print(content: dict[str, object]) -> None:
    click.echo("预览，未公示 / preview, not published")
    for row in content["answers"]:  # type: ignore[attr-defined]
        said = row.get("said") or row.get("not_applicable")
        if said:
            click.echo(f"{row['key']}  {row['name']['zh']} / {row['name']['en']}: {said['zh']}")
