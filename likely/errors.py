"""The tree of errors. Each says what happened, what was expected, and what to do; the command line prints that and
exits with the class's code, never with a traceback."""

from typing import ClassVar


class LikelyError(Exception):
    """Any failure that likely foresees: a person can act on it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, expected: str = "", remedy: str = "") -> None:
        self.what, self.expected, self.remedy = what, expected, remedy
        told = [what, expected and f"Expected: {expected}", remedy and f"Try: {remedy}"]
        super().__init__("\n".join(line for line in told if line))


class FieldError(LikelyError, ValueError):
    """A family, one of its fields, or an option has an unusable value."""

    exit_code: ClassVar[int] = 2


class DataError(LikelyError, ValueError):
    """The user's data cannot be read, or does not fit what was asked."""

    exit_code: ClassVar[int] = 3


class MissingFile(DataError, FileNotFoundError):
    """There is nothing at the path."""

    def __str__(self) -> str:  # OSError would print its errno form
        return Exception.__str__(self)


class Unreadable(DataError):
    """The file is there, but is not what its name or its place promises."""


class EmptyData(DataError):
    """There are no rows, no columns, or no images to learn from."""


class WrongRows(DataError):
    """Rows that do not fit the fitted schema: columns, types, sizes, categories."""


class ConditionError(DataError):
    """A condition is missing, unexpected, or of the wrong kind."""


class CannotAnswer(LikelyError, TypeError):
    """The model has not promised what was asked of it; the message names families that have."""

    exit_code: ClassVar[int] = 4


class TakesNoIntervals(CannotAnswer):
    """The model is told values of cells only; draws that agree with an interval are looked for above it."""


class Hopeless(CannotAnswer):
    """What is given is too improbable under the model to be drawn; the message says how probable it is."""


class TrainingError(LikelyError, RuntimeError):
    """Training cannot start or cannot go on."""

    exit_code: ClassVar[int] = 5


class BudgetTooSmall(TrainingError):
    """The budget ends before one round of training does."""


class Diverged(TrainingError):
    """The loss stayed non-finite after every roll-back; nothing was saved over the last good state."""


class Interrupted(LikelyError):
    """The person stopped the training; the state is saved and the message says how to resume."""

    exit_code: ClassVar[int] = 130


class StoreError(LikelyError):
    """A saved model cannot be written or read."""

    exit_code: ClassVar[int] = 6


class Corrupt(StoreError):
    """A folder is truncated, swapped, hostile, or not ours; nothing in it was executed."""


class CannotSave(StoreError):
    """The disk is full or the folder cannot be written; what was there before is untouched."""
