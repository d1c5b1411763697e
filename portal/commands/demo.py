"""demo: both models through the whole job, then the site on loopback."""

import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry.language import Text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from registry.settings import Settings


@click.command(
    help="用真实数据把两个模型从提交做到公开页面，再打开网站。/ "
    "Carry two real models from submission to a public page, then serve the site."
)
@click.option("--no-serve", is_flag=True, help="做完就结束 / stop when the pages are there")
@click.option("--port", type=click.IntRange(1, 65_535), help="端口 / port")
def demo(no_serve: bool, port: int | None) -> None:
    """A second run reuses what is there; after a crash it goes on where it stopped."""
    from portal.commands import serving
    from registry.settings import settings

    chosen = settings().model_copy(update={"port": port} if port else {})
    if not no_serve:
        serving.check_port(chosen)
    _say(Text("准备数据目录和数据库", "data directory and database"))
    serving.prepare(chosen)
    log = chosen.data / "processes.log"
    with serving.beside(chosen, workers=chosen.workers, signer=True, log=log):
        server = None if no_serve else _serve(chosen)
        passwords, numbers = _carry(chosen)
        _print(chosen, passwords, numbers)
        if server is not None:
            server.join()


def _carry(chosen: "Settings") -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Take both models the whole way; returns the sign-ins and the filing numbers."""
    from portal.demo import cast, models
    from portal.demo.journey import Journey, Place
    from registry import artifacts, database, modes
    from registry.database import transaction

    folder = modes.folder(chosen.data / "demo")
    passwords = cast.sign_ins(folder)
    factory = database.sessions(database.connect(chosen.database_url))
    with transaction(factory) as session:
        actors = {
            name: cast.enter(session, name, passwords[part.email])
            for name, part in cast.PARTS.items()
        }
    place = Place(folder, factory, artifacts.open_store(chosen), actors, _key(folder))
    _say(Text("训练两个模型（已有就直接用）", "train both models (or use those there are)"))
    journeys = [
        Journey("credit", models.credit(folder), place, _progress),
        Journey("pricing", models.pricing(folder), place, _progress),
    ]
    for journey in journeys:
        click.secho(
            f"\n{journey.story['answers']['B1']['zh']} · {journey.story['model']}", bold=True
        )
        for name, step in journey.steps():
            start = time.monotonic()
            _say(name)
            step()
            _line("")
            click.echo(f"  ✓ {name.zh} / {name.en}  {time.monotonic() - start:.1f}s")
    return passwords, {journey.name: journey.number for journey in journeys}


def _key(folder: Path) -> "Ed25519PrivateKey":
    """The demo tester's own key; a real tester keeps it at home."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from registry import attestation

    place = folder / "tester-key.pem"
    if place.exists():
        return attestation.load_private(place.read_text())
    made = Ed25519PrivateKey.generate()
    place.touch(mode=0o600)
    place.write_text(attestation.private_pem(made))
    return made


def _serve(chosen: "Settings") -> threading.Thread:
    """Start the site beside the job, so that it can be watched."""
    from portal.commands import serving

    quiet = chosen.model_copy(update={"log_level": "WARNING"})
    thread = threading.Thread(target=serving.listen, args=(quiet,), daemon=True)
    thread.start()
    return thread


def _say(name: Text) -> None:
    _line(f"  … {name.zh} / {name.en}")


def _progress(done: int, total: int, said: Text) -> None:
    if said.zh:
        _line(f"    {said.zh} / {said.en} {done}/{total or '?'}")


def _line(text: str) -> None:
    """Show `text` in place of the line before; only people watch a line change."""
    if sys.stdout.isatty():
        click.echo(f"\r{text}\033[K", nl=False)


def _print(chosen: "Settings", passwords: Mapping[str, str], numbers: Mapping[str, str]) -> None:
    from portal.demo.cast import PARTS
    from registry.organisations import ROLE_NAMES

    base = chosen.public_url
    click.secho("\n公开页面 / public pages", bold=True)
    click.echo(f"  {base}/zh/    {base}/en/")
    for number in numbers.values():
        click.echo(f"  {base}/zh/f/{number}")
    click.secho("登录 / sign-ins", bold=True)
    click.echo(f"  {base}/zh/sign-in")
    for part in PARTS.values():
        role = ROLE_NAMES[part.role]
        click.echo(f"  {role.zh} / {role.en:9} {part.email:28} {passwords[part.email]}")
