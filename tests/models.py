"""Small real models as MLflow directories, written without starting MLflow."""

import json
from pathlib import Path

import numpy as np
import skops.io
import yaml
from sklearn.linear_model import LogisticRegression

INPUTS = [{"name": "income", "type": "double"}, {"name": "debt", "type": "double"}]


def credit_model(folder: Path, *, seed: int = 0, inputs: object = INPUTS) -> Path:
    """A logistic regression in skops; another seed gives other bytes.

    Args:
        folder: made for it.
        seed: of the training data.
        inputs: the declared signature; None leaves it out.
    """
    numbers = np.random.default_rng(seed)
    features = numbers.normal(size=(50, 2))
    fitted = LogisticRegression().fit(features, (features[:, 0] > features[:, 1]).astype(int))
    folder.mkdir(parents=True)
    (folder / "model.skops").write_bytes(skops.io.dumps(fitted))
    mlmodel = {
        "flavors": {
            "python_function": {"loader_module": "mlflow.sklearn", "predict_fn": "predict_proba"},
            "sklearn": {"pickled_model": "model.skops", "serialization_format": "skops"},
        },
        **({} if inputs is None else {"signature": {"inputs": json.dumps(inputs)}}),
    }
    (folder / "MLmodel").write_text(yaml.safe_dump(mlmodel), encoding="utf-8")
    return folder
