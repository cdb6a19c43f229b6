"""Operators: transposes, axes and pseudo-inverses by their laws; blurs and JPEGs beside other libraries' own."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from likely.diffusion import JPEG, Blur, Colourise, Downsample, Mask, Matrix
from likely.errors import FieldError
from likely.rng import Keyed

PICTURE = (3, 8, 12)


def numbers(*shape, seed=0):
    return Keyed(seed).normal(shape, like=torch.zeros(1, dtype=torch.float64))


LINEAR = {  # with the shape of the rows
    "mask": (Mask(numbers(*PICTURE) > 0.3), PICTURE),
    "mask a row": (Mask(numbers(5, 6) > 0), (6,)),
    "mask of nothing": (Mask(torch.zeros(6, dtype=torch.bool)), (6,)),
    "blur": (Blur(1.5), PICTURE),
    "blur beyond the picture": (Blur(6.0), PICTURE),
    "downsample": (Downsample(4), PICTURE),
    "colourise": (Colourise(), PICTURE),
    "matrix": (Matrix(numbers(3, 6)), (6,)),
    "matrix that repeats itself": (Matrix(numbers(2, 6).repeat(3, 1)), (6,)),
    "matrix of pictures": (Matrix(numbers(4, 24), (1, 4, 6)), (1, 4, 6)),
}


@pytest.fixture(params=LINEAR, ids=lambda name: name.replace(" ", "-"))
def case(request):
    operator, shape = LINEAR[request.param]
    return operator, numbers(5, *shape, seed=1)


def dot(a, b):
    return (a * b).flatten(1).sum(1)


def test_the_adjoint_is_the_transpose(case):
    operator, x = case
    y = operator.forward(x)
    other = numbers(*y.shape, seed=2)
    assert torch.allclose(dot(y, other), dot(x, operator.adjoint(other)))
    assert operator.adjoint(y).shape == x.shape


def test_the_axes_are_those_of_the_observations(case):
    """A A' y = U a U' y, and U turns back what it turned."""
    operator, x = case
    y = numbers(*operator.forward(x).shape, seed=3)
    along, gain = operator.turned(y)
    assert torch.allclose(operator.back(gain * along), operator.forward(operator.adjoint(y)), atol=1e-9)
    if not isinstance(operator, Mask):  # whose unknown cells are no observations
        assert torch.allclose(operator.back(along), y)


def test_the_pseudo_inverse_keeps_its_laws(case):
    """A A+ A = A;  A+ A A+ = A+;  A+ A and A A+ symmetric."""
    operator, x = case
    y = operator.forward(x)
    back = operator.inverse(y)
    assert torch.allclose(operator.forward(back), y, atol=1e-5)
    assert torch.allclose(operator.inverse(operator.forward(back)), back, atol=1e-5)
    other, seen = numbers(*x.shape, seed=4), numbers(*y.shape, seed=5)
    assert torch.allclose(dot(back, other), dot(x, operator.inverse(operator.forward(other))), atol=1e-5)
    told = operator.forward(operator.inverse(seen))
    assert torch.allclose(dot(told, y), dot(seen, operator.forward(operator.inverse(y))), atol=1e-3)


def test_rows_may_stand_in_any_number_of_dimensions(case):
    operator, x = case
    both = torch.stack([x, 2 * x])
    y = operator.forward(both)
    assert torch.allclose(y[1], 2 * operator.forward(x))
    assert torch.allclose(operator.inverse(y)[1], 2 * operator.inverse(y[0]))


def test_float32_stays_itself(case):
    operator, x = case
    y = operator.forward(x.float())
    assert y.dtype == operator.adjoint(y).dtype == operator.inverse(y).dtype == torch.float32


def test_a_blur_is_the_mirrored_gaussian_filter():
    x = numbers(1, 1, 9, 14)
    wanted = gaussian_filter(x[0, 0].numpy(), 1.3, mode="reflect", radius=round(4 * 1.3))
    assert np.allclose(Blur(1.3).forward(x)[0, 0].numpy(), wanted)
    flat = torch.full((1, 1, 5, 5), 0.7, dtype=torch.float64)
    assert torch.allclose(Blur(3.0).forward(flat), flat)


def test_downsampling_is_the_mean_of_squares():
    x = numbers(2, 3, 6, 9)
    assert torch.allclose(Downsample(3).forward(x), torch.nn.functional.avg_pool2d(x, 3))


def test_grey_is_the_channels_sum():
    x = numbers(2, 3, 4, 4)
    assert torch.allclose(Colourise((0.2, 0.3, 0.5)).forward(x)[:, 0], 0.2 * x[:, 0] + 0.3 * x[:, 1] + 0.5 * x[:, 2])


# JPEG ----------------------------------------------------------------------------------------------------------------


def smooth(channels, height, width):
    """A picture of levels far from black and white, so that nothing is clipped."""
    noise = numbers(channels, height, width).numpy()
    blurred = np.stack([gaussian_filter(channel, 2.0) for channel in noise])
    return np.rint(128 + 40 * blurred / np.abs(blurred).max()).astype(np.uint8)


def shown(levels, quality):
    """What another library's JPEG shows, chroma at full size."""
    picture = Image.fromarray(levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, subsampling=0)
    back = np.asarray(Image.open(file), dtype=np.float64)
    return back[None] if back.ndim == 2 else back.transpose(2, 0, 1)


@pytest.mark.parametrize(("channels", "height", "width"), [(1, 16, 24), (3, 24, 16), (1, 13, 18)])
@pytest.mark.parametrize("quality", [10, 50, 90])
def test_a_jpeg_is_a_jpeg(channels, height, width, quality):
    levels = smooth(channels, height, width)
    ours = JPEG(quality).forward((torch.from_numpy(levels).double()[None] + 0.5) / 128 - 1)
    ours = (ours[0] + 1) * 128 - 0.5
    apart = np.abs(ours.numpy() - shown(levels, quality))
    assert apart.mean() < 1.0  # levels, which the other one rounds
    assert apart.max() < (3 if channels == 1 else 8)  # the other one rounds chroma to levels, too


def test_less_quality_is_farther_from_the_picture():
    x = numbers(1, 1, 16, 16) / 3
    errors = [float((JPEG(quality).forward(x) - x).square().mean()) for quality in (5, 30, 80, 100)]
    assert errors == sorted(errors, reverse=True)


def test_the_derivative_is_the_surrogate_s():
    """Rounding taken for the identity, a JPEG changes nothing: its derivative is the identity."""
    for channels in (1, 3):
        x = (numbers(2, channels, 8, 16) / 3).requires_grad_()
        y, pull = JPEG(20).forward(x), numbers(2, channels, 8, 16, seed=6)
        (slope,) = torch.autograd.grad(y, x, pull)
        assert not torch.allclose(y, x, atol=0.05)
        assert torch.allclose(slope, pull, atol=1e-5)


@pytest.mark.parametrize(
    ("told", "say"),
    [
        (lambda: Blur(0.0), "no kernel"),
        (lambda: Downsample(0), "factor"),
        (lambda: Downsample(3).forward(torch.zeros(1, 1, 8, 8)), "8 pixels"),
        (lambda: Colourise((0.0, 0.0)), "weight"),
        (lambda: Colourise().forward(torch.zeros(1, 1, 8, 8)), "1 channels"),
        (lambda: JPEG(0), "quality"),
        (lambda: JPEG().forward(torch.zeros(1, 2, 8, 8)), "2"),
    ],
)
def test_what_cannot_be_is_refused(told, say):
    with pytest.raises(FieldError, match=say):
        told()
