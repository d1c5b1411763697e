"""The endpoint scorer asks a real scoring server, and holds out against a hostile one."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import uvicorn
from sklearn.linear_model import LinearRegression

from registry import invocations
from registry.invocations import EndpointFailed, EndpointScorer, NoEndpoint
from registry.language import Text
from registry.sandbox.child.classes import Classes

# MLflow's own server warns of its own type hints when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore:.*AnyType:UserWarning")

FRAME = pa.table({"a": [1.0, 2.0, None], "b": [0.5, 0.25, 1.0], "race": ["x", "y", "x"]})


@contextmanager
def answering(answer: Any) -> Iterator[tuple[str, list[Any]]]:
    """A server whose answers a test decides: (body, number) → (status, headers, body)."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            asked.append((self.path, dict(self.headers), json.loads(body)))
            status, headers, content = answer(json.loads(body), len(asked))
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def predictions(*values: Any) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, json.dumps({"predictions": list(values)}).encode()


def score(url: str, **options: Any) -> Any:
    with EndpointScorer(url, inputs=["a", "b"], pause=lambda _: None, **options) as scorer:
        return scorer.score([FRAME])[0]


@pytest.fixture(scope="module")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """MLflow's own scoring server around a linear model y = 2a + b."""
    folder: Path = tmp_path_factory.mktemp("served") / "model"
    rows = pd.DataFrame({"a": [0.0, 1.0, 0.0], "b": [0.0, 0.0, 1.0]})
    model = LinearRegression().fit(rows, [0.0, 2.0, 1.0])
    mlflow.sklearn.save_model(model, folder, input_example=None, serialization_format="skops")
    from mlflow.pyfunc import scoring_server

    app = scoring_server.init(mlflow.pyfunc.load_model(str(folder)))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def test_mlflows_own_server_answers_row_by_row(mlflow_server: str) -> None:
    frame = pa.table({"b": [0.5, 0.25], "a": [1.0, 2.0], "other": ["x", "y"]})
    with EndpointScorer(mlflow_server, inputs=["a", "b"]) as scorer:
        assert scorer.served, "what a service answers twice alike is no fact about a file"
        first, second = scorer.score([frame, frame.slice(1)])

    np.testing.assert_allclose(first, [2.5, 4.25], rtol=1e-12)
    np.testing.assert_allclose(second, [4.25], rtol=1e-12)
    assert scorer.provenance["requests"] == 2


def test_only_the_inputs_are_sent_and_missing_values_are_null() -> None:
    with answering(lambda *_: predictions(1, 2, 3)) as (url, asked):
        assert score(url, token="secret").tolist() == [1.0, 2.0, 3.0]

    path, headers, body = asked[0]
    assert path == "/invocations"
    assert headers["authorization"] == "Bearer secret"
    assert body == {
        "dataframe_split": {"columns": ["a", "b"], "data": [[1.0, 0.5], [2.0, 0.25], [None, 1.0]]}
    }


def test_many_rows_go_in_several_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invocations, "ROWS", 2)
    with answering(
        lambda body, _: predictions(*[row[1] for row in body["dataframe_split"]["data"]])
    ) as (url, asked):
        assert score(url).tolist() == [0.5, 0.25, 1.0]
    assert len(asked) == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(status: int) -> None:
    with answering(
        lambda _, number: (
            (status, {"retry-after": "3"}, b"") if number < 3 else predictions(1, 2, 3)
        )
    ) as (url, asked):
        waited, told = list[float](), list[Text]()
        with EndpointScorer(
            url, inputs=["a", "b"], pause=waited.append, tell=told.append
        ) as scorer:
            assert scorer.score([FRAME])[0].size == 3
    assert len(asked) == 3
    assert waited == [3.0, 3.0]
    assert [f"HTTP {status}" in said.en for said in told] == [True, True]
    assert "try 3 of 5" in told[1].en


