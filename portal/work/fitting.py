"""Whether a plan can run on registered data, seen before the plan is registered and so spent."""

from contextlib import suppress

import pyarrow as pa

from evaluators.plan import Plan
from evaluators.running import data_doubts, engine
from evaluators.running.data import Source
from evaluators.running.data_doubts import Doubt
from registry import datasets, model_inputs
from registry.artifacts import ArtifactStore, BlobNotFound
from registry.datasets import Dataset
from registry.submission import Version

CELLS = 4_000_000
"""Data of more cells are read by the run alone: a page is not kept waiting for them."""
KEPT = 256
_doubts: dict[tuple[str, str, str], tuple[Doubt, ...]] = {}


def check(store: ArtifactStore, plan: Plan, version: Version, dataset: Dataset) -> None:
    """See that a run of the plan would not be refused for what the plan says of the data.

    Args:
        store: where the bytes are; where they are gone, the run says so.
        plan: that is to be registered.
        version: which is asked.
        dataset: of the organisation that registers the plan.

    Raises:
        DataUnfit: with every reason, as the run would give it.
    """
    source = _source(store, plan, version, dataset)
    if source is not None:
        source.check_references(plan)
        engine.check(plan, source, scored=bool(plan.columns.inputs))


def doubts(
    store: ArtifactStore, plan: Plan, version: Version, dataset: Dataset
) -> tuple[Doubt, ...]:
    """What about the data would make the numbers of a run doubtful, told before it.

    Args:
        store: where the bytes are; nothing is told where they are gone.
        plan: that is registered, or to be.
        version: which is asked.
        dataset: of the organisation whose plan it is.
    """
    found = _doubts.get(key := (plan.digest, dataset.digest, version.id))
    if found is None:
        source = _source(store, plan, version, dataset)
        found = () if source is None else tuple(data_doubts.of(plan, source))
        _doubts[key] = found
        while len(_doubts) > KEPT:
            _doubts.pop(next(iter(_doubts)), None)
    return found


def _source(store: ArtifactStore, plan: Plan, version: Version, dataset: Dataset) -> Source | None:
    """The rows; None where they are too many for a page, or gone."""
    if dataset.rows * len(dataset.columns) > CELLS:
        return None
    with suppress(BlobNotFound):  # without inputs the answers stand in the data
        words = model_inputs.words(version.inputs) if plan.columns.inputs else ()
        rows: pa.Table = datasets.load(store, dataset, words)
        return Source(rows)
    return None
