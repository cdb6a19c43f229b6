"""A family's fields as flags: `--latent 16 --network conv --network.width 64`, with their help from the source."""

import itertools
import re
from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

from likely.errors import FieldError
from likely.fields import changed, made
from likely.names import TABLES, full_name, squashed, table
from likely.source import Told, told_fields
from likely.suggestion import near

FIELDS, FAMILY = "likely.fields", "likely.family"  # what parsing leaves in the context
DEFAULT = "NaiveBayes"
TRUTHS = ("true", "false", "yes", "no", "on", "off")
Pairs = list[tuple[str, str]]


class FieldFlags(TyperCommand):
    """A command with a flag for each field of the family that its line names; its help lists them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The fields are taken out first: the parser would take their values for arguments."""
        ctx.meta[FAMILY] = named_family(args)
        own = {spelling for param in self.params for spelling in (*param.opts, *param.secondary_opts)} | {"--help"}
        rest, ctx.meta[FIELDS] = parted(args, own, ctx.meta[FAMILY])
        return super().parse_args(ctx, rest)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The fields of the family that the line names."""
        name, given = ctx.meta[FAMILY], dict(ctx.meta[FIELDS])
        own = {spelling for param in self.params for spelling in param.opts}
        with formatter.section(f"Fields of {full_name('Family', name)}"):
            formatter.write_dl(told_beside(fields_help("Family", name, given), own, full_name("Family", name)))
        formatter.write_paragraph()
        formatter.write_text("Another family's fields: likely fit --family NAME --help")


def named_family(words: Sequence[str]) -> str:
    """The family that a command line names, before it is parsed."""
    after = [following for word, following in itertools.pairwise(words) if word in ("--family", "-f")]
    joined = [word.partition("=")[2] for word in words if word.startswith("--family=")]
    attached = [word[2:] for word in words if re.match(r"-f[A-Za-z]", word)]
    return next((word.partition(",")[0] for word in (*after, *joined, *attached) if squashed(word)), DEFAULT)


def parted(words: Sequence[str], own: set[str], family: str) -> tuple[list[str], Pairs]:
    """A command line without its fields, and the fields as (path, text); a bare flag is true."""
    rest, pairs, left = [], [], list(words)
    while left:
        word = left.pop(0)
        path, equals, value = word.partition("=")
        if word == "--":
            return [*rest, word, *left], pairs
        if not word.startswith("--") or path in own:
            rest.append(word)
            continue
        if not equals:
            value = left.pop(0) if left and _is_value(left[0], path[2:], family, pairs) else "true"
        pairs.append((path[2:], value))
    return rest, pairs


def _is_value(word: str, path: str, family: str, given: Pairs) -> bool:
    """Whether this word is the flag's value: not where it is a flag, nor where a bare yes-or-no comes before DATA."""
    if re.match(r"--?[A-Za-z]", word):
        return False
    told = field_at(path, family, dict(given))
    return word.casefold() in TRUTHS or told is None or told.type != "bool"


def field_at(path: str, family: str, given: dict[str, str]) -> Told | None:
    """What the source says of a field; an object inside is the one that was named, or the default."""
    base, name, parts = "Family", family, re.split(r"\.|__", path)
    for place, part in enumerate(parts, 1):
        if squashed(name) not in map(squashed, table(base)):
            return None
        told = next((t for t in told_fields(base, name) if squashed(t.name) == squashed(part)), None)
        inner = None if told is None else _base_in(told.type)
        if told is None or place == len(parts) or inner is None:
            return told if place == len(parts) else None
        base, name = inner, re.split(r"[(,]", given.get(".".join(parts[:place]), told.default))[0]
    return None


def family_of(name: str, fields: Pairs, own: Sequence[str] = ()) -> Any:
    """The family with every `--path value` of the command line put in."""
    family = made("Family", name)
    for path, _ in fields:
        _check_known(type(family).__name__, path, own)
    return changed(family, fields)


def _check_known(family: str, path: str, own: Sequence[str]) -> None:
    """A flag that is neither the command's nor a field gets its neighbours named."""
    known = [_flag(told.name) for told in told_fields("Family", family)]
    first = _flag(re.split(r"\.|__", path)[0])
    if squashed(first) in map(squashed, known):
        return
    alike = near(first, [*known, *own])
    remedy = f"did you mean {alike[0]}?" if alike else f"likely fit --family {family} --help"
    raise FieldError(f"there is no flag --{path}", expected=f"a field of {family}: {', '.join(known)}", remedy=remedy)


def fields_help(base: str, name: str, given: dict[str, str], under: str = "") -> list[tuple[str, str]]:
    """Each field as a flag and its help; the fields of an object that was named follow it."""
    lines = []
    for told in told_fields(base, full_name(base, name)):
        path = f"{under}{told.name.replace('_', '-')}"
        inner = _base_in(told.type)
        choices = f" One of {', '.join(table(inner))}." if inner else ""
        lines.append((f"--{path} {_kind(told.type)}", f"{told.help}.{choices} [default: {told.default}]".lstrip(".")))
        if inner and path in given:
            lines += fields_help(inner, given[path].partition(",")[0], given, f"{path}.")
    return lines


def told_beside(lines: Pairs, own: set[str], family: str) -> Pairs:
    """Help of fields; one whose flag is the command's own is said with the family."""
    return [
        (f"--family {family},{flag[2:]}={kind}" if flag in own else f"{flag} {kind}", told)
        for (flag, _, kind), told in ((line.partition(" "), told) for line, told in lines)
    ]


def _base_in(annotation: str) -> str | None:
    """The table that an annotation's names are looked up in."""
    return next((word for word in re.findall(r"\w+", annotation) if word in TABLES), None)


def _kind(annotation: str) -> str:
    short = annotation.replace(" | None", "").replace("tuple[", "").replace(", ...]", ",..")
    return short.rpartition(".")[2] if short.isidentifier() or ("." in short and ".." not in short) else short


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def family_names() -> list[str]:
    """What a shell offers after --family."""
    return list(table("Family"))
