"""A training step of DCGAN, 64 features, batch 64, 32 x 32 x 3: likely's training loop against the plain PyTorch loop.

Ours is `GAN(generator=DCGAN(), critic=DCGAN(), game=NonSaturating())` as a person builds it, in the loop that
`likely fit` runs: order of rows, noise, both turns, watched gradients, AdamW, the moving average of the weights. The
loop measures its precision before it starts; so does the first form. The plain loop is the PyTorch tutorial's: its
generator is evaluated once a step, and each of its forms that may be its best is raced too. Both have the same layers;
ours reads one more channel (which pixels are missing) and ends in a hidden layer of 128, theirs in the score itself.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
import torch.nn.functional as F
from harness import Bench, Form
from torch import Tensor, nn

from likely.backbones import DCGAN
from likely.families.gan import GAN, GANModel
from likely.objectives import NonSaturating
from likely.spaces import Image
from likely.training import Examples, Precision, Recipe
from likely.training.arranged import arranged
from likely.training.course import Course
from likely.training.processes import Alone
from likely.training.rounds import Rounds

BATCH, NOISE, WIDTH, ROWS = 64, 100, 64, 512
SPACE = Image(3, 32, 32, None)
Work = Callable[[], object]


def images() -> Tensor:
    """Noise in [-1, 1]: the work does not depend on what is drawn."""
    return torch.rand(ROWS, *SPACE.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def model() -> GANModel:
    """The family as a person builds it, with the noise of the plain loop."""
    torch.manual_seed(0)
    family = GAN(latent=NOISE, codes=0, generator=DCGAN(width=WIDTH), critic=DCGAN(width=WIDTH), game=NonSaturating())
    return family.build(SPACE)


def ours(*, bf16: bool = False, last: bool = True, compiled: bool = False) -> Work:
    """One round of likely's loop, arranged as the recipe says."""
    recipe = Recipe(
        rows=ROWS,
        steps=10**6,
        batch=BATCH,
        warmup=100,
        threads=torch.get_num_threads(),
        precision=Precision.BF16 if bf16 else Precision.FP32,
        channels_last=last,
        compile=compiled,
    )
    built = model().train()
    held = arranged(built, recipe)
    held.__enter__()
    rounds, course = Rounds(built, Examples(images()), recipe, seed=0, lift=None, processes=Alone()), Course()

    def step(_held: object = held) -> None:  # arranged for as long as the step is there
        rounds.play(course)
        rounds.look_when_due(course)

    return step


def chosen() -> Work:
    """Ours in the faster precision, as the loop's own trial decides it."""
    works = {name: ours(bf16=name == "bf16") for name in ("float32", "bf16")}
    taken = {name: trial(work) for name, work in works.items()}
    best = min(taken, key=taken.__getitem__)
    print(f"  (trial: {', '.join(f'{name} {seconds:.3g} s' for name, seconds in taken.items())})", flush=True)
    bench.figures.append({"figure": "precision of likely", "value": best, "trial_s": taken})
    return works[best]


def trial(work: Work) -> float:
    """The least of three runs after one."""
    work()
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def networks() -> tuple[nn.Sequential, nn.Sequential]:
    """The tutorial's generator and critic, for 32 x 32."""

    def up(inputs: int, outputs: int) -> list[nn.Module]:
        return [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(True)]

    def down(inputs: int, outputs: int) -> list[nn.Module]:
        return [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, True)]

    a, b, c = WIDTH, 2 * WIDTH, 4 * WIDTH
    first = [nn.ConvTranspose2d(NOISE, c, 4, 1, 0, bias=False), nn.BatchNorm2d(c), nn.ReLU(True)]
    generator = nn.Sequential(*first, *up(c, b), *up(b, a), nn.ConvTranspose2d(a, 3, 4, 2, 1, bias=False), nn.Tanh())
    seen = [nn.Conv2d(3, a, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    critic = nn.Sequential(*seen, *down(a, b), *down(b, c), nn.Conv2d(c, 1, 4, 1, 0, bias=False), nn.Flatten(0))
    return generator, critic


def plain(*, bf16: bool = False, last: bool = False, compiled: bool = False) -> Work:
    """The loop that people write."""
    torch.manual_seed(0)
    x, (generator, critic) = images(), networks()
    if last:
        generator, critic = (each.to(memory_format=torch.channels_last) for each in (generator, critic))
        x = x.contiguous(memory_format=torch.channels_last)
    adams = [torch.optim.Adam(each.parameters(), 2e-4, betas=(0.5, 0.999)) for each in (critic, generator)]
    real, fake = torch.ones(BATCH), torch.zeros(BATCH)

    def make(z: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            return generator(z)

    def loss(images: Tensor, wanted: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            scores = critic(images)
        return F.binary_cross_entropy_with_logits(scores.float(), wanted)

    if compiled:
        make, loss = (torch.compile(each, dynamic=False) for each in (make, loss))

    def step() -> None:
        made = make(torch.randn(BATCH, NOISE, 1, 1))
        adams[0].zero_grad(set_to_none=True)
        (loss(x[torch.randint(ROWS, (BATCH,))], real) + loss(made.detach(), fake)).backward()
        adams[0].step()
        adams[1].zero_grad(set_to_none=True)
        loss(made, real).backward()
        adams[1].step()

    return step


def parameters(*modules: nn.Module) -> int:
    """How many numbers they hold."""
    return sum(weight.numel() for module in modules for weight in module.parameters())


if __name__ == "__main__":
    bench = Bench("dcgan_step", __doc__)
    bench.note("parameters of likely's players", parameters(model()))
    bench.note("parameters of the plain loop's", parameters(*networks()))
    bench.race(
        f"train step, batch {BATCH}",
        [
            Form("likely", chosen),
            Form("likely, float32", ours),
            Form("likely, bf16", lambda: ours(bf16=True)),
            Form("likely, float32 compiled", lambda: ours(compiled=True)),
            Form("likely, bf16 compiled", lambda: ours(bf16=True, compiled=True)),
            Form("plain, float32", plain, target=2.0),
            Form("plain, channels-last", lambda: plain(last=True)),
            Form("plain, bf16 channels-last", lambda: plain(bf16=True, last=True)),
            Form("plain, channels-last compiled", lambda: plain(last=True, compiled=True)),
            Form("plain, bf16 channels-last compiled", lambda: plain(bf16=True, last=True, compiled=True)),
        ],
    )
    bench.write()
