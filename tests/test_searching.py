"""Codes by search: least squares where the decoder is linear, choices tried, valleys told apart; rows by themselves."""

from typing import final

import pytest
import torch

import likely
from likely.codecs import Lift
from likely.contracts import Decodes, Latent, Lifted
from likely.errors import CannotAnswer, FieldError
from likely.rng import Keyed
from likely.searching import Found, Search, bank_of, choices, decoded, descended, encoded, leading, searched
from likely.spaces import Category, Image, Real, Tokens, Vector, label, reals

CELLS, NUMBERS = 7, 3


@final
class Linear(Decodes):
    """x = z A' + b, given nothing or a class that moves it."""

    def __init__(self, condition=None, kinds=0):
        super().__init__(reals(CELLS), condition)
        self.codes = Vector((Real(),) * NUMBERS + (Category(kinds),) * bool(kinds))
        self.register_buffer("slopes", Keyed(1).normal((CELLS, NUMBERS), like=torch.empty(0)))
        self.register_buffer("shifts", 3 * Keyed(2).normal((max(kinds, 4), CELLS), like=torch.empty(0)))

    def sample(self, n, c=None, *, rng):
        return self.decode(bank_of(self.codes, n, like=self.slopes, rng=rng)[:n], c)

    def decode(self, z, c=None):
        at = c if c is not None else z[:, NUMBERS:] if z.shape[1] > NUMBERS else torch.zeros_like(z[:, :1])
        return z[:, :NUMBERS] @ self.slopes.T + self.shifts[at[:, 0].long()]


@final
class Folded(Latent):
    """x = (z^2 - 1, 0.2 z): two valleys, the second cell says which is deeper. Its encoder knows one."""

    def __init__(self):
        super().__init__(reals(2))
        self.codes = reals(1)

    def sample(self, n, c=None, *, rng):
        return self.decode(rng.normal((n, 1), like=torch.empty(0)))

    def encode(self, x, c=None):
        return (x[:, :1] + 1).clamp(min=0).sqrt()

    def decode(self, z, c=None):
        return torch.cat([z.square() - 1, 0.2 * z], 1)


@final
class Listed(Decodes):
    """Nothing but a choice: five rows."""

    def __init__(self):
        super().__init__(reals(2))
        self.codes = label(5)
        self.register_buffer("rows", torch.arange(10.0).reshape(5, 2))

    def sample(self, n, c=None, *, rng):
        return self.rows[rng.integers(5, (n,), like=self.rows)]

    def decode(self, z, c=None):
        return self.rows[z[:, 0].long()]


def found(model, x, c=None, seed=0, **how) -> Found:
    return searched(model.eval(), Lift(model.space, Lifted.CENTRED), x, c, Search(**how), seed=seed)


def rows(n=6, dtype=torch.float32):
    return Keyed(5).normal((n, CELLS), like=torch.empty(0, dtype=dtype)) * 2


@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 2e-3), (torch.float64, 1e-4)], ids=["float32", "float64"])
def test_through_a_linear_decoder_it_is_least_squares(dtype, close):
    model, x = Linear().to(dtype), rows(dtype=dtype)
    told = found(model, x)
    apart = x - model.shifts[0]
    exact = torch.linalg.lstsq(model.slopes, apart.T)
    assert torch.allclose(told.z, exact.solution.T, atol=close)
    left = (apart.T - model.slopes @ exact.solution).square().mean(0).double()
    assert torch.allclose(told.misfit, left, rtol=1e-4)
    assert (told.drawn >= told.misfit).all()


def test_its_own_samples_are_found_without_rest():
    model = Linear()
    z = Keyed(3).normal((5, NUMBERS), like=model.slopes)
    told = found(model, model.decode(z))
    assert torch.allclose(told.z, z, atol=1e-3)
    assert told.misfit.max() < 1e-6
    assert told.drawn.min() > 1e-3


def test_cells_that_are_not_there_are_not_asked_for():
    model = Linear()
    z = Keyed(3).normal((2, NUMBERS), like=model.slopes)
    x = model.decode(z)
    x[0, :2], x[1, 4] = torch.nan, torch.nan
    assert torch.allclose(found(model, x).z, z, atol=1e-3)


def test_of_a_choice_every_one_is_tried():
    model = Linear(kinds=40)
    z = bank_of(model.codes, 40, like=model.slopes, rng=Keyed(9))
    told = found(model, model.decode(z[7:30]), tried=40, starts=40, steps=80)
    assert torch.equal(told.z[:, NUMBERS], z[7:30, NUMBERS])
    assert torch.allclose(told.z, z[7:30], atol=1e-3)


def test_where_there_are_choices_alone_the_best_is_taken():
    told = found(Listed(), torch.tensor([[4.1, 4.9], [-3.0, 0.0], [9.0, 9.0]]))
    assert told.z.tolist() == [[2.0], [0.0], [4.0]]
    assert told.misfit[0] == pytest.approx(0.01, abs=1e-6)


def test_the_deeper_of_two_valleys_is_kept_and_an_encoder_s_answer_is_a_start():
    model, z = Folded(), torch.tensor([[1.2], [-1.2], [0.4]])
    told = found(model, model.decode(z))
    assert torch.allclose(told.z, z, atol=1e-3)
    beyond = model.decode(torch.tensor([[6.0]]))  # no draw comes near
    near = found(model, beyond, tried=1, starts=1, steps=0)
    assert torch.allclose(near.z, model.encode(beyond))
    assert near.drawn > 1


