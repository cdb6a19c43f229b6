"""Naive Bayes and logistic regression on many tables: errors against the number of rows, and where they cross.

    LIKELY_DATA=FOLDER python benchmarks/learning_curves.py [--repeats 20] [--only TEXT] [--most 4000] [--data FOLDER]

Ng & Jordan (2001) expect the generative classifier to be ahead with few rows and the discriminative one with many.
Every table is dealt anew for every repeat (a quarter of its rows, at most 2,000, to test on); both families learn from
the same first m rows of the rest, for nine sizes m. Tables with more than `--most` rows are cut to so many, drawn with
seed 0. Intervals are 95 % over repeats, which share rows. Nothing is tuned on any table: both families stand at their
defaults. Results: benchmarks/results/learning_curves.json and .svg.
"""

import argparse
import gzip
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import matplotlib as mpl
import numpy as np
import pandas as pd
from harness import machine
from sklearn import datasets

from likely.apps.learning_curve import LearningCurve, learning_curve

ACROSS = 4
COLOURS = ("#c2410c", "#1d4ed8")
ADULT = [
    "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship", "race",
    "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income",
]  # fmt: skip


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--only", default="", help="tables whose name contains this")
    parser.add_argument("--most", type=int, default=4000, help="rows of a table, at most")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", "")))
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    return parser.parse_args()


def tables(folder: Path) -> Iterator[tuple[str, str, Callable[[], pd.DataFrame]]]:
    """Name, label and rows; a table is read when its turn comes."""
    at = folder / "tables"
    yield "penguins", "species", lambda: pd.read_csv(at / "penguins.csv")
    yield "titanic", "survived", lambda: pd.read_csv(at / "titanic.csv").drop(columns="alive")  # the label again
    yield "mushrooms", "type", lambda: pd.read_csv(at / "mushrooms.csv", na_values="?")
    yield "adult", "income", lambda: adult(at / "adult-train.csv")
    for colour in ("red", "white"):
        yield f"{colour} wine, 6 or better", "good", lambda colour=colour: wine(at / f"winequality-{colour}.csv")
    for name in ("4_breastw", "29_Pima", "18_Ionosphere", "6_cardio", "30_satellite", "2_annthyroid"):
        yield name.partition("_")[2], "label", lambda name=name: adbench(at / "adbench" / f"{name}.npz")
    yield "nltcs, last column", "x15", lambda: binary(at / "binary" / "nltcs.train.data.gz")
    for name in ("iris", "wine", "breast_cancer", "digits"):
        yield name, "label", lambda name=name: embedded(name)


def adult(path: Path) -> pd.DataFrame:
    """The census without its sampling weight."""
    frame = pd.read_csv(path, header=None, names=ADULT, skipinitialspace=True, na_values="?")
    return frame.drop(columns="fnlwgt")


def wine(path: Path) -> pd.DataFrame:
    """Eleven measurements, and whether the marks were 6 or better; one of the two files has a header."""
    frame = pd.read_csv(path, header=None, skiprows=int(path.read_text()[:1] == '"'))
    return frame.iloc[:, :11].add_prefix("x").assign(good=np.where(frame.iloc[:, 11] >= 6, "yes", "no"))


def adbench(path: Path) -> pd.DataFrame:
    """Normal or not."""
    held = np.load(path)
    return labelled(held["X"], held["y"])


def binary(path: Path) -> pd.DataFrame:
    """Columns of 0 and 1."""
    with gzip.open(path, "rt") as file:
        return pd.DataFrame(np.loadtxt(file, delimiter=",", dtype=int)).add_prefix("x").astype(str)


def embedded(name: str) -> pd.DataFrame:
    """A table of scikit-learn's."""
    return labelled(*getattr(datasets, f"load_{name}")(return_X_y=True))


def labelled(x: Any, y: Any) -> pd.DataFrame:
    """Numbers and their label."""
    return pd.DataFrame(x).add_prefix("x").assign(label=[f"class {int(k)}" for k in y])


def plain(found: LearningCurve, name: str, seconds: float) -> dict[str, Any]:
    """One table's curves as JSON."""
    curves = [{"name": c.name, "mean": c.mean.tolist(), "half": c.half.tolist()} for c in found.curves]
    return {
        "table": name, "target": found.target, "rows": found.rows, "classes": found.classes, "sizes": found.sizes,
        "baseline": found.baseline, "curves": curves, "crossing": asdict(found.crossings[0]), "seconds": seconds,
        "told": str(found).rpartition("\n\n")[2].split("\n"),
    }  # fmt: skip


def drawn(tables: list[dict[str, Any]], path: Path) -> None:
    """One small plot a table."""
    mpl.use("svg")
    from matplotlib import pyplot as plt

    down = -(-len(tables) // ACROSS)
    figure, axes = plt.subplots(down, ACROSS, figsize=(3.1 * ACROSS, 2.3 * down), layout="constrained", squeeze=False)
    for axis in axes.flat[len(tables) :]:
        axis.set_visible(False)
    for axis, told in zip(axes.flat, tables, strict=False):
        for curve, colour in zip(told["curves"], COLOURS, strict=True):
            mean, half = 100 * np.array(curve["mean"]), 100 * np.array(curve["half"])
            axis.fill_between(told["sizes"], mean - half, mean + half, color=colour, alpha=0.15, linewidth=0)
            axis.plot(told["sizes"], mean, color=colour, marker="o", markersize=2.5, linewidth=1.2, label=curve["name"])
        if told["crossing"]["rows"] is not None:
            axis.axvline(told["crossing"]["rows"], color="grey", linestyle="--", linewidth=0.8)
        axis.set_xscale("log")
        axis.set_ylim(bottom=0)
        axis.set_title(told["table"], fontsize=9)
        axis.tick_params(labelsize=7)
    axes[0, 0].legend(fontsize=7, frameon=False)
    figure.supxlabel("rows learned from", fontsize=9)
    figure.supylabel("error on unseen rows, %", fontsize=9)
    figure.savefig(path, format="svg")


def main() -> None:
    """Every table, written as it is finished."""
    asked, found = arguments(), []
    asked.results.mkdir(parents=True, exist_ok=True)
    for name, target, rows in tables(asked.data):
        if asked.only not in name:
            continue
        frame, began = rows(), time.perf_counter()
        frame = frame.sample(min(len(frame), asked.most), random_state=0).reset_index(drop=True)
        curve = learning_curve(frame, target, repeats=asked.repeats)
        found.append(plain(curve, name, time.perf_counter() - began))
        print(f"\n{name}\n{curve}", flush=True)
        told = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "command": " ".join(["python", *sys.argv]),
                "machine": machine(), "repeats": asked.repeats, "most": asked.most, "tables": found}  # fmt: skip
        (asked.results / "learning_curves.json").write_text(json.dumps(told, indent=1) + "\n")
    if found:
        drawn(found, asked.results / "learning_curves.svg")


if __name__ == "__main__":
    main()
