"""likely sample RUN -n 100 [--given sex=Female --given age=30..40] [-o out.csv]

Of models of texts: [--prompt "ROMEO:" --temperature 0.8 --stop "\\n\\n"]

Of models that denoise: [--steps 20 --sampler dpmsolver] [--guidance 3] [--guide OTHER_RUN --given label=3 --strength 2]
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, Seed, emit_json, given_of, one_command, records, say

if TYPE_CHECKING:
    from likely.contracts import Sharpness
    from likely.data import Rows
    from likely.descent import Descent
    from likely.fitted import Fitted

ROWS = 10  # where nobody says how many
WAY = ("steps", "sampler", "levels", "guidance", "interval", "rescale", "guide", "strength")  # of denoisers
HIGHEST = 1e9  # a level: JSON has no infinity
ESCAPES = (("\\\\", "\0"), ("\\n", "\n"), ("\\t", "\t"), ("\0", "\\"))


@dataclass(frozen=True)
class Asked:
    """What was asked of a model: all that is needed to draw the same again."""

    n: int
    given: dict[str, str] = field(default_factory=dict)
    seed: int = 0
    prompt: str | None = None
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0
    truncation: float = 1.0
    stop: list[str] = field(default_factory=list)
    length: int | None = None
    final: bool = False
    steps: int | None = None
    sampler: str | None = None
    levels: str | None = None
    guidance: float | None = None
    interval: list[float] = field(default_factory=list)
    rescale: float = 0.0
    guide: str | None = None
    strength: float | None = None

    def plain(self) -> dict[str, Any]:
        """For a recipe: rows, condition and seed; of the rest what is not as usual."""
        usual = asdict(Asked(self.n))
        return {
            name: value
            for name, value in asdict(self).items()
            if name in ("n", "given", "seed") or value != usual[name]
        }

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Asked":
        """What a recipe says; a TypeError where it says something else."""
        known = {name: said[name] for name in (each.name for each in fields(cls)) if name in said}
        wanted = {"n": int, "given": dict, "seed": int, "prompt": str, "temperature": int | float, "top_k": int,
                  "top_p": int | float, "truncation": int | float, "stop": list, "length": int,
                  "final": bool, "steps": int, "sampler": str, "levels": str, "guidance": int | float,
                  "interval": list, "rescale": int | float, "guide": str, "strength": int | float}  # fmt: skip
        ends = [isinstance(text, str) for text in said.get("stop", ())]
        ends += [isinstance(level, int | float) for level in said.get("interval", ())]
        ends.append(len(said.get("interval", ())) in (0, 2))
        if not all([*ends, *(isinstance(value, wanted[name]) for name, value in known.items())]):
            raise TypeError(f"not how samples are asked for: {known}")
        return cls(**known)

    @property
    def sharpness(self) -> "Sharpness":
        from likely.contracts import Sharpness

        return Sharpness(self.temperature, self.top_k, self.top_p)

    @property
    def partial(self) -> dict[str, str] | None:
        """What is given: columns, and how a text begins."""
        begun = {} if self.prompt is None else {"text": self.prompt}
        return self.given | begun or None

    @property
    def descended(self) -> bool:
        """Whether anything is said of a way down from noise."""
        return any(getattr(self, name) != getattr(Asked(self.n), name) for name in WAY)

    @property
    def descent(self) -> "Descent | None":
        """The way down from noise, where anything is said of it."""
        from likely.descent import Descent
        from likely.fields import made

        sampler = None if self.sampler is None else made("Sampler", self.sampler)
        levels = None if self.levels is None else made("Schedule", self.levels)
        interval = None if not self.interval else (self.interval[0], self.interval[1])
        guide = None if self.guide is None else guide_at(self.guide)
        asked = Descent(self.steps, sampler, levels, self.guidance, interval, self.rescale, guide, self.strength)
        return None if asked == Descent() else asked

    def rows(self, fitted: "Fitted[Any]") -> "Rows":
        """The rows."""
        ways: dict[str, Any] = {"sharpness": self.sharpness, "stop": self.stop, "length": self.length}
        ways |= {"truncation": self.truncation, "descent": self.descent, "seed": self.seed}
        return self._asked(fitted).sample_rows(self.n, self.partial, **ways)

    def streamed(self, fitted: "Fitted[Any]") -> Iterator[str]:
        """The one text, as it is drawn."""
        ways: dict[str, Any] = {"sharpness": self.sharpness, "stop": self.stop, "length": self.length}
        return self._asked(fitted).stream(self.partial, seed=self.seed, **ways)

    def _asked(self, fitted: "Fitted[Any]") -> "Fitted[Any]":
        return fitted.final() if self.final else fitted


def guide_at(place: str | Path) -> Any:
    """A model of likely's own, or a CLIP that others trained."""
    from likely import hub
    from likely.fitted import load

    return hub.pretrained(place) if hub.theirs(place) else load(place)


