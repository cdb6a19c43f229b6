"""Particles against closed forms: a linear decoder, whose every conditional is normal; and mixed columns on a grid."""

import math

import pytest
import torch

from likely.contracts import Evidence
from likely.distributions import Gaussian, Mixed
from likely.distributions.resampled import Proposed, asked, effective_share, log_evidence, resampled
from likely.errors import CannotAnswer
from likely.rng import Keyed
from likely.spaces import Category, Real, Vector, reals

SCALE = 0.4
SHOWN = torch.tensor([True, False, True, False, False])


def linear(seed=0):
    """(W, b) of x = W z + b + SCALE * noise, z of two numbers."""
    drawn = Keyed(seed).normal((5, 3), like=torch.empty(0, dtype=torch.float64))
    return drawn[:, :2], drawn[:, 2]


def decoder(z, c=None):
    w, b = linear()
    return z @ w.t() + b


def of_codes(shown):
    """Mean as a map of x (matrix, offset) and covariance of z given the shown cells."""
    w, b = linear()
    w, b = w[shown], b[shown]
    covariance = torch.linalg.inv(torch.eye(2, dtype=torch.float64) + w.t() @ w / SCALE**2)
    return covariance @ w.t() / SCALE**2, b, covariance


def proposed(x, shown, particles, rng, *, wide=1.0, off=0.0):
    """Draws from the exact posterior, widened and moved: its log p(z) - log q(z)."""
    gain, b, covariance = of_codes(shown)
    root = torch.linalg.cholesky(covariance) * wide
    eps = rng.normal((len(x), particles, 2), like=b)
    z = (x[:, shown] - b) @ gain.t() + off
    z = z[:, None] + eps @ root.t()
    log_q = -0.5 * eps.square().sum(2) - root.diagonal().log().sum()
    return Proposed(z, -0.5 * z.square().sum(2) - log_q)


def rows(count, seed=1):
    w, b = linear()
    noise = Keyed(seed).normal((count, 7), like=b)
    return noise[:, :2] @ w.t() + b + SCALE * noise[:, 2:]


def drawn(x, particles, *, held=1 << 14, **moved):
    known = SHOWN.expand(len(x), -1)
    whole = proposed(x, SHOWN, particles, Keyed(2), **moved)
    law = Gaussian(scale=SCALE).law(reals(5))
    return resampled(
        law, decoder, lambda at: Proposed(*(part[at] for part in whole)), held, x, Evidence(known), None, rng=Keyed(3)
    )


def test_the_unknown_cells_follow_their_normal_law():
    w, b = linear()
    one = rows(1)
    told = drawn(one.expand(6000, -1), 64, wide=1.5, off=0.3)
    gain, shift, covariance = of_codes(SHOWN)
    code = gain @ (one[0, SHOWN] - shift)
    mean = w[~SHOWN] @ code + b[~SHOWN]
    spread = w[~SHOWN] @ covariance @ w[~SHOWN].t() + SCALE**2 * torch.eye(3, dtype=torch.float64)
    seen = told.x[:, ~SHOWN]
    error = (spread.diagonal() / 6000).sqrt()
    assert ((seen.mean(0) - mean).abs() < 4.5 * error).all()
    assert ((seen.t().cov() - spread).abs() < 0.12 * spread.diagonal().max()).all()
    assert torch.equal(told.x[:, SHOWN], one[:, SHOWN].expand(6000, -1))


def test_one_particle_is_not_enough_for_a_wrong_proposal_but_many_are():
    one, (w, b), (gain, shift, _) = rows(1), linear(), of_codes(SHOWN)
    mean = w[~SHOWN] @ (gain @ (one[0, SHOWN] - shift)) + b[~SHOWN]
    away = [(drawn(one.expand(4000, -1), k, off=0.5).x[:, ~SHOWN].mean(0) - mean).abs().max() for k in (1, 4, 64)]
    assert away[0] > 4 * away[2]
    assert away[0] > away[1] > away[2]


def test_intervals_of_the_draws_cover_what_was_hidden():
    """Of 79 draws the 4th and the 76th hold one more draw with probability 72 / 80."""
    x = rows(1500)
    told = drawn(x.repeat_interleave(79, 0), 32, held=1 << 12, wide=1.3).x[:, ~SHOWN].unflatten(0, (1500, 79))
    ordered, truth = told.sort(1).values, x[:, ~SHOWN]
    assert abs(((ordered[:, 3] <= truth) & (truth <= ordered[:, 75])).double().mean() - 0.9) < 0.015


