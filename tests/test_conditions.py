"""The law of conditions: smoothed classes, distinct combinations, a sample of anything else; draws by row."""

import torch

from likely.conditions import KEPT, Gathered, seen
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


def test_conditions_in_pieces_have_the_law_of_the_whole():
    pairs = Vector((Category(2), Category(3, missing=True)))
    for space, c in ((label(3), Keyed(1).integers(3, (90, 1), like=torch.zeros(0)).float()), (pairs, torch.tensor(
        [[0.0, 2.0], [1.0, float("nan")], [0.0, 2.0], [1.0, 0.0]]).repeat(20, 1))):  # fmt: skip
        whole, pieces = seen(c, space), Gathered(space)
        for part in c.split(17):
            pieces.add(part)
        assert torch.equal(pieces.law.cells.nan_to_num(-9.0), whole.cells.nan_to_num(-9.0))
        assert torch.equal(pieces.law.counts, whole.counts)
        assert pieces.law.complete


def test_of_other_conditions_in_pieces_an_even_sample_is_kept():
    pieces = Gathered(Vector((Real(),)))
    for part in torch.arange(8.0 * KEPT)[:, None].split(700):
        pieces.add(part)
    assert len(pieces.law.cells) == len(pieces.law.counts) == KEPT
    assert abs(float(pieces.law.cells.mean()) / (4 * KEPT) - 1) < 0.1
    assert not pieces.law.complete
