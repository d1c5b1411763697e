"""users: organisations, invitations and people, of this machine's installation or of a server.

Where MINGSUAN_SERVER names a registry, a command asks it with MINGSUAN_TOKEN; else it opens the data
directory here. Either way it prints the same.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

import click

from portal.commands import members
from portal.commands.engaging import JSON

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.commands.client import Client
    from registry.organisations import Organisation

Row = Mapping[str, Any]


class Register(Protocol):
    """What the commands ask of a register, here or on a server; rows as the API gives them."""

    def organisations(self) -> list[Row]:
        """Every organisation, in the order of their identifiers."""

    def found(self, particulars: Row) -> Row:
        """Put an organisation on record."""

    def correct(self, organisation_id: str, changes: Row, revision: str | None) -> Row:
        """Complete or correct a record, against what was read; None: as it is now."""

    def verify(self, organisation_id: str, what: Row, revision: str | None) -> Row:
        """Record that a document was seen, against what was read; None: as the record is now."""

    def end_verification(self, organisation_id: str, reason: str) -> Row:
        """Take a verification back."""

    def invite(self, organisation_id: str, email: str, role: str) -> Row:
        """A one-time link by which somebody joins."""

    def reset(self, email: str) -> Row:
        """A one-time link by which somebody chooses a new password."""


_GUESSED = (
    "没有设 MINGSUAN_BASE_URL，链接里的地址按默认写成 {address}；服务在别的地址或端口上时，请改掉链接的这一段，或先设好再邀请。/ "
    "MINGSUAN_BASE_URL is not set, so the link begins with the default, {address}. Where the server "
    "listens elsewhere, change that part of the link, or set it first."
)


@click.group(
    help="单位、邀请和人员：本机的，或 MINGSUAN_SERVER 的（用管理员的令牌）。"
    "/ Organisations, invitations, people: here, or of MINGSUAN_SERVER by an administrator's token."
)
def users() -> None:
    """What is set up before anyone can sign in, and who belongs to an organisation."""


for each in members.COMMANDS:
    users.add_command(each)


@users.command("organisation", help="设立单位。/ Found an organisation.")
@click.argument("kind", type=click.Choice(["enterprise", "tester", "authority", "industry_body"]))
@click.argument("name_zh")
@click.option("--name-en", required=True, help="英文名 / name in English")
@click.option("--credit-code", help="统一社会信用代码 / unified social credit code")
@click.option("--district", default="", help="所在区 / district")
@JSON
def found(*, as_json: bool, **particulars: str | None) -> None:
    """Print the identifier of the new organisation."""
    with _register(first=True) as register:
        made = register.found(particulars)
    _told(_printed(made), made["id"], as_json=as_json)


@users.command("correct", help="更正单位的代码或所在区。/ Correct an organisation's record.")
@click.argument("organisation_id")
@click.option("--credit-code", help="统一社会信用代码 / unified social credit code")
@click.option("--district", help="所在区 / district")
@click.option(
    "--revision",
    help="只在登记资料还是这一版时更正（见 list）/ only while the record is at this revision (see list)",
)
@JSON
def correct(
    organisation_id: str,
    *,
    credit_code: str | None,
    district: str | None,
    revision: str | None,
    as_json: bool,
) -> None:
    """What is not named stays; filings take these from the record."""
    with _register() as register:
        changes = {"credit_code": credit_code, "district": district}
        made = register.correct(organisation_id, changes, revision)
    said = f"{made['name_zh']} {made['credit_code'] or '—'} {made['district'] or '—'}"
    _told(_printed(made), said, as_json=as_json)


@users.command(
    "verify", help="登记已核验单位身份。/ Record that an organisation's document was seen."
)
@click.argument("organisation_id")
@click.option(
    "--document",
    required=True,
    type=click.Choice(
        [
            "business_licence",
            "institution_certificate",
            "association_certificate",
            "public_body_certificate",
        ]
    ),
    help="看了哪种证件 / which document was seen",
)
@click.option(
    "--seen",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="哪一天看的 / on which day",
)
@click.option(
    "--revision",
    help="只在登记资料还是这一版时登记（见 list）/ only while the record is at this revision (see list)",
)
@JSON
def verify(
    organisation_id: str,
    *,
    document: str,
    seen: datetime,
    revision: str | None,
    as_json: bool,
) -> None:
    """A filing is accepted only of an organisation that is verified as its record stands."""
    with _register() as register:
        what = {"document": document, "seen": seen.date().isoformat()}
        made = register.verify(organisation_id, what, revision)
    _told(_printed(made), f"{made['name_zh']} {document} {what['seen']}", as_json=as_json)


@users.command("end-verification", help="撤下登错的核验。/ Take a mistaken verification back.")
@click.argument("organisation_id")
@click.option("--reason", required=True, help="为什么 / why")
@JSON
def end_verification(organisation_id: str, *, reason: str, as_json: bool) -> None:
    """What was published before stays as it was."""
    with _register() as register:
        made = register.end_verification(organisation_id, reason)
    _told(_printed(made), made["name_zh"], as_json=as_json)


@users.command("invite", help="邀请一个人。/ Invite someone; the link is printed once.")
@click.argument("organisation_id")
@click.argument("email")
@click.argument("role", type=click.Choice(["filer", "tester", "reviewer", "administrator"]))
@JSON
def invite(organisation_id: str, email: str, role: str, *, as_json: bool) -> None:
    """Print the one-time link."""
    with _register() as register:
        made = register.invite(organisation_id, email, role)
    _link_told(made, as_json=as_json)


@users.command("reset-password", help="重置密码。/ Reset a password; the link is printed once.")
@click.argument("email")
@click.option(
    "--online",
    is_flag=True,
    help="问服务器，即使没有设 MINGSUAN_SERVER / ask a server, even without MINGSUAN_SERVER",
)
@JSON
def reset_password(email: str, *, online: bool, as_json: bool) -> None:
    """Print the one-time link; the old password, sign-ins and tokens end at once."""
    with _register(online=online) as register:
        made = register.reset(email)
    _link_told(made, as_json=as_json)


@users.command("password", help="修改自己的密码。/ Change your own password.")
@click.argument("email")
@click.option("--also-tokens", is_flag=True, help="同时撤销接口令牌 / revoke API tokens as well")
def change_password(email: str, also_tokens: bool) -> None:
    """Ask for both passwords without showing them; the registry is MINGSUAN_SERVER."""
    from portal.commands.client import Client
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
@JSON
def listing(*, as_json: bool) -> None:
    """One line each; for a program also code, district and the revision that `correct` takes."""
    from portal.commands import showing

    with _register() as register:
        rows = register.organisations()
    if as_json:
        showing.as_json([_printed(row) for row in rows])
        return
    for row in rows:
        click.echo(f"{row['id']}  {row['kind']:13}  {row['name_zh']}  {row['name_en']}")


def _printed(row: Row) -> Row:
    """An organisation as the commands print it for a program."""
    names = {"id": "id", "kind": "kind", "zh": "name_zh", "en": "name_en"}
    kept = {name: row[name] for name in ("credit_code", "district", "revision", "verification")}
    return {**{name: row[given] for name, given in names.items()}, **kept}


def _told(made: Row, line: str, *, as_json: bool) -> None:
    from portal.commands import showing

    if as_json:
        showing.as_json(made)
    else:
        click.echo(line)


def _link_told(made: Row, *, as_json: bool) -> None:
    """Print a link, and that its address is a guess where nobody has set it."""
    from registry.settings import settings

    chosen = settings()
    _told(made, made["link"], as_json=as_json)
    if made["link"].startswith(f"{chosen.public_url}/") and not (chosen.server or chosen.base_url):
        click.echo(_GUESSED.format(address=chosen.public_url), err=True)


@contextmanager
def _register(*, first: bool = False, online: bool = False) -> Iterator[Register]:
    """The register that the command is about.

    Args:
        first: whether a new installation may begin with this command.
        online: ask a server also where MINGSUAN_SERVER names none.

    Raises:
        NoToken: when a server is asked without a token.
        NoInstallation: when none is asked and nothing is here yet.
    """
    from registry.settings import settings

    chosen = settings()
    if online or chosen.server:
        from portal.commands.client import Client

        with Client.of(chosen) as client:
            yield _Served(client)
        return
    from portal.commands.serving import prepare
    from portal.work import installed_here
    from registry import database

    if not first:
        installed_here.require(chosen)
    prepare(chosen)
    engine = database.connect(chosen.database_url)
    try:
        with database.transaction(database.sessions(engine)) as session:
            yield _Here(session, chosen.public_url)
    finally:
        engine.dispose()


class _Served:
    """A registry that answers over HTTP, for whom the token speaks."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def organisations(self) -> list[Row]:
        return sorted(self._client.items("/organisations"), key=lambda row: str(row["id"]))

    def found(self, particulars: Row) -> Row:
        made: Row = self._client.post("/organisations", particulars)
        return made

    def correct(self, organisation_id: str, changes: Row, revision: str | None) -> Row:
        path = f"/organisations/{organisation_id}"
        read = revision or self._client.get(path)["revision"]
        made: Row = self._client.patch(path, {**changes, "revision": read})
        return made

    def verify(self, organisation_id: str, what: Row, revision: str | None) -> Row:
        path = f"/organisations/{organisation_id}"
        read = revision or self._client.get(path)["revision"]
        made: Row = self._client.post(f"{path}/verification", {**what, "revision": read})
        return made

    def end_verification(self, organisation_id: str, reason: str) -> Row:
        path = f"/organisations/{organisation_id}/verification/end"
        made: Row = self._client.post(path, {"reason": reason})
        return made

    def invite(self, organisation_id: str, email: str, role: str) -> Row:
        wanted = {"organisation_id": organisation_id, "email": email, "role": role}
        made: Row = self._client.post("/invitations", wanted)
        return made

    def reset(self, email: str) -> Row:
        from registry.passwords import PersonNotFound

        plain = email.strip().lower()
        for member in self._client.items("/members"):
            if member["email"] == plain:
                path = f"/members/{member['person_id']}/password-reset"
                made: Row = self._client.post(path)
                return made
        raise PersonNotFound(
            "本单位没有人使用这个邮箱。", "Nobody in this organisation has this e-mail address."
        )


