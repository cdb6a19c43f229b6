"""Start-up: how long until help is on the screen, until `import likely` is done, and until a family can be used.

Every run is a fresh process with warm files; the interpreter alone is in every race. What is promised: help within
0.3 s, and an import within 0.15 s more than the interpreter takes. Peers are imported the same way where installed.
"""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from harness import Bench, Form

ROOT = Path(__file__).parents[1]
RUNS = 9  # of every form, at least
HELP, OVER = 0.3, 0.15  # seconds promised
ALONE = "the interpreter alone"
PEERS = {  # a package, and what of it is used first
    "sklearn": "from sklearn.mixture import GaussianMixture",
    "zuko": "from zuko.flows import NSF",
    "diffusers": "from diffusers import UNet2DModel",
    "pythae": "from pythae.models import VAE",
}


def process(code: str, needs: str = "") -> Callable[[], Callable[[], object]]:
    """A form that runs the code in a fresh process; left out where the package it needs is not installed."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])

    def run() -> None:
        line = [sys.executable, "-W", "ignore", "-c", code]
        done = subprocess.run(line, capture_output=True, env=os.environ | {"PYTHONPATH": path}, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode()[-500:])

    def prepare() -> Callable[[], object]:
        if needs and importlib.util.find_spec(needs) is None:
            raise ImportError(name=needs)
        return run

    return prepare


def program(*words: str) -> Callable[[], Callable[[], object]]:
    """The command line in a fresh process."""
    return process(f"from likely.cli import main; main({list(words)!r})")


if __name__ == "__main__":
    bench = Bench("startup", __doc__, packages=("typer", "scikit-learn", "zuko", "diffusers", "pythae"))
    bench.args.repeats = max(bench.args.repeats, RUNS)
    alone = Form(ALONE, process("pass"))

    shown = bench.race("help on the screen", [
        Form("likely --help", program("--help")),
        alone,
        Form("likely fit --family vae --help", program("fit", "--family", "vae", "--help")),
        Form("likely families", program("families")),
    ])  # fmt: skip
    imported = bench.race("the import", [
        Form("import likely", process("import likely")),
        alone,
        Form("import torch", process("import torch", "torch")),
        *(Form(f"import {name}", process(f"import {name}", name)) for name in PEERS),
    ])  # fmt: skip
    bench.race("something to use", [
        Form("likely", process("from likely import VAE, fit")),
        alone,
        *(Form(name, process(first, name)) for name, first in PEERS.items()),
    ])  # fmt: skip

    help_s, over_s = shown["likely --help"], imported["import likely"] - imported.get(ALONE, 0.0)
    bench.note("likely --help", help_s, "s", promised=HELP, reached=str(help_s < HELP))
    bench.note("import likely, over the interpreter's own", over_s, "s", promised=OVER, reached=str(over_s < OVER))
    bench.write()
