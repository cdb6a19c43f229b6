"""The reference: its density is that of its draws, whatever is known."""

import math

import torch

from likely.particles.reference import Bounded, Reference, moments
from likely.rng import Keyed


def test_its_density_is_that_of_its_map():
    """log g(T(w)) = log N(w) - log|det T'(w)|, over the cells that are not known."""
    root = torch.tensor([[1.0, 0, 0, 0], [0.5, 1, 0, 0], [-0.4, 0.2, 1, 0], [0.1, 0.1, 0.3, 1]]).double()
    law = moments(Keyed(0).normal((500, 4), like=root) @ root.T + 2)
    inf = math.inf
    low = torch.tensor([[1.0, -inf, -inf, -inf], [-inf, 0.5, 1.0, -inf], [0.2, 1.0, -inf, -inf]]).double()
    high = torch.tensor([[1.0, inf, inf, inf], [inf, 0.6, inf, 3.0], [0.2, 1.0, inf, 2.0]]).double()
    near = torch.tensor([[1.0, 0, 0, 0], [0, 0.55, 1.5, 2.5], [0.2, 1.0, 0, 1.9]]).double()
    told, w = Reference([law], torch.zeros(3).long(), Bounded(low, high, near), 2), Keyed(1).normal((6, 4), like=root)
    x, log_g = told(w)
    jacobian = torch.autograd.functional.jacobian(lambda w: told(w)[0], w)
    for row in range(6):
        free = (low != high)[row // 2]
        inner = jacobian[row, :, row][free][:, free]
        expected = (-0.5 * w[row, free].square() - 0.5 * math.log(2 * math.pi)).sum() - inner.det().abs().log()
        torch.testing.assert_close(log_g[row], expected)
        assert ((x[row] >= low[row // 2]) & (x[row] <= high[row // 2])).all()


def test_of_a_normal_law_it_is_the_conditional():
    root = torch.tensor([[1.0, 0.0], [0.8, 0.6]]).double()
    law = moments(Keyed(0).normal((200_000, 2), like=root) @ root.T)
    inf = torch.tensor(math.inf).double()
    known = Bounded(torch.tensor([[1.5, -inf]]), torch.tensor([[1.5, inf]]), torch.tensor([[1.5, 0.0]]))
    x, _ = Reference([law], torch.zeros(1).long(), known, 20_000)(Keyed(1).normal((20_000, 2), like=root))
    assert abs(float(x[:, 1].mean()) - 1.2) < 0.03
    assert abs(float(x[:, 1].std()) - 0.6) < 0.02
