"""The two demo models, trained on the spot and saved the way any MLflow user would."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.demo import data

SEED = 20221101  # the day the Shenzhen regulation came into force; any fixed number would do
DONE = "MLmodel"


@dataclass(frozen=True, slots=True)
class Trained:
    """One model on disk and the rows it never saw.

    Args:
        directory: the MLflow model directory.
        split: training and held-out rows.
        inputs: the columns the model takes, in order.
        target: the column it was trained on.
    """

    directory: Path
    split: data.Split
    inputs: tuple[str, ...]
    target: str


def credit(folder: Path) -> Trained:
    """The credit model: approval of a mortgage application; race is not among its inputs.

    Args:
        folder: where the model directory is made, once; a second call finds it there.
    """
    split = data.loanapp()
    directory = folder / "credit-approval"
    trained = Trained(directory, split, data.CREDIT_INPUTS, "approve")
    if not (directory / DONE).exists():
        from sklearn.ensemble import GradientBoostingClassifier

        model = GradientBoostingClassifier(
            n_estimators=60, max_depth=2, subsample=0.8, random_state=SEED
        )
        _save(trained, model, "predict_proba")
    return trained


def pricing(folder: Path) -> Trained:
    """The pricing model: a soda price from store costs and features of the area.

    Args:
        folder: where the model directory is made, once; a second call finds it there.
    """
    split = data.discrim()
    directory = folder / "area-pricing"
    trained = Trained(directory, split, data.PRICE_INPUTS, "psoda")
    if not (directory / DONE).exists():
        from sklearn.compose import make_column_transformer
        from sklearn.ensemble import GradientBoostingRegressor
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder

        columns = make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["chain", "state"]), remainder="passthrough"
        )
        model = make_pipeline(
            columns, GradientBoostingRegressor(n_estimators=80, max_depth=2, random_state=SEED)
        )
        _save(trained, model, "predict")
    return trained


def _save(trained: Trained, model: Any, method: str) -> None:
    """Fit, then save beside the final place and rename, so that a crash leaves nothing half made."""
    import mlflow.sklearn
    from mlflow.models import infer_signature

    from registry.sandbox.child.trusted_types import SKOPS_TYPES

    rows = trained.split.train
    features = rows[list(trained.inputs)].astype(
        {name: "float64" for name in trained.inputs if rows[name].dtype.kind in "if"}
    )
    model.fit(features, rows[trained.target])
    answers = getattr(model, method)(features)
    unfinished = trained.directory.with_suffix(".unfinished")
    _remove(unfinished)
    mlflow.sklearn.save_model(
        model,
        unfinished,
        serialization_format="skops",
        skops_trusted_types=list(SKOPS_TYPES),
        pyfunc_predict_fn=method,
        signature=infer_signature(features, answers),
        pip_requirements=["scikit-learn", "skops"],
    )
    _remove(trained.directory)
    unfinished.rename(trained.directory)


def _remove(directory: Path) -> None:
    import shutil

    shutil.rmtree(directory, ignore_errors=True)


def main() -> None:
    """Train both in a folder (`python -m portal.demo.models FOLDER`)."""
    folder = Path(sys.argv[1])
    credit(folder)
    pricing(folder)


if __name__ == "__main__":
    main()
