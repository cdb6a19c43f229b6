"""Fashion-MNIST's model judges MNIST: which ways see that digits are no clothes, where the likelihood prefers them?

    python benchmarks/paradox.py [--data FOLDER] [--steps 1200] [--images 2000] [--run FOLDER]

One family learns training pictures of Fashion-MNIST as they are (28 x 28, 256 levels), and the same pictures with a
share of their pixels drawn anew, for `Ratio`; the last 500 training pictures choose the kept weights. The figure of a
way is the AUROC of its scores: the first test pictures of Fashion-MNIST against as many of MNIST, none of which any
model has seen. `Typicality` takes the usual value from other test pictures of Fashion-MNIST. PNG's own length (zlib)
stands beside the library's coder as another (3).

Both models are kept in the run's folder; the same command goes on from there. Results: benchmarks/results/paradox.json.
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
from likely.apps.strange import Complexity, Likelihood, Ratio, Typicality
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
    """The model of a folder, or one made now; and the seconds that it took."""
    if (place / "model.json").is_file():
        return likely.load(place), 0.0
    start = time.perf_counter()
    model = make()
    model.save(place)
    return model, time.perf_counter() - start


def main() -> None:
    """Two models, four ways, one table."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    asked.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", "data")))
    asked.add_argument("--steps", type=int, default=1200, help="of 64 pictures, of each of the two models")
    asked.add_argument("--train", type=int, default=59_500, help="training pictures, from the first on")
    asked.add_argument("--noise", type=float, default=0.2, help="share of the background's pixels drawn anew")
    asked.add_argument("--images", type=int, default=2000, help="test pictures of each kind")
    asked.add_argument("--recipe", default=RECIPE)
    asked.add_argument("--run", type=Path, default=Path("runs/paradox"))
    asked.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    args, busy = asked.parse_args(), Busy()
    args.run.mkdir(parents=True, exist_ok=True)
    whole = pictures(args.data, "fashion-mnist", "train")
    train, held = whole.take(np.arange(args.train)), whole.take(np.arange(len(whole) - 500, len(whole)))
    family = made("Family", args.recipe)
    model, first = kept(
        args.run / "fashion", lambda: likely.fit(train, family, validation=held, budget=args.steps, certify=False)
    )
    noisy, second = kept(
        args.run / f"background_{args.noise:g}",
        lambda: background(model, train, share=args.noise, validation=held, budget=args.steps),
    )
    clothes, digits = pictures(args.data, "fashion-mnist", "t10k"), pictures(args.data, "mnist", "t10k")
    usual, clothes = clothes.take(np.arange(9000, 10000)), clothes.take(np.arange(args.images))
    digits = digits.take(np.arange(args.images))
    truth = np.repeat([0, 1], args.images)
    scores, bits, start = {}, {}, time.perf_counter()
    plain = [Likelihood().scores(model, each) for each in (clothes, digits, usual)]
    scores["likelihood"] = np.concatenate(plain[:2])
    scores["typicality"] = Typicality().judged(scores["likelihood"], np.sort(plain[2]))[0]
    scores["complexity"] = np.concatenate([Complexity().scores(model, each) for each in (clothes, digits)])
    scores["complexity by PNG"] = scores["likelihood"] - np.concatenate([png_nats(clothes), png_nats(digits)])
    scores["the coder alone"] = -np.concatenate([nats_of(each.pixels, 256) for each in (clothes, digits)])
    scores["ratio"] = np.concatenate([Ratio(noisy).scores(model, each) for each in (clothes, digits)])
    seconds = time.perf_counter() - start
    for name in ("likelihood", "complexity", "ratio"):
        per = scores[name] / (784 * np.log(2))
        bits[name] = {"clothes": float(per[: args.images].mean()), "digits": float(per[args.images :].mean())}
    told = {name: float(roc_auc_score(truth, each)) for name, each in scores.items()}
    figure = {
        "benchmark": "paradox", "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]), "machine": machine(), "others": busy.others(),
        "family": str(family), "parameters": sum(p.numel() for p in model.model.parameters()), "steps": args.steps,
        "train": args.train, "noise": args.noise, "images": args.images,
        "training_s": [first, second], "scoring_s": seconds,
        "bits_a_pixel": bits, "auroc": told, "promised": 0.99,
    }  # fmt: skip
    args.results.mkdir(parents=True, exist_ok=True)
    (args.results / "paradox.json").write_text(json.dumps(figure, indent=1) + "\n")
    print(json.dumps({"auroc": told, "bits": bits, "training_s": [first, second], "scoring_s": seconds}, indent=1))


if __name__ == "__main__":
    main()
