"""sign, verify, keys: what is done at home with signed files and the organisation's own key."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.commands.enrolling import enrol
from portal.commands.places import ANY, FILE, FOLDER, write_all
from registry.errors import Invalid
from registry.language import Text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from portal.home.verify import Verification

JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
ENCRYPTED = click.option(
    "--encrypted", is_flag=True, help="私钥有口令，运行时询问 / ask for the private key's password"
)

UNSIGNED_BY_PLATFORM = 3
"""The exit code for an exploratory report in which nothing fails: 1 is kept for what does not hold."""


class NotASignedReport(Invalid):
    """Only a report has a place to be countersigned."""


@click.command(
    help="用本单位的私钥签章确认一份报告。私钥不离开这台机器。/ "
    "Add your organisation's signature to a report. The private key stays on this machine."
)
@click.argument("file", type=FILE)
@click.option("--key", required=True, type=FILE, help="私钥（PEM）/ the private key, PEM")
@ENCRYPTED
@click.option(
    "--out", type=click.Path(path_type=Path), help="写到哪里 / where to [FILE.signed.json]"
)
@click.option("--hand-in", is_flag=True, help="交给登记系统 / hand it in to the registry")
@JSON
def sign(
    file: Path, key: Path, *, encrypted: bool, out: Path | None, hand_in: bool, as_json: bool
) -> None:
    """Exit code 1 when the file is no report of the platform's, or the key has signed it."""
    from portal.commands import showing
    from portal.home import verify as home

    text = home.sign(file.read_bytes(), private_key(key, encrypted=encrypted))
    place = out or file.with_suffix(".signed.json")
    write_all(place.parent, {place.name: text.encode()})
    handed = _hand_in(place) if hand_in else None
    if as_json:
        showing.as_json({"file": str(place), "handed_in": handed})
        return
    click.echo(f"已签章确认 / countersigned: {place}")
    if handed is not None:
        click.echo(f"已交回，报告 / handed in, report: {handed['id']}")
    else:
        click.echo("下一步：在报告页面交回，或加 --hand-in。/ Next: hand it in, or use --hand-in.")


def _hand_in(signed: Path) -> dict[str, Any]:
    """Give a countersigned report back to the registry that made it."""
    from portal.commands.client import Client
    from registry import attestation
    from registry.settings import settings

    stated = attestation.parse(attestation.payload(attestation.decode(signed.read_bytes())))
    report = stated["predicate"].get("report") or {}
    if "id" not in report:
        raise NotASignedReport(
            "这份文件不是评估报告，不用交回。",
            "This file is not an evaluation report; there is nothing to hand in.",
        )
    with Client.of(settings()) as client:
        path = f"/reports/{report['id']}/countersignature"
        answer: dict[str, Any] = client.send_file(path, signed)[1]
        return answer


@click.command(
    help="离线核验一份签名文件，逐层说明结果。/ Verify a signed file offline, layer by layer."
)
@click.argument("file", type=FILE)
@click.option(
    "--key",
    "platform_keys",
    multiple=True,
    type=ANY,
    help="可信的平台公钥（PEM 或文件夹）/ a trusted platform key, PEM or folder",
)
@click.option(
    "--tester-key",
    "tester_keys",
    multiple=True,
    type=ANY,
    help="可信的测试机构公钥 / a trusted tester key",
)
@click.option("--model", type=FOLDER, help="核对模型目录 / hold it against this model directory")
@click.option("--data", type=FILE, help="核对数据文件 / hold it against this data file")
@click.option(
    "--exploratory",
    is_flag=True,
    help="探索性报告没有平台签名，也算对得上 / an exploratory report may hold without the platform's signature",
)
@JSON
def verify(
    file: Path,
    platform_keys: tuple[Path, ...],
    tester_keys: tuple[Path, ...],
    *,
    model: Path | None,
    data: Path | None,
    exploratory: bool,
    as_json: bool,
) -> None:
    """Exit code 0 where a trusted platform key signed it and no layer fails.

    An exploratory report in which nothing fails ends with 3, or with 0 where `--exploratory` says
    that no platform is expected to sign it; everything else with 1.
    """
    from portal.commands import showing
    from portal.home import verify as home

    result = home.verify(
        file.read_bytes(),
        platform=home.load_keys(list(platform_keys) or trusted()),
        testers=home.load_keys(tester_keys) if tester_keys else None,
        model=model,
        dataset=data,
    )
    if as_json:
        showing.as_json(result.as_json())
    else:
        _print(result)
    if result.exploratory and not exploratory:
        raise SystemExit(UNSIGNED_BY_PLATFORM)
    if not result.holds and not result.exploratory:
        raise SystemExit(1)


