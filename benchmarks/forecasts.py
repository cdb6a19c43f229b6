"""ETTh1, exchange rates and a stock: is what may follow told better than by a season again, and by an autoregression?

    python benchmarks/forecasts.py [--data FOLDER] [--only ett,exchange,stock] [--origins 200] [--draws 200]

Each record's end is forecast from evenly spaced origins, each given what came before; everybody learns from all that
came before the first of them. ETTh1 (hourly, the last 4 of the usual 20 months, 14,400 hours), 24 hours, a season of
24; exchange rates of 8 currencies and 6 columns of a stock (daily; the last 20 %), 24 days, a season of 1. How ours was
made (windows, levels or growth or growth over its volatility, how many components) was chosen by learning from 12
months, or the first 70 %, and forecasting the part in between: there, of 60 origins, exchange rates told by their
growth had a CRPS of 0.00953, over their volatility 0.00909 (naive 0.00955); the stock 0.0995 and 0.1047 (naive 0.1092),
so that it is told without. One model a channel.

    naive   the last season again, with residuals of whole futures drawn from what came before the first origin
    AR      statsmodels' AutoReg of each channel, its lags by BIC among a few, Gaussian innovations, in closed form
    VAR     statsmodels' VAR of all channels, its lags by BIC, Gaussian innovations, in closed form
    CRPS    of a channel over its mean size, mean over channels; a difference's interval is over origins

Results: benchmarks/results/forecasts.json, written after every record.
"""

import argparse
import json
import os
import sys
import time
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd
from harness import Busy, machine

import likely
from likely.apps.rolling import rolled
from likely.data import Relative, Windows
from likely.distributions.covariance import Covariance, Diagonal, Full
from likely.metrics.forecast import crps, crps_of_normal, inside, seasonal_naive
from likely.training import Engine

HORIZON, SEED = 24, 0


@dataclass(frozen=True)
class Question:
    """A record, where its parts end, and how ours is made."""

    name: str
    tested: int  # the first moment that is forecast: all before it are learned from
    season: int
    lags: tuple[int, ...]
    windows: Windows
    components: int
    covariance: Covariance


def read(name: str, data: Path) -> pd.DataFrame:
    """The record, its channels alone."""
    folder = data / "series"
    if name == "ett":
        return pd.read_csv(folder / "ETTh1.csv").iloc[:14400, 1:]
    if name == "exchange":
        frame = pd.read_csv(folder / "exchange_rate.txt.gz", header=None)
        return frame.set_axis([f"currency_{place + 1}" for place in frame.columns], axis=1)
    return pd.read_csv(folder / "stock_data.csv")


def question(name: str, moments: int) -> Question:
    """As chosen on the part between."""
    if name == "ett":
        windows = Windows(length=120, stride=2)
        return Question(name, 11520, 24, (24, 48, 72), windows, 1, Full())
    volatility, components = (30, 1) if name == "exchange" else (0, 3)
    windows = Windows(length=48, stride=1, relative=Relative.GROWTH, volatility=volatility)
    return Question(name, round(0.8 * moments), 1, (1, 2, 5, 10), windows, components, Diagonal())


# The peers -----------------------------------------------------------------------------------------------------------


