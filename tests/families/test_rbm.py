"""The RBM: listed and annealed, its gradients, its draws and its fills, against sums over all of its states."""

import itertools
import math

import pytest
import torch

from likely.contracts import Density, Estimated, Evidence
from likely.errors import CannotAnswer, FieldError
from likely.families import rbm as rooms
from likely.families.rbm import RBM, ListedRBMModel, RBMModel
from likely.objectives import Contrastive, Persistent, ScoreMatching
from likely.objectives.boltzmann import Moved, Weakened
from likely.particles.annealing import backward, between, forward
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Image, Real, Vector, label, reals

TABLE = Vector((Real(), Real(atoms=(0.0,), missing=True), Count(), Category(3), Category(2, missing=True)))
BITS = Image(1, 2, 3, levels=2)


def rows(space, n=64):
    noise = Keyed(3)
    if isinstance(space, Image):
        return (noise.uniform((n, *space.shape), like=torch.empty(0)) < 0.4).float()
    like, columns = torch.empty(0), []
    for column in space.columns:
        match column:
            case Real():
                cells = noise.normal((n,), like=like)
                for atom in column.atoms:
                    cells = torch.where(noise.uniform((n,), like=like) < 0.3, atom, cells)
            case Count():
                cells = noise.integers(9, (n,), like=like).float()
            case _:
                cells = noise.integers(column.k, (n,), like=like).float()
        gone = noise.uniform((n,), like=like) < 0.2
        columns.append(torch.where(gone, torch.nan, cells) if column.missing else cells)
    return torch.stack(columns, 1)


def made(space, condition=None, *, strength=1.0, double=True, learns=False, **fields):
    """A machine whose two sides have something to do with one another."""
    torch.manual_seed(1)
    model = RBM(**{"hidden": 3, **fields}).build(space, condition)
    c = None if condition is None else torch.arange(64).remainder(condition.columns[0].k)[:, None].float()
    model.prepare(rows(space), c, rng=Keyed(0))
    with torch.no_grad():
        model.machine.weight.normal_(0, strength, generator=torch.Generator().manual_seed(2))
        model.machine.bias.normal_(0, 0.5, generator=torch.Generator().manual_seed(3))
    model.requires_grad_(learns)
    return model.double() if double else model


def every_bit(width):
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=width)), dtype=torch.float64)


def by_hand(model, x):
    """log p of every row of bits, by summing e^{-E} over both sides."""
    machine, spins = model.machine, every_bit(model.machine.hidden) - 0.5
    apart = x - machine.visible.centre
    energy = x @ machine.visible.bias[:, None] + (apart @ machine.weight + machine.bias) @ spins.T
    return energy.logsumexp(1) - energy.logsumexp((0, 1))


def test_a_density_is_the_sum_over_both_sides():
    model, x = made(BITS), every_bit(6)
    assert isinstance(model, ListedRBMModel)
    torch.testing.assert_close(model.log_prob(x.reshape(-1, 1, 2, 3)), by_hand(model, x))


def test_listing_hidden_states_and_listing_rows_agree(monkeypatch):
    model, few = made(BITS), made(BITS, hidden=9)
    wanted = by_hand(few, every_bit(6))
    assert not few.machine._of_hidden()
    torch.testing.assert_close(few.log_prob(every_bit(6).reshape(-1, 1, 2, 3)), wanted)
    by_hidden = model.machine.log_masses(Moved()).logsumexp(0)
    monkeypatch.setattr(type(model.machine), "_of_hidden", lambda self: False)
    torch.testing.assert_close(model.machine.log_masses(Moved()).logsumexp(0), by_hidden)


def test_a_changed_weight_changes_the_normaliser():
    model, x = made(BITS), every_bit(6)
    before = model.log_prob(x.reshape(-1, 1, 2, 3))
    with torch.no_grad():
        model.machine.weight.data[0, 0] += 1.0  # also where torch keeps no count of changes
    after = model.log_prob(x.reshape(-1, 1, 2, 3))
    assert not torch.allclose(before, after)
    assert float(after.logsumexp(0)) == pytest.approx(0.0, abs=1e-9)


