"""The timing harness that every benchmark shares: us and the peers in one process, in alternating runs.

A benchmark is one file for one question, run as `python benchmarks/NAME.py [--repeats 7] [--threads 2]
[--only TEXT] [--without compiled] [--patience 60]`:

    from harness import Bench, Form

    def ours() -> Callable[[], object]:        # imports, data and warm-up state here; only the returned call is timed
        model = ...
        return lambda: model.log_prob(x)

    def peer() -> Callable[[], object]:
        import zuko                            # ImportError: reported as "not installed", never an error
        ...

    if __name__ == "__main__":
        bench = Bench("spline", __doc__)       # reads the command line, sets the threads
        bench.race("log_prob of 8,192 rows", [
            Form("likely", ours),              # the first form is ours: every ratio is that form's time / this one's
            Form("likely, compiled", ours_compiled),
            Form("zuko", peer, target=1.7),    # the ratio that was promised; printed beside the one reached
            Form("zuko, compiled", peer_compiled),
            Form("zuko, bf16", peer_bf16),
        ])
        bench.check("largest difference in log_prob", 3e-7, below=1e-6)
        bench.note("peak memory of a 5 GB file", 812.0, "MB")
        bench.write()                          # benchmarks/results/spline.json

Each round times every form once, in an order that rotates, so that drift and other processes fall on all of them;
short calls are repeated to fill `floor` seconds. Reported: the median and the quartiles of the rounds, and the median
and the quartiles of the per-round ratios. `others` is the share of the machine that other processes took meanwhile:
above a few percent, do not quote the figures. A peer's form that fails is reported with its error; ours raises.
"""

import argparse
import gc
import json
import os
import platform
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

Work = Callable[[], object]


@dataclass(frozen=True)
class Form:
    """One contestant: `prepare` builds everything and returns the call that is timed."""

    name: str
    prepare: Callable[[], Work]
    target: float | None = None  # how many times slower than our first form it was promised to be
    scale: float = 1.0  # one call stands for this many (three of fifty steps: 50 / 3)


@dataclass
class Lane:
    """A form that is ready to run, with its times."""

    form: Form
    work: Work
    cold: float  # seconds of preparation and of the first call (imports, compilation)
    inner: int = 1
    seconds: list[float] = field(default_factory=list)

    def run(self) -> None:
        start = time.perf_counter()
        for _ in range(self.inner):
            self.work()
        self.seconds.append((time.perf_counter() - start) / self.inner * self.form.scale)


class Bench:
    """One question's races, checks and notes; prints as it goes and writes one JSON file."""

    def __init__(
        self,
        name: str,
        doc: str | None,
        packages: Sequence[str] = (),
        more: Callable[[argparse.ArgumentParser], None] | None = None,
    ) -> None:
        parser = argparse.ArgumentParser(description=(doc or "").strip().split("\n")[0])
        parser.add_argument("--repeats", type=int, default=7, help="rounds of every race (at least 5 to quote)")
        parser.add_argument("--threads", type=int, default=0, help="torch threads (0: torch's default)")
        parser.add_argument("--only", default="", help="run only the races and forms whose name contains this")
        parser.add_argument("--without", default="", help="leave out the forms whose name contains this (compiled)")
        parser.add_argument("--patience", type=int, default=0, help="seconds a peer's form has to be ready (0: any)")
        parser.add_argument("--data", type=Path, default=None, help="folder of real data sets, for those that use them")
        parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
        if more is not None:
            more(parser)
        self.name, self.args = name, parser.parse_args()
        self.packages = ("torch", "numpy", *packages)
        self.races: list[dict] = []
        self.figures: list[dict] = []
        self.date = datetime.now(UTC).isoformat(timespec="seconds")
        if self.args.threads:
            _torch().set_num_threads(self.args.threads)

    def race(self, name: str, forms: Sequence[Form], *, floor: float = 0.1) -> dict[str, float]:
        """Time the forms in alternating rounds; the medians in seconds by form name."""
        print(f"\n{name}", flush=True)
        rows, lanes = [], []
        for place, form in enumerate(forms):
            wanted = place == 0 or self._wanted(name, form)
            lane = self._ready(form, ours=place == 0, floor=floor, wanted=wanted)
            (lanes if isinstance(lane, Lane) else rows).append(lane)
        busy = Busy()
        for turn in range(self.args.repeats):
            shift = turn % len(lanes)
            for lane in lanes[shift:] + lanes[:shift]:
                gc.collect()
                lane.run()
        rows = [_row(lane, lanes[0]) for lane in lanes] + rows
        for row in rows:
            print(_line(row), flush=True)
        self.races.append({"race": name, "others": busy.others(), "rounds": self.args.repeats, "forms": rows})
        print(f"  (other processes took {self.races[-1]['others']:.0%} of the machine)", flush=True)
        return {row["form"]: row["median_s"] for row in rows if "median_s" in row}

    def _wanted(self, race: str, form: Form) -> bool:
        without = self.args.without
        return self.args.only in f"{race} {form.name}" and not (without and without in form.name)

    def check(self, name: str, value: float, *, below: float) -> None:
        """A correctness figure that must hold for the speed to count; raises where it does not."""
        self.figures.append({"figure": name, "value": value, "below": below})
        print(f"  {name}: {value:.3g} (must be below {below:.3g})", flush=True)
        if not value < below:
            raise SystemExit(f"{name} is {value:.3g}, not below {below:.3g}")

    def note(self, name: str, value: float, unit: str = "", **more: float | str) -> None:
        """Any other figure worth keeping: parameters, peak memory, nats."""
        self.figures.append({"figure": name, "value": value, "unit": unit, **more})
        print(f"  {name}: {value:.5g} {unit}", flush=True)

    def write(self) -> Path:
        """results/NAME.json: the figures, the machine, the date and the command line."""
        told = {
            "benchmark": self.name,
            "date": self.date,
            "command": command(),
            "machine": machine(),
            "versions": {package: _version(package) for package in self.packages},
            "races": self.races,
            "figures": self.figures,
        }
        self.args.results.mkdir(parents=True, exist_ok=True)
        path = self.args.results / f"{self.name}.json"
        path.write_text(json.dumps(told, indent=1) + "\n")
        print(f"\nwritten to {path}", flush=True)
        return path

    def _ready(self, form: Form, *, ours: bool, floor: float, wanted: bool) -> "Lane | dict":
        """The form, built and warmed; or a row that says why it is not."""
        if not wanted:
            return {"form": form.name, "left_out": "by --only or --without"}
        try:
            start = time.perf_counter()
            with patience(0 if ours else self.args.patience):
                lane = Lane(form, form.prepare(), 0.0)
                lane.work()
            lane.cold = time.perf_counter() - start
            start = time.perf_counter()
            lane.work()
            lane.inner = max(1, int(floor / max(time.perf_counter() - start, 1e-7)))
        except ImportError as missing:
            if ours:
                raise
            return {"form": form.name, "left_out": f"not installed ({missing.name or missing})"}
        except TooLong:
            return {"form": form.name, "left_out": f"not ready in {self.args.patience} s"}
        except Exception as failure:  # a peer's own failure (e.g. it does not compile) is a result
            if ours:
                raise
            return {"form": form.name, "left_out": f"failed: {type(failure).__name__}: {str(failure)[:200]}"}
        return lane


