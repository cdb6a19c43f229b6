"""An epoch of a VAE on 60,000 images of 28 x 28 at batch 128, against pythae at the same network, MLP and convolutions.

The MLP is 784 - 512 - 16 latents - 512 - 784, pythae's default; ours reads one more number, the share of pixels that
are missing, and its hidden units are SiLU. The convolutions are pythae's own MNIST networks of 17M parameters, layer by
layer; ours are built of the library's strided products where those are faster. Ours runs in likely's training loop (its
order, noise, clipping, moving average), theirs in pythae's trainer. MNIST is read where --data or LIKELY_DATA has it,
else random intensities stand in: the work is the same.

Timed are 60 batches (MLP) and 8 batches (convolutions) a round, scaled to 60,000 images.
"""

import contextlib
import gzip
import io
import logging
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from harness import Bench, Form
from torch import Tensor, nn

from likely.backbones import MLP, Context
from likely.backbones.strided import Strided, Transposed
from likely.families.vae import VAE, VAEModel
from likely.spaces import Image
from likely.training import Examples, Precision, Recipe
from likely.training.arranged import arranged
from likely.training.course import Course
from likely.training.processes import Alone
from likely.training.rounds import Rounds

ROWS, BATCH, LATENT, RATE = 60_000, 128, 16, 1e-3
BATCHES, CONV_BATCHES = 60, 8
SPACE = Image(1, 28, 28, 2)


@cache
def images(rows: int) -> Tensor:
    """(N, 1, 28, 28) intensities in [0, 1]."""
    path = Path(os.environ.get("LIKELY_DATA", "")) / "images" / "mnist" / "train-images-idx3-ubyte.gz"
    if not path.exists():
        return torch.rand(rows, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with gzip.open(path) as file:
        pixels = torch.frombuffer(bytearray(file.read()[16:]), dtype=torch.uint8)
    return pixels.view(-1, 1, 28, 28)[:rows].float() / 255


def rounds_of(model: VAEModel, batches: int, *, compiled: bool, channels_last: bool = False) -> Callable[[], object]:
    """So many rounds of likely's loop on this model, arranged as the recipe says."""
    recipe = Recipe(
        rows=BATCH * batches,
        steps=10**6,
        batch=BATCH,
        warmup=100,
        threads=torch.get_num_threads(),
        compile=compiled,
        channels_last=channels_last,
    )
    model.train()
    held = arranged(model, recipe)
    held.__enter__()
    played = Rounds(model, Examples(images(BATCH * batches)), recipe, seed=0, lift=None, processes=Alone())
    course = Course()

    def epoch(_held: object = held) -> None:  # arranged for as long as the epoch is there: compiled, laid out
        for _ in range(batches):
            played.play(course)
            played.look_when_due(course)

    return epoch


def ours(*, compiled: bool) -> Callable[[], object]:
    """The family as it is, with pythae's layer widths."""
    torch.manual_seed(0)
    family = VAE(latent=LATENT, network=MLP(width=512, depth=1), rate=RATE, free=0.0)
    return rounds_of(family.build(SPACE), BATCHES, compiled=compiled)


class Down(nn.Module):
    """pythae's convolutional encoder of MNIST."""

    def __init__(self) -> None:
        super().__init__()
        layers = (
            Strided(1, 128, 4, stride=2, padding=1),
            nn.Conv2d(128, 256, 4, stride=2, padding=1),  # the one that torch's own kernel does faster
            Strided(256, 512, 4, stride=2, padding=1),
            Strided(512, 1024, 4, stride=2, padding=1),
        )
        widths = (128, 256, 512, 1024)
        self.layers = nn.ModuleList(layers)
        self.norms = nn.ModuleList([nn.BatchNorm2d(width) for width in widths])
        self.told = nn.Linear(1024, 2 * LATENT)

    def forward(self, x: Tensor) -> Context:
        for layer, norm in zip(self.layers, self.norms):
            x = norm(layer(x)).relu()
        return Context(self.told(x.flatten(1)))


class Up(nn.Module):
    """pythae's convolutional decoder of MNIST."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Linear(LATENT, 4 * 4 * 1024)
        self.first = Transposed(1024, 512, 3, stride=2, padding=1)
        self.second = Transposed(512, 256, 3, stride=2, padding=1, extra=1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(width) for width in (512, 256)])
        self.last = nn.ConvTranspose2d(256, 1, 3, stride=2, padding=1, output_padding=1)

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        x = self.stem(z).unflatten(1, (4, 4, 1024)).movedim(-1, 1)
        x = self.norms[0](self.first(x)).relu()
        x = self.norms[1](self.second(x)).relu()
        return self.last(x)


def ours_conv() -> Callable[[], object]:
    """The family with pythae's convolutional networks in the places of its encoder and decoder."""
    torch.manual_seed(0)
    model = VAE(latent=LATENT, network=MLP(width=1, depth=1), rate=RATE, free=0.0).build(SPACE)
    model.objective.posterior.encoder = Down()
    model.objective.likelihood.decoder = Up()
    return rounds_of(model, CONV_BATCHES, compiled=False, channels_last=True)


def pythae_model(*, conv: bool) -> nn.Module:
    """pythae's VAE with its default networks, or with its convolutional networks of MNIST."""
    from pythae.models import VAE as Theirs
    from pythae.models import VAEConfig
    from pythae.models.nn.benchmarks.mnist import Decoder_Conv_AE_MNIST, Encoder_Conv_VAE_MNIST

    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=LATENT, reconstruction_loss="bce")
    if not conv:
        return Theirs(config)
    return Theirs(config, encoder=Encoder_Conv_VAE_MNIST(config), decoder=Decoder_Conv_AE_MNIST(config))


