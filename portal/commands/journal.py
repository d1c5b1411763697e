"""journal: take the record of who did what home, and prove it there."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from portal.commands.places import FILE, free

JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
NDJSON = click.Path(path_type=Path, dir_okay=False)


@click.group(help="导出日志，离线核验。/ Export the journal and verify it offline.")
def journal() -> None:
    """Every change of state is a row; rows are sealed in batches, each bound to the one before."""


@journal.command(
    "export",
    help="导出全部行和封存（NDJSON），默认取本机的登记系统。/ "
    "Write every row and seal as NDJSON, by default of this machine's installation.",
)
@click.argument("file", type=NDJSON)
@click.option(
    "--online",
    is_flag=True,
    help="经 MINGSUAN_SERVER，以主管部门管理员的令牌 / by MINGSUAN_SERVER, as an authority's administrator",
)
def export(file: Path, *, online: bool) -> None:
    """FILE holds names of people's records: whoever may read it is for you to decide."""
    with _online() if online else _here() as pieces:
        _write(file, pieces)
    click.echo(f"已导出 / exported: {file}")
    click.echo(f"下一步 / next: mingsuan journal verify {file}")


@journal.command(
    "verify",
    help="离线核验导出的日志：被改动、删除、插入、换位的行逐一指出。/ "
    "Verify an exported journal, offline: rows changed, removed, inserted or moved are named.",
)
@click.argument("file", type=FILE)
@click.option(
    "--kept",
    default="",
    metavar="HASH",
    help="您以前保存的封存哈希，应在其中 / the hash of a seal that you kept, which must be there",
)
@JSON
def verify(file: Path, *, kept: str, as_json: bool) -> None:
    """Exit code 1 when anything is not as it was sealed; needs neither registry nor network."""
    from portal.commands import showing
    from registry import journal_proof

    with file.open("rb") as lines:
        proof = journal_proof.check(journal_proof.read(lines), kept=kept.strip().lower())
    if as_json:
        showing.as_json(proof.as_json())
    else:
        for fault in proof.faults:
            click.secho(f"✗ {fault.said.zh}。/ {fault.said.en}.", fg="red")
        if more := proof.count - len(proof.faults):
            click.echo(f"另有 {more} 处。/ And {more} more.")
        click.echo(proof.said.zh)
        click.echo(proof.said.en)
        if not kept:
            click.echo(
                "请另外保存这个哈希：下次用 --kept 核对，才看得出日志有没有被截短或全部重写。/ "
                "Keep that hash elsewhere: only with --kept is it seen next time whether the "
                "journal was cut short or written anew."
            )
    if not proof.ok:
        raise SystemExit(1)


@contextmanager
def _here() -> Iterator[Iterable[bytes]]:
    from portal.commands.serving import prepare
    from portal.work import installed_here
    from registry import database, journal_proof, sealing
    from registry.settings import settings

    chosen = settings()
    installed_here.require_here(chosen)
    installed_here.require(chosen)
    prepare(chosen)
    engine = database.connect(chosen.database_url)
    try:
        yield map(journal_proof.line_of, sealing.exported(database.sessions(engine)))
    finally:
        engine.dispose()


@contextmanager
def _online() -> Iterator[Iterable[bytes]]:
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        yield client.pieces("/journal")


def _write(file: Path, pieces: Iterable[bytes]) -> None:
    """Write the file whole or not at all, for our account alone.

    Raises:
        FileThere: when a file of that name exists.
    """
    half = free(file).with_name(f".{file.name}.part")
    try:
        with os.fdopen(os.open(half, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as out:
            out.writelines(pieces)
        half.rename(file)
    finally:
        half.unlink(missing_ok=True)
