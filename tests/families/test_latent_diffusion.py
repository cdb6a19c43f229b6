"""Latent diffusion: its bound where everything is known, two turns a round, what goes together."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

import likely
from likely.backbones import MLP, Conv, DiT, UNet
from likely.contracts import Bound, Density, Family, Player, Trained, Turn
from likely.descent import Descent
from likely.diffusion import DPMSolver, Karras, Way
from likely.distributions import Gaussian
from likely.distributions.resampled import Said
from likely.errors import CannotAnswer, FieldError
from likely.families.autoencoder import Autoencoder
from likely.families.denoising_autoencoder import DenoisingAutoencoder
from likely.families.diffusion import Diffusion
from likely.families.flow_matching import FlowMatching
from likely.families.gan import GAN
from likely.families.gaussian_mixture import GaussianMixture
from likely.families.latent_diffusion import (
    LatentDiffusion,
    LatentDiffusionModel,
    UnscoredLatentDiffusionModel,
)
from likely.families.made import MADE
from likely.families.masked_diffusion import MaskedDiffusion
from likely.families.nice import NICE
from likely.families.realnvp import RealNVP
from likely.families.score import Score
from likely.families.vae import VAE
from likely.families.vqvae import VQVAE
from likely.objectives import Inferred, Infers
from likely.presets import composed
from likely.rng import Keyed, Stepped
from likely.spaces import Image, label, reals
from likely.testing.case import descend
from likely.training import Engine

W = torch.tensor([[1.0, 0.5], [-0.3, 0.8], [0.2, 0.1]], dtype=torch.float64)  # x = W z + 0.3 e, z ~ N(0, I)
NOISE = 0.3
PLAIN = Engine(threads=1, probe=False)
SMALL = Diffusion(steps=5, network=MLP(width=32, depth=2))
TABLE = LatentDiffusion(autoencoder=VAE(latent=3, network=MLP(width=16)), denoiser=SMALL)
MAPS = LatentDiffusion(
    autoencoder=VAE(latent=2, grid=2, network=Conv(width=4)),
    denoiser=Diffusion(steps=5, network=UNet(width=4, multipliers=(1,), blocks=1)),
)
PICTURE = Image(1, 8, 8, 4)


@dataclass(frozen=True, kw_only=True)
class Linear(Family["LinearModel"]):
    """A linear map with its exact posterior."""

    def build(self, space, condition=None):
        return LinearModel(space, condition)


class LinearModel(Infers, Trained):
    def __init__(self, space, condition):
        super().__init__(space, condition)
        self.codes, self.unused = reals(2), torch.nn.Linear(1, 1)
        precision = torch.eye(2, dtype=torch.float64) + W.T @ W / NOISE**2
        self.covariance = precision.inverse()
        self.root = torch.linalg.cholesky(self.covariance)

    def encode(self, x, c=None):
        return x @ W @ self.covariance / NOISE**2

    def decode(self, z, c=None):
        return z @ W.T

    def emit(self, z, c=None, *, rng):
        return self.decode(z) + NOISE * rng.normal((len(z), 3), like=z)

    def said(self, z, c=None):
        return Said(Gaussian(scale=NOISE).law(reals(3)), self.decode(z))

    def infer(self, x, c=None, *, rng):
        eps = rng.normal((len(x), 2), like=x)
        log_q = -0.5 * eps.square().sum(1) - math.log(2 * math.pi) - self.root.diagonal().log().sum()
        return Inferred(self.encode(x) + eps @ self.root.T, log_q)

    def log_likelihood(self, x, z, c=None):
        return torch.distributions.Normal(self.decode(z), NOISE).log_prob(x).sum(1)

    def sample(self, n, c=None, *, rng):
        return self.emit(rng.normal((n, 2), like=W), rng=rng)

    def players(self) -> dict[str, Player]:
        return {"nobody": Player(self.unused)}

    def turns(self, x, c=None, *, rng) -> Iterator[Turn]:
        yield Turn("nobody", lambda: self.unused.weight.square().sum())


@dataclass(frozen=True, kw_only=True)
class Standard(Family["StandardModel"]):
    """N(-m / s, 1 / s^2): what z ~ N(0, I) is after a standardisation."""

    m: float = 0.0
    s: float = 1.0

    def build(self, space, condition=None):
        return StandardModel(self, space, condition)


class StandardModel(Density, Trained):
    def __init__(self, family, space, condition):
        super().__init__(space, condition)
        self.normal = torch.distributions.Normal(-family.m / family.s, 1 / family.s)
        self.unused = torch.nn.Linear(1, 1)

    def log_prob(self, x, c=None):
        return self.normal.log_prob(x).sum(1)

    def sample(self, n, c=None, *, rng):
        return self.normal.loc + self.normal.scale * rng.normal((n, 2), like=W)

    def players(self):
        return {"law": Player(self.unused)}

    def turns(self, x, c=None, *, rng):
        yield Turn("law", lambda: self.unused.weight.square().sum())


def rows(n=64) -> tuple[Tensor, Tensor]:
    """Draws, and their exact log p."""
    x = LinearModel(reals(3), None).sample(n, rng=Keyed(0))
    law = torch.distributions.MultivariateNormal(
        torch.zeros(3, dtype=torch.float64), W @ W.T + NOISE**2 * torch.eye(3, dtype=torch.float64)
    )
    return x, law.log_prob(x)


def built(family=TABLE, space=reals(4), condition=None):
    torch.manual_seed(1)
    return family.build(space, condition)


# The number ----------------------------------------------------------------------------------------------------------


def test_with_the_exact_posterior_and_law_every_draw_of_the_bound_is_the_density():
    """Whatever codes are standardised by."""
    model = built(LatentDiffusion(autoencoder=Linear(), denoiser=Standard(m=0.7, s=2.5)), reals(3)).double()
    model.centre.fill_(0.7)
    model.variance.fill_(2.5**2)
    x, exact = rows()
    torch.testing.assert_close(model.elbo(x, rng=Keyed(1)).value, exact)


def test_with_a_diffusion_that_knows_its_codes_the_bound_is_nearly_the_density():
    """A transformer that says nothing yet leaves the denoiser of N(0, I)."""
    law = Diffusion(draws=4, network=DiT(width=8, depth=1, heads=1))
    model = built(LatentDiffusion(autoencoder=Linear(), denoiser=law), reals(3)).double()
    x, exact = rows()
    torch.testing.assert_close(model.elbo(x, rng=Keyed(1)).value, exact, atol=2e-3, rtol=0)


def test_samples_of_known_parts_have_their_moments():
    model = built(LatentDiffusion(autoencoder=Linear(), denoiser=Standard()), reals(3)).double()
    drawn = model.sample(4000, rng=Keyed(3))
    torch.testing.assert_close(drawn.T.cov(), W @ W.T + NOISE**2 * torch.eye(3), atol=0.1, rtol=0)


# Two turns -----------------------------------------------------------------------------------------------------------


def test_a_round_is_both_turns_until_the_autoencoder_stands_still():
    model, x = built(), torch.randn(32, 4)
    assert [turn.player for turn in model.turns(x, rng=Stepped(0, 0))] == ["autoencoder: vae", "prior: denoiser"]
    before = model.centre.clone()
    model.pace(0.6)
    assert [turn.player for turn in model.turns(x + 3, rng=Stepped(0, 1))] == ["prior: denoiser"]
    assert torch.equal(model.centre, before)
    players = model.players()
    assert (players["autoencoder: vae"].until, players["prior: denoiser"].until) == (0.5, 1.0)
    assert players["prior: denoiser"].follows


def test_the_diffusion_cannot_move_the_codes():
    model = built()
    *_, turn = model.turns(torch.randn(16, 4), rng=Stepped(0, 0))
    turn.loss().backward()
    assert all(p.grad is None for p in model.autoencoder.parameters())


@pytest.mark.parametrize(("family", "space"), [(TABLE, reals(4)), (MAPS, PICTURE)], ids=["table", "picture"])
def test_codes_are_shown_standardised(family, space):
    model = built(family, space)
    x = 3 + 2 * torch.randn(4000, 4) if space == reals(4) else torch.randint(0, 4, (256, 1, 8, 8)).float()
    model.prepare(x, rng=Keyed(0))
    codes = model.standard(model._codes(x, None, Keyed(5)))
    over = tuple(at for at in range(codes.dim()) if at != 1)
    assert codes.shape[1:] == model.codes.shape
    torch.testing.assert_close(codes.mean(over), torch.zeros(codes.shape[1]), atol=0.1, rtol=0)
    torch.testing.assert_close(codes.std(over), torch.ones(codes.shape[1]), atol=0.1, rtol=0)
    torch.testing.assert_close(model.own(model.encode(x)), model.autoencoder.encode(x))
    torch.testing.assert_close(model.decode(model.encode(x)), model.autoencoder.decode(model.autoencoder.encode(x)))


def test_codes_of_a_picture_lie_on_a_map():
    assert built(MAPS, PICTURE).codes == Image(2, 2, 2, None)
    flat = LatentDiffusion(autoencoder=VAE(latent=2, grid=2), denoiser=SMALL)
    assert built(flat, reals(3)).codes == reals(2)


# How samples walk ----------------------------------------------------------------------------------------------------


def test_another_way_is_walked_and_decoded_once():
    model = built()
    found = model.walk(6, way=Way(Karras(), DPMSolver(), 7), rng=Keyed(0))
    assert (found.calls, found.x.shape) == (7, (6, 4))
    own = model.walk(6, way=SMALL.way, rng=Keyed(0))
    torch.testing.assert_close(own.x, model.sample(6, rng=Keyed(0)))


def test_a_law_that_denoises_nothing_walks_no_way():
    model = built(LatentDiffusion(autoencoder=VAE(latent=2), denoiser=RealNVP(layers=2, width=8)))
    assert isinstance(model, Bound)
    with pytest.raises(CannotAnswer, match="Diffusion"):
        model.walk(3, way=SMALL.way, rng=Keyed(0))


# What goes together --------------------------------------------------------------------------------------------------


def test_without_a_posterior_there_is_no_number():
    family = composed(LatentDiffusion(autoencoder=Autoencoder(latent=2), denoiser=SMALL))
    model = built(family)
    assert isinstance(model, UnscoredLatentDiffusionModel)
    assert not isinstance(model, Bound)
    assert model.players()["prior: denoiser"].averaged
    assert isinstance(built(), LatentDiffusionModel)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"autoencoder": VQVAE(prior=MADE(width=8)), "denoiser": SMALL}, "choices"),
        ({"autoencoder": GAN(), "denoiser": SMALL}, "VAE"),
        ({"autoencoder": NICE(), "denoiser": SMALL}, "VAE"),
        ({"autoencoder": VAE(), "denoiser": GaussianMixture()}, "gradient"),
        ({"autoencoder": VAE()}, "denoiser is open"),
        ({}, "autoencoder is open"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(fields, said):
    with pytest.raises(FieldError, match=said):
        built(LatentDiffusion(**fields))


@pytest.mark.parametrize("settled", [0.0, 1.5, float("nan")])
def test_a_share_is_a_share(settled):
    with pytest.raises(FieldError, match="settled"):
        LatentDiffusion(settled=settled)


def test_presets_leave_nothing_open_at_any_depth():
    whole = composed(LatentDiffusion(autoencoder=Autoencoder()))
    assert isinstance(whole.denoiser, Diffusion)
    assert isinstance(whole.autoencoder.density, GaussianMixture)


# Learned -------------------------------------------------------------------------------------------------------------


def test_it_learns_two_clouds_and_their_classes():
    """Rows on two short lines; given a class, samples are on its own."""
    torch.manual_seed(0)
    c = (torch.arange(256) % 2).float()[:, None]
    x = torch.cat([4 * c - 2, torch.randn(256, 1)], 1) + 0.1 * torch.randn(256, 2)
    family = LatentDiffusion(
        autoencoder=VAE(latent=2, beta=0.1, network=MLP(width=32)),
        denoiser=Diffusion(steps=9, network=MLP(width=32, depth=2)),
    )
    model = family.build(reals(2), label(2))
    model.prepare(x, c, rng=Keyed(0))
    descend(model, x, c, 250, rate=5e-3)
    with torch.no_grad():
        drawn = model.eval().sample(200, c[:200], rng=Keyed(1))
    assert ((drawn[:, 0] > 0) == (c[:200, 0] > 0)).float().mean() > 0.9
    assert 0.6 < float(drawn[:, 1].std()) < 1.4


def test_fitted_by_name_it_is_saved_and_draws_the_same(tmp_path):
    said = "latent-diffusion,autoencoder=vae,autoencoder.latent=2,autoencoder.network=mlp,autoencoder.network.width=16"
    said += ",denoiser=diffusion,denoiser.steps=4,denoiser.network=mlp,denoiser.network.width=16"
    fitted = likely.fit("iris", said, budget=20, certify=False, engine=PLAIN)
    assert fitted.score("iris").kind.startswith("≥")
    other = likely.load(fitted.save(tmp_path / "iris.likely"))
    assert other.sample(9, seed=3).equals(fitted.sample(9, seed=3))
    assert fitted.decode(fitted.encode("iris")).shape == (150, 5)
    own, fewer = fitted.sample(9, seed=3), fitted.sample(9, seed=3, descent=Descent(steps=2, sampler=DPMSolver()))
    assert own.equals(fitted.sample(9, seed=3, descent=Descent(steps=4)))
    assert not own.equals(fewer)
    with pytest.raises(CannotAnswer, match="denoiser of rows"):
        fitted.sample(9, descent=Descent(guide=fitted))


@pytest.fixture(scope="module")
def two():
    """A few pictures in two kinds."""
    rng = np.random.default_rng(0)
    dark, bright = (rng.integers(low, low + 60, (30, 8, 8, 1), dtype=np.uint8) for low in (0, 180))
    return np.concatenate([dark, bright])


REALS = {
    "autoencoder": Autoencoder(latent=2, network=MLP(width=16)),
    "vae": VAE(latent=2, network=MLP(width=16)),
    "vae of maps": VAE(latent=2, grid=2, network=Conv(width=4)),
    "denoising": DenoisingAutoencoder(latent=2, network=MLP(width=16)),
}
CHOICES = {"vqvae": VQVAE(grid=2, prior=MADE(width=16), network=Conv(width=4))}
LAWS = {
    "diffusion": Diffusion(steps=3),
    "flow matching": FlowMatching(steps=3),
    "score": Score(),
    "masked": MaskedDiffusion(steps=3),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("autoencoder", REALS | CHOICES)
def test_any_autoencoder_goes_with_any_law_of_such_codes(two, autoencoder, law, tmp_path):
    family = LatentDiffusion(autoencoder=(REALS | CHOICES)[autoencoder], denoiser=LAWS[law])
    if autoencoder in CHOICES and law != "masked":
        with pytest.raises(FieldError, match=r"is a law of reals, and these codes are choices[\s\S]*MaskedDiffusion"):
            likely.fit(two, family, budget=3, certify=False)
        return
    fitted = likely.fit(two, family, budget=3, certify=False)
    rows = fitted.model.sample(4, rng=Keyed(0))
    assert rows.shape == (4, 1, 8, 8)
    assert rows.isfinite().all()
    fitted.save(tmp_path / "run")
    assert (likely.load(tmp_path / "run").sample(4, seed=1) == fitted.sample(4, seed=1)).all()


def test_choices_are_shown_to_their_law_as_they_are(two):
    family = LatentDiffusion(autoencoder=CHOICES["vqvae"], denoiser=LAWS["masked"])
    fitted = likely.fit(two, family, budget=3, certify=False)
    codes = fitted.encode(two)
    assert (codes == codes.round()).all()
    assert codes.min() >= 0
    assert codes.max() > 1  # standardised they are about 0
    assert (codes == fitted.model.autoencoder.encode(fitted.cells(two)[0]).detach().numpy()).all()
