"""Uploads, seals and parts as rows."""

import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from registry import database, staging
from registry.database import now, transaction
from registry.organisations import Actor
from registry.staging import (
    ChangedMeanwhile,
    NoPlace,
    NoUpload,
    Origin,
    Sealed,
    SealedMeanwhile,
    SealedWithin,
    StillArriving,
)
from tests import cast, tables

ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def by(session: Session) -> Actor:
    """A filer of an enterprise."""
    return cast.actor(session)


@pytest.fixture
def run(by: Actor) -> str:
    """The folder of a run of theirs."""
    return f"workspaces/{by.organisation_id}/1/{'a' * 32}/artifacts"


def put(session: Session, by: Actor, path: str, digest: str = ONE) -> None:
    staging.put(session, by.organisation_id, path, digest=digest, size=3)


def sealed(session: Session, by: Actor, path: str, **taken: str) -> staging.Seal:
    files = {f"{path}/{name}": digest for name, digest in taken.items()}
    origin = Origin("a" * 32, "m-1")
    return staging.seal(session, by.organisation_id, path, digest=TWO, taken=files, origin=origin)


def test_a_file_is_noted_and_replaced(session: Session, by: Actor, run: str) -> None:
    put(session, by, f"{run}/model/MLmodel")
    put(session, by, f"{run}/model/MLmodel", TWO)

    assert [each.digest for each in staging.below(session, run)] == [TWO]
    assert staging.file_at(session, f"{run}/model/mlmodel") is None, "letters are what they are"


def test_what_is_sealed_is_written_no_more(session: Session, by: Actor, run: str) -> None:
    put(session, by, f"{run}/model/MLmodel")
    sealed(session, by, f"{run}/model", MLmodel=ONE)

    assert staging.below(session, run) == []
    for path in ("model/MLmodel", "model/new", "model/deep/er", "model"):
        with pytest.raises(Sealed):
            put(session, by, f"{run}/{path}")
        with pytest.raises(Sealed):
            staging.begin(session, by.organisation_id, f"{run}/{path}", secret="s", parts=1)
    put(session, by, f"{run}/model2/MLmodel")
    put(session, by, f"{run}/Model/MLmodel")


def test_a_seal_covers_just_what_was_looked_at(session: Session, by: Actor, run: str) -> None:
    put(session, by, f"{run}/model/MLmodel")
    put(session, by, f"{run}/model/late")

    for taken in ({"MLmodel": ONE}, {"MLmodel": ONE, "late": TWO}, {}):
        with pytest.raises(ChangedMeanwhile):
            sealed(session, by, f"{run}/model", **taken)
    sealed(session, by, f"{run}/model", MLmodel=ONE, late=ONE)


def test_sealing_twice_is_sealing_once(session: Session, by: Actor, run: str) -> None:
    put(session, by, f"{run}/model/MLmodel")

    assert sealed(session, by, f"{run}/model", MLmodel=ONE) is sealed(
        session, by, f"{run}/model", MLmodel=ONE
    )


def test_the_origin_of_a_seal_is_kept(session: Session, by: Actor, run: str) -> None:
    put(session, by, f"{run}/model/MLmodel")
    assert not staging.is_origin(session, run_id="a" * 32)
    sealed(session, by, f"{run}/model", MLmodel=ONE)

    assert staging.is_origin(session, run_id="a" * 32)
    assert staging.is_origin(session, logged_model_id="m-1")
    assert not staging.is_origin(session, run_id="b" * 32)
    assert not staging.is_origin(session)


@pytest.mark.parametrize("name", ["x", "x/y/z", "n" * 256, "中" * 86, "/".join("d" * 500)])
def test_a_place_where_no_file_can_lie(session: Session, by: Actor, run: str, name: str) -> None:
    put(session, by, f"{run}/x/y")

    with pytest.raises(NoPlace):
        put(session, by, f"{run}/{name}")


