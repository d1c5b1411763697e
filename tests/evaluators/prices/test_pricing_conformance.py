"""Both price probes pass the checks that third parties' probes pass."""

import numpy as np
import pyarrow as pa

from evaluators.prices.price_counterfactual import PriceCounterfactual
from evaluators.prices.price_nulls import audit_table, quote_table
from evaluators.prices.price_observational import PriceObservational
from evaluators.running import conformance
from tests.evaluators.prices.test_price_counterfactual import Rule, customers


def test_price_observational_conforms_for_groups_and_for_numbers() -> None:
    for numeric in (False, True):
        table = quote_table(np.random.default_rng(1), users=60, times=4, numeric=numeric)
        plan = {
            "title": "quotes",
            "columns": {"price": "price", "item": "item", "time": "moment", "user": "account",
                        "unit": "account", "cost": ["cost"], "profile": ["attribute"]},
            "min_n": 10,
            "probes": [{"id": "price_observational", "placebos": 40}],
        }  # fmt: skip
        conformance.check(PriceObservational, plan, table)


def test_price_counterfactual_conforms_on_accounts() -> None:
    table = audit_table(np.random.default_rng(2), accounts=30, levels=3)
    plan = {
        "title": "audit",
        "columns": {"price": "price", "user": "account", "unit": "account", "item": "item",
                    "time": "moment", "profile": ["history"]},
        "probes": [{"id": "price_counterfactual", "replicates": 199}],
    }  # fmt: skip
    conformance.check(PriceCounterfactual, plan, table)


def test_price_counterfactual_conforms_on_a_model() -> None:
    def quote(x: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]) -> pa.Array:
        return x["cost"].astype(float) * np.where(x["phone"] == "new", 1.04, 1.0)

    plan = {
        "title": "model",
        "columns": {"inputs": ["cost", "orders", "phone"], "profile": ["phone", "orders"],
                    "cost": ["cost"], "sensitive": ["sex"]},
        "probes": [{"id": "price_counterfactual"}],
    }  # fmt: skip
    conformance.check(PriceCounterfactual, plan, customers(120), scorer=Rule(quote))