def test_the_conditions_of_classes_have_normalisers_of_their_own():
    model, x = made(BITS, label(2)), every_bit(6).reshape(-1, 1, 2, 3)
    for k in (0.0, 1.0, math.nan):
        assert float(model.log_prob(x, torch.full((64, 1), k).double()).logsumexp(0)) == pytest.approx(0.0, abs=1e-9)


def test_a_gaussian_machine_integrates_to_one():
    model = made(reals(1), strength=0.7)
    x = torch.linspace(-12, 12, 4001, dtype=torch.float64)[:, None]
    assert float(torch.trapezoid(model.log_prob(x).exp(), x[:, 0])) == pytest.approx(1.0, abs=1e-6)


def exact_gradient(model, x):
    """Of -log p, by autograd through the sum over everything."""
    model.zero_grad()
    (
        -by_hand(model, every_bit(6))[(every_bit(6)[None] == x.flatten(1)[:, None]).all(2).nonzero()[:, 1]]
    ).mean().backward()
    return torch.cat([p.grad.flatten().clone() for p in model.machine.parameters()])


def mean_gradient(model, x, rounds):
    """Of the turns' losses, chains going on from round to round."""
    total = 0.0
    for step in range(rounds):
        model.zero_grad()
        (turn,) = model.turns(x, rng=Stepped(5, step))
        turn.loss().backward()
        turn.after()
        total = total + torch.cat([p.grad.flatten().clone() for p in model.machine.parameters()])
    return total / rounds


@pytest.mark.parametrize("learning", [Persistent(moves=2, chains=2000), Contrastive(moves=60)], ids=["pcd", "cd"])
def test_gradients_are_those_of_the_likelihood(learning):
    """Chains that had the time to mix; two moves from the rows have not (which is what CD is)."""
    model, x = made(BITS, learning=learning, learns=True), rows(BITS, 2000).double()
    wanted = exact_gradient(model, x)
    mean_gradient(model, x, 20)
    seen = mean_gradient(model, x, 15)
    assert float((seen - wanted).abs().max()) < 0.012
    assert float(wanted.abs().max()) > 0.06


def test_few_moves_from_the_rows_lean_towards_them():
    model, x = made(BITS, strength=2.0, learning=Contrastive(moves=1), learns=True), rows(BITS, 2000).double()
    wanted = exact_gradient(model, x)
    assert float((mean_gradient(model, x, 15) - wanted).abs().max()) > 0.03


def frequencies(x):
    place = (x.flatten(1) * 2.0 ** torch.arange(5, -1, -1)).sum(1).long()
    return torch.bincount(place, minlength=64).double() / len(x)


def test_listed_draws_are_exact():
    model = made(BITS, strength=2.0)
    p = by_hand(model, every_bit(6)).exp()
    seen = frequencies(model.sample(20_000, rng=Keyed(1)).double())
    assert bool(((seen - p).abs() < 5 * (p * (1 - p) / 20_000).sqrt() + 1e-4).all())


@pytest.fixture
def unlisted(monkeypatch):
    """Nothing is listed, however small."""
    monkeypatch.setattr(rooms, "LISTED", 0)
    monkeypatch.setattr(rooms, "EACH", 0)


@pytest.mark.parametrize("learning", [Persistent(chains=64), Contrastive()], ids=["kept", "anew"])
def test_chains_draw_from_the_law(unlisted, learning):
    model = made(BITS, moves=60, learning=learning)
    assert isinstance(model, RBMModel)
    p = by_hand(model, every_bit(6)).exp()
    seen = frequencies(model.sample(20_000, rng=Keyed(1)).double())
    assert bool(((seen - p).abs() < 5 * (p * (1 - p) / 20_000).sqrt() + 1e-4).all())


