"""Latent arithmetic on drawings: does the edit change what was asked for, and nothing else?

    python benchmarks/edits.py --steps 5000 --run runs/edits [--family vae,latent=64] [--rows 20000]

Protocol: a VAE learns from generated drawings (`likely.data.shapes`), labelled by their facts (colour, shape, size,
place, count). Drawings that it has not seen, without their facts, are edited as `likely edit row.png --add
shape=square` does it: each gets another colour, shape or place, drawn at random. A classifier that learned from other
real drawings alone tells the facts of what comes out: an edit succeeds where it tells the value that was asked for, and
leaves another fact alone where it tells what the drawing had before. Its accuracy on real drawings that it has not
seen, and on the unedited drawings as the VAE decodes them, is told beside.

Stopped at any moment, the same command goes on. Results: benchmarks/results/edits.json.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
import torch.nn.functional as F
from harness import Busy, machine
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import likely
from likely.apps.coded import Coded, coded
from likely.apps.edit import Matched, Mean, Orthogonal, Way, edited
from likely.data import Images
from likely.data.shapes import shapes
from likely.errors import CannotAnswer
from likely.fields import made
from likely.training import Engine, Lines

FACTS = ("colour", "shape", "size", "place", "count")
CHANGED = ("colour", "shape", "place")
WAYS: dict[str, Way] = {"matched": Matched(), "orthogonal": Orthogonal(), "mean": Mean()}
PROMISED = 0.90
LEARNED, JUDGED, HELD, EDITED = range(4)  # seeds of the drawings
FAMILY = (
    "vae,latent=32,rate=0.002,network=conv,network.width=16,law=discretised-logistic,law.mixtures=1,law.shared=true"
)


def told(images: Images) -> tuple[Tensor, list[list[str]]]:
    """The facts of drawings as codes (N, 5), and the values of each."""
    assert images.about is not None
    frame = images.about.frame
    values = [sorted(frame[name].unique()) for name in FACTS]
    codes = [[known.index(value) for value in frame[name]] for name, known in zip(FACTS, values, strict=True)]
    return torch.tensor(codes).T, values


# The judge -----------------------------------------------------------------------------------------------------------


class Judge(nn.Module):
    """The five facts of a drawing, from its pixels."""

    def __init__(self, sizes: list[int], width: int = 32) -> None:
        super().__init__()
        self.sizes = sizes
        self.body = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, 2, 1), nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.Conv2d(2 * width, 2 * width, 3, 2, 1), nn.ReLU(),
            nn.Flatten(), nn.Linear(2 * width * 64, 256), nn.ReLU(), nn.Linear(256, sum(sizes)),
        )  # fmt: skip

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return self.body(x).split(self.sizes, 1)

    @torch.no_grad()
    def facts(self, images: Images) -> Tensor:
        """(N, 5)"""
        return torch.cat([torch.stack([part.argmax(1) for part in self(x)], 1) for x in pixels(images).split(500)])


def pixels(images: Images) -> Tensor:
    """(N, 3, 32, 32) in [-1, 1]."""
    return torch.from_numpy(images.pixels.astype(np.float32)).permute(0, 3, 1, 2) / 127.5 - 1


def judge(args: argparse.Namespace) -> Judge:
    """Learned from real drawings that no VAE saw; kept in the run's folder."""
    images, place = shapes(args.rows, seed=JUDGED), args.run / "judge.safetensors"
    truth, values = told(images)
    torch.manual_seed(0)
    model = Judge([len(known) for known in values])
    if not place.exists():
        x, steps = pixels(images), args.epochs * len(images) // 128
        optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
        generator = torch.Generator().manual_seed(0)
        for _ in range(steps):
            rows = torch.randint(len(x), (128,), generator=generator)
            loss = sum(F.cross_entropy(part, truth[rows, at]) for at, part in enumerate(model(x[rows])))
            assert isinstance(loss, Tensor)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        save_file(model.state_dict(), place)
    model.load_state_dict(load_file(place))
    return model.eval()


# The edits -----------------------------------------------------------------------------------------------------------


def wanted(truth: Tensor, at: int, values: int, seed: int) -> Tensor:
    """For each drawing another value of one fact, each as likely as the others."""
    step = torch.randint(1, values, (len(truth),), generator=torch.Generator().manual_seed(seed))
    return (truth[:, at] + step) % values


