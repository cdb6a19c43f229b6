"""The GAN of tables: conditions as often as the table's levels, rare levels, atoms and missing cells at their rates."""

import numpy as np
import pandas as pd
import pytest
import torch
from examples import play
from torch import nn

import likely
from likely.adversarial import Auxiliary, Projected
from likely.backbones import MLP
from likely.contracts import Bound, Density, Prepared, Trained
from likely.errors import FieldError
from likely.families.table_gan import TableGAN, TableGANModel
from likely.objectives import Hinge, Wasserstein
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, Wave, absent, label
from likely.testing.case import CONDITIONS, SPACES, example_rows
from likely.training import Examples, Recipe
from likely.training.course import Course
from likely.training.processes import Alone
from likely.training.rounds import Rounds

MIXED = SPACES["mixed"]


def made(space=MIXED, condition=None, **fields) -> TableGANModel:
    torch.manual_seed(1)
    return TableGAN(**{"latent": 8, "width": 16} | fields).build(space, condition)


def prepared(x, space, condition=None, c=None, **fields) -> TableGANModel:
    model = made(space, condition, **fields)
    model.prepare(x, c, rng=Keyed(9))
    return model


@pytest.mark.parametrize("space", [Image(1, 4, 4, 2), Tokens(5, 4), Series(1, 5), Wave(8000, 6)], ids=repr)
def test_other_spaces_are_refused_by_name(space):
    with pytest.raises(FieldError, match=type(space).__name__):
        made(space)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("fields", [{}, {"packing": 5, "straight": False}, {"codes": 3, "lazily": 1}], ids=str)
def test_every_condition(condition, fields):
    given = CONDITIONS[condition]
    x, c = example_rows(MIXED, 40, Keyed(0)), None if given is None else example_rows(given, 40, Keyed(1))
    model = prepared(x, MIXED, given, c, **fields)
    assert isinstance(model, Trained | Prepared)
    assert not isinstance(model, Density | Bound)
    for turn in model.turns(x, c, rng=Stepped(0, 0)):
        turn.loss().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
    drawn = model.sample(40, c, rng=Keyed(0))
    assert drawn.shape == x.shape
    if c is not None:
        assert model.sample(6, absent(c[:6]), rng=Keyed(0)).shape == (6, 5)


@pytest.mark.parametrize("fields", [{"told": Projected()}, {"told": Auxiliary()}, {"game": Hinge(), "company": 4},
                                    {"game": Wasserstein(clip=0.1), "turns": 3}], ids=str)  # fmt: skip
def test_games_and_ways_of_telling(fields):
    x, c = example_rows(MIXED, 30, Keyed(0)), example_rows(label(3), 30, Keyed(1))
    model = prepared(x, MIXED, label(3), c, **fields)
    turns = list(model.turns(x, c, rng=Stepped(0, 0)))
    assert [turn.player for turn in turns] == ["critic"] * fields.get("turns", 1) + ["generator", "law"]
    losses = [float(turn.loss().detach()) for turn in turns]
    assert losses == [float(turn.loss().detach()) for turn in turns]  # late, and again


def test_a_turn_moves_only_its_player():
    x = example_rows(MIXED, 30, Keyed(0))
    model = prepared(x, MIXED)
    critic, generator = model.turns(x, rng=Stepped(0, 0))
    critic.loss().backward()
    assert all(weight.grad is None for weight in model.maker.parameters())
    before = [weight.grad.clone() for weight in model.contest.parameters()]
    generator.loss().backward()
    assert all(torch.equal(old, weight.grad) for old, weight in zip(before, model.contest.parameters()))
    assert all(weight.grad is not None for weight in model.maker.parameters())


def test_a_round_is_a_function_of_the_step_and_of_what_is_saved():
    x = example_rows(MIXED, 60, Keyed(0))
    model = prepared(x, MIXED)
    play(model, 3, lambda step: (x,))
    other = made(MIXED)
    other.load_state_dict(model.state_dict())
    told = [[float(turn.loss().detach()) for turn in each.turns(x, rng=Stepped(0, 3))] for each in (model, other)]
    assert told[0] == told[1]
    assert told[0] != [float(turn.loss().detach()) for turn in model.turns(x, rng=Stepped(0, 4))]


