"""Training: `learn`, the one loop, and what surrounds it: budgets, recipes, checkpoints, events, listeners."""

from likely.training.budget import Budget
from likely.training.checkpoint import forget, read_recipe, unfinished
from likely.training.engine import Engine
from likely.training.events import (
    Candidate,
    Event,
    Finished,
    Noticed,
    Observed,
    Planned,
    RolledBack,
    Saved,
    Stepped,
    Validated,
)
from likely.training.examples import Examples, Source
from likely.training.learn import learn
from likely.training.log import Board, JsonLines
from likely.training.progress import Bar, Lines, Listener, Silent, follow, progress
from likely.training.recipe import Precision, Recipe

__all__ = [
    "Bar",
    "Board",
    "Budget",
    "Candidate",
    "Engine",
    "Event",
    "Examples",
    "Finished",
    "JsonLines",
    "Lines",
    "Listener",
    "Noticed",
    "Observed",
    "Planned",
    "Precision",
    "Recipe",
    "RolledBack",
    "Saved",
    "Silent",
    "Source",
    "Stepped",
    "Validated",
    "follow",
    "forget",
    "learn",
    "progress",
    "read_recipe",
    "unfinished",
]