def outcomes(rows: Coded, known: Coded, way: Way, name: str, goal: Tensor, values: list[str]) -> Iterator[Any]:
    """(places, pictures) of the drawings that are to get each value."""
    for code, value in enumerate(values):
        places = np.flatnonzero((goal == code).numpy())
        if len(places):
            yield places, edited(rows.take(places), known, add=[f"{name}={value}"], way=way).after


def figures(rows: Coded, known: Coded, model: Judge, truth: Tensor, values: list[list[str]], way: Way) -> dict:
    """Of each changed fact: how often it became what was asked, and how often each other one stayed."""
    found = {}
    for name in CHANGED:
        at = FACTS.index(name)
        goal, after = wanted(truth, at, len(values[at]), at), torch.zeros_like(truth)
        for places, pictures in outcomes(rows, known, way, name, goal, values[at]):
            after[torch.from_numpy(places)] = model.facts(pictures)
        stayed = {other: share(after[:, to] == truth[:, to]) for to, other in enumerate(FACTS) if to != at}
        found[name] = {"changed": share(after[:, at] == goal), "unchanged": stayed}
        print(f"  {name}: {found[name]}", flush=True)
    return found


def share(hits: Tensor) -> dict[str, float]:
    """A share with its standard error."""
    p = float(hits.double().mean())
    return {"share": round(p, 4), "stderr": round((p * (1 - p) / len(hits)) ** 0.5, 4)}


def fitted(args: argparse.Namespace, images: Images) -> Any:
    """The VAE, from the run's folder where it is finished."""
    place, settings = args.run / "model", {"engine": Engine(probe=False), "listeners": [Lines(sys.stderr)]}
    if place.exists():
        return likely.resume(place, images, **settings)
    budget = args.steps or f"{args.minutes}m"
    return likely.fit(
        images, made("Family", args.family), budget=budget, batch=args.batch, seed=0, folder=place, certify=False,
        **settings,
    )  # fmt: skip


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=12.0, help="of the VAE's training")
    parser.add_argument("--steps", type=int, default=0, help="instead of minutes")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run: made, or gone on with")
    parser.add_argument("--family", default=FAMILY)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rows", type=int, default=20_000, help="drawings that the VAE, and the judge, learn from")
    parser.add_argument("--edits", type=int, default=1000, help="unseen drawings that are edited")
    parser.add_argument("--epochs", type=int, default=5, help="of the judge")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--rehearse", action="store_true", help="write no result")
    return parser.parse_args()


def main() -> None:
    """Train, judge, edit, tell."""
    args, busy, start = arguments(), Busy(), time.perf_counter()
    args.run.mkdir(parents=True, exist_ok=True)
    images = shapes(args.rows, seed=LEARNED)
    model, tell = fitted(args, images), judge(args)
    held = shapes(4000, seed=HELD)
    truth, values = told(held)
    real = {name: share(tell.facts(held)[:, at] == truth[:, at]) for at, name in enumerate(FACTS)}
    print(f"the judge on unseen real drawings: {real}", flush=True)
    drawings = shapes(args.edits, seed=EDITED)
    truth, _ = told(drawings)
    rows, known = coded(model, Images(drawings.pixels)), coded(model, images)
    decoded = tell.facts(rows.decoded(rows.z))
    plain = {name: share(decoded[:, at] == truth[:, at]) for at, name in enumerate(FACTS)}
    print(f"the judge on unedited drawings as decoded: {plain}", flush=True)
    found = {}
    for name in args.ways.split(","):
        print(name, flush=True)
        try:
            found[name] = figures(rows, known, tell, truth, values, WAYS[name])
        except CannotAnswer as refused:
            print(f"  {refused}", flush=True)
    worst = {
        name: min(s["share"] for each in way.values() for s in (each["changed"], *each["unchanged"].values()))
        for name, way in found.items()
    }
    print(f"worst share of each way: {worst}; promised {PROMISED}", flush=True)
    if args.rehearse:
        return
    told_all = {
        "benchmark": "edits", "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]), "machine": machine(), "others": busy.others(),
        "minutes": round((time.perf_counter() - start) / 60, 2), "family": repr(model.card.family),
        "steps": (model.card.measures.get("final") or {}).get("step"), "promised": PROMISED,
        "judge on unseen real drawings": real, "judge on unedited drawings, decoded": plain,
        "edits": found, "worst": worst,
    }  # fmt: skip
    args.results.mkdir(parents=True, exist_ok=True)
    (args.results / "edits.json").write_text(json.dumps(told_all, indent=1, default=str) + "\n")


if __name__ == "__main__":
    main()
