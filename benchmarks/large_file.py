"""A table larger than memory: `likely fit` of naive Bayes on a CSV and on a Parquet file, its time and its peak memory.

    python benchmarks/large_file.py [--gigabytes 5] [--only csv] [--keep FOLDER]

The files are generated (twenty reals, two categories, a count, a label of four classes, a few missing cells; no row
repeated), fitted with the label as condition in a fresh process, and deleted. Peak memory is the process's largest
resident set. What a pass costs is told apart: reading and typing the rows, hashing the file, and adding up.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pyarrow as pa
from harness import Busy, fresh, machine
from pyarrow import csv, parquet

ROWS = 200_000  # of a block
PROMISED = 1_000.0  # MB of memory, at most
FIT = """
import sys, time
from likely.cli.app import main
start = time.perf_counter()
sys.argv = ["likely", "fit", sys.argv[1], "--family", "naive_bayes", "--condition", "label", "-q", "-o", sys.argv[2]]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
print("SECONDS", time.perf_counter() - start)
"""
PASS = """
import sys, time
from likely.data import chunks, infer_schema
from likely.streamed import CHUNK, sha256
path = __import__("pathlib").Path(sys.argv[1])
start = time.perf_counter(); sha256(path); print("hash", time.perf_counter() - start)
schema = infer_schema(path)
start = time.perf_counter(); rows = sum(len(part.frame) for part in chunks(path, schema, size=CHUNK))
print("read", time.perf_counter() - start); print("rows", rows)
"""


def blocks(seed: int = 0) -> Iterator[pa.Table]:
    """Rows without end."""
    source = np.random.default_rng(seed)
    while True:
        label = source.integers(0, 4, ROWS)
        reals = source.normal(label[:, None], 1.0, (ROWS, 20)).round(6)
        columns = {f"x{i}": pa.array(reals[:, i], mask=source.random(ROWS) < 0.01) for i in range(20)}
        colour = np.array(["red", "green", "blue"])[source.integers(0, 3, ROWS)]
        place = np.array(["north", "south"])[(source.random(ROWS) < 0.2 + 0.15 * label).astype(int)]
        visits = source.poisson(2 + label)
        yield pa.table(
            {
                **columns,
                "colour": colour,
                "place": place,
                "visits": visits,
                "label": np.char.add("c", label.astype(str)),
            }
        )


def written(path: Path, size: float) -> int:
    """A file of so many bytes; its rows."""
    stream = blocks()
    first = next(stream)
    open_as: dict[str, Callable] = {".csv": csv.CSVWriter, ".parquet": parquet.ParquetWriter}
    rows = 0
    with open_as[path.suffix](path, first.schema) as writer:
        block = first
        while not path.exists() or path.stat().st_size < size:
            writer.write_table(block)
            rows += len(block)
            block = next(stream)
    return rows


def told(path: Path, size: float, folder: Path) -> dict[str, float | str]:
    """One file's figures."""
    rows = written(path, size)
    run = fresh(FIT, str(path), str(folder / "run.likely"))
    print(f"{path.suffix[1:]}: {run.peak_mb:.0f} MB at most", flush=True)
    parts = dict(line.split() for line in fresh(PASS, str(path)).output.strip().splitlines())
    seconds = float(run.output.rpartition("SECONDS")[2])
    figures = {"file": path.suffix[1:], "gigabytes": path.stat().st_size / 1e9, "rows": rows, "peak_mb": run.peak_mb}
    figures |= {"fit_seconds": seconds, "hash_seconds": float(parts["hash"]), "read_seconds": float(parts["read"])}
    assert int(parts["rows"]) == rows
    path.unlink()
    return figures


def main() -> None:
    """Both files, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gigabytes", type=float, default=5.0)
    parser.add_argument("--only", choices=("csv", "parquet"))
    args, busy = parser.parse_args(), Busy()
    start = time.perf_counter()
    figures, kind = [], f"_{args.only}" * bool(args.only)
    for suffix in [args.only] if args.only else ["csv", "parquet"]:
        with tempfile.TemporaryDirectory() as folder:
            figures.append(told(Path(folder) / f"large.{suffix}", args.gigabytes * 1e9, Path(folder)))
        print(json.dumps(figures[-1]), flush=True)
    document = {
        "benchmark": "large_file",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "machine": machine(),
        "others": busy.others(),
        "promised_mb": PROMISED,
        "seconds": time.perf_counter() - start,
        "figures": figures,
    }
    (Path(__file__).parent / "results" / f"large_file{kind}.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
