"""Fashion-MNIST's model judges MNIST: which ways see that digits are no clothes, where the likelihood prefers them?

    python benchmarks/paradox.py [--data FOLDER] [--steps 1200] [--images 2000] [--run FOLDER]

One family learns training pictures of Fashion-MNIST as they are (28 x 28, 256 levels), and the same pictures with a
share of their pixels drawn anew, for `Ratio`; the last 500 training pictures choose the kept weights. The figure of a
way is the AUROC of its scores: the first test pictures of Fashion-MNIST against as many of MNIST, none of which any
model has seen. `Typicality` and `Surprise` take the usual value from other test pictures of Fashion-MNIST. PNG's own
length (zlib) stands beside the library's coder as another (3), and the shorter of both as a third. No way has a number
that was chosen by looking at digits.

Both models are kept in the run's folder with every picture's scores; the same command goes on from there. What was
scored is written before the background's model is fitted. Results: benchmarks/results/paradox.json.
"""

import argparse
import gzip
import io
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from harness import Busy, machine
from PIL import Image
from sklearn.metrics import roc_auc_score

import likely
from likely.apps.background import background
from likely.apps.coder import nats_of
from likely.apps.strange import Likelihood, Surprise, Typicality
from likely.data import Images
from likely.fields import made

RECIPE = "pixelcnn,width=32,blocks=5,patch=2,hidden=64,law=discretised-logistic,rate=2e-3"


def pictures(data: Path, name: str, part: str) -> Images:
    """All of one part, in the order of the file."""
    with gzip.open(data / "images" / name / f"{part}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(bytearray(file.read()[16:]), dtype=np.uint8)
    return Images(pixels.reshape(-1, 28, 28, 1))


def png_nats(images: Images) -> np.ndarray:
    """What PNG spends on each picture."""
    told = []
    for pixels in images.pixels:
        file = io.BytesIO()
        Image.fromarray(pixels[:, :, 0]).save(file, "PNG", optimize=True)
        told.append(8 * np.log(2) * len(file.getvalue()))
    return np.array(told)


def kept(place: Path, make) -> tuple[likely.Fitted, float]:
    """The model of a folder, or one made now; and the seconds of this process that it took."""
    told = place.with_suffix(".seconds")
    if (place / "model.json").is_file():
        return likely.load(place), float(told.read_text())
    start = time.process_time()
    model = make()
    seconds = time.process_time() - start
    model.save(place)
    told.write_text(f"{seconds:.1f}")
    return model, seconds


def told_of(way, model: likely.Fitted, sides: list[Images]) -> list[np.ndarray]:
    """The scores of clothes, digits, and clothes that say what is usual."""
    return [way.scores(model, each) for each in sides]


def figure_of(scores: dict[str, np.ndarray], sides: list[Images]) -> dict:
    """Areas, and what a pixel costs in the mean."""
    count, bits = len(sides[0]), {}
    truth = np.repeat([0, 1], [count, len(sides[1])])
    for name, each in scores.items():
        if name not in ("typicality", "surprise"):
            per = each / (784 * np.log(2))
            bits[name] = {"clothes": float(per[:count].mean()), "digits": float(per[count:].mean())}
    told = {name: float(roc_auc_score(truth, each)) for name, each in scores.items()}
    return {"bits_a_pixel": bits, "auroc": told, "promised": 0.99}


def main() -> None:
    """Two models, five ways, one table."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    asked.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", "data")))
    asked.add_argument("--steps", type=int, default=1200, help="of 64 pictures")
    asked.add_argument("--background-steps", type=int, default=0, help="of the background's model; 0: as many")
    asked.add_argument("--train", type=int, default=59_500, help="training pictures, from the first on")
    asked.add_argument("--noise", type=float, default=0.2, help="share of the background's pixels drawn anew")
    asked.add_argument("--images", type=int, default=2000, help="test pictures of each kind")
    asked.add_argument("--recipe", default=RECIPE)
    asked.add_argument("--run", type=Path, default=Path("runs/paradox"))
    asked.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    args, busy = asked.parse_args(), Busy()
    for place in (args.run, args.results):
        place.mkdir(parents=True, exist_ok=True)
    learned = pictures(args.data, "fashion-mnist", "train")
    train, held = learned.take(np.arange(args.train)), learned.take(np.arange(len(learned) - 500, len(learned)))
    family = made("Family", args.recipe)
    model, seconds = kept(
        args.run / "fashion", lambda: likely.fit(train, family, validation=held, budget=args.steps, certify=False)
    )
    clothes, digits = pictures(args.data, "fashion-mnist", "t10k"), pictures(args.data, "mnist", "t10k")
    sides = [clothes.take(np.arange(args.images)), digits.take(np.arange(args.images))]
    sides.append(clothes.take(np.arange(10_000 - min(args.images, 1000), 10_000)))
    scores, start = {}, time.process_time()
    plain = told_of(Likelihood(), model, sides)
    scores["likelihood"] = np.concatenate(plain[:2])
    scores["typicality"] = Typicality().judged(scores["likelihood"], np.sort(plain[2]))[0]
    coded = [coder_nats(each) for each in sides]
    ours, theirs = np.concatenate(coded[:2]), np.concatenate([png_nats(each) for each in sides[:2]])
    scores["complexity"] = scores["likelihood"] - ours
    scores["complexity by PNG"] = scores["likelihood"] - theirs
    scores["complexity by the shorter of both"] = scores["likelihood"] - np.minimum(ours, theirs)
    scores["the coder alone"] = -ours
    excess = told_of(Surprise(), model, sides)
    scores["surprise"] = Surprise().judged(np.concatenate(excess[:2]), np.sort(excess[2]))[0]
    kinds = {"likelihood": plain, "coder": coded, "surprise": excess}
    np.savez(args.run / "scores.npz", **{name: np.concatenate(each) for name, each in kinds.items()})
    figure = {
        "benchmark": "paradox", "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]), "machine": machine(), "others": busy.others(),
        "family": str(family), "parameters": sum(p.numel() for p in model.model.parameters()), "steps": args.steps,
        "train": args.train, "images": args.images, "training_cpu_s": seconds,
        "scoring_cpu_s": time.process_time() - start,
        "surprise": {name: [float(each.mean()), float(each.std())]
                     for name, each in zip(("clothes", "digits", "usual"), excess, strict=True)},
    }  # fmt: skip
    write(figure | figure_of(scores, sides), args.results)
    noisy, seconds = kept(
        args.run / f"background_{args.noise:g}",
        lambda: background(model, train, share=args.noise, validation=held, budget=args.background_steps or args.steps),
    )
    scores["ratio"] = scores["likelihood"] - np.concatenate(told_of(Likelihood(), noisy, sides[:2]))
    figure |= {"noise": args.noise, "background_steps": args.background_steps or args.steps,
               "background_cpu_s": seconds}  # fmt: skip
    write(figure | figure_of(scores, sides), args.results)


def coder_nats(images: Images) -> np.ndarray:
    """What the library's coder spends on each picture."""
    return nats_of(images.pixels, 256)


def write(figure: dict, results: Path) -> None:
    """The file, and what it says."""
    (results / "paradox.json").write_text(json.dumps(figure, indent=1) + "\n")
    print(json.dumps({name: figure[name] for name in ("auroc", "bits_a_pixel", "surprise")}, indent=1), flush=True)


if __name__ == "__main__":
    main()
