r"""A CLIP that others trained, in Hugging Face's format, as a guide: how well a caption goes with a clean picture.

    k = (x + 1) levels / 2 - 1/2,   p = k / (levels - 1)                               (1) a model's numbers as pixels
    y = (crop(resized p) - mean) / std,   as the folder's processor has it             (2) differentiably
    f(x, c) = e^tau <u(y), v(c)>,   |u| = |v| = 1                                      (3)
    f(x_t, c) = f(D(x_t), c)                                                           (4) diffusion.seen_clean

Such weights know no noise, so they judge the denoiser's guess of the clean picture. A folder is read as data: weights
as safetensors and never as a pickle, settings and tokens as JSON; nothing is fetched and none of its code is run.

Learning Transferable Visual Models From Natural Language Supervision (Radford et al., 2021), arXiv:2103.00020
"""

import hashlib
import importlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import pandas as pd
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from likely.codecs import ImageCodec
from likely.data import ColumnSchema, Schema, Table
from likely.diffusion import Agreement, Denoiser, seen_clean
from likely.errors import ConditionError, FieldError, Unreadable, WrongRows
from likely.spaces import Image, present
from likely.store import DOCUMENT, sha256

CONFIG, WEIGHTS, TOKENS = "config.json", "model.safetensors", "tokenizer.json"
PROCESSORS = ("preprocessor_config.json", "processor_config.json")  # by earlier versions, by later ones
CAPTION = "caption"
SMOOTH = {2: "bilinear", 3: "bicubic"}  # PIL's numbers
UNUSED = "position_ids"  # a buffer that earlier versions wrote
SAVED = "transformers.{}.from_pretrained(NAME).save_pretrained(FOLDER)"  # as safetensors and JSON
LARGEST = 2**20  # bytes of settings


def theirs(folder: str | Path) -> bool:
    """Whether a folder is Hugging Face's and not a model of likely's own."""
    return (Path(folder) / CONFIG).is_file() and not (Path(folder) / DOCUMENT).exists()


def digest(folder: str | Path) -> str:
    """By which the folder is known again: all that is read of it."""
    used = [*_weights(Path(folder)), *(Path(folder) / name for name in (CONFIG, TOKENS)), _processor(Path(folder))]
    return hashlib.sha256("".join(sha256(each) for each in used).encode()).hexdigest()


