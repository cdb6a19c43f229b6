"""Canvases: places and their planes, and what cannot be laid out."""

import pytest
import torch

from likely.backbones.trunk import Walk
from likely.contracts import Sharpness
from likely.distributions import DiscretisedLogistic
from likely.errors import FieldError
from likely.raster import canvas_of
from likely.raster.canvas import Picture, Row
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector

MIXED = Vector((Real(), Real(atoms=(0.0,), missing=True), Count(), Category(3), Category(2, missing=True)))


def made(space, law=None, patch=1):
    torch.manual_seed(0)
    return canvas_of(space, law, width=6, hidden=5, patch=patch, family="Example")


class Script(Walk):
    """Says the same of every place and keeps what it is let know."""

    def __init__(self, rows):
        self.rows, self.known = rows, []

    def says(self):
        return torch.full((self.rows, 6), 0.3)

    def know(self, planes):
        self.known.append(planes)

    def pick(self, rows):
        self.rows = len(rows)


@pytest.mark.parametrize("patch", [1, 2])
@pytest.mark.parametrize("law", [None, DiscretisedLogistic(2)], ids=["choices", "coupled"])
def test_a_picture_is_its_places(patch, law):
    canvas = made(Image(3, 4, 6, 8), law, patch)
    assert isinstance(canvas, Picture)
    assert (canvas.inputs, canvas.size) == (3 * patch**2, (4 // patch, 6 // patch))
    walk = Script(5)
    with torch.no_grad():
        x = canvas.draw(5, walk, sharpness=Sharpness(), rng=Keyed(0))
    assert x.shape == (5, 3, 4, 6)
    torch.testing.assert_close(torch.stack(walk.known, 2), canvas.planes(x).flatten(2))
    assert canvas.planes(torch.full((1, 3, 4, 6), 7.0)).eq(1).all()
    assert canvas.planes(torch.full((1, 3, 4, 6), float("nan"))).eq(0).all()


def test_a_patch_holds_its_pixels_in_order():
    x = torch.arange(16.0).view(1, 1, 4, 4)
    canvas = made(Image(1, 4, 4, 16), patch=2)
    assert (canvas.planes(x)[0, :, 0, 1] * 7.5 + 7.5).tolist() == pytest.approx([2, 3, 6, 7])


def test_a_row_is_its_columns():
    canvas, walk = made(MIXED), Script(7)
    assert isinstance(canvas, Row)
    with torch.no_grad():
        x = canvas.draw(7, walk, sharpness=Sharpness(), rng=Keyed(0))
    assert x.shape == (7, 5)
    torch.testing.assert_close(torch.stack(walk.known, 2), canvas.planes(x).flatten(2))


def test_what_cannot_be_laid_out_is_refused():
    for space in (Tokens(4, 3), Series(1, 4), Image(1, 2, 2, None)):
        with pytest.raises(FieldError, match="Example cannot model"):
            made(space)
    with pytest.raises(FieldError, match="is of pixels"):
        made(MIXED, DiscretisedLogistic())
    with pytest.raises(FieldError, match="do not fill"):
        made(Image(1, 5, 4, 2), patch=2)
