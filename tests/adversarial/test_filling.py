"""Codes of a linear generator: what is drawn has the law that a tolerance makes, and how far that is off."""

import torch

from likely.adversarial import Noise
from likely.adversarial.filling import TOLERANCE, filled
from likely.contracts import Evidence
from likely.rng import Keyed

W = torch.tensor([[1.0, 0.5], [-0.3, 0.8], [0.2, 1.1]], dtype=torch.float64)


def test_the_bias_is_that_of_the_tolerance():
    """x = W z; told x_1 the draws have the law of z given x_1 seen with noise of the tolerance, and no other."""
    x, known = torch.tensor([[0.9, 0.0, 0.0]]).double().expand(2000, -1), torch.tensor([True, False, False])
    make = lambda z, rows: z @ W.T  # noqa: E731
    told = filled(make, Noise(2), x, Evidence(known.expand(2000, -1)), particles=32, rng=Keyed(1))
    assert torch.equal(told.x[:, 0], x[:, 0])
    gain = W[0] / (W[0] @ W[0] + TOLERANCE**2)
    mean, spread = 0.9 * gain, torch.eye(2).double() - torch.outer(gain, W[0])
    free = W[1:]
    covariance = free @ spread @ free.T
    assert ((told.x[:, 1:].mean(0) - free @ mean).abs() < 5 * (covariance.diagonal() / 2000).sqrt()).all()
    assert (told.x[:, 1:].T.cov() - covariance).abs().max() < 0.1 * covariance.diagonal().max()
    exact = free @ (0.9 * W[0] / (W[0] @ W[0]))
    assert (told.x[:, 1:].mean(0) - exact).abs().max() < 0.05  # the measured bias: under a hundredth here, and noise
    assert told.log_evidence is None


def test_kinds_are_picked_by_how_well_they_make_what_is_known():
    """Two kinds, at -1 and at 1: the known cell says which, and the free one follows."""
    make = lambda z, rows: torch.stack([2 * z[:, 1] - 1, 2 * z[:, 1] - 1], 1) + 0.05 * z[:, :1]  # noqa: E731
    x = torch.tensor([[1.0, 0.0], [-1.0, 0.0]]).double().repeat(50, 1)
    known = torch.tensor([[True, False]]).expand(100, -1)
    told = filled(make, Noise(1, 2), x, Evidence(known), particles=16, rng=Keyed(0))
    assert (told.x[:, 1].sign() == x[:, 0]).all()
    alone = filled(make, Noise(1, 2), x[3:5], Evidence(known[3:5]), particles=16, rng=Keyed(0, rows=3))
    torch.testing.assert_close(alone.x, told.x[3:5])
