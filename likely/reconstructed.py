"""Pictures of which an operator's view was seen (blurred, small, grey, a JPEG), drawn by a model that denoises.

    x = step (k + 1/2) - 1,   step = 2 / levels                                         (1) level k for the model
    A(x) = step A(k) + (step / 2 - 1) A(1)                                              (2) seen of it, A linear

What is seen is told in levels, and has the noise of rounding beside its own. What a mask hides is not read.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from likely import frames, terms
from likely.card import Completion
from likely.codecs import ImageCodec
from likely.contracts import Filled
from likely.data import Images, Rows, in_channels, loaded, read
from likely.diffusion import Descends, LinearOperator, Mask, Matrix, Observed, Operator, Reconstruction, Twisted
from likely.errors import CannotAnswer, ConditionError, FieldError, WrongRows
from likely.promises import promised
from likely.rng import Keyed
from likely.scoring import first_weight
from likely.spaces import absent
from likely.suggestion import shown
from likely.terms import Subject

Array = np.ndarray[Any, Any]
ROUNDED = math.sqrt(1 / 12)  # the deviation of a number that was rounded to a whole one
CELLS = 1 << 18  # of pictures that are drawn together


def reconstructed(
    fitted: Subject, seen: Any, operator: Operator, *, noise: float = 0.0, by: Reconstruction = Twisted(),
    given: Any = None, seed: int = 0,
) -> Completion:  # fmt: skip
    """A picture for each that was seen: (N, H, W, C), in levels, with noise of this deviation beside rounding's.

    A `Matrix` reads the levels of a picture in a line, as they lie in (H, W, C), and what it shows is (N, M). `given`
    is the condition of a model that takes one; where nothing is given, pictures are drawn of any.
    """
    model, codec = promised(fitted.model, fitted.name, Descends), fitted.codec
    if not isinstance(codec, ImageCodec):
        raise CannotAnswer(f"{codec.reads.word} are not seen through an operator", expected="a model of pictures")
    if not 0 <= noise < math.inf:
        raise FieldError(f"what was seen has noise of {noise}", expected="a standard deviation in levels, 0 for none")
    shape, levels, like = fitted.lift.space.shape, codec.space.levels or codec.levels, first_weight(model)
    operator, step = _of_pictures(operator, shape), 2 / levels
    y = _placed(operator, _shown(operator, seen, shape, levels), shape, step).to(like)
    c, word = _told(fitted, given, len(y), by.word, seed)
    c, parts, size = None if c is None else c.to(like.device), [], max(1, CELLS // math.prod(shape))
    with torch.no_grad():
        for start in range(0, len(y), size):
            rows = slice(start, start + size)
            measured = Observed(_of_rows(operator, rows), y[rows], math.hypot(noise, ROUNDED) * step)
            told, rng = None if c is None else c[rows], Keyed(seed, rows=start)
            parts.append(by.draw(model.denoise, measured, model.way, shape, len(measured.y), told, like=like, rng=rng))
    pictures = codec.decode(fitted.lift.down(torch.cat([part.x for part in parts])))
    return Completion(frames.returned(pictures, fitted.card.returns), word, _share(parts))


def _share(parts: list[Filled]) -> float | None:
    """The particles' mean share, where there are any."""
    share = torch.cat([part.share for part in parts])
    return None if share.isnan().any() else float(share.mean())


# What was seen -------------------------------------------------------------------------------------------------------


def _of_pictures(operator: Operator, shape: tuple[int, ...]) -> Operator:
    """An operator of the model's own rows, channels first; one that cannot be is an error."""
    if isinstance(operator, Matrix):
        columns, numbers = operator.matrix.shape[1], math.prod(shape)
        if columns != numbers:
            told = f"the matrix has {columns} columns, the model's pictures have {numbers} numbers"
            raise WrongRows(told, expected="a column for each number of a picture")
        if operator.shape is None:
            channels, height, width = shape
            laid = operator.matrix.reshape(-1, height, width, channels).movedim(-1, 1)
            return Matrix(laid.flatten(1), tuple(shape))
        if operator.shape != tuple(shape):
            raise WrongRows(f"the matrix is of rows of {operator.shape}", expected=f"{tuple(shape)}, or no shape")
    if isinstance(operator, Mask) and not _fits(operator.known, shape):
        told = f"the mask is {' x '.join(map(str, operator.known.shape))}, the model's pictures are {_size(shape)}"
        raise WrongRows(told, expected="a mask (height, width), (channels, height, width), or one a picture")
    return operator


def _fits(known: Tensor, shape: tuple[int, ...]) -> bool:
    sizes = zip(reversed(known.shape[-3:]), reversed(shape), strict=False)
    return 2 <= known.dim() <= 4 and all(own in (1, size) for own, size in sizes)


def _of_rows(operator: Operator, rows: slice) -> Operator:
    """A mask of every row's own, of these alone."""
    if isinstance(operator, Mask) and operator.known.dim() == 4 and len(operator.known) > 1:
        return Mask(operator.known[rows])
    return operator


