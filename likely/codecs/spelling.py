"""Codes as text, as they come: what is certain so far, and never half a letter."""

import codecs
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import final


class Spelling(ABC):
    """One text being spelled; what `add` and at last `rest` gave is together the text of all codes."""

    @abstractmethod
    def add(self, code: int) -> str:
        """The text that is certain with one more code."""

    @abstractmethod
    def rest(self) -> str:
        """What was held back, where no code follows."""


@final
class Joined(Spelling):
    """Tokens that are texts, with the same between any two."""

    def __init__(self, tokens: Sequence[str], between: str = "", *, first: bool = True) -> None:
        self.tokens, self.between, self.first = tokens, between, first

    def add(self, code: int) -> str:
        before, self.first = "" if self.first else self.between, False
        return before + self.tokens[code]

    def rest(self) -> str:
        return ""


@final
class Utf8(Spelling):
    """Tokens that are bytes: those of an unfinished letter wait for its others.

    So many bytes of the first token are `known` and not told.
    """

    def __init__(self, tokens: Sequence[bytes], errors: str, *, known: int = 0) -> None:
        self.tokens, self.known = tokens, known
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors)

    def add(self, code: int) -> str:
        known, self.known = self.known, 0
        return self._decoder.decode(self.tokens[code][known:])

    def rest(self) -> str:
        return self._decoder.decode(b"", final=True)
