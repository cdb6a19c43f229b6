import copy

import pytest
import torch
from torch import nn

from likely.backbones.batch_norm import BatchNorm, recounted, recounting


@pytest.mark.parametrize("places", [(), (5,), (3, 4)], ids=str)
def test_it_is_batch_normalisation(places):
    torch.manual_seed(0)
    norm = BatchNorm(6).double()
    theirs = {0: nn.BatchNorm1d, 1: nn.BatchNorm1d, 2: nn.BatchNorm2d}[len(places)](6).double()
    theirs.weight.data, theirs.bias.data = norm.gain.data, norm.shift.data
    for _ in range(3):
        x = torch.randn(7, 6, *places, dtype=torch.float64) * 3 + 1
        torch.testing.assert_close(norm(x), theirs(x))
    torch.testing.assert_close(norm.eval()(x), theirs.eval()(x))
    torch.testing.assert_close((norm.mean, norm.variance), (theirs.running_mean, theirs.running_var))


def test_told_a_class_it_is_a_norm_of_each_class():
    torch.manual_seed(0)
    norm = BatchNorm(3, told=4).double()
    classes = torch.tensor([0, 3, 1, 1, 2, 0])
    x, e = torch.randn(6, 3, 2, 2, dtype=torch.float64), torch.eye(4, dtype=torch.float64)[classes]
    y = norm(x, e)
    for row, k in enumerate(classes):
        for channel in range(3):
            own = x[:, channel]
            straight = (x[row, channel] - own.mean()) / (own.var(correction=0) + 1e-5).sqrt()
            gain = norm.gain[channel] + norm.told[channel, k]
            torch.testing.assert_close(
                y[row, channel], gain * straight + norm.shift[channel] + norm.told[3 + channel, k]
            )


def test_in_evaluation_rows_are_apart_and_in_training_they_are_not():
    torch.manual_seed(0)
    norm, x, e = BatchNorm(3, told=2), torch.randn(5, 3, 4), torch.randn(5, 2)
    norm(x, e)
    assert not torch.allclose(norm(x, e)[:2], norm(x[:2], e[:2]))
    norm.eval()
    assert torch.equal(norm(x, e)[:2], norm(x[:2], e[:2]))


def test_a_loss_evaluated_twice_is_the_same():
    norm, x = BatchNorm(3), torch.randn(5, 3, 4)
    assert torch.equal(norm(x), norm(x))


def test_a_single_number_a_channel_does_no_harm():
    norm = BatchNorm(3)
    assert norm(torch.randn(1, 3, 1, 1)).isfinite().all()
    assert torch.equal(norm.variance, torch.ones(3))


def test_second_derivatives():
    torch.manual_seed(0)
    norm = BatchNorm(2, told=2).double()
    x = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True)
    e = torch.randn(3, 2, dtype=torch.float64)
    assert torch.autograd.gradgradcheck(lambda x: norm(x, e).square().sum(), (x,))
    plain = BatchNorm(2).double()
    assert torch.autograd.gradgradcheck(lambda x: plain(x).square().sum(), (x,))


def test_a_recount_is_the_mean_of_what_is_shown():
    torch.manual_seed(0)
    network = nn.Sequential(BatchNorm(2), nn.Dropout(0.5)).eval()
    parts = [torch.randn(50, 2) * (1 + part) + part for part in range(3)]
    with recounted(network):
        for part in parts:
            network(part)
    norm = network[0]
    torch.testing.assert_close(norm.mean, torch.stack([part.mean(0) for part in parts]).mean(0))
    torch.testing.assert_close(norm.variance, torch.stack([part.var(0) for part in parts]).mean(0))
    assert not norm.training
    assert norm.shown is None
    held = copy.deepcopy(norm.state_dict())
    network(parts[0])
    assert all(torch.equal(held[name], tensor) for name, tensor in norm.state_dict().items())


def test_a_recount_goes_over_rows_in_batches_and_over_none_in_vain():
    x = torch.arange(300.0)[:, None] @ torch.ones(1, 2)
    network = nn.Sequential(BatchNorm(2)).eval()
    taken = []
    for part, rows in recounting(network, len(x)):
        network(x[rows])
        taken.append((part, rows.start, rows.stop))
    assert taken == [(0, 0, 128), (1, 128, 256), (2, 256, 300)]
    means = [x[:128].mean(0), x[128:256].mean(0), x[256:].mean(0)]
    torch.testing.assert_close(network[0].mean, torch.stack(means).mean(0))
    assert network[0].shown is None
    assert list(recounting(nn.Linear(2, 2), len(x))) == []
