"""likely: every family of generative model, one interface.

    import likely

    fitted = likely.fit("people.csv", likely.VAE(latent=16), budget="2m")
    fitted.sample(100)                      # new rows, as a DataFrame
    fitted.score("more.csv")                # log-likelihoods with their kind: exact, bound, estimate
    likely.compare("people.csv")            # which family does this data deserve?

Nothing heavy is imported until it is used: `import likely` takes milliseconds.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from likely.apps.compare import compare as compare
    from likely.apps.guest import Guest as Guest
    from likely.apps.impute import impute as impute
    from likely.apps.measure import measure as measure
    from likely.contracts import Sharpness as Sharpness
    from likely.data import Relative as Relative
    from likely.data import Windows as Windows
    from likely.data import read as read
    from likely.descent import Descent as Descent
    from likely.diffusion import Flowed as Flowed
    from likely.families.autoencoder import Autoencoder as Autoencoder
    from likely.families.bayes_net import BayesNet as BayesNet
    from likely.families.bigan import BiGAN as BiGAN
    from likely.families.circuit import Circuit as Circuit
    from likely.families.clip import CLIP as CLIP
    from likely.families.denoising_autoencoder import DenoisingAutoencoder as DenoisingAutoencoder
    from likely.families.diffusion import Diffusion as Diffusion
    from likely.families.energy import Energy as Energy
    from likely.families.factor_analysis import FactorAnalysis as FactorAnalysis
    from likely.families.flow_matching import FlowMatching as FlowMatching
    from likely.families.gan import GAN as GAN
    from likely.families.gaussian_mixture import GaussianMixture as GaussianMixture
    from likely.families.glow import Glow as Glow
    from likely.families.iaf import IAF as IAF
    from likely.families.kde import KDE as KDE
    from likely.families.latent_diffusion import LatentDiffusion as LatentDiffusion
    from likely.families.linear import Linear as Linear
    from likely.families.logistic import Logistic as Logistic
    from likely.families.made import MADE as MADE
    from likely.families.maf import MAF as MAF
    from likely.families.masked_diffusion import MaskedDiffusion as MaskedDiffusion
    from likely.families.naive_bayes import NaiveBayes as NaiveBayes
    from likely.families.nice import NICE as NICE
    from likely.families.noisy_classifier import NoisyClassifier as NoisyClassifier
    from likely.families.pixelcnn import PixelCNN as PixelCNN
    from likely.families.pixelrnn import PixelRNN as PixelRNN
    from likely.families.planar_flow import PlanarFlow as PlanarFlow
    from likely.families.rbm import RBM as RBM
    from likely.families.realnvp import RealNVP as RealNVP
    from likely.families.score import Score as Score
    from likely.families.spline_flow import SplineFlow as SplineFlow
    from likely.families.table_gan import TableGAN as TableGAN
    from likely.families.transformer import Transformer as Transformer
    from likely.families.vae import VAE as VAE
    from likely.families.vqvae import VQVAE as VQVAE
    from likely.families.wavenet import WaveNet as WaveNet
    from likely.fitted import Fitted as Fitted
    from likely.fitted import load as load
    from likely.fitting import fit as fit
    from likely.fitting import resume as resume
    from likely.ranges import above as above
    from likely.ranges import among as among
    from likely.ranges import at_least as at_least
    from likely.ranges import at_most as at_most
    from likely.ranges import below as below
    from likely.ranges import between as between
    from likely.ranges import isnot as isnot
    from likely.searching import Search as Search
else:
    _PLACES = {
        "compare": "likely.apps.compare",
        "Guest": "likely.apps.guest",
        "impute": "likely.apps.impute",
        "measure": "likely.apps.measure",
        "read": "likely.data",
        "Relative": "likely.data",
        "Windows": "likely.data",
        "fit": "likely.fitting",
        "resume": "likely.fitting",
        "load": "likely.fitted",
        "Fitted": "likely.fitted",
        "Search": "likely.searching",
        "Descent": "likely.descent",
        "Flowed": "likely.diffusion",
        "Sharpness": "likely.contracts",
        **dict.fromkeys(("above", "among", "at_least", "at_most", "below", "between", "isnot"), "likely.ranges"),
    }

    def __getattr__(name: str) -> Any:
        if name in _PLACES:
            return getattr(import_module(_PLACES[name]), name)
        names = import_module("likely.names")
        if name in names.table("Family"):
            return names.lookup("Family", name)
        raise AttributeError(f"likely has no '{name}'; it has {', '.join(__all__)}")

    def __dir__() -> list[str]:
        return sorted([*__all__, "__version__"])


__all__ = [  # the table of families and the verbs
    "CLIP",
    "GAN",
    "IAF",
    "KDE",
    "MADE",
    "MAF",
    "NICE",
    "RBM",
    "VAE",
    "VQVAE",
    "Autoencoder",
    "BayesNet",
    "BiGAN",
    "Circuit",
    "DenoisingAutoencoder",
    "Descent",
    "Diffusion",
    "Energy",
    "FactorAnalysis",
    "Fitted",
    "FlowMatching",
    "Flowed",
    "GaussianMixture",
    "Glow",
    "Guest",
    "LatentDiffusion",
    "Linear",
    "Logistic",
    "MaskedDiffusion",
    "NaiveBayes",
    "NoisyClassifier",
    "PixelCNN",
    "PixelRNN",
    "PlanarFlow",
    "RealNVP",
    "Relative",
    "Score",
    "Search",
    "Sharpness",
    "SplineFlow",
    "TableGAN",
    "Transformer",
    "WaveNet",
    "Windows",
    "above",
    "among",
    "at_least",
    "at_most",
    "below",
    "between",
    "compare",
    "fit",
    "impute",
    "isnot",
    "load",
    "measure",
    "read",
    "resume",
]