def autoregressions(values: np.ndarray, asked: Question, origins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard deviations (N, steps, D) of AR models, each channel's own."""
    from statsmodels.tsa.ar_model import AutoReg

    told = []
    for series in values[: asked.tested].T:
        hold = max(asked.lags)
        fits = [AutoReg(series, lags=lags, hold_back=hold).fit() for lags in asked.lags]
        told.append(min(fits, key=lambda fit: fit.bic))
    means, stds = [], []
    for series, fit in zip(values.T, told, strict=True):
        constant, weights = float(fit.params[0]), np.asarray(fit.params[1:])[:, None, None]
        mean, cov = linear(series[:, None], weights, np.array([constant]), np.array([[fit.sigma2]]), origins)
        means.append(mean[..., 0])
        stds.append(np.sqrt(cov[:, 0, 0]))
    return np.stack(means, -1), np.broadcast_to(np.stack(stds, -1), (len(origins), HORIZON, values.shape[1]))


def vector_autoregression(values: np.ndarray, asked: Question, origins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same of one VAR of all channels, told in units of each one's spread; of equal columns one is in it."""
    from statsmodels.tsa.api import VAR

    _, first, again = np.unique(values, axis=1, return_index=True, return_inverse=True)
    if len(first) < values.shape[1]:
        mean, std = vector_autoregression(values[:, first], asked, origins)
        return mean[..., again.ravel()], std[..., again.ravel()]
    size = values[: asked.tested].std(0)
    fit = VAR(values[: asked.tested] / size).fit(maxlags=max(asked.lags), ic="bic")
    mean, cov = linear(values / size, fit.coefs, fit.intercept, np.asarray(fit.sigma_u), origins)
    std = np.sqrt(np.diagonal(cov, axis1=1, axis2=2))
    return mean * size, np.broadcast_to(std * size, mean.shape)


def linear(
    values: np.ndarray, weights: np.ndarray, constant: np.ndarray, noise: np.ndarray, origins: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Means (N, steps, D) and covariances (steps, D, D) of v_t = c + sum_k W_k v_{t-k} + e, given what came before."""
    lags, width = len(weights), values.shape[1]
    past = [values[origins - 1 - k] for k in range(lags)]
    replies, means, covs = [np.eye(width)], [], []
    for step in range(HORIZON):
        ahead = constant + sum(past[k] @ weights[k].T for k in range(lags))
        past = [ahead, *past[:-1]]
        means.append(ahead)
        replies += [sum(weights[k] @ replies[step - k] for k in range(min(lags, step + 1)))]
        covs.append((covs[-1] if covs else 0) + replies[step] @ noise @ replies[step].T)
    return np.stack(means, 1), np.stack(covs)


# Ours ----------------------------------------------------------------------------------------------------------------


def ours(frame: pd.DataFrame, asked: Question, origins: np.ndarray, draws: int) -> np.ndarray:
    """Draws (draws, N, steps, D)."""
    drawn = []
    for name in frame.columns:
        family = likely.GaussianMixture(components=asked.components, covariance=asked.covariance)
        model = likely.fit(
            frame[[name]].head(asked.tested), family, window=asked.windows, seed=SEED, certify=False,
            engine=Engine(threads=1, probe=False),
        )  # fmt: skip
        told = rolled(model, frame[[name]], HORIZON, season=asked.season, origins=origins, draws=draws, seed=SEED)
        drawn.append(told.drawn["model"])
    return np.concatenate(drawn, -1)


def answered(name: str, data: Path, origins: int, draws: int) -> dict:
    """Every forecaster on one record."""
    frame = read(name, data)
    asked, values = question(name, len(frame)), frame.to_numpy(float)
    places = np.unique(np.linspace(asked.tested, len(values) - HORIZON, origins).round().astype(int))
    truth = values[places[:, None] + np.arange(HORIZON)]
    losses, covered, seconds = {}, {}, {}

    def kept(who: str, start: float, loss: np.ndarray, hits: list[np.ndarray]) -> None:
        losses[who], seconds[who] = loss, round(time.perf_counter() - start, 1)
        covered[who] = [round(float(hit.mean()), 4) for hit in hits]

    start = time.perf_counter()
    drawn = ours(frame, asked, places, draws)
    kept("likely", start, crps(drawn, truth), [inside(drawn, truth, level) for level in (0.5, 0.9)])
    start = time.perf_counter()
    naive = seasonal_naive(values, places, HORIZON, asked.season, draws, np.random.default_rng(SEED))
    kept("naive", start, crps(naive, truth), [inside(naive, truth, level) for level in (0.5, 0.9)])
    for who, peer in (("AR", autoregressions), ("VAR", vector_autoregression)):
        start = time.perf_counter()
        mean, std = peer(values, asked, places)
        hits = [np.abs(truth - mean) <= times * std for times in (0.6744897501960817, 1.6448536269514722)]
        kept(who, start, crps_of_normal(mean, std, truth), hits)
    return told(losses, covered, seconds, truth, list(frame.columns), asked, draws)


def told(
    losses: dict, covered: dict, seconds: dict, truth: np.ndarray, channels: list[str], asked: Question, draws: int
) -> dict:  # fmt: skip
    """Numbers, and ours against each."""
    size = np.abs(truth).mean((0, 1))
    each = {who: (loss / size).mean((1, 2)) for who, loss in losses.items()}  # (N,)
    forecasters = {
        who: {
            "crps": float(each[who].mean()), "covered": covered[who], "seconds": seconds[who],
            "channels": dict(zip(channels, (losses[who] / size).mean((0, 1)).tolist(), strict=True)),
        } for who in losses
    }  # fmt: skip
    ahead = {}
    for who in losses:
        if who != "likely":
            apart = each[who] - each["likely"]
            ahead[who] = [float(apart.mean()), float(1.96 * apart.std(ddof=1) / len(apart) ** 0.5)]
    made = f"GaussianMixture(components={asked.components}, covariance={asked.covariance}), {asked.windows.to_json()}"
    return {
        "record": asked.name,
        "ours": made,
        "origins": len(truth),
        "draws": draws,
        "forecasters": forecasters,
        "ahead": ahead,
    }


def main() -> None:
    """Every record in turn."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    folder = Path(os.environ.get("LIKELY_DATA", Path(__file__).parents[1] / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=folder)
    parser.add_argument("--only", default="ett,exchange,stock")
    parser.add_argument("--origins", type=int, default=200)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    busy, place = Busy(), args.results / "forecasts.json"
    before = json.loads(place.read_text())["records"] if place.exists() else []
    records = {one["record"]: one for one in before}  # a record that is not asked again keeps its figures
    for name in args.only.split(","):
        found = records[name] = answered(name, args.data, args.origins, args.draws)
        print(f"{name}: {found['ours']}")
        for who, one in found["forecasters"].items():
            ahead = "" if who == "likely" else "  ours is ahead by {:.5f} +- {:.5f}".format(*found["ahead"][who])
            print(f"  {who:8} CRPS {one['crps']:.5f}  covered {one['covered']}  {one['seconds']} s{ahead}", flush=True)
        written = {
            "command": " ".join(["python", *sys.argv]), "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(), "others": busy.others(), "records": list(records.values()),
        }  # fmt: skip
        args.results.mkdir(exist_ok=True)
        place.write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