def trusted() -> list[Path]:
    """The platform keys that the configuration trusts."""
    from registry.settings import settings

    stated = settings().trusted_keys
    return [Path(stated)] if stated else []


def _print(result: "Verification") -> None:
    from rich.markup import escape

    from portal.commands import showing
    from portal.home.verify import STATUS_NAMES, Status
    from registry.attestation import LAYER_NAMES

    colours = {Status.OK: "green", Status.FAILED: "red", Status.NOT_CHECKED: "yellow"}
    table = showing.table("层 / layer", "结果 / result", "说明 / what it says")
    for check in result.checks:
        mark = f"[{colours[check.status]}]{STATUS_NAMES[check.status]}[/]"
        table.add_row(str(LAYER_NAMES[check.layer]), mark, escape(str(check.said)))
    out = showing.console()
    out.print(table)
    for each in result.recomputed:
        numbers = ", ".join(str(number) for number in each["numbers"])
        out.print(escape(f"重算一致 / recomputed: {each['finding']}: {numbers}"))
    for each in result.signature_only:
        out.print(escape(f"只凭签名 / by signature only: {each['finding']}"), style="dim")
    if result.holds:
        out.print(escape(str(_held(result))), style="bold green")
    elif result.exploratory:
        out.print(escape(str(_explored(result))), style="bold yellow")
    elif result.failed is not None:
        name = LAYER_NAMES[result.failed]
        out.print(f"对不上：{name.zh}。/ It fails at: {name.en}.", style="bold red")
    else:
        out.print(
            "没有可信的平台签名，不能确认。请用 --key 给出平台公钥。/ "
            "No trusted platform signature: give the platform's key with --key.",
            style="bold yellow",
        )


def _held(result: "Verification") -> Text:
    """That it holds, and which layers nobody looked at."""
    from portal.home.verify import Status
    from registry.attestation import LAYER_NAMES

    left = [LAYER_NAMES[each.layer] for each in result.checks if each.status is Status.NOT_CHECKED]
    if not left:
        return Text("签名、校验值和数字都对得上。", "Signatures, digests and numbers agree.")
    return Text(
        f"核对过的都对得上；没有核对：{'、'.join(name.zh for name in left)}。",
        f"What was checked agrees; not checked: {', '.join(name.en for name in left)}.",
    )


def _explored(result: "Verification") -> Text:
    """What of an exploratory report holds; nobody but its maker answers for it."""
    from portal.home.verify import Status
    from registry.attestation import Layer

    good = {each.layer for each in result.checks if each.status is Status.OK}
    zh, en = ["校验值"], ["digests"]
    if Layer.TESTER_SIGNATURE in good:
        zh, en = ["所给公钥的签名", *zh], ["the signature by the key you gave", *en]
    if Layer.RECOMPUTATION in good:
        zh, en = [*zh, "能重算的数字"], [*en, "the numbers that can be computed again"]
    return Text(
        f"探索性报告：{'、'.join(zh)}都对得上。这种报告平台不签，不能作为备案证据。",
        f"Exploratory: {', '.join(en)} agree. No platform signs such a report, and it is no evidence for a filing.",
    )


@click.group(help="制作、登记、查看钥匙。/ Make, register and show keys.")
def keys() -> None:
    """The private key never leaves the machine; the platform holds none."""


keys.add_command(enrol)


