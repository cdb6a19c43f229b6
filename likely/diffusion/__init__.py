"""What denoisers share: schedules of noise, parametrisations of a network, samplers, guidance, the bound.

Everything is said in the standard deviation sigma of the noise in x_sigma = x + sigma * eps. A denoiser is any function
D(x_t, sigma, c) that gives E[x | x_t], row by row. A variance-preserving process is the same one seen through the
scaling x_t / sqrt(1 + sigma^2), so it needs no samplers of its own.
"""

from likely.diffusion.bound import continuous_bound, ladder_bound
from likely.diffusion.guidance import Guided
from likely.diffusion.parametrisation import (
    EDM,
    Clean,
    Coefficients,
    Noise,
    Parametrisation,
    Preconditioned,
    Velocity,
)
from likely.diffusion.sampler import DDIM, DDPM, Denoiser, Euler, Heun, Sampler, generate
from likely.diffusion.schedule import Cosine, Geometric, Karras, Linear, Schedule

__all__ = [
    "DDIM",
    "DDPM",
    "EDM",
    "Clean",
    "Coefficients",
    "Cosine",
    "Denoiser",
    "Euler",
    "Geometric",
    "Guided",
    "Heun",
    "Karras",
    "Linear",
    "Noise",
    "Parametrisation",
    "Preconditioned",
    "Sampler",
    "Schedule",
    "Velocity",
    "continuous_bound",
    "generate",
    "ladder_bound",
]
