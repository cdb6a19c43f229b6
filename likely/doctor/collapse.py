r"""Posterior collapse: a decoder that does without its code.

    r_d = E_x KL(q(z_d | x) || p(z_d)),   x and z_d have at most r_d nats in common                                  (1)

A number of a normal code with r nats of rate tells at most 1 - e^{-2r} of the variance of anything: 2 % at the 0.01
nats below which it counts as unused. Nats that are free of charge are spent whether they are of use or not, and show
none. That some numbers are unused is as it should be: a code may have more numbers than the data have causes. So a
posterior counts as collapsed only where nine numbers in ten are unused and the others spend less than one nat together.
"""

from likely.contracts import Used
from likely.doctor.finding import Finding

UNUSED = 0.01  # nats
SHARE = 0.9  # of the numbers of a code, unused
TOGETHER = 1.0  # nats that the others spend beyond what is free
NAME = "collapsed posterior"


def collapsed(used: Used) -> Finding | None:
    """A finding where the code says next to nothing of these rows."""
    spent = used.rate.double().mean(0) - used.free  # (1)
    unused, numbers = int((spent < UNUSED).sum()), len(spent)
    rest = float(spent[spent >= UNUSED].sum())
    if unused < SHARE * numbers or rest >= TOGETHER:
        return None
    free = f" beyond the {used.free:g} that are free" if used.free else ""
    others = f", the others spend {rest:.2f} together" if unused < numbers else ""
    return Finding(
        NAME,
        f"{unused} of {numbers} latents are unused (each spends less than {UNUSED:g} nats{free}{others}): what is "
        "decoded hardly depends on the code",
        "beta of at most 1, more free nats (free=0.25), several draws (draws=5), or a decoder that cannot do without a "
        "code; where the cells of a row do not depend on one another, no code is of use",
    )
