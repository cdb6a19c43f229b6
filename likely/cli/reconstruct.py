"""likely reconstruct RUN PICTURES --seen blur,width=2 [--noise 5] [--by dps] [--given label=3] [-o out.png]

What was seen of a picture is `blur`, `downsample,factor=4`, `colourise` or `jpeg,quality=30`; by a picture of the hole,
white where nothing was seen, `mask,hole=hole.png`; by a saved matrix, of a column for each number of a picture, where
PICTURES are a saved array (N, M), `matrix,file=m.npy`.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, given_of, one_command

if TYPE_CHECKING:
    from likely.diffusion import Operator

FROM_FILES = {"mask": "hole", "matrix": "file"}  # operators that a file tells, and what names it


def reconstruct(
    run: Annotated[Path, typer.Argument(help="The folder of a model of pictures that denoises.")],
    pictures: Annotated[str, typer.Argument(help="What was seen: pictures, or a saved array (.npy) in levels.")],
    seen: Annotated[
        str,
        typer.Option(
            help="How: blur,width=2; downsample,factor=4; colourise; jpeg,quality=30; mask,hole=hole.png; "
            "matrix,file=m.npy."
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="A .png, .npz or folder.")] = Path("reconstructed.png"),
    noise: Annotated[float, typer.Option(help="Its standard deviation in levels, beside rounding's.")] = 0.0,
    by: Annotated[
        str | None, typer.Option(help="Twisted,particles=64, DPS, PiGDM, Replacing, RePaint,times=10.")
    ] = None,
    given: Annotated[list[str] | None, typer.Option(help="The condition of each picture: COLUMN=VALUE.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Draw pictures of which only a view was seen: blurred, small, grey, masked, a JPEG, or any linear one."""
    from likely.data import write
    from likely.fields import made
    from likely.fitted import load

    fitted, operator = load(run), operator_of(seen)
    framed = replace(fitted, card=replace(fitted.card, returns="frame"))  # whatever form Python fitted it from
    way = None if by is None else made("Reconstruction", by)
    told = given_of(given or []) or None
    drawn = framed.reconstruct(pictures, operator, noise=noise, by=way, given=told, seed=seed)
    files = write(drawn.rows, out)
    if as_json:
        said = {"way": drawn.way, "share": drawn.share, "count": len(drawn.rows)}
        emit_json(said | {"files": [str(file) for file in files]})
        return
    founded = "" if drawn.share is None else f" (particles: an effective {drawn.share:.0%} of them)"
    s = "s" * (len(drawn.rows) != 1)
    typer.echo(f"{len(drawn.rows)} picture{s} drawn, {drawn.way}{founded}", err=True)
    typer.echo(str(out))


def operator_of(text: str) -> "Operator":
    """What one line says was seen of a picture."""
    from likely.errors import FieldError
    from likely.fields import made
    from likely.names import squashed, table
    from likely.suggestion import meant

    name, _, rest = text.partition(",")
    if squashed(name.strip()) in FROM_FILES:
        return _from_file(squashed(name.strip()), rest)
    known = [*table("Operator"), *(each.capitalize() for each in FROM_FILES)]
    if squashed(name.strip()) not in {squashed(each) for each in known}:
        raise FieldError(f"--seen '{name}' is no way to see a picture", expected=", ".join(known),
                         remedy=meant(name, known))  # fmt: skip
    return made("Operator", text)


def _from_file(name: str, rest: str) -> "Operator":
    """A mask by a picture of the hole, or a matrix from an array."""
    import torch

    from likely.data import loaded, white
    from likely.diffusion import Mask, Matrix
    from likely.errors import FieldError

    key, _, file = (part.strip() for part in rest.partition("="))
    if key != FROM_FILES[name] or not file:
        example = {"mask": "mask,hole=hole.png, white where nothing was seen", "matrix": "matrix,file=m.npy"}[name]
        raise FieldError(f"--seen '{name},{rest}' names no file", expected=example)
    if name == "matrix":
        return Matrix(torch.from_numpy(loaded(Path(file)).astype("float64")))
    known = torch.from_numpy(~white(file))
    return Mask(known[0] if len(known) == 1 else known[:, None])


def command() -> TyperCommand:
    """The verb."""
    return one_command(reconstruct, "reconstruct")
