"""Measures of synthetic rows beside real ones: each a small number with its interval and its sample sizes."""

from likely.metrics.classifier import Classified, Classifier
from likely.metrics.coded import coded
from likely.metrics.copying import copies, nearer
from likely.metrics.coverage import coverage
from likely.metrics.features import PLAIN, Sight, features
from likely.metrics.frechet import frechet_distance
from likely.metrics.kernel import kernel_distance
from likely.metrics.likelihood import Outcome, Verdict, compared
from likely.metrics.manifold import continuity, dimension, trustworthiness
from likely.metrics.marginals import marginals, pairs
from likely.metrics.measure import GROUPS, Measure
from likely.metrics.modes import Census, census, expected_reverse_kl, reverse_kl
from likely.metrics.reliability import Reliability, reliability
from likely.metrics.texts import of_texts
from likely.metrics.two_sample import two_sample

__all__ = [
    "GROUPS",
    "PLAIN",
    "Census",
    "Classified",
    "Classifier",
    "Measure",
    "Outcome",
    "Reliability",
    "Sight",
    "Verdict",
    "census",
    "coded",
    "compared",
    "continuity",
    "copies",
    "coverage",
    "dimension",
    "expected_reverse_kl",
    "features",
    "frechet_distance",
    "kernel_distance",
    "marginals",
    "nearer",
    "of_texts",
    "pairs",
    "reliability",
    "reverse_kl",
    "trustworthiness",
    "two_sample",
]
