"""How near do so few network calls come? Every sampler's error on shared paths, and diffusers' schedulers beside.

The denoiser is exact: it is that of a mixture of three clusters, in 16 dimensions. The same noise is taken to the data
by the probability flow, solved until it no longer changes, and by every sampler with so many calls; the error is the
root mean square distance a cell of where they end. Nothing is timed. diffusers' solvers walk the same levels.

    python benchmarks/samplers.py [--threads 1] [--only UniPC] [--results FOLDER]
"""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from harness import Bench
from torch import Tensor

from likely.diffusion import (
    DDIM,
    Adaptive,
    Cosine,
    DPMSolver,
    Heun,
    Karras,
    Sampler,
    Schedule,
    Straight,
    UniPC,
    generate,
    walked,
)
from likely.rng import Keyed

CALLS, ROWS, CELLS, TRUE = (5, 10, 20, 50, 100), 256, 16, 6000
LOW, HIGH = 0.01, 20.0
SCHEDULES: dict[str, Schedule] = {
    "Karras": Karras(low=LOW, high=HIGH), "Cosine": Cosine(LOW, HIGH), "Straight": Straight(LOW, HIGH)
}  # fmt: skip
SAMPLERS: dict[str, Sampler] = {
    "DDIM": DDIM(), "Heun": Heun(), "DPM-Solver++ 2M": DPMSolver(2), "DPM-Solver++ 3M": DPMSolver(3),
    "UniPC 2": UniPC(2), "UniPC 3": UniPC(3),
}  # fmt: skip
PEERS = {
    "diffusers DPM-Solver++ 2M": ("DPMSolverMultistepScheduler", {"solver_order": 2}),
    "diffusers DPM-Solver++ 3M": ("DPMSolverMultistepScheduler", {"solver_order": 3}),
    "diffusers UniPC 2": ("UniPCMultistepScheduler", {"solver_order": 2}),
    "diffusers UniPC 3": ("UniPCMultistepScheduler", {"solver_order": 3}),
}


def mixture() -> tuple[Tensor, Tensor]:
    """Means (K, D) and standard deviations (K,) of three clusters of mean 0 and variance near 1."""
    generator = torch.Generator().manual_seed(7)
    mean = torch.randn(3, CELLS, generator=generator, dtype=torch.float64)
    return mean - mean.mean(0), torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)


def exact(x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
    """E[x | x_t] of the mixture."""
    mean, std = mixture()
    variance = std**2 + sigma[:, None] ** 2
    squares = (x_t[:, None] - mean).square().sum(2) / variance
    share = (-0.5 * (squares + CELLS * variance.log())).softmax(1)
    pulled = mean + (std**2 / variance)[..., None] * (x_t[:, None] - mean)
    return (share[..., None] * pulled).sum(1)


def theirs(name: str, schedule: Schedule, start: Tensor, calls: int) -> Tensor:
    """Where diffusers' scheduler ends on the same levels; its coordinates preserve variance."""
    import diffusers

    kind, fields = PEERS[name]
    scheduler, levels = getattr(diffusers, kind)(prediction_type="sample", **fields), schedule.grid(calls)
    scheduler.set_timesteps(calls)
    scheduler.sigmas, scheduler.timesteps = levels, torch.arange(calls)
    wide = (1 + levels**2).sqrt()
    x = start / wide[0]
    for step in range(calls):
        clean = exact(x * wide[step], levels[step].expand(len(x)))
        x = scheduler.step(clean, scheduler.timesteps[step], x).prev_sample
    return x


def main() -> None:
    """Every schedule, sampler and count of calls, then the file of results."""
    bench = Bench("samplers", __doc__, ("diffusers",))
    start = Keyed(0).normal((ROWS, CELLS), like=torch.zeros(1, dtype=torch.float64)) * math.sqrt(1 + HIGH**2)
    truth = generate(UniPC(3), exact, SCHEDULES["Karras"], start, calls=TRUE, rng=Keyed(0))
    other = generate(Heun(), exact, SCHEDULES["Straight"], start, calls=TRUE + 1, rng=Keyed(0))
    bench.check("the truth, solved in another way", float((truth - other).square().mean().sqrt()), below=1e-4)
    for place, schedule in SCHEDULES.items():
        for name in [name for name in (*SAMPLERS, *PEERS) if bench.args.only in name]:
            errors = {}
            for calls in CALLS:
                if name in SAMPLERS:
                    drawn = generate(SAMPLERS[name], exact, schedule, start, calls=calls, rng=Keyed(0))
                else:
                    drawn = theirs(name, schedule, start, calls)
                errors[f"{calls} calls"] = float((drawn - truth).square().mean().sqrt())
            bench.note(f"{place}: {name}, {CALLS[1]} calls", errors[f"{CALLS[1]} calls"], "", **errors)
    for tolerance in (1e-2, 1e-3, 1e-4):
        walk = walked(Adaptive(tolerance), exact, SCHEDULES["Karras"], start, calls=1000, rng=Keyed(0))
        error = float((walk.x - truth).square().mean().sqrt())
        bench.note(f"adaptive, tolerance {tolerance:g}", error, "", calls=walk.calls)
    bench.write()


if __name__ == "__main__":
    main()
