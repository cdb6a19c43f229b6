"""A model arranged as a recipe says, and put back as it was afterwards: device, threads, memory layout, compilation."""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import nn

from likely.contracts import Model
from likely.training.recipe import Precision, Recipe


@contextmanager
def arranged(model: Model, recipe: Recipe) -> Iterator[None]:
    """The model as the recipe wants it, for as long as this lasts."""
    threads, device = torch.get_num_threads(), _device_of(model)
    _set_threads(recipe.threads)
    model.to(torch.device(recipe.device))
    _lay_out(model, torch.channels_last if recipe.channels_last else torch.contiguous_format)
    compiled = compilable(model) if recipe.compile else []
    for module in compiled:
        module.compile(dynamic=False)  # a kernel per shape: kernels must not depend on what was seen before
    try:
        yield
    finally:
        for module in compiled:
            module._compiled_call_impl = None
        _lay_out(model, torch.contiguous_format)
        model.to(device)
        _set_threads(threads)


def evaluation(recipe: Recipe) -> AbstractContextManager[object]:
    """Around a loss: mixed precision where the recipe has it."""
    if recipe.precision != Precision.BF16:
        return nullcontext()
    return torch.autocast(torch.device(recipe.device).type, dtype=torch.bfloat16)


def uncompiled(recipe: Recipe) -> AbstractContextManager[object]:
    """Around validation, whose shapes must not become kernels that a resumed run would lack."""
    return torch.compiler.set_stance("force_eager") if recipe.compile else nullcontext()


def compiler() -> str | None:
    """The C++ compiler that compiled networks need, if there is one."""
    return shutil.which(os.environ.get("CXX", "g++")) or shutil.which("c++") or shutil.which("clang++")


def compilable(model: nn.Module) -> list[nn.Module]:
    """The outermost networks below the model: a model's own methods draw noise, its networks are plain functions.

    torch skips its own containers silently (`nn.Sequential.compile()` compiles nothing), so those are walked through.
    """
    found: list[nn.Module] = []
    for child in model.children():
        if isinstance(child, Model) or type(child).__module__.startswith("torch."):
            found += compilable(child)
        else:
            found.append(child)
    return found


def convolves(model: nn.Module) -> bool:
    """Whether a memory layout matters to it."""
    return any(isinstance(module, nn.Conv2d | nn.ConvTranspose2d) for module in model.modules())


def _lay_out(model: nn.Module, layout: torch.memory_format) -> None:
    for weight in model.parameters():
        if weight.dim() == 4 and not weight.is_contiguous(memory_format=layout):
            weight.data = weight.data.contiguous(memory_format=layout)


def _device_of(model: nn.Module) -> torch.device:
    held = next(iter((*model.parameters(), *model.buffers())), None)
    return torch.device("cpu") if held is None else held.device


def _set_threads(threads: int) -> None:
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
