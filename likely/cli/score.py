"""likely score RUN DATA [-o scores.csv]"""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, one_command


def score(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    data: Annotated[str, typer.Argument(help="Rows to score, with the columns the model was fitted on.")],
    draws: Annotated[int | None, typer.Option(help="Monte Carlo draws a row; more tighten a bound.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A CSV file: one row's score a line.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Say how likely each row is, in the data's own units, with the kind of the number."""
    from likely.fitted import load

    scores = load(run).score(data, draws=draws, seed=seed)
    if out is not None:
        _write(scores.nats.tolist(), None if scores.stderr is None else scores.stderr.tolist(), scores.kind, out)
    if as_json:
        emit_json({
            "rows": len(scores.nats), "mean": scores.mean, "mean_stderr": scores.mean_stderr, "kind": scores.kind,
            "measure": scores.measure, "nats": scores.nats.tolist(),
            "stderr": None if scores.stderr is None else scores.stderr.tolist(),
        })  # fmt: skip
    else:
        typer.echo(f"{scores}  ({len(scores.nats)} rows; {scores.measure})")


def _write(nats: list[float], stderr: list[float] | None, kind: str, out: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"log_prob": nats, "kind": kind})
    if stderr is not None:
        frame["stderr"] = stderr
    frame.to_csv(out, index=False)


def command() -> TyperCommand:
    """The verb."""
    return one_command(score, "score")
