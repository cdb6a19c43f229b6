"""The sight that published distances of pictures are taken in: Inception's last pool, by torch-fidelity.

Only where torch-fidelity and its weights are on this machine: nothing is downloaded. In these features alone a Fréchet
distance is what papers call FID, where it is also taken of as many pictures as theirs.
"""

# torch-fidelity is nobody's dependency
# pyright: reportMissingImports=false

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any, final

import numpy as np
import torch

from likely.data import Images, Rows
from likely.errors import FieldError, WrongRows
from likely.metrics.features import Sight

Array = np.ndarray[Any, Any]
WEIGHTS = "weights-inception-2015-12-05-6726825d.pth"  # as torch-fidelity names what it keeps
LAYER, CHUNK = "2048", 50


def weights() -> Path:
    """Where torch-fidelity keeps them."""
    return Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS


@final
class Inception(Sight):
    """Pictures as 2,048 numbers of a network that learned photographs."""

    def __init__(self) -> None:
        place = weights()
        if find_spec("torch_fidelity") is None or not place.is_file():
            what = "Inception's features need torch-fidelity and its weights, and one of them is not here"
            remedy = f"pip install torch-fidelity, with {WEIGHTS} in {place.parent}; or --features LABEL"
            raise FieldError(what, expected="features that can be had", remedy=remedy)
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

        self.network = FeatureExtractorInceptionV3("inception", [LAYER], feature_extractor_weights_path=str(place))
        self.name = f"Inception's {LAYER} features ({hashlib.sha256(place.read_bytes()).hexdigest()[:8]})"

    def points(self, real: Rows, *others: Rows) -> list[Array]:
        return [self._seen(rows) for rows in (real, *others)]

    @torch.no_grad()
    def _seen(self, rows: Rows) -> Array:
        if not isinstance(rows, Images):
            raise WrongRows(f"Inception cannot see {rows.word}", expected="pictures")
        parts = [rows.pixels[at : at + CHUNK] for at in range(0, len(rows), CHUNK)]
        return np.concatenate([self.network(_coloured(part, rows.levels))[0].numpy() for part in parts]).astype(float)


def _coloured(pixels: Array, levels: int) -> torch.Tensor:
    """(N, 3, H, W) bytes of 256 levels; grey three times, and of four channels the first three."""
    wide = np.rint(pixels * (255 / (levels - 1))).astype(np.uint8)
    colours = np.repeat(wide[..., :1], 3, axis=3) if wide.shape[3] < 3 else wide[..., :3]
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(colours, -1, 1)))
