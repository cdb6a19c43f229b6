"""Is anything new in the rows, or do they repeat one another? Of texts and molecules `texts` tells more."""

import numpy as np

from likely.data import Rows
from likely.metrics.features import keys
from likely.metrics.measure import Measure, share


def unique(real: Rows, synthetic: Rows) -> Measure:
    """The share of synthetic rows that repeat no earlier one; the ideal is that of as many real rows."""
    own, usual = keys(synthetic), keys(real)[: len(synthetic)]
    size = min(len(own), len(usual))  # repeats come sooner the more rows there are
    note = "synthetic rows that repeat no earlier one, in all modelled cells"
    found = share("unique", _first(own[:size]), (len(real), len(synthetic)), float(_first(usual).mean()), note)
    return found.within("novelty")


def _first(values: np.ndarray) -> np.ndarray:
    """Which come for the first time."""
    first = np.zeros(len(values), dtype=bool)
    first[np.unique(values, return_index=True)[1]] = True
    return first
