"""The command line's way to a registry: one HTTP client of /api/v1.

Uploads are streamed, problem documents come back as the register's own errors with every reason,
and work under way is watched until it ends.
"""

import io
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from registry.errors import Conflict, Invalid, NotFound, Reason, Refused, RegisterError
from registry.language import Text
from registry.settings import Settings

Tell = Callable[[int, int, Text], None]

API = "/api/v1"
TIMEOUT = httpx.Timeout(120.0, connect=10.0)
SLOWEST = 3.0
"""Seconds between two looks at work that takes long."""
PATIENCE = 60.0
"""Seconds for which a registry that was there may be away, while work is watched."""
LONGER_PATIENCE = 900.0
"""Seconds for which one may go on saying that something it needs is away, as in a restart."""
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SENDING = Text("上传", "sending")


class ServerUnreachable(RegisterError):
    """Nobody answers at the address: start the server, or name another."""


class AnswerLost(ServerUnreachable):
    """The connection broke after something was sent: look whether it was taken."""


class ServerBusy(ServerUnreachable):
    """The registry, or something it needs, is away for a moment: try again.

    `wait` is the number of seconds that the registry asks for; 0 where it named none.
    """

    wait = 0.0


class NoToken(Refused):
    """The registry must know who asks: set MINGSUAN_TOKEN."""


class StrangeAnswer(RegisterError):
    """What answered is not a registry, or not one of this kind."""


class WorkFailed(Conflict):
    """The work ended without a result: the reasons say why."""


class StoppedWaiting(RegisterError):
    """The user stopped waiting; the work goes on."""


KINDS: Mapping[int, type[RegisterError]] = {
    400: Invalid,
    403: Refused,
    404: NotFound,
    405: Invalid,
    409: Conflict,
    413: Invalid,
    422: Invalid,
    429: ServerBusy,
    503: ServerBusy,
}


def silent(done: int, total: int, said: Text) -> None:
    """The progress callback of a caller who does not watch."""


