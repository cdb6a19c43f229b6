"""A family's fields as flags: `--latent 16 --network conv --network.width 64`, with their help from the source."""

from collections.abc import Sequence
from typing import Any


from likely.errors import FieldError
from likely.fields import amended, made, told_fields
from likely.names import full_name, squashed


def family_of(name: str, flags: Sequence[str]) -> Any:
    """The family with every `--path value` of the command line put in."""
    family = made("Family", name)
    for path, value in pairs(flags):
        family = amended(family, path, value)
    return family


def pairs(flags: Sequence[str]) -> list[tuple[str, str]]:
    """`--a 1 --b=2 --c` as (path, text) pairs; a bare flag is true."""
    found: list[tuple[str, str]] = []
    words = list(flags)
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            raise FieldError(
                f"'{word}' is not a flag", expected="--field value", remedy="likely families NAME lists the fields"
            )
        path, equals, value = word[2:].partition("=")
        if not equals:
            value = words.pop(0) if words and not words[0].startswith("--") else "true"
        found.append((path, value))
    return found


def fields_help(name: str) -> list[tuple[str, str]]:
    """Each field of a family as a flag and its help."""
    spelled = full_name("Family", name)
    return [
        (f"--{told.name.replace('_', '-')} {_kind(told.type)}", f"{told.help} [default: {told.default}]")
        for told in told_fields("Family", spelled)
    ]


def _kind(annotation: str) -> str:
    return annotation.replace(" | None", "").replace("tuple[", "").replace(", ...]", ",..").upper()


def epilog() -> str:
    """The fields of the family that the command line names, or how to see them; for a command's help."""
    name = named_family()
    if name is None:
        return "Every field of the family is a flag too: `likely families NAME` lists them."
    lines = [f"  {flag}\n      {help}" for flag, help in fields_help(name)]
    return "\b\n" + "\n".join([f"Fields of {full_name('Family', name)}:", *lines])


def named_family() -> str | None:
    """The family that the command line names, before it is parsed."""
    import sys

    words = sys.argv
    after = [words[i + 1] for i, word in enumerate(words[:-1]) if word in ("--family", "-f")]
    joined = [word.partition("=")[2] for word in words if word.startswith("--family=")]
    return next((word.partition(",")[0] for word in after + joined if squashed(word)), None)
