"""Simulated scores on which nothing should be found: for scores, their calibration, and numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import expit

from evaluators.probe import NullCase, NullDesign

Floats = npt.NDArray[np.float64]


def score_nulls() -> Mapping[str, NullDesign]:
    """Scores that do not depend on the groups: continuous, tied, skewed, and repeated units."""
    return {
        "continuous": lambda rng: _scores(rng, "continuous"),
        "tied": lambda rng: _scores(rng, "tied"),
        "declared_skewed": lambda rng: _scores(rng, "skewed", reference={"race": "a"}),
        "clustered": lambda rng: _scores(rng, "continuous", times=4),
    }


SCORE_TRUTH = {
    "scoring_rate_ratio": 1.0,
    "standardised_mean_difference": 0.0,
    "kolmogorov_smirnov_distance": 0.0,
    "auc_difference": 0.0,
}


def _scores(
    rng: np.random.Generator,
    shape: str,
    *,
    times: int = 1,
    shift: float = 0.0,
    reference: Mapping[str, str] | None = None,
) -> NullCase:
    """A score that ranks the outcome, whoever the person is."""
    people = 900 if times == 1 else 240
    who = np.repeat(np.arange(people), times)
    race = rng.choice(["a", "b", "c"], people, p=[0.55, 0.3, 0.15])[who]
    own = rng.standard_normal(people)[who] + 0.5 * rng.standard_normal(who.size)
    due = rng.random(who.size) < expit(own)
    own = own + shift * np.sqrt(1.25) * (race == "b")
    score = np.exp(own / 2) if shape == "skewed" else expit(own)
    score = np.round(score, 1) if shape == "tied" else score
    table = pa.table({"race": race, "score": score, "due": due.astype(int), "who": who})
    plan = _plan("score_parity", times, reference or {})
    return NullCase(plan, table, truth={} if shift else SCORE_TRUTH)


def _plan(probe: str, times: int, reference: Mapping[str, str], **columns: Any) -> dict[str, Any]:
    named = {"sensitive": ["race"], "score": "score", "target": "due", "favourable": 1, **columns}
    named |= {"unit": "who"} if times > 1 else {}
    return {
        "title": "null",
        "columns": {k: v for k, v in named.items() if v is not None},
        "reference": dict(reference),
        "probes": [{"id": probe}],
    }


def calibration_nulls() -> Mapping[str, NullDesign]:
    """Scores that are the probability of the outcome in every group."""
    return {
        "rows": _calibrated,
        "declared_tied": lambda rng: _calibrated(rng, tied=True, reference={"race": "a"}),
        "clustered": lambda rng: _calibrated(rng, times=4),
    }


CALIBRATION_TRUTH = {
    "observed_expected_ratio": 1.0,
    "calibration_slope": 0.0,
    "expected_calibration_error": 0.0,
}


def _calibrated(
    rng: np.random.Generator,
    *,
    times: int = 1,
    tied: bool = False,
    kept: float = 1.0,
    reference: Mapping[str, str] | None = None,
) -> NullCase:
    """Outcomes drawn from the score; where people repeat, their outcomes hang together.

    A person's rows share a score and three quarters of them one draw, so that the outcome still
    has the score's probability but rows are far from independent.
    """
    people = 900 if times == 1 else 400
    who = np.repeat(np.arange(people), times)
    race = rng.choice(["a", "b", "c"], people, p=[0.55, 0.3, 0.15])[who]
    own = rng.standard_normal(people) + 0.5 * (race[::times] == "b")
    score = expit(own)
    score = (np.round(score, 1).clip(0.1, 0.9) if tied else score)[who]
    dice = rng.random(people)[who]
    apart = rng.random(who.size) < 0.25
    dice = np.where(apart, rng.random(who.size), dice)
    due = dice < score * np.where(race == "b", kept, 1.0)
    table = pa.table({"race": race, "score": score, "due": due.astype(int), "who": who})
    plan = _plan("calibration_by_group", times, reference or {})
    return NullCase(plan, table, truth=CALIBRATION_TRUTH if kept == 1 else {})


def regression_nulls() -> Mapping[str, NullDesign]:
    """Predictions whose errors do not depend on the groups: normal, skewed, repeated units."""
    return {
        "rows": _predicted,
        "declared_skewed": lambda rng: _predicted(rng, skewed=True, reference={"race": "a"}),
        "clustered": lambda rng: _predicted(rng, times=4),
    }


def regression_planted() -> Mapping[str, NullDesign]:
    """Errors that are half as large again in one group of 270."""
    return {"errors_1.5_times_in_270_of_900": lambda rng: _predicted(rng, factor=1.5)}


REGRESSION_TRUTH = {
    "success_rate_ratio": 1.0,
    "mean_signed_error_difference": 0.0,
    "mae_ratio": 1.0,
    "rmse_ratio": 1.0,
}


def _predicted(
    rng: np.random.Generator,
    *,
    times: int = 1,
    skewed: bool = False,
    factor: float = 1.0,
    reference: Mapping[str, str] | None = None,
) -> NullCase:
    """An amount and its prediction; a person's errors hang together where people repeat."""
    people = 900 if times == 1 else 400
    who = np.repeat(np.arange(people), times)
    race = rng.choice(["a", "b", "c"], people, p=[0.5, 0.3, 0.2])[who]
    real = 100 + 20 * rng.standard_normal(people)[who]
    noise = rng.gamma(2.0, 1.0, who.size) - 2.0 if skewed else rng.standard_normal(who.size)
    error = 6 * rng.standard_normal(people)[who] * (times > 1) + 8 * noise
    said = real + error * np.where(race == "b", factor, 1.0)
    table = pa.table({"race": race, "score": said, "real": real, "who": who})
    plan = _plan("regression_parity", times, reference or {}, target="real", favourable=None)
    return NullCase(plan, table, truth=REGRESSION_TRUTH if factor == 1 else {})


def score_planted() -> Mapping[str, NullDesign]:
    """Scores that are half a standard deviation lower (on the logit scale) in one group."""
    return {
        "0.5_sd_lower_in_270_of_900": lambda rng: _scores(rng, "continuous", shift=-0.5),
    }


def calibration_planted() -> Mapping[str, NullDesign]:
    """Outcomes of one group that come true for fewer people than the score says."""
    return {
        "outcomes_0.7_of_the_score_in_270_of_900": lambda rng: _calibrated(rng, kept=0.7),
    }
