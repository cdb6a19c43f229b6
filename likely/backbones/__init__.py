"""Backbones: tensors to tensors, no probability. `encoder`, `decoder` and `denoiser` choose a network for a space."""

from likely.backbones.batch_norm import recounting
from likely.backbones.convolution import Conv
from likely.backbones.dcgan import DCGAN
from likely.backbones.decoder import context_of, decoder
from likely.backbones.denoiser import denoiser
from likely.backbones.dilated import ByMoment, Dilated, dilations
from likely.backbones.dit import DiT
from likely.backbones.encoder import encoder
from likely.backbones.mapped import on_map
from likely.backbones.masked import ByColumn, MaskedMLP
from likely.backbones.mlp import MLP
from likely.backbones.network import Context, Decoder, Denoiser, Encoder, Network
from likely.backbones.residual import Residual
from likely.backbones.subset import Growing, SubsetMLP
from likely.backbones.temporal import Temporal
from likely.backbones.unet import UNet
from likely.backbones.whole import whole

__all__ = [
    "DCGAN",
    "MLP",
    "ByColumn",
    "ByMoment",
    "Context",
    "Conv",
    "Decoder",
    "Denoiser",
    "DiT",
    "Dilated",
    "Encoder",
    "Growing",
    "MaskedMLP",
    "Network",
    "Residual",
    "SubsetMLP",
    "Temporal",
    "UNet",
    "context_of",
    "decoder",
    "denoiser",
    "dilations",
    "encoder",
    "on_map",
    "recounting",
    "whole",
]
