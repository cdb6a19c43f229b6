"""A saved model is a folder: `model.json` and `weights.safetensors`. No pickle, no import path, nothing executed.

`model.json` is the commit point: it names the sha256 of the weights beside it, so a folder is either whole or refused.
Where a training kept other weights than its last, those are `final.safetensors`, read only when they are asked for.
A folder is written beside its place and renamed into it; what was there before stays until the new one is complete.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load as safetensors_tensors
from safetensors.torch import save as safetensors_bytes
from safetensors.torch import save_file
from torch import Tensor, nn

from likely.errors import CannotSave, Corrupt, MissingFile
from likely.suggestion import meant
from likely.training.checkpoint import restore, unfinished

FORMAT = 1
DOCUMENT, WEIGHTS, FINAL = "model.json", "weights.safetensors", "final.safetensors"
OURS = (DOCUMENT, WEIGHTS, FINAL)
DATA = ("conditions.cells",)  # tensors that hold a person's cells: NaN is a missing one
LARGEST_DOCUMENT = 64 * 2**20  # bytes


@dataclass(frozen=True)
class Parts:
    """What a folder holds: a JSON document and named tensors."""

    document: dict[str, Any]
    weights: dict[str, Tensor]
    final: Callable[[], dict[str, Tensor]] | None = None  # the training's last weights, where others were kept


def write(folder: Path, parts: Parts) -> None:
    """The whole folder, or no change at all."""
    folder = Path(folder)
    fresh = folder.with_name(f"{folder.name}.new-{os.getpid()}")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        _write_parts(fresh, parts)
        _swap(fresh, folder)
    except (OSError, SafetensorError) as error:  # the latter reports a full disk in words of its own
        raise _cannot_save(folder, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _apart(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Each tensor in room of its own: a buffer that a model holds under two names is written twice."""
    apart, seen = {}, set()
    for name, tensor in weights.items():
        held = tensor.detach().cpu().contiguous()
        place = held.untyped_storage().data_ptr()
        apart[name] = held.clone() if place in seen else held
        seen.add(place)
    return apart


def _write_parts(fresh: Path, parts: Parts) -> None:
    sealed = parts.document | {"format": FORMAT, "weights": _sealed(parts.weights, fresh / WEIGHTS)}
    if parts.final is not None:
        sealed |= {"final": _sealed(parts.final(), fresh / FINAL)}
    (fresh / DOCUMENT).write_text(json.dumps(sealed, indent=1, allow_nan=False), encoding="utf-8")
    for name in (*[FINAL] * (parts.final is not None), WEIGHTS, DOCUMENT):
        with (fresh / name).open("rb+") as file:
            os.fsync(file.fileno())


def _sealed(weights: dict[str, Tensor], path: Path) -> dict[str, Any]:
    """The weights on disk, and how they are known again."""
    save_file(_apart(weights), path)
    return {"sha256": sha256(path), "bytes": path.stat().st_size}


def _swap(fresh: Path, folder: Path) -> None:
    """Put the fresh folder in its place; other files of the old one (logs, a training's state) move along."""
    if not folder.exists():
        fresh.rename(folder)
        return
    if not folder.is_dir():
        raise FileExistsError(errno.EEXIST, "a file is in the way", str(folder))
    for name in OURS:
        if (folder / name).is_symlink() or (folder / name).is_dir():
            raise FileExistsError(errno.EEXIST, f"{name} is not a plain file", str(folder))
    for kept in folder.iterdir():
        if kept.name not in OURS and kept.is_file():
            os.link(kept, fresh / kept.name)
    old = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    folder.rename(old)
    fresh.rename(folder)
    for kept in old.iterdir():
        if kept.is_dir() and not kept.is_symlink():  # TensorBoard's events, or whatever a person keeps there
            kept.rename(folder / kept.name)
    shutil.rmtree(old, ignore_errors=True)


def _cannot_save(folder: Path, error: OSError | SafetensorError) -> CannotSave:
    full = str(error) if isinstance(error, SafetensorError) else error.strerror or str(error)
    then = f", then likely resume {folder}" if unfinished(folder) else ", or choose another place with -o"
    expected = "room for the model and a writable folder; what was there before is untouched"
    return CannotSave(f"{folder} cannot be written: {full}", expected=expected, remedy=f"free some space{then}")


def to_bytes(parts: Parts) -> bytes:
    """The parts as one piece: the document's length, the document, the weights that were kept; for pickles."""
    document = json.dumps(parts.document, allow_nan=False).encode("utf-8")
    return len(document).to_bytes(8, "little") + document + safetensors_bytes(_apart(parts.weights))


