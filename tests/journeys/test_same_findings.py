"""The same plan, data and nonce give the same findings, wherever they are computed."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evaluators.plan import Plan
from evaluators.running import engine
from portal.work import worker
from registry import artifacts, attestation, datasets, evaluations
from registry.database import now, transaction
from registry.scoring import SandboxScorer
from registry.settings import Settings
from tests.portal.installation import Installation, installed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
NONCE = "5e" * 32


@contextmanager
def with_one_evaluation(folder: Path, **changed: Any) -> Iterator[tuple[Installation, str]]:
    """An installation in which one plan is registered under the fixed nonce."""
    folder.mkdir()
    with installed(folder, **changed) as place:
        made = place.register()
        with transaction(place.factory) as session:
            found = evaluations.get(session, made.id)
            found.nonce, found.nonce_issued = NONCE, now()
        yield place, made.id


def worked(place: Installation, evaluation_id: str) -> str:
    """The findings digest of the report that a worker hands in."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        worker.run(place.settings, once=True)
    finally:
        signal.signal(signal.SIGTERM, before)
    with place.factory() as session:
        return place.report(evaluations.get(session, evaluation_id)).findings_digest


def in_batches(place: Installation, evaluation_id: str, shards: int) -> str:
    """The findings digest of the same plan run here, in so many shards."""
    with place.factory() as session:
        made = evaluations.get(session, evaluation_id)
        plan = Plan.parse(attestation.parse(made.plan.encode()))
    folder = artifacts.cached_directory(place.store, place.version, place.settings)
    with SandboxScorer(folder, inputs=place.version.inputs, settings=place.settings) as scorer:
        outcome = engine.run(
            plan,
            datasets.load(place.store, place.dataset),
            scorer=scorer,
            nonce=NONCE,
            shards=shards,
        )
    return outcome.findings_digest


@pytest.mark.postgres
@pytest.mark.s3
def test_databases_stores_and_batches_do_not_change_the_findings(
    tmp_path: Path, postgres_url: str, s3_settings: Settings
) -> None:
    elsewhere = {
        name: getattr(s3_settings, name)
        for name in ("store", "s3_endpoint", "s3_region", "s3_key", "s3_secret")
    }
    with with_one_evaluation(tmp_path / "files") as (place, made):
        on_files = worked(place, made)
        batches = {in_batches(place, made, shards) for shards in (1, 7)}
    with with_one_evaluation(tmp_path / "s3", database=postgres_url, **elsewhere) as (place, made):
        on_s3 = worked(place, made)

    assert on_s3 == on_files
    assert batches == {on_files}
