"""Texts as codes and back: words, characters, a molecule's atoms, bytes, or pairs of bytes that were learned."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from likely.codecs.parts import Part
from likely.codecs.spelling import Joined, Spelling, Utf8
from likely.data.texts import MOLECULE
from likely.errors import FieldError

FEW = 2000  # different words, at most, for texts to be read as words
BYTES = tuple(bytes([byte]) for byte in range(256))
LONGEST = 2**20  # tokens in one text: a hostile file cannot ask for more
SEEN = 20_000  # texts that a vocabulary of pairs is learned from


class Vocabulary(ABC):
    """A table of tokens; the text of a text's codes is that text, to the letter."""

    word: ClassVar[str]  # what its tokens are called, in messages
    name: ClassVar[str]  # in files and flags

    @property
    @abstractmethod
    def size(self) -> int:
        """How many codes there are."""

    @classmethod
    @abstractmethod
    def learned(cls, texts: Sequence[str]) -> "Vocabulary":
        """The tokens that these texts need."""

    @abstractmethod
    def codes(self, text: str) -> list[int]:
        """The text's codes; every token must be known."""

    @abstractmethod
    def text(self, codes: Sequence[int]) -> str:
        """What codes say."""

    @abstractmethod
    def begun_by(self, code: int) -> Sequence[int]:
        """The codes that a text may turn out to have in this one's place when it goes on; this one is among them."""

    @abstractmethod
    def spelling(self, *, first: bool = True, begun: int | None = None) -> Spelling:
        """Codes as text, as they come; `first`: no text is before them; the text of `begun` is known and not told."""

    @abstractmethod
    def unknown(self, text: str) -> list[str]:
        """The tokens of a text that the table does not have."""

    @abstractmethod
    def known(self) -> Sequence[str]:
        """Some tokens, for a message."""

    @abstractmethod
    def parts(self) -> dict[str, Any]:
        """What rebuilds it."""

    @classmethod
    @abstractmethod
    def from_parts(cls, part: Part) -> "Vocabulary":
        """The vocabulary that parts describe."""


class Listed(Vocabulary):
    """A table with an entry for each piece that was seen."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self.tokens = tuple(tokens)
        self._codes = {token: code for code, token in enumerate(self.tokens)}

    @staticmethod
    @abstractmethod
    def cut(text: str) -> list[str]:
        """The text's pieces in order."""

    between: ClassVar[str] = ""  # what stood between two pieces

    @property
    def size(self) -> int:
        return len(self.tokens)

    @classmethod
    def learned(cls, texts: Sequence[str]) -> "Listed":
        return cls(sorted(set(chain.from_iterable(map(cls.cut, texts)))))

    def codes(self, text: str) -> list[int]:
        return [self._codes[piece] for piece in self.cut(text)]

    def text(self, codes: Sequence[int]) -> str:
        return self.between.join(self.tokens[code] for code in codes)

    def begun_by(self, code: int) -> Sequence[int]:
        return (code,)

    def spelling(self, *, first: bool = True, begun: int | None = None) -> Spelling:
        return Joined(self.tokens, self.between, first=first)

    def unknown(self, text: str) -> list[str]:
        return [piece for piece in self.cut(text) if piece not in self._codes]

    def known(self) -> Sequence[str]:
        return self.tokens

    def parts(self) -> dict[str, Any]:
        return {"unit": self.name, "vocabulary": list(self.tokens)}

    @classmethod
    def from_parts(cls, part: Part) -> "Listed":
        tokens = part.texts("vocabulary")
        if not tokens or len(set(tokens)) != len(tokens):
            part.refuse("vocabulary", "different tokens")
        return cls(tokens)


@final
class Words(Listed):
    """Between single blanks, so that joining gives the text back."""

    word, name, between = "words", "words", " "

    @staticmethod
    def cut(text: str) -> list[str]:
        return text.split(" ")


@final
class Characters(Listed):
    """Letters, digits, marks."""

    word = name = "characters"

    @staticmethod
    def cut(text: str) -> list[str]:
        return list(text)


@final
class Atoms(Listed):
    """A molecule's atoms, bonds, branches and rings: Cl and [nH] are one piece each."""

    word, name = "atoms and bonds", "atoms"

    @staticmethod
    def cut(text: str) -> list[str]:
        pieces = MOLECULE.findall(text)
        return pieces if sum(map(len, pieces)) == len(text) else list(text)


@final
class Bytes(Vocabulary):
    """UTF-8: no text is unknown."""

    word = name = "bytes"
    size = 256  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]

    @classmethod
    def learned(cls, texts: Sequence[str]) -> "Bytes":
        return cls()

    def codes(self, text: str) -> list[int]:
        return list(text.encode("utf-8", "surrogateescape"))

    def text(self, codes: Sequence[int]) -> str:
        return bytes(codes).decode("utf-8", "surrogateescape")

    def begun_by(self, code: int) -> Sequence[int]:
        return (code,)

    def spelling(self, *, first: bool = True, begun: int | None = None) -> Spelling:
        return Utf8(BYTES, "surrogateescape")

    def unknown(self, text: str) -> list[str]:
        return []

    def known(self) -> Sequence[str]:
        return ()

    def parts(self) -> dict[str, Any]:
        return {"unit": self.name, "vocabulary": []}

    @classmethod
    def from_parts(cls, part: Part) -> "Bytes":
        return cls()


