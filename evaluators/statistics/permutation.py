"""Randomisation inference for audits in which whole accounts were given a profile.

The randomised unit is the account, or the matched pair: one label or one sign goes with all its
items, times and metrics. Single-step max-T (Westfall and Young 1993) over all contrasts; p-values
are (1 + #{T* ≥ T}) / (B + 1), or exact where every sign vector can be tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

_EXHAUSTIVE = 14  # up to 2^14 sign vectors are all tried
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class MaxT:
    """Contrasts with their unadjusted and family-wise p-values.

    Args:
        effects: one estimate per contrast.
        errors: their standard errors.
        p: unadjusted.
        adjusted: single-step max-T.
        critical: the 1 - alpha quantile of the largest |t|, for simultaneous intervals.
        replicates: how many labellings or sign vectors were tried.
        smallest: the smallest p-value that this design can give.
    """

    effects: Floats
    errors: Floats
    p: Floats
    adjusted: Floats
    critical: float
    replicates: int
    smallest: float

    def interval(self, place: int) -> tuple[float, float]:
        """The simultaneous interval of one contrast."""
        error = float(self.errors[place])
        half = self.critical * error if error > 0 else 0.0
        return float(self.effects[place]) - half, float(self.effects[place]) + half


def flip_pairs(
    differences: Floats, *, rng: np.random.Generator, alpha: float, replicates: int = 4999
) -> MaxT:
    """Flip the sign of whole matched pairs.

    Args:
        differences: pairs × metrics, each a pair's own mean over all its quotes.
        rng: draws the signs where they can't all be tried.
        alpha: of the simultaneous intervals.
        replicates: how many draws.
    """
    pairs = len(differences)
    exhaustive = 2**pairs <= min(2**_EXHAUSTIVE, replicates + 1)
    signs = _all_signs(pairs) if exhaustive else _draw_signs(pairs, replicates, rng)
    effects, errors = differences.mean(axis=0), _pair_error(differences)
    squares = (differences**2).sum(axis=0)
    means = signs @ differences / pairs
    variances = (squares / pairs - means**2) / max(pairs - 1, 1)
    replicated = _studentised(means, variances)
    observed = _studentised(effects, errors**2)
    smallest = 2.0 / len(signs) if exhaustive else 1.0 / (len(signs) + 1)
    return _max_t(
        effects,
        errors,
        observed,
        replicated,
        alpha=alpha,
        exhaustive=exhaustive,
        smallest=smallest,
    )


def shuffle_accounts(
    values: Floats,
    labels: Codes,
    contrasts: Sequence[tuple[int, int]],
    *,
    rng: np.random.Generator,
    alpha: float,
    replicates: int = 4999,
) -> MaxT:
    """Shuffle the labels of whole accounts.

    Args:
        values: accounts × metrics, each an account's own mean over all its quotes.
        labels: one group code per account.
        contrasts: pairs (group, reference); a contrast is taken for every metric.
        rng: draws the shuffles.
        alpha: of the simultaneous intervals.
        replicates: how many shuffles.
    """
    groups = int(labels.max(initial=0)) + 1
    effects, variances = _contrast(values, _indicator(labels, groups)[None], contrasts)
    found: list[Floats] = []
    for start in range(0, replicates, _BLOCK):
        order = rng.permuted(
            np.tile(np.arange(len(labels)), (min(_BLOCK, replicates - start), 1)), axis=1
        )
        shuffled = _indicator(labels, groups)[order]
        found.append(_studentised(*_contrast(values, shuffled, contrasts)))
    observed = _studentised(effects, variances)[0]
    errors = np.sqrt(variances[0])
    smallest = 1.0 / (replicates + 1)
    return _max_t(
        effects[0],
        errors,
        observed,
        np.concatenate(found),
        alpha=alpha,
        exhaustive=False,
        smallest=smallest,
    )


def smallest_p(pairs: int) -> float:
    """The smallest two-sided p-value that this many matched pairs can give."""
    return float(2 / 2**pairs)


def _all_signs(pairs: int) -> Floats:
    bits = (np.arange(2**pairs)[:, None] >> np.arange(pairs)) & 1
    return np.asarray(bits * 2.0 - 1.0, dtype=np.float64)


def _draw_signs(pairs: int, replicates: int, rng: np.random.Generator) -> Floats:
    return np.asarray(rng.integers(0, 2, (replicates, pairs)) * 2.0 - 1.0, dtype=np.float64)


def _pair_error(differences: Floats) -> Floats:
    pairs = len(differences)
    spread = differences.var(axis=0) / max(pairs - 1, 1)
    return np.asarray(np.sqrt(spread), dtype=np.float64)


def _indicator(labels: Codes, groups: int) -> Floats:
    return np.asarray(labels[:, None] == np.arange(groups), dtype=np.float64)


def _contrast(
    values: Floats, indicators: Floats, contrasts: Sequence[tuple[int, int]]
) -> tuple[Floats, Floats]:
    """Differences of group means and their Welch variances: replicates × (contrast, metric)."""
    counts = indicators.sum(axis=1)
    sums = np.einsum("bag,am->bgm", indicators, values, optimize=True)
    squares = np.einsum("bag,am->bgm", indicators, values**2, optimize=True)
    safe = np.maximum(counts, 1.0)[..., None]
    means = sums / safe
    spread = np.maximum(squares / safe - means**2, 0.0) / np.maximum(safe - 1.0, 1.0)
    effects = [means[:, g] - means[:, r] for g, r in contrasts]
    variances = [spread[:, g] + spread[:, r] for g, r in contrasts]
    return np.concatenate(effects, axis=1), np.concatenate(variances, axis=1)


def _studentised(effects: Floats, variances: Floats) -> Floats:
    """|t|; no spread at all gives 0 for no effect and infinity for one."""
    errors = np.sqrt(np.maximum(variances, 0.0))
    still = errors <= 1e-12 * np.maximum(np.abs(effects), 1e-12)
    ratio = np.abs(effects) / np.where(still, 1.0, errors)
    none = np.abs(effects) <= 1e-12
    return np.asarray(np.where(still, np.where(none, 0.0, np.inf), ratio), dtype=np.float64)


def _max_t(
    effects: Floats,
    errors: Floats,
    observed: Floats,
    replicated: Floats,
    *,
    alpha: float,
    exhaustive: bool,
    smallest: float,
) -> MaxT:
    slack = observed * (1 - 1e-9)
    largest = replicated.max(axis=1, initial=0.0)
    own = (replicated >= slack).sum(axis=0)
    joint = (largest[:, None] >= slack).sum(axis=0)
    tried = len(replicated)
    if exhaustive:
        p, adjusted = own / tried, joint / tried
    else:
        p, adjusted = (1 + own) / (tried + 1), (1 + joint) / (tried + 1)
    critical = float(np.quantile(largest, 1 - alpha, method="higher"))
    return MaxT(effects, errors, p, adjusted, critical, tried, smallest)