@final
@dataclass(frozen=True)
class Seeing:
    """What is done to a picture before the weights see it."""

    edge: int  # the shorter edge is brought to this
    side: int  # of the square cut out of the middle
    smooth: str
    mean: Tensor
    std: Tensor

    def __call__(self, p: Tensor) -> Tensor:
        """(2): (B, 1 or 3, H, W) in [0, 1] to (B, 3, side, side)."""
        height, width = p.shape[2:]
        short = min(height, width)
        size = (self.edge * height // short, self.edge * width // short)
        r = p if size == (height, width) else F.interpolate(p, size, mode=self.smooth, antialias=True)
        top, left = ((edge - self.side) // 2 for edge in size)
        r = r[:, :, top : top + self.side, left : left + self.side].expand(-1, 3, -1, -1)
        return (r - self.mean.to(r)[:, None, None]) / self.std.to(r)[:, None, None]


@final
@dataclass(frozen=True, eq=False)
class Pretrained:
    """The weights, how they read captions, and how they see pictures."""

    folder: Path
    clip: Any  # transformers.CLIPModel
    tokens: Any  # tokenizers.Tokenizer
    seeing: Seeing
    levels: int = 256  # of the pictures that it leads

    name = "CLIP"
    names = (CAPTION,)

    def leading(self, fitted: Any) -> "Pretrained":
        """The same for a model's pictures, in the model's own numbers."""
        space = fitted.lift.space
        if not isinstance(fitted.codec, ImageCodec) or not isinstance(space, Image) or space.levels is not None:
            raise WrongRows(f"{self.folder} judges pictures, and {fitted.name} draws {fitted.codec.reads.word}",
                            expected="a denoiser of pictures, such as a Diffusion")  # fmt: skip
        if space.channels not in (1, 3):
            raise WrongRows(f"{self.folder} sees colours, and the pictures have {space.channels} channels",
                            expected="1 or 3")  # fmt: skip
        return replace(self, levels=fitted.codec.space.levels)

    def told(self, said: pd.DataFrame) -> tuple[Tensor, Table]:
        """v of each row's caption, NaN where none is said; and the captions."""
        captions = said[CAPTION].astype(object)
        missing = captions.isna()
        each = {text: self.of_caption(str(text)) for text in dict.fromkeys(captions[~missing])}
        nothing = torch.full_like(next(iter(each.values())), torch.nan) if each else torch.full((1,), torch.nan)
        v = torch.stack([nothing if gone else each[text] for text, gone in zip(captions, missing, strict=True)])
        column = ColumnSchema(CAPTION, "text", "str", missing=bool(missing.any()))
        return v, Table(pd.DataFrame({CAPTION: captions.reset_index(drop=True)}), Schema((column,)))

    def around(self, denoiser: Denoiser, like: Tensor) -> Agreement:
        """(4), where the denoiser's rows are."""
        self.clip.to(like.device)
        return seen_clean(denoiser, self.similarity)

    def similarity(self, x: Tensor, v: Tensor) -> Tensor:
        """f: (B,)"""
        f = self.clip.logit_scale.exp() * (self.of_pictures(x) * v.to(self.clip.logit_scale).nan_to_num()).sum(1)  # (3)
        return torch.where(present(v).any(1), f, 0.0)

    def of_pictures(self, x: Tensor) -> Tensor:
        """u: (B, embedding)."""
        p = ((x + 1) * self.levels / 2 - 0.5) / (self.levels - 1)  # (1)
        seen = self.clip.vision_model(pixel_values=self.seeing(p.to(self.clip.logit_scale)))
        return F.normalize(self.clip.visual_projection(seen.pooler_output), dim=1)

    @torch.no_grad()
    def of_caption(self, text: str) -> Tensor:
        """v: (embedding,)"""
        ids, longest = self.tokens.encode(text).ids, self.clip.config.text_config.max_position_embeddings
        if len(ids) > longest:
            raise ConditionError(f"the caption '{text[:40]}…' is of {len(ids)} tokens",
                                 expected=f"at most {longest}, with those around it")  # fmt: skip
        read = self.clip.text_model(input_ids=torch.tensor([ids], device=self.clip.logit_scale.device))
        return F.normalize(self.clip.text_projection(read.pooler_output), dim=1)[0]


def pretrained(folder: str | Path) -> Pretrained:
    """The CLIP that `CLIPModel.save_pretrained`, its processor's and its tokenizer's wrote into a folder."""
    folder = Path(folder)
    if not theirs(folder):
        raise Unreadable(f"{folder} is no folder of Hugging Face's", expected=f"{CONFIG}, {WEIGHTS}, {TOKENS}")
    said = _json(folder / CONFIG)
    if said.get("model_type") != "clip":
        raise Unreadable(f"{folder} holds a model of type '{said.get('model_type')}'", expected="a CLIPModel")
    weights = _weights(folder)
    transformers, tokenizers = _library("transformers"), _library("tokenizers")
    try:
        with torch.random.fork_rng(devices=[]):
            clip = transformers.CLIPModel(transformers.CLIPConfig.from_dict(said))
        held = {name: tensor for path in weights for name, tensor in load_file(path).items()}
        found = clip.load_state_dict(held, strict=False)
    except (SafetensorError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise _not_whole(folder, str(error).strip().splitlines()[0]) from error
    strange = [name for name in (*found.missing_keys, *found.unexpected_keys) if not name.endswith(UNUSED)]
    if strange:
        raise _not_whole(folder, f"'{strange[0]}' is lacking or unknown")
    seeing = _seeing(folder, int(clip.config.vision_config.image_size))
    return Pretrained(folder, clip.float().eval().requires_grad_(False), _tokens(folder, tokenizers), seeing)


def _tokens(folder: Path, tokenizers: Any) -> Any:
    if not (folder / TOKENS).is_file():
        raise Unreadable(f"{folder} has no {TOKENS}: no caption can be read",
                         expected="the tokenizer beside the weights",
                         remedy=SAVED.format("CLIPTokenizerFast"))  # fmt: skip
    try:
        made = tokenizers.Tokenizer.from_file(str(folder / TOKENS))
    except Exception as error:  # the library raises nothing narrower
        raise Unreadable(f"{folder / TOKENS} cannot be read: {error}") from error
    made.no_padding()
    made.no_truncation()
    return made


def _seeing(folder: Path, side: int) -> Seeing:
    """The processor's settings; a later version has them inside those of pictures and texts together."""
    said = _json(_processor(folder))
    said = said.get("image_processor", said)
    size = said.get("size", side)
    edge = size if isinstance(size, int) else size.get("shortest_edge", size.get("height", side))
    smooth = SMOOTH.get(said.get("resample", 3), "")
    mean, std = (said.get(name) for name in ("image_mean", "image_std"))
    if not (_three(mean) and _three(std) and min(std) > 0 and isinstance(edge, int) and edge >= side and smooth):
        raise Unreadable(f"the processor of {folder} sees pictures in no known way",
                         expected=f"mean and std of 3 colours, an edge of {side} or more, resample 2 or 3")  # fmt: skip
    return Seeing(edge, side, smooth, torch.tensor(mean), torch.tensor(std))


def _three(said: Any) -> bool:
    return isinstance(said, Sequence) and len(said) == 3 and all(isinstance(each, int | float) for each in said)


def _processor(folder: Path) -> Path:
    for name in PROCESSORS:
        if (folder / name).is_file():
            return folder / name
    raise Unreadable(f"{folder} has no {PROCESSORS[0]}: how its pictures were prepared is not known",
                     expected="the processor beside the weights",
                     remedy=SAVED.format("CLIPImageProcessor"))  # fmt: skip


def _weights(folder: Path) -> list[Path]:
    """One file of them, or its shards; never a pickle."""
    found = [folder / WEIGHTS] if (folder / WEIGHTS).is_file() else sorted(folder.glob("model-*-of-*.safetensors"))
    if found:
        return found
    pickles = [*sorted(folder.glob("*.bin")), *sorted(folder.glob("*.pt"))]
    told = f"the weights in {folder} are a pickle ({pickles[0].name}), which runs what is in it" if pickles else ""
    raise Unreadable(told or f"there are no weights in {folder}", expected=WEIGHTS,
                     remedy=f"{SAVED.format('CLIPModel')}, where you trust them")  # fmt: skip


def _json(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size < LARGEST else None
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error
    if not isinstance(said, dict):
        raise Unreadable(f"{path} holds no settings", expected="a JSON object")
    return said


def _not_whole(folder: Path, why: str) -> Unreadable:
    return Unreadable(f"the weights in {folder} do not make its CLIP: {why}",
                      expected="what CLIPModel.save_pretrained wrote")  # fmt: skip


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise FieldError(f"a guide of Hugging Face's needs the package {name}",
                         remedy="pip install 'likely[hub]'") from error  # fmt: skip
