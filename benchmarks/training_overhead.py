"""What the loop costs a round beside the model: learn() against the same forward and backward alone, in one process.

Run: python benchmarks/training_overhead.py
"""

import time

import torch
from torch import Tensor, nn

from likely.contracts import Density, Player, Trained, Turn
from likely.spaces import reals
from likely.training import Engine, Examples, Recipe, follow, learn


class Net(nn.Module):
    """A small network of six tensors."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2 * width)
        )


class Small(Density, Trained):
    """A density only in name: its loss is what is timed."""

    def __init__(self, width: int) -> None:
        super().__init__(reals(width))
        self.net = Net(width)

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return -self.net.layers(x).square().sum(1)

    def sample(self, n, c=None, *, rng) -> Tensor:
        return torch.zeros(n, 8)

    def players(self) -> dict[str, Player]:
        return {"small": Player(self)}

    def turns(self, x, c=None, *, rng):
        yield Turn("small", lambda: -self.log_prob(x).mean())


def alone(model: Small, x: Tensor, rounds: int) -> float:
    """Seconds of a forward and backward pass."""
    weights = list(model.parameters())
    began = time.process_time()
    for _ in range(rounds):
        torch.autograd.grad(-model.log_prob(x).mean(), weights)
    return (time.process_time() - began) / rounds


def looped(model: Small, data: Examples, rounds: int) -> float:
    """Seconds of a round of learn(), validations and saves left out."""
    recipe = Recipe(rows=len(data), steps=rounds, batch=64, guard=500, report=20, validate_every=rounds)
    began = time.process_time()
    follow(learn(model, data, recipe=recipe, engine=Engine(probe=False)))
    return (time.process_time() - began) / rounds


def optimised(model: Small, x: Tensor, rounds: int) -> float:
    """Seconds of a round of the plainest loop with torch.optim.AdamW (fused), clipping and a global seed."""
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    began = time.process_time()
    for _ in range(rounds):
        optimizer.zero_grad()
        (-model.log_prob(x).mean()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
    return (time.process_time() - began) / rounds


def main(rounds: int = 400, repeats: int = 25) -> None:
    """Alternate the three and print the least of each (CPU time, so that busy neighbours matter less)."""
    torch.set_num_threads(1)
    data, model = Examples(torch.randn(10_000, 8)), Small(8)
    times: dict[str, list[float]] = {"forward and backward": [], "plain loop": [], "learn": []}
    for _ in range(repeats):
        times["forward and backward"].append(alone(model, data.x[:64], rounds))
        times["plain loop"].append(optimised(model, data.x[:64], rounds))
        times["learn"].append(looped(model, data, rounds))
    middle = {name: min(taken) * 1e6 for name, taken in times.items()}
    for name, value in middle.items():
        print(f"{name:22s} {value:7.1f} microseconds a round")
    print(f"{'the loop itself':22s} {middle['learn'] - middle['forward and backward']:7.1f}")


if __name__ == "__main__":
    main()
