"""What a filing can take from what is there already, each answer with its source and that source's digest.

Read are the model's MLmodel, a model card and Croissant descriptions among its files, the MLflow run
that the version comes from, and the data sets that the filer has on record. Nothing typed is ever replaced, and nothing is guessed: what a
source does not say stays open.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import answers, applicability
from filing.answers import Stored
from filing.dossier import Filing
from filing.fields import Answers
from filing.meanings import Meaning, Topic
from filing.sources import Origin
from registry import json_text, legal_day
from registry.artifacts import ArtifactStore
from registry.datasets import Dataset
from registry.mlflow_notes import MlflowNotes
from registry.submission import Model, Version

MLMODEL, CARD = "MLmodel", "README.md"
LONGEST = 262_144  # bytes of a card or description that are read at all
MOST_SETTINGS = 500  # characters of a run's parameters; more of them is for a file
OF_RUN = (Meaning.TRAINED_WHEN, Meaning.SETTINGS, Meaning.TRAINING_RECORD)
MOST_COLUMNS = 8  # named in the row of what goes in; the rest is counted
FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
PLAIN_LINE = re.compile(
    r"^(?P<key>[a-z_]+):[ \t]*(?P<value>[^\s\[{&*!|>'\"#-][^#\n]*)$", re.MULTILINE
)
"""A key with a plain value: what needs a reader of YAML says nothing here."""
CROISSANT = "mlcommons.org/croissant"

Taken = dict[str, Stored]


def offered(session: Session, store: ArtifactStore, notes: MlflowNotes, filing: Filing) -> Taken:
    """Key → answer with its source, of what is open in the dossier and stands elsewhere.

    Args:
        session: any session.
        store: where the model's files are.
        notes: what MLflow keeps beside versions.
        filing: whose version and filer are asked.
    """
    version = session.get_one(Version, filing.version_id)
    files = {str(each["path"]): each for each in version.manifest}
    found = [
        *_mlmodel(filing, version, files),
        *_card(filing, store, files),
        *_run(session, filing, notes, version),
        *_data_sets(filing, [*_described(store, files), *_on_record(session, filing)]),
    ]
    form, given = filing.form, filing.answers
    made: Taken = {}
    for key, raw in found:
        stored = None if key in given or key in made else answers.store(form, key, raw)
        if stored is not None:
            made[key] = stored
    told = Answers(form, {**given, **made}, filing.told.derived)
    return {key: each for key, each in made.items() if applicability.applies(told, key)}


def _code(filing: Filing, meaning: Meaning) -> str | None:
    """The code of the field of a meaning; None where this version of the form has none."""
    return filing.form.meant(meaning).code if meaning in filing.form.places else None


def _sourced(value: Any, kind: Origin, digest: str, place: str = "") -> Stored:
    source = {"kind": kind.value, "sha256": digest} | ({"place": place} if place else {})
    return {"value": value, "source": source}


def _mlmodel(
    filing: Filing, version: Version, files: Mapping[str, Any]
) -> Iterator[tuple[str, Stored]]:
    """What goes in, by the signature; where there is none, nothing."""
    code, file = _code(filing, Meaning.IN_AND_OUT), files.get(MLMODEL)
    if code is None or file is None or not version.inputs:
        return
    names = [str(each["name"]) for each in version.inputs]
    shown, more = ", ".join(names[:MOST_COLUMNS])[:80], len(names) > MOST_COLUMNS
    row = {
        "direction": "input",
        "modality": "table",
        "formats": {
            "zh": f"{len(names)}列：{shown}{'……' if more else ''}",
            "en": f"{len(names)} columns: {shown}{' …' if more else ''}",
        },
    }
    yield code, _sourced([row], Origin.MLMODEL, str(file["sha256"]), "signature")


def _card(
    filing: Filing, store: ArtifactStore, files: Mapping[str, Any]
) -> Iterator[tuple[str, Stored]]:
    """The licence of the starting model, and its name, as the model card says them."""
    code, file = _code(filing, Meaning.STARTING_MODEL), files.get(CARD)
    if code is None or file is None:
        return
    head = FRONT_MATTER.match(_text(store, file))
    told = {
        each["key"]: each["value"].strip() for each in PLAIN_LINE.finditer(head[1] if head else "")
    }
    value: dict[str, Any] = {}
    if model := told.get("base_model"):
        value["model"] = {"zh": model[:100]}
    if licence := told.get("license"):
        value["licence"] = licence[:100]
    if value:
        yield code, _sourced(value, Origin.MODEL_CARD, str(file["sha256"]))


def _run(
    session: Session, filing: Filing, notes: MlflowNotes, version: Version
) -> Iterator[tuple[str, Stored]]:
    """When it was trained, with which settings, and the digest of that record, as the run says."""
    codes = [_code(filing, each) for each in OF_RUN]
    if all(code is None or code in filing.answers for code in codes):
        return
    model = session.get_one(Model, version.model_id)
    run = notes.run(version.organisation_id, model.name, version.mlflow_version)
    if run is None:
        return
    days = {
        name: legal_day.of(moment).isoformat()
        for name, moment in (("start", run.start), ("end", run.end))
        if moment
    }
    settings = "，".join(f"{name}={value}" for name, value in run.parameters.items())
    values: tuple[Any, ...] = (
        days or None,
        {"settings": {"zh": settings}} if 0 < len(settings) <= MOST_SETTINGS else None,
        run.digest,
    )
    for code, value in zip(codes, values, strict=True):
        if code is not None and value is not None:
            yield code, _sourced(value, Origin.MLFLOW_RUN, run.digest, run.run_id)


def _described(store: ArtifactStore, files: Mapping[str, Any]) -> Iterator[dict[str, Stored]]:
    """Each Croissant description among the model's files, as a set of answers by what they mean."""
    for path, file in sorted(files.items()):
        if not path.endswith(".json") or int(file["size"]) > LONGEST:
            continue
        try:
            told = json_text.parse(_text(store, file))
        except (ValueError, RecursionError):
            continue
        if not isinstance(told, Mapping) or CROISSANT not in str(told.get("conformsTo", "")):
            continue
        name, version = told.get("name"), told.get("version")
        if isinstance(name, str) and name.strip():
            value: dict[str, Any] = {"name": {"zh": name.strip()[:80]}}
            if isinstance(version, str) and version.strip():
                value["version"] = version.strip()[:40]
            yield {
                Meaning.DATA_NAME: _sourced(
                    value, Origin.CROISSANT, str(file["sha256"]), path[:200]
                )
            }


