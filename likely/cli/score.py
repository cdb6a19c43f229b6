"""likely score RUN DATA [--flow [--steps 64 --probes 16]] [--anomalies [--by typicality]] [-o scores.csv]"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.anomalies import BackgroundOption, By, ByOption
from likely.cli.anomalies import anomalies as judged
from likely.cli.output import Json, Seed, emit_json, one_command

if TYPE_CHECKING:
    from likely.diffusion import Flowed


def score(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    data: Annotated[str, typer.Argument(help="Rows to score, with the columns the model was fitted on.")],
    draws: Annotated[int | None, typer.Option(help="Monte Carlo draws a row; more tighten a bound.", min=1)] = None,
    flow: Annotated[
        bool, typer.Option("--flow", help="Of models that have a flow: an estimate by it, where a bound is usual.")
    ] = False,
    steps: Annotated[int | None, typer.Option(help="Of the flow's solver, 32 if not said: more are closer.")] = None,
    probes: Annotated[
        int | None, typer.Option(help="Directions a row by the flow, 8 if not said: as many as cells are exact.")
    ] = None,
    anomalies: Annotated[
        bool, typer.Option("--anomalies", help="Say which rows are strange and why, as `likely anomalies` does.")
    ] = False,
    calibration: Annotated[
        str | None, typer.Option(help="For --anomalies: rows as they should be, which the model has not seen.")
    ] = None,
    by: ByOption = By.LIKELIHOOD,
    background: BackgroundOption = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A CSV file: one row's score a line.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Say how likely each row is, in the data's own units, with the kind of the number."""
    from likely.errors import FieldError
    from likely.fitted import load

    if not anomalies and (by is not By.LIKELIHOOD or background is not None or calibration is not None):
        raise FieldError("--by, --background and --calibration say which rows are strange", expected="--anomalies, too")
    along = flowed(steps, probes, flow=flow)
    if anomalies and along is not None:
        raise FieldError(
            "--flow gives log p, and --anomalies says which rows are strange", remedy="leave one of them out"
        )
    if anomalies:
        judged(run, data, calibration, by=by, background=background, out=out, seed=seed, as_json=as_json)
        return
    scores = load(run).score(data, by=along, draws=draws, seed=seed)
    if out is not None:
        write_scores(scores, out)
    if as_json:
        emit_json({
            "rows": len(scores.nats), "mean": scores.mean, "mean_stderr": scores.mean_stderr, "kind": scores.kind,
            "bound": scores.bound, "measure": scores.measure, "nats": scores.nats.tolist(),
            "stderr": None if scores.stderr is None else scores.stderr.tolist(),
            "solver_error": None if scores.error is None else scores.error.tolist(),
        })  # fmt: skip
    else:
        count = len(scores.nats)
        typer.echo(f"{scores}  ({count} row{'s' * (count != 1)}; {scores.measure})")


def flowed(steps: int | None, probes: int | None, *, flow: bool) -> "Flowed | None":
    """How the flow is asked, where it is."""
    from likely.diffusion import Flowed
    from likely.errors import FieldError

    said = {name: count for name, count in (("steps", steps), ("probes", probes)) if count is not None}
    if said and not flow:
        raise FieldError("--steps and --probes are of the flow, by which a row can be scored", expected="--flow, too")
    return Flowed(**said) if flow else None


def write_scores(scores: Any, out: Path) -> None:
    """One line a row: its log-probability, the kind, the standard error and the solver's where there are any."""
    import pandas as pd

    from likely.data import Schema, Table, write

    frame = pd.DataFrame({"log_prob": scores.nats.numpy(), "kind": scores.kind})
    if scores.stderr is not None:
        frame["stderr"] = scores.stderr.numpy()
    if scores.error is not None:
        frame["solver_error"] = scores.error.numpy()
    write(Table(frame, Schema(())), out)


def command() -> TyperCommand:
    """The verb."""
    return one_command(score, "score")
