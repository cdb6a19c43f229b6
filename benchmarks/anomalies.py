"""Odd rows of 18 ADBench tables: a committee that sees no labels beside kNN, ECOD, COPOD, forests and autoencoders.

    python benchmarks/anomalies.py [--data FOLDER] [--seeds 5] [--only TEXT] [--without autoencoder]

    unsupervised     rows shuffled, 60 % learned from as they are, odd ones among them; the other 40 % judged (PyOD's)
    semi-supervised  half of the usual rows, shuffled, learned from; all the others judged (the clean column of
                     knn_leakcheck_adbench.csv: no set is blown up by copies before it is split)

The figure is the AUROC of the judged rows, the mean over seeds. Of sets with more rows than `--rows` so many are drawn
for learning, and as many for judging, the same for every method. Ours is one rule for all sets, stated before: the
library's `Detector()` where odd rows may be among those learned from, its `CLEAN` where they are not. The rule was
found on every other set (`DEVELOPED`, by their numbers); the means over the others are told apart. Peers are PyOD's,
their numbers standardised by the rows learned from: kNN (5, largest), ECOD, COPOD, IForest, and AutoEncoder (30
epochs of batches of 128). The published columns (DTE's, another protocol: unsupervised ones learn from and judge all
rows; semi-supervised ones learn the first half of the usual rows, unshuffled, and copy small sets before the split)
stand beside, and in one table of means and ranks with ours.

Seeds come one after the other, sets inside; what is done is kept, and the same command goes on from there. Results:
benchmarks/results/anomalies.json.
"""

import argparse
import csv
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from harness import Busy, saved
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from likely.apps.detector import CLEAN, Detector

Array = np.ndarray
DEVELOPED = ("2_annthyroid", "6_cardio", "18_Ionosphere", "23_mammography", "26_optdigits", "29_Pima", "31_satimage-2",
             "38_thyroid", "42_WBC")  # fmt: skip
PUBLISHED = ("KNN", "ECOD", "COPOD", "IForest", "VAE", "DDPM", "DTE-NP", "DTE-C")
PROTOCOLS = ("unsupervised", "semi-supervised")


