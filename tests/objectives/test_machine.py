"""What every machine reads and learns: codes, and chains that begin as independent columns."""

import torch

from likely.families.rbm import RBM
from likely.objectives.machine import Machine
from likely.rng import Keyed, Stepped
from likely.spaces import Image


def test_codes_are_probabilities_and_a_round_moves_the_chains():
    model = RBM(hidden=3).build(Image(1, 2, 2, 2))
    x = (Keyed(0).uniform((20, 1, 2, 2), like=torch.empty(0)) < 0.5).float()
    assert isinstance(model, Machine)
    model.prepare(x, rng=Keyed(1))
    z = model.encode(x)
    assert ((z > 0) & (z < 1)).all()
    assert model.decode(z).shape == x.shape
    (turn,) = model.turns(x, rng=Stepped(0, 0))
    turn.loss().backward()
    assert turn.after is not None
    turn.after()
    assert model.machine.weight.grad is not None
