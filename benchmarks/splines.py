"""Spline flows against zuko, nflows and normflows: a train step, log_prob of 8,192 rows, 1,024 samples.

Eight transforms of 8 bins, coupled or autoregressive, networks of 2 x 128 hidden units, batches of 512, at 6 and 43
columns; ours has a normalisation and, coupled, a learned mixing before each transform besides. Every peer runs as its
users get it, compiled, in bf16, and both; all train by the same fused Adam with clipped gradients, on the same skewed,
multi-modal rows.

    python benchmarks/splines.py --threads 2 [--kind autoregressive] [--columns 43] [--only "43"]

An autoregressive peer's samples take seconds a call: `--kind` and `--columns` run a part, and write its own file.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from harness import Bench, Form
from torch import Tensor, nn

BATCH, SCORED, DRAWN = 512, 8192, 1024
HIDDEN, LAYERS, BINS, TAIL = 128, 8, 8, 5.0
COUPLED = {"train step": 1.3, "log_prob": 1.7, "sample": 1.0}  # over the fastest peer, each at its best
ORDERED = {"train step": 1.3, "log_prob": 1.7, "sample": 5.0}

torch._dynamo.config.recompile_limit = 256  # every form compiles the same lines anew


class Kind(Enum):
    """What a cell's spline may depend on."""

    COUPLING = "coupling"
    AUTOREGRESSIVE = "autoregressive"


@dataclass(frozen=True)
class Flow:
    """A flow as the benchmark sees it."""

    module: nn.Module
    log_prob: Callable[[Tensor], Tensor]
    sample: Callable[[int], Tensor]


def ours(columns: int, rows: Tensor, kind: Kind) -> Flow:
    """RealNVP(Spline()) or SplineFlow(Sequential()), prepared on a sample."""
    from likely.bijections import Sequential, Spline
    from likely.families.realnvp import RealNVP
    from likely.families.spline_flow import SplineFlow
    from likely.rng import Keyed
    from likely.spaces import reals

    coupled = RealNVP(coupling=Spline(bins=BINS, tail=TAIL), layers=LAYERS, width=HIDDEN, depth=2)
    ordered = SplineFlow(wiring=Sequential(), bins=BINS, tail=TAIL, layers=LAYERS, width=HIDDEN, depth=2)
    model = coupled.flow(reals(columns)) if kind is Kind.COUPLING else ordered.build(reals(columns))
    model.prepare(rows[:2048], rng=Keyed(0))
    return Flow(model, model.log_prob, lambda count: model.sample(count, rng=Keyed(1)))


def zuko(columns: int, rows: Tensor, kind: Kind) -> Flow:
    """NSF; two passes make it a coupling, as many as columns the autoregressive flow."""
    from zuko.flows import NSF

    passes = 2 if kind is Kind.COUPLING else None
    hidden = (HIDDEN, HIDDEN)
    flow = NSF(columns, bins=BINS, transforms=LAYERS, hidden_features=hidden, randperm=True, passes=passes)
    return Flow(flow, lambda x: flow().log_prob(x), lambda count: flow().sample((count,)))


def nflows(columns: int, rows: Tensor, kind: Kind) -> Flow:
    """Coupling transforms on alternating columns, or autoregressive ones after random permutations."""
    from nflows.distributions import StandardNormal
    from nflows.flows import Flow as NFlow
    from nflows.nn.nets import MLP
    from nflows.transforms import (
        CompositeTransform,
        MaskedPiecewiseRationalQuadraticAutoregressiveTransform,
        PiecewiseRationalQuadraticCouplingTransform,
        RandomPermutation,
    )
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

    def autoregressive(layer: int) -> nn.Module:
        made = MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
            columns,
            HIDDEN,
            num_blocks=1,
            use_residual_blocks=False,
            num_bins=BINS,
            tails="linear",
            tail_bound=TAIL,
            activation=torch.relu,
        )
        return CompositeTransform([RandomPermutation(columns), made])

    transform = coupling if kind is Kind.COUPLING else autoregressive
    flow = NFlow(CompositeTransform([transform(layer) for layer in range(LAYERS)]), StandardNormal([columns]))
    return Flow(flow, flow.log_prob, flow.sample)


def normflows(columns: int, rows: Tensor, kind: Kind) -> Flow:
    """Coupled or autoregressive splines; one block is two hidden layers."""
    from normflows import NormalizingFlow
    from normflows.distributions import DiagGaussian
    from normflows.flows import AutoregressiveRationalQuadraticSpline, CoupledRationalQuadraticSpline

    def transform(layer: int) -> nn.Module:
        if kind is Kind.COUPLING:
            return CoupledRationalQuadraticSpline(
                columns, 1, HIDDEN, num_bins=BINS, tail_bound=TAIL, reverse_mask=layer % 2 == 1
            )
        return AutoregressiveRationalQuadraticSpline(
            columns, 1, HIDDEN, num_bins=BINS, tail_bound=TAIL, permute_mask=True
        )

    flow = NormalizingFlow(DiagGaussian(columns, trainable=False), [transform(layer) for layer in range(LAYERS)])
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