def exact(x):
    """log p of the shown cells, but for the constants that the weights leave out."""
    w, b = linear()
    w, b = w[SHOWN], b[SHOWN]
    law = torch.distributions.MultivariateNormal(b, w @ w.t() + SCALE**2 * torch.eye(len(b), dtype=torch.float64))
    return law.log_prob(x[:, SHOWN])


def weights(x, k, **moved):
    z, ratio = proposed(x, SHOWN, k, Keyed(4), **moved)
    law = Gaussian(scale=SCALE).law(reals(5))
    return ratio + log_evidence(
        law, decoder, z, asked(x, Evidence(SHOWN.expand(len(x), -1))), SHOWN.expand(len(x), -1), None
    )


def test_the_bound_over_known_cells_rises_to_their_probability():
    x = rows(500)
    told, truth = weights(x, 256, wide=1.6, off=0.4), exact(x).mean()
    bounds = [(told.unflatten(1, (-1, k)).logsumexp(2) - math.log(k)).mean() for k in (1, 4, 16, 256)]
    assert bounds == sorted(bounds)
    assert bounds[-1] < truth + 0.01
    assert truth - bounds[-1] < 0.03 < truth - bounds[0]


def test_of_the_exact_posterior_all_particles_weigh_the_same():
    x = rows(9)
    assert torch.allclose(weights(x, 5), exact(x)[:, None].expand(-1, 5))
    assert torch.allclose(drawn(x, 5).share, torch.ones(9, dtype=torch.float64))
    assert (drawn(x, 50, off=2.0).share < 0.5).all()


def test_blocks_of_rows_do_not_show():
    x = rows(20)
    assert torch.equal(drawn(x, 16, wide=1.5, held=1 << 20).x, drawn(x, 16, wide=1.5).x)


def test_what_no_particle_explains_is_told_by_a_share_of_nothing():
    assert effective_share(torch.tensor([[-math.inf, -math.inf], [0.0, -math.inf]])).tolist() == [0.0, 0.5]


def test_intervals_are_refused():
    x = rows(2)
    with pytest.raises(CannotAnswer, match="intervals"):
        asked(x, Evidence(x > 0, low=torch.zeros_like(x)))


MIXED = Vector((Real(atoms=(0.0,), missing=True), Category(3, missing=True), Category(2)))
LAW = Mixed().law(MIXED)


def bent(z, c=None):
    """Parameters that depend on one code, whether cells are missing too."""
    weight = Keyed(7).normal((2, *LAW.outputs), like=z)
    return 1.5 * weight[0] * torch.tanh(z) + weight[1]


def test_mixed_columns_against_a_grid():
    """Choices drawn given that they are there, which tells of the code as well."""
    x = torch.tensor([[0.7, math.nan, 1.0]], dtype=torch.float64)
    known = torch.tensor([[True, False, True]])
    grid = torch.linspace(-7, 7, 4001, dtype=torch.float64)[:, None]
    told, joint = bent(grid), []
    for code in range(3):
        cells = torch.tensor([[0.7, code, 1.0]], dtype=torch.float64).expand(len(grid), -1)
        joint.append((LAW.log_prob(cells, told) - 0.5 * grid[:, 0] ** 2).logsumexp(0))
    wanted = torch.stack(joint).softmax(0)
    many = 6000
    z = Keyed(1).normal((many, 100, 1), like=x)

    def prior(at):
        return Proposed(z[at], torch.zeros_like(z[at][..., 0]))

    filled = resampled(
        LAW, bent, prior, 1 << 12, x.expand(many, -1), Evidence(known.expand(many, -1)), None, rng=Keyed(5)
    )
    seen = torch.bincount(filled.x[:, 1].long(), minlength=3) / many
    assert not filled.x.isnan().any()
    assert (seen - wanted).abs().max() < 0.02


def test_a_law_given_that_its_cells_are_there():
    z = Keyed(2).normal((5, 1), like=torch.empty(0, dtype=torch.float64))
    parameters = bent(z)
    there = LAW.log_present(parameters).exp()
    gone = LAW.cell_log_prob(torch.full((5, 3), math.nan, dtype=torch.float64), parameters).exp()
    assert torch.allclose(there[:, :2] + gone[:, :2], torch.ones(5, 2, dtype=torch.float64))
    assert (there[:, 2] == 1).all()
    assert not LAW.sample(LAW.present(parameters.expand(5, -1)), rng=Keyed(0)).isnan().any()
    cells = torch.tensor([[0.3, 1.0, 0.0]], dtype=torch.float64).expand(5, -1)
    given = LAW.cell_log_prob(cells, LAW.present(parameters))
    assert torch.allclose(given + LAW.log_present(parameters), LAW.cell_log_prob(cells, parameters))