def test_annealing_finds_the_normaliser_within_its_error(unlisted):
    model = made(BITS, strength=1.5, chains=200, temperatures=100, moves=30)
    model.conclude(rows(BITS).double(), rng=Keyed(4))
    truth = by_hand(model, every_bit(6))
    told = model.log_prob_estimate(every_bit(6).reshape(-1, 1, 2, 3), rng=Keyed(0))
    assert torch.allclose(told.stderr, told.stderr[0])
    assert bool(((told.value - truth).abs() < 4 * told.stderr + 1e-3).all())
    assert 0 < float(told.stderr[0]) < 0.05


def test_forward_is_too_low_and_backward_too_high_on_average():
    """The signs of both biases, over 400 short estimates of each; and with the wrong sign they would not pass."""
    model = made(BITS, strength=3.0)
    truth = float(model.machine.log_masses(Moved()).logsumexp(0))
    way, runs, chains = Weakened(model.machine, Moved(), 400 * 4), 400, 4
    ahead = forward(way, 4, rng=Keyed(1)).log_weights.view(runs, chains)
    exact = model.machine.visible.rows(model.sample(runs * chains, rng=Keyed(2)).double())
    back = backward(way, exact, 4, rng=Keyed(3)).log_weights.view(runs, chains)
    found = between(ahead, back)
    low, high = (each + way.log_normaliser[0] - truth for each in (found.value, found.above))
    for bias, sign in ((low, -1), (high, 1)):
        assert sign * float(bias.mean()) > 4 * float(bias.std()) / math.sqrt(runs)
    unbiased = (ahead + way.log_normaliser[0] - truth).exp()
    assert abs(float(unbiased.mean()) - 1) < 4 * float(unbiased.std()) / math.sqrt(runs * chains)


def test_a_condition_that_is_no_class_is_annealed_row_by_row(unlisted):
    torch.manual_seed(0)
    model = RBM(hidden=3, chains=32, temperatures=80).build(BITS, reals(2)).double()
    x, c = every_bit(6).reshape(-1, 1, 2, 3), torch.tensor([[0.3, -1.0]]).double().expand(64, 2)
    model.prepare(x.float().double(), c, rng=Keyed(0))
    with torch.no_grad():
        model.machine.weight.normal_(0, 1.0, generator=torch.Generator().manual_seed(2))
    model.requires_grad_(False)
    told = model.log_prob_estimate(x, c, rng=Keyed(1))
    assert abs(float(told.value.logsumexp(0))) < 0.2
    alone = model.log_prob_estimate(x[5:7], c[5:7], rng=Keyed(1, rows=5))
    torch.testing.assert_close(alone.value, told.value[5:7])


def test_a_row_of_any_columns_comes_back(unlisted):
    model, x = made(TABLE, double=False), rows(TABLE)
    visible = model.machine.visible
    back = visible.whole(visible.rows(x), rng=Keyed(0))
    counts = visible.rows(x)[:, 2]
    torch.testing.assert_close(back[:, [0, 1, 3, 4]], x[:, [0, 1, 3, 4]], equal_nan=True)
    assert torch.equal(visible.rows(back)[:, 2], counts)
    assert isinstance(model, Estimated)
    assert not isinstance(model, Density)


def test_what_it_cannot_do_is_refused():
    with pytest.raises(FieldError, match="no slopes"):
        RBM(learning=ScoreMatching())
    with pytest.raises(FieldError, match="at least 2"):
        RBM(chains=1)
    with pytest.raises(CannotAnswer, match="missing at random"):
        made(reals(2), double=False).log_prob(torch.tensor([[0.0, math.nan]]))


# What is missing -----------------------------------------------------------------------------------------------------

CHOICES = Vector((Category(3), Category(2, missing=True), Category(2), Category(2)))


