r"""Guidance: a denoiser around a denoiser, usable by every sampler.

    Guided       D(x_t) + w (D(x_t; c) - D(x_t))  at levels in (low, high], D(x_t; c) at others          (1)
                 times r std D(x_t; c) / std (1) + 1 - r, so that no row is spread wider by guidance    (2) rescale r
    Autoguided   V(x_t; c) + w (D(x_t; c) - V(x_t; c)),   V a weaker model of the same                   (3)
    Classified   D(x_t) + w sigma^2 grad log p(c | x_t)                                                 (4)
    Embedded     D(x_t) + w sigma^2 grad f(x_t, c),   f how well a noised row and c go together          (5)

D(x_t) sees the null condition in (1), every cell missing, and none in (4) and (5). By Bayes' rule (4) with w = 1 is
D(x_t; c), and for any w it is (1); (5) is, too, where f is log p(c | x_t) but for a term in c alone, as InfoNCE has it
in the end. At its level each is the exact denoiser's score of p(x_t) p(c | x_t)^w. That law is not p(x) p(c | x)^w with
noise added, so with w above 1 samples do not follow p(x) p(c | x)^w: of Gaussians they come out too far on the side of
c and too narrow, which tests/diffusion/test_guidance.py measures. (3) with Gaussians of spreads s and v ends at
s (s / v)^{w - 1}: what the weaker one smears is drawn in.

Ho & Salimans (2022), arXiv:2207.12598; Kynkäänniemi et al. (2024), arXiv:2404.07724; Lin et al. (2023),
arXiv:2305.08891; Karras et al. (2024), arXiv:2406.02507; Dhariwal & Nichol (2021), arXiv:2105.05233
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Tensor

from likely.diffusion.flow import beside
from likely.diffusion.sampler import Denoiser
from likely.errors import FieldError
from likely.spaces import absent

Agreement = Callable[[Tensor, Tensor, Tensor], Tensor]  # f(x_t, sigma, c): one value a row, smooth in x_t
Likeness = Callable[[Tensor, Tensor], Tensor]  # the same of clean rows: similarity(x, c)


@final
@dataclass(frozen=True)
class Guided:
    """Classifier-free guidance: one call of the denoiser on the rows twice, with and without their condition."""

    denoiser: Denoiser
    scale: float = 1.0  # 1 follows p(x | c); more is more typical of c, and less varied
    low: float = 0.0  # levels up to this one are left alone: fine detail, which guidance coarsens
    high: float = math.inf  # and those above: there guidance chooses among few, and takes variety
    rescale: float = 0.0  # how far a row's spread is drawn back to what it is without guidance: 1 wholly

    def __post_init__(self) -> None:
        check_scale(self.scale)
        check_interval(self.low, self.high)
        if not 0 <= self.rescale <= 1:
            raise FieldError(f"guidance is rescaled by {self.rescale}", expected="a share from 0 to 1; 0.7 is usual")

    def __call__(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        if c is None or self.scale == 1:
            return self.denoiser(x_t, sigma, c)
        inside = None if (self.low, self.high) == (0.0, math.inf) else (sigma > self.low) & (sigma <= self.high)
        if inside is not None and not inside.any():  # what waits for an accelerator, where an interval is asked for
            return self.denoiser(x_t, sigma, c)
        both = self.denoiser(torch.cat([x_t, x_t]), torch.cat([sigma, sigma]), torch.cat([c, absent(c)]))
        given, null = both.chunk(2)
        led = self._rescaled(null + self.scale * (given - null), given)  # (1)
        return led if inside is None else torch.where(beside(inside, x_t), led, given)

    def _rescaled(self, led: Tensor, given: Tensor) -> Tensor:
        if self.rescale == 0:
            return led
        wide, usual = (each.flatten(1).std(1, correction=0) for each in (led, given))
        times = torch.where(wide > 0, usual / torch.where(wide > 0, wide, 1.0), 1.0)
        return beside(self.rescale * times + 1 - self.rescale, led) * led  # (2)


@final
@dataclass(frozen=True)
class Autoguided:
    """Guidance by a model's own weaker self: smaller, or less trained. It needs no condition."""

    denoiser: Denoiser
    weaker: Denoiser
    scale: float = 1.0  # 1 is the denoiser alone; more goes away from what the weaker one smears

    def __post_init__(self) -> None:
        check_scale(self.scale)

    def __call__(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        strong = self.denoiser(x_t, sigma, c)
        if self.scale == 1:
            return strong
        weak = self.weaker(x_t, sigma, c)
        return weak + self.scale * (strong - weak)  # (3)


@final
@dataclass(frozen=True)
class Classified:
    """Guidance by a classifier of noised rows; the denoiser itself is told nothing."""

    denoiser: Denoiser
    classifier: Agreement  # log p(c | x_t)
    scale: float = 1.0  # 1 follows p(x | c) as the classifier has it; more is more typical of c, and less varied

    def __post_init__(self) -> None:
        check_scale(self.scale)

    def __call__(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        return _led(self.denoiser, self.classifier, self.scale, x_t, sigma, c)  # (4)


@final
@dataclass(frozen=True)
class Embedded:
    """Guidance by a joint embedding of noised rows and conditions, as CLIP's; the denoiser itself is told nothing."""

    denoiser: Denoiser
    similarity: Agreement  # f(x_t, c), over its temperature
    scale: float = 1.0  # 1 follows p(x | c) as InfoNCE has it in the end; more is more typical of c, and less varied

    def __post_init__(self) -> None:
        check_scale(self.scale)

    def __call__(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        return _led(self.denoiser, self.similarity, self.scale, x_t, sigma, c)  # (5)


def seen_clean(denoiser: Denoiser, similarity: Likeness) -> Agreement:
    """f(x_t, c) = similarity(D(x_t), c), for a model that has only seen clean rows.

    Any function of clean rows will do, as the logits of somebody's own CLIP weights. It takes the mean of the clean
    rows for all of them, and so is surer at high levels than it should be.
    """
    return lambda x_t, sigma, c: similarity(denoiser(x_t, sigma, None), c)


def _led(
    denoiser: Denoiser, agreement: Agreement, scale: float, x_t: Tensor, sigma: Tensor, c: Tensor | None
) -> Tensor:
    clean = denoiser(x_t, sigma, None)
    if c is None or scale == 0:
        return clean
    return clean + scale * beside(sigma, x_t) ** 2 * slope(agreement, x_t, sigma, c)


def slope(agreement: Agreement, x_t: Tensor, sigma: Tensor, c: Tensor) -> Tensor:
    """The gradient in x_t, row by row; where gradients are wanted outside it can be derived again."""
    again = torch.is_grad_enabled() and x_t.requires_grad
    with torch.enable_grad():
        at = x_t if x_t.requires_grad else x_t.detach().requires_grad_()
        return torch.autograd.grad(agreement(at, sigma, c).sum(), at, create_graph=again)[0]


def check_scale(scale: float) -> None:
    """A scale is a number: below 0 it leads away from the condition."""
    if not math.isfinite(scale):
        raise FieldError(f"a guidance scale of {scale}", expected="a number; 1 is no more than the condition says")


def check_interval(low: float, high: float) -> None:
    """Levels between which guidance works."""
    if not 0 <= low < high:
        raise FieldError(f"guidance at levels from {low} to {high}", expected="0 <= low < high")


def by_itself(guide: Callable[[Denoiser], Denoiser] | None) -> bool:
    """Whether a guide asks nobody but the denoiser that it leads: no other model, of other conditions."""
    return guide is None or (isinstance(guide, partial) and guide.func is Guided)
