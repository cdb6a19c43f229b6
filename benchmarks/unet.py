"""A U-Net of 3.9M parameters on 28 x 28: train step at batch 128 and 50 DDIM steps of 64 images, against diffusers.

Both have residual blocks of 32, 64 and 128 channels, two a resolution (three on the way up), and attention at 7 x 7.
Ours is `Diffusion` as a person builds it, through its turns and its sampler, in channels-last memory and in the
precision that a short trial found faster here; diffusers' is UNet2DModel with DDPMScheduler and DDIMPipeline, in its
default form and in the forms that may be its best. The optimiser and the clipping are the same torch ones. Samples are
timed over 5 of the 50 steps. Compiling takes minutes a form: `--without compiled` leaves those out.
"""

import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from harness import Bench, Form
from torch import Tensor, nn

from likely.backbones import UNet
from likely.diffusion import DDIM
from likely.families.diffusion import Diffusion, DiffusionModel
from likely.rng import Keyed, Stepped
from likely.spaces import Image

BATCH, SAMPLES, STEPS, TIMED = 128, 64, 50, 5
NETWORK = UNet(width=32, multipliers=(1, 2, 4), blocks=2, attention=(7,))
Work = Callable[[], object]


def images() -> Tensor:
    """Noise in [-1, 1]: the work does not depend on what is drawn."""
    torch.manual_seed(0)
    return torch.rand(1024, 1, 28, 28) * 2 - 1


def rough(on: bool) -> torch.autocast:
    """bf16 where it is on."""
    return torch.autocast("cpu", torch.bfloat16, enabled=on)


def step_of(module: nn.Module, loss: Callable[[Tensor], Tensor], bf16: bool, layout: torch.memory_format) -> Work:
    """One training step: loss, gradients, clipping, AdamW."""
    x, adam = images(), torch.optim.AdamW(module.parameters(), 1e-4)

    def step() -> None:
        batch = x[torch.randint(len(x), (BATCH,))].contiguous(memory_format=layout)
        adam.zero_grad(set_to_none=True)
        with rough(bf16):
            value = loss(batch)
        value.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        adam.step()

    return step


def model(compiled: bool) -> DiffusionModel:
    """Diffusion with the network of the docstring, in channels-last memory."""
    torch.manual_seed(0)
    family = Diffusion(network=NETWORK, sampler=DDIM(), steps=TIMED)
    built = family.build(Image(1, 28, 28, None)).to(memory_format=torch.channels_last)
    if compiled:
        built.denoiser.compile(dynamic=False)
    return built


def our_step(bf16: bool, compiled: bool = False) -> Work:
    """A turn of likely's own model."""
    ours, count = model(compiled), iter(range(10**9))

    def loss(x: Tensor) -> Tensor:
        (turn,) = ours.turns(x, rng=Stepped(0, next(count)))
        return turn.loss()

    return step_of(ours, loss, bf16, torch.channels_last)


def our_sample(bf16: bool, compiled: bool = False) -> Work:
    """likely's own sampler."""
    ours = model(compiled).eval()

    def sample() -> Tensor:
        with torch.no_grad(), rough(bf16):
            return ours.sample(SAMPLES, rng=Keyed(0))

    return sample


def fastest(prepare: Callable[[bool], Work]) -> Callable[[], Work]:
    """The faster of float32 and bf16, as the trial before a training decides it."""

    def prepared() -> Work:
        works = {precision: prepare(precision == "bf16") for precision in ("float32", "bf16")}
        taken = {precision: trial(work) for precision, work in works.items()}
        best = min(taken, key=taken.__getitem__)
        print(f"  (trial: {', '.join(f'{name} {seconds:.3g} s' for name, seconds in taken.items())})", flush=True)
        bench.figures.append({"figure": f"precision of {prepare.__name__}", "value": best, "trial_s": taken})
        return works[best]

    return prepared


