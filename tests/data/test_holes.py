"""Pictures with unknown parts: transparent, NaN, or under a hole; what is known keeps its levels."""

import numpy as np
import pytest
import torch
from PIL import Image

from likely.data import Images, holed
from likely.errors import WrongRows

GREY = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)


def test_nan_is_unknown():
    given = GREY.astype(float)
    given[2:] = np.nan
    for source in (given, given[None], given[None, ..., None], torch.tensor(given[None])):
        images, unknown = holed(source, levels=256, channels=1)
        assert unknown.shape == images.pixels.shape == (1, 4, 6, 1)
        assert unknown[0, 2:].all()
        assert not unknown[0, :2].any()
        assert np.array_equal(images.pixels[0, :2, :, 0], GREY[:2])


def test_what_is_not_opaque_is_unknown(tmp_path):
    alpha = np.full(GREY.shape, 255, dtype=np.uint8)
    alpha[:, 4:] = [[0, 130]]
    Image.fromarray(np.stack([GREY, GREY, GREY, alpha], -1)).save(tmp_path / "a.png")
    Image.fromarray(np.stack([GREY, alpha], -1), "LA").save(tmp_path / "b.png")
    for source in (tmp_path / "a.png", str(tmp_path / "b.png"), tmp_path):
        images, unknown = holed(source, levels=256, channels=1)
        assert (unknown[..., 0] == (alpha < 255)).all()
        assert np.array_equal(images.pixels[0, :, :4, 0], GREY[:, :4])


def test_of_colours_too(tmp_path):
    colours = np.stack([GREY, GREY + 5, GREY + 10, np.where(GREY < 100, 255, 0)], -1).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "a.png")
    for source in (tmp_path / "a.png", colours[None]):
        images, unknown = holed(source, levels=256, channels=3)
        assert images.pixels.shape == unknown.shape == (1, 4, 6, 3)
        assert np.array_equal(images.pixels[~unknown], colours[None, ..., :3][~unknown])


def test_a_hole_is_true_or_white(tmp_path):
    hole = np.zeros((4, 6), dtype=bool)
    hole[1, 2] = True
    Image.fromarray(hole.astype(np.uint8) * 255).save(tmp_path / "hole.png")
    images = Images(np.stack([GREY, GREY])[..., None])
    for told in (hole, hole[None], np.stack([hole, hole]), tmp_path / "hole.png"):
        assert (holed(images, told, levels=256, channels=1)[1][..., 0] == hole).all()


def test_levels_are_those_of_the_model(tmp_path):
    black = np.where(GREY > 100, 255, 0).astype(np.uint8)
    Image.fromarray(black).save(tmp_path / "black.png")
    hole = np.ones((4, 6), dtype=bool)
    assert holed(tmp_path / "black.png", hole, levels=256, channels=1)[0].pixels.max() == 255
    assert holed(tmp_path / "black.png", hole, levels=17, channels=1)[0].pixels.max() == 16
    dark = Images(GREY[None, :, :, None] // 16, 17)
    assert np.array_equal(holed(dark, hole, levels=17, channels=1)[0].pixels, dark.pixels)


@pytest.mark.parametrize(
    ("source", "hole", "say"),
    [
        (GREY[None], None, "nothing of these pictures"),
        (GREY[None], np.zeros((4, 6), dtype=bool), "nothing of these pictures"),
        (GREY[None], np.ones((4, 5), dtype=bool), "4 x 5"),
        (GREY[None], np.ones((2, 4, 6), dtype=bool), "2 of 1 pictures"),
        ("iris", None, "a table"),
    ],
)
def test_what_does_not_fit_is_refused(source, hole, say):
    with pytest.raises(WrongRows, match=say):
        holed(source, hole, levels=256, channels=1)
