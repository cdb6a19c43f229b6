"""Reading a codec's parts: plain JSON from a file that may be hostile. Every value's type and size is checked."""

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeVar, final

from likely.errors import Corrupt

T = TypeVar("T")
MANY = 2**22  # entries in one list


@final
class Part:
    """One JSON object; `place` says where it stands, for the error."""

    def __init__(self, value: Any, place: str = "codec") -> None:
        self.place = place
        if not isinstance(value, dict):
            self.refuse("", "an object")
        self.value: dict[str, Any] = value

    def refuse(self, key: str, expected: str) -> NoReturn:
        """This part is not what this program writes."""
        where = f"{self.place}.{key}" if key else self.place
        raise Corrupt(f"the saved {where} is not usable", expected=expected, remedy="the folder as it was first saved")

    def only(self, *keys: str) -> "Part":
        """Exactly these keys."""
        if set(self.value) != set(keys):
            self.refuse("", f"the entries {', '.join(keys)}")
        return self

    def text(self, key: str) -> str:
        """A string."""
        value = self.value[key]
        return value if isinstance(value, str) else self.refuse(key, "a text")

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self.value[key]
        return value if isinstance(value, bool) else self.refuse(key, "true or false")

    def integer(self, key: str, low: int, high: int) -> int:
        """A whole number from low to high."""
        value = self.value[key]
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        return self.refuse(key, f"a whole number from {low} to {high}")

    def number(self, key: str) -> float:
        """A finite number."""
        return self._finite(key, self.value[key])

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of finite numbers."""
        return tuple(self._finite(key, value) for value in self.items(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        values = self.items(key)
        if not all(isinstance(value, str) for value in values):
            self.refuse(key, "a list of texts")
        return tuple(values)

    def scalars(self, key: str) -> tuple[str | int | float | bool, ...]:
        """A list of strings, numbers and truth values, all different."""
        values = tuple(self._scalar(key, value) for value in self.items(key))
        if len({(isinstance(value, bool), value) for value in values}) != len(values):
            self.refuse(key, "different values")
        return values

    def items(self, key: str) -> Sequence[Any]:
        """A list of anything."""
        value = self.value[key]
        return value if isinstance(value, list) and len(value) <= MANY else self.refuse(key, "a list")

    def optional(self, key: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        """A finite number or nothing."""
        value = self.value[key]
        if value is None:
            return None
        number = self._finite(key, value)
        return number if low <= number <= high else self.refuse(key, f"a number from {low} to {high}")

    def scalar(self, key: str) -> str | int | float | bool | None:
        """A string, a finite number, a truth value or nothing."""
        value = self.value[key]
        return None if value is None else self._scalar(key, value)

    def choice(self, key: str, table: Mapping[Any, T]) -> T:
        """One of a table's names."""
        value = self.value[key]
        if (value is None or isinstance(value, str)) and value in table:
            return table[value]
        return self.refuse(key, f"one of {', '.join(map(str, table))}")

    def part(self, key: str) -> "Part":
        """The object under a key."""
        return Part(self.value[key], f"{self.place}.{key}")

    def list_of_parts(self, key: str) -> list["Part"]:
        """The objects in a list."""
        return [Part(value, f"{self.place}.{key}[{i}]") for i, value in enumerate(self.items(key))]

    def _finite(self, key: str, value: Any) -> float:
        sound = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
        return float(value) if sound else self.refuse(key, "a finite number")

    def _scalar(self, key: str, value: Any) -> str | int | float | bool:
        if isinstance(value, str | bool):
            return value
        self._finite(key, value)
        return value
