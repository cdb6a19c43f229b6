"""Chains that go on: which take their turn, what they were told, and what no objective can be."""

import pytest
import torch

from likely.errors import FieldError
from likely.objectives import Contrastive, Persistent, ScoreMatching
from likely.objectives.contrast import Chains
from likely.rng import Keyed, Stepped
from likely.spaces import label


def test_chains_take_turns_and_keep_their_conditions():
    chains = Chains(10, (2,), label(3))
    c = torch.arange(10).remainder(3)[:, None].float()
    chains.begin(torch.arange(20.0).view(10, 2), c)
    taken = chains.taken(6, c[:6], lambda noise: torch.full((6, 2), -1.0), 0.0, rng=Stepped(0, 1))
    assert len(taken.at.unique()) == 6
    assert torch.equal(taken.rows, chains.rows[taken.at])
    assert torch.equal(taken.c, chains.given[taken.at])
    chains.put(taken._replace(rows=taken.rows + 100))
    assert float(chains.rows.min()) < 100 < float(chains.rows.max())


def test_some_begin_anew_with_the_batch_s_conditions():
    chains = Chains(8, (1,), label(3))
    chains.begin(torch.zeros(8, 1), torch.zeros(8, 1))
    told = torch.full((8, 1), 2.0)
    taken = chains.taken(8, told, lambda noise: torch.ones(8, 1), 0.5, rng=Stepped(0, 1))
    assert torch.equal(taken.rows == 1, taken.c == 2)
    assert 0 < float(taken.rows.mean()) < 1


def test_a_row_goes_on_from_a_chain_of_its_own_condition():
    chains = Chains(6, (1,), label(3))
    chains.begin(torch.arange(6.0)[:, None], torch.tensor([0.0, 0, 1, 1, 1, 0])[:, None])
    rows, found = chains.picked(200, chains.fitting(torch.ones(200, 1)), rng=Keyed(0))
    assert sorted(rows[:, 0].unique().tolist()) == [2, 3, 4]
    assert bool(found.all())
    assert not chains.picked(5, chains.fitting(torch.full((5, 1), 2.0)), rng=Keyed(0))[1].any()


@pytest.mark.parametrize(
    "wrong", [lambda: Contrastive(moves=0), lambda: Persistent(chains=0), lambda: Persistent(fresh=1.5),
              lambda: ScoreMatching(noise=0)],
    ids=["moves", "chains", "fresh", "noise"],
)  # fmt: skip
def test_wrong_objectives_are_refused(wrong):
    with pytest.raises(FieldError, match="cannot be"):
        wrong()
