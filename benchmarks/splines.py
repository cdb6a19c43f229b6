"""Spline coupling flows against zuko, nflows and normflows: a train step, log_prob of 8,192 rows, 1,024 samples.

Eight couplings of 8 bins, conditioners of 2 x 128 hidden units, batches of 512, at 6 and 43 columns; ours has a
normalisation and a learned mixing before each coupling besides. Every peer runs as its users get it, compiled, in
bf16, and both; all train by the same fused Adam with clipped gradients, on the same skewed, multi-modal rows.

    python benchmarks/splines.py --threads 2 [--only "43"]
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import torch
from harness import Bench, Form
from torch import Tensor, nn

BATCH, SCORED, DRAWN = 512, 8192, 1024
HIDDEN, LAYERS, BINS, TAIL = 128, 8, 8, 5.0
TARGETS = {"train step": 1.3, "log_prob": 1.7, "sample": 1.0}  # over the fastest peer, each at its best

torch._dynamo.config.recompile_limit = 256  # every form compiles the same lines anew


@dataclass(frozen=True)
class Flow:
    """A flow as the benchmark sees it."""

    module: nn.Module
    log_prob: Callable[[Tensor], Tensor]
    sample: Callable[[int], Tensor]


def ours(columns: int, rows: Tensor) -> Flow:
    """RealNVP(Spline()), prepared on a sample."""
    from likely.bijections import Spline
    from likely.families.realnvp import RealNVP
    from likely.rng import Keyed
    from likely.spaces import reals

    family = RealNVP(coupling=Spline(bins=BINS, tail=TAIL), layers=LAYERS, width=HIDDEN, depth=2)
    model = family.flow(reals(columns))
    model.prepare(rows[:2048], rng=Keyed(0))
    return Flow(model, model.log_prob, lambda count: model.sample(count, rng=Keyed(1)))


def zuko(columns: int, rows: Tensor) -> Flow:
    """NSF of coupling layers."""
    from zuko.flows import NSF

    flow = NSF(columns, bins=BINS, transforms=LAYERS, hidden_features=(HIDDEN, HIDDEN), randperm=True, passes=2)
    return Flow(flow, lambda x: flow().log_prob(x), lambda count: flow().sample((count,)))


def nflows(columns: int, rows: Tensor) -> Flow:
    """Coupling transforms on alternating columns."""
    from nflows.distributions import StandardNormal
    from nflows.flows import Flow as NFlow
    from nflows.nn.nets import MLP
    from nflows.transforms import CompositeTransform, PiecewiseRationalQuadraticCouplingTransform
    from nflows.utils import create_alternating_binary_mask

    class Conditioner(MLP):
        """Their MLP does not take the context that their couplings pass."""

        def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
            return super().forward(x)

    def coupling(layer: int) -> nn.Module:
        return PiecewiseRationalQuadraticCouplingTransform(
            create_alternating_binary_mask(columns, even=layer % 2 == 0),
            num_bins=BINS,
            tails="linear",
            tail_bound=TAIL,
            transform_net_create_fn=lambda kept, outputs: Conditioner([kept], [outputs], [HIDDEN, HIDDEN]),
        )

    flow = NFlow(CompositeTransform([coupling(layer) for layer in range(LAYERS)]), StandardNormal([columns]))
    return Flow(flow, flow.log_prob, flow.sample)


def normflows(columns: int, rows: Tensor) -> Flow:
    """Coupled splines; one block is two hidden layers."""
    from normflows import NormalizingFlow
    from normflows.distributions import DiagGaussian
    from normflows.flows import CoupledRationalQuadraticSpline

    couplings = [
        CoupledRationalQuadraticSpline(columns, 1, HIDDEN, num_bins=BINS, tail_bound=TAIL, reverse_mask=layer % 2 == 1)
        for layer in range(LAYERS)
    ]
    flow = NormalizingFlow(DiagGaussian(columns, trainable=False), couplings)
    return Flow(flow, flow.log_prob, lambda count: flow.sample(count)[0])


@dataclass(frozen=True)
class Way:
    """How a flow is run."""

    compiled: bool = False
    bf16: bool = False

    def __str__(self) -> str:
        return "".join([", compiled" * self.compiled, ", bf16" * self.bf16])

    def wrap(self, call: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def cast(argument: object) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
                return call(argument)

        return torch.compile(cast) if self.compiled else cast


Make = Callable[[int, Tensor], Flow]
Work = Callable[[], object]
PEERS: tuple[Make, ...] = (zuko, nflows, normflows)
WAYS = tuple(Way(compiled, bf16) for compiled, bf16 in product((False, True), (False, True)))


def skewed(columns: int, count: int = 20_000) -> Tensor:
    """Standardised rows: skewed, correlated, multi-modal."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((count, columns)) + 2.5 * rng.integers(-1, 2, (count, 1))
    z = z @ (rng.standard_normal((columns, columns)) / np.sqrt(columns) + np.eye(columns))
    x = np.sinh(z / 2) + 0.3 * np.sin(3 * np.roll(z, 1, 1))
    return torch.from_numpy(np.clip((x - x.mean(0)) / x.std(0), -8, 8)).float()


