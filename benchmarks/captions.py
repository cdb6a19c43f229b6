"""Captions to drawings: does a combination that was never seen in training come out as it is said?

    python benchmarks/captions.py --minutes 60 --run runs/captions [--threads 2] [--scales 1 2 4 7] [--clip-minutes 10]

Protocol: a diffusion model learns drawings (`likely.data.shapes`) with their captions, a tenth of the 450 combinations
of colour, shape, count and place kept out of them (every value is seen, beside others). It then draws captions of the
combinations kept out, and of as many seen ones, at several scales of classifier-free guidance. A classifier that
learned from other real drawings of all combinations tells what comes out: a sample matches where colour, shape, count
and place are all those of its caption (the size is told beside). What the classifier tells of real drawings of the same
combinations is the ceiling. With `--clip-minutes` a CLIP learns the same drawings, and leads the model that is told
nothing.

Stopped at any moment, the same command goes on: what is trained or drawn is not done twice. Results:
benchmarks/results/captions.json.
"""

import argparse
import itertools
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from _training import command, remembered, written
from edits import FACTS, Judge, judge, share
from harness import Busy, machine
from torch import Tensor

import likely
from likely.data import Images
from likely.data.shapes import COLOURS, COUNTS, PLACES, SHAPES, SIZES, shapes
from likely.descent import Descent
from likely.diffusion import DPMSolver, Embedded, Way, drawn
from likely.fields import made
from likely.rng import Keyed
from likely.spaces import absent
from likely.training import Engine, Lines

ASKED = ("colour", "shape", "count", "place")
PROMISED = 0.95
LEARNED, HELD = 0, 2  # seeds of the drawings; edits.py has the judge's
KEPT_OUT = 45  # of 450 combinations
FAMILY = "diffusion,network=unet,network.width=32,network.blocks=1,drop=0.1,rate=0.001"
CLIP = "clip,network=conv,network.width=32,embedding=64"
AT_ONCE = 250  # drawings


def kept_out() -> set[tuple[str, ...]]:
    """Combinations that no training drawing has, each of whose values the others have."""
    every = list(itertools.product(COLOURS, SHAPES, COUNTS, PLACES))
    order = np.random.default_rng(0).permutation(len(every))
    return {every[at] for at in order[:KEPT_OUT]}


def combinations(images: Images) -> list[tuple[str, ...]]:
    """What each drawing shows."""
    assert images.about is not None
    frame = images.about.frame
    return list(zip(*(frame[name] for name in ASKED), strict=True))


def facts(images: Images) -> Tensor:
    """The five facts as the judge counts them (N, 5)."""
    assert images.about is not None
    values = [sorted(known) for known in (COLOURS, SHAPES, SIZES, PLACES, COUNTS)]
    codes = [
        [known.index(value) for value in images.about.frame[name]] for name, known in zip(FACTS, values, strict=True)
    ]
    return torch.tensor(codes).T


def parted(images: Images, out: set[tuple[str, ...]]) -> tuple[Images, Images]:
    """Drawings of the combinations that are seen, and of those kept out."""
    unseen = np.array([each in out for each in combinations(images)])
    return images.take(np.flatnonzero(~unseen)), images.take(np.flatnonzero(unseen))


def asked_of(images: Images, captions: int) -> Images:
    """As many drawings as captions are asked for, in the order of the combinations, each as often as the others."""
    places: dict[tuple[str, ...], list[int]] = {}
    for at, each in enumerate(combinations(images)):
        places.setdefault(each, []).append(at)
    turns = itertools.chain.from_iterable(itertools.zip_longest(*(places[each] for each in sorted(places))))
    return images.take([at for at in turns if at is not None][:captions])


def fitted(args: argparse.Namespace, name: str, text: str, images: Images, minutes: float) -> Any:
    """A family's model of drawings and captions, from the run's folder where it is finished."""
    place = args.run / name
    engine = Engine(probe=False, threads=args.threads or None, precision=args.precision, channels_last=True)
    settings = {"engine": engine, "listeners": [Lines(sys.stderr)]}
    if place.exists():
        return likely.resume(place, images, **settings)
    return likely.fit(
        images, made("Family", text), budget=args.steps or f"{minutes}m", batch=args.batch, seed=args.seed,
        condition="caption", folder=place, certify=False, **settings,
    )  # fmt: skip


# What comes out ------------------------------------------------------------------------------------------------------


def matched(model: Judge, images: Images, truth: Tensor) -> dict[str, Any]:
    """How often each fact is the caption's, and the four that are asked for together."""
    right = model.facts(images) == truth
    of = {name: share(right[:, at]) for at, name in enumerate(FACTS)}
    return {"all four": share(right[:, [FACTS.index(name) for name in ASKED]].all(1)), **of}


def by_caption(model: Any, images: Images, scale: float, args: argparse.Namespace) -> Images:
    """Drawings of these captions by classifier-free guidance."""
    assert images.about is not None
    descent = Descent(steps=args.calls, sampler=DPMSolver(), guidance=scale)
    return model.sample_rows(1, {"caption": images.about.frame["caption"].tolist()}, descent=descent, seed=args.seed)


