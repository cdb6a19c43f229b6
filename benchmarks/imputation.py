"""Five tables with holes: who fills them in best, says how sure they are, and spoils least what is learned from them?

    python benchmarks/imputation.py [--data FOLDER] [--rows 4000] [--draws 39] [--only penguins,titanic]

Adult, titanic, penguins, mushrooms and white wine. 30 % of the cells of every column but the last (the label, which no
imputer sees) are removed: completely at random (MCAR), or at random given what is seen (MAR): a third of the columns
stay whole, and a cell of the others goes with a probability of 0.05 to 0.55 that rises with the rank of one of them.

likely is `likely.impute` as it stands: families and chained trees, weighed by how their mixture tells cells hidden from
all of them, learned again from all that is left. Beside it scikit-learn's IterativeImputer with extremely
randomised trees and its KNNImputer (numbers standardised, categories as indicators for the neighbours and as codes for
the trees), miceforest (LightGBM, five data sets), and means and modes.

    error       of removed cells, mean over columns: root mean squared error over the column's standard deviation for
                numbers, the share that is wrong for choices; of several draws their mean, or the commonest
    coverage    of removed numbers, the share within the central 90 % of the draws, ties broken at random; the fewest
                draws that can tell are 19, so that others have none
    downstream  boosted trees learn the label from 70 % of the rows as completed and tell it on the others: the area
                under the ROC curve (one against the rest), for wine R2. Up to five completions are learned from, apart,
                and their answers averaged (Rubin's rules for predictions)

The mean rank is over tables, mechanisms and these three measures; a contestant without intervals is last in coverage,
one that failed on a table is last there, and the mean rank without coverage is told as well. Results, written as they
come: benchmarks/results/imputation.json.
"""

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd
from harness import Busy, saved
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.metrics import r2_score, roc_auc_score

import likely

ADULT = ["age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship",
         "race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income"]  # fmt: skip
REMOVED, SEED, TREES, ROUNDS, NEIGHBOURS, SEVERAL = 0.3, 0, 50, 4, 10, 5
LABELS = {"adult": "income", "titanic": "survived", "penguins": "species", "mushrooms": "type", "wine": "quality"}
Frames = list[pd.DataFrame]


# The tables ----------------------------------------------------------------------------------------------------------


def table(name: str, data: Path, rows: int) -> pd.DataFrame:
    """The rows, their label last; columns that only repeat others are left out."""
    folder = data / "tables"
    match name:
        case "adult":
            read = pd.read_csv(
                folder / "adult-train.csv", header=None, names=ADULT, skipinitialspace=True, na_values="?"
            )
        case "titanic":
            kept = ["pclass", "sex", "age", "sibsp", "parch", "fare", "embarked", "deck", "survived"]
            read = pd.read_csv(folder / "titanic.csv")[kept]
        case "penguins":
            read = pd.read_csv(folder / "penguins.csv")
        case "mushrooms":
            read = pd.read_csv(folder / "mushrooms.csv", na_values="?", keep_default_na=False)
        case _:
            read = pd.read_csv(folder / "winequality-white.csv")
    read = read.loc[:, read.nunique() > 1].sample(min(rows, len(read)), random_state=SEED).reset_index(drop=True)
    label = LABELS[name]
    return read[[*read.columns.drop(label), label]]


def numbers(frame: pd.DataFrame) -> list[str]:
    """The columns of numbers."""
    return list(frame.select_dtypes("number").columns)


