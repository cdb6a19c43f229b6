"""What the benchmarks of GANs on pictures share: rows of a table, each a family and a seed with a folder of its own."""

import argparse
import json
import time
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from _training import engine, head, noticed, trained
from harness import Busy

from likely.codecs import Codec, ImageCodec, Lift, condition_codec
from likely.contracts import Model
from likely.data import Images, read
from likely.doctor import Checkup, Patient, Record, examined, read_record
from likely.fields import made as family_of
from likely.metrics.classifier import planes
from likely.rng import Keyed
from likely.training import Examples

AT_ONCE = 500  # pictures drawn together


@dataclass(frozen=True)
class Played:
    """A model after its game, and what is told of the training."""

    model: Model
    lift: Lift
    given: Codec[Any] | None
    told: dict[str, Any]


def mnist_like(data: Path, name: str, part: str) -> Images:
    """Labelled pictures: `name` is mnist or fashion-mnist, `part` train or t10k."""
    rows = read(data / "images" / name / f"{part}-images-idx3-ubyte.gz")
    assert isinstance(rows, Images)
    return rows


def examples(rows: Images, given: Codec[Any] | None) -> Examples:
    """Levels as small as they are, and what is given beside each."""
    return Examples(planes(rows.pixels), None if given is None else given.encode(rows.said).x)


def played(
    args: argparse.Namespace, name: str, seed: int, text: str, learned: Images, held: Images, label: str | None = None
) -> Played:
    """A family's model, trained in the run's folder or gone on with, and the doctor's word on its kept weights."""
    own, busy, family = copy(args), Busy(), family_of("Family", text)
    own.run, own.seed = args.run / f"{name}_{seed}", seed
    own.run.mkdir(parents=True, exist_ok=True)
    codec, given = ImageCodec.fit(learned), None if label is None else condition_codec(learned, [label])
    lift = Lift.of(family, codec.space)
    torch.manual_seed(seed)
    model = family.build(lift.space, None if given is None else given.space)
    judged, log = examples(held, given), own.run / "log.jsonl"
    patient = Patient(model, codec, lift, learned, held, given, seed)
    checkup = Checkup(model, judged, seed, lift, patient, read_record(log) if log.is_file() else Record())
    spent = trained(
        model, examples(learned, given), own, validation=judged, lift=lift, checkup=checkup,
        engine=engine(args, channels_last=args.channels_last),
    )  # fmt: skip
    model.eval()
    health = examined(patient, read_record(log))
    found = [str(each) for each in health.findings]
    print("\n".join(f"{name}, seed {seed}: {each}" for each in found or ["nothing is wrong"]), flush=True)
    told = {
        "row": name, "seed": seed, **head(name, own, busy, text, model, spent),
        "findings": found, "noticed": noticed(own.run), "health": health.to_json(),
    }  # fmt: skip
    return Played(model, lift, given, told)


def drawn(one: Played, n: int, like: Images | None = None, *, seed: int = 0) -> tuple[Images, float]:
    """n pictures as levels, given what is said of others where the model is given anything; the seconds they took."""
    start, parts = time.perf_counter(), []
    place = next(one.model.parameters()).device
    c = None if one.given is None or like is None else one.given.encode(like.said).x
    with torch.no_grad():
        for at in range(0, n, AT_ONCE):
            size = min(AT_ONCE, n - at)
            given = None if c is None else c[at : at + size].to(place)
            parts.append(one.lift.down(one.model.sample(size, given, rng=Keyed(seed, rows=at))).cpu())
    pixels = torch.cat(parts).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    return Images(pixels), time.perf_counter() - start


def arguments(made: argparse.ArgumentParser, rows: dict[str, str], usual: Sequence[str]) -> None:
    """The arguments that these benchmarks have besides those of a training."""
    made.add_argument("--rows", nargs="+", choices=rows, default=list(usual), help="rows of the table to train")
    made.add_argument("--seeds", nargs="+", type=int, default=[0])
    made.add_argument("--family", action="append", default=[], metavar="ROW=TEXT", help="another family for a row")
    made.add_argument("--channels-last", action=argparse.BooleanOptionalAction, default=None)


def families(args: argparse.Namespace, rows: dict[str, str]) -> dict[str, str]:
    """The asked rows' families, as text."""
    return {name: text for name, text in (rows | dict(each.split("=", 1) for each in args.family)).items()
            if name in args.rows}  # fmt: skip


def done_before(args: argparse.Namespace, rows: dict[str, str]) -> list[dict[str, Any]]:
    """What the run's folder says of every row and seed that is done, asked for now or not."""
    paths = sorted(path for name in rows for path in args.run.glob(f"{name}_*.json"))
    return [json.loads(path.read_text()) for path in paths]