@keys.command("new", help="生成一对新钥匙。/ Draw a new pair of keys; nothing is overwritten.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--organisation", help="单位编号，同时写出登记用的证明 / also write its proof")
@ENCRYPTED
@JSON
def new(file: Path, *, organisation: str | None, encrypted: bool, as_json: bool) -> None:
    """The private key is readable by its owner alone (mode 0600)."""
    from portal.commands import showing
    from portal.home import verify as home

    password = _ask(confirm=True) if encrypted else ""
    made = home.new_key(file, password=password, organisation_id=organisation)
    if as_json:
        places = {name: str(getattr(made, name)) for name in ("private", "public")}
        proof = str(made.proof) if made.proof else None
        showing.as_json({"key_id": made.key_id, **places, "proof": proof})
        return
    click.echo(f"编号 / key id:      {made.key_id}")
    click.echo(f"私钥 / private:     {made.private}  (0600)")
    click.echo(f"公钥 / public:      {made.public}")
    if made.proof:
        click.echo(f"登记证明 / proof:   {made.proof}")
    click.echo(f"下一步 / next:      mingsuan keys register {made.private}")


@keys.command("proof", help="打印登记公钥用的证明。/ Print the proof that registers the key.")
@click.argument("file", type=FILE)
@click.option("--organisation", required=True, help="单位编号 / the organisation's id")
@ENCRYPTED
def proof(file: Path, organisation: str, *, encrypted: bool) -> None:
    """The proof shows possession; it holds the public key and nothing secret."""
    from registry import keys as records

    click.echo(records.proof(private_key(file, encrypted=encrypted), organisation))


@keys.command("show", help="查看一把钥匙。/ Show a key: its id and its public half.")
@click.argument("file", type=FILE)
@ENCRYPTED
@JSON
def show(file: Path, *, encrypted: bool, as_json: bool) -> None:
    """A private key's secret is never printed."""
    from portal.commands import showing
    from registry import attestation

    data = file.read_bytes()
    private = b"PRIVATE KEY" in data
    public = (
        private_key(file, encrypted=encrypted).public_key()
        if private
        else attestation.load_public(data)
    )
    pem = attestation.public_pem(public)
    if as_json:
        showing.as_json(
            {"key_id": attestation.key_id(public), "private": private, "public_pem": pem}
        )
        return
    kind = "私钥 / a private key" if private else "公钥 / a public key"
    click.echo(f"{attestation.key_id(public)}  {kind}")
    click.echo(pem, nl=False)


@keys.command(
    "register",
    help="在登记系统登记公钥；FILE 是私钥或证明。/ "
    "Register the public key; FILE is the private key or its proof.",
)
@click.argument("file", type=FILE)
@click.option("--label", default="", help="给这把钥匙起的名字 / what you call the key")
@ENCRYPTED
@JSON
def register(file: Path, *, label: str, encrypted: bool, as_json: bool) -> None:
    """Needs the token of an administrator; only the proof is sent."""
    from portal.commands import showing
    from portal.commands.client import Client
    from registry import keys as records
    from registry.settings import settings

    written = file.read_bytes()
    with Client.of(settings()) as client:
        if written.lstrip().startswith(b"{"):
            shown = written.decode(errors="replace").strip()
        else:
            organisation = client.get("/me")["organisation"]["id"]
            shown = records.proof(private_key(file, encrypted=encrypted), organisation)
        made = client.post("/keys", {"proof": shown, "label": label})
    if as_json:
        showing.as_json(made)
        return
    click.echo(f"已登记 / registered: {made['key_id']}")


def private_key(path: Path, *, encrypted: bool) -> "Ed25519PrivateKey":
    """The key in a PEM file; its password is asked for.

    Raises:
        BadKey: when it is none, or the password is wrong.
    """
    from registry import attestation

    password = _ask() if encrypted else ""
    return attestation.load_private(path.read_bytes(), password=password)


def _ask(*, confirm: bool = False) -> str:
    asked: str = click.prompt(
        "口令 / password", hide_input=True, confirmation_prompt=confirm, err=True
    )
    return asked
