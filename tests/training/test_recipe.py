import json
from dataclasses import replace

import pytest

from likely.errors import Corrupt
from likely.training.recipe import LACKING, Precision, Probe, Recipe
from tests.training.runner import recipe


def test_there_and_back_through_json() -> None:
    probe = Probe("threads", "1", {"1": 0.001, "2": 0.05})
    whole = replace(recipe(10), probes=(probe,), precision=Precision.BF16, round_seconds=1e-3, passes=3)
    assert Recipe.from_json(json.loads(json.dumps(whole.to_json()))) == whole


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 0},
        {"steps": "many"},
        {"steps": True},
        {"steps": 2**60},
        {"precision": "fp8"},
        {"precision": "auto"},
        {"version": 99},
        {"probes": [3]},
        {"probes": [{"question": "q"}]},
        {"unheard": 1},
        {"clip": None},
    ],
)
def test_what_is_not_a_recipe(change) -> None:
    with pytest.raises(Corrupt):
        Recipe.from_json({**recipe(10).to_json(), **change})


def test_a_recipe_is_an_object() -> None:
    with pytest.raises(Corrupt):
        Recipe.from_json([1, 2])


def test_a_recipe_of_an_earlier_version_has_one_average() -> None:
    earlier = {name: value for name, value in recipe(10).to_json().items() if name not in LACKING}
    assert Recipe.from_json(earlier) == replace(recipe(10), average_wide=None)
