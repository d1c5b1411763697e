"""serve, worker, signer: the processes of one installation."""

import errno
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import uvicorn
    from sqlalchemy.orm import Session, sessionmaker

    from registry.settings import Settings

SERVER = ("flask", "alembic")
"""What MLflow's server part brings; a plain installation tests models and serves nothing."""
STARTUP_FAILED = 3
STOP_SECONDS = 10
RESTART_SECONDS = 1.0
STEADY_SECONDS = 10.0
SIGNER_SECONDS = 300.0
"""How long a signer that lives is waited for; one that ended is not."""
MEETING_SECONDS = 3.0


@click.command(help="启动网站、工作进程和签名进程。/ Start the server, a worker and the signer.")
@click.option("--host", help="监听地址 / address to listen on")
@click.option("--port", type=click.IntRange(1, 65_535), help="端口 / port")
@click.option("--workers", type=click.IntRange(0, 64), help="工作进程数 / worker processes")
@click.option("--no-signer", is_flag=True, help="签名进程在别处 / the signer runs elsewhere")
def serve(host: str | None, port: int | None, workers: int | None, no_signer: bool) -> None:
    """Bring the database up to date, start the helpers, then serve until told to stop."""
    from registry import extras
    from registry.settings import settings

    extras.require(*SERVER)

    changed = {"host": host, "port": port, "workers": workers}
    chosen = settings().model_copy(update={k: v for k, v in changed.items() if v is not None})
    check_port(chosen)
    prepare(chosen)
    if no_signer:
        _meet_signer(chosen)
    with beside(chosen, workers=chosen.workers, signer=not no_signer):
        said = f"明算 Mingsuan: {chosen.public_url}/zh/   {chosen.public_url}/en/"
        listen(chosen, lambda: click.echo(said, err=True))


@click.command(help="只启动一个工作进程。/ Start one worker process.")
@click.option("--once", is_flag=True, help="做完排队的工作就退出 / stop when nothing is queued")
@click.option("--attached", is_flag=True, hidden=True)
def worker(once: bool, attached: bool) -> None:
    """Claim work until told to stop."""
    if attached:
        end_with_parent()
    from registry import extras
    from registry.settings import settings

    extras.require(*SERVER)
    with _unswept():
        from portal.work import worker as process
    process.run(settings(), once=once)


@click.command(help="只启动签名进程。/ Start the signer process.")
@click.option("--attached", is_flag=True, hidden=True)
def signer(attached: bool) -> None:
    """Hold the private key and sign statements of our own types."""
    if attached:
        end_with_parent()
    from portal.work import signer as process
    from registry.settings import settings

    process.run(settings())


@contextmanager
def _unswept() -> Iterator[None]:
    """Import without looking for rubbish, of which an import makes none: a fifth of a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def end_with_parent() -> None:
    """End this process when its parent is gone, however the parent went.

    The parent holds the other end of our standard input; a killed parent lets go of it. Python
    swallows what a signal raises while it runs a callback of the garbage collector, so who is still
    here after the time to stop is ended for good: what it had begun is taken over.
    """

    def wait() -> None:
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def prepare(chosen: "Settings") -> None:
    """Create the data directory, for our account alone, and bring the database up to date.

    Raises:
        StoreLost, AnotherStore: when this server's store is not the one that belongs to the
            database.
    """
    from portal import migrations
    from registry import artifacts, database, extras, modes, store_mark

    extras.require(*SERVER)
    modes.close_to_others()
    modes.folder(chosen.data)
    if any(modes.exposed(chosen.data, deep=False)):
        click.echo(
            f"数据目录 {chosen.data} 对本机其他用户开放。请运行 mingsuan doctor --repair 收紧权限。/ "
            f"Other users of this machine can enter the data directory {chosen.data}. "
            "Run mingsuan doctor --repair to close it.",
            err=True,
        )
    engine = database.connect(chosen.database_url)
    try:
        migrations.upgrade(engine)
        with database.transaction(database.sessions(engine)) as session:
            store_mark.adopt(session, artifacts.open_store(chosen))
    finally:
        engine.dispose()


def check_port(chosen: "Settings") -> None:
    """Say what to do when nothing can listen there.

    Raises:
        click.ClickException: the address is not this machine's, or the port is taken.
    """
    family, address = _resolved(chosen.host, chosen.port)
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise _no_host(chosen.host) from error
            raise click.ClickException(
                f"端口 {chosen.port} 已被占用或不能使用，请用 --port 换一个。/ "
                f"Port {chosen.port} cannot be used ({error.strerror}); choose another with --port."
            ) from error


def _resolved(host: str, port: int) -> tuple[int, Any]:
    """The family and the address to bind.

    Raises:
        click.ClickException: nobody knows the host.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise _no_host(host) from error
    return found[0][0], found[0][4]


