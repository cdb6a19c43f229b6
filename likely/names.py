"""One visible table per base class: every name that a file or a flag may say, and the module that defines it.

Names are looked up here and nowhere else, so a model folder can name a class but never an import path. Other packages
add families through the entry-point group `likely.families` (name -> module).
"""

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType

from likely.errors import FieldError
from likely.suggestion import meant

TABLES: MappingProxyType[str, dict[str, str]] = MappingProxyType(
    {
        "Family": {
            "NaiveBayes": "likely.families.naive_bayes",
            "BayesNet": "likely.families.bayes_net",
            "KDE": "likely.families.kde",
            "GaussianMixture": "likely.families.gaussian_mixture",
            "FactorAnalysis": "likely.families.factor_analysis",
            "Circuit": "likely.families.circuit",
            "Linear": "likely.families.linear",
            "Logistic": "likely.families.logistic",
            "Autoencoder": "likely.families.autoencoder",
            "DenoisingAutoencoder": "likely.families.denoising_autoencoder",
            "VAE": "likely.families.vae",
            "VQVAE": "likely.families.vqvae",
            "RealNVP": "likely.families.realnvp",
            "NICE": "likely.families.nice",
            "Glow": "likely.families.glow",
            "PlanarFlow": "likely.families.planar_flow",
            "MADE": "likely.families.made",
            "MAF": "likely.families.maf",
            "IAF": "likely.families.iaf",
            "SplineFlow": "likely.families.spline_flow",
            "PixelCNN": "likely.families.pixelcnn",
            "PixelRNN": "likely.families.pixelrnn",
            "Transformer": "likely.families.transformer",
            "GAN": "likely.families.gan",
            "BiGAN": "likely.families.bigan",
            "TableGAN": "likely.families.table_gan",
            "Diffusion": "likely.families.diffusion",
            "MaskedDiffusion": "likely.families.masked_diffusion",
            "FlowMatching": "likely.families.flow_matching",
            "Score": "likely.families.score",
            "NoisyClassifier": "likely.families.noisy_classifier",
            "CLIP": "likely.families.clip",
            "LatentDiffusion": "likely.families.latent_diffusion",
            "WaveNet": "likely.families.wavenet",
            "Energy": "likely.families.energy",
            "RBM": "likely.families.rbm",
        },
        "Network": {
            "MLP": "likely.backbones.mlp",
            "Conv": "likely.backbones.convolution",
            "DCGAN": "likely.backbones.dcgan",
            "Residual": "likely.backbones.residual",
            "Bidirectional": "likely.backbones.bidirectional",
            "Temporal": "likely.backbones.temporal",
            "UNet": "likely.backbones.unet",
            "DiT": "likely.backbones.dit",
        },
        "Observation": {
            "Bernoulli": "likely.distributions.bernoulli",
            "Categorical": "likely.distributions.categorical",
            "DiscretisedLogistic": "likely.distributions.logistic",
            "Gaussian": "likely.distributions.normal",
            "Mixed": "likely.distributions.mixed",
        },
        "Prior": {
            "StandardPrior": "likely.variational.prior",
            **dict.fromkeys(("MixturePrior", "VampPrior"), "likely.variational.mixture"),
            "Hierarchical": "likely.variational.hierarchical",
        },
        "Posterior": {
            "GaussianPosterior": "likely.variational.posterior",
            "FlowPosterior": "likely.variational.flow_posterior",
        },
        "Feature": dict.fromkeys(
            ("Normal", "Poisson", "NegativeBinomial", "KernelDensity"), "likely.distributions.feature"
        ),
        "Kernel": dict.fromkeys(
            ("Gaussian", "Epanechnikov", "Tophat", "Triangular", "Exponential", "Cosine"),
            "likely.distributions.kernels",
        ),
        "Bandwidth": dict.fromkeys(("Scott", "Silverman", "Fixed", "Likelihood"), "likely.distributions.kernels"),
        "Structure": dict.fromkeys(("ChowLiu", "Given"), "likely.distributions.structure"),
        "Elementwise": {
            "Additive": "likely.bijections.elementwise",
            "Affine": "likely.bijections.elementwise",
            "Histogram": "likely.bijections.histogram",
            "Spline": "likely.bijections.spline",
        },
        "Dequantisation": dict.fromkeys(("Variational", "Argmax"), "likely.codecs.dequantised"),
        "Standard": dict.fromkeys(("Normal", "Logistic"), "likely.bijections.standard"),
        "Wiring": dict.fromkeys(("Coupled", "Sequential"), "likely.bijections.wiring"),
        "Covariance": dict.fromkeys(
            ("Full", "Tied", "Diagonal", "Spherical", "Factors"), "likely.distributions.covariance"
        ),
        "Criterion": {"BIC": "likely.families.gaussian_mixture"},
        "Hierarchy": dict.fromkeys(("HiddenTree", "Shallow"), "likely.distributions.hierarchy"),
        "Recurrence": dict.fromkeys(("RowLSTM", "DiagonalBiLSTM"), "likely.backbones.spatial_lstm"),
        "Holes": {"Patches": "likely.diffusion.holes"},
        "Schedule": dict.fromkeys(("Linear", "Cosine", "Geometric", "Karras", "Straight"), "likely.diffusion.schedule")
        | {"Listed": "likely.diffusion.listed"},
        "Parametrisation": dict.fromkeys(
            ("Noise", "Clean", "Velocity", "Score", "Flow", "EDM"), "likely.diffusion.parametrisation"
        ),
        "Weight": dict.fromkeys(
            ("UnitWeight", "SimpleWeight", "MinSNR", "EDMWeight", "LikelihoodWeight"), "likely.diffusion.weight"
        ),
        "Pairing": dict.fromkeys(("Independent", "Transport"), "likely.diffusion.pairing"),
        "Matching": dict.fromkeys(("Denoising", "Sliced", "Traced"), "likely.diffusion.matching"),
        "Variance": {"Learned": "likely.diffusion.variance"},
        "Sampler": {
            **dict.fromkeys(("DDPM", "DDIM"), "likely.diffusion.ancestral"),
            **dict.fromkeys(("Euler", "Heun"), "likely.diffusion.solver"),
            **dict.fromkeys(("DPMSolver", "UniPC"), "likely.diffusion.multistep"),
            "Adaptive": "likely.diffusion.adaptive",
            **dict.fromkeys(("Langevin", "AnnealedLangevin", "PredictorCorrector"), "likely.diffusion.langevin"),
        },
        "Hiding": dict.fromkeys(("Linear", "Cosine"), "likely.diffusion.hiding"),
        "Reveal": dict.fromkeys(("ByChance", "Surest"), "likely.diffusion.revealing"),
        "Reconstruction": {
            **dict.fromkeys(("DPS", "PiGDM", "RePaint", "Replacing"), "likely.diffusion.inverse"),
            "Twisted": "likely.diffusion.twisted",
        },
        "Operator": dict.fromkeys(("Blur", "Downsample", "Colourise", "JPEG"), "likely.diffusion.operator"),
        "Game": dict.fromkeys(
            ("Relativistic", "Minimax", "NonSaturating", "LeastSquares", "Hinge", "Wasserstein"),
            "likely.objectives.game",
        ),
        "Told": dict.fromkeys(("Concatenated", "Projected", "Auxiliary"), "likely.adversarial.told"),
        "Augmentation": {"Differentiable": "likely.adversarial.augmentation"},
        "Quantiser": dict.fromkeys(("FSQ", "Codebook"), "likely.objectives.quantiser"),
        "Corruption": dict.fromkeys(("Masking", "GaussianNoise", "SaltAndPepper"), "likely.objectives.corruption"),
        "Reference": dict.fromkeys(("Around", "Within"), "likely.objectives.landscape"),
        "Contrast": dict.fromkeys(("Contrastive", "Persistent", "ScoreMatching"), "likely.objectives.contrast"),
        "Penalty": dict.fromkeys(("Unpenalised", "ZeroCentred", "Interpolated"), "likely.objectives.penalty"),
        "RealLaw": {
            **dict.fromkeys(("Normal", "Student"), "likely.distributions.student"),
            "Logistics": "likely.distributions.logistics",
        },
        "CountLaw": dict.fromkeys(("Poisson", "NegativeBinomial"), "likely.distributions.count"),
        "Space": dict.fromkeys(("Vector", "Image", "Tokens", "Series", "Wave"), "likely.spaces"),
        "Column": dict.fromkeys(("Real", "Count", "Category"), "likely.spaces"),
    }
)


