"""Unknown cells are drawn in batches that nobody can see, and the way says how; lifted cells come back as they went."""

from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd
import pytest
import torch

import likely
from likely import filling
from likely.backbones import MLP
from likely.codecs import Lift
from likely.contracts import Completes, Family, Filled, Fills, Lifted, Model
from likely.data import read
from likely.diffusion import (
    DPS,
    Descends,
    DPMSolver,
    Karras,
    Patches,
    PiGDM,
    RePaint,
    Replacing,
    Twisted,
    Way,
    descended,
)
from likely.errors import CannotAnswer, FieldError
from likely.fields import made
from likely.filling import Filling, filled
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Vector, reals
from likely.testing.case import SPACES, Case


@final
@dataclass(frozen=True, kw_only=True)
class Guess(Family["Guesses"]):
    """Unknown cells are standard normals."""

    def build(self, space, condition=None):
        return Guesses(space, condition)


@final
class Guesses(Fills, Model):
    """Half of its particles weigh anything."""

    def sample(self, n, c=None, *, rng):
        return rng.normal((n, *self.space.shape), like=torch.empty(0))

    def fill(self, x, evidence, c=None, *, particles, rng):
        drawn = rng.normal(x.shape, like=x)
        return Filled(torch.where(evidence.known, x, drawn), torch.full((len(x),), 0.5))


PLAIN = Lift(reals(3), Lifted.NOT)


def test_batches_do_not_show(monkeypatch):
    model, x = Guess().build(reals(3)), torch.zeros(40, 3)
    known = torch.arange(120).view(40, 3) % 2 == 0
    whole, share = filled(model, PLAIN, x, known, None, Filling(seed=3))
    monkeypatch.setattr(filling, "BATCH", 7)
    assert torch.equal(filled(model, PLAIN, x, known, None, Filling(seed=3))[0], whole)
    assert share == 0.5
    assert torch.equal(whole[known], x[known])


def test_rows_with_nothing_to_draw_do_not_count():
    model, x = Guess().build(reals(3)), torch.zeros(4, 3)
    assert filled(model, PLAIN, x, torch.ones_like(x).bool(), None)[1] == 1.0


def test_ways():
    assert Filling().word(Guess().build(reals(2))) == "asymptotic"
    table = pd.DataFrame({"a": [0.1, 1.2, 2.5, 0.4] * 5, "b": list("xyxy") * 5})
    assert Filling().word(likely.fit(table, likely.NaiveBayes()).model) == "exact"
    assert Filling().word(Pair(reals(2))) == "asymptotic"
    assert Filling(by=PiGDM()).word(Pair(reals(2))) == "heuristic"
    with pytest.raises(CannotAnswer, match="Guesses completes in a way of its own"):
        Filling(by=DPS()).word(Guess().build(reals(2)))


def test_no_particles_are_refused():
    table = pd.DataFrame({"a": [0.1, 1.2, 2.5, 0.4] * 5, "b": list("xyxy") * 5})
    with pytest.raises(FieldError, match="at least 1"):
        likely.fit(table, likely.NaiveBayes()).complete(table, particles=0)
    with pytest.raises(FieldError, match="both asked for"):
        Filling(particles=3, by=Twisted())


# Denoisers ------------------------------------------------------------------------------------------------------------


@final
class Pair(Descends):
    """Standard normals, every pair of neighbours with this correlation: the denoiser is a matrix."""

    def __init__(self, space, correlation=0.8):
        super().__init__(space, None)
        size = space.shape[0]
        self.register_buffer("law", torch.eye(size) * (1 - correlation) + correlation)

    way = Way(Karras(low=0.02), DPMSolver(), 40)
    learned = way.schedule

    def denoise(self, x_t, sigma, c=None):
        wide = self.law + sigma[:, None, None] ** 2 * torch.eye(len(self.law))
        return (self.law @ torch.linalg.solve(wide, x_t[..., None]))[..., 0]

    def sample(self, n, c=None, *, rng):
        return rng.normal((n, *self.space.shape), like=self.law)

    def walk(self, n, c=None, *, way, rng):
        return descended(self, n, c, way=way, rng=rng)


def test_particles_complete_reals_as_the_law_has_it():
    x = torch.tensor([[1.2, torch.nan]]).expand(800, 2)
    drawn, share = filled(Pair(reals(2)), Lift(reals(2), Lifted.DEQUANTISED), x, ~x.isnan(), None, Filling(8))
    assert torch.equal(drawn[:, 0], x[:, 0])
    assert abs(float(drawn[:, 1].mean()) - 0.8 * 1.2) < 0.12
    assert abs(float(drawn[:, 1].std()) - 0.6) < 0.1
    assert share is not None
    assert share > 0.2


