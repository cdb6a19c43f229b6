"""Training: `learn`, the one loop, and what surrounds it: budgets, recipes, checkpoints, events, listeners."""

from likely.training.budget import Budget
from likely.training.checkpoint import forget, read_recipe
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
from likely.training.recipe import Precision, Recipe

__all__ = [
    "Budget",
    "Candidate",
    "Engine",
    "Event",
    "Examples",
    "Finished",
    "Noticed",
    "Observed",
    "Planned",
    "Precision",
    "Recipe",
    "RolledBack",
    "Saved",
    "Source",
    "Stepped",
    "Validated",
    "forget",
    "learn",
    "read_recipe",
]
