"""What autoencoders share: losses by hand, principal components as the oracle, residuals, and the law of codes."""

import math

import pytest
import torch

from likely.backbones import MLP
from likely.contracts import Concludes, Latent, Reconstructs, Trained
from likely.distributions import Gaussian
from likely.errors import FieldError
from likely.families.autoencoder import Autoencoder
from likely.families.denoising_autoencoder import DenoisingAutoencoder
from likely.families.factor_analysis import FactorAnalysis
from likely.families.gan import GAN
from likely.families.gaussian_mixture import GaussianMixture
from likely.families.realnvp import RealNVP
from likely.objectives.autoencoding import _gaps, _l1
from likely.rng import Keyed, Stepped
from likely.spaces import Image, Real, Tokens, Vector, label, reals
from likely.testing.case import SPACES, example_rows

ONE = GaussianMixture(components=1, passes=5)
SMALL = MLP(width=16, depth=1)
LOG_2PI = math.log(2 * math.pi)


def made(space, condition=None, family=Autoencoder, **fields):
    torch.manual_seed(0)
    return family(**{"latent": 2, "density": ONE, "network": SMALL} | fields).build(space, condition)


def learned(model, x, steps=300, rate=1e-2):
    optimizers = {name: torch.optim.Adam(p.module.parameters(), rate) for name, p in model.players().items()}
    for step in range(steps):
        for turn in model.turns(x, rng=Stepped(0, step)):
            optimizers[turn.player].zero_grad()
            turn.loss().backward()
            optimizers[turn.player].step()
    model.eval().conclude(x, rng=Keyed(1))
    return model


@pytest.mark.parametrize("family", [Autoencoder, DenoisingAutoencoder])
@pytest.mark.parametrize("name", [*SPACES, "tokens"])
def test_every_space(family, name):
    space = SPACES.get(name, Tokens(5, 6))
    network = None if isinstance(space, Tokens) else SMALL
    x = example_rows(space, 40, Keyed(1))
    model = made(space, family=family, network=network)
    assert all(isinstance(model, promise) for promise in (Reconstructs, Latent, Trained, Concludes))
    model.prepare(x, rng=Keyed(0))
    (turn,) = model.turns(x, rng=Stepped(0, 0))
    turn.loss().backward()
    model.conclude(x, rng=Keyed(1))
    drawn = model.sample(5, rng=Keyed(2))
    assert (drawn.dtype, drawn.shape[1:]) == (x.dtype, x.shape[1:])
    assert model.misfit(x).shape == (40,)
    assert torch.isfinite(model.misfit(x)).all()


def test_the_loss_is_half_the_squared_error_of_reals_and_masses_of_choices():
    x = torch.randn(20, 3)
    model = made(reals(3))
    squared = (x - model.decode(model.encode(x))).square().sum(1)
    torch.testing.assert_close(model.misfit(x), 0.5 * squared + 1.5 * LOG_2PI)
    (turn,) = model.turns(x, rng=Stepped(0, 0))
    torch.testing.assert_close(turn.loss(), model.misfit(x).mean())
    k = torch.randint(0, 3, (20, 1)).float()
    model = made(label(3))
    logits = model.coder.decoder(model.encode(k))
    torch.testing.assert_close(
        model.misfit(k), torch.nn.functional.cross_entropy(logits, k[:, 0].long(), reduction="none")
    )


def test_the_penalty_cannot_be_escaped_by_small_codes():
    z = torch.randn(5000, 3)
    assert _l1(z).item() == pytest.approx(3 * math.sqrt(2 / math.pi), rel=0.02)
    torch.testing.assert_close(_l1(1e-3 * z), _l1(z))
    rare = z * (torch.rand(5000, 3) < 0.05)
    assert _l1(rare) < 0.35 * _l1(z)
    assert _l1(torch.zeros(5, 2)) == 0