@pytest.mark.parametrize("by", [PiGDM(), DPS(), Replacing(), RePaint(2, 2, steps=40)], ids=lambda by: type(by).__name__)
def test_heuristics_complete_without_a_share(by):
    x = torch.tensor([[1.2, torch.nan]]).expand(60, 2)
    drawn, share = filled(Pair(reals(2)), Lift(reals(2), Lifted.DEQUANTISED), x, ~x.isnan(), None, Filling(by=by))
    assert share is None
    assert torch.equal(drawn[:, 0], x[:, 0])
    assert float(drawn[:, 1].mean()) > 0.3


MIXED = Vector((Real(), Real((0.0,), True), Count(), Category(3), Category(2, True)))
ROWS = torch.tensor([[0.3, 1.7, 2.0, 1.0, 0.0], [-1.0, 0.0, 0.0, 2.0, torch.nan], [0.0, torch.nan, 9.0, 0.0, 1.0]])


@pytest.mark.parametrize("by", [None, PiGDM(), Replacing()], ids=["Twisted", "PiGDM", "Replacing"])
def test_known_cells_of_every_kind_come_back_and_free_ones_are_there(by):
    """A known cell may be missing; a free one never is."""
    lift, x = Lift(MIXED, Lifted.DEQUANTISED), ROWS.repeat(20, 1)
    known = Keyed(1).uniform(x.shape, like=x) < 0.5
    how = Filling(by=by) if by else Filling(4)
    drawn, _ = filled(Pair(lift.space, 0.3), lift, torch.where(known, x, torch.nan), known, None, how)
    assert torch.equal(drawn.nan_to_num(-9)[known], x.nan_to_num(-9)[known])
    assert not drawn[~known].isnan().any()
    again, _ = filled(Pair(lift.space, 0.3), lift, torch.where(known, x, torch.nan), known, None, how)
    assert torch.equal(drawn.nan_to_num(-9), again.nan_to_num(-9))


# A person's own rows --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pictures():
    return likely.fit("digits", likely.Diffusion(steps=5), budget="12 steps", condition="label")


@pytest.fixture(scope="module")
def table():
    frame = likely.read("iris").frame
    return likely.fit(frame, likely.Diffusion(steps=5), budget="12 steps")


def test_a_table_is_completed_by_a_diffusion(table):
    partial = likely.read("iris").frame.head(6).copy()
    partial.loc[[1, 3], "species"] = None
    partial = partial.drop(columns=partial.columns[0])
    told = table.complete(partial, by=Twisted(particles=4, steps=5))
    assert told.way == "asymptotic"
    assert 0.25 <= told.share <= 1
    known = partial.notna()
    assert told.rows[partial.columns].where(known).equals(partial.where(known))
    assert not told.rows.isna().any(axis=None)
    assert table.complete(partial, by=RePaint(1, 1, steps=5)).way == "heuristic"
    assert len(table.sample(3, given={"species": partial["species"][0]})) == 3


def test_pictures_are_completed_by_a_diffusion(pictures):
    digits = likely.read("digits")
    given = digits.pixels[:3, ..., 0].astype(float)
    given[:, 4:] = np.nan
    told = pictures.complete(given, particles=2)
    images = told.rows
    assert told.way == "asymptotic"
    assert images.pixels.shape == (3, 8, 8, 1)
    assert np.array_equal(images.pixels[:, :4], digits.pixels[:3, :4])
    hole = np.zeros((8, 8), dtype=bool)
    hole[2:5, 2:5] = True
    for by in (Replacing(), DPS(), PiGDM(), RePaint(1, 1, steps=5)):
        told = pictures.complete(digits.take(range(3)), hole=hole, by=by)
        assert told.way == "heuristic"
        assert told.share is None
        assert np.array_equal(told.rows.pixels[:, ~hole], digits.pixels[:3, ~hole])
        assert told.rows.about is not None
    assert pictures.complete(given, given={"label": 3}, particles=2).rows.pixels.shape == (3, 8, 8, 1)


