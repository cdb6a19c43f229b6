"""The README is true: its Python runs, its commands are verbs with the flags it shows, its links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from likely.cli.app import VERBS, run

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"^likely (\w+)(.*?)(?:#|$)", "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL)), re.M)


@pytest.mark.parametrize("code", PYTHON, ids=["tour", "given", "texts", "simulator", "sklearn"])
def test_the_python_shown_runs(code, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("verb", "rest"), COMMANDS, ids=[verb for verb, _ in COMMANDS])
def test_the_commands_shown_exist_with_their_flags(verb, rest, capsys, monkeypatch):
    assert verb in VERBS
    monkeypatch.setattr("sys.argv", ["likely", verb, "--help", *re.findall(r"--family \w+", rest)])
    assert run([verb, "--help"]) == 0
    told = capsys.readouterr().out
    fields = {"--latent"}  # a field of the family, listed by `likely families`
    for flag in set(re.findall(r"\s(--?[a-z][\w-]*)", rest)) - fields:
        assert flag in told, flag


def test_the_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (Path(__file__).parents[2] / target).exists(), target
