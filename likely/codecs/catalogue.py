"""Which codec suits which rows, and which codec a saved model names."""

from collections.abc import Sequence
from typing import Any

from likely.codecs.codec import Codec
from likely.codecs.image import ImageCodec
from likely.codecs.parts import Part
from likely.codecs.series import SeriesCodec
from likely.codecs.sound import SoundCodec
from likely.codecs.table import TableCodec
from likely.codecs.text import TextCodec
from likely.codecs.texts import TextsCodec
from likely.data.rows import Images, Rows, Table
from likely.data.series import Panel
from likely.data.sound import Sounds
from likely.data.texts import Texts
from likely.errors import ConditionError, Corrupt
from likely.suggestion import shown

CODECS: dict[str, type[Codec[Any]]] = {
    "TableCodec": TableCodec,
    "ImageCodec": ImageCodec,
    "TextCodec": TextCodec,
    "TextsCodec": TextsCodec,
    "SeriesCodec": SeriesCodec,
    "SoundCodec": SoundCodec,
}


def codec_for(rows: Rows, *, columns: Sequence[str] | None = None) -> Codec[Any]:
    """The codec fitted to these rows, or to some of a table's columns."""
    match rows:
        case Table():
            return TableCodec.fit(rows, columns=columns)
        case Images():
            return ImageCodec.fit(rows)
        case Texts():
            return TextsCodec.fit(rows)
        case Panel():
            return SeriesCodec.fit(rows)
        case Sounds():
            return SoundCodec.fit(rows)
    raise TypeError(f"{type(rows).__name__} have no codec")


def condition_codec(rows: Rows, columns: Sequence[str]) -> TableCodec | TextCodec:
    """The codec of a condition: columns of a table, or of what is said about each picture."""
    table = rows.naming(columns, "to condition on")
    if not columns:
        raise ConditionError(
            "there is no column for a condition", expected=f"some of {shown(table.schema.names, most=20)}"
        )
    return _of_columns(table, columns)


def _of_columns(table: Table, columns: Sequence[str]) -> TableCodec | TextCodec:
    kinds = {name: table.schema[name].kind for name in columns}
    texts = [name for name, kind in kinds.items() if kind == "text"]
    empty = [name for name, kind in kinds.items() if kind in ("id", "constant")]
    if len(columns) == 1 and texts:
        return TextCodec.fit(table, column=columns[0])
    if texts or empty:
        name = (texts or empty)[0]
        raise ConditionError(
            f"column '{name}' ({kinds[name]}) cannot stand in this condition",
            expected="one column of text, or columns that are numbers, categories or dates",
            remedy=f"leave '{name}' out of the condition",
        )
    return TableCodec.fit(table, columns=columns, condition=True)


def codec_from_parts(parts: dict[str, Any]) -> Codec[Any]:
    """The codec that a saved model's parts describe; what is unexpected is an error, and nothing is executed."""
    try:
        return Part(parts).choice("is", CODECS).from_parts(parts)
    except Corrupt:
        raise
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError) as error:
        raise Corrupt(
            f"the saved codec cannot be read: {error}", expected="the folder as it was first saved"
        ) from error
