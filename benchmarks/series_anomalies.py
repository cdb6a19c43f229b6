"""Odd stretches of NAB's streams and of an electrocardiogram: a record that nobody labelled, looked through.

    python benchmarks/series_anomalies.py [--data FOLDER] [--seeds 1] [--only TEXT] [--without METHODS]

    records    six labelled streams of NAB (its windows are the labels), and six stretches of 25,000 moments (69 s) of
               lead MLII of MIT-BIH record 100, each with a beat that its annotation calls odd; such a beat is labelled
               from half way after the one before to half way before the next
    protocol   unsupervised: the whole record is given at once and every moment of it judged, later moments known, no
               label seen. TSB-AD gives a usual beginning to its semi-supervised methods; nothing here gets one
    figure     VUS-PR at 250 thresholds (TSB-AD's); buffers up to its period, the highest peak of the autocorrelation
               within 400 moments, 125 where that is beyond 303. `exact` is the same at all thresholds
    ours       `SeriesDetector()`, one rule for all; and a factor analysis (4 causes) of the windows, fitted to them all
    peers      PyOD's kNN (10 of 5,000 windows drawn), isolation forest and PCA (all components, weighted) of windows,
               each standardised by itself as in TSB-AD's Sub-KNN, Sub-IForest and Sub-PCA, of the very length that ours
               takes; a moment gets the mean over the windows that hold it, as ours. `levels`: windows as they are.
               `distance` is |value - median| of a window around it; `chance` a score that is the same everywhere

How ours tells windows was chosen on nyc_taxi, ec2_cpu_utilization_5f5533 and two stretches of the electrocardiogram
(`DEVELOPED`): means over the others are told apart. Published columns: TSB-AD's means over its 350 series, which are
others; three of its series are records here by length, place and number of labels (`SAME`): beside these its methods'
own values stand, if --published has tsbad_uni_vuspr_by_series.csv (their table of results).

Results: benchmarks/results/series_anomalies.json, written after every record; the same command goes on from there.
"""

import argparse
import csv
import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd
from harness import Busy, saved
from scipy.stats import rankdata

import likely
from likely.apps.moments import Record, moment_scores, over_moments
from likely.apps.series_detector import SeriesDetector
from likely.data import Windows
from likely.metrics.ranges import chance, vus_pr

Array = np.ndarray
NAB = ("realKnownCause/nyc_taxi", "realKnownCause/ambient_temperature_system_failure",
       "realKnownCause/machine_temperature_system_failure", "realAWSCloudwatch/ec2_cpu_utilization_5f5533",
       "realAWSCloudwatch/rds_cpu_utilization_cc0c53", "artificialWithAnomaly/art_daily_jumpsup")  # fmt: skip
SAME = {"nyc_taxi": "006_NAB", "ambient_temperature_system_failure": "016_NAB", "ec2_cpu_utilization_5f5533": "019_NAB"}
STRETCH, TAKEN = 25_000, (2, 12, 14, 15, 16, 17)  # moments of an electrocardiogram at a time, and which are
DEVELOPED = ("nyc_taxi", "ec2_cpu_utilization_5f5533", "ecg 2", "ecg 12")
USUAL_BEATS, ODD_BEATS, MOST, LENGTH = (1,), (5, 8), 5000, 125


@dataclass(frozen=True)
class Labelled:
    """A record and where it is odd."""

    name: str
    values: Array
    odd: Array

    @property
    def buffer(self) -> int:
        """TSB-AD's period of a record, which its buffers go up to."""
        part = self.values[:20_000] - self.values[:20_000].mean()
        power = np.abs(np.fft.rfft(part, 2 * len(part))) ** 2
        told = np.fft.irfft(power)[3:401]
        peaks = 1 + np.flatnonzero((told[1:-1] > told[:-2]) & (told[1:-1] > told[2:]))
        best = int(peaks[told[peaks].argmax()]) if len(peaks) else 0
        return best + 3 if 3 <= best <= 300 else LENGTH


def records(data: Path) -> Iterator[Labelled]:
    """All of them."""
    folder = data / "series" / "nab"
    windows = json.loads((folder / "combined_windows.json").read_text())
    for name in NAB:
        frame = pd.read_csv(folder / f"{name}.csv", parse_dates=["timestamp"])
        spans = [frame["timestamp"].between(*map(pd.Timestamp, each)) for each in windows[f"{name}.csv"]]
        odd = np.any(spans, 0).astype(int)
        yield Labelled(name.split("/")[1], frame["value"].to_numpy(float), odd)
    values, odd = electrocardiogram(data / "series" / "ecg_mitbih")
    for k in TAKEN:
        part = slice(k * STRETCH, (k + 1) * STRETCH)
        yield Labelled(f"ecg {k}", values[part], odd[part])


