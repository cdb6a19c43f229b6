"""Passes: what a new one forgets, and what a model at rest keeps."""

import torch

from likely.distributions.passes import Passes


def test_a_pass_that_ended_is_forgotten_when_the_next_begins() -> None:
    passes = Passes(2)
    assert not passes.begins()
    passes.see(10.0, torch.tensor([-20.0, -30.0]))
    passes.see(10.0, torch.tensor([-20.0, -30.0]))
    assert passes.rise().tolist() == [torch.inf, torch.inf]
    passes.end()
    assert float(passes.rows) == 20
    assert passes.begins()
    assert not passes.begins()
    passes.see(10.0, torch.tensor([-15.0, -29.0]))
    torch.testing.assert_close(passes.rise(), torch.tensor([0.5, 0.1]).double())
    passes.keep([1])
    assert passes.reached.tolist() == [-2.9]


def test_at_rest_more_rows_are_added() -> None:
    passes = Passes(1)
    passes.see(3.0)
    passes.end()
    assert not passes.eval().begins()
    passes.see(2.0)
    assert float(passes.rows) == 5
