"""Cells as states and values: apart and together again, intervals, classes."""

import math

import pytest
import torch

from likely.contracts import Evidence
from likely.distributions.state import Cells, Classes, columns_of, draw_class
from likely.errors import ConditionError
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, Wave, label

NAN = math.nan
SPACE = Vector(
    (Real(atoms=(1.5, 0.0), missing=True), Real(), Count(missing=True), Category(3, missing=True), Category(2))
)
ROWS = torch.tensor([[0.0, 0.3, 4, 2, 1], [1.5, 0.0, NAN, NAN, 0], [NAN, -1.0, 0, 0, 1], [0.7, NAN, 2, 1, NAN]])


def test_cells_come_apart_and_together_again() -> None:
    cells = Cells(SPACE)
    split = cells.split(ROWS)
    assert split.state.tolist() == [[1, 0, 0, 2, 1], [2, 0, 1, 3, 0], [3, 0, 0, 0, 1], [0, -1, 0, 1, -1]]
    assert split.ordinary.tolist()[3] == [True, False, True, False, False]
    there = split.state >= 0
    together = cells.join(split.state, ROWS.nan_to_num(0.0))
    torch.testing.assert_close(together[there], ROWS[there], equal_nan=True)


def test_cells_that_are_not_asked_have_no_state() -> None:
    assert (Cells(SPACE).split(ROWS, torch.zeros(4, 5, dtype=torch.bool)).state == -1).all()


def test_intervals_leave_states_and_values() -> None:
    low, high = torch.full((1, 5), -1.0), torch.tensor([[1.0, 1.0, 1.0, 1.9, 5.0]])
    span = Cells(SPACE).between(low, high)
    assert span.first.tolist() == [[1, 1, 1, 0, 0]]
    assert span.last.tolist() == [[1, 0, 0, 1, 1]]  # the atom 0; no atom; no atom; codes 0 and 1; both codes
    assert span.bounded.all()


def test_no_condition_leaves_everything_and_evidence_only_what_is_present() -> None:
    cells = Cells(SPACE)
    assert cells.anything(1).last.tolist() == [[3, 0, 1, 3, 1]]
    _, known, span = cells.told(ROWS, Evidence(torch.zeros(4, 5, dtype=torch.bool)))
    assert not known.any()
    assert not span.bounded.any()
    assert span.last[0].tolist() == [2, 0, 0, 2, 1]


@pytest.mark.parametrize(
    ("space", "width"),
    [(Image(1, 2, 3, 4), 6), (Image(3, 2, 2, None), 12), (Series(2, 5), 10), (Wave(8000, 7), 7), (Tokens(9, 4), 4)],
)
def test_every_space_is_a_row_of_columns(space, width: int) -> None:
    assert len(columns_of(space)) == width


def test_tokens_are_categories_whose_end_is_missing() -> None:
    cells = Cells(Tokens(5, 3))
    x = torch.tensor([[4, 0, -1]])
    assert torch.equal(cells.whole(cells.join(cells.split(cells.flat(x)).state, torch.zeros(1, 3))), x)


def test_levels_are_ordered_where_that_is_asked() -> None:
    assert Cells(Image(1, 2, 2, 8)).category.all()
    ordered = Cells(Image(1, 2, 2, 8), ordered=True)
    assert ordered.integer.all()
    assert ordered.top.tolist() == [7.0] * 4


def test_drawn_cells_have_the_model_s_dtype() -> None:
    assert Cells(label(2)).whole(torch.zeros(1, 1)).dtype == torch.float32
    assert Cells(label(2)).double().whole(torch.zeros(1, 1)).dtype == torch.float64


def test_several_columns_are_one_class() -> None:
    classes = Classes(Vector((Category(2), Category(3))), "it")
    c = torch.tensor([[1.0, 2.0], [0.0, 1.0], [NAN, 1.0], [NAN, NAN]])
    assert classes.K == 6
    assert classes.index(c, 4).tolist() == [5, 1, -1, -1]
    prior = (torch.arange(6).double() + 1).log()
    law = classes.log_law(c, 4, prior).exp()
    torch.testing.assert_close(law[2], torch.tensor([0, 2, 0, 0, 5, 0]).double() / 7)
    torch.testing.assert_close(law[3], torch.tensor([1, 2, 3, 4, 5, 6]).double() / 21)
    torch.testing.assert_close(law[0], torch.tensor([0, 0, 0, 0, 0, 1]).double())


def test_no_condition_is_one_class() -> None:
    classes = Classes(None, "it")
    assert classes.K == 1
    assert classes.index(None, 2).tolist() == [0, 0]


@pytest.mark.parametrize(
    "condition",
    [Vector((Real(),)), Vector((Category(2), Count())), Image(1, 2, 2), Tokens(5, 3), Vector((Category(200),) * 2)],
)
def test_other_conditions_are_refused(condition) -> None:
    with pytest.raises(ConditionError):
        Classes(condition, "it")


def test_an_impossible_row_still_draws_a_class() -> None:
    drawn = draw_class(torch.tensor([[-math.inf, -math.inf], [-math.inf, 0.0]]), rng=Keyed(0))
    assert drawn[1] == 1
    assert drawn[0] in (0, 1)
