import json
import math
from pathlib import Path

import torch

from likely.training.events import Candidate, Finished, Planned, Saved, Stepped
from tests.training.runner import recipe


def test_events_are_plain_values_without_tensors() -> None:
    candidate = Candidate(step=3, averaged=True, value=1.5, weights={"w": torch.ones(3)}, width=0.1, error=math.nan)
    events = [
        Planned(recipe=recipe(3)),
        Stepped(step=1, steps=3, losses={"a": 1.0}, rate=2.0, left=math.inf),
        Saved(step=1, path=Path("run")),
        Finished(step=3, final=candidate, kept=candidate, unit="nats"),
    ]
    said = [json.loads(json.dumps(event.said())) for event in events]
    assert [each["event"] for each in said] == ["planned", "stepped", "saved", "finished"]
    assert said[3]["kept"] == {"step": 3, "averaged": True, "width": 0.1, "value": 1.5, "error": None}
    assert said[0]["recipe"]["steps"] == 3


def test_candidates_are_the_same_by_their_weights() -> None:
    one, two = (Candidate(step=step, averaged=False, value=None, weights={"w": torch.ones(3)}) for step in (1, 2))
    assert one.same(two)
    assert not one.same(Candidate(step=1, averaged=False, value=None, weights={"w": torch.zeros(3)}))
