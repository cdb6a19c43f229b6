"""The law that each kind of space has where a family's `law` field is left out."""

from likely.contracts import Space
from likely.distributions.bernoulli import Bernoulli
from likely.distributions.categorical import Categorical
from likely.distributions.cell_by_cell import CellByCell
from likely.distributions.law import Law, Observation
from likely.distributions.logistic import DiscretisedLogistic
from likely.distributions.mixed import Mixed
from likely.distributions.normal import Gaussian
from likely.distributions.student import Normal
from likely.errors import FieldError
from likely.spaces import Image, Series, Tokens, Vector, Wave


def law_of(space: Space, *, scale: float | None = None) -> Law:
    """Coins for two levels, logistic mixtures for more, columns by kind, choices for tokens, else normals.

    `scale` is the standard deviation of every real; where it is None each has one of its own, told by the parameters.
    """
    if isinstance(space, Series) and space.missing:
        return CellByCell(Mixed(real=Normal(scale)), space)
    return _observation(space, scale).law(space)


def _observation(space: Space, scale: float | None) -> Observation:
    match space:
        case Vector():
            return Mixed(real=Normal(scale))
        case Image(levels=2) | Series(levels=2) | Wave(levels=2):
            return Bernoulli()
        case Image(levels=int()) | Series(levels=int()) | Wave(levels=int()):
            return DiscretisedLogistic()
        case Image() | Series() | Wave():
            return Gaussian(scale)
        case Tokens():
            return Categorical()
    raise FieldError(
        f"no observation law is known over {space!r:.80}", expected="a Vector, Image, Tokens, Series or Wave"
    )
