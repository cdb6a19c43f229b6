"""The page's colours on light and on dark paper, and how far apart two of them are to the eye.

    L = 0.2126 r + 0.7152 g + 0.0722 b,   r, g, b of linear light          (1) relative luminance
    contrast = (L_lighter + 0.05) / (L_darker + 0.05)                      (2) from 1 to 21

Web Content Accessibility Guidelines 2.2 (W3C, 2023): words need 4.5, marks that carry meaning 3.
"""

from dataclasses import dataclass, fields

from markupsafe import Markup

WORDS, MARKS = 4.5, 3.0  # the least contrast of each
SHADE = 0.22  # how much of the accent the darkest cell of a table takes
SERIES = 8  # colours of curves


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours by what they are for, as #rrggbb."""

    paper: str
    card: str  # what stands on the paper
    ink: str
    soft: str  # words of less weight
    line: str  # hairlines, which carry nothing
    real: str  # real rows, as areas
    edge: str  # real rows, as lines
    accent: str  # samples
    good: str
    bad: str
    other: str
    series: tuple[str, ...]  # curves, the first of them the accent
    classes: tuple[str, ...]  # of rows in a map, the last of them for all others

    @property
    def css(self) -> Markup:
        """The colours as properties of the page."""
        plain = [f"--{each.name}: {getattr(self, each.name)}" for each in fields(self) if each.type is str]
        return Markup("; ".join([*plain, *(f"--{name}: {colour}" for name, colour in self.numbered.items())]))

    @property
    def words(self) -> dict[str, str]:
        """Every colour that words are written in."""
        plain = {name: getattr(self, name) for name in ("ink", "soft", "accent", "good", "bad", "other")}
        return plain | self.numbered

    @property
    def numbered(self) -> dict[str, str]:
        """The colours that have no meaning of their own."""
        curves = {f"c{place}": colour for place, colour in enumerate(self.series)}
        return curves | {f"k{place}": colour for place, colour in enumerate(self.classes)}


LIGHT = Palette(
    paper="#faf9f6", card="#ffffff", ink="#1d2330", soft="#545c6a", line="#e2dfd6", real="#c3c8d0", edge="#7d8593",
    accent="#b93e0c", good="#12703a", bad="#b3201d", other="#1d4ed8",
    series=("#b93e0c", "#1d4ed8", "#12703a", "#8a2fa3", "#0b7285", "#8f6400", "#b3245c", "#5f6470"),
    classes=("#2563c9", "#c2410c", "#2b7a39", "#8f2fa8", "#8a6a00", "#0b7785", "#b3245c", "#6b4f2a", "#566331",
             "#636a76"),
)  # fmt: skip
DARK = Palette(
    paper="#13161c", card="#1a1e26", ink="#e9e7e2", soft="#a9b1be", line="#2f3541", real="#4b5361", edge="#8b94a3",
    accent="#fb9a4b", good="#4ade80", bad="#f98080", other="#74a8ff",
    series=("#fb9a4b", "#74a8ff", "#69db7c", "#da8bf0", "#4dd4e0", "#e6c229", "#ff8fb5", "#a9b1be"),
    classes=("#74a8ff", "#ff9466", "#69db7c", "#da8bf0", "#ffd43b", "#4dd4e0", "#ff8fb5", "#c9a578", "#b7c68b",
             "#9aa3b0"),
)  # fmt: skip


def contrast(first: str, second: str) -> float:
    """From 1, the same light, to 21, black on white."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)  # (2)


def luminance(colour: str) -> float:
    """The light of a colour to the eye, 0 to 1."""
    red, green, blue = (_linear(part / 255) for part in bytes.fromhex(colour[1:]))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue  # (1)


def _linear(part: float) -> float:
    """Light of a channel of sRGB."""
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def mixed(colour: str, paper: str, share: float) -> str:
    """So much of a colour on paper, as CSS mixes in sRGB."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(paper[1:]), strict=True)
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)