Make = Callable[[int, Tensor, Kind], Flow]
Work = Callable[[], object]
Measure = Callable[[Make, Kind, "Way", Tensor], Work]
PEERS: tuple[Make, ...] = (zuko, nflows, normflows)
WAYS = tuple(Way(compiled, bf16) for compiled, bf16 in product((False, True), (False, True)))


def skewed(columns: int, count: int = 20_000) -> Tensor:
    """Standardised rows: skewed, correlated, multi-modal."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((count, columns)) + 2.5 * rng.integers(-1, 2, (count, 1))
    z = z @ (rng.standard_normal((columns, columns)) / np.sqrt(columns) + np.eye(columns))
    x = np.sinh(z / 2) + 0.3 * np.sin(3 * np.roll(z, 1, 1))
    return torch.from_numpy(np.clip((x - x.mean(0)) / x.std(0), -8, 8)).float()


def train_step(make: Make, kind: Kind, way: Way, rows: Tensor) -> Work:
    """Loss, gradient, clipping and a step of Adam."""
    torch.manual_seed(0)
    flow = make(rows.shape[1], rows, kind)
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


def log_prob(make: Make, kind: Kind, way: Way, rows: Tensor) -> Work:
    """Scores without gradient."""
    torch.manual_seed(0)
    flow = make(rows.shape[1], rows, kind)
    score, x = way.wrap(flow.log_prob), rows[:SCORED]
    return torch.no_grad()(lambda: score(x))


def sample(make: Make, kind: Kind, way: Way, rows: Tensor) -> Work:
    """Draws without gradient."""
    torch.manual_seed(0)
    flow = make(rows.shape[1], rows, kind)
    draw = replace(way, compiled=False).wrap(flow.sample)  # sizes and noise are made inside: none of the peers compiles
    return torch.no_grad()(lambda: draw(DRAWN))


def forms(measure: Measure, kind: Kind, rows: Tensor, target: float) -> list[Form]:
    """Ours first, as it comes; then compiled; then every peer in every way."""
    ways = [way for way in WAYS if measure is not sample or not way.compiled]

    def form(make: Make, way: Way) -> Form:
        promised = None if make is ours else target
        name = ("likely" if make is ours else make.__name__) + str(way)
        return Form(name, lambda: measure(make, kind, way, rows), target=promised)

    return [form(make, way) for make in (ours, *PEERS) for way in ways]


def fastest(seconds: dict[str, float], name: str) -> float:
    """The best median of one library's forms."""
    return min(value for form, value in seconds.items() if form.startswith(name))


def raced(bench: Bench, kind: Kind, columns: int) -> None:
    """The three races of one kind at one width, and the ratios to the fastest peer's best."""
    rows = skewed(columns)
    targets = COUPLED if kind is Kind.COUPLING else ORDERED
    for measure, (name, target) in zip((train_step, log_prob, sample), targets.items()):
        title = f"{name}, {columns} columns" + (", autoregressive" if kind is Kind.AUTOREGRESSIVE else "")
        seconds = bench.race(title, forms(measure, kind, rows, target))
        best = {peer: fastest(seconds, peer) for peer in ("zuko", "nflows", "normflows") if peer in str(seconds)}
        if best:
            bench.note(f"{title}: fastest peer's best over likely", min(best.values()) / seconds["likely"], "x")
            bench.note(f"{title}: best over best", min(best.values()) / fastest(seconds, "likely"), "x")


def part() -> tuple[list[Kind], list[int], list[str]]:
    """What `--kind` and `--columns` ask for, and the rest of the command line."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--kind", choices=[kind.value for kind in Kind])
    parser.add_argument("--columns", type=int, choices=(6, 43))
    asked, rest = parser.parse_known_args()
    return [Kind(asked.kind)] if asked.kind else list(Kind), [asked.columns] if asked.columns else [43, 6], rest


def main() -> None:
    """Every race, then ratios to the fastest peer's best."""
    asked = list(sys.argv)
    kinds, widths, sys.argv[1:] = part()
    told = [kinds[0].value] * (len(kinds) == 1) + [str(widths[0])] * (len(widths) == 1)
    name = "_".join(["splines", *told])
    bench = Bench(name, __doc__, packages=("zuko", "nflows", "normflows"))
    sys.argv = asked  # the file says the whole command
    for kind in kinds:
        for columns in widths:
            raced(bench, kind, columns)
    bench.write()


if __name__ == "__main__":
    main()
