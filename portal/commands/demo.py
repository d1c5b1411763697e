"""demo: both models through the whole job, then the site on loopback."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry.language import Text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from portal.demo.journey import Journey
    from registry.settings import Settings

_SCREEN = threading.Lock()


@click.command(
    help="用真实数据把两个模型从提交做到公开页面，再打开网站。/ "
    "Carry two real models from submission to a public page, then serve the site."
)
@click.option("--no-serve", is_flag=True, help="做完就结束 / stop when the pages are there")
@click.option("--port", type=click.IntRange(1, 65_535), help="端口 / port")
def demo(no_serve: bool, port: int | None) -> None:
    """A second run reuses what is there; after a crash it goes on where it stopped."""
    from portal.commands import serving
    from registry import extras, modes
    from registry.settings import settings

    extras.require(*serving.SERVER)
    chosen = settings().model_copy(update={"port": port} if port else {})
    if not no_serve:
        serving.check_port(chosen)
    _say(Text("准备数据目录和数据库", "data directory and database"))
    modes.close_to_others()
    modes.folder(chosen.data)
    folder = modes.folder(chosen.data / "demo")
    with ExitStack() as stack:
        trained = stack.enter_context(_training(folder))
        serving.prepare(chosen)
        log = chosen.data / "processes.log"
        stack.enter_context(serving.beside(chosen, workers=chosen.workers, signer=True, log=log))
        site = None if no_serve else Site(chosen)
        passwords, numbers = _carry(chosen, folder, trained)
        _print(chosen, passwords, numbers)
        if site is not None:
            site.wait()


@contextmanager
def _training(folder: Path) -> Iterator[Callable[[], None]]:
    """Have both models trained by a process of its own; what is given waits until they are.

    Training imports as much as the whole rest, which goes on meanwhile.
    """
    process = subprocess.Popen([sys.executable, "-m", "portal.demo.models", str(folder)])

    def wait() -> None:
        if code := process.wait():
            raise click.ClickException(
                f"训练没有完成（{code}），请看上面的输出，再运行一次 mingsuan demo。/ The training "
                f"ended without models ({code}); see the output above and run mingsuan demo again."
            )

    try:
        yield wait
    finally:
        process.kill()
        process.wait()


def _carry(
    chosen: "Settings", folder: Path, trained: Callable[[], None]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Take both models the whole way; returns the sign-ins and the filing numbers.

    Args:
        chosen: the installation.
        folder: the demo's own.
        trained: waits for the models.
    """
    from portal.demo import cast, models
    from portal.demo.journey import Journey, Place
    from registry import database, store_mark
    from registry.database import transaction

    passwords = cast.sign_ins(folder)
    factory = database.sessions(database.connect(chosen.database_url))
    with transaction(factory) as session:
        actors = {
            name: cast.enter(session, name, passwords[part.email])
            for name, part in cast.PARTS.items()
        }
        cast.open_catalogue(session, actors["association"], actors["colleague"])
    place = Place(folder, factory, store_mark.open_store(chosen, factory), actors, _key(folder))
    _say(Text("训练两个模型（已有就直接用）", "train both models (or use those there are)"))
    trained()
    made = {"credit": models.credit(folder), "pricing": models.pricing(folder)}
    journeys = [Journey(name, each, place, _progress) for name, each in made.items()]
    _walk(journeys)
    return passwords, {journey.name: journey.number for journey in journeys}


def _walk(journeys: Sequence["Journey"]) -> None:
    """Take all their steps, side by side: two enterprises do not wait for each other.

    Raises:
        RegisterError: the first thing that stopped one of them; the others are stopped as well.
    """
    ending = threading.Event()
    with ThreadPoolExecutor(len(journeys)) as pool:
        walking = [pool.submit(_steps, journey, ending) for journey in journeys]
        try:
            for each in as_completed(walking):
                each.result()
        finally:
            ending.set()


def _steps(journey: "Journey", ending: threading.Event) -> None:
    """Take the steps of one, until told to end."""

    def tell(done: int, total: int, said: Text) -> None:
        if ending.is_set():
            raise CancelledError
        _progress(done, total, said)

    from filing.forms import current
    from filing.meanings import Meaning

    journey.tell = tell
    name = journey.story["answers"][current().key(Meaning.NAME)]["zh"]
    filed = f"{name} · {journey.story['model']}"
    for name, step in journey.steps():
        start = time.monotonic()
        _say(name)
        step()
        with _SCREEN:
            _line("")
            click.echo(f"  ✓ {filed}：{name.zh} / {name.en}  {time.monotonic() - start:.1f}s")


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


class Site:
    """The site, served beside the job, so that it can be watched.

    Args:
        chosen: the settings.
    """

    def __init__(self, chosen: "Settings") -> None:
        self._chosen = chosen.model_copy(update={"log_level": "WARNING"})
        self._listens = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until it is told to stop.

        Raises:
            click.ClickException: when it never listened.
        """
        self._thread.join()
        if not self._listens.is_set():
            raise click.ClickException(
                "网站没有启动，请看上面的输出，再运行一次 mingsuan demo。/ The site did not start; see the "
                "output above and run mingsuan demo again."
            )

    def _listen(self) -> None:
        from portal.commands import serving

        serving.listen(self._chosen, self._listens.set)


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
    from portal.demo.cast import CATALOGUE, PARTS
    from registry.organisations import ROLE_NAMES

    base = chosen.public_url
    click.secho("\n公开页面 / public pages", bold=True)
    click.echo(f"  {base}/zh/    {base}/en/")
    for number in numbers.values():
        click.echo(f"  {base}/zh/f/{number}")
    if not chosen.printed_url:
        click.echo(
            "  备案页没有二维码和规范网址：没有设定 MINGSUAN_BASE_URL / filed pages have no QR code"
        )
        click.echo("  and no canonical address: MINGSUAN_BASE_URL is not set")
    click.echo(f"  {base}/zh/recommended/{CATALOGUE}")
    click.secho("登录 / sign-ins", bold=True)
    click.echo(f"  {base}/zh/sign-in")
    for part in PARTS.values():
        role = ROLE_NAMES[part.role]
        click.echo(f"  {role.zh} / {role.en:9} {part.email:28} {passwords[part.email]}")
