"""likely backtest RUN record.csv --steps 24 --season 24 [--origins 100] [--late 0.2]"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.compare import plain_measure
from likely.cli.output import Json, Seed, emit_json, one_command, print_table

if TYPE_CHECKING:
    from likely.apps.rolling import Rolled


def backtest(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    record: Annotated[str, typer.Argument(help="A table of moments; the model should not have learned from its end.")],
    steps: Annotated[int, typer.Option(help="How many moments ahead.", min=1)],
    season: Annotated[int, typer.Option(help="Moments in a season: the naive forecast is the last one again.", min=1)],
    origins: Annotated[
        int | None, typer.Option(help="From how many moments; else one a horizon, at most 100.", min=1)
    ] = None,
    late: Annotated[float, typer.Option(help="The share of the record, at its end, that is forecast.")] = 0.2,
    draws: Annotated[int, typer.Option(help="Futures from each origin.", min=2)] = 100,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Forecast a record from many of its moments, each given what came before it, and say how good that is."""
    from likely.apps.rolling import rolled
    from likely.fitted import load

    told = rolled(load(run), record, steps, season=season, origins=origins, late=late, draws=draws, seed=seed)
    if as_json:
        emit_json(plain(told))
        return
    names = [name for name in told.measures["model"] if name != "skill"] + ["skill"]
    notes = [told.measures["model"][name].note for name in names]
    columns = [[str(measures[name]) for name in names] for measures in told.measures.values()]
    print_table(
        "", ("", *told.measures, "what it is"), zip(names, *columns, notes, strict=True), note=note(told, steps)
    )


def plain(told: "Rolled") -> dict[str, Any]:
    """What was measured as plain values."""
    measures = {name: {key: plain_measure(each) for key, each in of.items()} for name, of in told.measures.items()}
    return {"origins": told.origins.tolist(), "season": told.season, "way": told.way, "measured": measures}


def note(told: "Rolled", steps: int) -> str:
    """How to read the table."""
    count, first, last = len(told.origins), int(told.origins.min()), int(told.origins.max())
    draws = told.drawn["model"].shape[0]
    lines = [
        "",
        f"{count} forecast{'s' * (count > 1)} of {steps} steps, after {first} to {last} moments; {draws} draws each,",
        f"{told.way} as the model's own. Intervals are 95 %, over origins as if these were independent.",
    ]
    return "\n".join(lines)


def command() -> TyperCommand:
    """The verb."""
    return one_command(backtest, "backtest")
