"""Values are taken as they are given; intervals are refused by name."""

import pytest
import torch

from likely.contracts import Evidence
from likely.distributions.asked import values_known
from likely.errors import CannotAnswer


def test_values_are_known_and_intervals_refused():
    known = torch.tensor([[True, False]])
    assert values_known(Evidence(known), "MADE") is known
    for ends in ({"low": torch.zeros(1, 2)}, {"high": torch.ones(1, 2)}):
        with pytest.raises(CannotAnswer, match="MADE cannot be given intervals") as error:
            values_known(Evidence(known, **ends), "MADE")
        assert "Circuit" in error.value.remedy
