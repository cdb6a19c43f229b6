"""The law of conditions: smoothed classes, distinct combinations, a sample of anything else; draws by row."""

import torch

from likely.conditions import KEPT, seen
from likely.rng import Keyed
from likely.spaces import Category, Real, Vector, label


def test_classes_are_counted_with_add_one_smoothing():
    law = seen(torch.tensor([[0.0], [0.0], [2.0], [float("nan")]]), label(3))
    assert torch.allclose(law.weights, torch.tensor([3.0, 1.0, 2.0], dtype=torch.float64) / 6)
    assert law.complete
    more = law.with_more(torch.tensor([[1.0], [1.0]]))
    assert torch.allclose(more.weights, torch.tensor([3.0, 3.0, 2.0], dtype=torch.float64) / 8)


def test_combinations_are_those_that_were_seen():
    c = torch.tensor([[0.0, 1.0], [0.0, 1.0], [1.0, float("nan")]])
    law = seen(c, Vector((Category(2), Category(2, missing=True))))
    assert law.cells.shape == (2, 2)
    assert law.weights.tolist() == [2 / 3, 1 / 3] or law.weights.tolist() == [1 / 3, 2 / 3]


def test_other_conditions_are_remembered_up_to_a_limit():
    law = seen(torch.randn(KEPT + 50, 1), Vector((Real(),)))
    assert len(law.cells) == KEPT
    assert not law.complete


def test_draw_i_depends_on_the_seed_and_i_alone():
    law = seen(torch.arange(5.0)[:, None], label(5))
    assert torch.equal(law.draw(4, Keyed(3)), law.draw(40, Keyed(3))[:4])
