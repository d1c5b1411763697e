"""The two price probes, under the names that plans use."""

from evaluators.pricing_counterfactual import PriceCounterfactual
from evaluators.pricing_observational import PriceObservational

__all__ = ["PriceCounterfactual", "PriceObservational"]
