"""likely fit DATA [--family vae] [--budget 5m] [--condition COL] [--seed 0] [-o RUN] [a flag a field]"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand

from likely.cli.flags import DEFAULT, FIELDS, FieldFlags, family_names, family_of
from likely.cli.output import Json, Quiet, Seed, emit_json, one_command

if TYPE_CHECKING:
    from likely.data import Windows


def fit(
    ctx: typer.Context,
    data: Annotated[
        str, typer.Argument(help="A file, a folder of images or sounds, or an embedded set (digits, ...).")
    ],
    family: Annotated[
        str,
        typer.Option(
            "--family", "-f", help="The family; `likely families` lists them.", autocompletion=lambda: family_names()
        ),
    ] = DEFAULT,
    budget: Annotated[str | None, typer.Option(help="Steps (2000) or time (90s, 5m, 1h).")] = None,
    condition: Annotated[list[str] | None, typer.Option(help="A column to condition on (may be repeated).")] = None,
    target: Annotated[str | None, typer.Option(help="The column to predict, instead of a condition.")] = None,
    validation: Annotated[str | None, typer.Option(help="A file to validate on; else a tenth of the rows.")] = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Where the model goes [NAME.likely].")] = None,
    schema: Annotated[Path | None, typer.Option(help="A JSON file that overrides what columns are.")] = None,
    window: Annotated[
        int | None, typer.Option(help="Cut a table of moments, or long sounds, into series of so many.", min=1)
    ] = None,
    stride: Annotated[
        int | None, typer.Option(help="Moments from one window to the next [as many as a window has].", min=1)
    ] = None,
    relative: Annotated[
        str, typer.Option(help="Windows tell their levels, their changes, or their growth (for what wanders).")
    ] = "levels",
    volatility: Annotated[
        int,
        typer.Option(help="Changes are told over the spread of so many before them (calm and stormy times).", min=0),
    ] = 0,
    weight: Annotated[str | None, typer.Option(help="A column of row weights.")] = None,
    init: Annotated[Path | None, typer.Option(help="Go on from this saved model, on this data.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, mps; else a GPU where there is one.")] = None,
    batch: Annotated[int | None, typer.Option(help="Rows a step.", min=1)] = None,
    certify: Annotated[
        bool, typer.Option("--certify/--no-certify", help="Check the fitted model, for at most 5 s.")
    ] = True,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Also write TensorBoard events.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fit a family to data and save the model as a folder."""
    own = [spelling for param in ctx.command.params for spelling in param.opts if spelling.startswith("--")]
    described = family_of(family, ctx.meta[FIELDS], own)
    run = out or Path(f"{Path(Path(data).name.removesuffix('.gz')).stem or data}.likely")
    from likely.cli.progress import listeners
    from likely.fitting import fit as fit_rows

    windows = windows_of(window, stride, relative, volatility)
    fitted = fit_rows(
        data, described, condition=condition, target=target, validation=validation, budget=budget, seed=seed,
        folder=run, schema=schema, window=windows, weight=weight, init=init, device=device, batch=batch,
        certify=certify, listeners=listeners(run, quiet=quiet or as_json, tensorboard=tensorboard),
    )  # fmt: skip
    tell(fitted, run, quiet=quiet, as_json=as_json)


def windows_of(window: int | None, stride: int | None, relative: str, volatility: int) -> "Windows | None":
    """How a record is cut, where it is."""
    from likely.data import Windows
    from likely.errors import FieldError

    if window is None and (stride is not None or relative != "levels" or volatility):
        raise FieldError("--stride, --relative and --volatility say how windows are cut",
                         expected="--window 48, or so, with them")  # fmt: skip
    asked = {"length": window, "stride": stride, "relative": relative, "volatility": volatility}
    return None if window is None else Windows.of(asked)


def tell(fitted: object, run: Path, *, quiet: bool, as_json: bool) -> None:
    """What was fitted and where it is."""
    from likely.cli.show import page, print_page
    from likely.fitted import Fitted

    assert isinstance(fitted, Fitted)
    if as_json:
        emit_json(page(fitted) | {"folder": str(run)})
    elif not quiet:
        print_page(fitted)
        typer.echo(f"saved in {run}")


def command() -> TyperCommand:
    """The verb; words it does not know are the family's fields."""
    return one_command(fit, "fit", cls=FieldFlags)
