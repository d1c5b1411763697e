"""keys enrol: put the public key of the platform's signer on record."""

from pathlib import Path

import click

from portal.commands.places import FILE


@click.command(
    "enrol",
    help="登记平台签名进程的公钥；不给 FILE 就登记正在运行的那把。/ "
    "Put the public key of the platform's signer on record; without FILE, the running signer's.",
)
@click.argument("file", type=FILE, required=False)
@click.option(
    "--online",
    is_flag=True,
    help="用主管部门管理员的令牌在登记系统登记 / at the registry, with the token of an "
    "administrator of the authority",
)
@click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
def enrol(file: Path | None, *, online: bool, as_json: bool) -> None:
    """Without --online it is the operator's: on this machine, straight into the record."""
    from portal.commands import showing
    from portal.work import signer
    from registry import attestation
    from registry.settings import settings

    chosen = settings()
    pem = signer.health(chosen).public_pem if file is None else file.read_text()
    key_id = attestation.key_id(attestation.load_public(pem))
    _online(pem) if online else _here(pem)
    if as_json:
        showing.as_json({"key_id": key_id, "public_pem": pem})
        return
    click.echo(f"已登记平台公钥 / platform key enrolled: {key_id}")


def _online(pem: str) -> None:
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        client.post("/keys/platform", {"public_pem": pem})


def _here(pem: str) -> None:
    from portal.commands.serving import prepare
    from registry import database, keys
    from registry.settings import settings

    prepare(settings())
    engine = database.connect(settings().database_url)
    try:
        with database.transaction(database.sessions(engine)) as session:
            keys.enrol_platform(session, pem)
    finally:
        engine.dispose()
