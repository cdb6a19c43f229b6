"""MADE in 64 dimensions: sampling column by column against the loop that calls the whole network at every column.

    python benchmarks/made.py [--repeats 7] [--threads 2]

Both draw the same rows from the same noise, which is checked. The loop is the plain one: all columns' numbers for every
column, of which it uses one; it draws each column as ours does. Promised: 5 times, in the columns' own order. Rows of
64 reals (mixtures of ten logistics) and of 64 coins (a picture of 8 x 8), two hidden layers of 512. Beside it the model
of any order, its completion of half the columns, and the score of the rows.
"""

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from harness import Bench, Form
from torch import Tensor

from likely.backbones import MaskedMLP
from likely.contracts import AnyOrder, Evidence
from likely.distributions.columnwise import Draw
from likely.families.made import MADE, Autoregression
from likely.rng import Keyed
from likely.spaces import Image, Space, reals

MODELS: dict[str, tuple[Space, bool]] = {
    "64 reals": (reals(64), False),
    "64 reals, in any order": (reals(64), True),
    "8 x 8 coins": (Image(1, 8, 8, 2), False),
}


def made(space: Space, any_order: bool) -> Autoregression:
    """A model that depends on every column, and not on chance."""
    torch.manual_seed(0)
    model = MADE(width=512, any_order=any_order).build(space)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    return model.eval()


def naively(model: Autoregression, n: int) -> Tensor:
    """The same draws by as many passes of the whole network as there are columns."""
    network, columns, rng = model.chain.network, model.chain.columns, Keyed(0)
    cells, known = torch.full((n, columns.columns), torch.nan), torch.zeros(columns.columns, n, dtype=torch.bool)
    rng.integers(1, (n,), like=cells.double())  # the order
    draw = Draw(columns, rng.uniform((n, columns.columns, columns.noise), like=cells.double()))
    says = torch.tensor(columns.says)
    mine = [(says == d).nonzero()[:, 0] for d in range(columns.columns)]
    for d in range(columns.columns):
        read = columns.read(cells).t()
        numbers = network(read) if isinstance(network, MaskedMLP) else network(read, known)
        cells[:, d], known[d] = draw(d, numbers.t()[:, mine[d]]), True
    return columns.whole(cells, rng=rng.fork(2))


def quiet(work: Callable[[], object]) -> Callable[[], Callable[[], object]]:
    """What a form prepares: the work itself, keeping nothing for a way back."""
    return lambda: torch.no_grad()(work)


def raced(bench: Bench, name: str, model: Autoregression) -> None:
    """Few rows and many, and the other verbs."""
    target = None if isinstance(model, AnyOrder) else 5.0
    for n in (16, 1024):
        ours = Form("likely", quiet(lambda n=n: model.sample(n, rng=Keyed(0))))
        loop = Form("the whole network at every column", quiet(lambda n=n: naively(model, n)), target=target)
        bench.race(f"{name}: {n:,} rows", [ours, loop])
    x = model.sample(1024, rng=Keyed(1))
    forms = [Form("score", quiet(lambda: model.log_prob(x)))]
    if isinstance(model, AnyOrder):
        half = Evidence((torch.arange(64) < 32).view(x[0].shape).expand_as(x))
        forms.append(Form("completion of half", quiet(lambda: model.complete(x, half, rng=Keyed(0)))))
    bench.race(f"{name}: 1,024 rows, other verbs", forms)


def main() -> None:
    """Every model."""
    bench = Bench("made", __doc__)
    for name, (space, any_order) in MODELS.items():
        model = made(space, any_order)
        with torch.no_grad():
            apart = (model.sample(256, rng=Keyed(0)) - naively(model, 256)).abs().flatten(1).amax(1)
        share = (apart > 1e-3).double().mean().item()
        bench.check(f"{name}: share of 256 rows that differ from the loop's", share, below=0.02)
        raced(bench, name, model)
    bench.write()


if __name__ == "__main__":
    main()
