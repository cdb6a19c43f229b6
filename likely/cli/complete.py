"""likely complete RUN partial.csv [--given age=30..40] [-n 20] [--point mean] [--exact] [-o out.csv]

A table alone, by what tells its hidden cells best: likely complete holes.csv [-n 20] [--point mean] [-o out.csv]

Of pictures: likely complete RUN picture.png --hole hole.png [-o out.png]
Of series: likely complete RUN record.csv [-o out.csv], whose empty cells are gaps
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, given_of, one_command, records

if TYPE_CHECKING:
    from likely.card import Completion
    from likely.data import Images, Panel
    from likely.fitted import Fitted

DRAWS = 20  # that a point sums up, where nobody says how many


def complete(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder; or a table alone, whose gaps are filled.")],
    data: Annotated[
        str | None, typer.Argument(help="Rows with cells or columns missing; texts, pictures or series with gaps.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A .csv, .tsv or .parquet file; of texts .txt, of pictures .png.")
    ] = None,
    particles: Annotated[int | None, typer.Option(help="Of each row, where completion is asymptotic.")] = None,
    by: Annotated[str | None, typer.Option(help="A denoiser's way: RePaint,times=10, Replacing, DPS, PiGDM.")] = None,
    hole: Annotated[Path | None, typer.Option(help="Of pictures: white where they are to be filled in.")] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(help="What else is known: COLUMN=VALUE, COLUMN=30..40, 'COLUMN>=30', 'COLUMN!=A' (of tables)."),
    ] = None,
    n: Annotated[
        int | None, typer.Option("-n", help="Of tables: so many draws, numbered (imputations).", min=1)
    ] = None,
    point: Annotated[
        str | None,
        typer.Option(help="Of tables: mean, median or mode of the draws (20, or -n); or map, of few choices."),
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Refuse whatever is less than exact.")] = False,
    gap: Annotated[str, typer.Option(help="Of texts: the character that marks one unknown token.")] = "_",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Draw what is missing given what is known; known cells come back as they were."""
    from likely.codecs import TableCodec, TextsCodec
    from likely.data import Images, Panel, Schema, Table, write
    from likely.fields import made
    from likely.fitted import load

    if data is None:
        check_alone(run, {"--particles": particles, "--by": by, "--hole": hole, "--given": given, "--exact": exact})
        _alone(str(run), out, n, point, seed, as_json=as_json)
        return
    fitted = load(run)
    if isinstance(fitted.codec, TextsCodec):
        check_tables(given, n, point)
        _texts(fitted, fitted.codec.form, data, out, gap, particles, seed, exact=exact, as_json=as_json)
        return
    framed = replace(fitted, card=replace(fitted.card, returns="frame"))  # whatever form Python fitted it from
    way = None if by is None else made("Reconstruction", by)
    told = given_of(given or []) or None
    asked: dict[str, Any] = {"given": told, "particles": particles, "by": way, "exact": exact, "seed": seed}
    if point == "map":
        completion = framed.likeliest(data)
    elif n is not None or point is not None:
        completion = _several(framed, data, n or DRAWS, point, asked)
    else:
        completion = framed.complete(data, hole=hole, **asked)
    if isinstance(completion.rows, Images | Panel):
        place = out or Path(f"completed{completion.rows.suffix}")
        _pieces(completion, completion.rows, place, particles, as_json=as_json)
        return
    if out is not None:
        schema = fitted.codec.schema if isinstance(fitted.codec, TableCodec) else Schema(())
        write(Table(completion.rows, schema), out)
    if as_json:
        rows = None if out is not None else records(completion.rows)
        emit_json(
            {
                "way": completion.way,
                "share": completion.share,
                "disagreement": completion.disagreement,
                "acceptance": completion.acceptance,
                "file": out,
                "rows": rows,
            }
        )
        return
    if out is None:
        typer.echo(completion.rows.to_csv(index=False), nl=False)
    _told(completion, particles)


def check_alone(place: Path, asked: dict[str, Any]) -> None:
    """Where only one thing is named it is a table, and nothing is asked that a model would be."""
    from likely.errors import FieldError
    from likely.store import DOCUMENT

    if (place / DOCUMENT).is_file():
        raise FieldError(f"{place} is a model, and no rows were given", expected="RUN DATA: rows to complete")
    if said := [name for name, value in asked.items() if value]:
        raise FieldError(f"{' and '.join(said)} is asked of a model, and there is a table alone",
                         expected="RUN DATA", remedy="likely fit DATA, then likely complete RUN DATA")  # fmt: skip


