"""One number per row from a classifier of several classes, by the classes that the plan names.

The names come from the plan, never from the model: nothing the model says is read but numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from registry.sandbox.child.refusal import NotOpened

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SINGLE = 1e-3  # how far probabilities in single precision may miss one


class OtherClasses(ValueError):
    """The model answers with classes that are not those of the plan; `items` are the strangers."""

    cause = "wrong_shape"

    def __init__(self, said: str, items: tuple[str, ...] = ()) -> None:
        super().__init__(said)
        self.items = items


@dataclass(frozen=True, slots=True)
class Classes:
    """How the answers of a classifier are read.

    Args:
        names: the classes, as the plan names them.
        favourable: the class whose probability is the answer (1 and 0 where the model names a
            class instead); None asks for the place in `names` of the class it names, or finds
            most probable (of equals the first).
    """

    names: tuple[str, ...]
    favourable: str | None = None

    @classmethod
    def told(cls, order: Mapping[str, Any] | None) -> "Self | None":
        """What the worker was told."""
        return cls(tuple(order["names"]), order["favourable"]) if order else None

    def as_json(self) -> dict[str, Any]:
        """What the worker is told, and what stands in the provenance."""
        return {"names": list(self.names), "favourable": self.favourable}

    def read(self, answer: Any, rows: int) -> "npt.NDArray[np.float64]":
        """The answers to one block as float64, one per row.

        Labels are one per row. Probabilities are one column per class: by the names of a data
        frame's columns or of dictionaries' keys; without names 0, 1, 2 … where these are the
        plan's, in whichever order, else in the plan's order.

        Raises:
            OtherClasses: there is another number of rows or classes, or a class of another name.
            NotOpened: a probability is asked, and the columns do not add up to one.
        """
        import numpy as np

        given, named = table_of(answer)
        if given.shape[:1] != (rows,) or given.ndim > 2:
            raise OtherClasses(f"{given.shape} for {rows} rows")
        if given.ndim == 2 and given.shape[1] > 1:
            return self._probabilities(np.asarray(given, dtype=np.float64), named)
        distinct, inverse = np.unique(
            given.ravel().astype(object).astype(str), return_inverse=True
        )
        plain = given.ravel()
        first = np.zeros(distinct.size, dtype=np.int64)
        first[inverse[::-1]] = np.arange(rows)[::-1]
        places = np.array(self._places([plain[at] for at in first.tolist()]), dtype=np.int64)
        return self._answered(places[inverse])

    def _probabilities(
        self, given: "npt.NDArray[np.float64]", named: Sequence[Any] | None
    ) -> "npt.NDArray[np.float64]":
        import numpy as np

        if named is None and given.shape[1] != len(self.names):
            raise OtherClasses(f"{given.shape[1]} columns for {len(self.names)} classes")
        numbers = range(len(self.names))
        if named is None and set(self.names) != {str(number) for number in numbers}:
            places = list(numbers)
        else:
            places = self._places(numbers if named is None else named)
        if self.favourable is None:
            likeliest: npt.NDArray[np.float64] = np.array(places, np.float64)[given.argmax(axis=1)]
            return likeliest
        if not shares_of_one(given):
            raise NotOpened("several_outputs", "no probabilities", self.names[:20])
        wanted = self.names.index(self.favourable)
        columns = [column for column, place in enumerate(places) if place == wanted]
        return np.asarray(given[:, columns].sum(axis=1), dtype=np.float64)

    def _answered(self, places: "npt.NDArray[np.int64]") -> "npt.NDArray[np.float64]":
        import numpy as np

        if self.favourable is None:
            return places.astype(np.float64)
        found: npt.NDArray[np.float64] = places == self.names.index(self.favourable)
        return found.astype(np.float64)

    def _places(self, labels: Sequence[Any]) -> list[int]:
        known = {name: place for place, name in enumerate(self.names)}
        strange = tuple(sorted({named(label) for label in labels} - set(known)))
        if strange:
            raise OtherClasses(
                f"classes that the plan does not name: {strange}"[:300], strange[:20]
            )
        return [known[named(label)] for label in labels]


def named(label: Any) -> str:
    """A label as plans name levels: whole numbers without a point, booleans as true and false."""
    plain = label.item() if hasattr(label, "item") else label
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, float) and plain.is_integer():
        return str(int(plain))
    return str(plain)


def table_of(answer: Any) -> "tuple[npt.NDArray[Any], Sequence[Any] | None]":
    """The answer as an array, and the names of its columns where it has any."""
    import numpy as np

    if isinstance(answer, list) and answer and isinstance(answer[0], Mapping):
        labels = list(answer[0])
        return np.array([[row[label] for label in labels] for row in answer]), labels
    columns = getattr(answer, "columns", None)
    given = np.asarray(answer)
    return given, None if columns is None else list(columns)


def shares_of_one(values: "npt.NDArray[Any]") -> bool:
    """Whether columns are shares of one, row by row, as far as single precision tells."""
    import numpy as np

    try:
        shares = values.astype(np.float64)
    except (TypeError, ValueError):
        return False
    sums = shares.sum(axis=1)
    known = ~np.isnan(sums)
    within = (shares[known] >= -SINGLE) & (shares[known] <= 1 + SINGLE)
    return bool(within.all() and (np.abs(sums[known] - 1) <= SINGLE).all())
