"""The two writings of each computation agree, and both agree with a plain search."""

import pytest
import torch

from likely.bijections.knots import LEAST, Bin, Frame, locate, locate_stepwise, spread, spread_stepwise

FRAMES = [(Frame(8, 5.0), 1), (Frame(2, 3.0), 4), (Frame(5, 0.5), 1), (Frame(11, 1.0), 2)]


def _case(frame, groups, spread_of_logits=2.0, n=60):
    v = (torch.rand(groups, n, dtype=torch.float64) * 2 - 1) * frame.tail
    v[:, 0], v[:, 1] = -frame.tail, frame.tail
    return v, spread_of_logits * torch.randn(groups, 3 * frame.bins - 1, n, dtype=torch.float64)


def _searched(v, parameters, frame, axis):
    """The textbook way: cumulative sums, one search, six gathers."""
    logits = parameters[:, : 2 * frame.bins].unflatten(1, (2, frame.bins))
    sizes = 2 * frame.tail * (LEAST + (1 - frame.bins * LEAST) * logits.softmax(2))
    knots = torch.nn.functional.pad(sizes.cumsum(2), (0, 0, 1, 0)) - frame.tail
    raw = torch.nn.functional.pad(parameters[:, 2 * frame.bins :], (0, 0, 1, 1))
    k = (v[:, None] >= knots[:, axis, 1:-1]).sum(1, keepdim=True)
    both = k[:, None].expand(-1, 2, -1, -1)
    slopes = torch.cat((raw.gather(1, k), raw.gather(1, k + 1)), 1)
    slopes = 1e3 ** torch.tanh(slopes / torch.tensor(1e3, dtype=torch.float64).log())
    return Bin(knots.gather(2, both)[:, :, 0], sizes.gather(2, both)[:, :, 0], slopes)


@pytest.mark.parametrize(("frame", "groups"), FRAMES)
@pytest.mark.parametrize("axis", [0, 1])
def test_both_find_the_bin(frame, groups, axis):
    v, parameters = _case(frame, groups)
    wanted = _searched(v, parameters, frame, axis)
    for find in (locate, locate_stepwise):
        for seen, want in zip(find(v, parameters, frame, axis)[0], wanted):
            torch.testing.assert_close(seen, want)


@pytest.mark.parametrize(("frame", "groups"), FRAMES)
def test_both_spread_the_gradient_as_autograd_does(frame, groups):
    v, parameters = _case(frame, groups)
    parameters.requires_grad_()
    pieces = Bin(*(torch.randn(groups, 2, v.shape[1], dtype=torch.float64) for _ in range(3)))
    told = sum((piece * part).sum() for piece, part in zip(pieces, _searched(v, parameters, frame, 0)))
    (wanted,) = torch.autograd.grad(told, parameters)
    with torch.no_grad():
        at, place = locate(v, parameters, frame, 0)
        at_steps, steps = locate_stepwise(v, parameters, frame, 0)
        torch.testing.assert_close(spread(pieces, at, place, frame), wanted)
        torch.testing.assert_close(spread_stepwise(pieces, at_steps, steps, frame), wanted)
