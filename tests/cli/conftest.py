"""The program in this process, and a few models that it can be asked about."""

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

import likely
from likely import store
from likely.backbones import MLP
from likely.cli.app import run
from tests.bigram import bigram


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    def __post_init__(self):
        assert "Traceback" not in self.out + self.err
        assert "bug in likely" not in self.err, self.err

    def fails(self, code, *words):
        """It failed with this code and says all of this; every failure says what to do or what was expected."""
        assert self.code == code, (self.code, self.err)
        assert self.err.startswith("error: ")
        assert "Expected: " in self.err or "Try: " in self.err, self.err
        missing = [word for word in words if word not in self.err]
        assert not missing, (missing, self.err)


@pytest.fixture(scope="module", autouse=True)
def few_trees():
    """What trees tell has its own tests."""
    with pytest.MonkeyPatch.context() as patch:
        trees = import_module("likely.metrics.two_sample")
        patch.setattr(trees, "TREES", (2, 5))
        patch.setattr(trees, "STEADY", 1)
        yield


@pytest.fixture
def cli(capsys, tmp_path, monkeypatch):
    """Runs a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        code = run([str(word) for word in words])
        told = capsys.readouterr()
        return Outcome(code, told.out, told.err)

    return call


@pytest.fixture
def program(tmp_path):
    """Runs a command line in a process of its own."""

    def call(*words, **settings):
        done = subprocess.run(
            [*PROGRAM, *map(str, words)], capture_output=True, text=True, cwd=tmp_path, check=False,
            env=os.environ | ENVIRONMENT | settings.pop("env", {}), **settings,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout, done.stderr)

    return call


PROGRAM = (sys.executable, "-c", "from likely.cli import main; main()")
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(likely.__file__).parents[1]), "PYTHONIOENCODING": "utf-8"}


@pytest.fixture(scope="session")
def people():
    """A mixed table: an id, a real with gaps, a count, categories, a boolean, a date."""
    rows = 120
    return pd.DataFrame({
        "id": [f"P{i:04d}" for i in range(rows)],
        "age": [None if i % 11 == 0 else 20.5 + i * 7 % 50 for i in range(rows)],
        "children": [i * 5 % 4 for i in range(rows)],
        "town": [["Ulm", "Bonn", "Köln"][i * 7 % 3] for i in range(rows)],
        "married": [i % 3 == 0 for i in range(rows)],
        "since": [f"20{10 + i % 12:02d}-0{1 + i % 9}-{10 + i % 18}" for i in range(rows)],
    })  # fmt: skip


@pytest.fixture(scope="session")
def models(tmp_path_factory, people):
    """Folders of fitted models, by name."""
    place = tmp_path_factory.mktemp("models")
    small, line = likely.VAE(latent=2), likely.FlowMatching(network=MLP(width=16, depth=2), steps=5)

    def kept(name, *arguments, **settings):
        likely.fit(*arguments, **settings).save(place / name)
        return place / name

    return {
        "iris": kept("iris", "iris", likely.NaiveBayes()),
        "species": kept("species", "iris", likely.NaiveBayes(), condition="species"),
        "people": kept("people", people, likely.NaiveBayes()),
        "vae": kept("vae", "iris", small, budget=5),
        "flow": kept("flow", "iris", line, condition="species", budget=5),
        "digits": kept("digits", "digits", likely.NaiveBayes(), condition="label"),
        "gan": kept("gan", "iris", likely.GAN(width=16), budget=2),
    }


@pytest.fixture
def texts(tmp_path, monkeypatch):
    """A folder that loads as a model of texts which a hand can reckon: names, or with `play` a document."""

    def kept(name="names.likely", **settings):
        fitted = bigram(**settings) if settings else bigram(["anna", "bert", "berta", "otto", "zoë"])
        (tmp_path / name).mkdir()
        (tmp_path / name / store.DOCUMENT).write_text(name)
        monkeypatch.setattr("likely.fitted.load", lambda folder: fitted)
        return Path(name)

    return kept
