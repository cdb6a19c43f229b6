"""The data room: files, frames and arrays become rows; rows are inferred, hashed, split, described and written."""

from likely.data.declaration import schema_from_json, schema_to_json
from likely.data.embedded import EMBEDDED
from likely.data.hashing import content_hash, row_hashes
from likely.data.infer import restored
from likely.data.read import read
from likely.data.rows import Images, Rows, Table
from likely.data.schema import ColumnSchema, Constraint, Schema, TextFile
from likely.data.split import Split, sides, split

__all__ = [
    "EMBEDDED",
    "ColumnSchema",
    "Constraint",
    "Images",
    "Rows",
    "Schema",
    "Split",
    "Table",
    "TextFile",
    "content_hash",
    "read",
    "restored",
    "row_hashes",
    "schema_from_json",
    "schema_to_json",
    "sides",
    "split",
]
