"""Two simulators, a conditional density of their parameters, and sbi's published figures: how far are posteriors?

    python benchmarks/simulators.py [--simulations 1000,10000] [--observations 10] [--points 10000] [--only two-moons]

Pairs (theta, y) of a simulator fit p(theta | y) once (NPE); the candidates are flows, and the one of the largest
held-out likelihood answers. For each of the ten observations of the published benchmark, `points` draws given it are
held against as many of the true posterior by C2ST, as published: the accuracy, five-fold, of a network of two layers of
ten units a parameter (0.5: they cannot be told apart; 1: always). Then simulation-based calibration on new pairs.

    two moons   theta in [-1, 1]^2, y = p + (-|theta_1 + theta_2|, theta_2 - theta_1) / sqrt 2,
                p = (r cos a + 1/4, r sin a), a ~ U(-pi/2, pi/2), r ~ N(0.1, 0.01^2);   the posterior in closed form
    SLCP        theta in [-3, 3]^5, y = four points of N(theta_1:2, S),
                S = ((s^4, rho s^2 t^2), (., t^4)), s = theta_3, t = theta_4, rho = tanh theta_5;   long ensemble MCMC

The published C2ST is NPE with neural spline flows, sbi, mean over the same ten observations (Lueckmann, Boelts,
Greenberg, Goncalves & Macke, Benchmarking Simulation-Based Inference, AISTATS 2021; sbi-benchmark/results,
benchmarking_sbi/results/main_paper.csv). Observations: sbi-benchmark/sbibm (MIT). Results: results/simulators.json.
"""

import argparse
import json
import sys
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd
from harness import Busy, machine
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPClassifier

import likely
from likely.apps.calibrated import calibrated

PUBLISHED = {"two-moons": {1000: 0.725, 10_000: 0.606}, "slcp": {1000: 0.975, 10_000: 0.901}}  # NPE, mean of ten
CANDIDATES = {  # family, steps for 1,000 and 10,000 simulations
    "spline flow, sequential": ("splineflow,wiring=sequential,layers=5,width=64", (1500, 4000)),
    "spline flow, coupled": ("splineflow,layers=6,width=64", (1500, 4000)),
}
OBSERVED = {
    "two-moons": [
        [-0.6396706, 0.16234657], [-0.5676688, -0.33194834], [0.0030109584, -0.6457662], [-0.25049388, 0.633055],
        [-0.66463584, -0.42604533], [-0.12940255, 0.3873573], [0.19458583, 1.0400153], [0.13603824, 0.9160449],
        [-0.17962828, -0.5452459], [0.14563406, -1.170141],
    ],
    "slcp": [
        [2.3718784, 0.49947417, 9.931435, 1.7136912, -10.436423, -1.9067793, -1.2343777, -0.09735],
        [-0.66452104, -2.9279308, -16.49147, 4.06107, 4.232153, -4.652277, -4.9924355, -1.5655216],
        [3.5023372, 5.254722, 8.685451, 9.995327, 0.40782332, -5.7111573, 10.605566, 12.695774],
        [-1.6371447, -0.037302777, -1.5622597, 0.031204943, -3.683134, 0.09953671, -1.7389069, 0.0309663],
        [-8.801672, 8.726709, -10.484016, 6.857725, -6.769688, 7.574161, 3.804308, 2.7593615],
        [0.069512725, 4.0657325, -1.1986864, 0.94379723, -1.4434359, 0.02170819, -4.4811616, -4.26959],
        [-3.0776706, -1.2080946, 25.778881, -2.244017, -0.77473235, -1.5114331, 5.919487, -1.6953411],
        [1.2463324, -2.414371, -2.9786007, -2.3214335, -17.3002, -3.298883, -13.487199, -3.023044],
        [4.755368, -2.3791986, 3.5834174, -1.444761, 5.063205, -3.448882, 0.56577647, 1.3524654],
        [1.3710914, -2.39026, 1.8363019, -2.4391632, 2.013802, -3.2097385, 2.4036794, -3.0089793],
    ],
}  # fmt: skip


