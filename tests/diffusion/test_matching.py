"""Score matching: on a mixture every loss is the explicit one but for a known constant, and none is lower than its."""

import pytest
import torch
from mixtures import Knows, gaussian, three
from torch import nn

from likely.diffusion import Denoising, Geometric, Preconditioned, Score, Sliced, Traced, noised, score_of
from likely.errors import FieldError
from likely.rng import Stepped
from likely.spaces import Image, reals

LEVELS = Geometric(0.1, 10.0)
ROWS = 4000
LOSSES = [Denoising(), Sliced(), Sliced(4), Traced()]


class Bent(nn.Module):
    """The true network with an error of a known shape, of a size that can be turned."""

    def __init__(self, mixture, size=0.0):
        super().__init__()
        self.knows, self.size = Knows(Score(), mixture), nn.Parameter(torch.tensor(float(size)).double())

    def forward(self, seen, level, c=None):
        return self.knows(seen, level, c) + self.size * torch.stack([seen[:, 0].sin(), seen[:, 0] * seen[:, 1]], 1)


def bent(size, mixture=None):
    return Preconditioned(Bent(mixture or three(), size), Score())


def loss_of(matching, size, rows=ROWS, seed=0):
    return matching.loss(bent(size), three().draw(rows), schedule=LEVELS, drop=0.0, rng=Stepped(seed, 0))


def explicit(size, rows=ROWS, seed=0):
    """sigma^2 |s - s*|^2 and sigma^2 |s*|^2 of the very rows that the losses see, means over cells."""
    x = noised(three().draw(rows), LEVELS, rng=Stepped(seed, 0))
    found, wanted = (
        score_of(denoiser, x.x, x.sigma).detach() * x.sigma[:, None] for denoiser in (bent(size), three().denoise)
    )
    return float((found - wanted).square().mean()), float(wanted.square().mean())


@pytest.mark.parametrize("matching", LOSSES, ids=repr)
@pytest.mark.parametrize("size", [0.0, 0.3, -0.5])
def test_it_is_explicit_score_matching_but_for_a_constant(matching, size):
    """loss + E sigma^2 |s*|^2 (less 1 where the noise is told) is E sigma^2 |s - s*|^2: over seeds, within spread."""
    gaps = []
    for seed in range(8):
        fisher, constant = explicit(size, seed=seed)
        told = float(loss_of(matching, size, seed=seed).detach()) - (1.0 if matching == Denoising() else 0.0)
        gaps.append(told + constant - fisher)
    gaps = torch.tensor(gaps)
    assert abs(gaps.mean()) < 4 * gaps.std() / len(gaps) ** 0.5 + 1e-3
    assert gaps.std() < 0.2


@pytest.mark.parametrize("matching", LOSSES, ids=repr)
def test_the_true_score_has_the_least_loss(matching):
    """The loss is a parabola in the error's size: its slope at the truth is chance, and it rises to both sides."""
    slopes = []
    for seed in range(8):
        denoiser = bent(0.0)
        loss = matching.loss(denoiser, three().draw(ROWS), schedule=LEVELS, drop=0.0, rng=Stepped(seed, 0))
        loss.backward()
        slopes.append(denoiser.network.size.grad)
    slopes = torch.stack(slopes)
    assert abs(slopes.mean()) < 4 * slopes.std() / len(slopes) ** 0.5 + 1e-3
    with torch.no_grad():
        at = [float(loss_of(matching, size)) for size in (-0.5, 0.0, 0.5)]
    assert min(at[0], at[2]) > at[1] + 0.05


def test_the_trace_is_what_slices_are_on_average():
    with torch.no_grad():
        traced = float(loss_of(Traced(), 0.3))
        sliced = torch.tensor([float(Sliced(64).loss(bent(0.3), three().draw(ROWS), schedule=LEVELS, drop=0.0,
                                                     rng=Stepped(0, 0)))])  # fmt: skip
    assert abs(traced - sliced) < 0.02


def test_more_slices_are_less_noisy():
    def spread(slices):
        found = [float(loss_of(Sliced(slices), 0.3, rows=300, seed=seed).detach()) for seed in range(12)]
        same = [float(loss_of(Traced(), 0.3, rows=300, seed=seed).detach()) for seed in range(12)]
        return float((torch.tensor(found) - torch.tensor(same)).std())

    assert spread(16) < 0.6 * spread(1)


@pytest.mark.parametrize("matching", LOSSES, ids=repr)
def test_a_network_learns_by_it(matching):
    """Of N(0.5, 0.4^2): a few steps, and the score is near the true one."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 2)).double()

    class Told(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, seen, level, c=None):
            return self.net(torch.cat([seen, level[:, None]], 1))

    denoiser, mixture, schedule = Preconditioned(Told(), Score()), gaussian(0.4, 0.5), Geometric(0.2, 2.0)
    optimizer = torch.optim.Adam(net.parameters(), 5e-3)
    for step in range(400):
        rng = Stepped(0, step)
        x = 0.5 + 0.4 * rng.fork(1).normal((256, 2), like=torch.empty(0).double())
        optimizer.zero_grad()
        matching.loss(denoiser, x, schedule=schedule, drop=0.0, rng=rng).backward()
        optimizer.step()
    x = noised(mixture.draw(2000), schedule, rng=Stepped(9, 0))
    with torch.no_grad():
        gap = (denoiser(x.x, x.sigma) - mixture.denoise(x.x, x.sigma)) / x.sigma[:, None]
    assert gap.square().mean() < 0.03


def test_no_gradient_is_needed_where_none_is_asked():
    with torch.no_grad():
        assert torch.isfinite(loss_of(Sliced(), 0.2))


def test_too_many_cells_are_refused_by_the_trace_alone():
    with pytest.raises(FieldError, match="784 cells"):
        Traced().check(Image(1, 28, 28, None))
    for matching, space in ((Traced(), reals(64)), (Sliced(), Image(3, 64, 64)), (Denoising(), Image(3, 64, 64))):
        matching.check(space)
    with pytest.raises(FieldError, match="slices"):
        Sliced(0)