class Client:
    """Talks to one registry for one person.

    Args:
        url: of the registry, without /api/v1.
        token: the API token; empty for what anyone may ask.
    """

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._http = httpx.Client(
            base_url=self.url + API,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=TIMEOUT,
            trust_env=urlsplit(self.url).hostname not in LOOPBACK,
        )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The client for MINGSUAN_SERVER and MINGSUAN_TOKEN.

        Raises:
            NoToken: when there is no token.
            StrangeAnswer: when the server's address is none.
        """
        url, token = settings.server or settings.public_url, settings.token.get_secret_value()
        if urlsplit(url).scheme not in {"http", "https"}:
            raise StrangeAnswer(
                f"MINGSUAN_SERVER 应是网址，例如 https://registry.example，现在是“{url}”。",
                f"MINGSUAN_SERVER must be an address such as https://registry.example, not {url!r}.",
            )
        if not token:
            raise NoToken(
                f"没有令牌。请在 {url}/zh/organisation 新建一个，再设置 MINGSUAN_TOKEN。",
                f"There is no token. Make one at {url}/en/organisation and set MINGSUAN_TOKEN.",
            )
        return cls(url, token)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str, **params: str) -> Any:
        """Read something, waiting for a registry that says that something it needs is away."""
        given = {"params": params} if params else {}
        began = time.monotonic()
        while True:
            try:
                return _json(self._send("GET", path, **given))
            except ServerBusy as away:
                if not away.wait or time.monotonic() + away.wait - began > PATIENCE:
                    raise
                time.sleep(min(away.wait, SLOWEST))

    def items(self, path: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page."""
        following: str | None = f"{path}?limit=100"
        while following is not None:
            page = self.get(following.removeprefix(API))
            yield from page["items"]
            following = page["next"]

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Change something, once, though the first answer be lost."""
        return _json(self._once(lambda key: self._send("POST", path, json=body, headers=key)))

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change a part of something."""
        return _json(self._send("PATCH", path, json=body))

    def put(self, path: str) -> Any:
        """Have something be so; done twice it is done once."""
        return _json(self._send("PUT", path))

    def delete(self, path: str) -> Any:
        """Take something away."""
        return _json(self._send("DELETE", path))

    def read(self, path: str) -> bytes:
        """A file, byte for byte."""
        return self._send("GET", path).content

    def pieces(self, path: str) -> Iterator[bytes]:
        """A file of any size, piece by piece.

        Raises:
            ServerUnreachable: also when the answer breaks off in the middle.
        """
        try:
            with self._http.stream("GET", path) as answer:
                if answer.is_error:
                    answer.read()
                    raise self._refusal(answer)
                yield from answer.iter_bytes()
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error

    def send_file(
        self,
        path: str,
        file: Path,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        tell: Tell = silent,
    ) -> tuple[int, Any]:
        """Stream a file as the body of a request.

        Args:
            path: of the route.
            file: what is sent.
            params: of the address.
            headers: besides the usual ones.
            tell: hears how much has been sent.

        Returns:
            The status and the JSON of the answer.
        """

        def sent(key: dict[str, str]) -> httpx.Response:
            named = {**key, **(headers or {})}
            with _Counted(file, tell) as body:
                return self._send("POST", path, content=body, params=params, headers=named)

        answer = self._once(sent)
        return answer.status_code, _json(answer)

    def send_form(
        self, path: str, metadata: str, file: Path, *, name: str, tell: Tell = silent
    ) -> Any:
        """Stream a form of metadata and a file.

        Args:
            path: of the route.
            metadata: JSON.
            file: what is sent.
            name: what the file is called there.
            tell: hears how much has been sent.
        """

        def sent(key: dict[str, str]) -> httpx.Response:
            with _Counted(file, tell) as body:
                form: dict[str, Any] = {
                    "data": {"metadata": metadata},
                    "files": {"file": (name, body)},
                }
                return self._send("POST", path, headers=key, **form)

        return _json(self._once(sent))

    def send_files(
        self, path: str, metadata: Mapping[str, Any], name: str, files: Sequence[Path]
    ) -> Any:
        """Send a form of metadata and several small files of one name.

        Args:
            path: of the route.
            metadata: what is said with them.
            name: of the field.
            files: what is sent.
        """
        parts = [(name, (each.name, each.read_bytes())) for each in files]
        said = {"metadata": json.dumps(metadata, ensure_ascii=False)}
        return _json(
            self._once(lambda key: self._send("POST", path, headers=key, data=said, files=parts))
        )

    def wait(self, path: str, *, tell: Tell = silent, every: float = 0.3) -> dict[str, Any]:
        """Read a record that has `work` until the work has ended.

        A registry that is restarted meanwhile is waited for, longer where it answers that
        something it needs is away.

        Args:
            path: of the record.
            tell: hears how far it is.
            every: seconds between the first two looks; later ones are further apart.

        Raises:
            WorkFailed: when it failed, was cancelled or is parked, with every reason.
            StoppedWaiting: when the user interrupts; the work goes on.
        """
        heard = time.monotonic()
        try:
            while True:
                try:
                    found: dict[str, Any] = _json(self._send("GET", path))
                    heard = time.monotonic()
                except ServerUnreachable as away:
                    busy = isinstance(away, ServerBusy)
                    if time.monotonic() - heard > (LONGER_PATIENCE if busy else PATIENCE):
                        raise
                else:
                    work = found.get("work") or {"state": "done"}
                    if work["state"] == "done":
                        return found
                    if work["state"] in {"failed", "cancelled", "parked"}:
                        raise _failed(work)
                    tell(work["done"], work["total"], Text(**(work.get("waits") or work["said"])))
                time.sleep(every)
                every = min(every * 1.2, SLOWEST)
        except KeyboardInterrupt:
            raise StoppedWaiting(
                f"不再等待。工作在服务器上继续，进度见 {self.url}{API}{path}。",
                f"No longer waiting. The work goes on; see {self.url}{API}{path}.",
            ) from None

    def _once(self, send: Callable[[dict[str, str]], httpx.Response]) -> httpx.Response:
        """Send what makes something; where the answer is lost, once more with the same key."""
        key = {"Idempotency-Key": secrets.token_urlsafe(32)}
        try:
            return send(key)
        except AnswerLost:
            return send(key)

    def _send(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **given)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error
        if not answer.is_success:
            raise self._refusal(answer)
        return answer

    def _unreachable(self, error: Exception) -> ServerUnreachable:
        kind = type(error).__name__
        lost = isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError)
        cut = lost and not isinstance(error, httpx.ConnectError)
        return (AnswerLost if cut else ServerUnreachable)(
            f"连不上 {self.url}（{kind}）。请确认 mingsuan serve 正在运行，"
            "或用 MINGSUAN_SERVER 写明地址。",
            f"No answer from {self.url} ({kind}). Make sure that `mingsuan serve` runs, "
            "or name the address in MINGSUAN_SERVER.",
        )

    def _refusal(self, answer: httpx.Response) -> RegisterError:
        """The error that an answer stands for."""
        try:
            problem = answer.json()
            said = Text(problem["detail"], problem["detail_en"])
            reasons = [reason_of(each) for each in problem["reasons"]]
        except (ValueError, LookupError, TypeError):
            return self._strange(answer)
        if answer.status_code == 401:
            return NoToken(
                f"令牌无效、已过期或已撤销。请在 {self.url}/zh/organisation 新建一个，"
                "再设置 MINGSUAN_TOKEN。",
                "The token is not valid, has expired or was revoked. Make another at "
                f"{self.url}/en/organisation and set MINGSUAN_TOKEN.",
            )
        kind = KINDS.get(answer.status_code, RegisterError)
        error = kind(said.zh, said.en, reasons=reasons)
        asked = answer.headers.get("retry-after", "")
        if isinstance(error, ServerBusy) and answer.status_code == 503 and asked.isdecimal():
            error.wait = float(asked)
        return error

    def _strange(self, answer: httpx.Response) -> StrangeAnswer:
        return StrangeAnswer(
            f"{self.url} 的答复（状态 {answer.status_code}）不是明算登记系统的。"
            "请检查 MINGSUAN_SERVER。",
            f"The answer from {self.url} (status {answer.status_code}) is not a Mingsuan "
            "registry's. Check MINGSUAN_SERVER.",
        )


