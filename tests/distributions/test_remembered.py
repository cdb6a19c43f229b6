"""Answers worked out of weights are kept as long as the weights are the same."""

import torch
from torch import nn

from likely.distributions.remembered import Remembered, alike


def test_an_answer_is_worked_out_once_and_forgotten_with_the_weights():
    layer, memory, asked = nn.Linear(2, 1), Remembered(), []

    def work():
        asked.append(1)
        return layer.weight.sum()

    first = memory.of(layer, b"a", work)
    assert memory.of(layer, b"a", work) is first
    assert not first.requires_grad
    memory.of(layer, b"b", work)
    assert len(asked) == 2
    layer.weight.data.add_(1.0)
    assert torch.isclose(memory.of(layer, b"a", work), first + 2)
    layer.double()
    assert memory.of(layer, b"a", work).dtype == torch.float64
    assert len(asked) == 4


def test_rows_with_one_condition_come_together():
    c = torch.tensor([[1.0, float("nan")], [2.0, 0.0], [1.0, float("nan")]])
    found = {tuple(rows.tolist()): given for rows, given in alike(c, 3)}
    assert set(found) == {(0, 2), (1,)}
    assert found[(1,)].tolist() == [[2.0, 0.0]]
    ((rows, given),) = alike(None, 3)
    assert rows.tolist() == [0, 1, 2]
    assert given is None
