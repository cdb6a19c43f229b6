"""16 images of 28 x 28 from a gated PixelCNN of 15 blocks: row caches against the naive loop.

Both draw from the same weights and the same uniforms, so that their pictures are the same (checked). The naive loop
calls the whole network at every pixel; `--pixels` of its 784 are timed and stand for all, since each costs the same.
The published peer (`pytorch-generative`'s gated PixelCNN, 3.4M parameters) took 331 s for its naive loop on 2 cores.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from harness import Bench, Form, Work

from likely.backbones.trunk import Whole
from likely.distributions import DiscretisedLogistic
from likely.families.pixelcnn import PixelCNN
from likely.raster import Raster
from likely.rng import Keyed
from likely.spaces import Image

IMAGES, TIMED = 16, 8  # pixels of the naive loop that are timed
BINARY, COLOUR = Image(1, 28, 28, 2), Image(3, 16, 16, 256)
GATED = PixelCNN(width=64, blocks=15)
COUPLED = PixelCNN(width=64, blocks=15, law=DiscretisedLogistic(10))


def model(family: PixelCNN, space: Image) -> Raster:
    """Weights as they start, in channels-last memory: what is faster for the naive loop too."""
    torch.manual_seed(0)
    return family.build(space).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]


def ours(family: PixelCNN, space: Image) -> Work:
    """likely's own sampler."""
    built = model(family, space)
    return lambda: built.sample(IMAGES, rng=Keyed(0))


def naive(family: PixelCNN, space: Image) -> Work:
    """The whole network at a few pixels."""
    built = model(family, space)
    walk = Whole(built.reading.trunk, IMAGES)
    planes = walk.planes[:, :, 0, 0].clone()

    def pixels() -> None:
        walk.at = 0
        with torch.no_grad():
            for _ in range(TIMED):
                walk.says()
                walk.know(planes)

    return pixels


def forms(family: PixelCNN, space: Image) -> list[Form]:
    """Ours, and the loop."""
    scale = space.height * space.width / TIMED
    loop = Form("naive loop", lambda: naive(family, space), target=40.0, scale=scale)
    return [Form("likely, row caches", lambda: ours(family, space)), loop]


def difference(family: PixelCNN, space: Image) -> float:
    """The share of pixels in which both ways differ, on one small picture, drawn whole by each."""
    built = model(family, Image(space.channels, 8, 8, space.levels)).double()
    with torch.no_grad():
        slow = built.drawn(4, Whole(built.reading.trunk, 4), rng=Keyed(0))
    return float((built.sample(4, rng=Keyed(0)) != slow).double().mean())


if __name__ == "__main__":
    bench = Bench("pixelcnn", __doc__)
    bench.note("parameters of the gated network", sum(p.numel() for p in model(GATED, BINARY).parameters()))
    bench.check("share of pixels that differ, gated", difference(GATED, BINARY), below=1e-9)
    bench.check("share of pixels that differ, coupled logistics", difference(COUPLED, COLOUR), below=1e-9)
    bench.race("16 images 28 x 28 of two levels, 15 gated blocks", forms(GATED, BINARY))
    bench.race("16 images 16 x 16 in colour, coupled logistics, 15 gated blocks", forms(COUPLED, COLOUR))
    bench.write()
