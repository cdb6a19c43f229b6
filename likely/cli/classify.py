"""likely classify RUN DATA [--target COLUMN] [--calibrate ROWS] [-o told.csv]"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, one_command, records

if TYPE_CHECKING:
    import pandas as pd

    from likely.fitted import Fitted


def classify(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    data: Annotated[str, typer.Argument(help="Rows; what they say of the class itself is not looked at.")],
    target: Annotated[
        str | None, typer.Option(help="A column of classes that the model models; none: the class that it is given.")
    ] = None,
    calibrate: Annotated[
        str | None, typer.Option(help="Labelled rows that it has not seen: probabilities are made honest on them.")
    ] = None,
    draws: Annotated[int | None, typer.Option(help="Of each row, where there is chance.", min=1)] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A CSV file: a line for each row.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Tell the class of each row from all the rest: a probability for each class, and what they rest on."""
    from likely.data import Schema, Table, write
    from likely.fitted import load

    told, way, said = _told(load(run), data, target, calibrate, draws, seed)
    frame = told.set_axis([str(name) for name in told.columns], axis=1).assign(**{"class": told.idxmax(axis=1)})
    if out is not None:
        write(Table(frame, Schema(())), out)
    if as_json:
        emit_json({"way": way, "said": said, "file": out, "rows": None if out is not None else records(frame)})
        return
    if out is None:
        typer.echo(frame.to_csv(index=False), nl=False)
    typer.echo(f"{len(frame)} rows, {way}: {said}", err=True)


def _told(
    fitted: "Fitted[Any]", data: str, target: str | None, calibrate: str | None, draws: int | None, seed: int
) -> "tuple[pd.DataFrame, str, str]":
    """Probabilities, the word for what they rest on, and the same in a sentence."""
    from likely.apps.predictions import calibrated
    from likely.classified import classes_of
    from likely.contracts import Predicts
    from likely.errors import FieldError
    from likely.predicted import WORDS, resting_on

    if target is not None and target not in fitted.card.condition and not isinstance(fitted.model, Predicts):
        if calibrate is not None:
            raise FieldError("--calibrate is for models that are given the class", expected="--target alone")
        told, way = classes_of(fitted, data, target, draws=draws, seed=seed)
        return told, way, "p(class | row) by completion of the column"
    way = resting_on(fitted.model, fitted.lift)
    if calibrate is None:
        return fitted.classify(data, draws=draws, seed=seed), way, WORDS[way]
    honest = calibrated(fitted, calibrate)
    return honest.classify(data), way, f"{WORDS[way]}; calibrated on {calibrate}"


def command() -> TyperCommand:
    """The verb."""
    return one_command(classify, "classify")
