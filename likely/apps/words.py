"""Small things in words."""

from collections.abc import Sequence


def duration(seconds: float) -> str:
    """A time with its unit."""
    for size, unit, digits in ((60, "min", 1), (1, "s", 1), (1e-3, "ms", 1), (1e-6, "µs", 0)):
        if seconds >= size:
            return f"{seconds / size:.{digits}f} {unit}"
    return "< 1 µs"


def listed(names: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def first_line(text: str) -> str:
    """What happened, without what to do."""
    return text.partition("\n")[0].rstrip(".")


def cut(text: str, most: int) -> str:
    """Its beginning, where it is longer than that."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
