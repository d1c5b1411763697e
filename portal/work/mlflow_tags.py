"""The state of review where MLflow users look: tags on their versions, written by the platform.

What a tag says is read from the record at the moment of writing, so writing twice or late does no
harm. Clients read these tags; the door refuses theirs under the same prefix.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import dossier, evidence, gate
from registry import mlflow_store, reports, submission
from registry.findings import Verdict
from registry.mlflow_store import FILING_TAG, NO_FILING, MlflowRegistry, VersionFiler
from registry.outbox import Apply
from registry.reports import Report
from registry.settings import Settings
from registry.submission import Version

NUMBER_TAG = "mingsuan.filing.number"
BY_TAG = "mingsuan.evaluation.by"
VALID_TAG = "mingsuan.evaluation.valid_until"
VERDICT_TAG = "mingsuan.evaluation.{verdict}"


def appliers(settings: Settings) -> Mapping[str, Apply]:
    """What applies the outside effects of this installation, by kind.

    Args:
        settings: of the installation.
    """
    mlflow_registry = MlflowRegistry(settings)
    return {
        submission.MLFLOW_VERSION: VersionFiler(mlflow_registry),
        submission.MLFLOW_TAGS: TagWriter(mlflow_registry, settings),
    }


@dataclass(frozen=True, slots=True)
class TagWriter:
    """What applies the effect `mlflow_tags`: the tags of every version with the same bytes."""

    mlflow_registry: MlflowRegistry
    settings: Settings

    def ready(self) -> None:
        """Import MLflow and open its tables, which takes seconds the first time."""
        self.mlflow_registry.open()

    def __call__(self, session: Session, payload: Mapping[str, Any]) -> None:
        same = select(Version).where(
            Version.id.in_(submission.same_bytes(str(payload["version_id"])))
        )
        for version in session.scalars(same).all():
            number = mlflow_store.file_version(session, self.mlflow_registry, version.id)
            name = submission.model_of(session, version).name
            found = tags(session, version, days=self.settings.evaluation_days)
            self.mlflow_registry.mark(version.organisation_id, name, number, found)


def tags(session: Session, version: Version, *, days: int) -> dict[str, str | None]:
    """The tags of a version: name → value, None for what is not known.

    Verdicts are counted over the newest countersigned third-party report of these bytes with every
    probe that its policy requires, else over the newest; where there is none, over the owner's.
    A withdrawn one speaks of nothing.

    Args:
        session: any session.
        version: which version.
        days: how long an evaluation counts (settings.evaluation_days; ours).
    """
    filing = max(dossier.of_version(session, version.id), key=lambda each: each.id, default=None)
    found_in = _report(session, version)
    report, counts = (None, {}) if found_in is None else found_in
    found: dict[str, str | None] = {
        FILING_TAG: NO_FILING if filing is None else str(filing.status),
        NUMBER_TAG: None if filing is None else filing.number,
        BY_TAG: None,
        VALID_TAG: None,
    }
    for verdict in Verdict:
        key = VERDICT_TAG.format(verdict=verdict.value)
        found[key] = None if report is None else str(counts.get(verdict.value, 0))
    if report is not None:
        found[BY_TAG] = "third_party" if report.third_party else "own"
        if report.third_party:
            found[VALID_TAG] = gate.expires(report.created, days).isoformat(timespec="seconds")
    return found


def _report(session: Session, version: Version) -> tuple[Report, Mapping[str, int]] | None:
    """The report that speaks of a version: a third party's that it signed, else the owner's."""
    every = reports.for_version(session, version.id)
    signed = [each for each in every if each.third_party and each.signed]
    own = [each for each in every if not each.third_party and each.withdrawn is None]
    read = [(each, evidence.read(session, each)) for each in signed or own[:1]]
    whole = [(each, said) for each, said in read if said.required and not said.missing]
    return next(((each, said.verdicts) for each, said in whole or read), None)
