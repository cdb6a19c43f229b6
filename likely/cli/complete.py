"""likely complete RUN partial.csv [-o out.csv]"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, one_command, records

if TYPE_CHECKING:
    from likely.card import Completion
    from likely.fitted import Fitted


def complete(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    data: Annotated[str, typer.Argument(help="Rows with some cells or columns missing; texts with gaps.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A .csv, .tsv or .parquet file; of texts .txt.")
    ] = None,
    particles: Annotated[int, typer.Option(help="Of each row, where completion is asymptotic.")] = 128,
    gap: Annotated[str, typer.Option(help="Of texts: the character that marks one unknown token.")] = "_",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Draw what is missing given what is known; known cells come back as they were."""
    from likely.codecs import TableCodec, TextsCodec
    from likely.data import Schema, Table, write
    from likely.fitted import load

    fitted = load(run)
    if isinstance(fitted.codec, TextsCodec):
        _texts(fitted, fitted.codec.form, data, out, gap, particles, seed, as_json=as_json)
        return
    framed = replace(fitted, card=replace(fitted.card, returns="frame"))  # whatever form Python fitted it from
    completion = framed.complete(data, particles=particles, seed=seed)
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
                "file": out,
                "rows": rows,
            }
        )
        return
    if out is None:
        typer.echo(completion.rows.to_csv(index=False), nl=False)
    _told(completion, particles)


def _texts(
    fitted: "Fitted[Any]", form: str, data: str, out: Path | None, gap: str, particles: int, seed: int, *, as_json: bool
) -> None:
    """Texts with gaps, one a line."""
    from likely.apps.gaps import completed
    from likely.data import Texts, read, write
    from likely.errors import WrongRows

    rows = read(data, schema={"texts": form})
    if not isinstance(rows, Texts):
        raise WrongRows(f"these rows are {rows.word}", expected="texts, as the model was fitted on")
    completion = completed(fitted, rows.texts, mark=gap, particles=particles, seed=seed)
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


def _told(completion: "Completion", particles: int) -> None:
    """How the rows were completed."""
    apart, share = completion.disagreement, completion.share
    orders = "" if apart is None else f" (orders disagree by {apart:.2g} nats a row)"
    founded = "" if share is None else f" (particles: an effective {share:.0%} of {particles})"
    typer.echo(f"{len(completion.rows)} rows completed, {completion.way}{orders}{founded}", err=True)


def command() -> TyperCommand:
    """The verb."""
    return one_command(complete, "complete")
