"""SVG by hand: shapes that take their colours from the page, so that they are as legible on dark paper."""

import re
from collections.abc import Iterable
from html import escape

from markupsafe import Markup


def svg(width: float, height: float, shapes: Iterable[str], *, label: str) -> Markup:
    """A drawing that scales with the page; the label is read aloud."""
    size = f'viewBox="0 0 {width:g} {height:g}"'
    return Markup(f'<svg {size} role="img" aria-label="{escape(label)}">{"".join(shapes)}</svg>')


def text(x: float, y: float, said: str, kind: str = "", *, end: str = "start") -> str:
    """Words, from x on, around it ("middle") or up to it ("end")."""
    return f'<text x="{x:.4g}" y="{y:.4g}" class="{kind}" text-anchor="{end}">{escape(said)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "") -> str:
    """A straight line."""
    return f'<line x1="{x1:.4g}" y1="{y1:.4g}" x2="{x2:.4g}" y2="{y2:.4g}" class="{kind}"/>'


def box(x: float, y: float, width: float, height: float, kind: str = "") -> str:
    """A filled rectangle."""
    return f'<rect x="{x:.4g}" y="{y:.4g}" width="{max(width, 0):.4g}" height="{max(height, 0):.4g}" class="{kind}"/>'


def path(points: Iterable[tuple[float, float]], kind: str = "") -> str:
    """A line through points."""
    return f'<path d="M{" L".join(f"{x:.4g} {y:.4g}" for x, y in points)}" class="{kind}"/>'


def dots(points: Iterable[tuple[float, float]], radius: float, kind: str = "") -> str:
    """Many points as one shape: a line of no length with round ends, each."""
    places = "".join(f"M{x:.4g} {y:.4g}h0" for x, y in points)
    return f'<path d="{places}" class="{kind}" style="stroke-width:{2 * radius:g}"/>'


def shortened(said: str, most: int) -> str:
    """Words cut to so many letters."""
    return said if len(said) <= most else said[: most - 1] + "…"


def signed(said: str) -> str:
    """Numbers with a minus sign that is as wide as a plus; hyphens of words stay."""
    return re.sub(r"(?<!\w)-(?=[\d.∞])|(?<=e)-(?=\d)", "\N{MINUS SIGN}", said)