@cache
def table(base: str) -> dict[str, str]:
    """The names of one base class, with those that installed packages add."""
    if base not in TABLES:
        raise FieldError(f"there is no table of {base}", expected=", ".join(TABLES))
    added = entry_points(group=f"likely.{base.lower()}") if base != "Family" else entry_points(group="likely.families")
    return {**{entry.name: entry.value for entry in added}, **TABLES[base]}


def squashed(name: str) -> str:
    """A name as people type it: naive-bayes, NaiveBayes and naive_bayes are one."""
    return name.replace("-", "").replace("_", "").replace(".", "").casefold()


def full_name(base: str, name: str) -> str:
    """The table's spelling of a name, or an error that lists what there is."""
    known = {squashed(entry): entry for entry in table(base)}
    if squashed(name) not in known:
        what, remedy = f"there is no {base.lower()} called '{name}'", meant(name, table(base))
        raise FieldError(what, expected=f"one of {', '.join(table(base))}", remedy=remedy)
    return known[squashed(name)]


def lookup(base: str, name: str) -> type:
    """The class of this name."""
    spelled = full_name(base, name)
    return getattr(import_module(table(base)[spelled]), spelled)


def base_of(kind: type) -> str | None:
    """The table that a class's name stands in: its own if it is a base, else its bases'."""
    return next((parent.__name__ for parent in kind.__mro__ if parent.__name__ in TABLES), None)