@torch.no_grad()
def by_clip(model: Any, guide: Any, images: Images, scale: float, args: argparse.Namespace) -> Images:
    """The same, the model told nothing and led by a CLIP of its own rows."""
    c, parts, like = guide.condition_codec.encode(images.about).x, [], next(model.model.parameters())
    for start in range(0, len(c), AT_ONCE):
        part = c[start : start + AT_ONCE]
        plain = partial(nothing, model.model, absent(part))
        lead = partial(Embedded, similarity=guide.model.agreement, scale=scale)
        way = Way(model.model.way.schedule, DPMSolver(), args.calls, lead)
        shape, rng = model.model.space.shape, Keyed(args.seed, rows=start)
        parts.append(model.lift.down(drawn(plain, way, shape, len(part), part, like=like, rng=rng).x))
    return model.codec.decode(torch.cat(parts))


def nothing(model: Any, null: Tensor, x_t: Tensor, sigma: Tensor, _: Tensor | None) -> Tensor:
    """The denoiser that is given no caption."""
    return model.denoise(x_t, sigma, null)


def figures(args: argparse.Namespace, tell: Judge, model: Any, guide: Any, sides: dict[str, Images]) -> dict[str, Any]:
    """Each way of guidance on captions that were seen and on those that were not, done once for good."""
    found: dict[str, Any] = {}
    ways = [("caption", scale, partial(by_caption, model, scale=scale, args=args)) for scale in args.scales]
    if guide is not None:
        ways += [("clip", s, partial(by_clip, model, guide, scale=s, args=args)) for s in args.clip_scales]
    for way, scale, draw in ways:
        for side, images in sides.items():
            name = f"{way}_{scale:g}_{side}"

            def done(images: Images = images, draw: Any = draw) -> dict[str, Any]:
                start = time.perf_counter()
                drawings = draw(images=images)
                seconds = time.perf_counter() - start
                return matched(tell, drawings, facts(images)) | {"seconds": round(seconds, 1), "rows": len(images)}

            found[name] = remembered(args.run / f"{name}.json", done)
            print(f"{name}: {found[name]}", flush=True)
    return found


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="of the diffusion model's training")
    parser.add_argument("--steps", type=int, default=0, help="instead of minutes, of every training")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run: made, or gone on with")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--family", default=FAMILY)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32", help="bf16 where the machine has it")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rows", type=int, default=40_000, help="drawings, before the combinations are kept out")
    parser.add_argument("--epochs", type=int, default=5, help="of the judge")
    parser.add_argument("--captions", type=int, default=450, help="captions that are drawn, of each side")
    parser.add_argument("--calls", type=int, default=20, help="network calls a drawing")
    parser.add_argument("--scales", type=float, nargs="+", default=[1.0, 2.0, 4.0, 7.0])
    parser.add_argument("--clip-minutes", type=float, default=0.0, help="of a CLIP's training; none: no CLIP")
    parser.add_argument("--clip", default=CLIP)
    parser.add_argument("--clip-scales", type=float, nargs="+", default=[1.0, 3.0, 10.0])
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--rehearse", action="store_true", help="write no result")
    return parser.parse_args()


def main() -> None:
    """Train, judge, draw, tell."""
    args, busy, start = arguments(), Busy(), time.perf_counter()
    args.run.mkdir(parents=True, exist_ok=True)
    if args.threads:
        torch.set_num_threads(args.threads)
    out = kept_out()
    learned, _ = parted(shapes(args.rows, seed=LEARNED), out)
    tell = judge(args)
    held = parted(shapes(max(2_000, 25 * args.captions), seed=HELD), out)
    sides = {side: asked_of(images, args.captions) for side, images in zip(("seen", "unseen"), held, strict=True)}
    real = {side: matched(tell, images, facts(images)) for side, images in sides.items()}
    print(f"the judge on real drawings: {real}", flush=True)
    model = fitted(args, "model", args.family, learned, args.minutes)
    guide = fitted(args, "clip", args.clip, learned, args.clip_minutes) if args.clip_minutes else None
    found = figures(args, tell, model, guide, sides)
    unseen = {name: each["all four"]["share"] for name, each in found.items() if name.endswith("_unseen")}
    best = max(unseen, key=unseen.__getitem__)
    print(f"best on combinations never seen: {best}, {unseen[best]}; promised {PROMISED}", flush=True)
    if args.rehearse:
        return
    told_all = {
        "benchmark": "captions", "command": command(), "machine": machine(), "others": busy.others(),
        "minutes": round((time.perf_counter() - start) / 60, 2), "family": repr(model.card.family),
        "steps": (model.card.measures.get("final") or {}).get("step"),
        "parameters": sum(weight.numel() for weight in model.model.parameters()), "promised": PROMISED,
        "kept out": sorted(" ".join(each) for each in out), "drawings": len(learned), "calls": args.calls,
        "judge on real drawings": real, "figures": found, "best on unseen": {best: unseen[best]},
    }  # fmt: skip
    written(told_all, "captions.json", args.results)


if __name__ == "__main__":
    main()
