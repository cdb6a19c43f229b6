"""Measures of synthetic rows beside real ones: each a small number with its interval and its sample sizes."""

from likely.metrics.classifier import Classified, Classifier
from likely.metrics.coded import coded
from likely.metrics.copying import copies, nearer
from likely.metrics.coverage import coverage
from likely.metrics.discrepancy import discrepancy
from likely.metrics.edges import Spectrum, sharpness, spectral_slope, spectrum
from likely.metrics.features import PLAIN, Sight, features
from likely.metrics.frechet import frechet_distance
from likely.metrics.kernel import kernel_distance
from likely.metrics.language import of_language
from likely.metrics.likelihood import Outcome, Verdict, compared
from likely.metrics.manifold import continuity, dimension, trustworthiness
from likely.metrics.marginals import marginals, pairs
from likely.metrics.measure import GROUPS, Measure
from likely.metrics.modes import Census, census, expected_reverse_kl, reverse_kl
from likely.metrics.molecules import are_molecules, of_molecules
from likely.metrics.novelty import unique
from likely.metrics.privacy import Copy, copied, leaks
from likely.metrics.ranges import vus_pr
from likely.metrics.reliability import Reliability, reliability
from likely.metrics.signals import of_signals
from likely.metrics.sliced import sliced_distance
from likely.metrics.texts import of_texts
from likely.metrics.two_sample import two_sample
from likely.metrics.utility import utility

__all__ = [
    "GROUPS",
    "PLAIN",
    "Census",
    "Classified",
    "Classifier",
    "Copy",
    "Measure",
    "Outcome",
    "Reliability",
    "Sight",
    "Spectrum",
    "Verdict",
    "are_molecules",
    "census",
    "coded",
    "compared",
    "continuity",
    "copied",
    "copies",
    "coverage",
    "dimension",
    "discrepancy",
    "expected_reverse_kl",
    "features",
    "frechet_distance",
    "kernel_distance",
    "leaks",
    "marginals",
    "nearer",
    "of_language",
    "of_molecules",
    "of_signals",
    "of_texts",
    "pairs",
    "reliability",
    "reverse_kl",
    "sharpness",
    "sliced_distance",
    "spectral_slope",
    "spectrum",
    "trustworthiness",
    "two_sample",
    "unique",
    "utility",
    "vus_pr",
]
