"""Cases: rows of every space lie in it, and a model of a case has learned."""

import pytest
import torch

from likely.families.vae import VAE
from likely.rng import Keyed
from likely.spaces import Vector
from likely.testing.case import CONDITIONS, SPACES, Case, example_rows


@pytest.mark.parametrize("name", SPACES)
def test_rows_have_their_space_s_shape_and_the_same_seed_the_same_rows(name):
    rows = example_rows(SPACES[name], 20, Keyed(1))
    again = example_rows(SPACES[name], 20, Keyed(1))
    assert rows.shape == (20, *SPACES[name].shape)
    assert torch.equal(rows.nan_to_num(-9.0), again.nan_to_num(-9.0))


def test_only_columns_that_can_be_missing_are():
    space = SPACES["mixed"]
    assert isinstance(space, Vector)
    gaps = example_rows(space, 200, Keyed(0)).isnan().any(0)
    assert gaps.tolist() == [column.missing for column in space.columns]


def test_conditions_are_rows_of_their_space():
    for name, condition in CONDITIONS.items():
        c = Case(VAE(), SPACES["reals"], condition).c
        assert (c is None) == (name == "nothing")


def test_a_trained_case_has_left_its_initial_weights():
    case = Case(VAE(), SPACES["reals"])
    pairs = zip(case.model.parameters(), case.built().parameters(), strict=True)
    assert any(not torch.equal(a, b) for a, b in pairs)
