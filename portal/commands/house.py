"""config, doctor: what the operator of an installation looks after."""

import json
import os

import click


@click.command(help="显示设置及其来源。/ Print every setting and where it comes from.")
@click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
def config(as_json: bool) -> None:
    """Secrets are never printed, only whether they are set."""
    from registry.settings import Settings, settings

    chosen = settings()
    rows = [
        {
            "name": f"MINGSUAN_{name.upper()}",
            "value": _shown(getattr(chosen, name)),
            "source": "environment" if f"MINGSUAN_{name.upper()}" in os.environ else "default",
            "about": field.description or "",
        }
        for name, field in Settings.model_fields.items()
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    from rich.markup import escape

    from portal.commands import showing

    table = showing.table("设置 / setting", "值 / value", "来源 / source", "说明 / about")
    for row in rows:
        source = "环境变量 / environment" if row["source"] == "environment" else "默认 / default"
        table.add_row(row["name"], escape(row["value"]) or "—", source, row["about"])
    showing.console().print(table)


def _shown(value: object) -> str:
    """A setting as it may be printed: an address never with its password."""
    text = str(value)
    if "://" not in text:
        return text
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(text).render_as_string(hide_password=True)
    except ArgumentError:
        return text


@click.command(help="检查安装、沙箱和存储。/ Check the installation, the sandbox and the store.")
@click.option("--repair", is_flag=True, help="修复能修复的 / put right what can be")
@click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
def doctor(repair: bool, as_json: bool) -> None:
    """Exit code 1 when something is wrong."""
    from portal.work import doctor as examination
    from registry.settings import settings

    chosen = settings()
    if repair:
        for line in examination.repair(chosen):
            click.echo(str(line), err=as_json)
    checks = examination.examine(chosen)
    if as_json:
        click.echo(json.dumps([check.as_json() for check in checks], ensure_ascii=False, indent=2))
    else:
        from rich.markup import escape

        from portal.commands import showing

        table = showing.table("检查 / check", "结果 / result", "说明 / what it says")
        for check in checks:
            mark = "[green]正常 / ok[/]" if check.ok else "[red]有问题 / wrong[/]"
            table.add_row(str(check.name), mark, escape(str(check.said)))
        showing.console().print(table)
    if not all(check.ok for check in checks):
        raise SystemExit(1)
