"""Structures: what is given is checked, and says how to be eliminated; all of it goes through JSON."""

import pytest

from likely.distributions.structure import ChowLiu, Given
from likely.errors import FieldError
from likely.families.bayes_net import BayesNet
from likely.fields import from_json, made, to_json


def test_a_given_graph() -> None:
    wiring = Given(edges=("0:2", "1:2")).known([2, 2, 2])
    assert wiring.parents.tolist() == [[-1, -1], [-1, -1], [0, 1]]
    assert sorted(wiring.order) == [0, 1, 2]
    assert ChowLiu().known([2, 2]) is None


@pytest.mark.parametrize("edge", ["0:3", "1:1", "a:b", "0", "-1:0", "0:1:2", "0:1"])
def test_an_edge_that_cannot_be_is_named(edge: str) -> None:
    with pytest.raises(FieldError, match=r"Given\.edges cannot hold"):
        Given(edges=("0:1", edge)).known([2, 2, 2])


def test_circles_and_wide_graphs_are_refused() -> None:
    with pytest.raises(FieldError, match=r"circle through columns \[0, 1, 2\]"):
        Given(edges=("0:1", "1:2", "2:0")).known([2, 2, 2])
    with pytest.raises(FieldError, match="ChowLiu"):
        Given(edges=tuple(f"{d}:9" for d in range(9))).known([12] * 10)


def test_fields_go_through_json_and_flags() -> None:
    family = BayesNet(structure=Given(edges=("0:1",)), bins=5)
    assert from_json(to_json(family), "Family") == family
    assert made("Family", "bayes-net,structure=given,structure.edges=(0:1,1:2)").structure.edges == ("0:1", "1:2")
    with pytest.raises(FieldError, match="penalty"):
        ChowLiu(penalty=-1.0)
