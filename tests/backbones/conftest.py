"""Cells of any space, and what every backbone must keep: float64, rows apart, a gradient to every parameter."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from likely.contracts import Space
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, Wave, label

MIXED = Vector((Real(), Real(atoms=(0.0,), missing=True), Count(missing=True), Category(3), Category(5, missing=True)))
SPACES: dict[str, Space] = {
    "mixed row": MIXED,
    "label": label(10),
    "28x28": Image(1, 28, 28, 2),
    "rgb 32x20 reals": Image(3, 32, 20, None),
    "digits": Image(1, 8, 8, 17),
    "a line of pixels": Image(1, 1, 7, 256),
    "words": Tokens(30, 7),
    "series": Series(2, 33),
    "sound": Wave(8000, 1000),
}


def draw(space: Space, rows: int = 4, seed: int = 0) -> Tensor:
    """Cells in the space; of tokens about one in thirty is missing, of the others none."""
    g = torch.Generator().manual_seed(seed)
    match space:
        case Vector():
            return torch.stack([_column(column, rows, g) for column in space.columns], 1)
        case Image(levels=int()):
            return torch.randint(0, space.levels, (rows, *space.shape), generator=g).float()
        case Tokens():
            return torch.randint(-1, space.vocabulary, (rows, space.length), generator=g)
    return torch.randn(rows, *space.shape, generator=g)


def _column(column: object, rows: int, g: torch.Generator) -> Tensor:
    match column:
        case Category():
            return torch.randint(0, column.k, (rows,), generator=g).float()
        case Count():
            return torch.randint(0, 1000, (rows,), generator=g).float()
    return torch.randn(rows, generator=g)


@pytest.fixture(params=SPACES.values(), ids=SPACES.keys())
def space(request: pytest.FixtureRequest) -> Space:
    """Each kind of space in turn."""
    torch.manual_seed(0)
    return request.param


@pytest.fixture
def cells() -> Callable[..., Tensor]:
    return draw


@pytest.fixture
def keeps_the_rules() -> Callable[..., None]:
    """Check a module on inputs whose first dimension is the row; it returns one tensor."""

    def check(module: nn.Module, *inputs: Tensor | None, output: Callable[[object], Tensor] = lambda y: y) -> None:
        module = module.double()
        wide = [x.double() if x is not None and x.is_floating_point() else x for x in inputs]
        whole = output(module(*wide))
        assert whole.dtype == torch.float64
        assert whole.isfinite().all()
        one = output(module(*[None if x is None else x[1:2] for x in wide]))
        torch.testing.assert_close(whole[1:2], one, rtol=1e-9, atol=1e-10)
        whole.square().mean().backward()
        still = [name for name, p in module.named_parameters() if p.grad is None or not p.grad.any()]
        assert not still, f"no gradient reaches {still}"

    return check
