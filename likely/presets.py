"""Families made of families: what is put where one leaves another open. The one place that knows several of them.

    Autoencoder, DenoisingAutoencoder      a mixture of Gaussians on the codes: exact, fitted in seconds, in few numbers
    VQVAE                                  a Transformer on the codes: exact, over choices, each told of those before it
    LatentDiffusion                        a VAE whose codes of pictures are small maps, and a Diffusion of its codes

`likely.fit` composes what it is given, so a card says the whole: `likely.Autoencoder()` becomes
`Autoencoder(density=GaussianMixture())`. Built by hand, a family that is open says so and names this place.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

from likely.contracts import Family
from likely.names import lookup

F = TypeVar("F", bound=Family[Any])
Made = Callable[[], Family[Any]]


def composed(family: F) -> F:
    """The family with the families that it leaves open."""
    open_fields = PRESETS.get(type(family).__name__, {})
    made = {name: preset() for name, preset in open_fields.items() if getattr(family, name) is None}
    within = {f.name: held for f in fields(family) if isinstance(held := getattr(family, f.name), Family)}  # type: ignore[arg-type]
    made |= {name: whole for name, held in within.items() if (whole := composed(held)) is not held}
    return replace(family, **made) if made else family  # type: ignore[type-var]


def mixture() -> Family[Any]:
    """The law of an autoencoder's codes: how many clouds, their shapes, by the Bayesian information criterion."""
    return lookup("Family", "GaussianMixture")()


def transformer() -> Family[Any]:
    """The law of a quantiser's codes: on a grid, or in slots, each from all before it."""
    return lookup("Family", "Transformer")()


def vae() -> Family[Any]:
    """What codes are made by: reals with noise, on a map where they are a picture's; told well rather than cheaply."""
    return lookup("Family", "VAE")(latent=16, grid=4, beta=0.2)


def diffusion() -> Family[Any]:
    """The law of an autoencoder's codes: bounded, and walked in few calls."""
    return lookup("Family", "Diffusion")(steps=20)


PRESETS: dict[str, dict[str, Made]] = {  # by family, and by the field that is open
    "Autoencoder": {"density": mixture},
    "DenoisingAutoencoder": {"density": mixture},
    "VQVAE": {"prior": transformer},
    "LatentDiffusion": {"autoencoder": vae, "denoiser": diffusion},
}
