"""A finding: what is wrong, what was seen of it, and what helps."""

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a model."""

    name: str  # the same thing is told once
    seen: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name}: {self.seen}. What helps: {self.remedy}"
