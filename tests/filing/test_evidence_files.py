"""filing/S14: no digest without its file, and no file that was decided on is ever gone."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from filing import checks, dossier, evidence_files
from filing.dossier import Filing, NotAssigned, NotEditable
from filing.evidence_files import EvidenceFile, FileNotFound, FileNotHeld
from registry import legal_day
from registry.artifacts import ArtifactStore, FileStore
from registry.attachments import Kind, Looked, Sent
from registry.organisations import Kind as Organisations
from registry.organisations import WrongRole
from tests import cast
from tests.filing.papers import Scene

STAMPED = Sent("承诺书.pdf", b"%PDF-1.7 a stamped statement")
SIGNED = {"statement": "true", "post": "总经理", "date": "2026-11-01"}


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return FileStore(tmp_path / "blobs")


def sent(scene: Scene, store: ArtifactStore, filing: Filing, file: Sent = STAMPED) -> EvidenceFile:
    return dossier.keep_file(
        scene.session,
        store,
        by=scene.filer,
        filing_id=filing.id,
        sent=file,
        looked=Looked(Kind.PDF, 2),
    )


def name(scene: Scene, filing: Filing, file: dict[str, Any] | None) -> None:
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"A9": SIGNED | ({"file": file} if file else {})},
    )


def held(scene: Scene, filing: Filing) -> list[str]:
    mine = select(EvidenceFile.name).where(EvidenceFile.filing_id == filing.id)
    return list(scene.session.scalars(mine))


def test_a_file_that_was_uploaded_is_named_and_opened_byte_for_byte(
    scene: Scene, store: ArtifactStore
) -> None:
    filing = scene.evaluated()
    made = sent(scene, store, filing)
    name(scene, filing, made.named | {"page": 2, "expires": "2099-01-01"})
    assert filing.answers["A9"]["value"]["file"]["page"] == 2
    found = evidence_files.opened(scene.session, store, filing.id, made.sha256)
    assert (found.name, found.media_type, found.content) == (
        "承诺书.pdf",
        "application/pdf",
        STAMPED.content,
    )


@pytest.mark.parametrize(
    "invented", [{"name": "x.pdf", "sha256": "a" * 64, "size": 3}, {"size": 1}, {"page": 3}]
)
def test_no_digest_stands_without_its_file(
    scene: Scene, store: ArtifactStore, invented: dict[str, Any]
) -> None:
    """filing/S14: the API accepted an invented digest."""
    filing = scene.evaluated()
    made, read = sent(scene, store, filing), filing.revision
    with pytest.raises(FileNotHeld) as caught:
        name(scene, filing, made.named | invented)
    assert caught.value.reasons[0].item.startswith("A9.file")
    assert filing.revision == read


def test_a_file_of_another_filing_is_none_of_this_one(scene: Scene, store: ArtifactStore) -> None:
    filing = scene.evaluated()
    other = scene.opened(cast.version(scene.session, scene.filer, name="another"))
    made = sent(scene, store, other)
    with pytest.raises(FileNotHeld):
        name(scene, filing, made.named)
    with pytest.raises(FileNotFound):
        evidence_files.opened(scene.session, store, filing.id, made.sha256)


def test_before_it_is_submitted_a_file_goes_when_no_answer_names_it(
    scene: Scene, store: ArtifactStore
) -> None:
    filing = scene.evaluated()
    name(scene, filing, sent(scene, store, filing).named)
    name(scene, filing, None)
    assert held(scene, filing) == []


def test_what_was_submitted_stays_although_the_answer_changes(
    scene: Scene, store: ArtifactStore
) -> None:
    filing = scene.evaluated()
    made = sent(scene, store, filing)
    name(scene, filing, made.named)
    scene.rule(scene.file(filing, "check", "submit"), "accept", "file", "publish")
    scene.file(filing, "amend")
    name(scene, filing, None)
    assert held(scene, filing) == ["承诺书.pdf"]


def test_a_file_that_expired_is_a_fault_of_its_answer(scene: Scene, store: ArtifactStore) -> None:
    filing = scene.evaluated()
    made = sent(scene, store, filing)
    today = legal_day.today()
    for day, faults in ((today, []), (today - timedelta(days=1), ["A9.file.expires"])):
        name(scene, filing, made.named | {"expires": day.isoformat()})
        found = [each.item for each in checks.check_all(filing.told, today=today)]
        assert found == faults


def test_only_who_fills_the_dossier_in_uploads_and_only_while_it_is_open(
    scene: Scene, store: ArtifactStore
) -> None:
    filing = scene.evaluated()
    given: dict[str, Any] = {
        "sent": STAMPED,
        "looked": Looked(Kind.PDF, 1),
        "filing_id": filing.id,
    }
    with pytest.raises(WrongRole):
        dossier.keep_file(scene.session, store, by=scene.reviewer, **given)
    stranger = cast.actor(scene.session, Organisations.ENTERPRISE)
    with pytest.raises(NotAssigned):
        dossier.keep_file(scene.session, store, by=stranger, **given)
    scene.file(filing, "check", "submit")
    with pytest.raises(NotEditable):
        dossier.keep_file(scene.session, store, by=scene.filer, **given)
