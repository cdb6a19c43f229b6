"""Tweedie: the denoiser is the score, also the one that a denoising autoencoder learns; a chain of them samples."""

import math

import pytest
import torch
from mixtures import Mixture, three

from likely.backbones import MLP
from likely.diffusion import AnnealedLangevin, Chain, Geometric, Way, drawn, score_of
from likely.errors import FieldError
from likely.families.denoising_autoencoder import DenoisingAutoencoder
from likely.objectives import GaussianNoise
from likely.presets import composed
from likely.rng import Keyed, Stepped
from likely.spaces import reals

DOUBLE = torch.empty(0, dtype=torch.float64)


def noised(mixture, sigma):
    """The law of its rows with noise of this level."""
    return Mixture(mixture.weight, mixture.mean, (mixture.std**2 + sigma**2).sqrt())


def true_score(mixture, x, sigma):
    """By the gradient of the closed-form log-density."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(noised(mixture, sigma).log_prob(x).sum(), x)[0]


@pytest.mark.parametrize("sigma", [0.05, 0.5, 5.0])
def test_the_exact_denoiser_is_the_score(sigma):
    x = noised(three(), sigma).draw(200)
    found = score_of(three().denoise, x, torch.full((200,), sigma, dtype=torch.float64))
    assert torch.allclose(found, true_score(three(), x, sigma))


def taught(mixture, sigma, steps, rows=512, width=64):
    """A denoising autoencoder of rows that Gaussian noise of one level has spoilt."""
    torch.manual_seed(0)
    network = MLP(width=width, depth=3)
    family = DenoisingAutoencoder(latent=32, corruption=GaussianNoise(sigma), network=network)
    model = composed(family).build(reals(2))
    optimizer = torch.optim.Adam(model.coder.parameters(), 3e-3)
    for step in range(steps):
        rng = Stepped(1, step)
        k = rng.fork(1).categorical(mixture.weight.log().float().expand(rows, -1))
        x = mixture.mean.float()[k] + mixture.std.float()[k, None] * rng.normal((rows, 2), like=torch.empty(0))
        optimizer.param_groups[0]["lr"] = 3e-3 * (1 - step / steps)
        (turn,) = model.turns(x, rng=rng)
        optimizer.zero_grad()
        turn.loss().backward()
        optimizer.step()
    return model.eval()


def test_a_denoising_autoencoder_learns_the_score_of_its_level():
    """The mean squared error of its score, a part of the score's own size, where rows with noise are."""
    sigma = 0.5
    model, x = taught(three(), sigma, 500), noised(three(), sigma).draw(2000)
    with torch.no_grad():
        clean = model.restore(x.float()).double()
    found, wanted = (clean - x) / sigma**2, true_score(three(), x, sigma)
    assert (found - wanted).square().mean() < 0.03 * wanted.square().mean()
    alone = score_of(Chain((sigma, model.restore)), x.float(), torch.full((2000,), sigma))
    assert torch.allclose(alone.double(), found, atol=1e-4)


def test_a_chain_of_exact_links_samples_the_mixture():
    levels = Geometric(0.03, 8.0).grid(24)[:-1].tolist()
    links = [(t, lambda x, c, t=t: three().denoise(x, x.new_full((len(x),), t))) for t in levels]
    way = Way(Geometric(0.03, 8.0), AnnealedLangevin(moves=8, size=0.4), 24 * 8 + 1)
    x = drawn(Chain(*links), way, (2,), 3000, like=DOUBLE, rng=Keyed(0)).x
    assert distance(x, three()) < 2.5


@pytest.mark.slow
def test_a_chain_of_denoising_autoencoders_samples_the_mixture():
    """The lecture's bridge: seven autoencoders, each at one level, and annealed Langevin dynamics down them."""
    levels = Geometric(0.1, 6.0)
    chain = Chain(*((t, taught(three(), t, 600).restore) for t in levels.grid(7)[:-1].tolist()))
    way = Way(levels, AnnealedLangevin(moves=30, size=0.1), 7 * 30 + 1)
    with torch.no_grad():
        x = drawn(chain, way, (2,), 2000, like=torch.empty(0), rng=Keyed(0)).x.double()
    nearest = torch.cdist(x, three().mean).argmin(1)
    shares = torch.bincount(nearest, minlength=3) / len(x)
    own = torch.bincount(torch.cdist(three().draw(20_000), three().mean).argmin(1), minlength=3) / 20_000
    assert (shares - own).abs().max() < 0.06
    for k in range(3):
        assert (x[nearest == k].mean(0) - three().mean[k]).norm() < 0.15


def distance(x, mixture):
    """The largest of sqrt(n) times Kolmogorov's distance along four directions."""
    found = 0.0
    for k in range(4):
        along = torch.tensor([math.cos(k * math.pi / 4), math.sin(k * math.pi / 4)], dtype=torch.float64)
        level = mixture.cdf(x, along).sort().values
        found = max(found, float((level - torch.linspace(0, 1, len(x))).abs().max()) * len(x) ** 0.5)
    return found


def test_rows_at_different_levels_go_to_their_own_links():
    chain = Chain((2.0, lambda x, c: x + 1), (0.5, lambda x, c: x - c))
    sigma, c = torch.tensor([0.5, 2.0, 0.5 * 1.01]), torch.tensor([[3.0], [4.0], [5.0]])
    found = chain(torch.zeros(3, 1), sigma, c)
    assert found[:, 0].tolist() == [-3.0, 1.0, -5.0]


def test_a_level_without_a_link_is_refused():
    chain = Chain((2.0, lambda x, c: x), (0.5, lambda x, c: x))
    with pytest.raises(FieldError, match=r"level 1"):
        chain(torch.zeros(2, 1), torch.tensor([0.5, 1.0]))
    for links in ((), ((0.0, lambda x, c: x),)):
        with pytest.raises(FieldError, match="no level"):
            Chain(*links)
