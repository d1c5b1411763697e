"""Numbers that name something and measure nothing: classes, clusters, what is an outlier.

As scores they would be read as more or less of something: group 4 is not twice group 2.
"""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry.sandbox.child.classes import named
from registry.sandbox.child.refusal import NotOpened

if TYPE_CHECKING:
    import numpy.typing as npt

YES_OR_NO = ({"0", "1"}, {"false", "true"})
KINDS = ("clusterer", "outlier_detector")


@dataclass(frozen=True, slots=True)
class Labels:
    """One name per row, which a plan can read by its classes, and nobody as a score.

    Args:
        values: what was answered, one per row.
        cause: why it is no score, a word of `registry.sandbox.verdict.Cause`.
        items: the classes, or what the model is.
    """

    values: Any
    cause: str
    items: tuple[str, ...]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "npt.NDArray[Any]":
        import numpy as np

        return np.array(self.values, dtype=dtype, copy=copy)

    @property
    def refusal(self) -> NotOpened:
        """What to raise where a score is asked."""
        return NotOpened(self.cause, f"{self.cause}: {list(self.items)}"[:300], self.items[:20])


def of_estimator(answer: Any, estimator: Any) -> Any:
    """What scikit-learn's `predict` answered, as labels unless it measures something.

    A classifier of 0 and 1, or of false and true, says no or yes, and that is a score of its own.

    Args:
        answer: one per row.
        estimator: which answered; one of scikit-learn's.
    """
    from sklearn.utils import get_tags

    kind = get_tags(estimator).estimator_type
    if kind in KINDS:
        return Labels(answer, "no_score", (f"{_innermost(estimator)} ({kind})",))
    classes = getattr(estimator, "classes_", None) if kind == "classifier" else None
    return of_classes(answer, classes)


def of_classes(answer: Any, classes: Any) -> Any:
    """A class per row, as labels unless the classes are no and yes.

    Args:
        answer: one per row.
        classes: what the classifier calls them; None where nothing is known.
    """
    if classes is None or getattr(classes, "ndim", 0) != 1 or classes.dtype.kind in "OUS":
        return answer  # words are no numbers, and are refused as such
    names = tuple(named(each) for each in classes.tolist())
    return answer if set(names) in YES_OR_NO else Labels(answer, "whose_probability", names)


def _innermost(estimator: Any) -> str:
    """The name of what answers at the end of a pipeline or a search."""
    pipeline = sys.modules.get("sklearn.pipeline")
    if pipeline is not None and isinstance(estimator, pipeline.Pipeline):
        return _innermost(estimator.steps[-1][1])
    inner = getattr(estimator, "best_estimator_", None)
    return type(estimator).__name__ if inner is None else _innermost(inner)