def trial(work: Work) -> float:
    """The least of three runs after one."""
    work()
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def peer(last: bool) -> nn.Module:
    """diffusers' U-Net with the layers of the docstring."""
    from diffusers import UNet2DModel

    torch.manual_seed(0)
    net = UNet2DModel(
        sample_size=28,
        in_channels=1,
        out_channels=1,
        layers_per_block=2,
        block_out_channels=(32, 64, 128),
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        norm_num_groups=8,
    )
    return net.to(memory_format=torch.channels_last) if last else net


def plain_attention(on: bool) -> contextlib.AbstractContextManager:
    """The plain formula: on 49 places the fused kernel's bf16 backward pass is several times slower."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    return sdpa_kernel(SDPBackend.MATH) if on else contextlib.nullcontext()


def peer_step(bf16: bool = False, compiled: bool = False, last: bool = False, plain: bool = False) -> Work:
    """The noise-prediction loss of diffusers' examples."""
    from diffusers import DDPMScheduler

    net, schedule = peer(last), DDPMScheduler(1000)
    if compiled:
        net.compile(dynamic=False)

    def loss(x: Tensor) -> Tensor:
        noise, t = torch.randn_like(x), torch.randint(0, 1000, (len(x),))
        said = net(schedule.add_noise(x, noise, t), t).sample
        return torch.nn.functional.mse_loss(said.float(), noise)

    step = step_of(net, loss, bf16, torch.channels_last if last else torch.contiguous_format)

    def stepped() -> None:
        with plain_attention(plain):
            step()

    return stepped


def peer_sample(bf16: bool = False, compiled: bool = False, last: bool = False, plain: bool = False) -> Work:
    """diffusers' own pipeline."""
    from diffusers import DDIMPipeline, DDIMScheduler

    net = peer(last).eval()
    if compiled:
        net.compile(dynamic=False)
    pipe = DDIMPipeline(net, DDIMScheduler(1000))
    pipe.set_progress_bar_config(disable=True)

    def sample() -> object:
        with torch.no_grad(), rough(bf16), plain_attention(plain):
            return pipe(batch_size=SAMPLES, num_inference_steps=TIMED, output_type="np")

    return sample


def forms(ours: Callable[..., Work], theirs: Callable[..., Work], target: float, scale: float = 1.0) -> list[Form]:
    """Ours, and every form that may be the peer's best."""
    return [
        Form("likely", fastest(ours), scale=scale),
        Form("likely, float32", lambda: ours(False), scale=scale),
        Form("likely, bf16", lambda: ours(True), scale=scale),
        Form("likely, float32 compiled", lambda: ours(False, True), scale=scale),
        Form("likely, bf16 compiled", lambda: ours(True, True), scale=scale),
        Form("diffusers, default", theirs, target=target, scale=scale),
        Form("diffusers, channels-last", lambda: theirs(last=True), scale=scale),
        Form("diffusers, bf16 plain attention", lambda: theirs(bf16=True, plain=True), scale=scale),
        Form("diffusers, compiled", lambda: theirs(compiled=True), scale=scale),
        Form("diffusers, compiled bf16 plain attention", lambda: theirs(True, True, False, True), scale=scale),
        Form("diffusers, compiled bf16 channels-last", lambda: theirs(True, True, True, True), scale=scale),
    ]


def parameters(net: nn.Module) -> int:
    """How many numbers a network holds."""
    return sum(p.numel() for p in net.parameters())


if __name__ == "__main__":
    bench = Bench("unet", __doc__, packages=("diffusers",))
    bench.note("parameters of likely's network", parameters(model(False)))
    with contextlib.suppress(ImportError):
        bench.note("parameters of diffusers' network", parameters(peer(False)))
    bench.race(f"train step, batch {BATCH}", forms(our_step, peer_step, 2.3))
    bench.race(f"{STEPS} DDIM steps of {SAMPLES} images", forms(our_sample, peer_sample, 2.8, STEPS / TIMED))
    bench.write()
