import json

import pandas as pd

from likely.data import describe, read
from likely.data.describe import ImagesSummary, TableSummary


def test_a_table() -> None:
    frame = pd.DataFrame(
        {
            "id": range(100, 140),
            "gain": [0.0] * 30 + [x * 1.5 for x in range(1, 11)],
            "sex": (["f", "m", None, "f"] * 10),
            "day": ["2020-01-02", "2020-03-04"] * 20,
        }
    )
    summary = describe(read(frame))
    assert isinstance(summary, TableSummary)
    told = {column.name: column for column in summary.columns}
    assert not told["id"].modelled
    assert told["id"].shows == "new ones are made as {}"
    assert told["gain"].shows.startswith("0 to 15, median 0; 0 holds 75%")
    assert told["sex"].missing == 0.25
    assert told["sex"].shows == "f 67%, m 33%"
    assert told["day"].shows.startswith("2020-01-02 to 2020-03-04")
    assert told["day"].example == "2020-01-02"
    assert summary.copies == 0
    json.dumps(summary.to_json())


def test_every_embedded_set_can_be_described() -> None:
    for name in ("iris", "diabetes", "moons"):
        json.dumps(describe(read(name)).to_json())


def test_pictures() -> None:
    summary = describe(read("digits"))
    assert isinstance(summary, ImagesSummary)
    assert (summary.rows, summary.height, summary.channels, summary.levels) == (1797, 8, 1, 17)
    assert summary.about is not None
    assert summary.about.columns[0].different == 10
    json.dumps(summary.to_json())


def test_empty_columns_and_long_cells() -> None:
    summary = describe(read(pd.DataFrame({"gap": [None] * 3, "x": ["a" * 99, "b" * 99, "c"]})))
    assert summary.columns[0].example == ""
    assert summary.columns[1].example.endswith("...")
