"""Precision, recall, density and coverage of 50,000 beside 50,000 points in 64 dimensions: seconds, and peak memory.

    python benchmarks/manifold_speed.py [--rows 50000] [--width 64] [--repeats 1] [--threads 2]

Exact: what single precision cannot decide is decided in double. Promised: 60 s and 2 GB. Checked beside a brute force
in double precision on 300 points of either side, every count. Results: benchmarks/results/manifold_speed.json.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from harness import Bench, Busy, peak_mb
from threadpoolctl import threadpool_limits

from likely.metrics.coverage import of_points

K, SMALL, SECONDS, MEGABYTES = 5, 300, 60.0, 2048.0


def more(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--width", type=int, default=64)


def points(rows: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Two normal clouds, the second a little wider."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, width)), 1.02 * rng.normal(size=(rows, width))


def brute(a: np.ndarray, b: np.ndarray) -> list[float]:
    """The four by their definitions."""

    def far(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return ((x[:, None] - y[None]) ** 2).sum(2)

    across = far(a, b)
    around_a, around_b = (np.sort(far(side, side), axis=1)[:, K] for side in (a, b))
    inside = across <= around_a[:, None]
    return [inside.any(0).mean(), (across <= around_b).any(1).mean(), inside.sum(0).mean() / K, inside.any(1).mean()]


def main() -> None:
    """Check, then measure."""
    bench = Bench("manifold_speed", __doc__, ("threadpoolctl",), more)
    a, b = points(SMALL, bench.args.width)
    told = [measure.value for measure in of_points(a, b, K)]
    bench.check("largest difference from brute force", float(np.abs(np.subtract(told, brute(a, b))).max()), below=1e-12)
    a, b = points(bench.args.rows, bench.args.width)
    seconds, processor, busy = [], [], Busy()
    with threadpool_limits(limits=bench.args.threads or None):
        for _ in range(bench.args.repeats):
            start, worked = time.perf_counter(), time.process_time()
            found = of_points(a, b, K)
            seconds.append(time.perf_counter() - start)
            processor.append(time.process_time() - worked)
    for measure in found:
        bench.note(measure.name, measure.value, "", low=measure.low, high=measure.high)
    bench.note("seconds", float(np.median(seconds)), "s", low=min(seconds), high=max(seconds), promised=SECONDS)
    bench.note("seconds of the processor", float(np.median(processor)), "s", low=min(processor), high=max(processor))
    bench.note("others", busy.others(), "of the machine, taken by other processes meanwhile")
    bench.note("peak memory", peak_mb(), "MB", promised=MEGABYTES)
    bench.write()


if __name__ == "__main__":
    main()
