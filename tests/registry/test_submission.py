import shutil
import tarfile
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from registry import artifacts, attestation, database, journal, model_names, outbox, submission
from registry.artifacts import ArtifactStore
from registry.organisations import Actor, Kind, WrongRole
from registry.screening import Screening, ScreeningFailed
from registry.settings import Settings
from registry.submission import Version
from tests import cast, tables
from tests.models import credit_model, pickled_model


@pytest.fixture
def by(session: Session) -> Actor:
    """A filer of an enterprise."""
    return cast.actor(session)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model to submit."""
    return credit_model(tmp_path / "model")


def submit(
    session: Session,
    store: ArtifactStore,
    by: Actor,
    folder: Path,
    name: str = "信用审批",
    **more: str,
) -> submission.Submitted:
    return submission.submit(session, store, by=by, model_name=name, directory=folder, **more)


def test_a_submission_becomes_a_version_whose_every_byte_is_kept(
    session: Session, store: ArtifactStore, by: Actor, folder: Path, tmp_path: Path
) -> None:
    done = submit(session, store, by, folder, note=" 首次提交 ")
    version = done.version
    assert done.created
    assert (version.number, version.note, version.organisation_id) == (
        1,
        "首次提交",
        by.organisation_id,
    )
    assert version.digest == attestation.digest(version.manifest)
    assert [column["name"] for column in version.inputs] == ["income", "debt"]
    artifacts.materialise(store, version.manifest, tmp_path / "back")
    for name in ("MLmodel", "model.skops"):
        assert (tmp_path / "back" / name).read_bytes() == (folder / name).read_bytes()
    assert submission.blobs(session) == set(store.digests())
    with store.open(version.digest) as stream:
        assert attestation.parse(stream.read()) == version.manifest


def test_a_submission_is_journaled_and_asks_for_a_version_in_mlflow(
    session: Session, store: ArtifactStore, by: Actor, folder: Path
) -> None:
    version = submit(session, store, by, folder).version
    (event,) = journal.history(session, version.id)
    assert event.name == "model:version:submitted"
    assert (event.person_id, event.organisation_id) == (by.person_id, by.organisation_id)
    assert event.details["digest"] == version.digest
    (effect,) = outbox.pending(session, kinds=["mlflow_version"])
    assert effect.payload == {"version_id": version.id, "digest": version.digest}


def test_the_same_bytes_twice_are_one_version(
    session: Session, store: ArtifactStore, by: Actor, folder: Path
) -> None:
    first = submit(session, store, by, folder)
    again = submit(session, store, by, folder)
    assert again.version.id == first.version.id
    assert not again.created
    assert len(outbox.pending(session)) == 1
    assert len(journal.history(session, first.version.id)) == 1


def test_other_bytes_are_the_next_version_and_another_model_counts_for_itself(
    session: Session, store: ArtifactStore, by: Actor, folder: Path, tmp_path: Path
) -> None:
    first = submit(session, store, by, folder).version
    second = submit(session, store, by, credit_model(tmp_path / "two", seed=2)).version
    elsewhere = submit(session, store, by, folder, name="定价").version
    assert (first.number, second.number, elsewhere.number) == (1, 2, 1)
    assert submission.latest(session, first.model_id) is second
    assert submission.numbered(session, first.model_id, 1) is first
    assert [version.id for version in submission.versions(session, by.organisation_id)] == [
        elsewhere.id,
        second.id,
        first.id,
    ]


def test_two_organisations_may_use_the_same_name(
    session: Session, store: ArtifactStore, by: Actor, folder: Path
) -> None:
    other = cast.actor(session)
    ours, theirs = submit(session, store, by, folder), submit(session, store, other, folder)
    assert ours.version.model_id != theirs.version.model_id
    assert ours.version.digest == theirs.version.digest


def test_one_spelling_of_a_name_is_one_model(
    session: Session, store: ArtifactStore, by: Actor, folder: Path
) -> None:
    composed = submit(session, store, by, folder, name="café").version
    decomposed = submit(session, store, by, folder, name=" café ").version
    assert composed.id == decomposed.id


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a/b",
        "a:b",
        "../x",
        "a..b",
        "x" * 121,
        "-x",
        "a@b",
        "１２３",
        "模型\u3164",
        "mоdel",
        "x\u200by",
        "\ud800",
    ],
)  # security/A3: forms of letters, blanks, Cyrillic, what nobody sees
def test_a_name_that_cannot_stand_in_an_address_is_refused_before_anything_is_read(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path, name: str
) -> None:
    with pytest.raises(model_names.NameNotAllowed):
        submit(session, store, by, tmp_path / "never read", name=name)


def test_only_a_filer_submits(session: Session, store: ArtifactStore, folder: Path) -> None:
    tester = cast.actor(session, Kind.TESTER)
    with pytest.raises(WrongRole):
        submit(session, store, tester, folder)
    assert list(store.digests()) == []


def test_a_rejection_names_every_reason_and_keeps_nothing(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    folder = credit_model(tmp_path / "bad", inputs=None)
    (folder / "code").mkdir()
    (folder / "code" / "evil.py").write_text("print('hello')")
    with pytest.raises(ScreeningFailed) as refused:
        submit(session, store, by, folder)
    items = [reason.item for reason in refused.value.reasons]
    assert len(items) >= 2
    assert any("evil.py" in item for item in items)
    assert any("signature" in item for item in items)
    assert list(store.digests()) == []
    assert session.scalars(select(Version)).all() == []


def test_the_same_key_with_the_same_bytes_gets_the_same_answer(
    session: Session, store: ArtifactStore, by: Actor, folder: Path
) -> None:
    first = submit(session, store, by, folder, idempotency_key="k1")
    assert submit(session, store, by, folder, idempotency_key="k1") == first
    later = submit(session, store, by, folder, idempotency_key="k2")
    assert not later.created
    assert submit(session, store, by, folder, idempotency_key="k2") == later


def test_a_key_belongs_to_its_bytes_and_model(
    session: Session, store: ArtifactStore, by: Actor, folder: Path, tmp_path: Path
) -> None:
    submit(session, store, by, folder)
    submit(session, store, by, folder, idempotency_key="k")  # made no version, yet is bound
    other = credit_model(tmp_path / "two", seed=2)
    with pytest.raises(submission.KeyAlreadyUsed):
        submit(session, store, by, other, idempotency_key="k")
    with pytest.raises(submission.KeyAlreadyUsed):
        submit(session, store, by, folder, name="定价", idempotency_key="k")
    submit(session, store, cast.actor(session), other, idempotency_key="k")


@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_an_archive_is_the_same_submission_as_its_folder(
    session: Session, store: ArtifactStore, by: Actor, folder: Path, tmp_path: Path, kind: str
) -> None:
    expected = submit(session, store, by, folder).version
    spool = tmp_path / "spool"
    spool.mkdir()
    archive = Path(
        shutil.make_archive(
            str(spool / "sent"), kind, root_dir=folder.parent, base_dir=folder.name
        )
    )
    done = submission.submit_archive(
        session, store, by=by, model_name="信用审批", archive=archive, limit=10**7
    )
    assert done.version.id == expected.id
    assert list(spool.iterdir()) == [archive]


def test_pages_follow_one_another(session: Session, by: Actor) -> None:
    made = [cast.version(session, by, mark=str(number)) for number in range(5)]
    first = submission.versions(session, by.organisation_id, limit=3)
    rest = submission.versions(session, by.organisation_id, limit=3, before=first[-1].id)
    assert [v.number for v in (*first, *rest)] == [5, 4, 3, 2, 1]
    cast.version(session, by, name="pricing")
    names = [m.name for m in submission.models(session, by.organisation_id, limit=1)]
    after = submission.models(session, by.organisation_id, after=names[-1])
    assert [*names, *(m.name for m in after)] == ["credit", "pricing"]
    assert len(submission.versions(session, by.organisation_id, model_id=made[0].model_id)) == 5


def test_what_is_not_on_record_is_said_so(session: Session, by: Actor) -> None:
    with pytest.raises(submission.VersionNotFound):
        submission.get(session, "0" * 32)
    with pytest.raises(submission.ModelNotFound, match="没有的"):
        submission.model(session, by.organisation_id, "没有的")
    version = cast.version(session, by)
    with pytest.raises(submission.VersionNotFound):
        submission.numbered(session, version.model_id, 9)


def test_a_file_that_changes_while_it_is_read_is_noticed(
    store: ArtifactStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from registry import screening

    screened = screening.screen(folder)
    (folder / "MLmodel").write_text("{}")
    monkeypatch.setattr(screening, "screen", lambda _directory, **_: screened)
    with pytest.raises(submission.ChangedWhileRead, match="MLmodel"):
        submission.keep(store, folder)


def race(engine: Engine, store: ArtifactStore, tmp_path: Path) -> list[int]:
    """Eight submissions at once: four different models, each twice; the numbers they got."""
    tables.make(engine)
    factory = database.sessions(engine)
    with database.transaction(factory) as session:
        by = cast.actor(session)
    kept = [
        submission.keep(store, credit_model(tmp_path / f"m{seed}", seed=seed)) for seed in range(4)
    ] * 2
    numbers: list[int] = []
    start = threading.Barrier(len(kept))

    def send(screened: Screening) -> None:
        start.wait()
        with database.transaction(factory) as session:
            done = submission.record(session, screened, by=by, model_name="信用审批")
            numbers.append(done.version.number)

    threads = [threading.Thread(target=send, args=(screened,)) for screened in kept]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(numbers)


def test_submissions_at_once_are_numbered_without_gap_or_double(
    engine: Engine, store: ArtifactStore, tmp_path: Path
) -> None:
    assert race(engine, store, tmp_path) == [1, 1, 2, 2, 3, 3, 4, 4]


@pytest.mark.postgres
def test_submissions_at_once_are_numbered_on_postgresql_too(
    postgres_url: str, store: ArtifactStore, tmp_path: Path
) -> None:
    engine = database.connect(postgres_url)
    try:
        assert race(engine, store, tmp_path) == [1, 1, 2, 2, 3, 3, 4, 4]
    finally:
        engine.dispose()


@pytest.mark.s3
def test_a_submission_kept_on_s3_is_the_same_version_and_the_same_files(
    session: Session, store: ArtifactStore, by: Actor, folder: Path, s3_settings: Settings
) -> None:
    on_disk = submit(session, store, by, folder).version
    remote = artifacts.open_store(s3_settings)
    on_s3 = submit(session, remote, by, folder, name="另一个").version
    assert on_s3.digest == on_disk.digest
    assert set(remote.digests()) == set(store.digests())
    laid_out = artifacts.cached_directory(remote, on_s3, s3_settings)
    assert (laid_out / "model.skops").read_bytes() == (folder / "model.skops").read_bytes()


def test_an_archive_of_a_few_kilobytes_buys_no_long_walk(
    store: ArtifactStore, tmp_path: Path
) -> None:
    """security/S3: what a pickle may cost is worked out from the archive, not from its content."""
    model = pickled_model(tmp_path / "model")
    (model / "model.pkl").write_bytes(b"\x80\x04(l" + b"q\x00h\x00h\x00" * 400_000 + b".")
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(model, ".")
    assert archive.stat().st_size < 50_000
    with pytest.raises(ScreeningFailed) as refused:
        submission.keep_archive(store, archive, limit=2**30)
    assert [each.item for each in refused.value.reasons] == ["model.pkl"]
    assert "too many opcodes" in refused.value.reasons[0].said.en
    assert list(store.digests()) == []