@pytest.mark.parametrize("space", ["mixed", "choices", "image", "series", "wave"])
@pytest.mark.parametrize("family", [likely.Diffusion, likely.FlowMatching, likely.Score], ids=lambda f: f.__name__)
def test_whatever_descends_fills_in(family, space):
    """Known cells come back bit for bit, free ones are there; a seed, and no company, decides what is drawn."""
    case = Case(family(network=MLP(width=16)), SPACES[space])
    x, how = case.cells[:12], Filling(by=Twisted(particles=2, steps=4), seed=9)
    known = Keyed(8).uniform(x.shape, like=x) < 0.5
    cells, share = filled(case.model, case.lift, x, known, None, how)
    again, _ = filled(case.model, case.lift, x[:7], known[:7], None, how)
    assert torch.equal(cells.nan_to_num(-9)[known], x.nan_to_num(-9)[known])
    assert not cells[~known].isnan().any()
    assert 0.49 < share < 1.001
    assert (cells[:7] - again).nan_to_num(0.0).abs().flatten(1).amax(1).lt(0.1).double().mean() >= 0.8


def test_a_denoiser_that_learned_on_holes_fills_them_in_one_walk():
    """Way and cells; particles may still be asked for, and a row's draw is its own."""
    pictures = likely.fit("digits", likely.Diffusion(holes=Patches(), network=MLP(width=16), steps=6), budget=3)
    digits, hole = read("digits").take(range(5)), np.zeros((8, 8), bool)
    hole[4:] = True
    told = pictures.complete(digits, hole=hole, seed=4)
    assert (told.way, told.share) == ("model-exact", None)
    assert np.array_equal(told.rows.pixels[:, ~hole], digits.pixels[:, ~hole])
    assert np.array_equal(told.rows.pixels[:2], pictures.complete(digits.take(range(2)), hole=hole, seed=4).rows.pixels)
    assert pictures.complete(digits, hole=hole, particles=2).way == "asymptotic"


@pytest.mark.parametrize(
    ("family", "way"),
    [("gaussianmixture,components=2", "asymptotic"), ("realnvp,width=16,layers=2", "asymptotic"),
     ("pixelcnn,width=8,blocks=1", "asymptotic"), ("autoencoder,latent=2", "heuristic"), ("gan,width=8", "heuristic")],
)  # fmt: skip
def test_pictures_with_holes_are_filled_by_models_of_every_kind(family, way):
    pixels = (np.random.default_rng(0).random((40, 4, 4)) * 8).astype(np.uint8)
    fitted = likely.fit(pixels, made("Family", family), budget=5)
    hole = np.zeros((4, 4), dtype=bool)
    hole[2:] = True
    told = fitted.complete(pixels[:3], hole=hole, particles=4)
    rows = np.asarray(getattr(told.rows, "pixels", told.rows)).reshape(3, 4, 4)
    assert told.way == way
    assert np.array_equal(rows[:, :2], pixels[:3, :2])


@final
class Twins(Completes):
    """Two neighbouring reals of standard deviation 0.4 and correlation 0.95, on a plane of levels."""

    def sample(self, n, c=None, *, rng):
        z = 0.4 * rng.normal((n, 2), like=torch.zeros(1))
        return torch.stack([z[:, 0], 0.95 * z[:, 0] + (1 - 0.95**2) ** 0.5 * z[:, 1]], 1)[:, None, None]

    def complete(self, x, evidence, c=None, *, rng):
        drawn = 0.95 * x.flip(-1) + 0.4 * (1 - 0.95**2) ** 0.5 * rng.normal(x.shape, like=x)
        return torch.where(evidence.known, x, drawn)

    def log_evidence(self, x, evidence, c=None):
        return (-0.5 * (x / 0.4).square() * evidence.known).flatten(1).sum(1)


def test_known_levels_stand_for_the_reals_in_them():
    """Of an exact model whose cells are lifted: the law of the other pixel's level, against many draws of both."""
    space = Image(1, 1, 2, 4)
    lift = Lift(space, Lifted.DEQUANTISED)
    model = Twins(lift.space)
    whole = lift.down(model.sample(400_000, rng=Keyed(0))).flatten(1)
    known = torch.tensor([True, False]).expand(4000, 1, 1, 2)
    for level in range(4):
        truth = torch.bincount(whole[whole[:, 0] == level, 1].long(), minlength=4)
        x = torch.zeros(4000, 1, 1, 2)
        x[..., 0] = level
        made, share = filled(model, lift, x, known, None, Filling(seed=level))
        assert (made[..., 0] == level).all()
        drawn = torch.bincount(made[..., 1].flatten().long(), minlength=4)
        assert (drawn / drawn.sum() - truth / truth.sum()).abs().max() < 0.04
        assert 0.5 < share <= 1
    assert Filling().word(model, lift) == "asymptotic"