def _no_host(host: str) -> click.ClickException:
    return click.ClickException(
        f"“{host}”不是本机的地址，请用 --host 写本机的地址，例如 127.0.0.1。/ "
        f"'{host}' is no address of this machine; give one with --host, such as 127.0.0.1."
    )


def listen(chosen: "Settings", told: "Callable[[], None]") -> None:
    """Serve until told to stop.

    Args:
        chosen: the settings.
        told: called once the address answers.
    """
    import uvicorn

    class Telling(uvicorn.Server):
        """A server that says when it listens."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                told()

    server = Telling(configured(chosen))
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise SystemExit(STARTUP_FAILED)


def configured(chosen: "Settings") -> "uvicorn.Config":
    """The site, and how it is served.

    Args:
        chosen: the settings.
    """
    import uvicorn

    with _unswept():
        from portal.app import create_app
    from portal.web import slow_clients

    return uvicorn.Config(
        create_app(chosen),
        host=chosen.host,
        port=chosen.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
        # Nobody is believed about where a request comes from but the proxies that settings name.
        proxy_headers=bool(chosen.trusted_proxies),
        forwarded_allow_ips=chosen.trusted_proxies or None,
        http=slow_clients.limited(
            header_seconds=chosen.header_seconds, body_seconds=chosen.body_seconds
        ),
    )


@contextmanager
def beside(
    chosen: "Settings", *, workers: int, signer: bool, log: Path | None = None
) -> Iterator[None]:
    """Run the signer and the workers as processes of their own; end them at the end.

    Args:
        chosen: the settings that the processes take over through their environment.
        workers: how many workers.
        signer: whether to start the signer.
        log: a file for what they say; None lets them say it here.
    """
    crew = _Crew(chosen, log)
    try:
        if signer:
            _start_signer(chosen, crew, log)
        for _ in range(workers):
            crew.start("worker")
        with crew.watched():
            yield
    finally:
        crew.end()


def environment(chosen: "Settings") -> dict[str, str]:
    """The environment that gives a child process the same settings."""
    made = dict(os.environ)
    for name in chosen.model_fields_set | {"data", "database", "host", "port"}:
        value = getattr(chosen, name)
        secret = getattr(value, "get_secret_value", None)
        made[f"MINGSUAN_{name.upper()}"] = str(secret() if secret else value)
    return made


class _Member:
    """One process beside the server, and when it may be started again."""

    def __init__(self, name: str, begin: "Callable[[str], subprocess.Popen[bytes]]") -> None:
        self.name, self._begin, self._pause = name, begin, RESTART_SECONDS
        self.process, self._since = begin(name), time.monotonic()

    def look(self) -> None:
        """Start it again when it has died; longer pauses for one that dies at once."""
        if self.process.poll() is None:
            return
        lived = time.monotonic() - self._since
        if lived < self._pause:
            return
        self._pause = RESTART_SECONDS if lived > STEADY_SECONDS else min(2 * self._pause, 30.0)
        click.echo(
            f"{self.name} 意外结束（{self.process.returncode}），重新启动。/ "
            f"{self.name} ended unexpectedly ({self.process.returncode}); starting it again.",
            err=True,
        )
        self.process, self._since = self._begin(self.name), time.monotonic()


class _Crew:
    """The processes beside the server; one that dies is started again."""

    def __init__(self, chosen: "Settings", log: Path | None) -> None:
        self._environment, self._log = environment(chosen), log
        self._members: list[_Member] = []
        self._ending = threading.Event()

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        """Start one process and remember it."""
        self._members.append(_Member(name, self._begin))
        return self._members[-1].process

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look after the processes until the block ends."""
        watch = threading.Thread(target=self._watch, daemon=True)
        watch.start()
        try:
            yield
        finally:
            self._ending.set()
            watch.join()

    def end(self) -> None:
        """Ask every process to end, the last one first; whoever does not is killed."""
        self._ending.set()
        for member in reversed(self._members):
            _end(member.process)

    def _watch(self) -> None:
        while not self._ending.wait(RESTART_SECONDS):
            for member in self._members:
                member.look()

    def _begin(self, name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "portal", name, "--attached"]
        said = None if self._log is None else self._log.open("ab")
        try:
            return subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=None if said is None else subprocess.STDOUT,
            )
        finally:
            if said is not None:
                said.close()


