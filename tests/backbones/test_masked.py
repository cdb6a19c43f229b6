import itertools

import pytest
import torch

from likely.backbones import MaskedMLP

RAGGED = ([0, 0, 1, 2, 2, 2], [0, 1, 1, 1, 2, 3, 3])  # column 3 is never read
PLAIN = (range(7), [*range(7), *range(7)])
FORMS = [
    {},
    {"hidden": ()},
    {"hidden": (5,)},
    {"hidden": (16, 16, 16), "residual": True},
    {"hidden": (3, 4), "direct": True},
    {"context": 2},
    {"context": 2, "direct": True, "residual": True, "hidden": (8, 8)},
]


def made(reads, says, hidden=(16, 12), **fields):
    torch.manual_seed(0)
    return MaskedMLP(list(reads), list(says), hidden=hidden, **fields).double()


def given(network, rows=5):
    context = network.layers[0].told
    x = torch.randn(len(network.reads), rows, dtype=torch.float64)
    return x, None if context is None else torch.randn(context.in_features, rows, dtype=torch.float64)


def dependence(network, order=None):
    """(outputs, inputs): whether the output moves with the input, at any of a few points."""
    x, context = given(network, 30)
    moved = torch.autograd.functional.jacobian(lambda v: network(v, context, order).sum(1), x)
    return (moved != 0).any(2)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("layout", [RAGGED, PLAIN], ids=["ragged", "plain"])
def test_outputs_see_only_what_stands_before_them_in_any_order(layout, form):
    network = made(*layout, **form)
    columns = max(layout[1]) + 1
    for order in (None, torch.arange(columns).flip(0), torch.randperm(columns)):
        rank = (torch.arange(columns) if order is None else order).argsort()
        allowed = rank[network.reads] < rank[network.says][:, None]
        assert not (dependence(network, order) & ~allowed).any()


def test_wide_or_direct_networks_see_all_that_they_may():
    for form in ({"hidden": (64, 64)}, {"hidden": (3,), "direct": True}):
        network = made(*PLAIN, **form)
        assert torch.equal(dependence(network), network.reads < network.says[:, None])


def test_a_narrow_network_sees_every_column_from_the_last():
    assert dependence(made(*PLAIN, hidden=(3,)))[6].tolist() == [True] * 6 + [False]


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("layout", [RAGGED, PLAIN], ids=["ragged", "plain"])
def test_column_by_column_is_the_naive_loop(layout, form):
    """Each column is a function of what is said of it; the naive loop runs the whole network for every column."""
    network = made(*layout, **form)
    columns = max(layout[1]) + 1
    for order in (None, torch.randperm(columns)):
        x, context = given(network)
        naive, steps = torch.zeros_like(x), network.by_column(5, context, order)
        for column in range(columns) if order is None else order.tolist():
            mine = network.reads == column
            with torch.no_grad():
                said = network(naive, context, order)[network.says == column]
            torch.testing.assert_close(steps.says(), said, atol=1e-12, rtol=1e-12)
            naive[mine] = torch.sin(said.sum(0)) + x[mine]
            steps.know(naive[mine])


def test_column_by_column_computes_every_unit_once(monkeypatch):
    network = made(*PLAIN)
    x, _ = given(network)
    steps, multiplied = network.by_column(5), []
    whole = torch.addmm

    def counted(start, weight, below):
        multiplied.append(weight.numel())
        return whole(start, weight, below)

    monkeypatch.setattr(torch, "addmm", counted)
    for column in range(7):
        steps.says()
        steps.know(x[column : column + 1])
    monkeypatch.undo()
    assert sum(multiplied) < sum(p.numel() for p in network.parameters() if p.shape[1] > 1)


@pytest.mark.parametrize("context", [0, 3])
def test_one_column_hears_the_context_alone(context):
    network = made([0], [0, 0], context=context)
    x, told = given(network)
    said = network(x, told)
    torch.testing.assert_close(network(x + 1, told), said)
    assert said.shape == (2, 5)
    assert bool((said[:, 0] != said[:, 1]).all()) == bool(context)
    said.sum().backward()
    assert all((p.grad != 0).any() for p in network.parameters())


@pytest.mark.parametrize(("width", "columns"), [*itertools.product((1, 2, 5, 16, 100), (2, 3, 17))])
def test_degrees_are_spread_and_reach_the_last_column(width, columns):
    network = MaskedMLP(list(range(columns)), list(range(columns)), hidden=(width,))
    degrees = network.degrees
    assert degrees[0] >= 1
    assert degrees[-1] == columns - 1
    counts = torch.bincount(degrees, minlength=columns)[1:]
    assert counts.max() - counts.min() <= 1


def test_single_precision_agrees_with_double():
    network = made(*PLAIN)
    x, _ = given(network)
    exact = network(x)
    torch.testing.assert_close(network.float()(x.float()).double(), exact, atol=1e-5, rtol=1e-5)


def test_the_columns_can_be_asked_again_under_another_context():
    network = made(*RAGGED, context=2, hidden=(16, 12))
    (x, first), (_, second) = given(network), given(network)
    with torch.no_grad():
        once, anew = network.by_column(5, first), network.by_column(5, second)
        once.says(), once.know(x[:2])
        once = once.again(second)
        for column in range(4):
            torch.testing.assert_close(once.says(), anew.says())
            mine = x[network.reads == column]
            once.know(mine), anew.know(mine)
