"""The model of a raster: in parts as at once, its promises, its condition."""

import pytest
import torch

from likely.contracts import Density, Evidence, Fills, Prepared, Sharpens, Trained
from likely.distributions import DiscretisedLogistic
from likely.errors import CannotAnswer, ConditionError
from likely.families.pixelcnn import PixelCNN
from likely.families.pixelrnn import PixelRNN
from likely.raster import raster
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Vector, label
from likely.testing.case import Case

SMALL = PixelCNN(width=8, blocks=2, hidden=8)


def test_rows_are_scored_in_parts_as_at_once(monkeypatch):
    torch.manual_seed(0)
    model, x = SMALL.build(Image(1, 4, 4, 2), label(3)).double(), torch.randint(0, 2, (7, 1, 4, 4)).double()
    c = torch.randint(0, 3, (7, 1)).double()
    with torch.no_grad():
        whole = model.log_prob(x, c)
        monkeypatch.setattr(raster, "TOGETHER", 2 * 2 * 8 * 16)
        torch.testing.assert_close(model.log_prob(x, c), whole)
    assert all(isinstance(model, promise) for promise in (Density, Fills, Sharpens, Trained, Prepared))


def test_a_condition_that_is_not_given_is_asked_for():
    model = SMALL.build(Image(1, 4, 4, 2), label(3))
    with pytest.raises(ConditionError):
        model.sample(2, rng=Keyed(0))


# Filling: every row of six bits, or of a small table, is listed -------------------------------------------------------


def of_bits(family=SMALL, space=Image(1, 2, 3, 2)):
    """A model of strong leanings, and every row of its space."""
    torch.manual_seed(3)
    model = family.build(space)
    for parameter in model.parameters():
        parameter.data.mul_(2.5)
    every = torch.cartesian_prod(*[torch.arange(2.0)] * 6).view(-1, *space.shape)
    return model.eval(), every


@pytest.mark.parametrize("family", [SMALL, PixelRNN(width=8, layers=1, hidden=8)], ids=["PixelCNN", "PixelRNN"])
@pytest.mark.parametrize("shown", ["000111", "101010", "110000", "000000"])
def test_bits_follow_the_law_given_those_that_are_known(family, shown):
    model, every = of_bits(family=family)
    known = torch.tensor([bit == "1" for bit in shown]).view(1, 1, 2, 3)
    x = torch.tensor([1.0, 0, 1, 1, 0, 1]).view(1, 1, 2, 3)
    with torch.no_grad():
        agrees = ((every == x) | ~known).flatten(1).all(1)
        log_p = model.log_prob(every).double().masked_fill(~agrees, -torch.inf)
        rows = x.expand(3000, -1, -1, -1)
        told = model.fill(rows, Evidence(known.expand_as(rows)), particles=32, rng=Keyed(5))
    assert torch.equal(told.x[:, known[0]], rows[:, known[0]])
    places = 2 ** torch.arange(5, -1, -1)
    seen = torch.bincount((told.x.flatten(1).long() * places).sum(1), minlength=64) / 3000
    expected = (log_p - log_p.logsumexp(0)).exp()
    assert (seen - expected).abs().max() < 4 * (expected.max() / 3000).sqrt() + 0.01
    ratio = (told.log_evidence - log_p.logsumexp(0)).exp()
    assert (ratio.mean() - 1).abs() < 4 * ratio.std() / 3000**0.5 + 1e-6
    if shown in ("110000", "000000"):  # all that is known comes first: nothing is weighed
        assert torch.allclose(told.share, torch.ones(()).double())
        assert torch.allclose(ratio, torch.ones(()).double(), atol=1e-5)


def test_a_table_is_filled_given_that_its_free_cells_are_there():
    torch.manual_seed(0)
    space = Vector((Category(3, missing=True), Category(2), Count(missing=True), Category(2, missing=True)))
    model = SMALL.build(space)
    rows = Case(SMALL, space).cells
    model.prepare(rows, rng=Keyed(0))
    for parameter in model.parameters():
        parameter.data.mul_(2)
    model.eval()
    x, known = torch.tensor([[0.0, 1.0, 2.0, 1.0]]), torch.tensor([[False, True, True, False]])
    pairs = torch.cartesian_prod(torch.arange(3.0), torch.arange(2.0))
    every = torch.stack([pairs[:, 0], torch.ones(6), torch.full((6,), 2.0), pairs[:, 1]], 1)
    with torch.no_grad():
        log_p = model.log_prob(every).double()
        told = model.fill(x.expand(4000, -1), Evidence(known.expand(4000, -1)), particles=32, rng=Keyed(1))
    seen = torch.bincount((told.x[:, 0] * 2 + told.x[:, 3]).long(), minlength=6) / 4000
    assert (seen - log_p.softmax(0)).abs().max() < 0.035
    ratio = (told.log_evidence - log_p.logsumexp(0)).exp()
    assert (ratio.mean() - 1).abs() < 4 * ratio.std() / 4000**0.5


@pytest.mark.parametrize("space", [Image(1, 4, 4, 2), Vector((Category(3), Category(2, missing=True), Real()))])
def test_a_row_is_filled_as_it_is_alone(space, monkeypatch):
    case = Case(SMALL, space)
    model, x = case.model.double(), case.u.double()
    known = Keyed(4).uniform(x.shape, like=x) < 0.5
    known[3], known[4], known[5] = True, False, torch.arange(known[5].numel()).view_as(known[5]) < 2
    whole = model.fill(x, Evidence(known), particles=8, rng=Keyed(9, rows=0))
    some = model.fill(x[3:6], Evidence(known[3:6]), particles=8, rng=Keyed(9, rows=3))
    torch.testing.assert_close(some.x, whole.x[3:6], equal_nan=True)
    torch.testing.assert_close(some.log_evidence, whole.log_evidence[3:6])
    monkeypatch.setattr(raster, "HELD", 1 << 10)
    parts = model.fill(x, Evidence(known), particles=8, rng=Keyed(9))
    torch.testing.assert_close(parts.x, whole.x, equal_nan=True)
    assert torch.equal(torch.where(known, parts.x, 0).nan_to_num(7), torch.where(known, x, 0).nan_to_num(7))


def test_a_law_that_couples_channels_takes_pixels_whole():
    model = PixelCNN(width=8, blocks=1, hidden=8, law=DiscretisedLogistic(2)).build(Image(3, 2, 2, 4))
    x, known = torch.zeros(2, 3, 2, 2), torch.ones(2, 3, 2, 2, dtype=torch.bool)
    known[:, 1, 0, 0] = False
    with pytest.raises(CannotAnswer, match="channels"):
        model.fill(x, Evidence(known), particles=2, rng=Keyed(0))
    known[:, :, 0, 0] = False
    assert torch.equal(model.fill(x, Evidence(known), particles=2, rng=Keyed(0)).x[known], x[known])
