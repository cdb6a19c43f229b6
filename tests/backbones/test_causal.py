"""The causal transformer: nothing later is seen, the window is kept, moment by moment it says the same."""

import pytest
import torch

from likely.backbones.causal import Causal, attend, normed


def made(window, *, rotary=True, layers=2) -> Causal:
    torch.manual_seed(0)
    return Causal(16, layers, 2, window=window, rotary=rotary).double()


def rows(length, count=3):
    torch.manual_seed(1)
    return torch.randn(count, length, 16, dtype=torch.float64)


@pytest.mark.parametrize("window", [1, 3, 4, 20])
def test_a_moment_sees_itself_and_the_window_before_it_alone(window):
    network, x = made(window, layers=1), rows(9)
    x.requires_grad_()
    seen = torch.stack([torch.autograd.grad(network(x)[0, t].sum(), x)[0][0].abs().sum(1) > 0 for t in range(9)])
    t, s = torch.arange(9)[:, None], torch.arange(9)
    assert torch.equal(seen, (s <= t) & (s > t - window))


@pytest.mark.parametrize("length", [5, 6, 7, 13])
def test_attention_in_blocks_is_attention_under_a_mask(length):
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 2, length, 4, dtype=torch.float64)
    t, s = torch.arange(length)[:, None], torch.arange(length)
    scores = (q @ k.mT / 2).masked_fill((s > t) | (s <= t - 3), -torch.inf)
    torch.testing.assert_close(attend(q, k, v, 3), scores.softmax(-1) @ v)


@pytest.mark.parametrize("rotary", [True, False])
@pytest.mark.parametrize("window", [4, 12])
@pytest.mark.parametrize("first", [1, 3, 7])
def test_moment_by_moment_it_says_the_same(rotary, window, first):
    network, x = made(window, rotary=rotary), rows(12)
    steps = network.by_moment(3)
    told = [steps.hear(x[:, :first])] + [steps.next(x[:, t]) for t in range(first, 12)]
    torch.testing.assert_close(torch.stack(told, 1), network(x)[:, first - 1 :])


def test_many_rows_take_the_weights_as_they_lie():
    network, x = made(8), rows(5, count=70)
    steps = network.by_moment(70)
    steps.hear(x[:, :4])
    torch.testing.assert_close(steps.next(x[:, 4]), network(x)[:, 4])


def test_rotations_see_distances_alone():
    network, x = made(8, layers=1), rows(6)
    block = network.blocks[0]
    early, late = (block.looks(x, network.turn(torch.arange(6) + start)) for start in (0, 50))
    torch.testing.assert_close(early[0] @ early[1].mT, late[0] @ late[1].mT)
    assert not torch.allclose(early[0], late[0])


def test_the_norm_is_one_on_average():
    torch.testing.assert_close(
        normed(rows(4)).square().mean(-1), torch.ones(3, 4, dtype=torch.float64), rtol=1e-5, atol=0
    )


def test_dropout_is_for_training_alone():
    torch.manual_seed(0)
    network, x = Causal(16, 1, 2, window=4, dropout=0.5).double(), rows(4)
    assert not torch.equal(network(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))


def test_no_rows_are_no_trouble():
    network = made(4)
    assert network(rows(9)[:0]).shape == (0, 9, 16)
    steps = network.by_moment(0)
    assert steps.hear(rows(9)[:0]).shape == (0, 16)
    assert steps.next(rows(9)[:0, 0]).shape == (0, 16)
