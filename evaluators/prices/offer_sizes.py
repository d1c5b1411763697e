"""How many accounts and rows are in the groups of offer_access, for the audit alone."""

from collections.abc import Iterator, Mapping

import numpy as np

from evaluators.prices.offer_rows import Groups
from evaluators.prices.quotes import Mask
from evaluators.sizes import Sizes
from evaluators.statistics.regression import Codes, Floats


def sizes_by(
    found: Groups, account: Codes, offers: Mapping[str, Floats], about: tuple[str, str]
) -> Iterator[Sizes]:
    """How many accounts and rows are in each group, and of these with and without each offer.

    Args:
        found: the groups.
        account: the account of each row.
        offers: per offer whether it was made, row by row; nan where that is unknown.
        about: the probe, and the attribute.
    """

    def counted(*masks: Mask) -> tuple[int, ...]:
        return (*(len(np.unique(account[one])) for one in masks), *(int(m.sum()) for m in masks))

    places, reference = range(len(found.labels)), found.labels[found.reference]
    whole = {found.labels[at]: counted(found.of(at)) for at in places}
    none = np.asarray(found.codes < 0, dtype=np.bool_)
    yield Sizes(*about, whole, counted(none), reference=reference)
    for offer, made in offers.items():
        states = (made == 1, made == 0, np.isnan(made))
        own = {found.labels[at]: counted(*(found.of(at) & one for one in states)) for at in places}
        yield Sizes(*about, own, within=(("offer", offer),), reference=reference)