def digest_at(place: Path) -> str:
    """By which a model or a guide is known again."""
    from likely import hub, store

    return hub.digest(place) if hub.theirs(place) else store.sha256(place / store.DOCUMENT)


def sample(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder.")],
    n: Annotated[
        int | None, typer.Option("-n", help="How many rows: 10, or one text that goes on from a prompt.", min=1)
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            help="Draw given COLUMN=VALUE, COLUMN=30..40, 'COLUMN>=30', COLUMN=A|B or 'COLUMN!=A' (repeatable)."
        ),
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="How a text begins, exactly as it is to stand.")] = None,
    temperature: Annotated[float, typer.Option(help="Below 1: nearer to the likeliest; above: wilder.")] = 1.0,
    top_k: Annotated[int | None, typer.Option(help="Of every choice, the K likeliest alone.")] = None,
    top_p: Annotated[float, typer.Option(help="Of every choice, the fewest likeliest that hold this mass.")] = 1.0,
    truncation: Annotated[
        float, typer.Option(help="Below 1: from the middle of a generator's codes, nearer to the common, less varied.")
    ] = 1.0,
    stop: Annotated[
        list[str] | None, typer.Option(help=r"A text ends before this (may be repeated; \n, \t and \\ are read).")
    ] = None,
    length: Annotated[
        int | None, typer.Option(help="Tokens of a text at most; a document may outgrow its model.")
    ] = None,
    stream: Annotated[
        bool, typer.Option("--stream", help="Print one text as it is drawn, as a terminal does anyway.")
    ] = False,
    steps: Annotated[
        int | None, typer.Option(help="Calls of a denoiser, or looks at hidden cells, if not the model's own.", min=1)
    ] = None,
    sampler: Annotated[
        str | None, typer.Option(help="How it is walked: heun, ddim, ddpm, unipc, or dpmsolver,order=3 with fields.")
    ] = None,
    levels: Annotated[
        str | None, typer.Option(help="The levels of noise it visits: karras,rho=5, cosine, linear, straight.")
    ] = None,
    guidance: Annotated[
        float | None, typer.Option(help="Above 1: more typical of the model's own condition, and less varied.")
    ] = None,
    interval: Annotated[
        str | None, typer.Option(help="LOW,HIGH: the levels of noise between which --guidance works.")
    ] = None,
    rescale: Annotated[float, typer.Option(help="How far guidance may not widen a row's spread, from 0 to 1.")] = 0.0,
    guide: Annotated[
        Path | None,
        typer.Option(
            help="A NoisyClassifier or CLIP of the same rows, that leads by what is --given of its condition; "
            "or a CLIP of Hugging Face's, saved with its processor and tokenizer, by --given caption=...; or a weaker "
            "denoiser of the same rows (less trained, smaller), away from what it smears."
        ),
    ] = None,
    strength: Annotated[
        float | None,
        typer.Option(
            help="How strongly the --guide leads: above 1 beyond its condition; of a weaker denoiser 2, usually."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="A .csv, .parquet, .npz, .png, .txt, .ts or .wav file, or a folder."),
    ] = None,
    final: Annotated[
        bool, typer.Option("--final", help="From the training's last weights, where others were kept as the best.")
    ] = False,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Draw new rows; row i depends on the seed and i alone. How samples lean changes no score."""
    from likely.fitted import load

    said, begun = _begun(given or [], prompt)
    ends = [unescaped(text) for text in stop or ()]
    asked = Asked(
        n or 1, said, seed, begun, temperature, top_k, top_p, truncation, ends, length, final,
        steps, sampler, levels, guidance, interval_of(interval), rescale, guide and str(guide), strength,
    )  # fmt: skip
    check_stream(asked, stream=stream, kept=out is not None or as_json)
    fitted = load(run)
    check_texts(asked, fitted)
    asked = asked if n or stream or _begins(asked, fitted) else replace(asked, n=ROWS)
    alone = asked.n == 1 and asked.truncation == 1 and not asked.descended and out is None and not as_json
    if stream or (alone and _flows(fitted)):
        print_stream(asked.streamed(fitted))
    else:
        told(asked, asked.rows(fitted), run, out, as_json=as_json)


def _begun(given: list[str], prompt: str | None) -> tuple[dict[str, str], str | None]:
    """The columns given; and how a text begins, which --given text=... says as well."""
    from likely.errors import FieldError

    said = given_of(given)
    if prompt is not None and "text" in said:
        raise FieldError("--prompt and --given text=... both say how a text begins", expected="one of them")
    exact = [value for pair in given for name, _, value in [pair.partition("=")] if name.strip() == "text"]
    return said | ({"text": exact[-1]} if exact else {}), prompt


def unescaped(text: str) -> str:
    r"""\n and \t as a line's end and a tab, as a shell's quotes leave them; \\ as one backslash."""
    for written, meant in ESCAPES:
        text = text.replace(written, meant)
    return text


def interval_of(said: str | None) -> list[float]:
    """0.2,5 as two levels."""
    from likely.errors import FieldError

    try:
        low, high = (float(word) for word in (said or "0,inf").split(","))
    except ValueError:
        raise FieldError(f"--interval '{said}' is no pair of levels", expected="LOW,HIGH, for example 0.2,5") from None
    return [] if said is None else [low, min(high, HIGHEST)]


def check_stream(asked: Asked, *, stream: bool, kept: bool) -> None:
    """Only one text can appear as it is drawn, and only on the screen or in a pipe."""
    from likely.errors import FieldError

    if stream and asked.descended:
        raise FieldError("--stream prints a text, and --steps, --sampler, --guidance and --guide are of denoisers",
                         remedy="leave one of them out")  # fmt: skip
    if stream and asked.truncation != 1:
        raise FieldError("--stream prints a text, and --truncation is of generators", remedy="leave one of them out")
    if stream and asked.n > 1:
        raise FieldError(f"--stream prints one text, and -n {asked.n} were asked for", remedy="leave one of them out")
    if stream and kept:
        raise FieldError("--stream prints a text, and -o or --json keeps it", remedy="leave one of them out")


def check_texts(asked: Asked, fitted: "Fitted[Any]") -> None:
    """A prompt is for models of texts."""
    from likely.codecs import TextsCodec
    from likely.errors import CannotAnswer

    if asked.prompt is not None and not isinstance(fitted.codec, TextsCodec):
        what = f"this is a model of {fitted.codec.reads.word}: no text can begin with --prompt"
        raise CannotAnswer(what, expected="a model of texts", remedy="--given COLUMN=VALUE")


def _begins(asked: Asked, fitted: "Fitted[Any]") -> bool:
    """Whether it is said how a text begins."""
    from likely.prompts import beginnings

    return beginnings(asked.partial, fitted.codec, fitted.card.order, 1)[0] is not None


def _flows(fitted: "Fitted[Any]") -> bool:
    """Whether a text is printed as it is drawn, without being asked to: where somebody looks on."""
    from likely.codecs import TextsCodec
    from likely.contracts import Continues

    able = isinstance(fitted.codec, TextsCodec) and isinstance(fitted.model, Continues)
    return able and sys.stdout.isatty()


def print_stream(pieces: Iterator[str]) -> None:
    """A text as it is drawn, and a line's end after it, whatever stops it."""
    with _line_ended():
        for piece in pieces:
            say(piece)


