import hashlib

import numpy as np

from likely.data.shapes import COLOURS, shapes


def test_drawings_depend_on_n_and_seed_alone() -> None:
    first = shapes(40, 1)
    np.testing.assert_array_equal(first.pixels, shapes(40, 1).pixels)
    assert not np.array_equal(first.pixels, shapes(40, 2).pixels)
    assert hashlib.sha256(shapes(5, 0).pixels.tobytes()).hexdigest()[:16] == "c9335616da4c229b"


def test_the_caption_says_the_facts() -> None:
    images = shapes(300)
    assert images.pixels.shape == (300, 32, 32, 3)
    assert images.about.schema["caption"].kind == "text"
    row = images.about.frame.iloc[0]
    assert row["caption"].startswith(f"{row['count']} {row['size']} {row['colour']} {row['shape']}")
    assert images.about.frame["caption"].nunique() > 200


def test_the_pixels_show_the_facts() -> None:
    images = shapes(2000)
    facts = images.about.frame
    pixels = images.pixels.astype(float)
    ink = np.abs(pixels - pixels[:, :1, :1]).max(-1) > 60
    area = ink.sum((1, 2))
    for count, fewer in (("two", "one"), ("three", "two")):
        assert area[facts["count"] == count].mean() > 1.3 * area[facts["count"] == fewer].mean()
    assert area[facts["size"] == "large"].mean() > 2 * area[facts["size"] == "small"].mean()
    rows = np.arange(32)
    height = (ink.sum(2) * rows).sum(1) / area
    across = (ink.sum(1) * rows).sum(1) / area
    assert (height[facts["place"] == "top left"] < 15).all()
    assert (height[facts["place"] == "bottom right"] > 16).all()
    assert (across[facts["place"] == "bottom right"] > 16).all()
    for name, colour in COLOURS.items():
        mine = np.flatnonzero(facts["colour"] == name)
        seen = np.array([np.median(pixels[place][ink[place]], axis=0) for place in mine])
        assert np.abs(np.median(seen, axis=0) - colour).max() < 25