def test_rows_are_told_their_condition():
    model, c = Linear(label(4)), torch.tensor([[3.0], [1.0], [3.0]])
    z = Keyed(3).normal((3, NUMBERS), like=model.slopes)
    assert torch.allclose(found(model, model.decode(z, c), c).z, z, atol=1e-3)


def test_a_row_s_code_is_its_own(monkeypatch):
    model = Linear(kinds=5)
    x = rows(30)
    whole = found(model, x)
    assert torch.equal(whole.z, found(model, x).z)
    monkeypatch.setattr("likely.searching.BATCH", 1)
    alone = found(model, x[11:13])
    assert torch.allclose(whole.z[11:13], alone.z, atol=1e-3)
    assert torch.allclose(whole.misfit[11:13], alone.misfit, rtol=1e-4)


def test_a_valley_that_bends_is_followed_to_its_end():
    def value(z, at):
        return (1 - z[:, 0]).square() + 100 * (z[:, 1] - z[:, 0].square()).square()

    start = torch.tensor([[-1.2, 1.0], [2.0, -1.0], [0.0, 3.0], [1.0, 1.0]], dtype=torch.float64)
    z, f = descended(value, start, 200)
    assert torch.allclose(z, torch.ones_like(z), atol=1e-3)
    assert (f < 1e-7).all()
    assert torch.equal(descended(value, start, 0)[0], start)


def test_a_row_rests_where_nothing_falls():
    calls = []

    def value(z, at):
        calls.append(len(at))
        return torch.where(at == 0, z[:, 0].abs() * 0, z[:, 0].square())

    z, _ = descended(value, torch.tensor([[5.0], [5.0]]), 50)
    assert z[0] == 5.0
    assert z[1].abs() < 1e-3
    assert len(calls) < 60


def test_the_bank_has_some_of_every_choice():
    codes = Vector((Real(), Category(3), Category(2)))
    drawn = bank_of(codes, 7, like=torch.empty(0), rng=Keyed(0))
    assert len(drawn) == 24
    assert {tuple(row) for row in drawn[:, 1:].tolist()} == {(a, b) for a in range(3) for b in range(2)}
    assert choices(codes) == {1: 3, 2: 2}
    assert bank_of(Image(1, 2, 3, None), 7, like=torch.empty(0), rng=Keyed(0)).shape == (7, 1, 2, 3)


def test_starts_are_of_other_choices_each_where_there_are_enough():
    missed = torch.tensor([[0.1, 5.0, 3.0, 0.2, 4.0, 0.3], [9.0, 8.0, 7.0, 6.0, 5.0, 4.0]])
    assert leading(missed, 2, 3).tolist() == [[0, 5], [5, 4]]
    assert leading(missed, 2, 1).tolist() == [[0, 3], [5, 4]]
    assert leading(missed, 4, 3).tolist() == [[0, 3, 5, 2], [5, 4, 3, 2]]


def test_how_it_went_is_said():
    said = str(found(Linear(), rows()))
    assert "a heuristic" in said
    assert "the best of the codes drawn" in said


def test_what_cannot_be_sought_is_refused():
    for wrong in ({"starts": 0}, {"tried": 2, "starts": 3}, {"steps": -1}):
        with pytest.raises(FieldError, match="at least 1 start"):
            Search(**wrong)
    spelled = Listed()
    spelled.codes = Tokens(9, 5)
    with pytest.raises(CannotAnswer, match="are choices: too many"):
        found(spelled, torch.zeros(1, 2))
    told = Listed()
    told.space = Vector((Real(), Category(2)))
    with pytest.raises(CannotAnswer, match="no slope leads"):
        found(told, torch.zeros(1, 2))


def test_what_an_encoder_says_and_rows_of_codes():
    model, x = Folded(), torch.tensor([[0.5, 0.0], [3.0, 1.0]])
    lift = Lift(model.space, Lifted.CENTRED)
    assert torch.equal(encoded(model, lift, x, None), model.encode(x))
    assert torch.equal(decoded(model, torch.ones(3, 1), None), model.decode(torch.ones(3, 1)))


def test_a_fitted_model_s_rows(monkeypatch):
    """A generator encodes by search, and so does an encoder's model where it is asked to."""
    points = likely.read("moons").take(range(300))
    rows = points.take(range(12))
    made = likely.fit(points, likely.GAN(latent=2, codes=4, width=16), budget=2, certify=False)
    codes = made.encode(rows)
    assert codes.shape == (12, 3)
    assert set(codes[:, 2]) <= {0.0, 1.0, 2.0, 3.0}
    told = made.sought(rows, Search(tried=300))
    again = made.encode(made.decode(codes))
    assert told.misfit.shape == (12,)
    assert again.shape == codes.shape
    flow = likely.fit(points, likely.RealNVP(layers=2, width=8), budget=2, certify=False)
    told = flow.sought(rows)
    assert told.misfit.max() < 1e-6  # a bijection tells every row
    assert (flow.encode(rows, search=Search()) == told.z.numpy()).all()
    with pytest.raises(CannotAnswer, match=r"KDE has no codes: it has no latent space.*BiGAN"):
        likely.fit(points, likely.KDE(), certify=False).encode(rows)
    table = likely.fit("iris", likely.VAE(latent=2), budget=1, certify=False)
    with pytest.raises(CannotAnswer, match="what this VAE decodes to are choices"):
        table.encode("iris", search=Search())
