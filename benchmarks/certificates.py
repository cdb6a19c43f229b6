"""How often does a certificate call a healthy model ill, and how long do the checks take?

Every family here is right by its own tests, so a failed check is a false alarm. Each set is cut to 1,500 rows, in
another order for each seed. The mass is the one check that chance can fail: its z, the gap in standard errors, should
be about normal; its tolerance is 6 of them.

    python benchmarks/certificates.py [--repeats SEEDS] [--only TEXT] [--results FOLDER]
"""

import os
import statistics
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from harness import Bench

from likely.certificates.mass import DEVIATIONS, SLACK
from likely.data import read
from likely.fitting import fit

ROWS = 1500
SETS = ("iris", "moons", "wine", "digits", "tables/winequality-white.csv", "tables/titanic.csv", "tables/mushrooms.csv")
FAMILIES: dict[str, dict[str, Any]] = {
    "naive-bayes": {}, "kde": {}, "realnvp,layers=4,width=32": {"budget": 300}, "vae,latent=4": {"budget": 100},
    "diffusion": {"budget": 40}, "gan": {"budget": 20},
}  # fmt: skip


def checked(name: str, family: str, seed: int) -> Any:
    """The certificates of one fit."""
    held = Path(os.environ.get("LIKELY_DATA", "")) / name
    rows = read(held if "/" in name else name)
    rows = rows.take(np.random.default_rng(seed).permutation(len(rows))[:ROWS])
    return fit(rows, family, seed=seed, **FAMILIES[family]).card.certificates


def main() -> None:
    """Every set and family, then the file of results."""
    bench, zs, total = Bench("certificates", __doc__), [], []
    for family in FAMILIES:
        for name in SETS if bench.args.only in family else ():
            found = [checked(name, family, seed) for seed in range(bench.args.repeats)]
            checks = [check for each in found for check in each.checks]
            failed = [f"{check.name}: {check.said}" for check in checks if check.outcome == "failed"]
            judged = [check for check in checks if check.outcome != "not applicable"]
            masses = [check for check in judged if check.name == "mass" and check.tolerance > 1e-4]
            zs += [DEVIATIONS * check.value / (check.tolerance - SLACK) for check in masses]
            total += [check.outcome for check in judged]
            seconds = statistics.median(each.seconds for each in found)
            more = {"failed": failed, "judged": len(judged), "left_out": len(checks) - len(judged)}
            bench.note(f"{family} on {name}: all checks", seconds, "s", **more)
    bench.note("false alarms", float(total.count("failed")), "", of=len(total))
    if zs:
        bench.note("largest z of a mass", max(zs), "", of=len(zs), rms=float(np.sqrt(np.mean(np.square(zs)))))
    bench.write()


if __name__ == "__main__":
    main()
