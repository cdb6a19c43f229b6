"""The laws of estimates: numbers that are neither exact nor bounds, with what is known of their error."""

import torch

from likely.contracts import Estimated
from likely.rng import Keyed
from likely.testing.case import Case
from likely.testing.law import close, demand, law

ROWS = 9  # an estimate may be slow


@law(Estimated)
def an_estimate_is_finite_and_row_by_row(case: Case) -> None:
    """One value a row with its standard error, and the same for a row in any company when its noise is its own."""
    assert isinstance(case.model, Estimated)
    x, c = case.u[:ROWS], None if case.c is None else case.c[:ROWS]
    with torch.no_grad():
        whole = case.model.log_prob_estimate(x, c, rng=Keyed(3))
        alone = case.model.log_prob_estimate(x[4:], None if c is None else c[4:], rng=Keyed(3, rows=4))
    demand(whole.value.shape == (ROWS,) and torch.isfinite(whole.value).all(), "it is not one finite value a row")
    errors = [whole.stderr] if whole.error is None else [whole.stderr, whole.error]
    for error in errors:
        demand(error.shape == (ROWS,) and (error >= 0).all(), "its errors are not one number a row, 0 or above")
    close(alone.value, whole.value[4:], "rows in other company", tolerance=1e-3)
