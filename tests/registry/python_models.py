# ruff: noqa: ANN001, ANN201, ANN204
# mypy: disable-error-code="no-untyped-def, override, attr-defined, misc"
"""Models written in Python, in each way that MLflow lets `predict` be declared and answer.

They declare no types: MLflow would check the data by them.
"""

import sys
import warnings
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

with warnings.catch_warnings():  # MLflow warns of its own type hints when it is imported
    warnings.simplefilter("ignore")
    from mlflow.pyfunc import PythonModel

    class Number(PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input["amount"] * 3.0

    class WithoutContext(PythonModel):
        def predict(self, model_input):
            return (model_input["amount"] / 7.0).to_numpy()

    class WithParameters(PythonModel):
        def predict(self, model_input, params=None):
            return (model_input["debt"] * (params or {}).get("factor", 1.1)).tolist()

    class Shares(PythonModel):
        def predict(self, context, model_input, params=None):
            due = 1 / (1 + np.exp(-model_input["amount"].to_numpy()))
            return np.stack([1 - due, due], axis=1)

    class ApproveDeny(PythonModel):
        def predict(self, context, model_input, params=None):
            yes = 1 / (1 + np.exp(-model_input["amount"]))
            return pd.DataFrame({"approve": yes, "deny": 1 - yes})

    class Framed(PythonModel):
        def predict(self, context, model_input, params=None):
            return pd.DataFrame({"price": model_input["amount"] + 1.5})

    class Forest(PythonModel):
        def __init__(self):
            rows = np.random.default_rng(0).normal(size=(200, 3))
            frame = pd.DataFrame(rows, columns=["amount", "children", "debt"])
            forest = RandomForestClassifier(10, n_jobs=2, random_state=0)
            self.model = forest.fit(frame, rows[:, 0] > rows[:, 2])

        def predict(self, context, model_input, params=None):
            return self.model.predict_proba(model_input)[:, 1]

    class Configured(PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input["amount"] * context.model_config["factor"]

    class Words(PythonModel):
        def predict(self, context, model_input, params=None):
            return np.where(model_input["amount"] > 0, "high", "low")

    class Chance(PythonModel):
        def predict(self, context, model_input, params=None):
            return np.random.default_rng().random(len(model_input))

    class SavingsAndShoe(PythonModel):
        def predict(self, context, model_input, params=None):
            return pd.DataFrame({"savings": model_input["amount"], "shoe": model_input["debt"]})


NUMBERS: tuple[type[Any], ...] = (Number, WithoutContext, WithParameters, Shares, Framed, Forest)
# The sandbox has no tests: what is saved carries its class with it.
cloudpickle.register_pickle_by_value(sys.modules[__name__])
