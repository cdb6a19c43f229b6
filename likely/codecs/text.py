"""A column of captions <-> `Tokens`: words or characters, coded by a vocabulary, -1 past the end and where missing."""

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
from likely.codecs.vocabulary import LONGEST, Vocabulary, padded, until_end, vocabulary_from, words_or_characters
from likely.data.rows import Table
from likely.data.schema import Schema
from likely.errors import EmptyData
from likely.spaces import Tokens


@final
class TextCodec(Codec[Table]):
    """One column of texts."""

    reads = Table
    space: Tokens

    def __init__(self, schema: Schema, vocabulary: Vocabulary, length: int) -> None:
        self.schema, self.vocabulary = schema, vocabulary
        self.space = Tokens(vocabulary.size, length)
        self.measure = f"mass of a text of at most {length} {vocabulary.word}"

    @classmethod
    def fit(cls, table: Table, *, column: str, unit: type[Vocabulary] | None = None) -> "TextCodec":
        """The codec of a column; by default of words where they are few and come again, else of characters."""
        schema = table.schema.only([column])
        check_frame(table.frame, [column])
        told = [text for text in _texts(table, schema) if text]
        if not told:
            raise EmptyData(f"column '{column}' has no text", remedy="another column, or rows with captions")
        vocabulary = (unit or words_or_characters(told)).learned(told)
        return cls(schema, vocabulary, max(len(vocabulary.codes(text)) for text in told))

    @property
    def column(self) -> str:
        """The column's name."""
        return self.schema.names[0]

    def encode(self, rows: Table) -> Cells:
        check_frame(rows.frame, [self.column])
        cells, texts = cells_of(rows.frame, self.column), _texts(rows, self.schema)
        self._check_known([self.vocabulary.unknown(text) if text else [] for text in texts])
        codes = [self.vocabulary.codes(text) if text else [] for text in texts]
        self._check_lengths(codes, cells)
        return Cells(padded(codes, self.space.length), torch.zeros(len(codes), dtype=torch.float64))

    def decode(self, x: Tensor) -> Table:
        told = [until_end(codes) for codes in x.detach().cpu().tolist()]
        texts = [self.vocabulary.text(codes) if codes else np.nan for codes in told]
        cells = typed_cells(pd.Series(texts, dtype=object), self.schema.columns[0].dtype)
        return Table(pd.DataFrame({self.column: cells}), self.schema)

    def parts(self) -> dict[str, Any]:
        return {
            "is": "TextCodec",
            "schema": schema_parts(self.schema),
            "length": self.space.length,
            **self.vocabulary.parts(),
        }

    @classmethod
    def from_parts(cls, parts: dict[str, Any]) -> "TextCodec":
        part = Part(parts).only("is", "schema", "unit", "vocabulary", "length")
        schema = schema_from(part.part("schema"))
        if len(schema.columns) != 1:
            part.refuse("schema", "one column")
        return cls(schema, vocabulary_from(part), part.integer("length", 1, LONGEST))

    def _check_known(self, strange: list[list[str]]) -> None:
        if not any(strange):
            return
        first, known = list(dict.fromkeys(token for tokens in strange for token in tokens)), self.vocabulary.known()
        word = self.vocabulary.word
        refuse(
            self.column,
            np.array([bool(tokens) for tokens in strange]),
            f"{word} that were not there when the model was fitted: {', '.join(map(repr, first[:5]))}",
            expected=f"some of {', '.join(map(repr, known[:12]))}{', ...' * (len(known) > 12)}",
            remedy=f"say it in known {word}, or fit again with texts that have them",
        )

    def _check_lengths(self, codes: list[list[int]], cells: pd.Series) -> None:
        if (long := np.array([len(each) > self.space.length for each in codes], dtype=bool)).any():
            refuse(
                self.column,
                long,
                f"longer than {self.space.length} {self.vocabulary.word}",
                cells=cells,
                expected=f"at most {self.space.length}, the longest text fitted",
                remedy="shorten it",
            )


def _texts(table: Table, schema: Schema) -> list[str | None]:
    cells = cells_of(table.frame, schema.names[0])
    missing = absent(cells, schema.columns[0])
    return [None if gone else str(cell) for cell, gone in zip(cells, missing)]
