"""A folder that holds a registered folder: registered before it or after, it is one version."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests import exhaustive, models, servers
from tests.portal import doors
from tests.portal.doors import FILES, Door
from tests.portal.mlflow.test_at_once import FEW, ROUNDS, at_once

pytestmark = pytest.mark.slow

NOTE = "model_name: credit\nmodel_version: '7'\n"
"""What MLflow's client writes into a copy; no part of a model where it lies beside its MLmodel."""
POSTGRES = pytest.mark.postgres
KINDS = [
    pytest.param(("files", "sqlite"), id="files-sqlite"),
    pytest.param(("files", "postgresql"), id="files-postgresql", marks=POSTGRES),
    pytest.param(("s3", "sqlite"), id="s3-sqlite"),
    pytest.param(("s3", "postgresql"), id="s3-postgresql", marks=POSTGRES),
]


@pytest.fixture(scope="module", params=KINDS)
def door(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    """A site on each kind of store and database."""
    kind, base = request.param
    more = {}
    with ExitStack() as stack:
        if kind == "s3":
            s3: servers.S3Server = request.getfixturevalue("s3_server")
            more = {
                "MINGSUAN_STORE": f"s3://nested-{base}/door",
                "MINGSUAN_S3_ENDPOINT": s3.endpoint,
                "MINGSUAN_S3_KEY": s3.key,
                "MINGSUAN_S3_SECRET": s3.secret,
            }
        database = ""
        if base == "postgresql":
            server = request.getfixturevalue("postgres_server")
            database = stack.enter_context(servers.fresh_database(server))
        folder = tmp_path_factory.mktemp("nested")
        yield stack.enter_context(doors.opened(folder, database, **more))


@pytest.fixture(scope="module")
def outer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a model in a folder of its own, and another in a folder of that one."""
    root = models.credit_model(tmp_path_factory.mktemp("model") / "outer", seed=951)
    (root / "notes").mkdir()
    (root / "notes" / "readme.txt").write_text("hi", encoding="utf-8")
    inner = models.credit_model(root / "inner", seed=952)
    models.credit_model(inner / "deep", seed=953)
    (inner / "registered_model_meta").write_text(NOTE, encoding="utf-8")
    return root


def files_of(folder: Path) -> Mapping[str, bytes]:
    """Path → bytes of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def uploaded(door: Door, root: str, files: Mapping[str, bytes]) -> None:
    """Send files to a place in the artifact tree."""
    for name, content in files.items():
        answer = door.ask("PUT", f"{FILES}/{root}/{name}", content=content)
        assert answer.status_code == 200, answer.text


def place_of(door: Door, kind: str) -> tuple[str, str, str]:
    """A new place for files: the source of a path below it, the source of itself, and its address."""
    experiment = door.experiment()
    if kind == "run":
        info = door.post("runs/create", experiment_id=experiment).json()["run"]["info"]
        root = info["artifact_uri"].removeprefix("mlflow-artifacts:/") + "/outer"
        source = f"runs:/{info['run_id']}/outer"
        return source, source, root
    made = door.post("logged-models", experiment_id=experiment, name="outer").json()
    info = made["model"]["info"]
    root = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
    return f"mlflow-artifacts:/{root}", f"models:/{info['model_id']}", root


def digest_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["model_version"]["source"]).removeprefix("mingsuan://sha256/")


def read(door: Door, folder: str) -> dict[str, bytes]:
    """Path → bytes of every file below a folder, as a client lists and fetches them."""
    found, waiting = {}, [""]
    while waiting:
        inside = waiting.pop()
        listed = door.ask("GET", FILES, params={"path": folder + inside}).json()
        for each in listed.get("files", []):
            path = f"{inside}/{each['path']}"
            if each["is_dir"]:
                waiting.append(path)
            else:
                found[path[1:]] = door.ask("GET", f"{FILES}/{folder}{path}").content
    return found


ORDERS = [
    ("", "/inner/deep", "/inner"),
    ("/inner/deep", "/inner", ""),
    ("/inner", "/inner/deep", ""),
]


