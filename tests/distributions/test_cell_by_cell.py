import math

import torch

from likely.distributions import law_of
from likely.rng import Keyed
from likely.spaces import Series


def test_a_series_with_gaps_says_which_cells_are_missing():
    law = law_of(Series(1, 3, 2, missing=True))
    x = torch.tensor([[[0.0, 1.0, torch.nan]]])
    zero = torch.zeros(1, *law.outputs)
    torch.testing.assert_close(law.log_prob(x, zero), torch.tensor([-3 * math.log(3)]))
    drawn = law.sample(zero.expand(64, -1), rng=Keyed(0))
    assert drawn.shape == (64, 1, 3)
    assert drawn.isnan().any()
    assert (drawn.nan_to_num(0) <= 1).all()
    assert law.mean(zero).shape == (1, 1, 3)
