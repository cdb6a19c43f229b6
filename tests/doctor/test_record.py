"""A record is the same live and from a log; what was rolled back, or came before a resumed session, is forgotten."""

import json

import numpy as np
import pytest

from likely.doctor import Record, read_record
from likely.errors import Corrupt


def stepped(step, loss=1.0, **more):
    return {"event": "stepped", "step": step, "losses": {"critic": loss, "generator": 2.0}, **more}


EVENTS = [
    {"event": "planned", "recipe": {"steps": 50}, "resumed": 0},
    stepped(10, lengths={"critic": 3.0, "generator": 4.0}),
    stepped(20, None, lengths={"critic": None, "generator": 4.0}),
    stepped(30),
    {"event": "rolledback", "step": 30, "to": 20},
    stepped(30, 7.0),
    {"event": "planned", "recipe": {"steps": 50}, "resumed": 25},
    stepped(30, 8.0),
    {"event": "finished"},
]


def test_what_a_log_says(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, EVENTS)) + '\n{"event": "step')  # killed as it wrote
    record, live = read_record(path), Record()
    for said in EVENTS:
        live.hear(said)
    for each in (record, live):
        assert each.steps == [10, 20, 30]
        assert (each.planned, each.ended, each.game) == (50, True, True)
        assert each.players == ("critic", "generator")
        assert np.array_equal(each.losses_of("critic"), [1.0, np.nan, 8.0], equal_nan=True)
        assert np.array_equal(each.lengths_of("critic"), [3.0, np.nan, np.nan], equal_nan=True)


def test_a_damaged_log(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'\xff\xfe\n{"event":\n[1]\n{"event": "stepped"}\n' + b"[" * 20_000 + b"\n")
    with path.open("a") as file:
        file.write(json.dumps(stepped(10, "x", lengths=3)) + "\n")
    record = read_record(path)
    assert record.steps == [10]  # the one that it knows
    assert np.isnan(record.losses_of("critic")).all()
    with pytest.raises(Corrupt, match="cannot be read"):
        read_record(tmp_path)


def test_one_player_is_no_game():
    record = Record()
    record.hear({"event": "stepped", "step": 1, "losses": {"vae": 1.0}})
    assert not record.game
    assert not Record().game
