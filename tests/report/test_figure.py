"""What is drawn: grids of pictures, columns, points, intervals."""

import io
import xml.etree.ElementTree as tree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from likely.data import Images, Table, read
from likely.report import figure


def opened(png):
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture)


def shapes(drawing):
    """The drawing parsed as XML, by kind of shape."""
    found = {}
    for node in tree.fromstring(f"<all>{drawing}</all>").iter():
        found.setdefault((node.tag, node.get("class")), []).append(node)
    return found


@pytest.mark.parametrize(("count", "channels"), [(1, 1), (7, 3), (25, 1)])
def test_a_grid_shows_every_picture_enlarged_with_clear_gaps(count, channels):
    pixels = np.random.default_rng(0).integers(0, 17, (count, 8, 8, channels)).astype(np.uint8)
    drawn = opened(figure.grid(Images(pixels, 17)))
    across, down = min(count, 10), -(-count // 10)
    assert drawn.shape == (down * 36 - 4, across * 36 - 4, channels + 1)
    np.testing.assert_array_equal(drawn[:32:4, :32:4, 0], np.rint(pixels[0, :, :, 0] * (255 / 16)))
    assert (drawn[:32, :32, -1] == 255).all()
    assert across == 1 or (drawn[:32, 32:36, -1] == 0).all()


def test_many_pictures_are_cut_to_a_hundred():
    drawn = opened(figure.grid(Images(np.zeros((300, 32, 32, 3), np.uint8))))
    assert drawn.shape == (10 * 33 - 1, 10 * 33 - 1, 4)


def test_a_row_is_a_class_where_there_are_enough(pictures):
    real, drawn = pictures
    said = figure.by_class(real).about.frame["label"].to_numpy()
    np.testing.assert_array_equal(said, np.repeat(np.arange(10), 10))
    assert figure.by_class(drawn) is drawn
    few = real.take(range(0, 120, 3))
    assert figure.by_class(few) is few


def test_captions_are_no_classes():
    about = read(pd.DataFrame({"caption": [f"picture {i} of many things" for i in range(30)]}))
    images = Images(np.zeros((30, 8, 8, 1), np.uint8), 256, about)
    assert figure.by_class(images) is images


def test_columns_are_drawn_each_in_its_way(tables):
    real, drawn = tables
    found = shapes(figure.columns(drawn, real))
    assert len(found["text", "title"]) == figure.COLUMNS_SHOWN
    assert found["rect", "real"]
    assert found["path", "drawn"]
    assert found["line", "drawn"]
    words = [node.text for nodes in found.values() for node in nodes if node.text]
    assert "2020-01-01" in words or "2020-01-02" in words
    assert sum(word == "missing" for word in words) >= 2  # of a number and of a category
    assert figure.left_out(real) == 3


def test_ends_of_axes_are_written_out(tables):
    real, _ = tables
    assert [figure._told(value, real, real.schema.names[0]) for value in (2712.5, 34.63, 0.00123, 2.5e7)] == [
        "2710", "34.6", "0.00123", "2.5e+07",
    ]  # fmt: skip


def test_one_bin_a_value_where_there_are_few_whole_ones():
    edges, ends = figure._edges(np.array([0.0, 1.0, 1.0, 4.0]))
    np.testing.assert_array_equal(edges, [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5])
    assert ends == (0.0, 4.0)
    assert len(figure._edges(np.linspace(0, 1, 50))[0]) == figure.BINS + 1
    assert len(figure._edges(np.array([0.25]))[0]) == figure.BINS + 1


def test_samples_that_are_all_missing_or_far_away_are_still_drawn():
    real = read(pd.DataFrame({"x": np.arange(40) / 7, "y": np.arange(40) % 9 / 7, "c": ["u", "v"] * 20}))
    for value in (np.nan, 1e300, np.inf):
        drawing = str(figure.columns(Table(real.frame.assign(x=value), real.schema), real))
        assert "nan" not in drawing
        assert "inf" not in drawing
    gone = Table(real.frame.assign(x=np.nan), real.schema)
    assert "nothing but missing" in str(figure.columns(real, gone))


def test_a_plane_is_drawn_as_points():
    real = read("moons")
    found = shapes(figure.picture_of(real.take(range(100)), real))
    assert len(found["path", "dots real"]) == len(found["path", "dots drawn"]) == 1


def test_a_sheet_of_pictures_stays_within_its_room():
    pixels = np.random.default_rng(0).integers(0, 256, (100, 64, 64, 3)).astype(np.uint8)
    for room in (400_000, 60_000, 8_000):
        assert len(figure.within(Images(pixels), room)) * 4 / 3 < room
    assert opened(figure.within(Images(pixels[:, :8, :8]), 400_000)).shape[:2] == (10 * 36 - 4, 10 * 36 - 4)