def train_step(make: Make, way: Way, rows: Tensor) -> Work:
    """Loss, gradient, clipping and a step of Adam."""
    torch.manual_seed(0)
    flow = make(rows.shape[1], rows)
    optimizer = torch.optim.Adam(flow.module.parameters(), 1e-3, fused=True)
    loss_of = way.wrap(lambda x: -flow.log_prob(x).mean())

    def step() -> None:
        loss = loss_of(rows[torch.randint(len(rows), (BATCH,))])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(flow.module.parameters(), 5.0)
        optimizer.step()

    step()
    return step


def log_prob(make: Make, way: Way, rows: Tensor) -> Work:
    """Scores without gradient."""
    torch.manual_seed(0)
    flow = make(rows.shape[1], rows)
    score, x = way.wrap(flow.log_prob), rows[:SCORED]
    return torch.no_grad()(lambda: score(x))


def sample(make: Make, way: Way, rows: Tensor) -> Work:
    """Draws without gradient."""
    torch.manual_seed(0)
    flow = make(rows.shape[1], rows)
    draw = replace(way, compiled=False).wrap(flow.sample)  # sizes and noise are made inside: none of the peers compiles
    return torch.no_grad()(lambda: draw(DRAWN))


def forms(kind: Callable[[Make, Way, Tensor], Work], rows: Tensor, target: float) -> list[Form]:
    """Ours first, as it comes; then compiled; then every peer in every way."""
    ways = [way for way in WAYS if kind is not sample or not way.compiled]

    def form(make: Make, way: Way) -> Form:
        promised = None if make is ours else target
        name = ("likely" if make is ours else make.__name__) + str(way)
        return Form(name, lambda: kind(make, way, rows), target=promised)

    return [form(make, way) for make in (ours, *PEERS) for way in ways]


def fastest(seconds: dict[str, float], name: str) -> float:
    """The best median of one library's forms."""
    return min(value for form, value in seconds.items() if form.startswith(name))


def main() -> None:
    """Every race, then ratios to the fastest peer's best."""
    bench = Bench("splines", __doc__, packages=("zuko", "nflows", "normflows"))
    for columns in (43, 6):
        rows = skewed(columns)
        for kind, (name, target) in zip((train_step, log_prob, sample), TARGETS.items()):
            title = f"{name}, {columns} columns"
            seconds = bench.race(title, forms(kind, rows, target))
            best = {peer: fastest(seconds, peer) for peer in ("zuko", "nflows", "normflows") if peer in str(seconds)}
            if best:
                bench.note(f"{title}: fastest peer's best over likely", min(best.values()) / seconds["likely"], "x")
                bench.note(f"{title}: best over best", min(best.values()) / fastest(seconds, "likely"), "x")
    bench.write()


if __name__ == "__main__":
    main()