def _on_record(session: Session, filing: Filing) -> Iterator[dict[str, Stored]]:
    """Each data set that the filer has on record, oldest first: its name, version and size."""
    own = select(Dataset).where(Dataset.organisation_id == filing.organisation_id)
    for each in session.scalars(own.order_by(Dataset.id)):
        pair = {"zh": each.name[:80]} | ({"en": each.name_en[:300]} if each.name_en else {})
        name = {"name": pair, "version": f"sha256:{each.digest[:12]}"}
        yield {
            Meaning.DATA_NAME: _sourced(name, Origin.DATA_SET, each.digest),
            Meaning.DATA_SIZE: _sourced({"records": each.rows}, Origin.DATA_SET, each.digest),
        }


def _data_sets(
    filing: Filing, found: Sequence[Mapping[str, Stored]]
) -> Iterator[tuple[str, Stored]]:
    """A set of group C for each thing found; none once somebody has begun a set."""
    group = filing.form.about(Topic.DATA_SETS)
    if any(group.has(key) for key in filing.answers):
        return
    for number, each in enumerate(found[: group.most], 1):
        for meaning, stored in each.items():
            code = _code(filing, Meaning(meaning))
            if code is not None:
                yield f"{code}#{number}", stored


def _text(store: ArtifactStore, file: Mapping[str, Any]) -> str:
    """A small file's text; empty for a long one, and for what is no UTF-8."""
    if int(file["size"]) > LONGEST:
        return ""
    with store.open(str(file["sha256"])) as stream:
        try:
            return stream.read().decode("utf-8")
        except UnicodeDecodeError:
            return ""
