"""Measures of synthetic rows beside real ones: each a small number with its interval and its sample sizes."""

from likely.metrics.coded import coded
from likely.metrics.copying import copies, nearer
from likely.metrics.coverage import coverage
from likely.metrics.features import features
from likely.metrics.likelihood import Outcome, Verdict, compared
from likely.metrics.manifold import continuity, dimension, trustworthiness
from likely.metrics.marginals import marginals, pairs
from likely.metrics.measure import Measure
from likely.metrics.reliability import Reliability, reliability
from likely.metrics.texts import of_texts
from likely.metrics.two_sample import two_sample

__all__ = [
    "Measure",
    "Outcome",
    "Reliability",
    "Verdict",
    "coded",
    "compared",
    "continuity",
    "copies",
    "coverage",
    "dimension",
    "features",
    "marginals",
    "nearer",
    "of_texts",
    "pairs",
    "reliability",
    "trustworthiness",
    "two_sample",
]
