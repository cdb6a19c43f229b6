"""WaveNet's draws from rings of states against the naive loop, which calls the whole network for every moment.

    python benchmarks/wavenet.py [--repeats 7] [--threads 2]

16 sounds of 1,024 samples of 256 levels, 16 series of 128 moments in 6 channels, from 20 and 14 layers of 48 channels.
The naive loop is timed on its last eight moments and stands for as many as there are. Both draw the same cells.
"""

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from harness import Bench, Form
from torch import Tensor

from likely.distributions import PLAIN
from likely.distributions.columnwise import Dealt
from likely.families.wavenet import WaveNet, WaveNetModel
from likely.rng import Keyed
from likely.spaces import Series, Space, Wave

ROWS, TIMED = 16, 8
SPACES: dict[str, Space] = {"sounds of 1,024 samples": Wave(8000, 1024), "series of 128 x 6": Series(6, 128)}


def model_of(space: Space) -> WaveNetModel:
    """At its first weights: speed does not depend on them."""
    torch.manual_seed(0)
    return WaveNet().build(space).eval()


def naive(model: WaveNetModel, known: Tensor, noise: Tensor) -> Tensor:
    """The moments after those that are known (B, k, channels), the network called anew for each channel of each."""
    channels = model.channels
    cells = torch.cat([known, known.new_zeros(len(known), noise.shape[1], channels.columns)], 1)
    said_of = torch.tensor(channels.says)
    for at in range(noise.shape[1]):
        t = known.shape[1] + at
        for d in range(channels.columns):
            past = cells[:, : t + 1]
            read = channels.read(past.flatten(0, 1)).unflatten(0, past.shape[:2])
            heard = torch.relu(model.stack(model._inputs(read))[:, t]).t()
            numbers = model.within(read[:, t].t(), heard).t()[:, said_of == d]
            cells[:, t, d] = channels.draw(d, numbers, rng=Dealt(noise[:, at, d]))
    return cells[:, known.shape[1] :]


def ours(space: Space) -> Callable[[], Callable[[], object]]:
    """All 16 rows, from rings."""

    def prepare() -> Callable[[], object]:
        model = model_of(space)
        return lambda: model.sample(ROWS, rng=Keyed(0))

    return prepare


def loop(space: Space) -> Callable[[], Callable[[], object]]:
    """The last moments of all 16 rows, naively."""

    def prepare() -> Callable[[], object]:
        model = model_of(space)
        length, columns = model.moments.length, model.channels.columns
        known = model._coded(model.sample(ROWS, rng=Keyed(0)))[:, : length - TIMED]
        noise = Keyed(1).uniform((ROWS, TIMED, columns, model.channels.noise), like=known)

        @torch.no_grad()
        def work() -> Tensor:
            return naive(model, known, noise)

        return work

    return prepare


@torch.no_grad()
def apart(space: Space) -> float:
    """The largest difference between cells drawn both ways, in float64."""
    model = model_of(space).double()
    known = model._coded(model.sample(4, rng=Keyed(0)))[:, :-TIMED]
    each = (model.channels.columns, model.channels.noise)
    noise = Keyed(5).uniform((4, TIMED * each[0] * each[1]), like=known).view(4, TIMED, *each)
    plain = naive(model, known, noise)
    fast = torch.stack([*model.following(known, None, sharpness=PLAIN, rng=Keyed(5))], 1)
    return float((fast - plain).abs().max())


if __name__ == "__main__":
    bench = Bench("wavenet", __doc__)
    with torch.no_grad():
        for name, space in SPACES.items():
            bench.check(f"{name}: largest difference from the naive draws", apart(space), below=1e-9)
            scale = space.shape[-1] / TIMED
            bench.race(f"16 {name}", [Form("likely", ours(space)), Form("naive loop", loop(space), scale=scale)])
    bench.write()
