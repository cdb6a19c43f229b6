"""The perceptron of any columns: it sees what is known and nothing else, and grows column by column to the same."""

import pytest
import torch

from likely.backbones import SubsetMLP

READS, SAYS = [0, 0, 1, 2, 2, 2, 0], [0, 1, 1, 1, 2, 3, 3, 0]  # column 3 is never read


def made(context=0, depth=2):
    torch.manual_seed(0)
    return SubsetMLP(READS, SAYS, width=12, depth=depth, context=context).double()


def given(context, rows=5):
    x = torch.randn(len(READS), rows, dtype=torch.float64)
    return x, torch.randn(context, rows, dtype=torch.float64) if context else None


def test_only_what_is_known_is_seen():
    network, (x, _) = made(), given(0)
    known = torch.tensor([True, False, True, False])
    moved = torch.autograd.functional.jacobian(lambda v: network(v, known[:, None].expand(4, 5)).sum(1), x)
    seen = (moved != 0).any(2)
    assert torch.equal(seen.any(0), known[torch.tensor(READS)])
    assert seen[:, known[torch.tensor(READS)]].all()


def test_rows_know_columns_of_their_own():
    network, (x, context) = made(3), given(3)
    known = torch.rand(4, 5) < 0.5
    whole = network(x, known, context)
    for row in range(5):
        one = slice(row, row + 1)
        assert torch.allclose(network(x[:, one], known[:, one], context[:, one]), whole[:, one])


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("context", [0, 3])
def test_column_by_column_is_the_whole_network(context, depth):
    network, (x, told) = made(context, depth), given(context)
    order, known = [2, 0, 3, 1], torch.zeros(4, 5, dtype=torch.bool)
    steps = network.by_column(5, told, torch.tensor(order))
    for column in order:
        says = torch.tensor(SAYS) == column
        assert torch.allclose(steps.says(), network(x, known, told)[says])
        steps.know(x[torch.tensor(READS) == column])
        known[column] = True


def test_one_column_alone_reads_nothing():
    network = SubsetMLP([0, 0], [0, 0, 0], width=4, depth=1, context=2)
    assert {name for name, _ in network.named_parameters()} == {
        "bias", "told.weight", "norms.0.weight", "norms.0.bias", "out.weight", "out.bias"
    }  # fmt: skip
    context = torch.randn(2, 5)
    steps = network.by_column(5, context, torch.tensor([0]))
    known = torch.zeros(1, 5, dtype=torch.bool)
    assert torch.allclose(steps.says(), network(torch.randn(2, 5), known, context))


def test_some_rows_alone_are_told_the_same():
    network = SubsetMLP((0, 1, 2), (0, 1, 2, 2), width=8, depth=2)
    steps, x = network.by_column(6, None, torch.arange(3)), torch.randn(3, 6)
    steps.given(x)
    rows = torch.tensor([4, 1])
    for d in range(3):
        assert torch.allclose(steps.says()[:, rows], steps.says_to(rows), atol=1e-6)
        steps.know(x[d : d + 1])
