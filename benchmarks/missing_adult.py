"""Adult with 30 % of its cells removed at random: how well are they filled in, and do intervals of draws cover them?

    python benchmarks/missing_adult.py [--data FOLDER] [--rows 8000] [--draws 39] [--only VAE,forest] [--budget 1.0]

Every cell that is there is removed with probability 0.3 (one seed). Families learn the table with its holes, and fill
in the same rows, `draws` times; the point estimate of a removed cell is the mean of its draws, or the commonest. Beside
them scikit-learn's IterativeImputer with extremely randomised trees on the codes of categories, and means and modes.

    numbers   root mean squared error over the removed cells of a column, over the column's standard deviation; mean
    choices   share of the removed cells that are wrong; mean over columns
    covered   share of the removed numbers within the central 90 % of the draws. Numbers repeat: a number equal to some
              draws is ranked among them at random, so that draws from the truth would be covered 90 % of the time.

Results: benchmarks/results/missing_adult.json.
"""

import argparse
import json
import os
import sys
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd
from harness import Busy, machine
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer

import likely

NAMES = ["age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship",
         "race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income"]  # fmt: skip
REMOVED, SEED, TREES, ROUNDS = 0.3, 0, 50, 4
BY_CHANCE = {"missing_at_random": True}
COUNTS = {"columns": {name: {"kind": "count"} for name in ("capital-gain", "capital-loss")}}
FAMILIES = {  # family, steps to learn (none: as it chooses), schema
    "VAE": ("vae,draws=8,network=mlp", 4000, BY_CHANCE),
    "VAE, which are missing modelled": ("vae,draws=8,network=mlp", 4000, {}),
    "Circuit": ("circuit", None, BY_CHANCE),
    "MADE": ("made", 2000, BY_CHANCE),
    "NaiveBayes": ("naivebayes", None, BY_CHANCE),
}


def table(data: Path, rows: int) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """The rows, the rows with holes, and which cells were removed."""
    read = pd.read_csv(
        data / "tables" / "adult-train.csv", header=None, names=NAMES, skipinitialspace=True, na_values="?"
    )
    whole = read.sample(rows, random_state=SEED).reset_index(drop=True)
    gone = (np.random.default_rng(SEED).random(whole.shape) < REMOVED) & whole.notna().to_numpy()
    return whole, whole.astype(dict.fromkeys(numbers(whole), float)).mask(gone), gone


def numbers(frame: pd.DataFrame) -> list[str]:
    """The columns of numbers."""
    return list(frame.select_dtypes("number").columns)


def judged(whole: pd.DataFrame, gone: np.ndarray, draws: list[pd.DataFrame]) -> dict:
    """The three figures, and each column's own."""
    errors, wrong, covered, each = [], [], [], {}
    for place, name in enumerate(whole.columns):
        at = gone[:, place]
        truth, drawn = whole[name].to_numpy()[at], np.stack([rows[name].to_numpy()[at] for rows in draws], 1)
        if name in numbers(whole):
            apart = drawn.astype(float).mean(1) - truth
            errors.append(float(np.sqrt((apart**2).mean()) / whole[name].std()))
            covered.append(coverage(truth, drawn.astype(float)))
            each[name] = {"error": round(errors[-1], 4), "covered": covered[-1]}
        else:
            commonest = pd.DataFrame(drawn).mode(axis=1)[0].to_numpy()
            wrong.append(float((commonest != truth).mean()))
            each[name] = {"wrong": round(wrong[-1], 4)}
    known = [share for share in covered if share is not None]
    told = {"numbers": round(float(np.mean(errors)), 4), "choices": round(float(np.mean(wrong)), 4)}
    return told | {"covered": round(float(np.mean(known)), 4) if known else None, "columns": each}


def coverage(truth: np.ndarray, drawn: np.ndarray) -> float | None:
    """The share of ranks among the draws that are in the central 90 %, ties broken at random."""
    if drawn.shape[1] < 19:
        return None
    below, equal = (drawn < truth[:, None]).sum(1), (drawn == truth[:, None]).sum(1)
    rank = (below + np.random.default_rng(SEED).random(len(truth)) * (equal + 1)) / (drawn.shape[1] + 1)
    return round(float(((rank >= 0.05) & (rank <= 0.95)).mean()), 4)


def ours(name: str, holes: pd.DataFrame, draws: int, budget: float) -> tuple[list[pd.DataFrame], dict]:
    """The completions by a family, and how they came about."""
    family, steps, schema = FAMILIES[name]
    start = time.perf_counter()
    asked = None if steps is None else max(20, int(steps * budget))
    fitted = likely.fit(holes, family, schema=schema, budget=asked, seed=SEED, certify=False)
    learned = time.perf_counter()
    done = [fitted.complete(holes, seed=seed) for seed in range(draws)]
    seconds = {"learning": round(learned - start, 1), "completing": round((time.perf_counter() - learned) / draws, 2)}
    way = {"way": done[0].way, "share": None if done[0].share is None else round(done[0].share, 3)}
    return [each.rows for each in done], {"family": str(fitted.card.family), "seconds": seconds} | way


def forest(holes: pd.DataFrame) -> tuple[list[pd.DataFrame], dict]:
    """IterativeImputer with trees, codes of categories rounded to the nearest."""
    start, levels, coded = time.perf_counter(), {}, holes.copy()
    for name in set(holes) - set(numbers(holes)):
        codes, levels[name] = pd.factorize(holes[name], sort=True)
        coded[name] = np.where(codes < 0, np.nan, codes)
    trees = ExtraTreesRegressor(TREES, min_samples_leaf=3, max_features=0.5, n_jobs=1, random_state=SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not settled after so many rounds
        filled = IterativeImputer(trees, max_iter=ROUNDS, random_state=SEED).fit_transform(coded.astype(float))
    rows = pd.DataFrame(filled, columns=coded.columns)
    for name, known in levels.items():
        rows[name] = np.asarray(known)[rows[name].round().clip(0, len(known) - 1).astype(int)]
    return [rows], {"trees": TREES, "rounds": ROUNDS, "seconds": {"learning": round(time.perf_counter() - start, 1)}}


def commonest(holes: pd.DataFrame) -> tuple[list[pd.DataFrame], dict]:
    """Means and modes."""
    told = {name: holes[name].mean() if name in numbers(holes) else holes[name].mode()[0] for name in holes.columns}
    return [holes.fillna(told)], {}


def main() -> None:
    """Every contestant on the same holes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--draws", type=int, default=39)
    parser.add_argument("--budget", type=float, default=1.0, help="of the steps that each family learns for")
    parser.add_argument("--only", default="", help="contestants, by a comma")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    whole, holes, gone = table(asked.data, asked.rows)
    others = {"forest": forest, "mean or mode": commonest}
    told, busy = {}, Busy()
    for name in asked.only.split(",") if asked.only else [*others, *FAMILIES]:
        rows, how = others[name](holes) if name in others else ours(name, holes, asked.draws, asked.budget)
        told[name] = judged(whole, gone, rows) | how
        shown = {key: value for key, value in told[name].items() if key != "columns"}
        print(f"{name:<34} {shown}", flush=True)
    result = {"benchmark": "missing_adult", "date": datetime.now(UTC).isoformat(timespec="seconds"),
              "command": " ".join(["python", *sys.argv]), "machine": machine(), "others": busy.others(),
              "rows": asked.rows, "draws": asked.draws, "removed": REMOVED, "contestants": told}  # fmt: skip
    asked.results.mkdir(parents=True, exist_ok=True)
    (asked.results / "missing_adult.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
