"""likely compare DATA [--families a,b,c|all] [--budget 10m] [--keep FOLDER] [--processes 2] [-o report.html]"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Quiet, Seed, emit_json, one_command, print_table
from likely.cli.pages import Markdown, write_pages


def compare(
    data: Annotated[str, typer.Argument(help="A file, a folder of images, or an embedded set.")],
    families: Annotated[str, typer.Option(help="all, or names with fields: vae,latent=16,realnvp")] = "all",
    budget: Annotated[str, typer.Option(help="Time for all together (90s, 10m), or steps for each.")] = "5m",
    condition: Annotated[list[str] | None, typer.Option(help="A column to condition on (may be repeated).")] = None,
    target: Annotated[
        str | None, typer.Option(help="Compare how well this label is told (naive-bayes,logistic unless named).")
    ] = None,
    learning_curve: Annotated[
        bool, typer.Option("--learning-curve", help="With --target: the errors against the number of rows.")
    ] = False,
    repeats: Annotated[int, typer.Option(help="Random deals of the rows, for a learning curve.", min=2)] = 20,
    keep: Annotated[
        Path | None, typer.Option(help="A folder that holds what is done: the same line goes on from there.")
    ] = None,
    processes: Annotated[int, typer.Option(help="Processes that work side by side.", min=1)] = 1,
    seeds: Annotated[
        int | None, typer.Option(help="Seeds for those that come to the end, at most (5; with steps 1).", min=1)
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=FILE: samples of somebody else's model; NAME=FILE.py:OBJECT: the model, or a function of the "
            "training rows that gives it, in a file that is run (may be repeated)."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Also write a self-contained HTML report.")] = None,
    markdown: Markdown = None,
    schema: Annotated[Path | None, typer.Option(help="A JSON file that overrides what columns are.")] = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fit several families and say honestly which suits the data, or which tells a label."""
    from likely.apps.compare import compare as race
    from likely.cli.progress import named_listeners

    check_page(out)
    check_page(markdown)
    if target is not None or learning_curve:
        from likely.cli.predict import predict

        told = predict(data, families, target, condition, learning_curve, repeats, seed, schema, out)
        return told.printed(quiet=quiet, as_json=as_json)
    found = race(
        data, families, condition=condition, budget=budget, seed=seed, seeds=seeds, schema=schema,
        also=named_files(also or ()), keep=keep, processes=processes,
        listener=named_listeners(quiet=quiet or as_json) if processes == 1 else None,
        tell=None if quiet or as_json else partial(typer.echo, err=True),
    )  # fmt: skip
    return report(found, out, markdown, quiet=quiet, as_json=as_json)


def report(found: Any, out: Path | None, markdown: Path | None = None, *, quiet: bool, as_json: bool) -> None:
    """Print a comparison, and write its page."""
    from likely.apps.told import conclusions, header_of, rows_of
    from likely.apps.told_race import advice_of, race_of

    write_pages(found, out, markdown)
    if as_json:
        emit_json(plain(found) | {"report": out, "markdown": markdown})
    elif not quiet:
        print_table(
            "", header_of(found), rows_of(found), note=_note(conclusions(found), advice_of(found), race_of(found))
        )
        if out is not None:
            typer.echo(f"report: {out}")


def _note(*parts: list[str]) -> str:
    """Paragraphs of lines."""
    return "\n" + "\n\n".join("\n".join(part) for part in parts if part)


def named_files(pairs: Sequence[str]) -> dict[str, Any]:
    """`--also tvae=samples.csv` as names and files that are there; `--also flow=theirs.py:flow` as what is there."""
    from likely.errors import FieldError, MissingFile

    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, file = pair.partition("=")
        if not (equals and name.strip() and file.strip()):
            raise FieldError(f"--also '{pair}' is not NAME=FILE", expected="for example --also tvae=samples.csv")
        script, colon, asked = file.strip().rpartition(".py:")
        if not (place := Path(f"{script}.py" if colon else file.strip()).expanduser()).exists():
            raise MissingFile(f"there is no file {place}", expected=f"the samples of {name.strip()}")
        found[name.strip()] = object_in(place, asked) if colon else place
    return found


def object_in(place: Path, name: str) -> Any:
    """What a Python file calls so, when it is run."""
    import runpy

    from likely.errors import FieldError
    from likely.suggestion import shown

    try:
        known = runpy.run_path(str(place), run_name=place.stem)
    except (Exception, SystemExit) as error:
        raise FieldError(f"{place} raised {type(error).__name__}: {error}", expected="a file that Python can run",
                         remedy=f"python {place} says more") from error  # fmt: skip
    if name not in known:
        named = [each for each in known if not each.startswith("_")]
        raise FieldError(f"{place} has nothing called '{name}'", expected=f"one of {shown(named)}")
    return known[name]


def check_page(out: Path | None) -> None:
    """Told before minutes are spent, not after."""
    if out is not None:
        from likely.atomic import claim

        claim(out, remedy="choose another place with -o")


def plain(found: Any) -> dict[str, Any]:
    """A comparison as plain values."""
    from dataclasses import asdict

    from likely.apps.told import conclusions

    return {
        "source": found.source, "rows": found.rows, "condition": list(found.condition), "seed": found.seed,
        "contenders": [plain_contender(c) for c in found.contenders],
        "references": [plain_contender(c) for c in found.references],
        "verdicts": [{"pair": list(pair)} | asdict(verdict) for pair, verdict in found.verdicts.items()],
        "rounds": [asdict(each) for each in found.rounds],
        "seeds": [asdict(each) | {"mean": each.mean, "spread": each.spread} for each in found.seeds],
        "recommendations": [asdict(each) for each in found.recommendations],
        "leaders": list(found.leaders), "conclusions": conclusions(found),
        "budget": found.budget, "unfit": dict(found.unfit),
    }  # fmt: skip


def plain_contender(contender: Any) -> dict[str, Any]:
    """One row as plain values."""
    from likely.fields import to_json

    return {
        "name": contender.name, "family": contender.family and to_json(contender.family), "failed": contender.failed,
        "score": contender.scores and plain_score(contender.scores), "why_no_score": contender.why_no_score,
        "measures": {name: plain_measure(measure) for name, measure in contender.measures.items()},
        "fit_seconds": contender.fit_seconds, "sample_seconds": contender.sample_seconds,
    }  # fmt: skip


def plain_score(scores: Any) -> dict[str, Any]:
    """A mean score with its kind."""
    return {
        "kind": scores.kind, "bound": scores.bound, "mean": scores.mean, "stderr": scores.mean_stderr,
        "measure": scores.measure,
    }  # fmt: skip


def plain_measure(measure: Any) -> dict[str, Any]:
    """A measure with its warning, if there is one."""
    from dataclasses import asdict

    return asdict(measure) | {"warning": measure.warning}


def command() -> TyperCommand:
    """The verb."""
    return one_command(compare, "compare")
