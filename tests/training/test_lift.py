import torch

from likely.rng import Keyed
from likely.training.lift import lifted


class Spread:
    """u = 2 (x + U), U uniform: log|du/dx| = log 2."""

    def up(self, x, *, rng):
        return 2 * (x + rng.uniform(x.shape, like=x)), torch.full((len(x),), 2 * 0.6931471805599453)


def test_identity_without_a_lift() -> None:
    x = torch.ones(3, 2)
    u, ladj = lifted(x, None, Keyed(0))
    assert u is x
    assert ladj.tolist() == [0.0, 0.0, 0.0]


def test_a_lift_is_asked() -> None:
    u, ladj = lifted(torch.ones(3, 2), Spread(), Keyed(0))
    assert bool(((u > 2) & (u < 4)).all())
    assert ladj.shape == (3,)