def test_a_folder_in_which_a_file_is_arriving_in_parts_is_not_sealed(
    session: Session, by: Actor, run: str
) -> None:
    """The version lacked the file for ever, and the upload could not be completed."""
    put(session, by, f"{run}/model/MLmodel")
    put(session, by, f"{run}/model2/MLmodel")
    upload = staging.begin(
        session, by.organisation_id, f"{run}/model/deep/late.bin", secret="s", parts=1
    )
    sealed(session, by, f"{run}/model2", MLmodel=ONE)
    with pytest.raises(StillArriving, match=r"deep/late\.bin .*Complete or abort"):
        sealed(session, by, f"{run}/model", MLmodel=ONE)
    staging.forget(session, upload)
    assert sealed(session, by, f"{run}/model", MLmodel=ONE).path == f"{run}/model"


def test_a_folder_that_holds_a_seal_is_no_file(session: Session, by: Actor, run: str) -> None:
    put(session, by, f"{run}/models/one/MLmodel")
    sealed(session, by, f"{run}/models/one", MLmodel=ONE)

    with pytest.raises(NoPlace):
        put(session, by, f"{run}/models")


def test_a_folder_that_holds_a_seal_is_sealed_with_what_was_sealed(
    session: Session, by: Actor, run: str
) -> None:
    """The sealed files were left out of the version above them without a word."""
    inner = cast.version(session, by)
    [entry] = inner.manifest
    put(session, by, f"{run}/model/MLmodel")
    put(session, by, f"{run}/model/in/MLmodel", entry["sha256"])
    put(session, by, f"{run}/model/in/note", TWO)
    all_of_it = staging.contents(session, by.organisation_id, f"{run}/model")
    inside = {path: digest for path, digest in all_of_it.items() if "/in/" in path}
    staging.seal(
        session,
        by.organisation_id,
        f"{run}/model/in",
        digest=inner.digest,
        taken=inside,
        origin=Origin(),
        left_out={f"{run}/model/in/note"},
    )

    assert staging.contents(session, by.organisation_id, f"{run}/model") == all_of_it
    with pytest.raises(ChangedMeanwhile):
        sealed(session, by, f"{run}/model", MLmodel=ONE)
    staging.seal(
        session,
        by.organisation_id,
        f"{run}/model",
        digest=TWO,
        taken=all_of_it,
        origin=Origin(),
    )
    assert staging.below(session, run) == []


def test_a_seal_above_is_no_change_of_the_files_but_an_upload_is(
    session: Session, by: Actor, run: str
) -> None:
    """Whoever had read an inner folder was told that its files had changed."""
    outer = cast.version(session, by)
    [entry] = outer.manifest
    name, digest = str(entry["path"]), str(entry["sha256"])
    put(session, by, f"{run}/model/{name}", digest)
    staging.seal(
        session,
        by.organisation_id,
        run,
        digest=outer.digest,
        taken=staging.contents(session, by.organisation_id, run),
        origin=Origin(),
    )
    outer.manifest = [entry | {"path": f"model/{name}"}, entry | {"path": "model/more/x"}]
    session.flush()
    inner, note = {name: digest, "more/x": digest}, {f"{run}/model/registered_model_meta"}
    for more, kind in (
        ({}, SealedMeanwhile),
        ({"registered_model_meta": ONE}, SealedMeanwhile),
        ({name: TWO}, ChangedMeanwhile),
        ({"late": ONE}, ChangedMeanwhile),
    ):
        taken = {f"{run}/model/{each}": held for each, held in (inner | more).items()}
        with pytest.raises(ChangedMeanwhile) as refused:
            staging.seal(
                session,
                by.organisation_id,
                f"{run}/model",
                digest=TWO,
                taken=taken,
                origin=Origin(),
                left_out=note & taken.keys(),
            )
        assert type(refused.value) is kind


