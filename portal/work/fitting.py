"""Whether a plan can run on registered data, seen before the plan is registered and so spent."""

from contextlib import suppress

import pyarrow as pa

from evaluators.plan import Plan
from evaluators.running import engine
from evaluators.running.data import Source
from registry import datasets, model_inputs
from registry.artifacts import ArtifactStore, BlobNotFound
from registry.datasets import Dataset
from registry.submission import Version

CELLS = 4_000_000
"""Data of more cells are read by the run alone: a page is not kept waiting for them."""


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
    if dataset.rows * len(dataset.columns) > CELLS:
        return
    asked = bool(plan.columns.inputs)  # without inputs the answers stand in the data
    with suppress(BlobNotFound):
        words = model_inputs.words(version.inputs) if asked else ()
        rows: pa.Table = datasets.load(store, dataset, words)
        source = Source(rows)
        source.check_references(plan)
        engine.check(plan, source, scored=asked)
