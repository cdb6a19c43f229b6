"""How honest a model's probabilities of a label are: of the rows it is 90 % sure of, are 90 % right?"""

from typing import Any

import numpy as np

from likely.apps.labelled import key_of
from likely.apps.predictions import label_of
from likely.contracts import Classed, Classifies, Density, Predicts
from likely.data import Rows
from likely.errors import LikelyError
from likely.fitted import Fitted
from likely.metrics import Reliability, reliability

MOST = 500  # rows that are classified


def honesty(fitted: Fitted[Any], rows: Rows) -> Reliability | None:
    """Of a model that tells a label quickly; None where there is none to tell, or no row has a known one."""
    if not isinstance(fitted.model, Predicts | Classed | Classifies | Density):
        return None
    try:
        target, some = label_of(fitted), rows.take(range(min(len(rows), MOST)))
        told = fitted.classify(some)
    except LikelyError:
        return None
    place = {key_of(label): at for at, label in enumerate(told.columns)}
    said = None if some.said is None else some.said.frame[target]
    truth = np.array([] if said is None else [place.get(key_of(label), -1) for label in said])
    return reliability(told.to_numpy(), truth) if (truth >= 0).any() else None
