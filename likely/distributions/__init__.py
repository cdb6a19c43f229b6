"""Observation laws with explicit randomness: what p(x | parameters) is over each kind of space."""

from likely.distributions.bernoulli import Bernoulli
from likely.distributions.categorical import Categorical
from likely.distributions.count import (
    CountLaw,
    NegativeBinomial,
    Poisson,
    draw_gamma,
    draw_poisson,
    log_negative_binomial,
    log_poisson,
)
from likely.distributions.default import law_of
from likely.distributions.law import Law, Observation, bounded, precise
from likely.distributions.logistic import DiscretisedLogistic, draw_logistic, log_logistic, log_logistic_between
from likely.distributions.logistics import Logistics
from likely.distributions.mixed import Mixed
from likely.distributions.normal import Gaussian, draw_normal, kl_standard, kl_standard_cells, log_normal
from likely.distributions.sharpened import PLAIN, Tempered, sharpened
from likely.distributions.student import Normal, RealLaw, Student, draw_student, log_student

__all__ = [
    "PLAIN",
    "Bernoulli",
    "Categorical",
    "CountLaw",
    "DiscretisedLogistic",
    "Gaussian",
    "Law",
    "Logistics",
    "Mixed",
    "NegativeBinomial",
    "Normal",
    "Observation",
    "Poisson",
    "RealLaw",
    "Student",
    "Tempered",
    "bounded",
    "draw_gamma",
    "draw_logistic",
    "draw_normal",
    "draw_poisson",
    "draw_student",
    "kl_standard",
    "kl_standard_cells",
    "law_of",
    "log_logistic",
    "log_logistic_between",
    "log_negative_binomial",
    "log_normal",
    "log_poisson",
    "log_student",
    "precise",
    "sharpened",
]
