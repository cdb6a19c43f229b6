"""What a bound is made of on somebody's rows: its two terms, its tightening, and what each number of a code costs."""

from dataclasses import dataclass
from typing import Any, final

from likely.codecs import Cells
from likely.contracts import Bound, Elbo, Scores, Units, Used
from likely.fitted import Fitted
from likely.promises import promised
from likely.scoring import WEIGHT_DRAWS, terms, used


@final
@dataclass(frozen=True)
class BoundTold:
    """A bound on log p of some rows, in nats."""

    terms: Elbo  # (B,) each: of one draw a row
    scores: Scores  # with `draws` importance samples a row where the model tightens, and their standard errors
    draws: int
    latents: Used | None  # of models that say what each number of a code is used for

    def __str__(self) -> str:
        fit, rate = float(self.terms.fit.mean()), float(self.terms.rate.mean())
        told = [f"fit {fit:.4g} less rate {rate:.4g} nats/row", f"{self.scores} ({self.draws} draws)"]
        if self.latents is not None:
            rates = ", ".join(f"{r:.2g}" for r in self.latents.rate.mean(0).sort(descending=True).values.tolist())
            told.append(f"{int(self.latents.active.sum())} of {self.latents.rate.shape[1]} latents active: {rates}")
        return "\n".join(told)


def bound(fitted: Fitted[Any], data: Any, *, draws: int = WEIGHT_DRAWS, seed: int = 0) -> BoundTold:
    """The bound of each row: its terms, the importance-weighted value, and the use of each latent."""
    model = promised(fitted.model, fitted.name, Bound)
    x, ladj, c = fitted.cells(data)
    return BoundTold(
        terms(model, fitted.lift, Cells(x, ladj), c, seed=seed),
        fitted.score(data, draws=draws, seed=seed),
        draws,
        used(model, fitted.lift, x, c, seed=seed) if isinstance(model, Units) else None,
    )
