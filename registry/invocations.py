"""A scorer that asks a model where it is served: MLflow's scoring protocol, `POST /invocations`.

The service is as untrusted as a submitted model: what it says is bounded in size and time, parsed
as JSON numbers (or as the classes that the plan names) and as nothing else, and it can't send
the questions on to another host. A service has no file and no digest: a run against it speaks for
what answered then.

Source of the protocol: MLflow, "Deploy MLflow Model as a Local Inference Server", input format
`dataframe_split`, output `{"predictions": …}`.
"""

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from registry.errors import Invalid
from registry.language import Text
from registry.sandbox.child.classes import Classes, OtherClasses

ROWS = 10_000
"""Rows per request."""
SECONDS = 60.0
TRIES = 5
WAIT = 0.5
LONGEST_WAIT = 20.0
BYTES_PER_ROW = 4096
BYTES_ASIDE = 65_536
HOPS = 3
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed: RFC 9110 and RFC 6585."""


class NoEndpoint(Invalid):
    """The address of the service can't be used: give http(s)://host[:port][/path]."""


class EndpointFailed(Invalid):
    """The service did not answer as MLflow's scoring protocol says: the message names what it did."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the service said, read to its end."""

    status: int
    retry_after: str
    content: bytes


class EndpointScorer:
    """Asks a service that speaks MLflow's `/invocations`.

    Args:
        url: of the service; `/invocations` is added where the address has no path.
        inputs: the columns that are sent, in this order.
        classes: how a classifier's answers become numbers; None takes numbers only.
        token: sent as a bearer token to this host only; empty sends none.
        seconds: one request may take.
        pause: waits that many seconds between tries.
        tell: told of every try that failed, before the next.

    Raises:
        NoEndpoint: when the address is not http(s) with a host, or carries a password.
    """

    served = True

    def __init__(
        self,
        url: str,
        *,
        inputs: Sequence[str],
        classes: Classes | None = None,
        token: str = "",
        seconds: float = SECONDS,
        pause: Callable[[float], None] = time.sleep,
        tell: Callable[[Text], None] = lambda _: None,
    ) -> None:
        self._url = address(url)
        self._inputs, self._classes = list(inputs), classes
        self._pause, self._tell = pause, tell
        headers = {"accept": "application/json", "content-type": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        # A proxy of the environment, or a netrc, would send people's rows elsewhere.
        self._client = httpx.Client(timeout=seconds, headers=headers, trust_env=False)
        self._seconds, self._requests, self._retries = seconds, 0, 0

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where the answers came from, and how often it was asked."""
        parts = urlsplit(self._url)
        return {
            "tier": "not_used",
            "endpoint": f"{parts.scheme}://{parts.netloc}{parts.path}",
            "protocol": "mlflow-invocations/dataframe_split",
            "rows_per_request": ROWS,
            "requests": self._requests,
            "retries": self._retries,
            "classes": self._classes.as_json() if self._classes else None,
        }

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One array per frame, one float64 per row.

        Raises:
            EndpointFailed: no usable answer after every try; nothing is guessed in its place.
        """
        return [self._frame(frame.select(self._inputs)) for frame in frames]

    def _frame(self, frame: pa.Table) -> npt.NDArray[np.float64]:
        parts = [self._asked(frame.slice(start, ROWS)) for start in range(0, frame.num_rows, ROWS)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _asked(self, rows: pa.Table) -> npt.NDArray[np.float64]:
        body = question(rows)
        for tried in range(1, TRIES + 1):
            self._requests += 1
            try:
                answer = self._sent(self._url, body, rows.num_rows)
            except httpx.TransportError as error:
                said, wait = f"{type(error).__name__}: {error}", None
            else:
                if answer.status not in PASSING:
                    return self._read(answer, rows.num_rows)
                said = f"HTTP {answer.status}"
                wait = _asked_to_wait(answer.retry_after)
            if tried < TRIES:
                self._retries += 1
                self._tell(
                    Text(
                        f"服务没有回答（{said}），再试第 {tried + 1}/{TRIES} 次",
                        f"the service did not answer ({said}); try {tried + 1} of {TRIES}",
                    )
                )
                backed_off = WAIT * 2 ** (tried - 1) * (1 + random.random())  # noqa: S311  # spreads load
                self._pause(min(LONGEST_WAIT, backed_off if wait is None else wait))
        raise EndpointFailed(
            f"服务试了 {TRIES} 次都没有回答（{said}）。请确认它在运行，再评估一次。",
            f"The service did not answer in {TRIES} tries ({said}). See that it runs, then evaluate again.",
        )

    def _sent(self, url: str, body: bytes, rows: int, hops: int = HOPS) -> "_Answer":
        """One request and its bounded answer; a redirect is followed within the same host only."""
        most, deadline = BYTES_ASIDE + BYTES_PER_ROW * rows, time.monotonic() + 2 * self._seconds
        with self._client.stream("POST", url, content=body) as answer:
            if answer.is_redirect:
                following = str(answer.next_request.url) if answer.next_request else ""
                if (
                    answer.status_code not in (307, 308)
                    or not hops
                    or not same_host(url, following)
                ):
                    raise EndpointFailed(
                        f"服务要求转到别处（{answer.headers.get('location', '')[:200]}），没有照办：数据只发给计划写明的地址。请直接写最终地址。",
                        f"The service redirects elsewhere ({answer.headers.get('location', '')[:200]}); not followed, since the rows go "
                        "to the stated address only. Give the final address.",
                    )
                return self._sent(following, body, rows, hops - 1)
            content = b"".join(_bounded(answer, most, deadline))
        return _Answer(answer.status_code, answer.headers.get("retry-after", ""), content)

    def _read(self, answer: "_Answer", rows: int) -> npt.NDArray[np.float64]:
        if answer.status != httpx.codes.OK:
            said = answer.content[:300].decode(errors="replace")
            if answer.status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
                raise EndpointFailed(
                    f"服务要口令，或口令不对（HTTP {answer.status}：{said}）。请把口令放在 MINGSUAN_ENDPOINT_TOKEN 里。",
                    f"The service wants a token, or another one (HTTP {answer.status}: {said}). Put it into MINGSUAN_ENDPOINT_TOKEN.",
                )
            raise EndpointFailed(
                f"服务拒绝了请求（HTTP {answer.status}：{said}）。请核对输入列和地址。",
                f"The service refused the request (HTTP {answer.status}: {said}). Check the input columns and the address.",
            )
        try:
            found = json.loads(answer.content)
            given = found["predictions"] if isinstance(found, dict) else found
            return self._numbers(given, rows)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise EndpointFailed(
                f"服务的回答不能当作每行一个数来读（{str(error)[:200]}）。它应按 MLflow 的格式回答，多类模型要在计划里写明各类。",
                f"The answer can't be read as one number per row ({str(error)[:200]}). It should answer in MLflow's format; for several "
                "classes the plan names them.",
            ) from error

    def _numbers(self, given: Any, rows: int) -> npt.NDArray[np.float64]:
        if not isinstance(given, list) or len(given) != rows:
            many = len(given) if isinstance(given, list) else type(given).__name__
            raise OtherClasses(f"{many} answers for {rows} rows")
        if self._classes is not None:
            return self._classes.read(given, rows)
        numbers = np.array([_number(one) for one in given], dtype=np.float64)
        if not np.isfinite(numbers).all():
            raise OtherClasses("an answer is not a finite number")
        return numbers

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def address(url: str) -> str:
    """The address that is asked.

    Args:
        url: as written; without a path `/invocations` is added.

    Raises:
        NoEndpoint: it is not http(s) with a host, or carries a password.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username or parts.password or parts.fragment:
        raise NoEndpoint(
            "评分服务的地址应写成 http(s)://主机[:端口][/路径]，不带账号、密码和“#”。口令请放在环境变量里。",
            "The service's address is http(s)://host[:port][/path], without account, password or '#'. Put a token into "
            "the environment.",
        )
    return parts._replace(path=parts.path if parts.path.strip("/") else "/invocations").geturl()


def same_host(one: str, other: str) -> bool:
    """Whether two addresses have scheme, host and port in common."""
    a, b = urlsplit(one), urlsplit(other)
    return (a.scheme, a.hostname, a.port) == (b.scheme, b.hostname, b.port)


def question(rows: pa.Table) -> bytes:
    """The rows as MLflow's `dataframe_split`; a missing value or NaN is null.

    Raises:
        EndpointFailed: an infinite number, which JSON can't say.
    """
    columns = [[_plain(value) for value in column.to_pylist()] for column in rows.columns]
    data = [list(row) for row in zip(*columns, strict=True)]
    split = {"columns": rows.column_names, "data": data}
    return json.dumps({"dataframe_split": split}, allow_nan=False, ensure_ascii=False).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        raise EndpointFailed(
            "数据里有无穷大的数，评分服务的格式写不出来。请先改正这一列。",
            "The data hold an infinite number, which the scoring protocol can't say. Correct the column.",
        )
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if value is None or isinstance(value, str | bool | int):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _number(given: Any) -> float:
    """A number; of the two probabilities of a binary classifier the second."""
    if isinstance(given, list):
        if len(given) not in (1, 2):
            raise OtherClasses(f"{len(given)} numbers for one row")
        given = given[-1]
    if not isinstance(given, int | float):
        raise OtherClasses(f"{str(given)[:60]!r} is no number")
    return float(given)


def _bounded(answer: httpx.Response, most: int, deadline: float) -> Iterator[bytes]:
    held = 0
    for piece in answer.iter_bytes():
        held += len(piece)
        if held > most or time.monotonic() > deadline:
            raise EndpointFailed(
                f"服务的回答太长或太慢（上限 {most} 字节），已中断。",
                f"The answer is too long or too slow (at most {most} bytes); it was cut off.",
            )
        yield piece


def _asked_to_wait(header: str) -> float | None:
    """What `Retry-After` says in seconds; None where it says nothing usable."""
    return float(header) if header.isdigit() else None
