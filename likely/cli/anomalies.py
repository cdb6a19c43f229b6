"""likely anomalies RUN DATA [--by complexity] [--calibration good.csv] [-o out.csv]; likely anomalies DATA"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, one_command, print_table, records

if TYPE_CHECKING:
    from likely.apps.odd import Odd
    from likely.apps.strange import Strangeness
    from likely.fitted import Fitted

SHOWN = 10  # of the strangest rows
TOLD = 3  # columns of a row, those that say most of why it is odd


class By(StrEnum):
    """What is counted as strange, as a command line says it."""

    LIKELIHOOD = "likelihood"
    TYPICALITY = "typicality"
    COMPLEXITY = "complexity"
    RATIO = "ratio"
    SURPRISE = "surprise"


ByOption = Annotated[
    By,
    typer.Option(
        help="likelihood; typicality: too likely is odd as well; of pictures complexity (less what a lossless "
        "coder spends), ratio (less what a model of the background says) or surprise (less what the model expects "
        "of each pixel)."
    ),
]
BackgroundOption = Annotated[
    str | None,
    typer.Option(help="For ratio: the background's model, or the rows the model was fitted on, to fit it here."),
]


def anomalies(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder; or a table alone, to look through.")],
    data: Annotated[
        str | None, typer.Argument(help="Rows to look through, with the columns the model was fitted on.")
    ] = None,
    calibration: Annotated[
        str | None,
        typer.Option(
            help="Rows as they should be, which the model has not seen; none: its held-out rows. Of a table "
            "alone: rows that say what is usual."
        ),
    ] = None,
    alarms: Annotated[
        float, typer.Option(help="The share of false alarms that is accepted among the rows raised.", min=0, max=1)
    ] = 0.05,
    by: ByOption = By.LIKELIHOOD,
    background: BackgroundOption = None,
    why: Annotated[bool, typer.Option(help="Of the strangest rows of a table: which columns are odd, by how much, and "
                                           "the nearest plausible row.")] = True,
    heat: Annotated[Path | None, typer.Option(help="A PNG file: the strangest pictures, and below each where it is "
                                              "less likely than usual (orange) or more (blue).")] = None,
    moments: Annotated[
        bool | None,
        typer.Option(
            "--moments/--rows",
            help="The rows are moments of one record, and each is judged by the windows that hold it. A table alone is "
            "taken so where its first column is of times that rise and the others are numbers.",
        ),
    ] = None,
    window: Annotated[
        int | None, typer.Option(help="Moments in a window of a record alone; none: a period, found.", min=2)
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Of moments: a drawing, .svg, of them and their scores.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A CSV file: score, p and q of every row.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Say which rows are strange and why, with p-values against rows that the model has not learned from."""
    from likely.apps.anomalies import anomalies as judged
    from likely.apps.odd import explained
    from likely.cli import moments as of_moments
    from likely.data import Schema, Table, write
    from likely.errors import FieldError
    from likely.fitted import load

    if heat is not None and heat.suffix.lower() != ".png":
        raise FieldError(f"heat maps cannot be written to {heat.name}", expected="a .png file")
    if heat is not None and (data is None or moments):
        raise FieldError("only pictures have heat maps", expected="--heat with a model of pictures: RUN DATA")
    told_as = of_moments.Told(alarms, out, plot, as_json)
    if data is None and of_moments.asked(run, moments, window):
        of_moments.alone(str(run), calibration, window, told_as, seed)
        return
    of_moments.check_plot(plot, moments=bool(moments))
    if data is None:
        _alone(str(run), calibration, alarms, out, seed, as_json=as_json)
        return
    if moments:
        of_moments.by_model(load(run), data, calibration, told_as)
        return
    fitted = load(run)
    way = _way(by, fitted, run, background)
    found = judged(fitted, data, calibration, by=way)
    if out is not None:
        write(Table(found, Schema(())), out)
    top = found["score"].argsort()[::-1][:SHOWN].tolist()
    told = explained(fitted, data, top, calibration, seed=seed) if why else None
    warm = None if heat is None else _heated(fitted, data, top, heat, seed)
    raised = int((found["q_value"].to_numpy() <= alarms).sum())
    if as_json:
        rows = None if out is not None else records(found)
        strangest = [_as_json(found, place, told, at) for at, place in enumerate(top)]
        emit_json({"score": way.said(fitted), "alarms": alarms, "raised": raised, "file": out, "rows": rows,
                   "strangest": strangest, "way": told and told.way, "heat": heat})  # fmt: skip
        return
    header = ("row", "score", "p", "q", *(told.header if told else ()))
    lines = [_line(found, place, told, at) for at, place in enumerate(top)]
    note = _note(found, raised, alarms, way.said(fitted), told)
    print_table("", header, lines, note=note if warm is None else f"{note}\n{warm}")