def test_a_price_on_codes_makes_them_rare():
    """Each number of a code is then far from 0 for fewer rows: its fourth moment over its squared second grows."""
    x = torch.eye(6).repeat(20, 1) + 0.05 * torch.randn(120, 6, generator=torch.Generator().manual_seed(0))
    plain, sparse = (learned(made(reals(6), latent=6, sparsity=s), x).encode(x) for s in (0.0, 0.3))
    assert _l1(sparse) < 0.8 * _l1(plain)


def test_no_code_is_better_than_principal_components_and_a_narrow_network_finds_them():
    """The oracle: with two numbers a linear decoder's least squared error is what the other components hold."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(400, 2, generator=generator) @ torch.randn(2, 5, generator=generator)
    x = x + 0.1 * torch.randn(400, 5, generator=generator)
    model = learned(made(reals(5), network=MLP(width=64, depth=1)), x, steps=800)
    left = torch.linalg.svdvals(x - x.mean(0))[2:].square().sum() / len(x) / 5
    assert float(model.spread) ** 2 == pytest.approx(float(left), rel=0.3)
    with torch.no_grad():
        drawn = model.sample(4000, rng=Keyed(3))
    torch.testing.assert_close(drawn.T.cov(), x.T.cov(), atol=0.25, rtol=0.15)


def test_residuals_of_cells_that_are_numbers_in_both():
    space = Vector((Real(atoms=(0.0,), missing=True), Real()))
    nan = float("nan")
    x = torch.tensor([[1.0, 2.0], [0.0, 2.0], [nan, 2.0], [3.0, nan]])
    mean = torch.tensor([[0.5, 1.0], [0.7, 1.0], [0.1, 1.0], [0.0, 1.0]])
    assert sorted(_gaps(x, mean, space).tolist()) == [0.5, 1.0, 1.0, 1.0]
    assert _gaps(torch.zeros(3, 1), torch.zeros(3, 1), label(2)).shape == (0,)


def test_missing_cells_cost_nothing_and_rows_of_nothing_else_are_read():
    x = torch.randn(8, 3)
    x[0] = float("nan")
    model = made(reals(3))
    assert model.misfit(x)[0] == 0
    model.conclude(torch.full((4, 3), float("nan")), rng=Keyed(0))
    assert float(model.spread) == 1
    assert torch.isfinite(model.sample(3, rng=Keyed(0))).all()


def test_a_row_s_misfit_does_not_depend_on_its_company():
    x = torch.randn(30, 3)
    model = made(reals(3)).eval()
    torch.testing.assert_close(model.misfit(x[7:9]), model.misfit(x)[7:9])


def test_a_law_of_codes_that_learns_by_gradient_takes_its_turns():
    x = torch.randn(200, 3)
    model = made(reals(3), density=RealNVP(depth=1, width=8))
    model.prepare(x, rng=Keyed(0))
    assert set(model.players()) == {"autoencoder", "prior: flow"}
    first, second = model.turns(x, rng=Stepped(0, 0))
    model.zero_grad()
    second.loss().backward()
    assert all(p.grad is None for p in model.coder.parameters())
    learned(model, x, steps=30)
    assert (first.player, second.player) == ("autoencoder", "prior: flow")


def test_other_laws_of_codes_and_of_rows():
    x = torch.randn(100, 3)
    model = learned(made(reals(3), density=FactorAnalysis(factors=1), law=Gaussian(0.1)), x, steps=20)
    assert model.sample(4, rng=Keyed(0)).shape == (4, 3)
    assert "FactorAnalysis" in model.caveat
    assert made(Image(1, 4, 4, 4), density=GAN(latent=2, codes=2)).sample(2, rng=Keyed(0)).shape == (2, 1, 4, 4)


@pytest.mark.parametrize("family", [Autoencoder, DenoisingAutoencoder])
@pytest.mark.parametrize("fields", [{"latent": 0}, {"sparsity": -1.0}, {"rate": 0.0}], ids=repr)
def test_fields_that_make_no_autoencoder(family, fields):
    with pytest.raises(FieldError, match=next(iter(fields))):
        family(**fields)


def test_an_open_law_of_codes_says_where_it_comes_from():
    with pytest.raises(FieldError, match="presets"):
        Autoencoder().build(reals(2))
