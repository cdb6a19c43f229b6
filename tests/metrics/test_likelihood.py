"""The ranking rule, on planted scores."""

import pytest
import torch

from likely.contracts import Scores
from likely.metrics import compared

HIGH, LOW = torch.linspace(-2, 0, 50).double(), torch.linspace(-3.5, -1, 50).double()


def scores(nats, kind="=", measure="density of 2 reals"):
    stderr = torch.full_like(nats, 0.1) if "≈" in kind else None
    return Scores(nats, "≥" in kind, stderr, measure)


@pytest.mark.parametrize(
    ("better", "worse", "decided"),
    [
        ("=", "=", True),
        ("≥", "=", True),  # a lower bound above an exact value is a proof
        ("≥ ≈", "=", True),
        ("=", "≥", False),  # the truth of the bound may lie above
        ("≥", "≥", False),
        ("≥ ≈", "≥ ≈", False),
        ("=", "≈", False),
        ("≈", "=", False),  # an estimate may lie above the truth
    ],
)
def test_what_may_be_ranked(better, worse, decided):
    first, second = scores(HIGH, better), scores(LOW, worse)
    assert compared(first, second).outcome == ("first" if decided else "undecided")
    assert compared(second, first).outcome == ("second" if decided else "undecided")


def test_the_difference_is_paired():
    """Rows differ by far more than the models do, and the models by the same on every row."""
    rows = torch.linspace(-1000, 0, 50).double()
    verdict = compared(scores(rows + 0.1), scores(rows))
    assert verdict.outcome == "first"
    assert verdict.difference == pytest.approx(0.1)
    assert "exact" in verdict.why


def test_an_interval_that_holds_0_decides_nothing():
    noise = torch.tensor([1.0, -1.0] * 25).double()
    verdict = compared(scores(HIGH + noise), scores(HIGH))
    assert verdict.outcome == "undecided"
    assert verdict.low < 0 < verdict.high


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (scores(HIGH, measure="density of 3 reals"), "measures"),
        (scores(HIGH[:9]), "different rows"),
        (scores(torch.where(HIGH > -1, HIGH, -torch.inf)), "finite"),
    ],
)
def test_numbers_that_cannot_be_compared_say_why(second, why):
    verdict = compared(scores(HIGH), second)
    assert verdict.outcome == "undecided"
    assert why in verdict.why


def test_one_row_decides_nothing():
    assert compared(scores(HIGH[:1]), scores(LOW[:1])).outcome == "undecided"