def _heated(fitted: "Fitted[Any]", data: str, top: list[int], place: Path, seed: int) -> str:
    """The picture of the strangest pictures with their maps, and what it is in words."""
    import numpy as np

    from likely import frames
    from likely.apps.heat import heat
    from likely.data import Images, write
    from likely.report.heat import warmed

    rows = frames.read_like(data, fitted.codec, fitted.condition_codec, fitted.card.order).take(np.array(top))
    told = heat(fitted, rows, seed=seed)
    assert isinstance(rows, Images)  # heat refuses others
    write(warmed(rows, told.excess), place)
    return f"{place}: the rows above and where they are odd ({told.way}); {np.abs(told.excess).max():.3g} nats at most"


def _alone(data: str, calibration: str | None, alarms: float, out: Path | None, seed: int, *, as_json: bool) -> None:
    """A table that no model was fitted to, by a committee (`likely.apps.detector`)."""
    from likely.apps.detector import CLEAN, Detector
    from likely.data import Schema, Table, write
    from likely.errors import FieldError
    from likely.store import DOCUMENT

    if (Path(data) / DOCUMENT).is_file():
        raise FieldError(f"{data} is a model, and no rows were given", expected="RUN DATA: rows to look through")
    detected = (Detector() if calibration is None else CLEAN).fit(calibration or data, seed=seed)
    found = detected.anomalies(None if calibration is None else data)
    if out is not None:
        write(Table(found, Schema(())), out)
    raised = int((found["q_value"].to_numpy() <= alarms).sum())
    kind = f"a committee of {len(detected.members) + len(detected.experts)} densities"
    top = found["score"].argsort()[::-1][:SHOWN].tolist()
    if as_json:
        rows = None if out is not None else records(found)
        emit_json({"score": kind, "alarms": alarms, "raised": raised, "file": out, "rows": rows,
                   "strangest": [_as_json(found, place, None, 0) for place in top]})  # fmt: skip
        return
    lines = [_line(found, place, None, 0) for place in top]
    print_table("", ("row", "score", "p", "q"), lines, note=_note(found, raised, alarms, kind, None))


def _way(by: By, fitted: "Fitted[Any]", run: Path, background: str | None) -> "Strangeness":
    from likely.apps.strange import Complexity, Likelihood, Ratio, Surprise, Typicality
    from likely.errors import FieldError

    match by:
        case By.TYPICALITY:
            return Typicality()
        case By.COMPLEXITY:
            return Complexity()
        case By.SURPRISE:
            return Surprise()
        case By.RATIO if background is None:
            raise FieldError(
                "a ratio needs a model of the background",
                expected="--background",
                remedy="--background TRAIN, the rows that were learned from: it is fitted on them, noised",
            )
        case By.RATIO:
            return Ratio(_background(fitted, run, background))
    return Likelihood()


def _background(fitted: "Fitted[Any]", run: Path, said: str | None) -> "Fitted[Any]":
    """A saved model of the background, or one that is fitted here and kept beside the model."""
    from likely.apps.background import background
    from likely.fitted import load
    from likely.store import DOCUMENT

    if (Path(str(said)) / DOCUMENT).is_file():
        return load(Path(str(said)))
    made = background(fitted, said, budget=fitted.card.recipe.get("steps"))
    place = made.save(run.with_name(f"{run.stem}.background{run.suffix}"))
    typer.echo(f"the background is kept: --background {place}", err=True)
    return made


def _line(found: Any, place: int, told: "Odd | None", at: int) -> tuple[str, ...]:
    """A row, counted from 1."""
    numbers = tuple(f"{value:.4g}" for value in found.iloc[place])
    return (str(place + 1), *numbers, *(told.cells(at, TOLD) if told else ()))


def _as_json(found: Any, place: int, told: "Odd | None", at: int) -> dict[str, Any]:
    return {"row": place + 1, **found.iloc[place].to_dict(), **(told.plain(at) if told else {})}


def _note(found: Any, raised: int, alarms: float, kind: str, told: "Odd | None") -> str:
    count = len(found)
    said = (
        f"{raised} of {count} row{'s' * (count != 1)} raised, at most {100 * alarms:g} % of them false alarms on "
        f"average; score: {kind}"
    )
    return f"{said}\n{told.note}" if told else said


def command() -> TyperCommand:
    """The verb."""
    return one_command(anomalies, "anomalies")
