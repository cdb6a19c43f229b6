"""Nats a time step of Bach's chorales: which of 88 keys sound at each quarter note, on the splits of the literature.

    python benchmarks/chorales.py --minutes 10 --run runs/chorales_10 [--data FOLDER] [--family wavenet,dropout=0.5]

Protocol of Boulanger-Lewandowski, Bengio and Vincent (2012): 229 chorales to learn from, 76 to choose the weights by,
77 to test; no transposition. The figure is minus the sum of log p of all steps of the test chorales over the number of
their steps (`nats`); the mean of each chorale's own mean is beside it (`nats_piece`). It is exact, and says nothing
of where a chorale ends. Quoted in the literature, not seen in the authors' own files: RNN-RBM 6.27, RNN-NADE 5.56; with
keys that are independent at a step, GRU 8.43 and TCN 8.10.

Stopped at any moment, the same command goes on. Results: benchmarks/results/chorales_MINUTES.json.
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from _training import begun, head, parser, trained, written
from torch import Tensor

from likely.data import chorales
from likely.fields import made as family_of
from likely.spaces import Series
from likely.training import Engine, Examples

FAMILY = "wavenet,width=64,skips=256,reach=64,stacks=1,dropout=0.3,decay=0.01"
QUOTED = {"RNN-RBM": 6.27, "RNN-NADE": 5.56, "GRU, keys apart": 8.43, "TCN, keys apart": 8.10}


def rolls(data: Path) -> dict[str, Tensor]:
    """(N, 88, T) by side, NaN past the end of a chorale: not asked, so that it costs and tells nothing."""
    sides = chorales(data / "music" / "jsb-chorales-quarter.json")
    longest = max(panel.values.shape[1] for panel in sides.values())
    told = {side: torch.from_numpy(panel.values).float().transpose(1, 2) for side, panel in sides.items()}
    return {side: torch.nn.functional.pad(x, (0, longest - x.shape[2]), value=float("nan")) for side, x in told.items()}


def steps(x: Tensor) -> Tensor:
    """How many steps each chorale has."""
    return (~x.isnan()).any(1).sum(1)


def main() -> None:
    """Train, score, write the figures down."""
    made = parser(__doc__, minutes=10.0, batch=16)
    made.add_argument("--family", default=FAMILY)
    args, busy = begun(made)
    sides, family, start = rolls(args.data), family_of("Family", args.family), time.perf_counter()
    model = family.build(Series(88, sides["train"].shape[2], 2))
    engine = Engine(probe=False, threads=args.threads or None)
    spent = trained(model, Examples(sides["train"]), args, validation=Examples(sides["valid"]), engine=engine)
    model.eval()
    told: dict[str, Any] = {
        **head("chorales", args, busy, family, model, spent),
        "minutes": (time.perf_counter() - start) / 60,
        "quoted": QUOTED,
    }
    with torch.no_grad():
        for side, x in sides.items():
            nats, count = -model.log_prob(x).double(), steps(x)
            mine = nats / count
            told[side] = {
                "chorales": len(x),
                "steps": int(count.sum()),
                "nats": float(nats.sum() / count.sum()),
                "nats_piece": float(mine.mean()),
                "stderr": float(mine.std() / len(x) ** 0.5),
            }
    written(told, f"chorales_{args.minutes:g}.json")


if __name__ == "__main__":
    main()