def test_a_sealed_folder_without_a_version_is_named(session: Session, by: Actor, run: str) -> None:
    put(session, by, f"{run}/model/MLmodel")
    put(session, by, f"{run}/model/in/MLmodel")
    sealed(session, by, f"{run}/model/in", MLmodel=ONE)

    with pytest.raises(SealedWithin, match=r"folder in in it .*Log the whole model anew"):
        staging.contents(session, by.organisation_id, f"{run}/model")


NAMES = strategies.lists(strategies.sampled_from("ab"), min_size=1, max_size=4).map("/".join)
STEPS = strategies.lists(strategies.tuples(strategies.booleans(), NAMES), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(steps=STEPS)
def test_no_path_is_both_a_file_and_a_folder_or_lies_below_a_seal(
    session: Session, by: Actor, run: str, steps: list[tuple[bool, str]]
) -> None:
    with session.begin_nested() as undone:
        for seals, name in steps:
            path = f"{run}/{name}"
            try:
                if seals:
                    taken = staging.contents(session, by.organisation_id, path)
                    staging.seal(
                        session,
                        by.organisation_id,
                        path,
                        digest=cast.version(session, by).digest,
                        taken=taken,
                        origin=Origin(),
                    )
                else:
                    put(session, by, path)
            except (Sealed, NoPlace, ChangedMeanwhile):
                continue
        files = {each.path for each in staging.below(session, run)}
        seals_now = {each.path for each in staging.seals_below(session, run)}
        for path in files:
            above = {path[:at] for at, letter in enumerate(path) if letter == "/"}
            assert not above & files
            assert not (above | {path}) & seals_now
        undone.rollback()


@pytest.mark.parametrize("how", ["a file", "a file in parts"])
@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_a_write_and_a_seal_at_once_follow_each_other(
    kind: str, how: str, request: pytest.FixtureRequest
) -> None:
    """scale/2: whoever comes second sees what the first did; nothing is left below a seal."""
    engine: Engine = request.getfixturevalue("engine")
    if kind == "postgresql":
        engine = database.connect(request.getfixturevalue("postgres_url"))
        tables.make(engine)
    factory = database.sessions(engine)
    with transaction(factory) as session:
        by = cast.actor(session)
    outcomes: set[str] = set()
    for turn in range(6):
        # A run's model lies below its folder; a logged model's is the folder itself.
        inside = "/model" if turn % 2 else ""
        path = f"workspaces/{by.organisation_id}/1/{turn:032x}/artifacts{inside}"
        with transaction(factory) as session:
            put(session, by, f"{path}/MLmodel")
        outcomes |= _race(factory, by, path, in_parts=how == "a file in parts")
        with factory() as session:
            left = staging.below(session, path)
            assert not (staging.seal_over(session, path) and staging.arriving(session, path))
            seal = staging.seal_over(session, path)
        assert bool(left) != bool(seal), "either it was sealed, or the file came first"
    engine.dispose()
    assert outcomes


@pytest.mark.parametrize("how", ["a file", "a file in parts"])
@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_nothing_arrives_between_a_check_and_a_deletion(
    kind: str, how: str, request: pytest.FixtureRequest
) -> None:
    """On PostgreSQL an upload into a folder that was there did not wait for whoever is alone."""
    engine: Engine = request.getfixturevalue("engine")
    if kind == "postgresql":
        engine = database.connect(request.getfixturevalue("postgres_url"))
        tables.make(engine)
    factory = database.sessions(engine)
    with transaction(factory) as session:
        by = cast.actor(session)
        path = f"workspaces/{by.organisation_id}/1/{'a' * 32}/artifacts"
        put(session, by, f"{path}/early")
    start, arrived = threading.Barrier(2), threading.Event()

    def arrive() -> None:
        start.wait()
        with transaction(factory) as session:
            if how == "a file":
                put(session, by, f"{path}/late")
            else:
                staging.begin(session, by.organisation_id, f"{path}/late", secret="s", parts=1)
        arrived.set()

    thread = threading.Thread(target=arrive)
    with transaction(factory) as session:
        staging.alone(session, by.organisation_id)
        assert not staging.arriving(session, path)
        thread.start()
        start.wait()
        assert not arrived.wait(1), "it came while the other was alone"
    thread.join()
    assert arrived.is_set()
    engine.dispose()


def _race(factory: sessionmaker[Session], by: Actor, path: str, *, in_parts: bool) -> set[str]:
    start, outcomes = threading.Barrier(2), set()

    def write() -> None:
        start.wait()
        try:
            with transaction(factory) as session:
                if in_parts:
                    staging.begin(session, by.organisation_id, f"{path}/late", secret="s", parts=1)
                else:
                    put(session, by, f"{path}/late")
            outcomes.add("written")
        except Sealed:
            outcomes.add("refused")

    def seal() -> None:
        start.wait()
        try:
            with transaction(factory) as session:
                sealed(session, by, path, MLmodel=ONE)
            outcomes.add("sealed")
        except (ChangedMeanwhile, StillArriving):
            outcomes.add("changed")

    threads = [threading.Thread(target=each) for each in (write, seal)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes in ({"written", "changed"}, {"refused", "sealed"})
    return outcomes


def test_parts_are_counted_together(session: Session, by: Actor, run: str) -> None:
    upload = staging.begin(session, by.organisation_id, f"{run}/large", secret="s", parts=1)
    for number, size in ((1, 6), (2, 3), (1, 5)):
        staging.put_part(session, upload, number, digest=ONE, size=size, limit=9)

    with pytest.raises(NoPlace, match="MINGSUAN_MAX_SUBMISSION"):
        staging.put_part(session, upload, 3, digest=ONE, size=2, limit=9)
    assert [(part.number, part.size) for part in staging.parts_of(session, upload)] == [
        (1, 5),
        (2, 3),
    ]


def test_an_upload_in_parts_is_found_at_its_path_until_it_is_forgotten(
    session: Session, by: Actor, run: str
) -> None:
    upload = staging.begin(session, by.organisation_id, f"{run}/large", secret="s", parts=1)
    staging.put_part(session, upload, 1, digest=ONE, size=1, limit=9)

    assert staging.part_upload(session, upload.id, path=f"{run}/large") is upload
    with pytest.raises(NoUpload):
        staging.part_upload(session, upload.id, path=f"{run}/other")
    staging.forget(session, upload)
    with pytest.raises(NoUpload):
        staging.part_upload(session, upload.id)


def test_what_nobody_registers_is_cleared_and_seals_stay(
    session: Session, by: Actor, run: str
) -> None:
    other = run.replace("a" * 32, "b" * 32)
    put(session, by, f"{run}/model/MLmodel")
    sealed(session, by, f"{run}/model", MLmodel=ONE)
    put(session, by, f"{run}/notes")
    put(session, by, f"{other}/notes")
    staging.begin(session, by.organisation_id, f"{run}/large", secret="s", parts=1)
    assert staging.untouched(session, now() - timedelta(days=1)) == []

    soon = now() + timedelta(seconds=1)
    folders = {folder.path: folder for folder in staging.untouched(session, soon)}
    assert set(folders) == {run, other}
    dropped = staging.clear(session, folders[run])
    assert [upload.path for upload in dropped] == [f"{run}/large"]
    assert staging.below(session, run) == []
    assert staging.seal_over(session, f"{run}/model") is not None
    assert [folder.path for folder in staging.untouched(session, soon)] == [other]


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("workspaces/o/1/r/artifacts/model/MLmodel", "workspaces/o/1/r/artifacts"),
        ("workspaces/o/1/models/m/artifacts/x/artifacts/y", "workspaces/o/1/models/m/artifacts"),
        ("workspaces/o/x/kept.txt", "workspaces/o/x"),
        ("workspaces/o/artifacts", "workspaces/o/artifacts"),
        ("workspaces/o/1/models/m/artifacts", "workspaces/o/1/models/m/artifacts"),
    ],
)
def test_the_folder_of_a_path(path: str, root: str) -> None:
    assert staging.root_of(path) == root
