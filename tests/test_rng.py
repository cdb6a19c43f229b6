"""Keyed noise is addressed by (seed, draw, row); stepped noise is a function of (seed, step)."""

import pytest
import torch
from scipy import stats

from likely.rng import Keyed, Stepped

SINGLE = torch.empty(0)
DOUBLE = torch.empty(0, dtype=torch.float64)


@pytest.mark.parametrize("like", [SINGLE, DOUBLE], ids=["float32", "float64"])
@pytest.mark.parametrize("cells", [1, 3, 8])
def test_a_row_s_noise_does_not_depend_on_how_many_rows_are_drawn(like, cells):
    whole = Keyed(7).normal((20, cells), like=like)
    assert torch.equal(Keyed(7).normal((8, cells), like=like), whole[:8])
    assert torch.equal(Keyed(7, rows=5).normal((3, cells), like=like), whole[5:8])
    picks = torch.tensor([11, 2, 19])
    assert torch.equal(Keyed(7).at(picks).normal((3, cells), like=like), whole[picks])


@pytest.mark.parametrize("like", [SINGLE, DOUBLE], ids=["float32", "float64"])
@pytest.mark.parametrize("shape", [(0,), (0, 1), (0, 3), (3, 0), (2, 0, 3)], ids=str)
def test_no_rows_or_no_cells_are_drawn_as_well(like, shape):
    for source in (Keyed(7), Stepped(7, 0), Keyed(7, rows=torch.arange(shape[0]))):
        assert source.uniform(shape, like=like).shape == shape
        assert source.normal(shape, like=like).dtype == like.dtype


def test_seed_draw_and_fork_change_the_noise():
    source = Keyed(1)
    first, second = source.uniform((50,), like=SINGLE), source.uniform((50,), like=SINGLE)
    others = [Keyed(2).uniform((50,), like=SINGLE), Keyed(1).fork(0).uniform((50,), like=SINGLE)]
    for other in [second, *others]:
        assert (first != other).float().mean() > 0.95
    assert torch.equal(Keyed(1, draw=1).uniform((50,), like=SINGLE), second)


@pytest.mark.parametrize("source", [Keyed(3), Stepped(3, 4)], ids=["keyed", "stepped"])
@pytest.mark.parametrize("like", [SINGLE, DOUBLE], ids=["float32", "float64"])
def test_draws_have_the_laws_they_are_named_after(source, like):
    shape = (2000, 20)
    assert stats.kstest(source.uniform(shape, like=like).flatten().numpy(), "uniform").pvalue > 1e-3
    assert stats.kstest(source.normal(shape, like=like).flatten().numpy(), "norm").pvalue > 1e-3
    assert stats.kstest(source.exponential(shape, like=like).flatten().numpy(), "expon").pvalue > 1e-3


@pytest.mark.parametrize("source", [Keyed(5), Stepped(5, 0)], ids=["keyed", "stepped"])
def test_uniforms_are_strictly_inside_and_normals_finite(source):
    drawn = source.uniform((1_000_000,), like=SINGLE)
    assert drawn.min() > 0
    assert drawn.max() < 1
    assert torch.isfinite(source.normal((1_000_000,), like=SINGLE)).all()


def test_neighbouring_rows_draws_and_seeds_are_uncorrelated():
    columns = [Keyed(seed, draw).normal((20_000,), like=DOUBLE) for seed in range(3) for draw in range(3)]
    lagged = [columns[0].roll(1), columns[0].roll(2)]
    correlation = torch.corrcoef(torch.stack(columns + lagged)) - torch.eye(11)
    assert correlation.abs().max() < 5 / 20_000**0.5


def test_categorical_follows_its_logits():
    logits = torch.tensor([0.1, 0.2, 0.7]).log().expand(50_000, 3)
    frequency = torch.bincount(Keyed(0).categorical(logits), minlength=3) / 50_000
    assert torch.allclose(frequency, torch.tensor([0.1, 0.2, 0.7]), atol=0.01)


def test_categorical_never_picks_what_has_no_mass():
    logits = torch.tensor([float("-inf"), 0.0, float("-inf")]).expand(10_000, 3)
    assert (Keyed(0).categorical(logits) == 1).all()


def test_integers_cover_their_range_evenly():
    drawn = Keyed(0).integers(7, (70_000,), like=SINGLE)
    assert stats.chisquare(torch.bincount(drawn, minlength=7).numpy()).pvalue > 1e-3


def test_bernoulli_has_its_mean():
    assert abs(Keyed(0).bernoulli(torch.full((100_000,), 0.3)).mean() - 0.3) < 0.01


def test_stepped_is_a_function_of_seed_and_step():
    assert torch.equal(Stepped(1, 9).normal((4,), like=SINGLE), Stepped(1, 9).normal((4,), like=SINGLE))
    assert not torch.equal(Stepped(1, 9).normal((4,), like=SINGLE), Stepped(1, 10).normal((4,), like=SINGLE))


def test_a_draw_for_other_rows_than_addressed_is_refused():
    with pytest.raises(ValueError, match="addressed at 2 rows"):
        Keyed(0, rows=torch.tensor([1, 2])).uniform((3,), like=SINGLE)
