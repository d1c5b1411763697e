"""One number per row from a classifier of several classes, by the classes that the plan names.

The names come from the plan, never from the model: nothing the model says is read but numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from registry.sandbox.child.answer import floats, missing, shares_of_one, table_of
from registry.sandbox.child.refusal import NotOpened

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class OtherClasses(ValueError):
    """The model answers with classes that are not those of the plan; `items` are the strangers."""

    def __init__(
        self, said: str, items: tuple[str, ...] = (), *, cause: str = "wrong_shape"
    ) -> None:
        super().__init__(said)
        self.items = items
        self.cause = cause


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
        plan's, in whichever order, else in the plan's order. A row without an answer is NaN.

        Raises:
            OtherClasses: there is another number of rows or classes, or a class of another name.
            NotOpened: a probability is asked, and the columns do not add up to one; or the answers
                are no real numbers (`floats`).
        """
        import numpy as np

        given, named = table_of(answer)
        if given.shape[:1] != (rows,) or given.ndim > 2:
            raise OtherClasses(f"{given.shape} for {rows} rows")
        if given.ndim == 2 and given.shape[1] > 1:
            return self._probabilities(floats(given), named)
        plain, gone = given.ravel(), missing(given.ravel())
        found = np.full(rows, np.nan)
        found[~gone] = self._answered(self._labelled(plain[~gone]))
        return found

    def _labelled(self, labels: "npt.NDArray[Any]") -> "npt.NDArray[np.int64]":
        """The place of each label in `names`; each that is new is looked up once."""
        import numpy as np

        distinct, inverse = np.unique(labels.astype(object).astype(str), return_inverse=True)
        first = np.zeros(distinct.size, dtype=np.int64)
        first[inverse[::-1]] = np.arange(labels.size)[::-1]
        places = self._places([labels[at] for at in first.tolist()])
        return np.array(places, dtype=np.int64)[inverse]

    def _probabilities(
        self, given: "npt.NDArray[np.float64]", named: Sequence[Any] | None
    ) -> "npt.NDArray[np.float64]":
        import numpy as np

        if named is None and given.shape[1] != len(self.names):
            raise OtherClasses(f"{given.shape[1]} columns for {len(self.names)} classes")
        places = self._places(self.columns if named is None else named)
        if absent := tuple(name for place, name in enumerate(self.names) if place not in places):
            said = f"classes that the model does not have: {absent}"[:300]
            raise OtherClasses(said, absent[:20], cause="classes_absent")
        if self.favourable is None:
            likeliest: npt.NDArray[np.float64] = np.array(places, np.float64)[given.argmax(axis=1)]
            return np.where(np.isnan(given).any(axis=1), np.nan, likeliest)
        if not shares_of_one(given):
            raise NotOpened("several_outputs", "no probabilities", self.names[:20])
        wanted = self.names.index(self.favourable)
        columns = [column for column, place in enumerate(places) if place == wanted]
        return np.asarray(given[:, columns].sum(axis=1), dtype=np.float64)

    @property
    def columns(self) -> tuple[str, ...]:
        """Which classes columns without names are taken for."""
        numbers = tuple(str(number) for number in range(len(self.names)))
        return numbers if set(numbers) == set(self.names) else self.names

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
            said = f"classes that the plan does not name: {strange}"[:300]
            numbers = {_number(name) for name in known}
            if all(_number(name) in numbers - {None} for name in strange):
                raise OtherClasses(said, strange[:20], cause="classes_spelt")
            raise OtherClasses(said, strange[:20])
        return [known[named(label)] for label in labels]


def named(label: Any) -> str:
    """A label as plans name levels: whole numbers without a point, booleans as true and false."""
    plain = label.item() if hasattr(label, "item") else label
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, float) and plain.is_integer():
        return str(int(plain))
    return str(plain)


def whose(labels: list[str]) -> NotOpened:
    """The refusal of probabilities of which it cannot be told whose is the score."""
    return NotOpened("whose_probability", f"classes {labels}"[:300], labels[:20])


def _number(name: str) -> float | None:
    """The number that a name writes, if it is one."""
    try:
        return float(name)
    except ValueError:
        return None
