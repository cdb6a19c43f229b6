"""Choices and places: every row comes back, whatever its columns; what a critic sees is the same for hard and soft."""

import pytest
import torch

from likely.adversarial.places import Placed, Places
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Real, Vector
from likely.testing.case import SPACES, example_rows

MIXED = SPACES["mixed"]
WIDE = Vector((Count(missing=True), Real((-1.0, 0.0, 2.5)), Category(5), Count(), Real(), Category(2, missing=True)))


def seen(space, rows=2000, most=6, x=None) -> tuple[Places, torch.Tensor]:
    x = example_rows(space, rows, Keyed(0)) if x is None else x
    places = Places(space, most)
    places.prepare(x, rng=Keyed(1))
    return places, x


def back(places, placed: Placed):
    spread = placed.place[..., None].expand(-1, -1, places.most).flatten(1)
    return places.cells_of(placed.choice, spread)


@pytest.mark.parametrize(
    "space", [SPACES["one real"], MIXED, SPACES["label"], WIDE], ids=["real", "mixed", "label", "wide"]
)
@pytest.mark.parametrize("prepared", [True, False])
def test_rows_come_back(space, prepared):
    places, x = seen(space) if prepared else (Places(space, 6), example_rows(space, 300, Keyed(0)))
    placed = places.placed(x, rng=Stepped(0, 0))
    found = back(places, placed)
    assert placed.there.all()
    assert torch.equal(torch.isnan(found), torch.isnan(x))
    assert torch.allclose(found, x, atol=1e-4, equal_nan=True)
    discrete = [at for at, column in enumerate(space.columns) if not isinstance(column, Real)]
    assert torch.equal(found[:, discrete].nan_to_num(-1), x[:, discrete].nan_to_num(-1))


def test_columns_own_their_choices():
    places, x = seen(WIDE)
    placed = places.placed(x, rng=Stepped(0, 0))
    assert torch.equal(places.choosing.column[placed.choice], torch.arange(6).expand(len(x), -1))
    for atom in (-1.0, 0.0, 2.5):
        assert len(placed.choice[x[:, 1] == atom, 1].unique()) == 1
    assert len(placed.choice[x[:, 0].isnan(), 0].unique()) == 1


def test_counts_as_large_as_they_come_and_values_alone():
    some = Keyed(4).integers(50_000, (480,), like=torch.empty(0))
    counts = torch.cat([torch.zeros(500), some, torch.full((20,), 77777)]).float()[:, None]
    places, x = seen(Vector((Count(),)), x=counts, most=8)
    assert {0.0, 77777.0} <= set(places.value[0].tolist())
    placed = places.placed(x, rng=Stepped(0, 3))
    assert torch.equal(back(places, placed), x)
    assert (placed.place[:500] == 0).all()
    assert len(placed.choice[:500].unique()) == 1


def test_a_value_never_seen_is_placed_where_it_is_nearest():
    places, _ = seen(Vector((Count(),)), x=torch.tensor([0.0, 3.0, 9.0]).repeat(20)[:, None])
    found = back(places, places.placed(torch.tensor([[5.0], [7.0], [400.0]]), rng=Stepped(0, 0)))
    assert found.flatten().tolist() == [3.0, 9.0, 9.0]


def test_choices_are_counted_as_often_as_they_are():
    places, x = seen(MIXED, rows=4000)
    law = places.log_law().exp()
    column = places.choosing.column
    assert torch.allclose(torch.zeros(5).index_add(0, column, law), torch.ones(5))
    missing = places.choosing.index(torch.where(places.state == places.cells.gone[column], 1.0, 0.0)[None])[0, 1]
    assert abs(float(law[missing]) - float(x[:, 1].isnan().float().mean())) < 1e-3
    codes = law[column == 3]
    assert torch.allclose(codes, torch.bincount(x[:, 3].long(), minlength=3) / len(x), atol=1e-3)


def test_places_are_nearly_normal_whatever_the_column():
    x = torch.cat([Keyed(3).exponential((6000, 1), like=torch.empty(0)), -5 + torch.zeros(20, 1)])
    places, _ = seen(Vector((Real(),)), x=x)
    place = places.placed(x, rng=Stepped(0, 0)).place[:6000]
    assert abs(float(place.mean())) < 0.1
    assert abs(float(place.std()) - 1) < 0.15


def test_a_critic_sees_choices_places_and_values():
    places, x = seen(WIDE)
    placed = places.placed(x, rng=Stepped(0, 0))
    shown = places.shown(placed, placed.choice[:, 2])
    choices, numbers = len(places.state), len(places.numbers)
    assert shown.shape == (len(x), places.width)
    assert (shown[:, :choices].sum(1) == 6).all()
    assert torch.allclose(shown[:, choices : choices + numbers], placed.place, atol=1e-6)
    assert torch.equal(shown[:, -6:], torch.eye(6)[2].expand(len(x), -1))
    t, own = shown[:, choices + numbers : -6] * places.spread + places.centre, x[:, places.numbers]
    for at in (0, 2):  # counts, spread over what rounds to them
        there = ~own[:, at].isnan()
        assert torch.equal(torch.expm1(t[there, at]).round().clamp(min=0), own[there, at])
    assert torch.allclose(t[:, [1, 3]], own[:, [1, 3]], atol=1e-4)
    assert (shown[own[:, 0].isnan(), choices + numbers] == 0).all()


def test_cells_that_are_left_out_show_nothing():
    """A NaN where none can be: the cell is hidden, and has no choice to be told."""
    places, x = seen(WIDE)
    holes = x.clone()
    holes[::3, 4], holes[1::3, 2] = torch.nan, torch.nan
    placed = places.placed(holes, rng=Stepped(0, 0))
    assert not placed.there[::3, 4].any()
    assert not placed.there[1::3, 2].any()
    shown = places.shown(placed, placed.choice[:, 0])[:, :-6]
    assert torch.isfinite(shown).all()
    assert (shown[::3][:, places.source == 4] == 0).all()
    assert (shown[2::3][:, places.source == 4] != 0).any()
    assert (shown[:, : len(places.state)].sum(1) == placed.there.sum(1)).all()


def test_columns_with_nothing_known_are_usable():
    x = torch.full((30, 6), torch.nan)
    x[:, 5] = 1.0
    places, _ = seen(WIDE, x=x)
    assert torch.isfinite(places.log_law().exp()).all()
    hot = places.choosing.index(places.choosing.perturbed(places.log_law().expand(50, -1), Stepped(0, 0)))
    rows = places.cells_of(hot, torch.zeros(50, places.mean.numel()))
    assert not torch.isnan(rows[:, 1:5]).any()


def test_double_precision_and_the_state_that_is_saved():
    places, x = seen(MIXED)
    other = Places(MIXED, 6)
    other.load_state_dict(places.state_dict())
    placed = other.double().placed(x.double(), rng=Stepped(0, 0))
    assert other.shown(placed, placed.choice[:, 0]).dtype == torch.float64
    assert torch.allclose(back(other, placed).float(), x, atol=1e-4, equal_nan=True)
