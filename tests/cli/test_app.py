"""The program: help, exit codes, errors that teach, pipes and odd terminals."""

# pyright: reportOptionalMemberAccess=false

import os
import signal
import subprocess
import sys

import pytest

from likely import errors
from likely.cli import app
from likely.cli.app import EXIT_CODES, VERBS, run

PROGRAM = "import sys; from likely.cli import main; main()"


def test_help_lists_every_verb_and_the_exit_codes(cli):
    told = cli("--help")
    assert told.code == 0
    assert all(f"  {verb} " in told.out and text in told.out for verb, text in VERBS.items())
    assert "130 interrupted" in " ".join(told.out.split())
    assert cli().out == told.out  # nothing asked is help asked


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(cli, verb):
    told = cli(verb, "--help")
    assert told.code == 0
    assert told.out.startswith(f"Usage: likely {verb}")


def test_every_error_s_code_is_documented():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.LikelyError)]
    assert {str(kind.exit_code) for kind in kinds} < set(EXIT_CODES.replace(",", "").split())
    assert EXIT_CODES.removeprefix("Exit codes: ").replace(" ", "") in app.__doc__.replace("\n", "").replace(" ", "")


def test_version(cli):
    import likely

    assert cli("--version").out == f"likely {likely.__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fitt", "iris"], ["no verb 'fitt'", "did you mean 'fit'?"]),
        (["xyzzy"], ["no verb 'xyzzy'", "Try: likely --help"]),
        (["--nosuch"], ["--nosuch", "likely --help"]),
        (["fit"], ["data", "likely fit --help"]),
        (["fit", "iris", "wine"], ["wine", "likely fit --help"]),
        (["show", "a", "--nosuch"], ["--nosuch", "likely show --help"]),
        (["sample", "a", "-n", "many"], ["-n", "integer"]),
        (["sample", "a", "-n", "0"], ["-n", "1"]),
        (["score", "a", "b", "--draws", "0"], ["--draws", "1"]),
        (["fit", "iris", "--seed", "-1"], ["--seed"]),
        (["fit", "iris", "--seed", str(2**70)], ["--seed"]),
    ],
)
def test_wrong_use(cli, words, said):
    cli(*words).fails(2, *said)


def test_an_unforeseen_error_is_called_a_bug_and_shown_on_request(monkeypatch, capsys):
    def broken(*arguments, **settings):
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(app, "app", broken)
    assert run(["show"]) == 70
    assert capsys.readouterr().err.splitlines() == [
        "error: this is a bug in likely: ZeroDivisionError: by nought", "  Try: LIKELY_DEBUG=1 shows where",
    ]  # fmt: skip
    monkeypatch.setenv("LIKELY_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run(["show"])


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 1, "fewer rows"),
        (PermissionError(13, "Permission denied", "x.csv"), 6, "x.csv: Permission denied"),
        (errors.Diverged("it diverged", remedy="less"), 5, "it diverged\n  Try: less"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_errors_become_codes(monkeypatch, capsys, error, code, said):
    def broken(*arguments, **settings):
        raise error

    monkeypatch.setattr(app, "app", broken)
    assert run(["show"]) == code
    assert said in capsys.readouterr().err


def test_control_characters_do_not_reach_the_terminal(monkeypatch, capsys):
    def broken(*arguments, **settings):
        raise errors.DataError("column '\x1b[31mred\x07'")

    monkeypatch.setattr(app, "app", broken)
    run([])
    assert "\x1b" not in capsys.readouterr().err


def test_no_colour_no_unicode_and_a_terminal_without_either(program, models):
    told = program("show", models["vae"], env={"NO_COLOR": "1", "PYTHONIOENCODING": "ascii"})
    assert told.code == 0
    assert "\x1b" not in told.out
    assert "≥" in told.out or "\\u2265" in told.out  # the bound's sign, spelled out where it must be


def test_colour_is_for_terminals_alone(cli, models, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in cli("families").out


def test_a_reader_that_goes_away_is_no_error(models, tmp_path):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", PROGRAM, "sample", str(models["iris"]), "-n", "20000"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout.readline().startswith(b"sepal")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


SLOW = """
import signal, time
import likely.data
from likely.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it

def read(*arguments, **settings):
    print("reading", flush=True)
    time.sleep(60)

likely.data.read = read
main()
"""


def test_interrupted_outside_training():
    """Ctrl-C while nothing is being trained."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", SLOW, "data", "iris"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.stderr.read().strip() == b"error: interrupted"
        assert process.wait(60) == 130


STARTUP = """
import sys
{doing}
heavy = {{"torch", "pandas", "numpy", "sklearn", "matplotlib", "rich", "lightning", "scipy"}} & set(sys.modules)
print(sorted(heavy))
"""


@pytest.mark.parametrize(
    "doing",
    [
        "import likely; likely.__version__; dir(likely)",
        "from likely.cli.app import run; run(['--help'])",
        "from likely.cli.app import run; run(['fit', '--family', 'vae', '--help'])",
        "from likely.cli.app import run; run(['families', '--json'])",
    ],
)
def test_nothing_heavy_is_imported_for_help(doing):
    """By what is imported, not by the clock, which depends on the machine."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", STARTUP.format(doing=doing)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "[]"


def completed(program, words):
    told = program(
        env={"_LIKELY_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    )
    return told.out.split()


def test_shells_complete_verbs_flags_and_families(program):
    assert completed(program, "likely com") == ["complete", "compare"]
    assert "--budget" in completed(program, "likely fit --bu")
    assert completed(program, "likely fit --family Naive") == ["NaiveBayes"]
    assert completed(program, "likely families VA") == ["VAE"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_printed(program, shell):
    told = program(env={"_LIKELY_COMPLETE": f"source_{shell}"})
    assert told.code == 0
    assert "likely" in told.out
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=told.out, text=True, check=False).returncode == 0
