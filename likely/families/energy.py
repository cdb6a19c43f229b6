r"""Energy-based model: a network says how low every row lies, and no sum over rows says how low that is.

    p(x | c) = r(x) e^{-E(x, c)} / Z(c),   r a stated reference                               (1) objectives/landscape
    E(x, y) = -f_y(x),   E(x) = -log sum_y e^{f_y(x)},   p(y | x) = softmax f(x)              (2) given a class y
    grad -log p(x) = grad E(x) - E_p grad E,   + the price of p(y | x)                        (3) objectives/contrast
    log Z, of every class                                                                     (4) particles/annealing

log p is an estimate: its error is that of log Z, which is on average too small, and log p too high. Draws are the ends
of Langevin chains, which go on from those that it learned by, or come from the reference by tempered laws.

Implicit generation and modeling with energy-based models (Du & Mordatch, 2019), arXiv:1903.08689
"""

import math
from dataclasses import dataclass
from typing import ClassVar, final

from torch import Tensor

from likely.backbones import Network
from likely.contracts import (
    Classifies,
    Concludes,
    Estimated,
    Family,
    Fills,
    Lifted,
    Prepared,
    Space,
    Trained,
)
from likely.errors import FieldError
from likely.objectives import Contrast, Persistent
from likely.objectives.energetic import Energetic, tells_classes
from likely.objectives.landscape import Around, Reference
from likely.particles.annealing import check_annealing


@dataclass(frozen=True, kw_only=True)
class Energy(Family["EnergyModel | JointEnergyModel"]):
    """An energy over reals: rows and pictures, with or without a condition; given a class it is a classifier, too."""

    lifted: ClassVar[Lifted] = Lifted.DEQUANTISED

    learning: Contrast = Persistent()  # where the rows come from that it unlearns; ScoreMatching() needs none
    reference: Reference = Around()  # the law that its heights are over: where it has seen nothing, rows follow this
    network: Network | None = None  # that reads rows; none chooses by the data
    width: int = 128  # its summary of a row
    waves: int = 0  # octaves of each real that it sees: more show it finer structure (rows)
    adjusted: bool = True  # Langevin moves that lead too far are taken back: draws are true to the law at any step
    moves: int = 200  # Langevin moves of a drawn row: more are slower and nearer to the law
    regularisation: float = 0.05  # of squared heights: more keeps them near 0 and the training calm
    naming: float = 1.0  # the price of naming each row's class wrongly, beside its likelihood
    chains: int = 64  # of the estimate of log Z: more are slower and surer
    temperatures: int = 500  # of each of them, at most: more are slower, and less biased
    rate: float = 5e-4  # the optimizer's step; halve it where the energies run away

    def __post_init__(self) -> None:
        check_annealing("Energy", width=self.width, moves=self.moves)
        check_annealing("Energy", chains=self.chains, temperatures=self.temperatures)
        if self.waves < 0 or not (0 <= self.regularisation < math.inf and 0 <= self.naming < math.inf):
            raise FieldError(
                "Energy.waves, Energy.regularisation and Energy.naming are no prices", expected="at least 0"
            )

    def build(self, space: Space, condition: Space | None = None) -> "EnergyModel | JointEnergyModel":
        return (JointEnergyModel if tells_classes(condition) else EnergyModel)(self, space, condition)


@final
class EnergyModel(Energetic, Estimated, Fills, Trained, Prepared, Concludes):
    """E(x), or E(x, c) with a normaliser for every c."""


@final
class JointEnergyModel(Energetic, Estimated, Classifies, Fills, Trained, Prepared, Concludes):
    """E(x, y), whose p(y | x) is exact."""

    def log_posterior(self, x: Tensor, among: Tensor) -> Tensor:
        return self.among(self.landscape(x), among).log_softmax(1)  # (2)
