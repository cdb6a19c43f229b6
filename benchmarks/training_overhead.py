"""What the training loop costs a round beside the model itself: a small network's forward and backward, alone, in the
plainest loop with torch.optim and clipping, and in `learn` (order of rows, noise, clipping, AdamW, average, reports).
"""

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from harness import Bench, Form
from torch import Tensor, nn

from likely.contracts import Density, Player, Trained, Turn
from likely.spaces import reals
from likely.training import Engine, Examples, Recipe, follow, learn

ROUNDS, BATCH, WIDTH = 400, 64, 8
DATA = Examples(torch.randn(10_000, WIDTH, generator=torch.Generator().manual_seed(0)))
PROMISED = 150.0  # microseconds a round, for the loop itself


class Small(Density, Trained):
    """A density only in name: six small tensors whose loss is timed."""

    def __init__(self) -> None:
        super().__init__(reals(WIDTH))
        layers = [nn.Linear(WIDTH, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 16)]
        self.net = nn.Sequential(*layers)

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return -self.net(x).square().sum(1)

    def sample(self, n, c=None, *, rng) -> Tensor:
        return torch.zeros(n, WIDTH)

    def players(self) -> dict[str, Player]:
        return {"small": Player(self)}

    def turns(self, x, c=None, *, rng):
        yield Turn("small", lambda: -self.log_prob(x).mean())


def looped() -> Callable[[], object]:
    """Rounds of learn()."""
    model = Small()
    recipe = Recipe(rows=len(DATA), steps=ROUNDS, batch=BATCH, guard=500, report=20, threads=torch.get_num_threads())
    return lambda: follow(learn(model, DATA, recipe=recipe, engine=Engine(probe=False)))


def plain() -> Callable[[], object]:
    """The loop that people write."""
    model, x = Small(), DATA.x[:BATCH]
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)

    def rounds() -> None:
        for _ in range(ROUNDS):
            optimizer.zero_grad()
            (-model.log_prob(x).mean()).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 10.0)
            optimizer.step()

    return rounds


def bare() -> Callable[[], object]:
    """Forward and backward only."""
    model, x = Small(), DATA.x[:BATCH]
    weights = list(model.parameters())

    def rounds() -> None:
        for _ in range(ROUNDS):
            torch.autograd.grad(-model.log_prob(x).mean(), weights)

    return rounds


def main() -> None:
    """Race the three and note what the loop takes."""
    bench = Bench("training_overhead", __doc__)
    forms = [Form("likely.learn", looped), Form("a plain loop", plain), Form("forward and backward alone", bare)]
    medians = bench.race("a round", [Form(f.name, f.prepare, scale=1 / ROUNDS) for f in forms])
    own = 1e6 * (medians["likely.learn"] - medians["forward and backward alone"])
    bench.note("the loop itself", own, "microseconds a round", promised=PROMISED)
    bench.write()


if __name__ == "__main__":
    main()
