"""The coder: its laws add up to 1, what is simple costs little, noise costs all, and it beats PNG's own."""

import io

import numpy as np
import pytest
from PIL import Image

import likely
from likely.apps.coder import _cost, nats_of


@pytest.mark.parametrize("levels", [2, 17, 256])
@pytest.mark.parametrize("mean", [0.001, 0.7, 40.0])
def test_every_pixel_s_law_adds_up(levels, mean):
    x = np.arange(levels)
    for guess in {0, 1, levels // 2, levels - 1}:
        nats = _cost(x, np.full(levels, guess), np.full(levels, mean), levels)
        assert np.isclose(np.exp(-nats).sum(), 1)


def test_nothing_of_what_comes_later_is_used():
    chance = np.random.default_rng(0)
    one = chance.integers(0, 256, (1, 6, 5, 1))
    other = one.copy()
    other[0, 3:] = 255 - other[0, 3:]
    above = nats_of(one[:, :3], 256), nats_of(other[:, :3], 256)
    assert above[0] == above[1]
    assert nats_of(one, 256) > above[0]


def test_simple_pictures_cost_little_and_noise_all_it_has():
    chance = np.random.default_rng(0)
    flat = np.full((1, 28, 28, 1), 90, dtype=np.uint8)
    steps = np.tile(np.arange(28, dtype=np.uint8)[None, None, :, None] * 9, (1, 28, 1, 1))
    noise = chance.integers(0, 256, (1, 28, 28, 1), dtype=np.uint8)
    costs = [float(nats_of(each, 256)[0]) for each in (flat, steps, noise)]
    assert costs[0] < costs[1] < costs[2]
    assert costs[0] < 25
    assert abs(costs[2] / (784 * np.log(256)) - 1) < 0.06


def test_each_picture_and_channel_by_itself():
    pixels = likely.read("digits").pixels[:30]
    whole = nats_of(pixels, 17)
    assert np.allclose(whole, [nats_of(each[None], 17)[0] for each in pixels])
    assert np.allclose(nats_of(np.repeat(pixels, 3, -1), 17), 3 * whole)


def test_shorter_than_a_png_of_many_pictures():
    pixels = likely.read("digits").pixels[:200]
    sheet = np.concatenate(pixels[:, :, :, 0]).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG", optimize=True)
    assert nats_of(pixels, 17).sum() / np.log(2) < 1.1 * 8 * len(file.getvalue())
