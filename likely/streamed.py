"""A file larger than memory, as passes of examples: read, encoded and forgotten piece by piece."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, final

import numpy as np
import torch

from likely.codecs import Codec
from likely.conditions import Gathered
from likely.data import Schema, Table, chunks, infer_schema, streams
from likely.data.declaration import declaration
from likely.data.file import reaches
from likely.store import sha256
from likely.training import Examples

LARGE = 512 * 2**20  # bytes of a file, unpacked, beyond which it is streamed
CHUNK = 50_000  # rows at a time


@final
class Streamed:
    """Called, a fresh pass. The first pass counts the rows and gathers the law of their conditions."""

    def __init__(
        self, path: Path, schema: Schema, codec: Codec[Any], given: Codec[Any] | None, weight: str | None
    ) -> None:
        self.path, self.schema, self.codec, self.given, self.weight = path, schema, codec, given, weight
        self.rows = 0
        self.gathered = None if given is None else Gathered(given.space)

    def __call__(self) -> Iterator[Examples]:
        first = self.rows == 0
        for part in chunks(self.path, self.schema, size=CHUNK):
            examples = self._examples(part)
            if first:
                self._count(examples)
            yield examples

    def _examples(self, part: Table) -> Examples:
        c = None if self.given is None else self.given.encode(part).x
        weight = None if self.weight is None else torch.from_numpy(np.array(part.frame[self.weight], dtype=np.float64))
        return Examples(self.codec.encode(part).x, c, weight)

    def _count(self, examples: Examples) -> None:
        self.rows += len(examples)
        if examples.c is not None and self.gathered is not None:
            self.gathered.add(examples.c)


def is_large(source: Any, schema: Any = None) -> bool:
    """Whether the source is a table on disk that should not be held in memory."""
    path = Path(source).expanduser() if isinstance(source, str | Path) else None
    if path is None or not path.is_file() or not streams(path, declaration(schema)):
        return False
    return reaches(path, LARGE)


def sample_of(source: Any, schema: Any) -> tuple[Table, str]:
    """Rows of the file's head under the schema of the whole of it, and the file's hash."""
    path = Path(source).expanduser()
    found = infer_schema(path, schema=schema)
    return next(chunks(path, found, size=2 * CHUNK)), sha256(path)
