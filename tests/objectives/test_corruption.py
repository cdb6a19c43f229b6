"""Ways to spoil rows: how many cells, which, and that what comes out is still a row."""

import pytest
import torch

from likely.certificates.sampling import outside
from likely.errors import FieldError
from likely.objectives import GaussianNoise, Masking, SaltAndPepper
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, Wave, label, present
from likely.testing.case import SPACES, example_rows

TABLE = Vector((Real(), Real(atoms=(0.0,), missing=True), Count(), Category(3)))
ALL = {**SPACES, "tokens": Tokens(5, 6), "photo": Image(3, 4, 4, None), "talk": Wave(8000, 6, None)}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("corruption", [Masking(0.3), SaltAndPepper(0.3), GaussianNoise(0.5)], ids=repr)
def test_spoilt_rows_are_rows_and_missing_cells_stay_missing(corruption, name):
    space = ALL[name]
    if not corruption.spoils(space):
        with pytest.raises(FieldError, match="Masking"):
            corruption.check(space)
        return
    corruption.check(space)
    x = example_rows(space, 200, Keyed(1))
    spoilt = corruption.spoil(x, space, rng=Keyed(2))
    assert spoilt.dtype == x.dtype
    assert not torch.equal(spoilt, x)
    assert not (present(spoilt) & ~present(x)).any()
    if not isinstance(corruption, Masking):
        assert torch.equal(present(spoilt), present(x))
        assert not outside(spoilt, space).any()
    alone = corruption.spoil(x[:3], space, rng=Keyed(2))
    assert torch.equal(alone.nan_to_num(-9), spoilt[:3].nan_to_num(-9))


def test_shares_are_kept():
    x = torch.full((2000, 5), 0.25)
    space = Vector((Real(),) * 5)
    assert Masking(0.3).spoil(x, space, rng=Keyed(0)).isnan().double().mean().item() == pytest.approx(0.3, abs=0.02)
    jumped = SaltAndPepper(0.2).spoil(x, space, rng=Keyed(0))
    for end in (-3.0, 3.0):
        assert (jumped == end).double().mean().item() == pytest.approx(0.1, abs=0.02)
    assert (jumped == x).double().mean().item() == pytest.approx(0.8, abs=0.02)
    blurred = GaussianNoise(0.5).spoil(x, space, rng=Keyed(0)) - x
    assert blurred.std().item() == pytest.approx(0.5, abs=0.02)


def test_levels_jump_to_black_and_white_and_stay_levels():
    x = torch.full((500, 1, 4, 4), 3.0)
    jumped = SaltAndPepper(0.5).spoil(x, Image(1, 4, 4, 8), rng=Keyed(0))
    assert set(jumped.unique().tolist()) == {0.0, 3.0, 7.0}
    blurred = GaussianNoise(0.4).spoil(x, Image(1, 4, 4, 8), rng=Keyed(0))
    assert torch.equal(blurred, blurred.round())
    assert (blurred.amin(), blurred.amax()) == (0, 7)


def test_noise_leaves_choices_and_counts():
    x = example_rows(TABLE, 100, Keyed(3))
    blurred = GaussianNoise(0.5).spoil(x, TABLE, rng=Keyed(0))
    assert torch.equal(blurred[:, 2:], x[:, 2:])
    assert (blurred[:, 0] != x[:, 0]).all()
    assert not GaussianNoise().spoils(label(3))
    assert GaussianNoise().spoils(Series(1, 4))


@pytest.mark.parametrize("wrong", [lambda: Masking(0.0), lambda: SaltAndPepper(1.0), lambda: GaussianNoise(-1.0)])
def test_what_spoils_nothing_or_all(wrong):
    with pytest.raises(FieldError):
        wrong()
