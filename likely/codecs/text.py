"""A column of captions <-> `Tokens`: words or characters, coded by a vocabulary, -1 past the end and where missing."""

from collections.abc import Sequence
from enum import Enum
from typing import Any, final

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from likely.codecs.codec import Cells, Codec
from likely.codecs.described import schema_from, schema_parts
from likely.codecs.learned import check_frame
from likely.codecs.parts import Part
from likely.codecs.reader import absent, typed_cells
from likely.codecs.refusal import cells_of, refuse
from likely.data.rows import Table
from likely.data.schema import Schema
from likely.errors import EmptyData
from likely.spaces import Tokens

FEW = 2000  # different words, at most, for captions to be read as words
LONGEST = 2**20  # tokens in one text: a hostile file cannot ask for more


class Unit(Enum):
    """What a text is cut into."""

    WORDS = " "  # between single blanks, so that joining gives the text back to the letter
    CHARACTERS = ""


@final
class TextCodec(Codec[Table]):
    """One column of texts."""

    reads = Table
    space: Tokens

    def __init__(self, schema: Schema, unit: Unit, vocabulary: Sequence[str], length: int) -> None:
        self.schema, self.unit, self.vocabulary = schema, unit, tuple(vocabulary)
        self.space = Tokens(len(self.vocabulary), length)
        self.measure = f"mass of a text of at most {length} {unit.name.lower()}"
        self._codes = {token: code for code, token in enumerate(self.vocabulary)}

    @classmethod
    def fit(cls, table: Table, *, column: str, unit: Unit | None = None) -> "TextCodec":
        """The codec of a column; by default of words where they are few and come again, else of characters."""
        schema = table.schema.only([column])
        check_frame(table.frame, [column])
        texts = _texts(table, schema)
        told = [text for text in texts if text]
        if not told:
            raise EmptyData(f"column '{column}' has no text", remedy="another column, or rows with captions")
        unit = unit or (Unit.WORDS if _few_words(told) else Unit.CHARACTERS)
        cut = [_cut(text, unit) for text in told]
        vocabulary = sorted({token for tokens in cut for token in tokens})
        return cls(schema, unit, vocabulary, max(map(len, cut)))

    @property
    def column(self) -> str:
        """The column's name."""
        return self.schema.names[0]

    def encode(self, rows: Table) -> Cells:
        check_frame(rows.frame, [self.column])
        cells, texts = cells_of(rows.frame, self.column), _texts(rows, self.schema)
        cut = [_cut(text, self.unit) if text else [] for text in texts]
        self._check(cut, cells)
        x = torch.full((len(cut), self.space.length), -1, dtype=torch.long)
        for row, tokens in zip(x, cut):
            row[: len(tokens)] = torch.tensor([self._codes[token] for token in tokens], dtype=torch.long)
        return Cells(x, torch.zeros(len(cut), dtype=torch.float64))

    def decode(self, x: Tensor) -> Table:
        texts = [self._joined(codes) for codes in x.detach().cpu().tolist()]
        cells = typed_cells(pd.Series(texts, dtype=object), self.schema.columns[0].dtype)
        return Table(pd.DataFrame({self.column: cells}), self.schema)

    def parts(self) -> dict[str, Any]:
        fitted = {"unit": self.unit.name.lower(), "vocabulary": list(self.vocabulary), "length": self.space.length}
        return {"is": "TextCodec", "schema": schema_parts(self.schema), **fitted}

    @classmethod
    def from_parts(cls, parts: dict[str, Any]) -> "TextCodec":
        part = Part(parts).only("is", "schema", "unit", "vocabulary", "length")
        schema, vocabulary = schema_from(part.part("schema")), part.texts("vocabulary")
        if len(schema.columns) != 1 or not vocabulary or len(set(vocabulary)) != len(vocabulary):
            part.refuse("vocabulary", "different tokens, for one column")
        unit = part.choice("unit", {unit.name.lower(): unit for unit in Unit})
        return cls(schema, unit, vocabulary, part.integer("length", 1, LONGEST))

    def _joined(self, codes: list[int]) -> Any:
        """The text up to the first code that is -1; missing where there is none."""
        end = codes.index(-1) if -1 in codes else len(codes)
        return self.unit.value.join(self.vocabulary[code] for code in codes[:end]) if end else np.nan

    def _check(self, cut: list[list[str]], cells: pd.Series) -> None:
        strange = [[token for token in tokens if token not in self._codes] for tokens in cut]
        if any(strange):
            first = list(dict.fromkeys(token for tokens in strange for token in tokens))
            kind = self.unit.name.lower()
            refuse(
                self.column,
                np.array([bool(tokens) for tokens in strange]),
                f"{kind} that were not there when the model was fitted: {', '.join(map(repr, first[:5]))}",
                expected=f"some of {', '.join(map(repr, self.vocabulary[:12]))}{', ...' * (len(self.vocabulary) > 12)}",
                remedy=f"say it in known {kind}, or fit again with texts that have them",
            )
        if (long := np.array([len(tokens) > self.space.length for tokens in cut], dtype=bool)).any():
            refuse(
                self.column,
                long,
                f"longer than {self.space.length} {self.unit.name.lower()}",
                cells=cells,
                expected=f"at most {self.space.length}, the longest text fitted",
                remedy="shorten it",
            )


def _texts(table: Table, schema: Schema) -> list[str | None]:
    cells = cells_of(table.frame, schema.names[0])
    missing = absent(cells, schema.columns[0])
    return [None if gone else str(cell) for cell, gone in zip(cells, missing)]


def _cut(text: str, unit: Unit) -> list[str]:
    return text.split(" ") if unit is Unit.WORDS else list(text)


def _few_words(texts: list[str]) -> bool:
    words = [word for text in texts for word in _cut(text, Unit.WORDS)]
    return len(set(words)) <= FEW and len(words) >= 4 * len(set(words))