class _Counted(io.FileIO):
    """A file that tells how much of it has been read."""

    def __init__(self, path: Path, tell: Tell) -> None:
        super().__init__(path, "rb")
        self._tell = tell
        self._size = path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(-1 if size is None else size) or b""
        self._tell(min(self.tell(), self._size), self._size, SENDING)
        return piece


def _json(answer: httpx.Response) -> Any:
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError as error:
        raise StrangeAnswer(
            "服务器的答复不是 JSON。请检查 MINGSUAN_SERVER。",
            "The server's answer is not JSON. Check MINGSUAN_SERVER.",
        ) from error


def _failed(work: Mapping[str, Any]) -> WorkFailed:
    error = work.get("error") or {}
    if work["state"] == "parked":
        again = f"mingsuan work resume {work['id']}"
        return WorkFailed(
            f"工作已搁置：{error.get('zh', '')} 继续：{again}",
            f"The work is parked: {error.get('en', '')} To let it go on: {again}",
        )
    return WorkFailed(
        f"工作没有完成：{error.get('zh', '已取消')}",
        f"The work ended without a result: {error.get('en', 'it was cancelled')}",
        reasons=[reason_of(each) for each in error.get("reasons", [])],
    )


def reason_of(each: Mapping[str, Any]) -> Reason:
    """A reason from its JSON form: {item, said, remedy}."""
    return Reason(str(each["item"]), Text(**each["said"]), Text(**each["remedy"]))
