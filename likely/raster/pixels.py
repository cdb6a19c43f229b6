r"""What each pixel of a picture adds to its log p, and what the model itself expects it to add.

    log p(x) = sum_i l_i,   l_i = log p(x_i | x_{<i})                                                                (1)
    h_i = E[log p(y | x_{<i})],   v_i = Var[log p(y | x_{<i})],   y ~ p(. | x_{<i})                                  (2)
    z = sum_i (h_i - l_i) / sqrt(sum_i v_i)                                                                          (3)

The terms h_i - l_i are a martingale's steps: of rows that the model draws (3) has mean 0 and variance 1, however simple
or rich they are. It is what a picture has of surprise beyond what its own beginnings announce. (2) is estimated by
draws of every pixel's law, the pixels before it being those of x.

Further Analysis of Outlier Detection with Deep Generative Models (Wang et al., 2020), arXiv:2010.13064
"""

from typing import NamedTuple

import torch
from torch import Tensor

from likely.backbones.decoder import context_of
from likely.distributions.columnwise import Dealt
from likely.raster.canvas import Picture
from likely.raster.raster import Raster
from likely.rng import Rng

DRAWS = 16  # of every pixel's law


class PixelTerms(NamedTuple):
    """Of every cell of pictures, (B, C, H, W) each."""

    told: Tensor  # l
    expected: Tensor  # h
    variance: Tensor  # v

    @property
    def surprise(self) -> Tensor:
        """(3), (B,)."""
        apart, variance = (part.flatten(1).double().sum(1) for part in (self.expected - self.told, self.variance))
        return apart / variance.clamp(min=torch.finfo(torch.float64).tiny).sqrt()


@torch.no_grad()
def pixel_terms(model: Raster, x: Tensor, c: Tensor | None = None, *, rng: Rng, draws: int = DRAWS) -> PixelTerms:
    """(1) and (2) of pictures; one pass through the network, and `draws` of every pixel."""
    canvas, reading = model.reading.canvas, model.reading
    assert isinstance(canvas, Picture)
    law, planes = canvas.pixel.law, canvas.planes(x)
    parameters = canvas.parameters_of(planes, reading.trunk(planes, context_of(reading.reader, c)))
    each = []
    for _ in range(draws):
        noise = rng.uniform((len(x), len(parameters) // len(x) * canvas.pixel.noise), like=x)
        y = law.sample(parameters, rng=Dealt(noise.reshape(len(parameters), -1)))
        each.append(law.cell_log_prob(y, parameters))
    drawn = torch.stack(each)
    said = law.cell_log_prob(canvas.pixels_of(x), parameters), drawn.mean(0), drawn.var(0)  # (1), (2)
    return PixelTerms(*(canvas.laid(part, len(x)) for part in said))