def saved(path: Path, benchmark: str, busy: "Busy", **found: object) -> dict:
    """What is known so far, below what every result begins with, in the file of results."""
    told = {
        "benchmark": benchmark,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command(),
        "machine": machine(),
        "others": busy.others(),
        **found,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=1) + "\n")
    return told


def command() -> str:
    """What was typed; of paths of this machine only the names."""
    return " ".join(["python", *(Path(word).name if word.startswith("/") else word for word in sys.argv)])


class TooLong(BaseException):
    """Not an `Exception`: compilers swallow those."""


@contextmanager
def patience(seconds: int) -> Iterator[None]:
    """Raises `TooLong` in what has not ended after so many seconds (0: never)."""

    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Busy:
    """The share of the machine's CPU that other processes take from its making on (Linux; 0 elsewhere)."""

    def __init__(self) -> None:
        self.start, self.machine, self.own = time.perf_counter(), _machine_cpu(), _own_cpu()

    def others(self) -> float:
        cores = (time.perf_counter() - self.start) * (os.cpu_count() or 1)
        return round(max(0.0, _machine_cpu() - self.machine - (_own_cpu() - self.own)) / cores, 3)


@dataclass(frozen=True)
class Run:
    """What a fresh process took."""

    seconds: float
    peak_mb: float
    output: str


def fresh(code: str, *arguments: str, environment: dict[str, str] | None = None) -> Run:
    """Run Python code in a fresh process: for start-up times and peak memory. Raises where it fails."""
    tail = "\nimport resource as _r; print('PEAK', _r.getrusage(_r.RUSAGE_SELF).ru_maxrss / 1024)"
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code + tail, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    output, _, peak = done.stdout.rpartition("PEAK ")
    return Run(seconds, float(peak), output)


def peak_mb() -> float:
    """This process's peak resident memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def machine() -> dict[str, str | int]:
    """The processor, its cores and features that matter, the system and the threads in use."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count() or 1,
        "amx": "yes" if "amx_bf16" in info else "not reported",
        "avx512": "yes" if "avx512f" in info else "no",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "threads": _torch().get_num_threads() if "torch" in sys.modules else 1,
    }


def _row(lane: Lane, first: Lane) -> dict:
    ratios = [theirs / ours for theirs, ours in zip(lane.seconds, first.seconds)]
    row = {"form": lane.form.name, **_summary("_s", lane.seconds), "cold_s": _short(lane.cold), "inner": lane.inner}
    if lane is not first:
        row |= _summary("_ratio", ratios)
    if lane.form.target is not None:
        row |= {"target_ratio": lane.form.target, "reached": statistics.median(ratios) >= lane.form.target}
    return row


def _summary(unit: str, values: Sequence[float]) -> dict[str, float]:
    low, _, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    middle = statistics.median(values)
    return {f"median{unit}": _short(middle), f"low{unit}": _short(low), f"high{unit}": _short(high)}


def _line(row: dict) -> str:
    if "left_out" in row:
        return f"  {row['form']:<42} {row['left_out']}"
    text = f"  {row['form']:<42} {row['median_s']:>9.4g} s [{row['low_s']:.4g}, {row['high_s']:.4g}]"
    if "median_ratio" in row:
        text += f"   {row['median_ratio']:.2f}x [{row['low_ratio']:.2f}, {row['high_ratio']:.2f}]"
    if "target_ratio" in row:
        text += f"   promised {row['target_ratio']}x: {'reached' if row['reached'] else 'MISSED'}"
    return text


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _machine_cpu() -> float:
    """CPU seconds that the whole machine has been busy."""
    try:
        ticks = [int(x) for x in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:
        return 0.0
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def _own_cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _torch():
    import torch

    return torch
