"""likely demo [-o report.html]: six families on the embedded digits."""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Quiet, Seed, one_command

SHOWN = "naive_bayes,kde,vae,realnvp,gan,diffusion"  # one of each nature; `likely compare digits` takes all


def demo(
    out: Annotated[Path, typer.Option("-o", "--out", help="Where the report goes.")] = Path("report.html"),
    budget: Annotated[str, typer.Option(help="Time for all of it together.")] = "190s",
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fit six families to the embedded digits, given the digit, and write one self-contained report."""
    from likely.apps.compare import compare as race
    from likely.cli.compare import check_page, report
    from likely.cli.progress import named_listeners

    check_page(out)
    heard = named_listeners(quiet=quiet or as_json)
    found = race("digits", SHOWN, condition="label", budget=budget, seed=seed, seeds=1, listener=heard)
    report(found, out, quiet=quiet, as_json=as_json)


def command() -> TyperCommand:
    """The verb."""
    return one_command(demo, "demo")
