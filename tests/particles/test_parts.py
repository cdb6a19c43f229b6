"""Rows in parts: one after the other, each with noise of its own."""

import torch

from likely.contracts import Filled
from likely.particles.parts import in_parts, of
from likely.rng import Keyed, Stepped


def drawn(size, rng):
    def fill(at, own):
        x = own.normal((len(range(7)[at]), 2), like=torch.empty(0))
        return Filled(x, x[:, 0], x[:, 1] if size != 3 else None)

    return in_parts(7, size, fill, rng=rng)


def test_parts_do_not_show():
    whole = drawn(7, Keyed(1, rows=5))
    assert torch.equal(drawn(2, Keyed(1, rows=5)).x, whole.x)
    assert torch.equal(drawn(0, Keyed(1, rows=torch.arange(5, 12))).log_evidence, whole.log_evidence)
    assert drawn(3, Keyed(1)).log_evidence is None
    assert drawn(4, Stepped(0, 1)).x.unique().numel() == 14
    assert of(None, slice(2)) is None