def _alone(data: str, out: Path | None, n: int | None, point: str | None, seed: int, *, as_json: bool) -> None:
    """A table that no model was fitted to (`likely.apps.impute`)."""
    from likely.apps.impute import impute
    from likely.card import Completion
    from likely.data import Schema, Table, write

    found = impute(data, n or (1 if point is None else DRAWS), seed=seed)
    several = found.imputations.long() if n is not None else found.rows
    rows = several if point is None else found.imputations.point(point)
    if out is not None:
        write(Table(rows, Schema(())), out)
    if as_json:
        by = [{"way": each.name, "weight": each.weight, "score": each.score, "refusal": each.refusal}
              for each in found.members]  # fmt: skip
        told = None if out is not None else records(rows)
        emit_json({"way": found.imputations.way, "by": by, "score": found.score, "file": out, "rows": told})
        return
    if out is None:
        typer.echo(rows.to_csv(index=False), nl=False)
    _told(Completion(rows, found.imputations.way), None)
    typer.echo(str(found), err=True)


def check_tables(given: list[str] | None, n: int | None, point: str | None) -> None:
    """What is of tables is not asked of texts."""
    from likely.errors import CannotAnswer

    asked = {"--given": given, "-n": n, "--point": point}
    if said := [name for name, value in asked.items() if value]:
        raise CannotAnswer(f"{' and '.join(said)} is of tables, and this is a model of texts",
                           expected="texts with gaps", remedy="leave it out; another --seed draws again")  # fmt: skip


def _several(fitted: "Fitted[Any]", data: str, n: int, point: str | None, asked: dict[str, Any]) -> "Completion":
    """Several draws of each row, numbered; or a point that sums them up."""
    from likely.card import Completion

    drawn = fitted.imputations(data, n, **asked)
    rows = drawn.long() if point is None else drawn.point(point)
    return Completion(rows, drawn.way, drawn.share, acceptance=drawn.acceptance)


def _texts(
    fitted: "Fitted[Any]",
    form: str,
    data: str,
    out: Path | None,
    gap: str,
    particles: int | None,
    seed: int,
    *,
    exact: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Texts with gaps, one a line."""
    from likely.apps.gaps import completed
    from likely.data import Texts, read, write
    from likely.errors import WrongRows

    rows = read(data, schema={"texts": form})
    if not isinstance(rows, Texts):
        raise WrongRows(f"these rows are {rows.word}", expected="texts, as the model was fitted on")
    completion = completed(fitted, rows.texts, mark=gap, particles=particles, exact=exact, seed=seed)
    if out is not None:
        write(completion.rows, out)
    if as_json:
        told = None if out is not None else list(completion.rows.texts)
        way = {"way": completion.way, "share": completion.share, "disagreement": completion.disagreement}
        emit_json(way | {"file": out, "rows": told})
        return
    if out is None:
        typer.echo("\n".join(completion.rows.texts))
    _told(completion, particles)


def _pieces(
    completion: "Completion", pieces: "Images | Panel", out: Path, particles: int | None, *, as_json: bool
) -> None:
    """Pictures or series, in a file."""
    from likely.data import write

    write(pieces, out)
    if as_json:
        emit_json({"way": completion.way, "share": completion.share, "disagreement": None, "file": out, "rows": None})
        return
    _told(completion, particles)
    typer.echo(str(out))


def _told(completion: "Completion", particles: int | None) -> None:
    """How the rows were completed."""
    apart, share = completion.disagreement, completion.share
    orders = "" if apart is None else f" (orders disagree by {apart:.2g} nats a row)"
    founded = "" if share is None else f" (particles: an effective {share:.0%} of {particles or 'them'})"
    ranges = "" if completion.acceptance is None else f" ({completion.acceptance:.2g} of the draws were in the ranges)"
    typer.echo(f"{len(completion.rows)} rows completed, {completion.way}{orders}{founded}{ranges}", err=True)


def command() -> TyperCommand:
    """The verb."""
    return one_command(complete, "complete")
