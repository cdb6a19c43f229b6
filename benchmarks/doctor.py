"""How often does the doctor call real rows ill, what does it catch, and how long does a look take?

Real rows are parted at random into what was learned, what was held out and what was "generated", so that whatever is
found is a false alarm: 1 % of looks is what the design allows. Then the same sets with a fault planted in the third
part: one mode alone, rows replayed, few different rows.

    python benchmarks/doctor.py [--repeats SEEDS] [--only TEXT] [--results FOLDER]
"""

import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from harness import Bench

from likely.data import Rows, read
from likely.doctor.census import Counted, census
from likely.doctor.copying import copying
from likely.doctor.support import support
from likely.metrics.features import features, sampled

SETS = ("digits", "wine", "swiss-roll", "tables/winequality-white.csv", "tables/titanic.csv", "tables/mushrooms.csv")
MOST = 6000  # rows of a set
Places = np.ndarray[Any, Any]


def one_mode(points: Places, learned: Places, made: Places, rng: np.random.Generator) -> Places:
    """The fifth of unseen rows that is nearest to one of them, over and over."""
    far = ((points[made] - points[made[0]]) ** 2).sum(1)
    return made[np.argsort(far)[: len(made) // 5]]


def replayed(points: Places, learned: Places, made: Places, rng: np.random.Generator) -> Places:
    """Learned rows again."""
    return rng.choice(learned, len(made))


def few(points: Places, learned: Places, made: Places, rng: np.random.Generator) -> Places:
    """Fifty unseen rows over and over."""
    return rng.choice(made[:50], len(made))


PLANTED: dict[str, tuple[str, Callable[..., Places]]] = {
    "one mode": ("missing modes", one_mode), "replayed": ("copies of training rows", replayed),
    "fifty rows": ("few different rows", few),
}  # fmt: skip


def found(rows: Rows, points: Places, learned: Places, held: Places, made: Places, seed: int) -> list[str]:
    """What a look at rows finds."""
    real = Counted(rows.take(learned), points[learned])
    health = census(real, Counted(rows.take(made), points[made]), seed=seed)
    health += support(points[learned], points[made], seed=seed)
    health += copying(points[learned], points[held], points[made], seed=seed)
    return [each.name for each in health.findings]


def looked(name: str, repeats: int) -> dict[str, Any]:
    """One set: alarms, seconds, and how often each planted fault was found."""
    held = Path(os.environ.get("LIKELY_DATA", "")) / name
    rows = sampled(read(held if "/" in name else name), MOST, 0)
    (points,) = features(rows)
    alarms, seconds, caught = Counter[str](), [], Counter[str]()
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        made, kept, learned = np.split(rng.permutation(len(rows)), [len(rows) // 3, 2 * len(rows) // 5])
        began = time.perf_counter()
        alarms.update(found(rows, points, learned, kept, made, seed))
        seconds.append(time.perf_counter() - began)
        for fault, (finding, plant) in PLANTED.items():
            drawn = plant(points, learned, made, rng)
            caught[fault] += finding in found(rows, points, learned, kept, drawn, seed)
    return {"rows": len(rows), "alarms": dict(alarms), "caught": dict(caught), "seconds": statistics.median(seconds)}


def main() -> None:
    """Every set, then the file of results."""
    bench, alarms, looks = Bench("doctor", __doc__), 0, 0
    for name in (name for name in SETS if bench.args.only in name):
        told = looked(name, bench.args.repeats)
        alarms, looks = alarms + sum(told["alarms"].values()), looks + bench.args.repeats
        bench.note(f"{name}: a look at rows", told.pop("seconds"), "s", looks=bench.args.repeats, **told)
    bench.note("false alarms", float(alarms), "", of=looks)
    bench.write()


if __name__ == "__main__":
    main()