def from_bytes(held: bytes) -> Parts:
    """The parts that `to_bytes` made."""
    size = int.from_bytes(held[:8], "little")
    try:
        document = json.loads(held[8 : 8 + size], parse_constant=_refused_constant)
        return Parts(document, safetensors_tensors(held[8 + size :]))
    except (ValueError, SafetensorError) as error:
        raise Corrupt(f"these bytes hold no model: {error}") from error


def read(folder: Path) -> Parts:
    """The folder's parts, checked: sizes, hashes, finite numbers. Anything else is an error that says what is wrong."""
    folder = _found(Path(folder))
    document = _read_document(folder / DOCUMENT)
    final = partial(_read_sealed, folder / FINAL, document.get("final")) if "final" in document else None
    return Parts(document, _read_sealed(folder / WEIGHTS, document.get("weights")), final)


def _read_sealed(path: Path, sealed: Any) -> dict[str, Tensor]:
    """Weights, checked to be those that the document names."""
    if not path.is_file() or path.is_symlink():
        raise _incomplete(path.parent, path.name)
    _check_weights_file(path, sealed)
    return _read_weights(path)


def _found(folder: Path) -> Path:
    old = folder.with_name(f"{folder.name}.old")
    if not folder.exists() and (old / DOCUMENT).is_file():
        old.rename(folder)  # a swap was cut off between its two renames
    if not folder.is_dir():
        beside = [each.parent.name for each in folder.parent.glob(f"*/{DOCUMENT}")]
        remedy = meant(folder.name, beside, f"likely fit DATA -o {folder}")
        raise MissingFile(f"there is no model at {folder}", expected="a folder that `likely fit` wrote", remedy=remedy)
    for name in (DOCUMENT, WEIGHTS):
        if not (folder / name).is_file() or (folder / name).is_symlink():
            raise _incomplete(folder, name)
    return folder


def _incomplete(folder: Path, name: str) -> Corrupt:
    if unfinished(folder):
        return Corrupt(f"{folder} is a training that has not finished", remedy=f"likely resume {folder}")
    remedy = "name the folder that `likely fit` wrote, or copy it again"
    return Corrupt(f"{folder} is no model: it has no {name}", expected=f"{DOCUMENT} and {WEIGHTS}", remedy=remedy)


def _read_document(path: Path) -> dict[str, Any]:
    if path.stat().st_size > LARGEST_DOCUMENT:
        raise Corrupt(f"{path} is too large", expected=f"at most {LARGEST_DOCUMENT >> 20} MB")
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refused_constant)
    except (ValueError, RecursionError) as error:
        raise Corrupt(f"{path} is not valid JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise Corrupt(f"{path} is not a model's document", expected='an object with a "format"')
    if not 1 <= document["format"] <= FORMAT:
        raise Corrupt(f"{path} has format {document['format']}", expected=f"at most {FORMAT}", remedy="update likely")
    return document


def _refused_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _check_weights_file(path: Path, sealed: Any) -> None:
    if not isinstance(sealed, dict) or sealed.get("bytes") != path.stat().st_size:
        raise Corrupt(f"{path} is {path.stat().st_size} bytes, not the size that {DOCUMENT} says",
                      remedy="copy the folder again: a file was cut off or swapped")  # fmt: skip
    if sealed.get("sha256") != sha256(path):
        raise Corrupt(
            f"{path} does not match the hash in {DOCUMENT}", remedy="copy the folder again: a file was changed"
        )


def _read_weights(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, ValueError, RuntimeError, OverflowError, MemoryError) as error:
        raise Corrupt(f"{path} is not a valid safetensors file: {error}") from error
    for name, tensor in weights.items():
        if tensor.is_floating_point() and torch.isnan(tensor).any() and name not in DATA:
            raise Corrupt(
                f"{path} holds NaN in '{name}'", expected="finite weights: this model was damaged or never fitted"
            )
    return weights


def sha256(path: Path) -> str:
    """The hash of a file, read in pieces."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fill(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Put the weights into the model; statistics sized by the data (a counted model's buffers) take their own size."""
    held = model.state_dict()
    if set(held) != set(weights):
        odd = sorted(set(held) ^ set(weights))[:4]
        raise Corrupt(f"the weights are not this model's: {odd} do not match", expected=f"{len(held)} tensors")
    for name, tensor in weights.items():
        if tensor.dtype.is_floating_point != held[name].dtype.is_floating_point:
            raise Corrupt(f"'{name}' is {tensor.dtype}", expected=str(held[name].dtype))
    restore(model, weights)
