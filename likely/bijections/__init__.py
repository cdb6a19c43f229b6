"""Bijections: a value and its log|det| come together, in both directions."""

from likely.bijections.actnorm import ActNorm
from likely.bijections.autoregressions import Autoregressions
from likely.bijections.autoregressive import Autoregressive, autoregressive
from likely.bijections.bijection import Bijection, Step, Surjection
from likely.bijections.chain import Chain, Inverse, Prepared, prepared
from likely.bijections.compand import Compand
from likely.bijections.conditioner import Conditioner, Convolutional, Dense, Residual
from likely.bijections.coupling import Coupling
from likely.bijections.couplings import Couplings
from likely.bijections.elementwise import Additive, Affine, Elementwise, Settling
from likely.bijections.flatten import Flatten
from likely.bijections.flow import Flow, check_fields, context_of, over
from likely.bijections.halving import Halving
from likely.bijections.histogram import Histogram
from likely.bijections.linear import Linear
from likely.bijections.logit import Logit
from likely.bijections.multiscale import MultiScale
from likely.bijections.permutation import Permutation, Reverse
from likely.bijections.planar import Planar
from likely.bijections.probit import Probit
from likely.bijections.spline import Spline
from likely.bijections.split import Checkerboard, Cut, Split
from likely.bijections.squeeze import Squeeze, squeezed_by
from likely.bijections.standard import Logistic, Normal, Standard
from likely.bijections.surjective import Dequantisation, FlowFamily, SurjectiveFlow
from likely.bijections.tails import Tails
from likely.bijections.wiring import Coupled, Sequential, Wiring

__all__ = [
    "ActNorm",
    "Additive",
    "Affine",
    "Autoregressions",
    "Autoregressive",
    "Bijection",
    "Chain",
    "Checkerboard",
    "Compand",
    "Conditioner",
    "Convolutional",
    "Coupled",
    "Coupling",
    "Couplings",
    "Cut",
    "Dense",
    "Dequantisation",
    "Elementwise",
    "Flatten",
    "Flow",
    "FlowFamily",
    "Halving",
    "Histogram",
    "Inverse",
    "Linear",
    "Logistic",
    "Logit",
    "MultiScale",
    "Normal",
    "Permutation",
    "Planar",
    "Prepared",
    "Probit",
    "Residual",
    "Reverse",
    "Sequential",
    "Settling",
    "Spline",
    "Split",
    "Squeeze",
    "Standard",
    "Step",
    "Surjection",
    "SurjectiveFlow",
    "Tails",
    "Wiring",
    "autoregressive",
    "check_fields",
    "context_of",
    "over",
    "prepared",
    "squeezed_by",
]