def _start_signer(chosen: "Settings", crew: "_Crew", log: Path | None) -> None:
    """Start the signer and set its key up; a record that has another key is left as it is.

    Raises:
        KeyElsewhere, UnknownPlatformKey: when the record has a key that is not this machine's.
    """
    from portal.work import enrolment

    with _record(chosen) as factory:
        enrolment.require_own_key(chosen, factory)
        _wait_for_signer(chosen, crew.start("signer"), log)
        enrolment.set_up(chosen, factory)


def _wait_for_signer(
    chosen: "Settings", process: "subprocess.Popen[bytes]", log: Path | None
) -> None:
    """Wait until it answers, as long as it lives: a busy machine takes long to start it.

    Raises:
        click.ClickException: when it ended, or was waited for too long; says where its output is.
    """
    begun = time.monotonic()
    while (waited := time.monotonic() - begun) < SIGNER_SECONDS:
        ended = process.poll() is not None
        if _answers(chosen, 0.0):
            return
        if ended:
            break
        time.sleep(0.1)
    where = ("上面", "above") if log is None else (f"文件 {log}", f"in {log}")
    code = process.poll()
    if code is None:
        zh = f"签名进程启动了 {waited:.0f} 秒，还没有应答：机器可能太忙。"
        en = f"The signer has not answered for {waited:.0f} s since it was started: the machine may be too busy."
    else:
        zh = f"签名进程 {waited:.0f} 秒后自己结束了（退出码 {code}）。"
        en = f"The signer ended by itself after {waited:.0f} s (exit code {code})."
    raise click.ClickException(
        f"{zh}它若有输出，在{where[0]}。已经做好的都留着，可以再运行同一条命令。/ "
        f"{en} What it printed, if anything, is {where[1]}. "
        "Nothing done so far is lost; run the same command again."
    )


def _meet_signer(chosen: "Settings") -> None:
    """Set up the key of a signer that was started elsewhere, on a record that has none."""
    from portal.work import enrolment
    from registry import keys

    with _record(chosen) as factory:
        with factory() as session:
            if keys.platform(session):
                return
        if _answers(chosen, MEETING_SECONDS):
            enrolment.set_up(chosen, factory)
            return
    click.echo(
        "还没有登记平台公钥，签名进程也没有应答。签名进程启动后请运行 mingsuan keys enrol；"
        "在那以前不能做评估。/ No platform key is on record and no signer answers. Run "
        "mingsuan keys enrol once the signer runs; until then nothing can be evaluated.",
        err=True,
    )


@contextmanager
def _record(chosen: "Settings") -> "Iterator[sessionmaker[Session]]":
    from registry import database

    engine = database.connect(chosen.database_url)
    try:
        yield database.sessions(engine)
    finally:
        engine.dispose()


def _answers(chosen: "Settings", seconds: float) -> bool:
    from portal.work import signer as process

    deadline = time.monotonic() + seconds
    while not (alive := process.reachable(chosen)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return alive


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
