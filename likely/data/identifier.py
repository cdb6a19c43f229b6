"""Identifiers: codes of one pattern that name a row and say nothing else."""

import re
from collections import Counter
from collections.abc import Sequence

UUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
HEX = re.compile(r"^(?=.*\d)(?=.*[a-fA-F])[0-9a-fA-F]{8,64}$")
NAMED = re.compile(r"(^|[_\s.-])(id|ids|uuid|guid|key|index|nr|no)$|^unnamed: 0$", re.IGNORECASE)
CAMEL = re.compile(r"[a-z](Id|ID)$")
RUN = re.compile(r"\d+")


def named_like_id(name: str) -> bool:
    """'id', 'customer_id', 'UserID', 'index', ..."""
    return NAMED.search(name.strip()) is not None or CAMEL.search(name.strip()) is not None


def code_pattern(values: Sequence[str]) -> str:
    """The format that makes codes like these, "N{}A1" or "C{:05d}"; empty where they share no pattern."""
    if all(UUID.match(value) for value in values):
        return "{:08x}-0000-4000-8000-000000000000"
    if all(HEX.match(value) for value in values) and len({len(value) for value in values}) == 1:
        return f"{{:0{len(values[0])}x}}"
    shapes = Counter(RUN.sub("9", value) for value in values)
    shape, held = shapes.most_common(1)[0]
    if held < 0.95 * len(values) or "9" not in shape or " " in shape or len(shape) > 40:
        return ""
    return _counting([value for value in values if RUN.sub("9", value) == shape])


def _counting(values: Sequence[str]) -> str:
    """The first code with its most varied run of digits replaced by a counter."""
    runs = list(zip(*(RUN.findall(value) for value in values), strict=True))
    varied = max(range(len(runs)), key=lambda place: len(set(runs[place])))
    widths = {len(run) for run in runs[varied]}
    counter = f"{{:0{widths.pop()}d}}" if len(widths) == 1 and widths != {1} else "{}"
    span = list(RUN.finditer(values[0]))[varied]
    before, after = values[0][: span.start()], values[0][span.end() :]
    return before.replace("{", "{{").replace("}", "}}") + counter + after.replace("{", "{{").replace("}", "}}")
