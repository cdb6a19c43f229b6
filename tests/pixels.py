"""What the tests of pixel models share."""

import torch

from likely.backbones.trunk import Whole
from likely.contracts import Space
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Tokens, Vector, absent, label

MIXED = Vector((Real(), Real(atoms=(0.0,), missing=True), Count(), Category(3), Category(2, missing=True)))
CONDITIONS = [label(3), Vector((Real(missing=True), Real())), Image(1, 4, 4, 4), Image(1, 2, 3, 4), Tokens(5, 3)]


def heeds(model, condition: Space) -> bool:
    """Whether the model's scores change with what it is told."""
    size = (4, *condition.shape)
    c = torch.randint(0, 5, size) if isinstance(condition, Tokens) else torch.randint(0, 2, size).double()
    x = model.sample(4, c, rng=Keyed(0))
    with torch.no_grad():
        return not torch.allclose(model.log_prob(x, c), model.log_prob(x, absent(c)))


def walks_as_the_whole(trunk, planes, context=None) -> None:
    """Fails where the features said place by place are not those of the whole picture at once."""
    rows, size = len(planes), planes.shape[2:]
    with torch.no_grad():
        whole, quick, naive = trunk(planes, context), trunk.walk(rows, context), Whole(trunk, rows, context)
        for at in range(size[0] * size[1]):
            said = quick.says()
            torch.testing.assert_close(said, whole.flatten(2)[:, :, at])
            torch.testing.assert_close(said, naive.says())
            quick.know(planes.flatten(2)[:, :, at])
            naive.know(planes.flatten(2)[:, :, at])
