"""What is there already is offered to a filing, with source and digest, and never put in a typed answer's place."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from filing import dossier, taking
from filing.dossier import Filing
from filing.sources import Origin
from registry import attestation
from registry.artifacts import FileStore
from registry.mlflow_notes import MlflowNotes, Run
from tests import cast
from tests.filing.papers import Scene

CARD = "---\nlicense: apache-2.0\nbase_model: example/open-7b\ntags: [a, b]\n---\n# A card\n"
CROISSANT = {
    "conformsTo": "http://mlcommons.org/croissant/1.0",
    "name": "Loan applications",
    "version": "2.1",
}


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "store")


def draft(scene: Scene, store: FileStore, files: dict[str, str], **given: Any) -> Filing:
    """A draft of a version with these files, two inputs and some answers."""
    scene.version.manifest = [
        {"path": path, "sha256": store.put(io.BytesIO(text.encode())), "size": len(text.encode())}
        for path, text in files.items()
    ]
    scene.version.inputs = [
        {"name": "income", "type": "double"},
        {"name": "debt", "type": "double"},
    ]
    scene.session.flush()
    filing = dossier.open_filing(scene.session, by=scene.filer, version_id=scene.version.id)
    return dossier.fill(
        scene.session, by=scene.filer, filing_id=filing.id, revision=filing.revision, answers=given
    )


class Notes(MlflowNotes):
    """What MLflow keeps, where it has one run, or none."""

    def __init__(self, run: Run | None = None) -> None:
        self.kept = run

    def run(self, organisation_id: str, name: str, number: str | None) -> Run | None:
        return self.kept


def offered(
    scene: Scene, store: FileStore, filing: Filing, run: Run | None = None
) -> dict[str, Any]:
    return taking.offered(scene.session, store, Notes(run), filing)


def test_what_goes_in_is_read_from_the_signature(scene: Scene, store: FileStore) -> None:
    filing = draft(scene, store, {"MLmodel": "flavors: {}"})
    found = offered(scene, store, filing)["B13"]
    assert found["value"][0]["formats"]["zh"] == "2列：income, debt"
    assert found["source"] == {
        "kind": Origin.MLMODEL,
        "sha256": attestation.sha256(b"flavors: {}"),
        "place": "signature",
    }


def test_a_model_card_tells_the_starting_model_and_its_licence(
    scene: Scene, store: FileStore
) -> None:
    filing = draft(scene, store, {"README.md": CARD}, E1="tuned")
    found = offered(scene, store, filing)["E3"]
    assert found["value"] == {"model": {"zh": "example/open-7b"}, "licence": "apache-2.0"}
    assert found["source"]["kind"] == Origin.MODEL_CARD


def test_what_does_not_apply_is_not_offered(scene: Scene, store: FileStore) -> None:
    filing = draft(scene, store, {"README.md": CARD}, E1="trained")
    assert "E3" not in offered(scene, store, filing)


def test_descriptions_and_records_of_data_have_a_set_each(scene: Scene, store: FileStore) -> None:
    filing = draft(scene, store, {"data.json": json.dumps(CROISSANT), "other.json": "{"})
    data = cast.dataset(scene.session, scene.filer)
    found = offered(scene, store, filing)
    assert found["C1#1"]["value"] == {"name": {"zh": "Loan applications"}, "version": "2.1"}
    assert found["C1#1"]["source"]["kind"] == Origin.CROISSANT
    assert found["C1#2"]["source"] == {"kind": Origin.DATA_SET, "sha256": data.digest}
    assert found["C5#2"]["value"] == {"records": data.rows}


def test_nothing_is_offered_in_the_place_of_what_was_typed(scene: Scene, store: FileStore) -> None:
    rows = [{"direction": "input", "modality": "text", "formats": {"zh": "文字"}}]
    first = {"C1#1": {"name": {"zh": "我的数据"}, "version": "1"}}
    files = {"MLmodel": "flavors: {}", "data.json": json.dumps(CROISSANT)}
    filing = draft(scene, store, files, B13=rows, **first)
    assert offered(scene, store, filing) == {}


@pytest.mark.parametrize(
    "text",
    ["", "no front matter", "---\nlicense: [a]\n---\n", "---\nlicense: &x y\n---\n", "\ufeff---"],
)
def test_a_card_that_says_nothing_plainly_offers_nothing(
    scene: Scene, store: FileStore, text: str
) -> None:
    assert offered(scene, store, draft(scene, store, {"README.md": text}, E1="tuned")) == {}


def test_a_long_file_is_not_read(scene: Scene, store: FileStore) -> None:
    long = CARD + "x" * taking.LONGEST
    assert offered(scene, store, draft(scene, store, {"README.md": long}, E1="tuned")) == {}


RUN = Run(
    "r" * 32,
    datetime(2026, 9, 1, 15, 0, tzinfo=UTC),
    datetime(2026, 9, 1, 18, 0, tzinfo=UTC),
    {"learning_rate": "0.1", "seed": "7"},
)


def test_a_run_tells_when_and_how_it_was_trained_with_its_digest(
    scene: Scene, store: FileStore
) -> None:
    found = offered(scene, store, draft(scene, store, {}, E1="trained"), RUN)
    source = {"kind": Origin.MLFLOW_RUN, "sha256": RUN.digest, "place": "r" * 32}
    assert {key: each["value"] for key, each in found.items()} == {
        "E4": {"start": "2026-09-01", "end": "2026-09-02"},
        "E6": {"settings": {"zh": "learning_rate=0.1，seed=7"}},
        "E11": RUN.digest,
    }
    assert all(each["source"] == source for each in found.values())


def test_what_a_run_does_not_tell_is_not_offered(scene: Scene, store: FileStore) -> None:
    filing = draft(scene, store, {}, E1="trained")
    bare = replace(RUN, start=None, end=None, parameters={})
    assert set(offered(scene, store, filing, bare)) == {"E11"}
    wordy = replace(RUN, parameters={"x": "1" * taking.MOST_SETTINGS})
    assert "E6" not in offered(scene, store, filing, wordy)


def test_the_digest_of_a_run_moves_with_all_that_is_read_of_it() -> None:
    others = [
        replace(RUN, run_id="s" * 32),
        replace(RUN, end=None),
        replace(RUN, parameters={"seed": "8"}),
    ]
    assert len({RUN.digest, *(each.digest for each in others)}) == 4
