"""The restricted Boltzmann machine's laws against sums over both of its sides."""

import itertools

import torch

from likely.objectives.boltzmann import Boltzmann, Moved, Weakened, log_2cosh
from likely.rng import Keyed
from likely.spaces import Category, Vector, label


def machine(condition=None):
    torch.manual_seed(0)
    made = Boltzmann(Vector((Category(2), Category(3))), condition, hidden=4, bins=8).double()
    for weight in made.parameters():
        torch.nn.init.normal_(weight)
    made.visible.centre.copy_(torch.randn(made.visible.width))
    return made


ROWS = torch.tensor(list(itertools.product(range(2), range(3)))).double()


def test_a_free_energy_is_a_sum_over_hidden_spins():
    made = machine()
    phi, spins = made.visible.features(ROWS), made.spins()
    joint = made.visible.log_base(ROWS, phi)[:, None] + made.up(phi, Moved()) @ spins.T  # log p*(x, h)
    torch.testing.assert_close(made.log_mass(ROWS, Moved()), joint.logsumexp(1))


def test_listing_either_side_gives_one_normaliser():
    made = machine()
    assert made.listed == 6
    spins = made.spins()
    by_hidden = spins @ (made.bias - made.visible.centre @ made.weight)
    by_hidden = by_hidden + made.visible.log_mass(made.down(spins, Moved()))
    torch.testing.assert_close(made.log_masses(Moved()).logsumexp(0), by_hidden.logsumexp(0))


def test_a_turn_of_gibbs_leaves_the_law_as_it_is():
    made = machine()
    law = made.log_mass(ROWS, Moved()).softmax(0)
    start = ROWS[torch.multinomial(law, 40_000, replacement=True, generator=torch.Generator().manual_seed(0))]
    moved = made.move(start, Moved(), rng=Keyed(0))
    share = torch.stack([(moved == row).all(1).double().mean() for row in ROWS])
    assert (share - law.detach()).abs().max() < 0.012
    assert (start != moved).any(1).double().mean() > 0.05


def test_a_condition_moves_both_sides_row_by_row():
    made = machine(label(2))
    moved = made.moved(torch.tensor([[0.0], [1.0]]).double())
    twice = moved.repeated(2)
    assert torch.equal(twice.push[1], moved.push[0])
    mass = made.log_mass(ROWS[[2, 2]], moved)
    assert mass[0] != mass[1]


def test_weakened_wholly_the_two_sides_have_nothing_to_do_with_one_another():
    made = machine()
    way = Weakened(made, Moved(), 5)
    independent = made.visible.log_base(ROWS, made.visible.features(ROWS)).logsumexp(0) + 4 * torch.log(
        torch.tensor(2.0)
    )
    torch.testing.assert_close(way.log_normaliser[0], independent.double())
    gained = (
        way.gain(ROWS, 0.0, 1.0)
        + made.visible.log_base(ROWS, made.visible.features(ROWS))
        + 4 * log_2cosh(torch.zeros((), dtype=torch.float64))
    )
    torch.testing.assert_close(gained, made.log_mass(ROWS, Moved()))
