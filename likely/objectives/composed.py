"""An autoencoder and the law of its codes, which learn in turns: the two models, or why they do not go together."""

from typing import Any, Protocol

from likely.contracts import Family, Latent, Lifted, Model, Space, Trained
from likely.errors import FieldError
from likely.objectives.code_prior import CodePrior


class Composed(Protocol):
    """The fields of a family that is two."""

    @property
    def autoencoder(self) -> "Family[Any] | None": ...
    @property
    def denoiser(self) -> "Family[Any] | None": ...


def composed(family: Composed, space: Space, condition: Space | None) -> tuple[Latent, CodePrior]:
    """The two models, or why they do not go together."""
    if family.autoencoder is None or family.denoiser is None:
        open_field = "autoencoder" if family.autoencoder is None else "denoiser"
        raise FieldError(
            f"LatentDiffusion.{open_field} is open", expected="a family, such as VAE or Diffusion",
            remedy="LatentDiffusion(autoencoder=VAE(), denoiser=Diffusion()), as likely.presets composes it",
        )  # fmt: skip
    autoencoder = family.autoencoder.build(space, condition)
    _check(family.autoencoder, autoencoder)
    assert isinstance(autoencoder, Latent)
    prior = CodePrior(family.denoiser, autoencoder.codes, condition)
    if not isinstance(prior.model, Trained):
        told = f"{type(family.denoiser).__name__}, the law of codes, counts, and these codes move while it learns"
        raise FieldError(told, expected="a family that learns by gradient steps, such as Diffusion")
    return autoencoder, prior


def _check(family: Family[Any], model: Model) -> None:
    as_they_are = family.lifted is Lifted.NOT and family.pictures in (None, Lifted.NOT)
    if not (isinstance(model, Latent) and isinstance(model, Trained) and as_they_are):
        raise FieldError(
            f"{type(family).__name__} makes no codes of cells as they are, learned by gradient steps",
            expected="an autoencoder, such as VAE, Autoencoder or DenoisingAutoencoder",
        )
