import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call

from likely.backbones.spectral import Spectral, spectral

SHAPES = [(5, 7), (7, 5), (4, 3, 3, 3), (6, 2, 5), (1, 9)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_converges_to_the_largest_singular_value(shape):
    torch.manual_seed(0)
    weight = torch.randn(shape, dtype=torch.float64)
    normalised = Spectral(weight).double()
    for step in range(300):
        normalised.seen.fill_(step)  # as if the weight had moved
        out = normalised(weight)
    largest = torch.linalg.svd(weight.flatten(1)).S[0]
    torch.testing.assert_close(out, weight / largest)
    assert torch.linalg.matrix_norm(out.flatten(1), 2) == pytest.approx(1.0)


def test_it_never_divides_by_more_than_the_norm():
    torch.manual_seed(0)
    weight = torch.randn(8, 20)
    divided = torch.linalg.matrix_norm(weight, 2) / torch.linalg.matrix_norm(Spectral(weight)(weight), 2)
    assert divided <= torch.linalg.matrix_norm(weight, 2) * (1 + 1e-5)
    assert divided > 0.9 * torch.linalg.matrix_norm(weight, 2)  # a few steps are taken before the first use


def test_a_loss_evaluated_twice_is_the_same_and_the_vector_follows_the_weight():
    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(6, 6))
    normalised = Spectral(weight)
    first, started = normalised(weight), normalised.u.clone()
    assert torch.equal(first, normalised(weight))
    assert torch.equal(started, normalised.u)
    with torch.no_grad():
        weight += 0.1 * torch.randn(6, 6)
    normalised(weight)
    assert not torch.equal(started, normalised.u)


def test_in_evaluation_nothing_moves():
    torch.manual_seed(0)
    normalised = Spectral(torch.randn(6, 6)).eval()
    before = copy.deepcopy(normalised.state_dict())
    normalised(torch.randn(6, 6))
    assert all(
        torch.equal(a, b) for a, b in zip(before.values(), normalised.state_dict().values()) if not a.isnan().any()
    )


def test_resumed_it_goes_on_bit_for_bit():
    def step(weight, normalised):
        (slope,) = torch.autograd.grad(normalised(weight).square().cumsum(1).sum(), weight)
        weight.data -= 0.1 * slope

    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(5, 9))
    normalised = Spectral(weight)
    for _ in range(3):
        step(weight, normalised)
    other, again = nn.Parameter(weight.detach().clone()), Spectral(torch.randn(5, 9))
    again.load_state_dict(copy.deepcopy(normalised.state_dict()))
    for _ in range(3):
        step(weight, normalised)
        step(other, again)
    assert torch.equal(weight, other)
    assert all(torch.equal(a, b) for a, b in zip(normalised.state_dict().values(), again.state_dict().values()))


def test_two_evaluations_before_one_backward():
    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(4, 5))
    normalised = Spectral(weight)
    loss = normalised(weight).sum() + normalised(2 * weight).square().sum()
    loss.backward()
    assert weight.grad.isfinite().all()


def test_gradients_are_those_of_the_quotient():
    torch.manual_seed(0)
    weight = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    normalised = Spectral(weight).double().eval()  # u held
    assert torch.autograd.gradcheck(normalised, (weight,))
    assert torch.autograd.gradgradcheck(normalised, (weight,))


def test_a_weight_of_zeros_stays_finite():
    normalised = Spectral(torch.zeros(3, 3))
    weight = torch.zeros(3, 3, requires_grad=True)
    normalised(weight).sum().backward()
    assert normalised(weight).isfinite().all()
    assert normalised.u.isfinite().all()


def test_weights_that_stand_in_are_followed():
    """The generator's turn evaluates the critic with weights that are held."""

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(3, 3))
            self.normalised = Spectral(self.weight)

        def forward(self, x):
            return x @ self.normalised(self.weight)

    layer = Layer()
    held = {"weight": layer.weight.detach() + 1}
    before = layer.normalised.u.clone()
    out = functional_call(layer, held, (torch.eye(3),))
    assert not torch.equal(before, layer.normalised.u)
    assert not out.requires_grad


def test_wanted_or_not():
    assert isinstance(spectral(torch.ones(2, 2), True), Spectral)
    assert isinstance(spectral(torch.ones(2, 2), False), nn.Identity)
