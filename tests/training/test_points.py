import math

import pytest
import torch

from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, reals
from likely.training.points import PRINCIPAL, Points, numbers_of

NAN = math.nan


def test_a_row_of_every_kind() -> None:
    space = Vector((Real(missing=True), Count(), Category(3)))
    x = torch.tensor([[0.5, 0.0, 2.0], [NAN, math.e - 1, 0.0]])
    half = math.sqrt(0.5)
    expected = torch.tensor([[0.5, 0.0, 0.0, 0.0, 0.0, half, 0.0], [0.0, 1.0, 1.0, half, 0.0, 0.0, 0.0]])
    torch.testing.assert_close(numbers_of(space, x), expected)


def test_what_is_missing_is_a_place_of_its_own() -> None:
    far = torch.cdist(*(numbers_of(Vector((Category(2, missing=True),)), torch.tensor([[0.0], [1.0], [NAN]])),) * 2)
    torch.testing.assert_close(far, 1 - torch.eye(3))
    gaps = numbers_of(Series(1, 2, missing=True), torch.tensor([[[1.0, NAN]]]))
    assert gaps.tolist() == [[1.0, 0.0, 0.0, 1.0]]
    assert numbers_of(reals(1), torch.tensor([[NAN]])).isnan().all()  # a number that cannot be is no place


def test_a_text_is_its_tokens() -> None:
    shares = numbers_of(Tokens(2, 4), torch.tensor([[0, 1, 1, -1]]))
    assert shares.tolist() == [[0.25, 0.25, 0.5]]


@pytest.mark.parametrize("space", [reals(3), Image(1, 20, 20, None)])
def test_training_rows_are_1_apart(space) -> None:
    x = 7 + 3 * torch.randn(200, *space.shape, generator=torch.Generator().manual_seed(0))
    placed = Points(space, x)(x)
    squared = torch.cdist(placed, placed).square()
    parts = 2 if isinstance(space, Image) else 1  # cells and patches
    assert squared.sum().item() / (200 * 199) == pytest.approx(parts, rel=1e-3)


def test_many_numbers_are_seen_along_the_axes_that_vary_most() -> None:
    """Rows that lie in a plane keep their distances, up to the scale."""
    rng = torch.Generator().manual_seed(1)
    plane = torch.randn(2, 400, generator=rng)
    x = (torch.randn(100, 2, generator=rng) @ plane).view(100, 1, 20, 20)
    placed = Points(Series(20, 20), x.view(100, 20, 20))(x.view(100, 20, 20))
    assert placed.shape == (100, PRINCIPAL)
    ratio = torch.cdist(placed, placed) / torch.cdist(x.flatten(1), x.flatten(1)).fill_diagonal_(1.0)
    apart = ratio[~torch.eye(100, dtype=torch.bool)]
    torch.testing.assert_close(apart, apart.mean().expand_as(apart), rtol=1e-3, atol=0)


def test_rows_that_are_all_alike() -> None:
    assert Points(reals(2), torch.ones(5, 2))(torch.ones(3, 2)).tolist() == [[0.0, 0.0]] * 3