def test_a_service_that_stays_away_is_named_after_five_tries() -> None:
    with (
        answering(lambda *_: (503, {}, b"")) as (url, asked),
        pytest.raises(EndpointFailed) as said,
    ):
        score(url)
    assert len(asked) == 5
    assert "503" in said.value.said.en


def test_a_service_that_is_not_there_is_named() -> None:
    with answering(lambda *_: predictions()) as (url, _):
        pass
    with pytest.raises(EndpointFailed, match="ConnectError"):
        score(url)


def test_rows_never_follow_a_redirect_to_another_host() -> None:
    with (
        answering(lambda *_: predictions(1, 2, 3)) as (other, elsewhere),
        answering(lambda *_: (307, {"location": f"{other}/invocations"}, b"")) as (url, _),
        pytest.raises(EndpointFailed, match="redirects elsewhere"),
    ):
        score(url, token="secret")
    assert elsewhere == []


def test_a_redirect_within_the_host_is_followed_but_not_for_ever() -> None:
    with answering(
        lambda _, number: (308, {"location": "/v2"}, b"") if number < 2 else predictions(1, 2, 3)
    ) as (url, asked):
        assert score(url).size == 3
    assert [path for path, _, _ in asked] == ["/invocations", "/v2"]

    with (
        answering(lambda *_: (307, {"location": "/again"}, b"")) as (url, asked),
        pytest.raises(EndpointFailed),
    ):
        score(url)
    assert len(asked) == 1 + invocations.HOPS


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b"[" * 5000,
        b'{"predictions": 3}',
        b'{"other": []}',
        b'{"predictions": [1, 2]}',
        b'{"predictions": [1, 2, "three"]}',
        b'{"predictions": [1, 2, null]}',
        b'{"predictions": [1, 2, NaN]}',
        b'{"predictions": [1, 2, Infinity]}',
        b'{"predictions": [[0, 1, 2], [0, 1, 2], [0, 1, 2]]}',
        b" " * 200_000,
    ],
)
def test_an_answer_that_is_not_one_number_per_row_is_refused(content: bytes) -> None:
    with answering(lambda *_: (200, {}, content)) as (url, _), pytest.raises(EndpointFailed):
        score(url)


def test_a_refusal_is_shown_and_not_tried_again() -> None:
    with (
        answering(lambda *_: (400, {}, b"column c is missing")) as (url, asked),
        pytest.raises(EndpointFailed, match="column c is missing"),
    ):
        score(url)
    assert len(asked) == 1


def test_classes_are_read_as_the_plan_names_them() -> None:
    classes = Classes(("no", "yes"), "yes")
    with answering(lambda *_: predictions("yes", "no", "yes")) as (url, _):
        assert score(url, classes=classes).tolist() == [1.0, 0.0, 1.0]
    with (
        answering(lambda *_: predictions("yes", "no", "maybe")) as (url, _),
        pytest.raises(EndpointFailed, match="maybe"),
    ):
        score(url, classes=classes)
    with (  # two numbers of different things are no probabilities
        answering(lambda *_: predictions([4800, 41], [5200, 43], [100, 39])) as (url, _),
        pytest.raises(EndpointFailed, match="no probabilities"),
    ):
        score(url, classes=classes)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host",
        "ftp://host",
        "http://",
        "http://me:secret@host/",
        "http://host:99999/",
        "file:///x",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(NoEndpoint) as refused:
        EndpointScorer(url, inputs=["a"])
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("status", [401, 403])
def test_a_service_that_wants_a_token_is_told_apart(status: int) -> None:
    with answering(lambda *_: (status, {}, b"no")) as (url, asked):
        with pytest.raises(EndpointFailed, match="MINGSUAN_ENDPOINT_TOKEN"):
            score(url)
        assert len(asked) == 1


def test_an_infinite_number_is_refused_before_anything_is_sent() -> None:
    with (
        answering(lambda *_: predictions(1)) as (url, asked),
        EndpointScorer(url, inputs=["a"]) as scorer,
        pytest.raises(EndpointFailed),
    ):
        scorer.score([pa.table({"a": [float("inf")]})])
    assert asked == []