def test_training_goes_on_bit_for_bit_from_what_is_saved():
    x, recipe = example_rows(MIXED, 200, Keyed(0)), Recipe(rows=200, steps=6, batch=40, threads=1)

    def rounds(model):
        return Rounds(model, Examples(x), recipe, seed=0, lift=None, processes=Alone())

    whole, course, saved, at = rounds(prepared(x, MIXED)), Course(), {}, Course()
    for step in range(6):
        if step == 3:
            saved, at = {name: tensor.clone() for name, tensor in whole.tensors().items()}, course.copy()
        whole.play(course)
    again = rounds(made(MIXED))
    again.restore(saved)
    for _ in range(3):
        again.play(at)
    for name, tensor in whole.tensors().items():
        torch.testing.assert_close(again.tensors()[name], tensor, rtol=0, atol=0, equal_nan=True)


def test_a_person_fits_samples_and_saves_a_frame(tmp_path):
    n = 300
    frame = pd.DataFrame({"age": np.arange(n) % 60 + 18, "town": np.where(np.arange(n) % 3 == 0, "Ulm", "Bonn"),
                          "pay": np.where(np.arange(n) % 4 == 0, np.nan, np.sqrt(np.arange(n)))})  # fmt: skip
    fitted = likely.fit(frame, TableGAN(width=16, generator=MLP(width=16)), budget=20, certify=False)
    drawn = fitted.sample(50, seed=1)
    assert list(drawn) == list(frame)
    fitted.save(tmp_path / "model")
    pd.testing.assert_frame_equal(likely.load(tmp_path / "model").sample(50, seed=1), fitted.sample(50, seed=1))
    assert set(drawn["town"]) <= {"Ulm", "Bonn"}
    assert drawn["age"].between(18, 77).all()
    given = likely.fit(frame, TableGAN(width=16, generator=MLP(width=16)), condition="town", budget=20, certify=False)
    assert (given.sample(20, given={"town": "Ulm"})["town"] == "Ulm").all()


def test_conditions_are_drawn_as_often_as_the_table_has_them():
    """Untrained: of each column, the levels told come at the table's own rates, missing cells and atoms too."""
    x = example_rows(MIXED, 4000, Keyed(0))
    model = prepared(x, MIXED)
    told = model._told(50_000, None, Keyed(3))
    column, level = model.places.choosing.column, torch.bincount(told, minlength=len(model.places.state)) / 50_000
    assert torch.allclose(torch.zeros(5).index_add(0, column, level), torch.full((5,), 0.2), atol=0.01)
    own = torch.zeros(len(level))
    for choice in model.places.placed(x, rng=Keyed(4)).choice.T:
        own += torch.bincount(choice, minlength=len(level)) / (5 * len(x))
    assert (level - own).abs().max() < 0.01


def test_conditions_follow_what_is_given():
    """A column that is the class: told under a class, it is told as that class."""
    c = (torch.arange(400)[:, None] % 2).float()
    x = torch.cat([c, 1 - c], 1)
    space = Vector((Category(2), Category(2)))
    model = prepared(x, space, label(2), c)
    law = torch.optim.Adam(model.law.parameters(), 1e-2)
    for step in range(60):
        *_, turn = model.turns(x, c, rng=Stepped(0, step))
        law.zero_grad()
        turn.loss().backward()
        law.step()
    told = model._told(400, c, Keyed(0))
    right = torch.tensor([[0, 3], [1, 2]])[c[:, 0].long()]
    assert float((told[:, None] == right).any(1).float().mean()) > 0.97