def electrocardiogram(folder: Path) -> tuple[Array, Array]:
    """Lead MLII of record 100 (format 212: two samples of 12 bits in three bytes), and its odd beats."""
    raw = np.frombuffer((folder / "100.dat").read_bytes(), np.uint8).astype(int).reshape(-1, 3)
    lead = raw[:, 0] | (raw[:, 1] & 15) << 8
    values = np.where(lead > 2047, lead - 4096, lead).astype(float)
    beats = np.array(list(annotations(folder / "100.atr")))
    beats = beats[np.isin(beats[:, 1], USUAL_BEATS + ODD_BEATS)]
    odd, ends = np.zeros(len(values), int), [0, *((beats[1:, 0] + beats[:-1, 0]) // 2), len(values)]
    for place, (_, kind) in enumerate(beats):
        if kind in ODD_BEATS:
            odd[ends[place] : ends[place + 1]] = 1
    return values, odd


def annotations(path: Path) -> Iterator[tuple[int, int]]:
    """The moment and the code of each note of a WFDB annotation file: 6 bits of code, 10 of moments gone by."""
    words, place, moment = np.frombuffer(path.read_bytes(), "<u2").astype(int), 0, 0
    while words[place]:
        code, gone = words[place] >> 10, words[place] & 1023
        if code == 59:  # a long time: the next two words
            moment += (words[place + 1] << 16) + words[place + 2]
            place += 3
        elif code == 63:  # words that say more
            place += 1 + (gone + 1) // 2
        else:
            if code not in (60, 61, 62):
                moment += gone
                yield moment, code
            place += 1


# Methods: a record, the length of a window and a seed to a score of each moment --------------------------------------


def ours(values: Array, length: int, seed: int) -> Array:
    """The library's rule."""
    return SeriesDetector().fit(values, seed=seed).scores()


def factors(values: Array, length: int, seed: int) -> Array:
    """A model of windows, fitted to all of them."""
    frame, window = pd.DataFrame({"channel_1": values}), Windows(length=length, stride=1)
    fitted = likely.fit(frame, likely.FactorAnalysis(factors=4), window=window, seed=seed, certify=False)
    return moment_scores(fitted, Record.read(frame))


def distance(values: Array, length: int, seed: int) -> Array:
    """|value - median around it|."""
    around = pd.Series(values).rolling(length, center=True, min_periods=1).median()
    return np.abs(values - around.to_numpy())


def peer(
    make: Callable[[int], object], most: int | None = None, *, levels: bool = False
) -> Callable[[Array, int, int], Array]:
    """One of PyOD's, of windows standardised each by itself, or as they are."""

    def scores(values: Array, length: int, seed: int) -> Array:
        windows = np.lib.stride_tricks.sliding_window_view(values, length).astype(np.float64)
        spread = windows.std(1, keepdims=True)
        shapes = (windows - windows.mean(1, keepdims=True)) / np.where(spread > 1e-9, spread, 1)
        points = windows if levels else shapes
        few = len(points) if most is None else min(most, len(points))
        model = make(seed)
        model.fit(points[np.sort(np.random.default_rng(seed).permutation(len(points))[:few])])
        return over_moments(model.decision_function(points), length, len(values))

    return scores


def methods() -> dict[str, Callable[[Array, int, int], Array]]:
    """All, by name."""
    from pyod.models.iforest import IForest
    from pyod.models.knn import KNN
    from pyod.models.pca import PCA

    return {
        "likely": ours,
        "likely, factor analysis": factors,
        "kNN of windows": peer(lambda seed: KNN(n_neighbors=10), MOST),
        "isolation forest of windows": peer(lambda seed: IForest(n_estimators=150, random_state=seed)),
        "PCA of windows": peer(lambda seed: PCA(random_state=seed)),
        "kNN of levels": peer(lambda seed: KNN(n_neighbors=10), MOST, levels=True),
        "isolation forest of levels": peer(lambda seed: IForest(n_estimators=150, random_state=seed), levels=True),
        "distance": distance,
    }


# What comes of it ----------------------------------------------------------------------------------------------------


def summary(rows: list[dict]) -> dict:
    """Means over records of means over seeds, mean ranks, by group: over records that every method has judged."""
    names = list(dict.fromkeys(row["method"] for row in rows))
    sets = list(dict.fromkeys(row["record"] for row in rows))
    each = {(m, s): np.mean([r["vus_pr"] for r in rows if (r["method"], r["record"]) == (m, s)] or [np.nan])
            for m in names for s in sets}  # fmt: skip
    whole = [s for s in sets if all(np.isfinite(each[m, s]) for m in names)]
    groups = {
        "NAB": [s for s in whole if not s.startswith("ecg")],
        "electrocardiogram": [s for s in whole if s.startswith("ecg")],
        "records developed on": [s for s in whole if s in DEVELOPED],
        "other records of NAB": [s for s in whole if not s.startswith("ecg") and s not in DEVELOPED],
        "other stretches of the electrocardiogram": [s for s in whole if s.startswith("ecg") and s not in DEVELOPED],
    }
    told = {}
    for group, members in groups.items():
        table = np.array([[each[m, s] for m in names] for s in members]).reshape(len(members), len(names))
        ranks = np.array([rankdata(-row) for row in table]).reshape(table.shape)
        told[group] = {"records": len(members), "mean": dict(zip(names, table.mean(0).round(4).tolist())),
                       "mean rank": dict(zip(names, ranks.mean(0).round(2).tolist()))} if members else None  # fmt: skip
    return {"groups": told, "by record": {s: {m: round(float(each[m, s]), 4) for m in names} for s in whole}}


def published(folder: Path) -> dict:
    """TSB-AD's means over 350 other series, and its methods' values on three that are here."""
    told: dict = {
        "mean over TSB-AD's 350 series, which are others": {},
        "TSB-AD's methods on records that are here": {},
    }
    means, single = folder / "tsbad_uni_vuspr_mean.csv", folder / "tsbad_uni_vuspr_by_series.csv"
    if means.exists():
        lines = [line for line in means.read_text().splitlines() if not line.startswith("#")]
        told["mean over TSB-AD's 350 series, which are others"] = {
            row["method"]: float(row["mean_VUS_PR"]) for row in csv.DictReader(lines)
        }
    if single.exists():
        for row in csv.DictReader(single.read_text().splitlines()):
            for name, begin in SAME.items():
                if row["file"].startswith(begin):
                    values = {m: round(float(v), 4) for m, v in list(row.items())[1:33]}
                    told["TSB-AD's methods on records that are here"][name] = {"file": row["file"], **values}
    return told


def main() -> None:
    """Every seed, record and method that is not there yet."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    asked.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", "data")))
    asked.add_argument("--published", type=Path, default=None, help="folder of the published columns")
    asked.add_argument("--seeds", type=int, default=1)
    asked.add_argument("--only", default="", help="records whose name contains this")
    asked.add_argument("--without", default="", help="methods left out, by name")
    asked.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    args, busy = asked.parse_args(), Busy()
    warnings.simplefilter("ignore")
    path = args.results / "series_anomalies.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() else []
    done = {(row["seed"], row["record"], row["method"]) for row in rows}
    chosen = {name: run for name, run in methods().items() if name not in args.without.split(",")}
    beside = published(args.published or args.data.parent / "published")
    for seed in range(args.seeds):
        for record in records(args.data):
            if args.only not in record.name:
                continue
            length = SeriesDetector().length_for(record.values)
            for name, run in chosen.items():
                if (seed, record.name, name) in done:
                    continue
                start = time.process_time()
                score = run(record.values, length, seed)
                cpu = round(time.process_time() - start, 2)
                rows.append({"seed": seed, "record": record.name, "method": name, "moments": len(record.values),
                             "window": length, "buffer": record.buffer, "cpu_s": cpu,
                             "vus_pr": round(vus_pr(record.odd, score, record.buffer, thresholds=250), 5),
                             "exact": round(vus_pr(record.odd, score, record.buffer), 5),
                             "chance": round(chance(record.odd, record.buffer), 5)})  # fmt: skip
            told = saved(path, "series_anomalies", busy, developed=DEVELOPED, summary=summary(rows),
                         published=beside, rows=rows)  # fmt: skip
            last = [row for row in rows if (row["seed"], row["record"]) == (seed, record.name)]
            print(seed, record.name, *(f"{row['method']} {row['vus_pr']:.3f}" for row in last), flush=True)
    for group, found in told["summary"]["groups"].items():
        print(f"{group}: {found and found['records']} records")
        for name, mean in sorted(found["mean"].items(), key=lambda pair: -pair[1]) if found else ():
            print(f"  {name:28} mean {mean:.4f} rank {found['mean rank'][name]:.2f}")


if __name__ == "__main__":
    main()