def split(x: Array, y: Array, protocol: str, seed: int, most: int) -> tuple[Array, Array, Array]:
    """Rows to learn from, rows to judge, and which of these are odd."""
    order = np.random.default_rng(seed).permutation(len(x))
    usual = order[y[order] == 0]
    learned = order[: int(0.6 * len(x))] if protocol == "unsupervised" else usual[: len(usual) // 2]
    judged = order[~np.isin(order, learned)]
    return x[learned[:most]], x[judged[:most]], y[judged[:most]]


def ours(learned: Array, judged: Array, protocol: str, seed: int) -> Array:
    """The library's."""
    detector = Detector() if protocol == "unsupervised" else CLEAN
    return detector.fit(learned, seed=seed).scores(judged)


def peer(make: Callable[[int], object]) -> Callable[[Array, Array, str, int], Array]:
    """One of PyOD's."""

    def scores(learned: Array, judged: Array, protocol: str, seed: int) -> Array:
        centre, spread = learned.mean(0), learned.std(0)
        spread[spread < 1e-9] = 1
        model = make(seed)
        model.fit((learned - centre) / spread)
        return model.decision_function((judged - centre) / spread)

    return scores


def peers() -> dict[str, Callable[[Array, Array, str, int], Array]]:
    """PyOD's, by name."""
    from pyod.models.auto_encoder import AutoEncoder
    from pyod.models.copod import COPOD
    from pyod.models.ecod import ECOD
    from pyod.models.iforest import IForest
    from pyod.models.knn import KNN

    return {
        "kNN": peer(lambda seed: KNN(n_neighbors=5)),
        "ECOD": peer(lambda seed: ECOD()),
        "COPOD": peer(lambda seed: COPOD()),
        "isolation forest": peer(lambda seed: IForest(random_state=seed)),
        "autoencoder": peer(lambda seed: AutoEncoder(epoch_num=30, batch_size=128, verbose=0, random_state=seed)),
    }


def published(folder: Path, name: str) -> dict[str, dict[str, float]]:
    """DTE's columns of one set, by protocol."""
    told = {}
    for protocol, short in zip(PROTOCOLS, ("unsup", "semisup")):
        path = folder / f"dte_adbench57_auroc_{short}.csv"
        if path.exists():
            lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
            found = [row for row in csv.DictReader(lines) if row["dataset"].lower() == name.lower()]
            told[protocol] = {key: float(found[0][key]) / 100 for key in PUBLISHED if found and found[0].get(key)}
    return told


def summary(rows: list[dict], beside: dict) -> dict:
    """Means over sets of means over seeds, and mean ranks, over sets that every method has judged; DTE's beside."""
    told = {}
    for protocol in PROTOCOLS:
        here = [row for row in rows if row["protocol"] == protocol]
        names, sets = sorted({row["method"] for row in here}), sorted({row["set"] for row in here})
        each = {(m, s): np.mean([r["auroc"] for r in here if (r["method"], r["set"]) == (m, s)] or [np.nan])
                for m in names for s in sets}  # fmt: skip
        whole = [s for s in sets if all(np.isfinite(each[m, s]) for m in names)]
        if not whole:
            continue
        table, ranks = ranked(each, names, whole)
        other = np.array([s not in DEVELOPED for s in whole])
        told[protocol] = {
            m: {"mean": float(table[:, i].mean()), "rank": float(ranks[i]),
                "sets developed on": float(table[~other, i].mean()) if (~other).any() else None,
                "other sets": float(table[other, i].mean()) if other.any() else None, "sets": len(whole),
                "seeds": len({r["seed"] for r in here if r["method"] == m}),
                "sd of the mean over seeds": spread(here, m, whole),
                "by set": dict(zip(whole, np.round(table[:, i], 4).tolist()))}
            for i, m in enumerate(names)
        }  # fmt: skip
        told[f"{protocol}, beside DTE's columns"] = with_published(each, names, whole, protocol, beside)
    return told


def ranked(each: dict, names: list[str], sets: list[str]) -> tuple[Array, Array]:
    """The table of sets by methods, and the methods' mean ranks."""
    table = np.array([[each[m, s] for m in names] for s in sets])
    return table, np.array([rankdata(-row) for row in table]).mean(0)


def spread(here: list[dict], method: str, sets: list[str]) -> float | None:
    """The standard deviation, over seeds, of the mean over sets; None of one seed."""
    held = [row for row in here if row["method"] == method and row["set"] in sets]
    seeds = [[row["auroc"] for row in held if row["seed"] == seed] for seed in sorted({row["seed"] for row in held})]
    means = [np.mean(found) for found in seeds if len(found) == len(sets)]
    return round(float(np.std(means, ddof=1)), 5) if len(means) > 1 else None


def with_published(each: dict, names: list[str], sets: list[str], protocol: str, beside: dict) -> dict:
    """One table of ours, the peers run here and DTE's published columns, with ranks: the protocols are not the same."""
    found = {s: beside.get(s, {}).get(protocol, {}) for s in sets}
    both = [s for s in sets if all(m in found[s] for m in PUBLISHED)]
    if not both:
        return {}
    joint = {**each, **{(f"{m}, published", s): found[s][m] for m in PUBLISHED for s in both}}
    columns = [*names, *(f"{m}, published" for m in PUBLISHED)]
    table, ranks = ranked(joint, columns, both)
    order = np.argsort(ranks)
    return {columns[i]: {"mean": round(float(table[:, i].mean()), 4), "rank": round(float(ranks[i]), 2),
                         "sets": len(both)} for i in order}  # fmt: skip


def main() -> None:
    """Every seed, set, protocol and method that is not there yet."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    asked.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", "data")))
    asked.add_argument("--published", type=Path, default=None, help="folder of the published columns")
    asked.add_argument("--seeds", type=int, default=5)
    asked.add_argument("--rows", type=int, default=10_000, help="learned from, and judged, at most")
    asked.add_argument("--only", default="", help="sets whose name contains this")
    asked.add_argument("--without", default="", help="methods left out, by name")
    asked.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    args, busy = asked.parse_args(), Busy()
    warnings.simplefilter("ignore")
    methods = {name: run for name, run in {"likely": ours, **peers()}.items() if name not in args.without.split(",")}
    path = args.results / "anomalies.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() else []
    done = {(row["seed"], row["set"], row["protocol"], row["method"]) for row in rows}
    files = sorted((args.data / "tables" / "adbench").glob("*.npz"), key=lambda file: file.stat().st_size)
    files = [file for file in files if args.only in file.stem]
    folder = args.published or args.data.parent / "published"
    beside = {file.stem: published(folder, file.stem.split("_", 1)[1]) for file in files}
    for seed in range(args.seeds):
        for file in files:
            held = np.load(file)
            x, y = held["X"].astype(np.float64), held["y"].astype(int)
            for protocol in PROTOCOLS:
                parts = split(x, y, protocol, seed, args.rows)
                for name, run in methods.items():
                    if (seed, file.stem, protocol, name) in done:
                        continue
                    start = time.process_time()
                    score = np.nan_to_num(run(*parts[:2], protocol, seed))
                    auroc = round(float(roc_auc_score(parts[2], score)), 5)
                    rows.append({"seed": seed, "set": file.stem, "protocol": protocol, "method": name, "auroc": auroc,
                                 "cpu_s": round(time.process_time() - start, 2)})  # fmt: skip
            told = saved(path, "anomalies", busy, most_rows=args.rows, developed=DEVELOPED,
                         summary=summary(rows, beside), published=beside, rows=rows)  # fmt: skip
            print(seed, file.stem, *(f"{r['method']} {r['auroc']:.3f}" for r in rows[-2 * len(methods) :]), flush=True)
    for protocol, found in told["summary"].items():
        print(protocol)
        for name, each in sorted(found.items(), key=lambda pair: -pair[1]["mean"]):
            other = f" other sets {each['other sets']}" if "other sets" in each else ""
            print(f"  {name:20} mean {each['mean']:.4f} rank {each['rank']:.2f} of {each['sets']} sets{other}")


if __name__ == "__main__":
    main()
