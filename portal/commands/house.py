"""config, doctor, users: what the operator of an installation looks after."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


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
    from portal import doctor as examination
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


@click.group(help="单位、邀请和人员。/ Organisations, invitations and people.")
def users() -> None:
    """What an operator sets up before anyone can sign in."""


@users.command("organisation", help="设立单位。/ Found an organisation.")
@click.argument("kind", type=click.Choice(["enterprise", "tester", "authority", "industry_body"]))
@click.argument("name_zh")
@click.option("--name-en", required=True, help="英文名 / name in English")
@click.option("--credit-code", help="统一社会信用代码 / unified social credit code")
@click.option("--district", default="", help="所在区 / district")
def found(kind: str, name_zh: str, name_en: str, credit_code: str | None, district: str) -> None:
    """Print the identifier of the new organisation."""
    from registry import organisations

    with _session(first=True) as session:
        made = organisations.found(
            session,
            kind=organisations.Kind(kind),
            name_zh=name_zh,
            name_en=name_en,
            credit_code=credit_code,
            district=district,
        )
        click.echo(made.id)


@users.command("correct", help="更正单位的代码或所在区。/ Correct an organisation's record.")
@click.argument("organisation_id")
@click.option("--credit-code", help="统一社会信用代码 / unified social credit code")
@click.option("--district", help="所在区 / district")
def correct(organisation_id: str, credit_code: str | None, district: str | None) -> None:
    """What is not named stays; filings take these from the record."""
    from registry import corrections

    with _session() as session:
        made = corrections.correct(
            session,
            by=None,
            organisation_id=organisation_id,
            credit_code=credit_code,
            district=district,
        )
        click.echo(f"{made.name_zh} {made.credit_code or '—'} {made.district or '—'}")


@users.command("invite", help="邀请一个人。/ Invite someone; the link is printed once.")
@click.argument("organisation_id")
@click.argument("email")
@click.argument("role", type=click.Choice(["filer", "tester", "reviewer", "administrator"]))
def invite(organisation_id: str, email: str, role: str) -> None:
    """Print the one-time link."""
    from registry import invitations
    from registry.organisations import Role
    from registry.settings import settings

    with _session() as session:
        invited = invitations.invite(
            session, organisation_id=organisation_id, email=email, role=Role(role), by=None
        )
        click.echo(f"{settings().public_url}/zh/invitation?token={invited.secret}")


@users.command("reset-password", help="重置密码。/ Reset a password; the link is printed once.")
@click.argument("email")
@click.option(
    "--online",
    is_flag=True,
    help="经 MINGSUAN_SERVER，以本单位管理员的令牌 / by MINGSUAN_SERVER, as an administrator by token",
)
def reset_password(email: str, online: bool) -> None:
    """Print the one-time link; the old password, sign-ins and tokens end at once."""
    from registry import passwords
    from registry.settings import settings

    if online:
        click.echo(_reset_online(email))
        return
    with _session() as session:
        person = passwords.by_email(session, email)
        reset = passwords.start_reset(session, by=None, person_id=person.id)
        click.echo(f"{settings().public_url}/zh/password?token={reset.secret}")


def _reset_online(email: str) -> str:
    from portal.client import Client
    from registry.passwords import PersonNotFound
    from registry.settings import settings

    with Client.of(settings()) as client:
        plain = email.strip().lower()
        for member in client.items("/members"):
            if member["email"] == plain:
                path = f"/members/{member['person_id']}/password-reset"
                return str(client.post(path)["link"])
    raise PersonNotFound(
        "本单位没有人使用这个邮箱。", "Nobody in this organisation has this e-mail address."
    )


@users.command("password", help="修改自己的密码。/ Change your own password.")
@click.argument("email")
@click.option("--also-tokens", is_flag=True, help="同时撤销接口令牌 / revoke API tokens as well")
def change_password(email: str, also_tokens: bool) -> None:
    """Ask for both passwords without showing them; the registry is MINGSUAN_SERVER."""
    from portal.client import Client
    from registry.settings import settings

    present = click.prompt("现在的密码 / present password", hide_input=True, err=True)
    chosen = click.prompt(
        "新密码 / new password", hide_input=True, confirmation_prompt="再输一次 / again", err=True
    )
    with Client(settings().server or settings().public_url) as client:
        client.post(
            "/password",
            {"email": email, "present": present, "chosen": chosen, "also_tokens": also_tokens},
        )
    click.echo("密码已修改，所有登录都已结束。/ The password is changed; every sign-in has ended.")


@users.command("list", help="列出单位。/ List the organisations.")
@click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
def listing(as_json: bool) -> None:
    """One line each."""
    from registry import organisations

    with _session() as session:
        rows = [
            {"id": o.id, "kind": str(o.kind), "zh": o.name_zh, "en": o.name_en}
            for o in organisations.listing(session)
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(f"{row['id']}  {row['kind']:13}  {row['zh']}  {row['en']}")


@contextmanager
def _session(*, first: bool = False) -> Iterator["Session"]:
    """The register of this machine's installation; only what founds one makes a new database.

    Args:
        first: whether a new installation may begin with this command.

    Raises:
        AnotherInstallation: when MINGSUAN_SERVER names a registry.
        NoInstallation: when nothing is here yet.
    """
    from portal import installed_here
    from portal.commands.serving import prepare
    from registry import database
    from registry.settings import settings

    chosen = settings()
    installed_here.require_here(chosen)
    if not first:
        installed_here.require(chosen)
    prepare(chosen)
    engine = database.connect(chosen.database_url)
    try:
        with database.transaction(database.sessions(engine)) as session:
            yield session
    finally:
        engine.dispose()