class _Here:
    """The register of this machine's installation, for its operator."""

    def __init__(self, session: "Session", public_url: str) -> None:
        self._session, self._public_url = session, public_url

    def organisations(self) -> list[Row]:
        from registry import organisations

        rows = organisations.listing(self._session)
        return [self._row(each) for each in sorted(rows, key=lambda each: each.id)]

    def found(self, particulars: Row) -> Row:
        from registry import organisations

        given = {**particulars, "kind": organisations.Kind(particulars["kind"])}
        return self._row(organisations.found(self._session, **given))

    def correct(self, organisation_id: str, changes: Row, revision: str | None) -> Row:
        from registry import corrections, organisations

        present = organisations.get(self._session, organisation_id)
        made = corrections.correct(
            self._session,
            by=None,
            organisation_id=organisation_id,
            revision=revision or corrections.revision_of(present),
            **changes,
        )
        return self._row(made)

    def verify(self, organisation_id: str, what: Row, revision: str | None) -> Row:
        from registry import corrections, organisations, verifications

        present = organisations.get(self._session, organisation_id)
        verifications.verify(
            self._session,
            by=None,
            organisation_id=organisation_id,
            document=verifications.Document(what["document"]),
            seen=date.fromisoformat(what["seen"]),
            revision=revision or corrections.revision_of(present),
        )
        return self._row(present)

    def end_verification(self, organisation_id: str, reason: str) -> Row:
        from registry import organisations, verifications

        present = organisations.get(self._session, organisation_id)
        verifications.end(self._session, by=None, organisation_id=organisation_id, reason=reason)
        return self._row(present)

    def invite(self, organisation_id: str, email: str, role: str) -> Row:
        from portal.api.organisations import InvitationOut
        from registry import invitations
        from registry.organisations import Role

        made = invitations.invite(
            self._session, by=None, organisation_id=organisation_id, email=email, role=Role(role)
        )
        return InvitationOut.of(made, self._public_url).model_dump(mode="json")

    def reset(self, email: str) -> Row:
        from portal.api.passwords import ResetOut
        from registry import passwords

        person = passwords.by_email(self._session, email)
        made = passwords.start_reset(self._session, by=None, person_id=person.id)
        return ResetOut.of(made, self._public_url).model_dump(mode="json")

    def _row(self, organisation: "Organisation") -> Row:
        from portal.api.organisations import OrganisationOut

        return OrganisationOut.of(self._session, organisation).model_dump(mode="json")
