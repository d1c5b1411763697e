"""A linear programme that is asked many questions: the least value of one form after another.

The solver is HiGHS (Huangfu and Hall 2018). It is told the equations once and starts each question
from the answer to the one before; through `scipy.optimize.linprog`, which tells it everything anew,
a question of the usual size takes fourteen times as long, nearly all of it before the solver runs.
"""

import math

import numpy as np
import numpy.typing as npt
import scipy
from highspy import HighsLp, HighsModelStatus, MatrixFormat

# What the package calls `Highs` adds threads and callbacks, and writes a line to standard output.
from highspy._core import _Highs

Floats = npt.NDArray[np.float64]
PROVED = {
    HighsModelStatus.kInfeasible,
    HighsModelStatus.kUnbounded,
    HighsModelStatus.kUnboundedOrInfeasible,
}


class Programme:
    """Numbers from 0 on, of which some sums are known or bounded.

    Args:
        matrix: per line a sum: how often each number counts in it.
        low, high: per line the least and the greatest value of the sum.
    """

    def __init__(self, matrix: Floats, low: Floats, high: Floats) -> None:
        rows, size = matrix.shape
        self._size, self._places = size, np.arange(size, dtype=np.int32)
        sparse = scipy.sparse.csr_array(matrix)
        told = HighsLp()
        told.num_col_, told.num_row_ = size, rows
        told.col_cost_ = np.zeros(size)
        told.col_lower_, told.col_upper_ = np.zeros(size), np.full(size, np.inf)
        told.row_lower_, told.row_upper_ = low, high
        told.a_matrix_.format_ = MatrixFormat.kRowwise
        told.a_matrix_.start_ = sparse.indptr.astype(np.int32)
        told.a_matrix_.index_ = sparse.indices.astype(np.int32)
        told.a_matrix_.value_ = sparse.data
        self._solver = _Highs()
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)  # a warmed interpreter may be forked beside it
        self._solver.passModel(told)

    def least(self, aim: Floats) -> tuple[float | None, Floats | None]:
        """The least value of a form, and numbers that give it.

        Args:
            aim: how often each number counts in the form.

        Returns:
            Minus infinity and no numbers where nothing limits it; None and none where nothing fits.
        """
        status = self._asked(aim)
        # Which of both it is, is asked without an aim.
        if status == HighsModelStatus.kUnboundedOrInfeasible:
            fits = self._asked(np.zeros(self._size)) == HighsModelStatus.kOptimal
            return (-math.inf if fits else None), None
        if status == HighsModelStatus.kUnbounded:
            return -math.inf, None
        if status != HighsModelStatus.kOptimal:
            return None, None
        point = np.array(self._solver.getSolution().col_value)
        return float(self._solver.getObjectiveValue()), point

    def _asked(self, aim: Floats) -> HighsModelStatus:
        self._solver.changeColsCost(self._size, self._places, aim)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status != HighsModelStatus.kOptimal and status not in PROVED:
            # Numerical trouble with the start from the answer before: from nothing, once more.
            self._solver.clearSolver()
            self._solver.run()
            status = self._solver.getModelStatus()
        return status
