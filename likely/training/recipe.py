"""Everything that decides a training's course besides model, data and seed: chosen once, then written down."""

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, final

from likely.errors import Corrupt

VERSION = 1
LACKING = {"average_wide": None}  # what recipes of 0.1.0 leave out


class Precision(StrEnum):
    """How losses are evaluated; weights, moments and validation stay in full precision."""

    AUTO = "auto"  # bf16 where it is measured faster and agrees
    FP32 = "fp32"
    BF16 = "bf16"


@final
@dataclass(frozen=True)
class Probe:
    """One choice of the engine, with what was measured for it."""

    question: str  # "threads", "channels_last", "precision", "compile"
    choice: str
    seconds: dict[str, float]  # of a round, by candidate; empty where nothing was measured
    why: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class Recipe:
    """With this, one seed gives one model, bit for bit, on the same machine."""

    rows: int | None  # of the data it was made for
    steps: int  # rounds of turns
    batch: int  # rows of a round, over all processes
    passes: int | None = None  # over the data of a counted model, at most; None: as many as it asks for
    chunk: int = 65_536  # rows that a counted model observes at a time
    device: str = "cpu"
    processes: int = 1
    threads: int = 1
    precision: Precision = Precision.FP32
    channels_last: bool = False
    compile: bool = False
    warmup: int = 0  # steps until the rate is full
    clip: float = 10.0  # a gradient longer than this many times its usual length is shortened to that
    average_power: float = 16.97  # 5 % of the training wide
    average_wide: float | None = 6.94  # 10 %; None: no second average
    average_every: int = 8  # steps between updates of the average
    validate_every: int = 1
    judged: int = 10_000  # held-out rows, at most; none where judging would take longer than learning
    judge_batch: int = 256  # of which so many at a time
    patience: int = 12  # validations without a better one, before stopping early
    guard: int = 50  # steps between the states one can roll back to
    report: int = 1  # steps between reports
    retries: int = 8  # roll-backs before giving up
    round_seconds: float | None = None  # as measured
    probes: tuple[Probe, ...] = ()
    torch: str = ""
    version: int = VERSION

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, parts: Any) -> "Recipe":
        """The recipe that `parts` describes; names, types and ranges are checked."""
        parts = {**LACKING, **parts} if isinstance(parts, dict) else parts
        _check_names(parts)
        probes = tuple(_probe(each) for each in parts["probes"])
        recipe = cls(**{**parts, "precision": _precision(parts["precision"]), "probes": probes})
        for name in (
            "steps",
            "batch",
            "processes",
            "threads",
            "average_every",
            "validate_every",
            "guard",
            "report",
            "chunk",
            "judge_batch",
        ):
            if not 0 < getattr(recipe, name) < 2**40:
                raise Corrupt(f"the recipe's {name} is {getattr(recipe, name)}", expected="a positive number")
        return recipe


KINDS: dict[str, tuple[type, ...]] = {
    "rows": (int, type(None)),
    "passes": (int, type(None)),
    "device": (str,),
    "precision": (str,),
    "channels_last": (bool,),
    "compile": (bool,),
    "clip": (float, int),
    "average_power": (float, int),
    "average_wide": (float, int, type(None)),
    "round_seconds": (float, int, type(None)),
    "probes": (list, tuple),
    "torch": (str,),
}


def _check_names(parts: Any) -> None:
    names = {f.name for f in fields(Recipe)}
    if not isinstance(parts, dict) or set(parts) != names:
        raise Corrupt("this is not a training recipe", expected="an object with " + ", ".join(sorted(names)))
    for name, value in parts.items():
        kinds = KINDS.get(name, (int,))
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise Corrupt(f"the recipe's {name} is {value!r}", expected=" or ".join(k.__name__ for k in kinds))
    if parts["version"] > VERSION:
        raise Corrupt(
            f"the recipe is of version {parts['version']}", expected=f"at most {VERSION}", remedy="a newer likely"
        )


def _precision(value: str) -> Precision:
    if value not in (Precision.FP32, Precision.BF16):
        raise Corrupt(f"the recipe's precision is {value!r}", expected="fp32 or bf16")
    return Precision(value)


def _probe(parts: Any) -> Probe:
    if not isinstance(parts, dict) or set(parts) != {f.name for f in fields(Probe)}:
        raise Corrupt("the recipe has an unreadable probe")
    return Probe(**parts)
