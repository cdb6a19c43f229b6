"""A score that depends on its companions is seen; one that does not moves by rounding at most."""

import torch

from likely.certificates.company import gap, score_alone, widest_gap
from tests.certificates import planted
from tests.certificates.planted import clock, subject


def test_a_leak_is_seen():
    assert score_alone(subject(planted.Right), clock()).value < 1e-12
    assert score_alone(subject(planted.Leak), clock()).value > 1e-3


def test_order_company_and_number_are_all_tried():
    x = torch.arange(8.0)
    assert widest_gap(lambda at: x[at], 8) == 0
    assert widest_gap(lambda at: x[at] + at[0], 8) > 0  # the first row's number
    assert widest_gap(lambda at: x[at] + len(at), 8) > 0
    assert widest_gap(lambda at: x[at], 1) == 0


def test_infinities_are_equal_and_nan_is_far():
    inf = torch.tensor([-torch.inf])
    assert gap(inf, inf) == 0
    assert gap(torch.tensor([torch.nan]), torch.tensor([0.0])) == torch.inf
    assert gap(inf, torch.tensor([0.0])) == torch.inf
