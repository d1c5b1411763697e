"""users members, role, remove, invitations, uninvite: who belongs to an organisation, at the registry."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from portal.commands.engaging import JSON

if TYPE_CHECKING:
    from portal.commands.client import Client

ROLE = click.Choice(["filer", "tester", "reviewer", "administrator"])


@contextmanager
def _asked() -> Iterator["Client"]:
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        yield client


def _person(client: "Client", email: str) -> str:
    """The identifier of a member by their address."""
    plain = email.strip().lower()
    found = (each for each in client.items("/members") if each["email"] == plain)
    member = next(found, None)
    if member is None:
        raise click.UsageError(
            f"本单位没有用 {plain} 的成员。/ No member of your organisation has the address {plain}."
        )
    return str(member["person_id"])


def _listed(path: str, *, as_json: bool) -> None:
    from portal.commands import showing

    with _asked() as client:
        rows: list[dict[str, Any]] = list(client.items(path))
    if as_json:
        showing.as_json(rows)
        return
    for row in rows:
        until = f"  {row['expires'][:16]}" if "expires" in row else ""
        click.echo(f"{row.get('id', '')}  {row['email']}  {row['role']}{until}".strip())


@click.command("members", help="列出本单位成员，一个角色一行。/ List members, one line per role.")
@JSON
def members(*, as_json: bool) -> None:
    """For an administrator's token."""
    _listed("/members", as_json=as_json)


@click.command("invitations", help="列出还没有接受的邀请。/ List invitations not yet accepted.")
@JSON
def invitations(*, as_json: bool) -> None:
    """Each with what `uninvite` takes."""
    _listed("/invitations", as_json=as_json)


@click.command("role", help="给成员一个角色，或收回。/ Give a member a role, or withdraw it.")
@click.argument("email")
@click.argument("role", type=ROLE)
@click.option("--withdraw", is_flag=True, help="收回 / withdraw it")
def role(email: str, role: str, *, withdraw: bool) -> None:
    """The last administrator stays."""
    with _asked() as client:
        path = f"/members/{_person(client, email)}/roles/{role}"
        if withdraw:
            client.delete(path)
        else:
            client.put(path)
    click.echo("角色已收回。/ Withdrawn." if withdraw else "角色已授予。/ Given.")


@click.command("remove", help="把成员移出本单位。/ Remove a member from your organisation.")
@click.argument("email")
def remove(email: str) -> None:
    """Every role goes; what the person did stays on record."""
    with _asked() as client:
        client.delete(f"/members/{_person(client, email)}")
    click.echo("已移出本单位。/ Removed.")


@click.command("uninvite", help="撤回邀请。/ Withdraw an invitation.")
@click.argument("invitation")
def uninvite(invitation: str) -> None:
    """Its link opens nothing any more."""
    with _asked() as client:
        client.delete(f"/invitations/{invitation}")
    click.echo("邀请已撤回。/ Withdrawn.")


COMMANDS = (members, invitations, role, remove, uninvite)
