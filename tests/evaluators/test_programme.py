"""A programme that is asked again and again answers as SciPy does each time anew."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import linprog

from evaluators.statistics.programme import Programme


@pytest.mark.parametrize("seed", range(20))
def test_every_answer_is_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size, equations, bounds = (int(n) for n in rng.integers((2, 0, 0), (30, 12, 6)))
    truth = rng.poisson(8, size).astype(float)
    matrix = rng.integers(0, 2, (equations + bounds, size)).astype(float)
    low, high = matrix @ truth, matrix @ truth
    low[equations:], high[equations:] = -np.inf, high[equations:] + 3
    if seed % 4 == 0 and equations:
        low[0] = high[0] = -1.0  # nothing fits
    programme = Programme(matrix, low, high)
    for at in range(30):
        aim = rng.integers(-1, 2, size).astype(float) * (at > 0)
        told = linprog(
            aim, A_eq=matrix[:equations] if equations else None,
            b_eq=low[:equations] if equations else None,
            A_ub=matrix[equations:] if bounds else None,
            b_ub=high[equations:] if bounds else None, method="highs",
        )  # fmt: skip
        least, point = programme.least(aim)
        if told.status == 0:
            assert least == pytest.approx(told.fun, abs=1e-7)
            assert point is not None
            assert aim @ point == pytest.approx(told.fun, abs=1e-7)
            assert np.abs(matrix[:equations] @ point - low[:equations]).max(initial=0) < 1e-6
        else:
            assert (least, point) == (-np.inf if told.status == 3 else None, None)


def test_asking_prints_nothing_and_starts_no_thread() -> None:
    asking = (
        "import os, numpy as np; from evaluators.statistics.programme import Programme; "
        "before = len(os.listdir('/proc/self/task')); "
        "Programme(np.ones((1, 3)), np.ones(1), np.ones(1)).least(np.array([1.0, -1.0, 0.0])); "
        "raise SystemExit(len(os.listdir('/proc/self/task')) - before)"
    )
    done = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True,
                          env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False)  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