@contextmanager
def _line_ended() -> Iterator[None]:
    try:
        yield
    finally:
        say("\n")


def told(asked: Asked, rows: "Rows", run: Path, out: Path | None, *, as_json: bool) -> None:
    """Rows to a file, or printed."""
    from likely.data import Table, Texts, write

    if isinstance(rows, Table) and "acceptance" in rows.frame.attrs:
        share = rows.frame.attrs["acceptance"]
        typer.echo(f"{share:.2g} of the model's draws were in the ranges given, and are kept", err=True)
    target = out or (None if isinstance(rows, Table | Texts) else Path(f"samples{rows.suffix}"))
    recipe = recipe_of(run, asked, target)
    if target is not None:
        write(rows, target, recipe=recipe)
        tell_written(asked.n, target, recipe, as_json=as_json)
    elif isinstance(rows, Texts):
        between = "\n\n" if rows.consecutive else "\n"
        texts = list(rows)
        emit_json({"texts": texts, "recipe": recipe}) if as_json else say(between.join(texts) + "\n")
    elif as_json:
        assert isinstance(rows, Table)
        emit_json({"rows": records(rows.frame), "recipe": recipe})
    else:
        assert isinstance(rows, Table)
        typer.echo(rows.frame.to_csv(index=False), nl=False)


def recipe_of(run: Path, asked: Asked, target: Path | None) -> dict[str, Any]:
    """All that `likely replay` needs to make these rows again; the model's place is told from the file's."""
    from likely import __version__

    def told(place: Path) -> dict[str, str]:
        folder = str(place) if target is None else os.path.relpath(place, target.expanduser().parent)
        return {"folder": folder, "sha256": digest_at(place)}

    plain = asked.plain()
    guide = {} if asked.guide is None else {"guide": told(Path(asked.guide))}
    return {"likely": __version__, "verb": "sample", "model": told(run), **plain, **guide}


def tell_written(n: int, target: Path, recipe: dict[str, Any], *, as_json: bool) -> None:
    """Where the rows are."""
    if as_json:
        emit_json({"file": target, "n": n, "recipe": recipe})
    else:
        typer.echo(f"{n} rows in {target}", err=True)


def command() -> TyperCommand:
    """The verb."""
    return one_command(sample, "sample")