def every_row(space):
    if isinstance(space, Image):
        return every_bit(6).view(-1, 1, 2, 3)
    kinds = [[*range(column.k), *[math.nan] * column.missing] for column in space.columns]
    return torch.tensor(list(itertools.product(*kinds)), dtype=torch.float64)


def agreeing(log_p, every, x, known):
    """log p of every row that agrees with what is known."""
    agrees = ((every == x) | (every.isnan() & x.isnan()) | ~known).flatten(1).all(1)
    return log_p(every).masked_fill(~agrees, -math.inf)


def given(log_p, every, x, known):
    """log p of every row that agrees with what is known and misses nothing that is free."""
    there = (~every.isnan() | known).flatten(1).all(1)
    return agreeing(log_p, every, x, known).masked_fill(~there, -math.inf)


@pytest.mark.parametrize("hidden", [3, 9])  # of nine it is the rows that are listed
@pytest.mark.parametrize(
    ("space", "row", "shown"),
    [(BITS, 37, "010110"), (CHOICES, 20, "0101"), (CHOICES, 30, "1000")],
    ids=["bits", "choices", "one"],
)
def test_a_listed_machine_completes_exactly(space, row, shown, hidden):
    model, every = made(space, hidden=hidden), every_row(space)
    x, known = every[row], torch.tensor([bit == "1" for bit in shown]).view(space.shape)
    log_p = given(model.log_prob, every, x, known)
    many = x.expand(4000, *space.shape), Evidence(known.expand(4000, *space.shape))
    evidence = agreeing(model.log_prob, every, x, known).logsumexp(0)
    torch.testing.assert_close(model.log_evidence(many[0][:1], Evidence(known[None]))[0], evidence)
    drawn = model.complete(*many, rng=Keyed(0))
    seen = (drawn.nan_to_num(9)[:, None] == every.nan_to_num(9)).flatten(2).all(2).double().mean(0)
    assert (seen - log_p.softmax(0)).abs().max() < 4 * (0.25 / 4000) ** 0.5


def test_a_real_left_out_is_integrated_out():
    model = made(Vector((Real(), Real(), Category(2))))
    grid = torch.linspace(-30, 30, 20_001, dtype=torch.float64)
    x = torch.tensor([[0.4, 0.0, 1.0]], dtype=torch.float64)
    told = model.log_evidence(x, Evidence(torch.tensor([[True, False, True]])))
    rows = torch.stack([torch.full_like(grid, 0.4), grid, torch.ones_like(grid)], 1)
    torch.testing.assert_close(told[0].exp(), torch.trapezoid(model.log_prob(rows).exp(), grid), rtol=1e-5, atol=0)


def test_clamped_chains_draw_what_is_missing(unlisted):
    model = made(BITS, strength=1.5, chains=200, temperatures=300)
    assert isinstance(model, RBMModel)
    model.conclude(rows(BITS).double(), rng=Keyed(2))
    every = every_row(BITS)
    x, known = every[37], torch.tensor([bit == "1" for bit in "010010"]).view(BITS.shape)
    mass = given(lambda each: model.mass(each, None), every, x, known)
    told = model.fill(x.expand(3000, 1, 2, 3), Evidence(known.expand(3000, 1, 2, 3)), particles=16, rng=Keyed(1))
    seen = torch.bincount((told.x.flatten(1).long() * 2 ** torch.arange(5, -1, -1)).sum(1), minlength=64) / 3000
    assert (seen - mass.softmax(0)).abs().max() < 4 * (0.25 / 3000) ** 0.5
    log_z = model.mass(every[:1], None) - model.log_prob_estimate(every[:1], rng=Keyed(0)).value
    ratio = (told.log_evidence - (mass.logsumexp(0) - log_z)).exp()
    assert abs(float(ratio.mean()) - 1) < 4 * float(ratio.std()) / 3000**0.5 + 0.01
