"""How sure a count makes us: Clopper–Pearson bounds shared out over all claims of a page.

Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of
the binomial", Biometrika 26 (1934). Sharing α over the claims is Bonferroni's inequality.
"""

import math
from dataclasses import dataclass

from scipy.special import betaincinv, ndtri


@dataclass(frozen=True, slots=True)
class Family:
    """All claims on one page, which hold together with the stated confidence.

    Args:
        claims: how many one-sided bounds the page states.
        alpha: the chance that any of them is wrong.
    """

    claims: int
    alpha: float = 0.05

    @property
    def each(self) -> float:
        """The share of α left to one bound."""
        return self.alpha / max(self.claims, 1)

    def lower(self, k: int, n: int) -> float:
        """The lower bound of a share seen in k of n."""
        return float(betaincinv(k, n - k + 1, self.each)) if n and k else 0.0

    def upper(self, k: int, n: int) -> float:
        """The upper bound of a share seen in k of n; 1 − (α/F)^(1/n) where k is 0."""
        if not n or k >= n:
            return 1.0
        if k == 0:
            return -math.expm1(math.log(self.each) / n)
        return float(betaincinv(k + 1, n - k, 1 - self.each))

    @property
    def z(self) -> float:
        """The normal quantile for one bound of a mean."""
        return float(-ndtri(self.each))