def _shown(operator: Operator, seen: Any, shape: tuple[int, ...], levels: int) -> Tensor:
    """(N, ...), in levels, in the form in which the operator shows the model's pictures."""
    array = _numbers(seen, levels)
    expected = operator.forward(torch.zeros(1, *shape, dtype=torch.float64)).shape[1:]
    y = _line(array) if isinstance(operator, Matrix) else _planes(array, expected[0])
    if y.shape[1:] != expected:
        raise WrongRows(
            f"what was seen is {_size(y.shape[1:])}", expected=f"{_size(expected)}, as {_word(operator)} shows it"
        )
    if isinstance(operator, Mask):
        known = operator.known
        if known.dim() == 4 and len(known) not in (1, len(y)):
            raise WrongRows(f"{len(known)} masks are beside {len(y)} pictures", expected="one for all, or one for each")
        y = operator.forward(y)
    if not y.isfinite().all():
        raise WrongRows("some of what was seen is missing or infinite", expected="a finite number everywhere",
                        remedy="a Mask, or complete(pictures), where pixels are missing")  # fmt: skip
    return y


def _numbers(seen: Any, levels: int) -> Array:
    """Levels as they came; of a file's pictures those of the model, black and white staying what they are."""
    if isinstance(seen, str | Path):
        seen = loaded(Path(seen)) if str(seen).endswith(".npy") else read(seen)
    if isinstance(seen, Images):
        same = seen.levels == levels or not (seen.levels == 2 or seen.levels == 256 > levels)
        return seen.pixels * (1.0 if same else (levels - 1) / (seen.levels - 1))
    if isinstance(seen, Rows):
        raise WrongRows(f"these rows are {seen.word}", expected="pictures, or an array (.npy)")
    try:
        return np.asarray(seen.detach().cpu() if isinstance(seen, Tensor) else seen, dtype=np.float64)
    except (TypeError, ValueError) as error:
        told = f"a {type(seen).__name__} is not what was seen of pictures"
        raise WrongRows(told, expected="an array of numbers") from error


def _planes(array: Array, channels: int) -> Tensor:
    """(N, C, H, W); one picture may come alone, a grey one without its channel, or saved in colours."""
    array = array[None] if array.ndim == 2 else array
    array = in_channels(array[..., None] if array.ndim == 3 else array, channels)
    if array.ndim != 4 or not array.size:
        raise WrongRows(f"what was seen has shape {array.shape}", expected="pictures (N, height, width, channels)")
    return torch.from_numpy(np.ascontiguousarray(array.transpose(0, 3, 1, 2)))


def _line(array: Array) -> Tensor:
    """(N, M); what was seen of one picture may come alone."""
    array = array[None] if array.ndim == 1 else array
    if array.ndim != 2 or not array.size:
        raise WrongRows(
            f"what was seen has shape {array.shape}", expected="(N, M), a number for each row of the matrix"
        )
    return torch.from_numpy(np.ascontiguousarray(array))


def _placed(operator: Operator, y: Tensor, shape: tuple[int, ...], step: float) -> Tensor:
    """What is seen in levels as it is seen of the model's reals."""
    even = operator.forward(torch.ones(1, *shape, dtype=y.dtype)) if isinstance(operator, LinearOperator) else 1
    return step * y + (step / 2 - 1) * even  # (2)


def _size(shape: "tuple[int, ...]") -> str:
    if len(shape) == 1:
        return f"{shape[0]} numbers"
    channels, height, width = shape
    return f"{height} x {width} with {channels} channel{'s' * (channels != 1)}"


def _word(operator: Operator) -> str:
    """A matrix or a mask is not printed cell by cell."""
    return type(operator).__name__ if isinstance(operator, Mask | Matrix) else str(operator)


# What was given ------------------------------------------------------------------------------------------------------


def _told(fitted: Subject, given: Any, n: int, word: str, seed: int) -> tuple[Tensor | None, str]:
    """The condition of each picture, and how good draws are; one that is drawn knows nothing of what was seen."""
    known, names = terms.known_of(fitted, given, n), fitted.card.condition
    if len(known) != n:
        raise WrongRows(f"{len(known)} rows are given beside {n} pictures", expected="one value, or one for each")
    if beside := [name for name in (*known.values, *known.ranges) if name not in names]:
        raise ConditionError(f"this model takes no condition {shown(beside)}", expected=shown(names) or "nothing given")
    if fitted.conditions is None:
        return None, word
    if known.values.empty and not known.ranges:
        return _any(fitted, n), word
    c, _ = terms.condition(fitted, known, Keyed(seed), filled=True)
    sure = set(known.values.columns) >= set(names) and bool(known.values.notna().all(axis=None))
    return c, word if sure else "heuristic"


def _any(fitted: Subject, n: int) -> Tensor:
    """The null condition, where the model has learned it."""
    assert fitted.conditions is not None
    if not getattr(fitted.card.family, "drop", 0.0):
        names = list(fitted.card.condition)
        raise ConditionError(f"this model never saw a picture without its {shown(names)}", expected="a value of each",
                             remedy=f"given={{'{names[0]}': VALUE}} (--given {names[0]}=VALUE)")  # fmt: skip
    return absent(fitted.conditions.cells[:1].expand(n, *fitted.conditions.cells.shape[1:]))
