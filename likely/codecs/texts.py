"""Texts <-> `Tokens`, -1 past the end: lines, molecules, proteins, and the pages of a document."""

from typing import Any, final

import torch
from torch import Tensor

from likely.codecs.codec import Cells, Codec
from likely.codecs.parts import Part
from likely.codecs.vocabulary import (
    LONGEST,
    Atoms,
    Bytes,
    Characters,
    Vocabulary,
    padded,
    until_end,
    vocabulary_from,
)
from likely.data.texts import BytePages, Form, Texts
from likely.errors import EmptyData, WrongRows
from likely.spaces import Tokens

UNITS: dict[Form, type[Vocabulary]] = {
    "lines": Characters,
    "document": Characters,
    "molecules": Atoms,
    "proteins": Characters,
}  # where the person names none


@final
class TextsCodec(Codec[Texts]):
    """Whole texts, one a row."""

    reads = Texts
    space: Tokens
    form: Form

    def __init__(self, form: Form, vocabulary: Vocabulary, length: int) -> None:
        self.form, self.vocabulary = form, vocabulary
        self.space = Tokens(vocabulary.size, length)
        self.measure = f"mass of a text of at most {length} {vocabulary.word}"

    @classmethod
    def fit(cls, rows: Texts, *, unit: type[Vocabulary] | None = None) -> "TextsCodec":
        """The vocabulary of these texts: atoms for molecules, bytes for files that are not loaded, else characters."""
        mapped = isinstance(rows.texts, BytePages)
        vocabulary = (unit or (Bytes if mapped else UNITS[rows.form])).learned(rows.texts)
        longest = rows.texts.pages.shape[1] if isinstance(rows.texts, BytePages) else _longest(rows, vocabulary)
        if not longest:
            raise EmptyData("the texts are all empty", expected="at least one character")
        return cls(rows.form, vocabulary, longest)

    def encode(self, rows: Texts) -> Cells:
        x = self._mapped(rows)
        return Cells(x, torch.zeros(len(x), dtype=torch.float64))

    def _mapped(self, rows: Texts) -> Tensor:
        """Pages of a file that is not loaded stay where they lie: their bytes are the codes."""
        if isinstance(rows.texts, BytePages) and isinstance(self.vocabulary, Bytes):
            return torch.from_numpy(rows.texts.pages)
        codes = [self.codes(text, called=f"text {place}") for place, text in enumerate(rows.texts, 1)]
        self._check_lengths(codes)
        return padded(codes, self.space.length)

    def codes(self, text: str, *, called: str) -> list[int]:
        """The codes of a text, of any length; a message about what is unknown in it calls it so."""
        if strange := self.vocabulary.unknown(text):
            known, word = self.vocabulary.known(), self.vocabulary.word
            some = f"some of {', '.join(map(repr, known[:12]))}{', ...' * (len(known) > 12)}" if known else "UTF-8"
            raise WrongRows(
                f"{called} has {word} that were not there when the model was fitted: "
                f"{', '.join(map(repr, dict.fromkeys(strange))):.200}",
                expected=some,
                remedy="leave them out, or fit again with texts that have them, or on bytes",
            )
        return self.vocabulary.codes(text)

    def decode(self, x: Tensor) -> Texts:
        texts = tuple(self.vocabulary.text(until_end(codes)) for codes in x.detach().cpu().tolist())
        return Texts(texts, self.form)

    def parts(self) -> dict[str, Any]:
        return {"is": "TextsCodec", "form": self.form, "length": self.space.length, **self.vocabulary.parts()}

    @classmethod
    def from_parts(cls, parts: dict[str, Any]) -> "TextsCodec":
        part = Part(parts).only("is", "form", "unit", "vocabulary", "length")
        forms: dict[str, Form] = dict(zip(UNITS, UNITS, strict=True))
        form = part.choice("form", forms)
        return cls(form, vocabulary_from(part), part.integer("length", 1, LONGEST))

    def _check_lengths(self, codes: list[list[int]]) -> None:
        for place, told in enumerate(codes):
            if len(told) > self.space.length:
                raise WrongRows(
                    f"text {place + 1} has {len(told)} {self.vocabulary.word}",
                    expected=f"at most {self.space.length}, the longest text fitted",
                    remedy="shorten it",
                )


def _longest(rows: Texts, vocabulary: Vocabulary) -> int:
    return max((len(vocabulary.codes(text)) for text in rows.texts), default=0)