def theirs(
    *, conv: bool = False, compiled: bool = False, precision: Precision = Precision.FP32
) -> Callable[[], object]:
    """pythae's trainer, one epoch of so many batches."""
    from pythae.data.datasets import BaseDataset
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    logging.disable(logging.CRITICAL)
    torch.manual_seed(0)
    x = images(BATCH * (CONV_BATCHES if conv else BATCHES))
    model = pythae_model(conv=conv)
    if compiled:
        model.encoder.compile(dynamic=False)
        model.decoder.compile(dynamic=False)
    config = BaseTrainerConfig(
        output_dir=tempfile.mkdtemp(), num_epochs=1, per_device_train_batch_size=BATCH, learning_rate=RATE
    )
    trainer = BaseTrainer(model, BaseDataset(x, torch.ones(len(x))), training_config=config)
    trainer.prepare_training()

    def epoch() -> None:
        quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
        mixed = torch.autocast("cpu", torch.bfloat16, enabled=precision == Precision.BF16)
        with quiet[0], quiet[1], mixed:
            trainer.train_step(1)

    return epoch


def main() -> None:
    """Both races."""
    bench = Bench("vae_epoch", __doc__, packages=("pythae",))
    if bench.args.data:
        os.environ["LIKELY_DATA"] = str(bench.args.data)
    scale = ROWS / BATCH / BATCHES
    bench.race(
        "VAE epoch of 60,000 images, MLP",
        [
            Form("likely, compiled", lambda: ours(compiled=True), scale=scale),
            Form("likely", lambda: ours(compiled=False), scale=scale),
            Form("pythae", theirs, target=2.0, scale=scale),
            Form("pythae, compiled", lambda: theirs(compiled=True), scale=scale),
            Form("pythae, bf16", lambda: theirs(precision=Precision.BF16), scale=scale),
        ],
    )
    scale = ROWS / BATCH / CONV_BATCHES
    bench.race(
        "VAE epoch of 60,000 images, convolutions",
        [
            Form("likely", ours_conv, scale=scale),
            Form("pythae", lambda: theirs(conv=True), target=1.7, scale=scale),
            Form("pythae, compiled", lambda: theirs(conv=True, compiled=True), scale=scale),
            Form("pythae, bf16", lambda: theirs(conv=True, precision=Precision.BF16), scale=scale),
        ],
    )
    parameters = {"likely": Down(), "pythae": pythae_model(conv=True).encoder}
    for name, network in parameters.items():
        bench.note(f"{name}: parameters of the convolutional encoder", sum(w.numel() for w in network.parameters()))
    bench.write()


if __name__ == "__main__":
    main()
