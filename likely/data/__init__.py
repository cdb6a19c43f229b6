"""The data room: files, frames and arrays become rows; rows are inferred, hashed, split, described and written."""

from likely.data.array import loaded
from likely.data.conform import restored
from likely.data.declaration import schema_from_json, schema_to_json
from likely.data.describe import (
    ColumnSummary,
    ImagesSummary,
    SeriesSummary,
    SoundsSummary,
    Summary,
    TableSummary,
    TextsSummary,
    describe,
)
from likely.data.embedded import EMBEDDED
from likely.data.generate import PLANES, SURFACES, true_log_prob, true_places
from likely.data.hashing import content_hash
from likely.data.holes import holed, in_channels, white
from likely.data.read import read
from likely.data.recipe import read_recipe
from likely.data.rows import Images, Pieces, Rows, Table
from likely.data.schema import ColumnSchema, Constraint, Schema, TextFile
from likely.data.series import Panel, series_of, windowed
from likely.data.series_file import chorales
from likely.data.sound import Sounds, sounds_of, spectrogram
from likely.data.split import Split, sides, split
from likely.data.stacked import stacked
from likely.data.stream import chunks, infer_schema, streams
from likely.data.texts import BytePages, Texts, texts_of
from likely.data.windows import Relative, Window, Windows
from likely.data.write import write

__all__ = [
    "EMBEDDED",
    "PLANES",
    "SURFACES",
    "BytePages",
    "ColumnSchema",
    "ColumnSummary",
    "Constraint",
    "Images",
    "ImagesSummary",
    "Panel",
    "Pieces",
    "Relative",
    "Rows",
    "Schema",
    "SeriesSummary",
    "Sounds",
    "SoundsSummary",
    "Split",
    "Summary",
    "Table",
    "TableSummary",
    "TextFile",
    "Texts",
    "TextsSummary",
    "Window",
    "Windows",
    "chorales",
    "chunks",
    "content_hash",
    "describe",
    "holed",
    "in_channels",
    "infer_schema",
    "loaded",
    "read",
    "read_recipe",
    "restored",
    "schema_from_json",
    "schema_to_json",
    "series_of",
    "sides",
    "sounds_of",
    "spectrogram",
    "split",
    "stacked",
    "streams",
    "texts_of",
    "true_log_prob",
    "true_places",
    "white",
    "windowed",
    "write",
]