class TwoMoons:
    """Two crescents."""

    bound, width = 1.0, 2

    def ring(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """p."""
        a, r = rng.uniform(-np.pi / 2, np.pi / 2, n), rng.normal(0.1, 0.01, n)
        return np.stack([r * np.cos(a) + 0.25, r * np.sin(a)], 1)

    def simulated(self, theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """y."""
        turned = np.stack([-np.abs(theta.sum(1)), theta[:, 1] - theta[:, 0]], 1) / 2**0.5
        return self.ring(len(theta), rng) + turned

    def posterior(self, y: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
        """theta -> p is a rotation on either side of theta_1 + theta_2 = 0: p as it is drawn, where theta can be."""
        p = self.ring(20 * n, rng)
        along, across = (p[:, 0] - y[0]) * 2**0.5, (y[1] - p[:, 1]) * 2**0.5  # |theta_1 + theta_2|, theta_2 - theta_1
        along = np.where(along >= 0, along, np.nan) * rng.choice([-1.0, 1.0], len(p))
        theta = np.stack([along - across, along + across], 1) / 2
        return theta[(np.abs(theta) <= self.bound).all(1)][:n]


class SLCP:
    """Simple likelihood, complex posterior."""

    bound, width, walkers, moves = 3.0, 5, 2000, 1500

    def simulated(self, theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """y, four points."""
        s, t, rho = theta[:, 2] ** 2, theta[:, 3] ** 2, np.tanh(theta[:, 4])
        a, b = rng.normal(size=(2, 4, len(theta)))
        points = np.stack([theta[:, 0] + s * a, theta[:, 1] + t * (rho * a + np.sqrt(1 - rho**2) * b)], 2)
        return points.transpose(1, 0, 2).reshape(len(theta), 8)

    def log_likelihood(self, theta: np.ndarray, y: np.ndarray) -> np.ndarray:
        """log p(y | theta), -inf outside the prior."""
        s, t = np.maximum(theta[:, 2:4] ** 2, 1e-6).T
        rho = np.tanh(theta[:, 4])
        a = (y[::2, None] - theta[:, 0]) / s
        b = (y[1::2, None] - theta[:, 1]) / t
        left = np.maximum(1 - rho**2, 1e-12)
        told = -0.5 * ((a**2 - 2 * rho * a * b + b**2) / left).sum(0) - 4 * np.log(s * t) - 2 * np.log(left)
        return np.where((np.abs(theta) <= self.bound).all(1), told, -np.inf)

    def posterior(self, y: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
        """Differential evolution of many walkers, which begin at weighed draws of the prior; the signs of theta_3 and
        theta_4 say nothing of y, so that they are drawn."""
        start = rng.uniform(-self.bound, self.bound, (1_000_000, 5))
        weight = np.exp((told := self.log_likelihood(start, y)) - told.max())
        at = start[rng.choice(len(start), self.walkers, p=weight / weight.sum())]
        at[:, 2:4] = np.abs(at[:, 2:4])
        level, kept, taken = self.log_likelihood(at, y), [], 0.0
        for move in range(self.moves):
            one, other = rng.integers(0, self.walkers, (2, self.walkers))
            size = 1.0 if move % 10 == 9 else 2.38 / 10**0.5 * rng.uniform(0.5, 1.1)
            new = at + size * (at[one] - at[other]) + 1e-4 * rng.normal(size=at.shape)
            new[:, 2:4] = np.abs(new[:, 2:4])
            there = self.log_likelihood(new, y)
            yes = np.log(rng.random(self.walkers)) < there - level
            at, level, taken = np.where(yes[:, None], new, at), np.where(yes, there, level), taken + yes.mean()
            if move >= self.moves // 2 and move % 30 == 0:
                kept.append(at)
        drawn = np.concatenate(kept)
        drawn[:, 2:4] *= rng.choice([-1.0, 1.0], (len(drawn), 2))
        halves = [np.concatenate(part) for part in (kept[: len(kept) // 2], kept[len(kept) // 2 :])]
        moved = np.abs(halves[0].mean(0) - halves[1].mean(0)) / drawn.std(0)
        print(
            f"    MCMC: {taken / self.moves:.0%} of moves taken, the halves' means apart by {moved.max():.3f} spreads"
        )
        return rng.permutation(drawn)[:n]


TASKS = {"two-moons": TwoMoons(), "slcp": SLCP()}


def pairs(task: TwoMoons | SLCP, n: int, seed: int) -> pd.DataFrame:
    """theta from the prior, and y."""
    rng = np.random.default_rng(seed)
    theta = rng.uniform(-task.bound, task.bound, (n, task.width))
    y = task.simulated(theta, rng)
    names = [*(f"theta{k + 1}" for k in range(theta.shape[1])), *(f"y{k + 1}" for k in range(y.shape[1]))]
    return pd.DataFrame(np.concatenate([theta, y], 1), columns=pd.Index(names))


def learned(task: TwoMoons | SLCP, data: pd.DataFrame, place: int, budget: float) -> tuple[likely.Fitted, dict]:
    """The candidate of the largest held-out likelihood."""
    limits = {"low": -task.bound, "high": task.bound}
    schema = {"columns": {name: limits for name in data if name.startswith("theta")}}
    given, found, told = [name for name in data if name.startswith("y")], {}, {}
    for name, (said, steps) in CANDIDATES.items():
        start = time.perf_counter()
        fitted = likely.fit(data, said, condition=given, schema=schema, budget=max(20, int(steps[place] * budget)),
                            seed=0, certify=False)  # fmt: skip
        mean = fitted.card.measures["validation"]["mean"]
        found[name], told[name] = fitted, {"held out": mean, "seconds": round(time.perf_counter() - start, 1)}
        print(f"    {name}: {told[name]}", flush=True)
    best = max(found, key=lambda name: told[name]["held out"])
    return found[best], {"chosen": best, "candidates": told}


def c2st(truth: np.ndarray, drawn: np.ndarray) -> float:
    """As published: standardised by the truth, five folds."""
    x = (np.concatenate([truth, drawn]) - truth.mean(0)) / truth.std(0, ddof=1)
    y = np.repeat([0, 1], [len(truth), len(drawn)])
    size = 10 * x.shape[1]
    net = MLPClassifier((size, size), activation="relu", max_iter=10_000, solver="adam", random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(cross_val_score(net, x, y, cv=KFold(5, shuffle=True, random_state=1), scoring="accuracy").mean())


def judged(name: str, simulations: int, place: int, asked: argparse.Namespace) -> dict:
    """One simulator at one budget of simulations."""
    task, start = TASKS[name], time.perf_counter()
    fitted, told = learned(task, pairs(task, simulations, seed=simulations), place, asked.budget)
    calibration = calibrated(fitted, pairs(task, 500, seed=7), draws=99)
    each = []
    for observation in OBSERVED[name][: asked.observations]:
        y = np.array(observation)
        given = {f"y{k + 1}": float(value) for k, value in enumerate(y)}
        drawn = fitted.sample(asked.points, given=given, seed=1).filter(like="theta").to_numpy()
        each.append(round(c2st(task.posterior(y, asked.points, np.random.default_rng(5)), drawn), 4))
        print(f"    {name}, {simulations:,}: observation {len(each)}: C2ST {each[-1]:.3f}", flush=True)
    ranks = {column: {"distance": round(u.distance, 4), "p": round(u.p, 4), "verdict": u.verdict}
             for column, u in calibration.columns.items()}  # fmt: skip
    return told | {
        "C2ST": round(float(np.mean(each)), 4), "C2ST of each": each, "published NPE": PUBLISHED[name].get(simulations),
        "observations": len(each), "points": asked.points,
        "calibrated": calibration.passed, "ranks": ranks, "seconds": round(time.perf_counter() - start, 1),
        "family": str(fitted.card.family),
    }  # fmt: skip


def main() -> None:
    """Every simulator at every budget."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--simulations", default="1000,10000")
    parser.add_argument("--observations", type=int, default=10)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--budget", type=float, default=1.0, help="of the steps that each family learns for")
    parser.add_argument("--only", default="", help="one simulator")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    asked.results.mkdir(parents=True, exist_ok=True)
    place, busy = asked.results / "simulators.json", Busy()
    found = json.loads(place.read_text())["found"] if place.exists() else {}
    for name in TASKS:
        for simulations in map(int, asked.simulations.split(",")):
            if asked.only and asked.only != name:
                continue
            key = f"{name}, {simulations} simulations"
            found[key] = judged(name, simulations, int(simulations > 1000), asked)
            print(f"{key}: C2ST {found[key]['C2ST']} (published NPE {found[key]['published NPE']})", flush=True)
            told = {"benchmark": "simulators", "date": datetime.now(UTC).isoformat(timespec="seconds"),
                    "command": " ".join(["python", *sys.argv]), "machine": machine(), "others": busy.others(),
                    "found": found}  # fmt: skip
            place.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