@final
class Pairs(Vocabulary):
    """Byte-pair encoding: frequent neighbours are one token; bytes remain, so no text is unknown."""

    word = name = "pairs"
    most: ClassVar[int] = 4096  # tokens

    def __init__(self, told: str) -> None:
        self._told, self._tokenizer = told, _tokenizers().Tokenizer.from_str(told)

    @property
    def size(self) -> int:
        return self._tokenizer.get_vocab_size()

    @classmethod
    def learned(cls, texts: Sequence[str]) -> "Pairs":
        library = _tokenizers()
        made = library.Tokenizer(library.models.BPE())
        made.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = library.decoders.ByteLevel()
        alphabet = library.pre_tokenizers.ByteLevel.alphabet()
        trainer = library.trainers.BpeTrainer(vocab_size=cls.most, initial_alphabet=alphabet, show_progress=False)
        made.train_from_iterator(texts[:SEEN], trainer)
        return cls(made.to_str())

    def codes(self, text: str) -> list[int]:
        return self._tokenizer.encode(text).ids

    def text(self, codes: Sequence[int]) -> str:
        return self._tokenizer.decode(list(codes), skip_special_tokens=False)

    def begun_by(self, code: int) -> Sequence[int]:
        start = self._bytes[code]
        return [other for other, told in enumerate(self._bytes) if told.startswith(start)] if start else (code,)

    def spelling(self, *, first: bool = True, begun: int | None = None) -> Spelling:
        return Utf8(self._bytes, "replace", known=0 if begun is None else len(self._bytes[begun]))

    @cached_property
    def _bytes(self) -> list[bytes]:
        return [_as_bytes(self._tokenizer.id_to_token(code) or "") for code in range(self.size)]

    def unknown(self, text: str) -> list[str]:
        return [letter for letter in text if "\ud800" <= letter <= "\udfff"]  # halves of letters, of no byte

    def known(self) -> Sequence[str]:
        return ()

    def parts(self) -> dict[str, Any]:
        return {"unit": self.name, "vocabulary": [self._told]}

    @classmethod
    def from_parts(cls, part: Part) -> "Pairs":
        told = part.texts("vocabulary")
        if len(told) != 1 or not isinstance(json.loads(told[0]), dict):
            part.refuse("vocabulary", "one tokenizer")
        try:
            return cls(told[0])
        except FieldError:
            raise
        except Exception:  # the library's own errors are bare Exceptions
            return part.refuse("vocabulary", "a tokenizer that can be read")


VOCABULARIES: dict[str, type[Vocabulary]] = {each.name: each for each in (Words, Characters, Atoms, Bytes, Pairs)}


def vocabulary_from(part: Part) -> Vocabulary:
    """The vocabulary that a codec's parts name."""
    return part.choice("unit", VOCABULARIES).from_parts(part)


def words_or_characters(texts: Sequence[str]) -> type[Vocabulary]:
    """Words where they are few and come again, else characters."""
    words = [word for text in texts for word in Words.cut(text)]
    few = len(set(words)) <= FEW and len(words) >= 4 * len(set(words))
    return Words if few else Characters


def padded(codes: Sequence[Sequence[int]], length: int) -> Tensor:
    """(N, length) int64, -1 past each text's end."""
    x = torch.full((len(codes), length), -1, dtype=torch.long)
    for row, told in zip(x, codes, strict=True):
        row[: len(told)] = torch.tensor(told, dtype=torch.long)
    return x


def until_end(codes: list[int]) -> list[int]:
    """The codes before the first -1."""
    return codes[: codes.index(-1)] if -1 in codes else codes


def _as_bytes(token: str) -> bytes:
    """The bytes that a token of pairs stands for; each is written as a letter that can be seen."""
    if all(letter in LETTERS for letter in token):
        return bytes(LETTERS[letter] for letter in token)
    return token.encode("utf-8")


def _letters() -> dict[str, int]:
    """The byte of each letter of `Pairs`: bytes that can be seen are their own letters, the others follow U+0100."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    unseen = [byte for byte in range(256) if byte not in seen]
    return {chr(byte): byte for byte in seen} | {chr(256 + place): byte for place, byte in enumerate(unseen)}


LETTERS = _letters()


def _tokenizers() -> Any:
    try:
        import tokenizers
    except ImportError as error:
        raise FieldError(
            "byte-pair encoding needs the package tokenizers", remedy="pip install 'likely[text]', or unit characters"
        ) from error
    return tokenizers
