"""What tests of several families share: spaces, rows of any space, and a short stand-in for the training loop."""

import torch

from likely.backbones import MLP
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Image, Real, Tokens, Vector, label

TABLE = Vector((Real(missing=True), Count(), Category(3)))
CONDITIONS = [None, label(4), TABLE, Image(1, 6, 6, 2), Tokens(5, 4)]
SMALL = MLP(width=16, depth=2)


def rows(space, count=6):
    torch.manual_seed(0)
    match space:
        case Vector():
            return torch.randint(0, 3, (count, len(space.columns))).float()
        case Image(levels=int(levels)):
            return torch.randint(0, levels, (count, *space.shape)).float()
        case Tokens():
            return torch.randint(0, space.vocabulary, (count, *space.shape))
        case _:
            return torch.rand(count, *space.shape)


def descend(model, steps, batch, faster=1.0):
    """Rounds of turns on batch(step), the rate falling to zero."""
    for _ in _rounds(model, steps, batch, faster):
        pass


def play(model, steps, batch):
    """The same, and the average of the weights in the end."""
    average = [weight.detach().clone() for weight in model.parameters()]
    for step in _rounds(model, steps, batch):
        with torch.no_grad():
            torch._foreach_lerp_(average, list(model.parameters()), 10 / (step + 10))
    for weight, kept in zip(model.parameters(), average):
        weight.data.copy_(kept)


def _rounds(model, steps, batch, faster=1.0):
    players = model.players()
    optimizers = {name: torch.optim.Adam(p.module.parameters(), p.rate, p.betas) for name, p in players.items()}
    for step in range(steps):
        for turn in model.turns(*batch(step), rng=Stepped(0, step)):
            optimizer = optimizers[turn.player]
            optimizer.param_groups[0]["lr"] = faster * players[turn.player].rate * (1 - step / steps)
            optimizer.zero_grad()
            turn.loss().backward()
            optimizer.step()
            if turn.after is not None:
                turn.after()
        yield step


def two_classes(generator, count=128):
    """batch(step): clusters of spread 0.3, one class around -0.9, the other around 0.9."""

    def batch(_):
        c = torch.randint(0, 2, (count, 1), generator=generator).float()
        return 1.8 * (c - 0.5) + 0.3 * torch.randn(count, 2, generator=generator), c

    return batch


def check_two_classes(model, far, wide):
    """Drawn given its name, each class lies where it does and is as wide, up to a log ratio."""
    c = (torch.arange(2000)[:, None] % 2).float()
    drawn = model.sample(2000, c, rng=Keyed(0)).detach()
    for k in (0, 1):
        assert (drawn[k::2].mean(0) - 1.8 * (k - 0.5)).abs().max() < far
        assert ((drawn[k::2].std(0) / 0.3).log().abs() < wide).all()