def removed(whole: pd.DataFrame, mechanism: str) -> np.ndarray:
    """Which cells go; every row keeps one."""
    rng = np.random.default_rng(SEED)
    chance = np.full(whole.shape, REMOVED)
    if mechanism == "MAR":
        width = whole.shape[1]
        drivers = [place for place in rng.permutation(width) if whole.iloc[:, place].notna().all()][
            : max(1, width // 3)
        ]
        ranks = [pd.Series(pd.factorize(whole.iloc[:, d], sort=True)[0]).rank(pct=True).to_numpy() for d in drivers]
        for place in range(width):
            chance[:, place] = 0.0 if place in drivers else 0.05 + 0.5 * ranks[place % len(drivers)]
    gone = (rng.random(whole.shape) < chance) & whole.notna().to_numpy()
    bare = ~(whole.notna().to_numpy() & ~gone).any(1)
    gone[bare, rng.integers(0, whole.shape[1], bare.sum())] = False
    return gone


def holed(whole: pd.DataFrame, gone: np.ndarray) -> pd.DataFrame:
    """The rows without these cells."""
    return whole.astype(dict.fromkeys(numbers(whole), float)).mask(gone)


# The contestants -----------------------------------------------------------------------------------------------------


def ours(holes: pd.DataFrame, draws: int) -> tuple[Frames, dict]:
    """`likely.impute` as it stands."""
    made = likely.impute(holes, draws, seed=SEED)
    members = {each.name: [each.weight, each.score, each.refusal] for each in made.members}
    return list(made.imputations), {"members": members, "score": made.score}


def coded(holes: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Categories as numbers, and their levels."""
    codes, levels = holes.copy(), {}
    for name in holes.columns.difference(numbers(holes)):
        found, levels[name] = pd.factorize(holes[name], sort=True)
        codes[name] = np.where(found < 0, np.nan, found)
    return codes.astype(float), levels


def forest(holes: pd.DataFrame, draws: int) -> tuple[Frames, dict]:
    """IterativeImputer with trees; codes are rounded to the nearest."""
    codes, levels = coded(holes)
    trees = ExtraTreesRegressor(TREES, min_samples_leaf=3, max_features=0.5, n_jobs=1, random_state=SEED)
    filled = IterativeImputer(trees, max_iter=ROUNDS, random_state=SEED).fit_transform(codes)
    rows = pd.DataFrame(filled, columns=codes.columns)
    for name, known in levels.items():
        rows[name] = np.asarray(known)[rows[name].round().clip(0, len(known) - 1).astype(int)]
    return [rows], {"trees": TREES, "rounds": ROUNDS}


def neighbours(holes: pd.DataFrame, draws: int) -> tuple[Frames, dict]:
    """KNNImputer among numbers over their spread and indicators of categories; of these the largest mean."""
    parts = [(holes[[n]] - holes[n].mean()) / max(holes[n].std(), 1e-9) for n in numbers(holes)]
    levels = {}
    for name in holes.columns.difference(numbers(holes)):
        levels[name] = np.sort(holes[name].dropna().unique())
        hot = (holes[name].to_numpy()[:, None] == levels[name]).astype(float) * 0.5**0.5
        hot[holes[name].isna()] = np.nan
        parts.append(pd.DataFrame(hot, columns=[f"{name}={level}" for level in levels[name]]))
    whole = pd.concat(parts, axis=1)
    filled = pd.DataFrame(KNNImputer(n_neighbors=NEIGHBOURS).fit_transform(whole), columns=whole.columns)
    rows = holes.copy()
    for name in holes.columns:
        at = holes[name].isna()
        if name in levels:
            rows.loc[at, name] = levels[name][filled[[f"{name}={k}" for k in levels[name]]].to_numpy()[at].argmax(1)]
        else:
            rows.loc[at, name] = (filled[name] * max(holes[name].std(), 1e-9) + holes[name].mean())[at]
    return [rows], {"neighbours": NEIGHBOURS}


def chained(holes: pd.DataFrame, draws: int) -> tuple[Frames, dict]:
    """miceforest: chained boosted trees with mean matching; of choices by their probabilities, where that breaks."""
    import lightgbm
    import miceforest

    inner = lightgbm.Booster._Booster__inner_predict  # of late by keyword only; miceforest 6.0.5 gives it by place
    by_place = lambda booster, data_idx: inner(booster, data_idx=data_idx)  # noqa: E731
    choices = holes.columns.difference(numbers(holes))
    typed = holes.astype(dict.fromkeys(choices, "category"))

    def completed(matching: str | dict[str, str]) -> Frames:
        kernel = miceforest.ImputationKernel(
            typed, num_datasets=SEVERAL, random_state=SEED, mean_match_strategy=matching
        )
        with patch.object(lightgbm.Booster, "_Booster__inner_predict", by_place):
            kernel.mice(iterations=ROUNDS, n_jobs=1, verbose=False)
        done = [kernel.complete_data(dataset=place) for place in range(SEVERAL)]
        return [rows.astype({name: holes[name].dtype for name in holes}) for rows in done]

    try:
        return completed("normal"), {"rounds": ROUNDS}
    except ValueError:  # a choice that its trees are sure of has infinite log-odds, which cannot be matched
        matching = {name: "fast" if name in choices else "normal" for name in holes}
        return completed(matching), {"rounds": ROUNDS, "matching of choices": "fast"}


def commonest(holes: pd.DataFrame, draws: int) -> tuple[Frames, dict]:
    """Means and modes."""
    told = {name: holes[name].mean() if name in numbers(holes) else holes[name].mode()[0] for name in holes.columns}
    return [holes.fillna(told)], {}


CONTESTANTS: dict[str, Callable[[pd.DataFrame, int], tuple[Frames, dict]]] = {
    "likely": ours, "IterativeImputer (trees)": forest, "KNNImputer": neighbours, "miceforest": chained,
    "mean or mode": commonest,
}  # fmt: skip


# The measures --------------------------------------------------------------------------------------------------------


def error_of(whole: pd.DataFrame, gone: np.ndarray, made: Frames) -> tuple[float, dict[str, float]]:
    """The mean over columns, and each column's own."""
    each = {}
    for place, name in enumerate(whole.columns):
        at = gone[:, place]
        if not at.any():
            continue
        truth, drawn = whole[name].to_numpy()[at], np.stack([rows[name].to_numpy()[at] for rows in made], 1)
        if name in numbers(whole):
            apart = drawn.astype(float).mean(1) - truth.astype(float)
            each[name] = float(np.sqrt((apart**2).mean()) / whole[name].std())
        else:
            each[name] = float((commonest_of(drawn) != truth).mean())
    return float(np.mean(list(each.values()))), each


def commonest_of(drawn: np.ndarray) -> np.ndarray:
    """Of each row."""
    codes, levels = pd.factorize(drawn.reshape(-1))
    counts = (codes.reshape(drawn.shape)[:, :, None] == np.arange(len(levels))).sum(1)
    return np.asarray(levels)[counts.argmax(1)]


def coverage_of(whole: pd.DataFrame, gone: np.ndarray, made: Frames) -> float | None:
    """Over all removed numbers."""
    if len(made) < 19 or not numbers(whole):
        return None
    rng, inside = np.random.default_rng(SEED), []
    for name in numbers(whole):
        at = gone[:, whole.columns.get_loc(name)]
        truth = whole[name].to_numpy(float)[at]
        drawn = np.stack([rows[name].to_numpy(float)[at] for rows in made], 1)
        below, equal = (drawn < truth[:, None]).sum(1), (drawn == truth[:, None]).sum(1)
        rank = (below + rng.random(len(truth)) * (equal + 1)) / (drawn.shape[1] + 1)
        inside.append((rank >= 0.05) & (rank <= 0.95))
    return float(np.concatenate(inside).mean())


def downstream(label: pd.Series, made: Frames) -> float:
    """What trees that learn from completed rows tell of others' label."""
    learn = np.random.default_rng(SEED).random(len(label)) < 0.7
    continuous = label.name == "quality"
    truth = label.to_numpy(float) if continuous else pd.factorize(label, sort=True)[0]
    told = []
    for rows in made[:SEVERAL]:
        x = coded(rows)[0].to_numpy()
        if continuous:
            told.append(HistGradientBoostingRegressor(random_state=SEED).fit(x[learn], truth[learn]).predict(x[~learn]))
        else:
            trees = HistGradientBoostingClassifier(random_state=SEED).fit(x[learn], truth[learn])
            told.append(trees.predict_proba(x[~learn]))
    mean = np.mean(told, axis=0)
    if continuous:
        return float(r2_score(truth[~learn], mean))
    score = mean[:, 1] if mean.shape[1] == 2 else mean
    return float(roc_auc_score(truth[~learn], score, multi_class="ovr"))


def ranks_of(found: dict) -> dict:
    """The mean rank of every contestant, over all and by measure; 1 is best, equals share theirs; of whole tables."""
    told: dict[str, dict[str, list[float]]] = {}
    for results in (each for each in found.values() if len(each) == len(CONTESTANTS)):
        frame = pd.DataFrame(results).T
        cost = {"error": frame["error"].astype(float), "downstream": -frame["downstream"].astype(float)}
        cost = {measure: values.fillna(np.inf) for measure, values in cost.items()}  # who failed is last
        if frame["coverage"].notna().any():
            cost["coverage"] = (frame["coverage"].astype(float) - 0.9).abs().fillna(np.inf)
        for measure, values in cost.items():
            for name, rank in values.astype(float).rank(method="average").items():
                told.setdefault(str(name), {}).setdefault(measure, []).append(float(rank))
    mean = {
        name: {measure: round(float(np.mean(ranks)), 3) for measure, ranks in each.items()}
        for name, each in told.items()
    }
    for name, each in told.items():
        mean[name]["all"] = round(float(np.mean([*chain(*each.values())])), 3)
        mean[name]["without coverage"] = round(float(np.mean(each["error"] + each["downstream"])), 3)
    return mean


def judged(whole: pd.DataFrame, label: pd.Series, gone: np.ndarray, name: str, draws: int) -> dict:
    """One contestant on one table."""
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a peer's, that it has not settled after so many rounds
        made, how = CONTESTANTS[name](holed(whole, gone), draws)
    seconds = time.perf_counter() - start
    error, each = error_of(whole, gone, made)
    return {
        "error": round(error, 4), "coverage": coverage_of(whole, gone, made),
        "downstream": round(downstream(label, made), 4), "seconds": round(seconds, 1), "draws": len(made),
        "columns": {column: round(value, 4) for column, value in each.items()},
    } | how  # fmt: skip


def main() -> None:
    """Every contestant on the same holes of every table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--draws", type=int, default=39)
    parser.add_argument("--only", default="", help="tables, by a comma")
    parser.add_argument("--fresh", action="store_true", help="measure again what the results already hold")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    place, busy = asked.results / "imputation.json", Busy()
    found = {} if asked.fresh or not place.exists() else json.loads(place.read_text())["found"]
    for name in asked.only.split(",") if asked.only else LABELS:
        read = table(name, asked.data, asked.rows)
        whole, label = read.iloc[:, :-1], read.iloc[:, -1]
        for mechanism in ("MCAR", "MAR"):
            gone, results = removed(whole, mechanism), found.setdefault(f"{name}, {mechanism}", {})
            for contestant in CONTESTANTS:
                if "error" in results.get(contestant, {}):
                    continue
                try:
                    results[contestant] = judged(whole, label, gone, contestant, asked.draws)
                except Exception as failure:  # a peer's own failure is told, and measured again next time; ours raises
                    if contestant == "likely":
                        raise
                    results[contestant] = {"failed": str(failure)}
                    print(f"{name}, {mechanism:<5} {contestant:<26} failed: {failure}", flush=True)
                    continue
                told = {key: value for key, value in results[contestant].items() if key != "columns"}
                print(f"{name}, {mechanism:<5} {contestant:<26} {told}", flush=True)
                saved(place, "imputation", busy, rows=asked.rows, draws=asked.draws, removed=REMOVED,
                      **{"mean ranks": ranks_of(found), "found": found})  # fmt: skip
    for name, told in sorted(ranks_of(found).items(), key=lambda each: each[1]["all"]):
        print(f"{name:<26} {told}")


if __name__ == "__main__":
    main()
