"""Learning to denoise: levels in equal parts, the loss of the exact denoiser, hidden conditions."""

import pytest
import torch
from mixtures import Knows, gaussian, three

from likely.diffusion import (
    EDM,
    Clean,
    Flow,
    Geometric,
    LikelihoodWeight,
    MinSNR,
    Noise,
    Preconditioned,
    Straight,
    denoising_loss,
    hidden,
    noised,
    weighed,
)
from likely.rng import Keyed, Stepped

LEVELS = Geometric(0.05, 20.0)
ROWS = 20_000


def knows(mixture, parametrisation=None):
    parametrisation = parametrisation or EDM()
    return Preconditioned(Knows(parametrisation, mixture), parametrisation)


def test_every_batch_has_a_level_of_each_kind():
    x = torch.zeros(64, 3)
    seen = noised(x, LEVELS, rng=Stepped(0, 0))
    t = (seen.sigma / LEVELS.low).log() / torch.tensor(LEVELS.high / LEVELS.low).log()
    assert torch.equal((t * 64).floor(), torch.arange(64.0))
    assert torch.allclose(seen.x, seen.sigma[:, None] * seen.noise)


def test_the_noise_is_that_of_its_level():
    seen = noised(three().draw(ROWS), LEVELS, rng=Stepped(0, 0))
    assert abs(float(seen.noise.std()) - 1) < 0.02
    assert abs(float((seen.noise[:, 0] * seen.sigma).mean())) < 0.3
    assert abs(float(torch.corrcoef(torch.stack([seen.noise[:, 0], seen.sigma]))[0, 1])) < 0.03


@pytest.mark.parametrize("weight", [None, MinSNR(), LikelihoodWeight()], ids=repr)
@pytest.mark.parametrize("parametrisation", [EDM(), Noise(), Clean(), Flow()], ids=repr)
def test_the_exact_denoiser_leaves_what_is_unexplained(weight, parametrisation):
    """Of N(0, 1): sigma^2 / (1 + sigma^2) a cell at each level, times what it counts."""
    denoiser = knows(gaussian(1.0), parametrisation)
    x = Keyed(1).normal((ROWS, 2), like=torch.zeros(1).double())
    sigma = LEVELS.level((torch.arange(ROWS).double() + 0.5) / ROWS)
    wanted = (weighed(denoiser, sigma, LEVELS, weight) * sigma**2 / (1 + sigma**2)).mean()
    loss = denoising_loss(denoiser, x, schedule=LEVELS, weight=weight, rng=Stepped(0, 0))
    assert abs(float(loss / wanted) - 1) < 0.05


def test_the_exact_denoiser_has_the_least_loss():
    x, schedule = three().draw(2000), Straight(0.02, 20.0)
    exact, off = (
        float(denoising_loss(knows(m), x, schedule=schedule, rng=Stepped(0, 0))) for m in (three(), gaussian(1.0))
    )
    assert exact < off


def test_the_condition_is_hidden_in_a_share_of_the_rows():
    c = torch.arange(10_000.0).view(-1, 1)
    told = hidden(c, 0.3, like=c, rng=Stepped(0, 0))
    assert abs(float(told.isnan().double().mean()) - 0.3) < 0.02
    assert torch.equal(told[~told.isnan()], c[~told.isnan()])
    tokens = hidden(c.long().expand(-1, 4), 0.3, like=torch.zeros(1), rng=Stepped(0, 0))
    assert ((tokens == -1).all(1) | (tokens >= 0).all(1)).all()
    assert hidden(c, 0.0, like=c, rng=Stepped(0, 0)) is c
    assert hidden(None, 0.3, like=c, rng=Stepped(0, 0)) is None