def test_a_rare_category_atoms_and_missing_cells_are_learned_at_their_rates():
    """1 % rare, and given it a number lies elsewhere; a third atoms, a fifth missing, counts of two kinds."""
    generator = torch.Generator().manual_seed(0)

    def batch(step):
        u = torch.rand(256, 4, generator=generator)
        kind = torch.where(u[:, 0] < 0.01, 2.0, (u[:, 0] < 0.4).float())
        real = 0.3 * torch.randn(256, generator=generator) + torch.where(kind == 2, 4.0, 2 * kind - 1)
        real = torch.where(u[:, 1] < 0.2, torch.nan, torch.where(u[:, 1] < 0.5, 0.0, real))
        count = torch.where(kind == 1, torch.where(u[:, 2] < 0.5, 40.0, 7.0), (20 * u[:, 3]).floor())
        return (torch.stack([kind, real, count], 1),)

    space = Vector((Category(3), Real((0.0,), missing=True), Count()))
    x = torch.cat([batch(0)[0] for _ in range(20)])
    model = prepared(x, space, width=64, modes=8, generator=MLP(width=64, depth=2))
    play(model, 500, batch)
    before = float((model.sample(20_000, rng=Keyed(0))[:, 0] == 2).float().mean())
    assert 0.003 < before < 0.05
    model.conclude(x, rng=Keyed(1))
    with torch.no_grad():
        drawn = model.sample(20_000, rng=Keyed(0))
    kind, real, count = drawn.T
    assert 0.005 < float((kind == 2).float().mean()) < 0.02
    assert abs(float((kind == 1).float().mean()) - 0.39) < 0.03
    assert abs(float(real.isnan().float().mean()) - 0.2) < 0.03
    assert abs(float((real == 0).float().mean()) - 0.3) < 0.03
    there = ~real.isnan() & (real != 0)
    for k, centre in ((0, -1.0), (1, 1.0)):
        assert abs(float(real[there & (kind == k)].median()) - centre) < 0.25
    assert float(((count == 40) | (count == 7))[kind == 1].float().mean()) > 0.8
    assert float((count == 40)[kind == 0].float().mean()) < 0.1


def test_cells_that_are_left_out_are_hidden_from_the_critic():
    """Missing at random: the real rows' holes are cut into what was made, so that they tell nothing apart."""
    x = example_rows(Vector((Real(), Category(3))), 50, Keyed(0))
    x[::2, 0], x[1::4, 1] = torch.nan, torch.nan
    model = prepared(x, Vector((Real(), Category(3))))
    now = model._round(model.places.placed(x, rng=Stepped(0, 0)), None, Stepped(0, 1))
    fake, _ = model._faked(now, Stepped(0, 2))
    hidden = ~now.there[:, model.places.source]
    assert hidden.any()
    for seen in (fake.x, now.real.x):
        assert (seen[:, : hidden.shape[1]][hidden] == 0).all()
    assert not model.sample(200, rng=Keyed(0)).isnan().any()


def test_in_the_end_choices_come_as_often_as_they_are():
    x = example_rows(MIXED, 4000, Keyed(0))
    model = prepared(x, MIXED)
    with torch.no_grad():
        next(layer for layer in reversed(list(model.maker.layers.modules())) if isinstance(layer, nn.Linear)).bias += (
            2 * torch.randn(model.places.outputs, generator=torch.Generator().manual_seed(0))
        )
    own = torch.bincount(model.places.placed(x, rng=Keyed(1)).choice.flatten(), minlength=len(model.offset)) / len(x)

    def far() -> float:
        drawn = model._drawn(4000, None, Keyed(3))[0]
        return float((torch.bincount(drawn.flatten(), minlength=len(model.offset)) / 4000 - own).abs().max())

    before = far()
    model.conclude(x, rng=Keyed(2))
    assert far() < 0.03 < 0.2 < before


def test_packs_take_any_batch():
    model = made(MIXED, packing=4)
    for size in (1, 3, 7, 16):
        for turn in model.turns(example_rows(MIXED, size, Keyed(size)), rng=Stepped(0, 0)):
            assert torch.isfinite(turn.loss())


@pytest.mark.parametrize("fields", [{"modes": 0}, {"packing": 0}, {"turns": 0}, {"lazily": 0}, {"latent": 0},
                                    {"temperature": 0.0}, {"obedience": -1.0}, {"company": -1}], ids=str)  # fmt: skip
def test_unusable_fields_are_refused(fields):
    with pytest.raises(FieldError):
        TableGAN(**fields)


@pytest.mark.parametrize("packing", [1, 3])
def test_the_critic_can_be_asked(packing):
    """A doctor does, of rows of either kind: a score for each whole pack."""
    x = example_rows(MIXED, 40, Keyed(0))
    model = prepared(x, MIXED, packing=packing).eval()
    for rows in (x, model.sample(40, rng=Keyed(1))):
        scores = model.judge(rows, rng=Keyed(2))
        assert scores.shape == (40 // packing,)
        assert scores.isfinite().all()
        assert torch.equal(model.judge(rows, rng=Keyed(2)), scores)
