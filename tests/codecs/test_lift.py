import pytest
import torch

from likely.codecs.lift import Lift
from likely.contracts import Lifted
from likely.errors import CannotAnswer
from likely.families.naive_bayes import NaiveBayes
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, Wave, reals

SPACES = [Vector((Category(2), Real())), reals(3), Image(1, 2, 2), Image(1, 2, 2, None), Series(2, 5),
          Wave(8000, 9, None), Wave(8000, 9), Series(2, 5, 4), Series(2, 5, 4, True),
          Series(2, 5, None, True)]  # fmt: skip


@pytest.mark.parametrize("space", [*SPACES, Tokens(5, 3)])
def test_cells_as_they_are(space):
    lift = Lift(space, Lifted.NOT)
    x = torch.zeros(2, *space.shape, dtype=torch.int64 if isinstance(space, Tokens) else torch.float32)
    assert lift.exact
    assert lift.space == space
    assert lift.up(x, rng=Keyed(0))[0] is x
    assert lift.down(x) is x


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("lifted", [Lifted.DEQUANTISED, Lifted.CENTRED])
def test_up_lies_in_the_lifted_space_and_comes_down(space, lifted):
    lift = Lift(space, lifted)
    x = torch.ones(4, *space.shape)
    u, ladj = lift.up(x, rng=Keyed(0))
    assert u.shape == (4, *lift.space.shape)
    assert ladj.shape == (4,)
    assert ladj.dtype == torch.float64
    assert torch.equal(lift.down(u), x)
    assert lift.mask(torch.ones_like(x, dtype=torch.bool)).shape == u.shape


@pytest.mark.parametrize(("space", "exact"), list(zip(SPACES, [False, True, False, True, True, True] + 4 * [False])))
def test_only_what_is_lifted_is_a_bound(space, exact):
    assert Lift(space, Lifted.DEQUANTISED).exact is exact


def test_gaps_of_a_series_come_down():
    x = torch.tensor([[[0.5, torch.nan, -2.0]], [[1.0, 3.0, torch.nan]]])
    lift = Lift(Series(1, 3, None, True), Lifted.DEQUANTISED)
    u, _ = lift.up(x, rng=Keyed(0))
    assert torch.isfinite(u).all()
    assert torch.equal(lift.down(u).nan_to_num(-9), x.nan_to_num(-9))


def test_images_lift_to_reals():
    assert Lift(Image(3, 8, 8, 256), Lifted.DEQUANTISED).space == Image(3, 8, 8, None)


def test_tokens_cannot_be_reals():
    with pytest.raises(CannotAnswer, match="tokens are not reals"):
        Lift(Tokens(5, 3), Lifted.DEQUANTISED)


def test_intensities_are_redrawn():
    lift = Lift.redrawn(Image(1, 2, 2, 2))
    x = torch.full((500, 1, 2, 2), 0.3)
    rng = Keyed(0)
    (first, _), (second, _) = lift.up(x, rng=rng), lift.up(x, rng=rng)
    assert lift.exact
    assert not torch.equal(first, second)
    assert first.mean().item() == pytest.approx(0.3, abs=0.05)


def test_a_family_may_want_pictures_otherwise_than_tables():
    class Tabular(NaiveBayes):
        pictures = Lifted.DEQUANTISED

    table, picture = Vector((Category(2), Real())), Image(1, 2, 2)
    assert Lift.of(Tabular(), table).space == table
    assert Lift.of(Tabular(), picture).space == Image(1, 2, 2, None)
    assert Lift.of(NaiveBayes(), picture).space == picture


MIXED = Vector((Real(), Real((0.0,), True), Count(), Count(True), Category(3), Category(2, True)))
ROWS = torch.tensor([[0.3, 1.7, 2.0, 0.0, 1.0, 0.0], [-1.0, 0.0, 0.0, torch.nan, 2.0, torch.nan],
                     [0.0, torch.nan, 9.0, 4.0, 0.0, 1.0]])  # fmt: skip


@pytest.mark.parametrize("lifted", [Lifted.DEQUANTISED, Lifted.CENTRED])
@pytest.mark.parametrize(
    ("space", "x"),
    [
        (MIXED, ROWS),
        (Image(1, 2, 2, 4), torch.tensor([[[[0.0, 1], [2, 3]]]])),
        (reals(3), torch.randn(4, 3)),
        (Series(1, 3, None, True), torch.tensor([[[0.5, torch.nan, -2.0]]])),
    ],
    ids=["mixed", "image", "reals", "gaps"],
)
def test_whatever_a_cell_is_lifted_to_lies_within_its_bounds(lifted, space, x):
    """And a number in between comes down to the cell."""
    lift = Lift(space, lifted)
    bounds = lift.bounds(x, torch.ones_like(x, dtype=torch.bool))
    for seed in range(20):
        u, _ = lift.up(x, rng=Keyed(seed))
        assert ((bounds.low <= u) & (u <= bounds.high)).all()
    assert torch.equal(lift.down(bounds.near).nan_to_num(-9), x.nan_to_num(-9))
    assert torch.isfinite(bounds.near).all()


def test_of_free_cells_it_is_known_that_they_are_there():
    lift = Lift(MIXED, Lifted.DEQUANTISED)
    low, high, near = lift.bounds(ROWS, torch.zeros_like(ROWS, dtype=torch.bool))
    assert torch.equal(low, torch.full_like(low, -torch.inf))
    assert (high < torch.inf).sum(1).tolist() == [3, 3, 3]  # one entry of each column that may be missing
    assert torch.equal(near, torch.zeros_like(near))
    u, _ = lift.up(torch.full_like(ROWS, torch.nan), rng=Keyed(0))
    assert (u > high).sum(1).tolist() == [3, 3, 3]
    there = lift.down(u.masked_fill(high < torch.inf, -torch.inf))
    assert not torch.isnan(there[:, 1:]).any()  # the first column is a plain real
