"""Penalties against slopes known by formula, packs of rows, and their gradients in the critic's weights."""

import pytest
import torch
from torch import nn

from likely.errors import FieldError
from likely.objectives import Interpolated, Judged, Unpenalised, ZeroCentred
from likely.rng import Keyed

W = torch.tensor([[3.0, -4.0]]).double()  # a slope of 5
BEGUN = torch.zeros(())


def judged(critic, rows=6, shift=0.0):
    x = (Keyed(0).normal((rows, 2), like=W) + shift).requires_grad_()
    return Judged(x, critic(x))


def line(x):
    return (x @ W.T).squeeze(1)


def bowl(x):
    return x.square().sum(1) / 2  # the slope is x


@pytest.mark.parametrize(("real", "fake"), [(1.0, 1.0), (2.0, 0.0), (0.0, 3.0)])
def test_zero_centred_is_half_the_squared_slopes(real, fake):
    a, b = judged(line), judged(bowl, shift=1.0)
    price = ZeroCentred(real, fake).price(line, a, b, rng=Keyed(0), done=BEGUN)
    assert torch.isclose(price, (real * 25 + fake * b.x.square().sum(1).mean()) / 2)


@pytest.mark.parametrize(("done", "left"), [(0.0, 1.0), (0.5, 0.1), (1.0, 0.01)])
def test_a_price_that_falls_ends_at_its_last_share(done, left):
    penalty = ZeroCentred(2.0, 0.0, last=0.01)
    price = penalty.price(line, judged(line), judged(line), rng=Keyed(0), done=torch.tensor(done))
    assert torch.isclose(price, torch.tensor(25.0 * left).double())


@pytest.mark.parametrize("fields", [{"real": -1.0}, {"fake": float("inf")}, {"last": 0.0}, {"last": 2.0}], ids=repr)
def test_unusable_prices_are_refused(fields):
    with pytest.raises(FieldError, match="ZeroCentred"):
        ZeroCentred(**fields)


def test_interpolated_pulls_the_slope_to_one():
    price = Interpolated(10.0).price(line, judged(line), judged(line), rng=Keyed(0), done=BEGUN)
    assert torch.isclose(price, torch.tensor(160.0).double())
    unit = Interpolated().price(lambda x: line(x) / 5, judged(line), judged(line), rng=Keyed(0), done=BEGUN)
    assert unit < 1e-20


def test_interpolated_looks_between_real_and_generated_rows():
    seen = []

    def critic(x):
        seen.append(x)
        return line(x)

    real, fake = judged(line), judged(line, shift=3.0)
    Interpolated().price(critic, real, fake, rng=Keyed(0), done=BEGUN)
    share = ((seen[0] - fake.x) / (real.x - fake.x)).detach()
    assert torch.allclose(share[:, 0], share[:, 1])
    assert ((share > 0) & (share < 1)).all()


def test_unpenalised_costs_nothing():
    assert Unpenalised().price(line, judged(line), judged(line), rng=Keyed(0), done=BEGUN) == 0


@pytest.mark.parametrize("penalty", [ZeroCentred(1.0, 1.0), Interpolated()], ids=repr)
def test_the_price_of_a_pack_is_that_of_its_rows_together(penalty):
    def packed(x):
        return line(x).view(-1, 2).sum(1)

    real, fake = (Judged(one.x, packed(one.x)) for one in (judged(line), judged(line, shift=1.0)))
    price = penalty.price(packed, real, fake, rng=Keyed(0), done=BEGUN)
    wanted = 50.0 if isinstance(penalty, ZeroCentred) else 10 * (50**0.5 - 1) ** 2
    assert torch.isclose(price, torch.tensor(wanted).double())


@pytest.mark.parametrize("penalty", [ZeroCentred(1.0, 1.0), Interpolated()], ids=repr)
def test_the_price_has_the_right_gradient_in_the_weights(penalty):
    net = nn.Sequential(nn.Linear(2, 5), nn.SiLU(), nn.Linear(5, 1)).double()
    weights = {name: weight.detach().clone() for name, weight in net.named_parameters()}
    real, fake = Keyed(0).normal((4, 2), like=W), Keyed(1).normal((4, 2), like=W)

    def price(first):
        def critic(x):
            return torch.func.functional_call(net, weights | {"0.weight": first}, (x,)).squeeze(1)

        rows = [Judged(x, critic(x)) for x in (real.clone().requires_grad_(), fake.clone().requires_grad_())]
        return penalty.price(critic, *rows, rng=Keyed(2), done=BEGUN)

    assert torch.autograd.gradcheck(price, weights["0.weight"].requires_grad_())


def test_a_flat_critic_has_no_price_and_a_finite_gradient():
    scale = torch.zeros((), dtype=torch.float64, requires_grad=True)

    def flat(x):
        return scale * line(x)

    for penalty in (ZeroCentred(), Interpolated()):
        price = penalty.price(flat, judged(flat), judged(flat), rng=Keyed(0), done=BEGUN)
        (slope,) = torch.autograd.grad(price, scale)
        assert torch.isfinite(price)
        assert torch.isfinite(slope)