# Each store, each database and each kind of place once; `make exhaustive` takes every one with every other.
PLACES = [
    exhaustive.case(each, kind, kept=kept, name=f"{'-'.join(each)}-{kind}")
    for each, kept_kind in (
        (("files", "sqlite"), None),
        (("files", "postgresql"), "run"),
        (("s3", "sqlite"), "logged model"),
        (("s3", "postgresql"), None),
    )
    for kind in ("run", "logged model")
    for kept in (kind == kept_kind,)
]


@pytest.mark.parametrize(("door", "kind"), PLACES, indirect=["door"])
def test_a_folder_holds_what_was_uploaded_below_it_in_whatever_order_it_is_registered(
    door: Door, outer: Path, kind: str
) -> None:
    """The files of an inner folder that was registered before were left out without a word."""
    files, digests = files_of(outer), []
    for turn, order in enumerate(ORDERS):
        below, itself, root = place_of(door, kind)
        uploaded(door, root, files)
        found = {}
        for inside in order:
            name = f"{kind} {turn}{inside.replace('/', '.')}"
            source = below + inside if inside else itself
            found[inside] = digest_of(door.register(name, source))
            again = door.register(name, source)
            assert digest_of(again) == found[inside], "registered twice, it is one version"
            assert again.json()["model_version"]["version"] == "1"
        digests.append(found)
        snapshots = "/".join(root.split("/")[:2]) + "/snapshots"
        assert read(door, f"{snapshots}/{found['']}") == files
        assert read(door, f"{snapshots}/{found['/inner/deep']}") == files_of(outer / "inner/deep")
        late = door.ask("PUT", f"{FILES}/{root}/inner/late", content=b"1")
        assert (late.status_code, late.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert digests[0] == digests[1] == digests[2]


# The S3 of the tests takes an object away for a moment while it is written again; Amazon's does not.
@pytest.mark.parametrize(
    ("door", "rounds"),
    [
        exhaustive.case(("files", "sqlite"), ROUNDS, kept=False, name="sqlite"),
        pytest.param(("files", "postgresql"), FEW, id="postgresql", marks=POSTGRES),
        exhaustive.case(("files", "postgresql"), ROUNDS, kept=False, name="postgresql-more"),
    ],
    indirect=["door"],
)
def test_folders_within_each_other_registered_at_once_are_what_they_are_alone(
    door: Door, outer: Path, rounds: int
) -> None:
    """Some were refused: their files had “changed”, were not there, or lacked what others sealed."""
    places = ("", "/inner", "/inner/deep")
    for place in places:
        door.post("registered-models/create", name=f"within{place.replace('/', '.')}")
    alone: list[str] = []

    def register(source: str, place: str, wait: float) -> httpx.Response:
        time.sleep(wait)
        name = f"within{place.replace('/', '.')}"
        return door.post("model-versions/create", name=name, source=source + place)

    for turn in range(rounds + 1):
        source, _, address = place_of(door, "run")
        uploaded(door, address, files_of(outer))
        # Inner ones begin while the outer one is read, stored or sealed.
        calls = [partial(register, source, each, turn * 0.02 * bool(each)) for each in places]
        found = at_once(*calls * 2) if turn else [call() for call in calls]
        digests = [digest_of(answer) for answer in found]
        alone = alone or digests
        assert digests == alone * (len(digests) // len(alone))


def test_the_bytes_of_an_inner_version_are_kept_once(outer: Path, tmp_path: Path) -> None:
    with doors.opened(tmp_path) as door:
        below, itself, root = place_of(door, "run")
        uploaded(door, root, files_of(outer))
        digest_of(door.register("inner", f"{below}/inner"))
        before = blobs(tmp_path)
        made = digest_of(door.register("outer", itself))
    assert before
    assert blobs(tmp_path) - before == {made}, "the manifest, under the version's digest"


def blobs(folder: Path) -> set[str]:
    """The digests of the blobs in a store of files."""
    return {path.name for path in folder.rglob("*") if path.is_file() and len(path.name) == 64}
