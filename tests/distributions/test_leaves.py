"""Leaves: laws that sum to one over the states that exist, a floor under all of them, beginnings near rows."""

import torch

from likely.distributions.leaves import Leaves
from likely.rng import Keyed

SIZES = torch.tensor([2, 5, 3])
POSSIBLE = torch.tensor([1, 1, 1, 1, 1, 0, 1, 1, 1, 1], dtype=torch.bool)


def leaves(smoothing: float = 0.01) -> Leaves:
    torch.manual_seed(0)
    return Leaves(SIZES, POSSIBLE, 2, 4, smoothing)


def test_laws_sum_to_one_over_the_states_that_exist() -> None:
    law = leaves().log_law().detach()
    assert law.shape == (2, 11, 4)
    assert (law[:, -1] == 0).all()
    for column in range(3):
        torch.testing.assert_close(leaves().of(column, law).exp().sum(1), torch.ones(2, 4))
    assert (law[:, 5] < -80).all()


def test_the_overall_law_is_a_floor() -> None:
    told = leaves(smoothing=0.1)
    with torch.no_grad():
        told.theta[:, 0] = 30
    torch.testing.assert_close(told.log_law()[:, 1].exp(), torch.full((2, 4), 0.1 * 0.5))


def test_places_of_states_side_by_side() -> None:
    assert leaves().places(torch.tensor([[1, 3, 0], [-1, 0, 2]])).tolist() == [[1, 5, 7], [10, 2, 9]]


def test_each_hidden_state_begins_near_a_row() -> None:
    told, rng = leaves(), Keyed(0)
    state = torch.stack([rng.integers(int(k), (400,), like=torch.zeros(0)) for k in (2, 3, 3)], 1)
    state[:, 1] = torch.where(state[:, 1] == 2, 4, state[:, 1])  # never state 2, and 3 does not exist
    state[:50, 2] = -1
    numbers = torch.tensor([0, 0, 1, 1, 1, 0, 0, 0, 0, 0], dtype=torch.bool)
    told.begin(state, POSSIBLE, numbers, rng=Keyed(1))
    torch.testing.assert_close(told._overall(told.overall), told.overall)
    assert told.overall[5] == 0
    assert 0 < told.overall[4] < 0.01
    law = told.log_law().detach().exp()
    for column in (0, 2):
        assert (told.of(column, law).amax(1) > 0.6).all()


def test_a_number_s_first_leaf_spreads_to_its_neighbours() -> None:
    torch.manual_seed(0)
    told = Leaves(torch.tensor([64]), torch.ones(64, dtype=torch.bool), 1, 6, 0.0)
    state = torch.arange(64).repeat(10)[:, None]
    told.begin(state, torch.ones(64, dtype=torch.bool), torch.ones(64, dtype=torch.bool), rng=Keyed(0))
    law = told.log_law()[0, :-1].detach().exp()
    middle = law.argmax(0)
    for z in range(6):
        near = (torch.arange(64) - middle[z]).abs() <= 8
        assert float(law[near, z].sum()) > 0.6
        assert float(law[middle[z], z]) < 0.2
