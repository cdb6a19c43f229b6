"""A VAE has a posterior and emits rows; with its own prior the two make its own bound."""

import math

import torch

from likely.backbones import MLP
from likely.families.autoencoder import Autoencoder
from likely.families.vae import VAE
from likely.objectives import Emits, Infers
from likely.presets import composed
from likely.rng import Keyed
from likely.spaces import Category, Image, Real, Vector

SPACE = Vector((Real(), Category(3)))


def test_the_parts_of_a_vae_make_its_own_bound():
    torch.manual_seed(0)
    model, x = VAE(latent=2, network=MLP(width=8)).build(SPACE).double(), torch.tensor([[0.3, 1.0]]).double()
    x = x.expand(20000, 2)
    with torch.no_grad():
        found = model.infer(x, rng=Keyed(0))
        prior = -0.5 * found.z.square().sum(1) - math.log(2 * math.pi)
        parts = model.log_likelihood(x, found.z) + prior - found.log_q
        whole = model.elbo(x, rng=Keyed(1)).value
    torch.testing.assert_close(parts.mean(), whole.mean(), atol=0.02, rtol=0)


def test_rows_are_drawn_of_codes_of_any_shape():
    model = VAE(latent=2, grid=2).build(Image(1, 6, 6, 4))
    drawn = model.emit(torch.randn(3, *model.codes.shape), rng=Keyed(0))
    assert isinstance(model, Infers)
    assert drawn.shape == (3, 1, 6, 6)
    told = composed(Autoencoder(latent=2)).build(SPACE)
    assert isinstance(told, Emits)
    assert not isinstance(told, Infers)
    assert told.emit(torch.randn(5, 2), rng=Keyed(0)).shape == (5, 2)
