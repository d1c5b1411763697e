"""MLflow's own call, with our plugin known under its name."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow

with warnings.catch_warnings():  # MLflow warns of its own type hints when it is imported
    warnings.simplefilter("ignore")
    from mlflow.models.evaluation.evaluator_registry import _model_evaluation_registry

    from mingsuan_mlflow import MingsuanEvaluator


@contextmanager
def tracking(folder: Path) -> Iterator[None]:
    """A tracking store of one's own, with our plugin known under its name."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.create_experiment("own", artifact_location=(folder / "artifacts").as_uri())
    mlflow.set_experiment("own")
    _model_evaluation_registry.register("mingsuan", MingsuanEvaluator)
    yield
    mlflow.set_tracking_uri(before)


def judged(*args: Any, **given: Any) -> Any:
    """An evaluation in a run of its own; what MLflow warns of in its own affairs is not ours."""
    with warnings.catch_warnings(), mlflow.start_run():
        warnings.simplefilter("ignore")
        return mlflow.models.evaluate(*args, **given)
