"""Which cells are given, for models that take values and have no formula for intervals."""

from torch import Tensor

from likely.contracts import Evidence
from likely.errors import TakesNoIntervals


def values_known(evidence: Evidence, family: str) -> Tensor:
    """(B, *shape) bool: the cells whose value is given; an error where an interval is."""
    if evidence.low is not None or evidence.high is not None:
        raise TakesNoIntervals(f"{family} cannot be given intervals", expected="values of some cells",
                           remedy="give values, or use Circuit, BayesNet or GaussianMixture")  # fmt: skip
    return evidence.known
