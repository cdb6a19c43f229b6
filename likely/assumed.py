"""What a fitted model takes missing cells to mean, in a sentence: left out as missing at random, or modelled.

    left out   log p(x_there | c),  the missing cells integrated over; right where p(hole | x) = p(hole | x_there)   (1)
    modelled   log p(x_there, which are missing | c): a hole is one more value of its column                         (2)

In both a cell is completed as those of alike rows are that have it: what is drawn is right where, among rows alike in
all that is known of them, the holes are of no particular values. Under (2) the holes of a row are part of that.
"""

from typing import Any

from likely.codecs import Codec, SeriesCodec, TableCodec
from likely.suggestion import shown


def assumed(codec: Codec[Any]) -> str:
    """The sentence; nothing of rows that have no cells to miss (pictures, sounds, texts)."""
    if isinstance(codec, SeriesCodec):
        return f"gaps and ends are modelled as part of a series: {MODELLED}" if codec.space.missing else ""
    if not isinstance(codec, TableCodec):
        return ""
    left = [name for name in codec.names if name in codec.layout.chances]
    kept = [name for name in codec.names if codec.layout.cells[name].column.missing]
    told = [f"cells missing in {shown(left)} are left out, as missing at random: {LEFT_OUT}"] if left else []
    told += [f"which cells of {shown(kept)} are missing is modelled as part of the row: {MODELLED}"] if kept else []
    return "; ".join(told) or NONE


LEFT_OUT = "which they are is taken to say nothing of their values beyond what is known of the row"
MODELLED = "a hole tells of the rest, and is filled as in rows alike in all that is known, their holes too"
NONE = "no cell was missing; unknown cells are filled as in rows alike in all that is known"
