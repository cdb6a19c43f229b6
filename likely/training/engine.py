"""How to use the machine: every choice may be left open, and is then measured and written into the recipe."""

from dataclasses import dataclass
from typing import final

import torch

from likely.errors import FieldError
from likely.training.recipe import Precision


@final
@dataclass(frozen=True, kw_only=True)
class Engine:
    """Choices of the machine. None: likely measures, where the budget repays measuring."""

    device: str | None = None  # "cpu", "cuda", ...; None: a GPU where there is one
    precision: Precision = Precision.AUTO
    compile: bool | None = None  # needs a C++ compiler, and repays only long trainings
    channels_last: bool | None = None  # for convolutions
    threads: int | None = None
    devices: int = 1  # processes on this machine, by Lightning Fabric
    nodes: int = 1
    save_every: float = 30.0  # seconds between saves, at least
    probe: bool = True  # False: nothing is measured, open choices take their plain defaults

    def __post_init__(self) -> None:
        if self.precision not in tuple(Precision):
            raise FieldError(f"the precision {self.precision!r}", expected=", ".join(Precision))
        object.__setattr__(self, "precision", Precision(self.precision))
        for name in ("threads", "devices", "nodes"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise FieldError(f"{name}={value}", expected="at least 1")

    def place(self) -> str:
        """The device by name, checked to be there."""
        if self.device is None:
            return "cuda" if torch.cuda.is_available() else "cpu"
        try:
            torch.empty(0, device=self.device)
        except (RuntimeError, AssertionError) as reason:
            raise FieldError(
                f"the device {self.device!r} cannot be used", expected="a device of this machine", remedy="cpu"
            ) from reason
        return self.device
