"""What is said of a cell: told of seen cells alone, a law on what there is, and on texts that end once."""

from itertools import product

import pytest
import torch

from likely.backbones import MLP, Conv, UNet
from likely.backbones.bidirectional import Bidirectional
from likely.diffusion.conjecture import conjecture
from likely.distributions import PLAIN
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, Wave, label
from likely.testing.case import example_rows

TABLE = Vector((Real(), Real(atoms=(0.0,), missing=True), Count(missing=True), Category(3)))
AROUND, LAYERS = Bidirectional(width=16, layers=2, heads=2), MLP(width=16, depth=2)
KINDS = [
    (TABLE, LAYERS),
    (TABLE, AROUND),
    (Tokens(4, 5), AROUND),
    (Image(2, 2, 3, 3), AROUND),
    (Image(2, 4, 4, 3), UNet(width=8, multipliers=(1,), blocks=1)),
    (Image(2, 2, 3, 3), LAYERS),
    (Image(1, 2, 2, None), AROUND),
    (Series(2, 3, 4, missing=True), LAYERS),
    (Series(2, 3), LAYERS),
    (Wave(8000, 5, 4), AROUND),
]


def made(space, network, condition=None):
    torch.manual_seed(0)
    found = conjecture(space, condition, network, components=2, bins=8)
    found.prepare(example_rows(space, 60, Keyed(1)))
    found = found.double().eval()
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return found


def told(found, cells, known, c=None):
    return found.ask(cells, known, found.context(c)).log_prob(cells)


@pytest.mark.parametrize(("space", "network"), KINDS, ids=str)
def test_only_known_cells_tell(space, network):
    found = made(space, network)
    cells, others = (found.cells(example_rows(space, 12, Keyed(seed))) for seed in (2, 3))
    known = Keyed(4).uniform(cells.shape, like=cells.double()) < 0.5
    if isinstance(space, Tokens):
        known[:] = torch.tensor([True, True, False, False, False])
        cells[:, :2] = 1
    mixed = torch.where(known, cells, others)
    first, second = found.ask(cells, known, None), found.ask(mixed, known, None)
    torch.testing.assert_close(first.log_prob(mixed), second.log_prob(mixed))
    assert torch.isfinite(second.log_prob(mixed)[~known]).all()


@pytest.mark.parametrize(("space", "network"), KINDS, ids=str)
def test_every_known_cell_tells_something(space, network):
    found = made(space, network)
    cells = found.cells(example_rows(space, 40, Keyed(2)))
    if isinstance(space, Tokens):
        cells[:] = Keyed(2).integers(4, cells.shape, like=cells.double())
    for d in range(found.places):
        known = torch.zeros_like(cells, dtype=torch.bool)
        moved = (
            told(found, cells, known.clone()) - told(found, cells, known.index_fill(1, torch.tensor(d), True))
        ).abs()
        assert moved.sum(0)[torch.arange(found.places) != d].min() > 0


@pytest.mark.parametrize(("space", "network"), KINDS, ids=str)
def test_what_is_drawn_is_a_row_and_comes_back(space, network):
    found = made(space, network)
    cells = found.nothing(7)
    every = torch.ones_like(cells, dtype=torch.bool)
    levels = Keyed(0).uniform((*cells.shape, found.noise), like=torch.empty(0, dtype=torch.float64))
    with torch.no_grad():
        found.ask(cells, ~every, None).draw_(cells, every, levels, PLAIN)
    x = found.whole(cells, rng=Keyed(1))
    assert x.shape == (7, *space.shape)
    assert torch.equal(found.cells(x).nan_to_num(-9.0), cells.nan_to_num(-9.0)) or isinstance(space, Tokens)


def test_the_codes_of_a_place_are_a_law_and_texts_end_once():
    found, texts = made(Tokens(2, 3), AROUND), torch.tensor([*product((0, 1, 2), repeat=3)])
    known = torch.zeros_like(texts, dtype=torch.bool)
    for seen in product((False, True), repeat=3):
        known[:] = torch.tensor(seen)
        log_p = found.ask(texts, known, None).log_p
        torch.testing.assert_close(log_p.exp().sum(2), torch.ones(27, 3, dtype=torch.float64))
    after_end = found.ask(torch.tensor([[0, 2, 0]]), torch.tensor([[False, True, False]]), None).log_p[0].exp()
    assert after_end[2, 2] == 1  # past an end all is end
    before = found.ask(torch.tensor([[0, 1, 0]]), torch.tensor([[False, True, False]]), None).log_p[0].exp()
    assert before[0, 2] == 0  # what comes before a code has not ended


def test_what_is_no_code_has_no_mass():
    found = made(Tokens(3, 2), AROUND)
    rows = torch.tensor([[3, 0], [0, -1], [-1, 0]])
    cells = found.cells(rows)
    assert found.log_within(rows).sum(1).tolist() == [-torch.inf, 0, -torch.inf]
    log_p = told(found, cells, torch.zeros_like(cells, dtype=torch.bool))
    assert log_p[0, 0] == -torch.inf
    assert torch.isfinite(log_p[1]).all()
    image = made(Image(1, 1, 2, 3), AROUND)
    cells = image.cells(torch.tensor([[0.5, 1], [3, 0], [torch.nan, 0]]).view(3, 1, 1, 2))
    assert image.there(cells).tolist() == [[True, True], [True, True], [False, True]]
    log_p = told(image, cells, torch.zeros_like(cells, dtype=torch.bool))
    assert (log_p == -torch.inf).tolist()[:2] == [[True, False], [True, False]]


@pytest.mark.parametrize("condition", [label(3), TABLE, Image(1, 4, 4, 3), Tokens(4, 5)], ids=repr)
@pytest.mark.parametrize(("space", "network"), KINDS[:5], ids=str)
def test_a_condition_tells_and_its_absence_is_one(space, network, condition):
    found = made(space, network, condition)
    cells, c = found.cells(example_rows(space, 8, Keyed(0))), example_rows(condition, 8, Keyed(1))
    c = c.double() if c.is_floating_point() else c
    known = torch.zeros_like(cells, dtype=torch.bool)
    assert not torch.allclose(told(found, cells, known, c), told(found, cells, known, c.flip(0)))
    null = torch.full_like(c, torch.nan if c.is_floating_point() else -1)
    assert torch.isfinite(told(found, cells, known, null)).all()


def test_networks_that_do_not_fit_are_named():
    for space, network in ((Tokens(3, 4), LAYERS), (TABLE, Conv()), (TABLE, MLP(depth=0))):
        with pytest.raises(FieldError, match="says nothing of hidden cells"):
            conjecture(space, None, network, components=2, bins=8)


def test_small_pictures_of_few_levels_are_read_whole():
    for space, layers in ((Image(1, 8, 8, 17), True), (Image(1, 8, 8, 256), False), (Image(1, 28, 28, 2), False)):
        found = conjecture(space, None, None, components=2, bins=8)
        assert any("layers" in name for name, _ in found.named_parameters()) == layers
