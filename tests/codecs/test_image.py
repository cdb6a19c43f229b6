import json

import numpy as np
import pytest
import torch

from likely.codecs.image import Binarise, ImageCodec
from likely.data.rows import Images
from likely.errors import Corrupt, EmptyData, WrongRows
from likely.rng import Keyed
from likely.spaces import Image

rng = np.random.default_rng(0)
COLOUR = Images(rng.integers(0, 256, (7, 5, 4, 3), dtype=np.uint8))
GREY = Images(rng.integers(0, 17, (300, 8, 8, 1), dtype=np.uint8), levels=17)


@pytest.mark.parametrize("images", [COLOUR, GREY])
def test_pictures_come_back(images):
    codec = ImageCodec.fit(images)
    cells = codec.encode(images)
    assert cells.x.shape == (len(images), *codec.space.shape)
    assert cells.x.dtype == torch.float32
    assert not cells.ladj.any()
    back = codec.decode(cells.x)
    np.testing.assert_array_equal(back.pixels, images.pixels)
    assert back.levels == images.levels
    np.testing.assert_array_equal(codec.decode(cells.x * 3).pixels.max(), images.levels - 1)


def test_space_and_measure():
    codec = ImageCodec.fit(COLOUR)
    assert codec.space == Image(3, 5, 4, 256)
    assert codec.measure == "mass of 5x4x3 pixels of 256 levels"


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (Images(np.zeros((2, 5, 5, 3), np.uint8)), "5 x 5 with 3 channels"),
        (Images(np.zeros((2, 5, 4, 1), np.uint8)), "1 channel"),
        (Images(np.zeros((2, 5, 4), np.uint8)), "shape"),
        (Images(np.zeros((2, 5, 4, 3), np.float32)), "float32"),
    ],
)
def test_other_pictures_are_refused(other, words):
    with pytest.raises(WrongRows, match=words):
        ImageCodec.fit(COLOUR).encode(other)


def test_levels_beyond_the_fitted_are_refused():
    pixels = GREY.pixels.copy()
    pixels[3, 2, 2, 0] = 17
    with pytest.raises(WrongRows, match="image 3 has a pixel of 17"):
        ImageCodec.fit(GREY).encode(Images(pixels, levels=17))
    with pytest.raises(EmptyData):
        ImageCodec.fit(GREY.take(np.zeros(0, int)))


def test_a_threshold_makes_black_and_white():
    codec = ImageCodec.fit(GREY, binarise=Binarise.THRESHOLD)
    x = codec.encode(GREY).x
    assert codec.space == Image(1, 8, 8, 2)
    np.testing.assert_array_equal(x[:, 0].numpy(), GREY.pixels[..., 0] >= 8.5)
    assert codec.decode(x).levels == 2


def test_dynamic_binarisation_is_redrawn_for_batches_and_fixed_for_scores():
    codec = ImageCodec.fit(GREY, binarise=Binarise.DYNAMIC)
    fixed = codec.encode(GREY).x
    assert set(fixed.unique().tolist()) == {0.0, 1.0}
    order = np.arange(len(GREY))[::-1]
    assert torch.equal(codec.encode(GREY.take(order)).x, fixed.flip(0))  # a picture's draw is its own
    grey = codec.intensities(GREY)
    draws = torch.stack([codec.redraw(grey, rng=Keyed(0, draw)) for draw in range(400)])
    assert (draws.mean(0) - grey).abs().max() < 0.15
    assert (fixed.mean() - grey.mean()).abs() < 0.02
    u, ladj = codec.lift().up(grey, rng=Keyed(0))
    assert torch.equal(u, draws[0])
    assert not ladj.any()


@pytest.mark.parametrize("binarise", [None, *Binarise])
def test_parts_rebuild_the_codec(binarise):
    codec = ImageCodec.fit(GREY, binarise=binarise)
    again = ImageCodec.from_parts(json.loads(json.dumps(codec.parts())))
    assert again.parts() == codec.parts()
    assert again.space == codec.space
    assert torch.equal(again.encode(GREY).x, codec.encode(GREY).x)


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": 0},
        {"height": -1},
        {"height": 2**20, "width": 2**20},
        {"levels": 1000},
        {"levels": 2.5},
        {"binarise": "maybe"},
        {"binarise": []},
        {"more": 1},
    ],
)
def test_hostile_parts_are_refused(wrong):
    with pytest.raises(Corrupt):
        ImageCodec.from_parts(ImageCodec.fit(GREY).parts() | wrong)
