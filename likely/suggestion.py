"""Near names for an error's remedy, and names in a row."""

from collections.abc import Iterable
from difflib import get_close_matches


def near(name: str, known: Iterable[str]) -> list[str]:
    """Up to three known names that look like this one."""
    by_lower = {each.lower(): each for each in known}
    return [by_lower[match] for match in get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)]


def meant(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The question that offers near names; something else where none is near."""
    alike = near(name, known)
    return f"did you mean {shown(alike)}?" if alike else otherwise


def shown(names: Iterable[str], most: int = 8) -> str:
    """'a', 'b' and 3 more."""
    quoted = [f"'{name}'" for name in names]
    extra = len(quoted) - most
    return ", ".join(quoted[:most]) + (f" and {extra} more" if extra > 0 else "")
