"""Who leaves a race: the rule, on planted numbers."""

import pytest
import torch

from likely.apps.halving import beaten, leaving
from likely.apps.standing import Showing, Standing
from likely.contracts import Scores

SPREAD = torch.linspace(-0.5, 0.5, 60).double()
WAVE = torch.sin(torch.arange(60.0)).double() / 4


def shown(kind=None, mean=0.0, far=None, noise=WAVE):
    """A showing of this kind of score and this distance."""
    scores = None
    if kind is not None:
        scores = Scores(SPREAD + noise + mean, "≥" in kind, torch.ones(60).double() if "≈" in kind else None, "m")
    return Showing(scores, "", None if far is None else SPREAD.flip(0) / 10 + far)


def standings(**shows):
    return [Standing(name, showing=showing, held=1) for name, showing in shows.items()]


def test_an_exact_score_is_beaten_by_the_design_s_rule():
    assert "0.984 [" in beaten(shown("=", -2.0), shown("=", -1.0, noise=-WAVE))
    assert beaten(shown("=", -2.0), shown("≥", -1.0, noise=-WAVE))
    assert not beaten(shown("=", -1.0), shown("=", -1.0, noise=-WAVE))


def test_a_bound_alone_sends_nobody_home():
    assert not beaten(shown("≥ ≈", -2.0, far=0.1), shown("=", -1.0, far=0.1, noise=-WAVE))
    assert not beaten(shown("≥ ≈", -2.0), shown("=", -1.0, noise=-WAVE))  # whose draws nobody has seen
    both = beaten(shown("≥ ≈", -2.0, far=0.9), shown("≥", -1.0, far=0.1, noise=-WAVE))
    assert "nats/row of its bound, and by" in both
    assert not beaten(shown("≥ ≈", -1.0, far=0.9), shown("=", -2.0, far=0.1))  # its bound lies above


def test_samplers_and_estimates_leave_by_their_draws():
    assert "distance" in beaten(shown(far=0.9), shown(far=0.1))
    assert not beaten(shown(far=0.1), shown(far=0.1))
    left = leaving(
        standings(a=shown("≈", -1.0, far=0.1), b=shown(far=0.2), c=shown(far=0.9), d=shown("≈", -9.0, far=0.8))
    )
    assert set(left) == {"c", "d"}
    assert left["c"].startswith("a is better on validation rows by 0.8 [")


def test_nobody_leaves_for_one_of_the_other_kind():
    assert not leaving(
        standings(exact=shown("=", -9.0), other=shown("=", -1.0), sampler=shown(far=0.1), gan=shown(far=9.0))
    )


def test_the_better_half_goes_on_and_whoever_is_too_close_to_call():
    found = {f"m{i}": shown("=", -float(i), noise=WAVE * (-1) ** i) for i in range(6)}
    assert set(leaving(standings(**found))) == {"m3", "m4", "m5"}
    close = {f"m{i}": shown("=", -1e-3 * i, noise=WAVE * (-1) ** i) for i in range(6)}
    assert not leaving(standings(**close))


@pytest.mark.parametrize("failed", ["", "it broke"])
def test_who_failed_is_not_in_it(failed):
    found = [
        *standings(a=shown("=", -1.0), b=shown("=", -1.1), c=shown("=", -1.2, noise=-WAVE)),
        Standing("d", failed="x"),
    ]
    assert "d" not in leaving(found)


def test_a_row_of_no_probability_proves_nothing():
    assert not beaten(shown("=", float("-inf")), shown("=", -1.0))
