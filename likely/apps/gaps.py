"""Texts with gaps, filled in: a mark stands for one token that is not known, and what is known comes back as it was.

A text keeps its tokens and its end; a gap that nothing known follows may turn out to be past the end.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor

from likely.card import Completion
from likely.codecs import TextsCodec
from likely.codecs.vocabulary import Listed, Words, padded
from likely.completing import check_exact
from likely.contracts import AnyOrder, Completes, Fills
from likely.errors import CannotAnswer, FieldError, WrongRows
from likely.filling import Filling, disagreement, filled
from likely.fitted import Fitted
from likely.promises import promised

MARK = "_"
GAP = -2  # among codes
FEW = 16  # texts on which orders are compared: each costs a look a token


def completed(
    fitted: Fitted[Any], texts: Sequence[str], *,
    mark: str = MARK, particles: int | None = None, exact: bool = False, seed: int = 0,
) -> Completion:  # fmt: skip
    """The texts with every mark drawn from p(gaps | the rest)."""
    model, codec = promised(fitted.model, fitted.name, Completes, Fills), fitted.codec
    if not isinstance(codec, TextsCodec):
        raise CannotAnswer(f"{codec.reads.word} have no gaps to mark", expected="a model of texts",
                           remedy="leave cells of a table empty, and complete that")  # fmt: skip
    if fitted.condition_codec is not None:
        raise CannotAnswer(f"this {fitted.name} was fitted given {', '.join(fitted.card.condition)}",
                           expected="a model of texts alone")  # fmt: skip
    (x, known), how = gapped(codec, texts, mark), Filling(particles, seed=seed)
    if exact:
        check_exact(fitted.name, how.word(model))
    cells, share = filled(model, fitted.lift, x, known, None, how)
    apart = disagreement(model, cells[:FEW], None, seed=seed) if isinstance(model, AnyOrder) else None
    return Completion(codec.decode(cells), how.word(model), share, disagreement=apart)


def gapped(codec: TextsCodec, texts: Sequence[str], mark: str) -> tuple[Tensor, Tensor]:
    """Codes (B, T), -1 in gaps and past the end, and which places are known."""
    if len(mark) != 1 or (isinstance(codec.vocabulary, Listed) and mark in codec.vocabulary.tokens):
        raise FieldError(f"gaps are marked by {mark!r}", expected="one character that the model's texts do not have",
                         remedy="another mark")  # fmt: skip
    codes = [[*_codes(codec, text, mark, f"text {place}")] for place, text in enumerate(texts, 1)]
    for place, told in enumerate(codes, 1):
        if len(told) > codec.space.length:
            told_by = f"text {place} has {len(told)} {codec.vocabulary.word}"
            raise WrongRows(told_by, expected=f"at most {codec.space.length}, the longest text fitted",
                            remedy="shorten it")  # fmt: skip
    x = padded(codes, codec.space.length)
    return x.clamp(min=-1), x != GAP


def _codes(codec: TextsCodec, text: str, mark: str, called: str) -> Iterator[int]:
    words = isinstance(codec.vocabulary, Words)
    for place, piece in enumerate(text.split(" ") if words else text.split(mark)):
        if (place and not words) or (words and piece == mark):
            yield GAP
        if piece and not (words and piece == mark):
            yield from codec.codes(piece, called=called)
