"""What goes together as an autoencoder and the law of its codes."""

import pytest

from likely.contracts import Latent
from likely.errors import FieldError
from likely.families.diffusion import Diffusion
from likely.families.latent_diffusion import LatentDiffusion
from likely.families.vae import VAE
from likely.objectives.composed import composed
from likely.spaces import reals


def test_two_models_are_built_and_an_open_field_is_named():
    autoencoder, law = composed(LatentDiffusion(autoencoder=VAE(latent=3), denoiser=Diffusion(steps=2)), reals(4), None)
    assert isinstance(autoencoder, Latent)
    assert law.codes == autoencoder.codes == reals(3)
    with pytest.raises(FieldError, match="denoiser is open"):
        composed(LatentDiffusion(autoencoder=VAE(latent=3)), reals(4), None)
