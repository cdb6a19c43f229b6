"""Small images are drawn whole, large ones and rows are not."""

import torch

from likely.backbones import MLP, denoiser, whole
from likely.backbones.denoiser import FlatDenoiser, ImageDenoiser
from likely.spaces import Image, reals


def test_only_a_small_image_is_whole():
    layers = MLP(width=8)
    assert whole(Image(1, 16, 16, None), layers) is layers
    assert whole(Image(1, 16, 17, None), layers) is None
    assert whole(reals(3), layers) is None


def test_a_denoiser_of_digits_is_flat_and_of_larger_images_a_unet():
    assert isinstance(denoiser(Image(1, 8, 8, None)), FlatDenoiser)
    assert isinstance(denoiser(Image(1, 28, 28, None)), ImageDenoiser)
    x = torch.randn(2, 1, 8, 8)
    assert denoiser(Image(1, 8, 8, None))(x, torch.zeros(2)).shape == x.shape
