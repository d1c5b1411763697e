"""The signer: the one process that holds the platform's private key.

It listens on a Unix socket that only its own user can reach, reads one request per connection,
and signs nothing but canonical statements of our own predicate types. A request is a verb of four
letters, the length of the payload in eight bytes, and the payload; the answer is one JSON object.
"""

import base64
import json
import os
import signal
import socket
import socketserver
import struct
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.web import request_log
from portal.work.signer_key import open_key
from registry import attestation, modes, statements
from registry.errors import Invalid, Refused, RegisterError, Unavailable
from registry.settings import Settings

SIGN, HEALTH = b"SIGN", b"HLTH"
HEADER = struct.Struct("!4sQ")
SECONDS = 20.0
MAX_ANSWER = 64 * 1024
MAX_SOCKET_PATH = 108  # sun_path of unix(7), with its final zero byte

log = structlog.get_logger(__name__)


class SignerUnreachable(Unavailable):
    """No signer answers on the socket: start one with `mingsuan signer` or `mingsuan serve`."""


class NotSigned(Refused):
    """The signer refused: it signs only statements of our own types."""


class SocketPathTooLong(Invalid):
    """Unix sockets have short names: name another with MINGSUAN_SIGNER_SOCKET."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What the signer hands out."""

    key_id: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Health:
    """The signer is alive, and this is its public key."""

    key_id: str
    public_pem: str


def socket_path(settings: Settings) -> Path:
    """Where the signer listens.

    Raises:
        SocketPathTooLong: when the system cannot take a socket of that name.
    """
    path = settings.signer_path
    if len(os.fsencode(path)) >= MAX_SOCKET_PATH:
        raise SocketPathTooLong(
            f"套接字路径过长：{path}。请用 MINGSUAN_SIGNER_SOCKET 指定一个短路径。",
            f"The socket's path is too long: {path}. Set MINGSUAN_SIGNER_SOCKET to a short one.",
        )
    return path


class _Conversation(socketserver.BaseRequestHandler):
    """One connection: one request, one answer."""

    server: "_Server"

    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.settimeout(SECONDS)
        try:
            try:
                answer = self._answer(connection)
            except RegisterError as error:
                log.warning("refused", reason=error.said.en)
                answer = {"refused": error.said.as_json()}
            connection.sendall(json.dumps(answer).encode())
        except OSError as error:
            log.warning("connection_lost", reason=str(error))

    def _answer(self, connection: socket.socket) -> dict[str, Any]:
        verb, length = HEADER.unpack(_exactly(connection, HEADER.size))
        public = self.server.key.public_key()
        key_id = attestation.key_id(public)
        if verb == HEALTH and length == 0:
            return {"key_id": key_id, "public_pem": attestation.public_pem(public)}
        if verb != SIGN or length > statements.MAX_STATEMENT:
            raise NotSigned("请求不合格式或过大。", "The request is malformed or too large.")
        payload = _exactly(connection, length)
        statement = statements.read(payload)
        if statement["predicateType"] not in statements.PLATFORMS_OWN:
            raise NotSigned(
                "探索性报告没有事先登记，平台不签。",
                "An exploratory report was not registered; the platform does not sign it.",
            )
        made = attestation.signature(payload, self.server.key)
        log.info(
            "signed",
            predicate=statement["predicateType"],
            subject=statement["subject"][0]["name"],
            statement=attestation.sha256(payload),
        )
        return {"key_id": key_id, "signature": base64.b64encode(made).decode()}


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: Path, key: Ed25519PrivateKey) -> None:
        self.key = key
        super().__init__(str(path), _Conversation)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        UnsafeKeyFile, KeyInOldPlace: when the key cannot be used as it lies.
        SignerUnreachable: when another signer listens on the socket already.
    """
    request_log.configure(settings.log_level)
    modes.close_to_others()
    key = open_key(settings)
    path = socket_path(settings)
    modes.folder(path.parent)
    _clear_stale(path)
    server = _Server(path, key)
    path.chmod(modes.FILE)
    signal.signal(signal.SIGTERM, _interrupt)
    log.info("signer_ready", socket=str(path), key_id=attestation.key_id(key.public_key()))
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        log.info("signer_stopped")
    finally:
        server.server_close()
        path.unlink(missing_ok=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _clear_stale(path: Path) -> None:
    """Remove the socket that a killed signer left behind, never a living one's."""
    if not path.exists():
        return
    try:
        _ask(path, HEALTH)
    except SignerUnreachable:
        path.unlink(missing_ok=True)
        return
    raise SignerUnreachable(
        f"{path} 上已有签名进程在运行。", f"A signer is already running on {path}."
    )


def health(settings: Settings) -> Health:
    """Ask the signer for its public key.

    Raises:
        SignerUnreachable: when no signer answers.
    """
    answer = _ask(socket_path(settings), HEALTH)
    return Health(answer["key_id"], answer["public_pem"])


def reachable(settings: Settings) -> bool:
    """Whether a signer answers."""
    try:
        health(settings)
    except SignerUnreachable:
        return False
    return True


def sign_with(settings: Settings, payload: bytes) -> Signature:
    """Let the signer sign a statement.

    Args:
        settings: where the signer listens.
        payload: the canonical bytes of a statement (`registry.statements.make`).

    Raises:
        SignerUnreachable: when no signer answers.
        NotSigned: when the signer refuses the statement.
    """
    if len(payload) > statements.MAX_STATEMENT:
        raise NotSigned("声明过大，无法签名。", "The statement is too large to be signed.")
    answer = _ask(socket_path(settings), SIGN, payload)
    return Signature(answer["key_id"], base64.b64decode(answer["signature"]))


def _ask(path: Path, verb: bytes, payload: bytes = b"") -> dict[str, Any]:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS)
            connection.connect(str(path))
            connection.sendall(HEADER.pack(verb, len(payload)) + payload)
            answer: dict[str, Any] = json.loads(_all(connection))
    except (OSError, ValueError) as error:
        raise SignerUnreachable(
            f"签名进程没有应答（{path}）。请运行 mingsuan signer 或 mingsuan serve。",
            f"No signer answers on {path}. Start one with `mingsuan signer` or `mingsuan serve`.",
        ) from error
    if "refused" in answer:
        raise NotSigned(answer["refused"]["zh"], answer["refused"]["en"])
    return answer


def _exactly(connection: socket.socket, length: int) -> bytes:
    parts, left = [], length
    while left:
        part = connection.recv(min(left, 1 << 20))
        if not part:
            raise ConnectionError("the other side ended early")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _all(connection: socket.socket) -> bytes:
    data = b""
    while len(data) <= MAX_ANSWER and (part := connection.recv(1 << 16)):
        data += part
    return data


def main() -> None:
    """Run with the settings of the environment (`python -m portal.work.signer`)."""
    try:
        run(Settings())
    except RegisterError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
