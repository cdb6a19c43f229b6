"""What denoisers share: schedules of noise, parametrisations of a network, weights, samplers, guidance, likelihoods.

Everything is said in the standard deviation sigma of the noise in x_sigma = x + sigma * eps. A denoiser is any function
D(x_t, sigma, c) that gives E[x | x_t], row by row. A variance-preserving process, or flow matching's straight line, is
the same one seen through a scaling (`Schedule.scale`), so it needs no samplers of its own. Only where noise was chosen
for its row (`pairing`) is D no denoiser of other noise; its flow is still solved by samplers that stir none (`line`).
"""

from likely.diffusion.adaptive import Adaptive
from likely.diffusion.ancestral import DDIM, DDPM, Ancestral
from likely.diffusion.bound import Climbs, Rungs, continuous_bound, ladder_bound, ladder_parts
from likely.diffusion.coded import Decoded, coded
from likely.diffusion.flow import beside
from likely.diffusion.guidance import (
    Agreement,
    Autoguided,
    Classified,
    Embedded,
    Guided,
    Likeness,
    by_itself,
    seen_clean,
)
from likely.diffusion.holes import Holes, Informed, Patches, Shown, filled_in, shown
from likely.diffusion.inverse import DPS, PiGDM, Posterior, Reconstruction, RePaint, Repainted, Replaced, Replacing
from likely.diffusion.langevin import AnnealedLangevin, Langevin, PredictorCorrector
from likely.diffusion.learning import Noised, denoising_loss, hidden, noised, weighed
from likely.diffusion.likelihood import Flowed, Flows, flow_likelihood, line_likelihood, probed
from likely.diffusion.line import Line, follows_flow, line_for
from likely.diffusion.listed import Listed
from likely.diffusion.matching import Denoising, Matching, Sliced, Traced
from likely.diffusion.measured import Measured, Observed, Within
from likely.diffusion.multistep import DPMSolver, UniPC
from likely.diffusion.operator import JPEG, Blur, Colourise, Downsample, LinearOperator, Mask, Matrix, Operator
from likely.diffusion.pairing import Independent, Pairing, Transport
from likely.diffusion.parametrisation import (
    EDM,
    Clean,
    Coefficients,
    Flow,
    Noise,
    Parametrisation,
    Preconditioned,
    Score,
    Velocity,
)
from likely.diffusion.sampler import (
    Denoiser,
    Leg,
    Look,
    Moved,
    Sampler,
    Seen,
    Stepper,
    Walked,
    Watched,
    generate,
    walked,
)
from likely.diffusion.schedule import Cosine, Geometric, Karras, Linear, Schedule, Straight
from likely.diffusion.solver import Euler, Heun
from likely.diffusion.tweedie import Chain, score_of
from likely.diffusion.twisted import Particles, Twisted, swarm
from likely.diffusion.variance import Learned, LearnedVariance, StepVariance, Variance, divergence
from likely.diffusion.way import Descends, Guide, Walks, Way, check_within, descended, drawn
from likely.diffusion.weight import EDMWeight, LikelihoodWeight, MinSNR, SimpleWeight, UnitWeight, Weight

__all__ = [
    "DDIM",
    "DDPM",
    "DPS",
    "EDM",
    "JPEG",
    "Adaptive",
    "Agreement",
    "Ancestral",
    "AnnealedLangevin",
    "Autoguided",
    "Blur",
    "Chain",
    "Classified",
    "Clean",
    "Climbs",
    "Coefficients",
    "Colourise",
    "Cosine",
    "DPMSolver",
    "Decoded",
    "Denoiser",
    "Denoising",
    "Descends",
    "Downsample",
    "EDMWeight",
    "Embedded",
    "Euler",
    "Flow",
    "Flowed",
    "Flows",
    "Geometric",
    "Guide",
    "Guided",
    "Heun",
    "Holes",
    "Independent",
    "Informed",
    "Karras",
    "Langevin",
    "Learned",
    "LearnedVariance",
    "Leg",
    "LikelihoodWeight",
    "Likeness",
    "Line",
    "Linear",
    "LinearOperator",
    "Listed",
    "Look",
    "Mask",
    "Matching",
    "Matrix",
    "Measured",
    "MinSNR",
    "Moved",
    "Noise",
    "Noised",
    "Observed",
    "Operator",
    "Pairing",
    "Parametrisation",
    "Particles",
    "Patches",
    "PiGDM",
    "Posterior",
    "Preconditioned",
    "PredictorCorrector",
    "RePaint",
    "Reconstruction",
    "Repainted",
    "Replaced",
    "Replacing",
    "Rungs",
    "Sampler",
    "Schedule",
    "Score",
    "Seen",
    "Shown",
    "SimpleWeight",
    "Sliced",
    "StepVariance",
    "Stepper",
    "Straight",
    "Traced",
    "Transport",
    "Twisted",
    "UniPC",
    "UnitWeight",
    "Variance",
    "Velocity",
    "Walked",
    "Walks",
    "Watched",
    "Way",
    "Weight",
    "Within",
    "beside",
    "by_itself",
    "check_within",
    "coded",
    "continuous_bound",
    "denoising_loss",
    "descended",
    "divergence",
    "drawn",
    "filled_in",
    "flow_likelihood",
    "follows_flow",
    "generate",
    "hidden",
    "ladder_bound",
    "ladder_parts",
    "line_for",
    "line_likelihood",
    "noised",
    "probed",
    "score_of",
    "seen_clean",
    "shown",
    "swarm",
    "walked",
    "weighed",
]
