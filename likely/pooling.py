r"""Several imputations of one data set as one answer: Rubin's rules.

    estimate  q = mean of q_j,   within  W = mean of the variances u_j,   between  B = var(q_j)                      (1)
    total     T = W + (1 + 1/m) B,   share of it from what is missing  l = (1 + 1/m) B / T                           (2)
    freedom   v = 1 / (1 / v_m + 1 / v_o),   v_m = (m - 1) / l^2,   v_o = (1 - l) v_c (v_c + 1) / (v_c + 3)          (3)
    missing information  (r + 2 / (v + 3)) / (r + 1),   r = (1 + 1/m) B / W                                          (4)

j = 1 .. m are the imputations and v_c the degrees of freedom that complete data would have.

Multiple Imputation for Nonresponse in Surveys (Rubin, 1987); (3): Barnard & Rubin (1999), Biometrika 86(4)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from likely.errors import FieldError


@final
@dataclass(frozen=True)
class Pooled:
    """One number, told by several imputations."""

    estimate: float
    within: float  # the variance that complete data would leave
    between: float  # of the estimates
    imputations: int
    complete: float = math.inf  # degrees of freedom of complete data

    @property
    def total(self) -> float:
        """The estimate's variance."""
        return self.within + self._extra  # (2)

    @property
    def stderr(self) -> float:
        """Its standard error."""
        return math.sqrt(self.total)

    @property
    def share(self) -> float:
        """How much of the variance is there because cells are missing."""
        return self._extra / self.total if self._extra else 0.0  # (2)

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the estimate's t law."""
        v, left = self.complete, 1 - self.share
        seen = 0.0 if math.isinf(v) else (v + 3) / (left * v * (v + 1)) if left else math.inf
        both = self.share**2 / (self.imputations - 1) + seen
        return 1 / both if both else math.inf  # (3)

    @property
    def missing_information(self) -> float:
        """The fraction of the information that is missing."""
        if not self.within:
            return 1.0 if self._extra else 0.0
        r = self._extra / self.within
        return (r + 2 / (self.freedom + 3)) / (r + 1)  # (4)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Where the number lies with this confidence."""
        from scipy.stats import norm, t

        if not 0 < level < 1:
            raise FieldError(f"a level of {level}", expected="a probability between 0 and 1")
        side, v = (1 + level) / 2, self.freedom
        if not v:
            return -math.inf, math.inf
        far = float(t.ppf(side, v) if math.isfinite(v) else norm.ppf(side)) * self.stderr
        return self.estimate - far, self.estimate + far

    @property
    def _extra(self) -> float:
        return (1 + 1 / self.imputations) * self.between

    def __str__(self) -> str:
        low, high = self.interval()
        return f"{self.estimate:.4g} [{low:.4g}, {high:.4g}], {self.missing_information:.0%} of the information missing"


def pooled(estimates: Sequence[float], variances: Sequence[float], *, freedom: float = math.inf) -> Pooled:
    """An estimate from each imputation with its variance (a squared standard error), as one (1).

    `freedom` are the degrees of freedom that the complete data would have: n - 1 of a mean, n - k of a regression.
    """
    found, each = [float(value) for value in estimates], [float(value) for value in variances]
    if len(found) < 2 or len(each) != len(found):
        raise FieldError(f"{len(found)} estimates and {len(each)} variances", expected="two at least, and one of each")
    if not all(math.isfinite(value) for value in found) or not all(0 <= value < math.inf for value in each):
        raise FieldError("an estimate or a variance is not finite", expected="numbers, and variances of at least 0")
    if not freedom > 0:
        raise FieldError(f"{freedom} degrees of freedom", expected="a positive number")
    mean = math.fsum(found) / len(found)
    between = math.fsum((value - mean) ** 2 for value in found) / (len(found) - 1)
    return Pooled(mean, math.fsum(each) / len(each), between, len(found), freedom)
