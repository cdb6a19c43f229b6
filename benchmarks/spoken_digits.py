"""Spoken digits from a class-conditional WaveNet on mu-law samples at 8 kHz, judged by a classifier of real ones.

    python benchmarks/spoken_digits.py --minutes 60 --run runs/digits_60 [--data FOLDER] [--family wavenet,width=64]

Protocol: the Free Spoken Digit Dataset, here of four speakers (2,000 recordings); recordings 0 to 4 of each digit and
speaker are the test, as its authors say, 5 to 9 choose the weights, the others are learned from. Recordings longer than
`--seconds` are left out of all three, the others are filled up with silence. The classifier is a small convolutional
network on spectrograms, learned from the real training recordings alone; its accuracy on the real test recordings, on
these after the 256 mu-law levels, and on `--each` samples of every digit is told, beside the exact nats of the test.
The samples lie in the run's folder as .wav files, with what was asked for in metadata.csv.

Stopped at any moment, the same command goes on. Results: benchmarks/results/spoken_digits_MINUTES.json.
"""

import argparse
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
import torch.nn.functional as F
from _training import begun, head, parser, trained, written
from harness import Busy
from torch import Tensor, nn

from likely.codecs import SoundCodec
from likely.data import Sounds, read, sounds_of, spectrogram, write
from likely.fields import made as family_of
from likely.rng import Keyed
from likely.spaces import Wave, label
from likely.training import Engine, Examples

FAMILY = "wavenet,width=48,skips=128,reach=512,stacks=2,block=4096"
PROMISED = 0.80  # accuracy of samples, with a GPU
SIDES = ("test", "validation", "train")
TOGETHER = 50  # samples drawn at one time


@dataclass(frozen=True)
class Spoken:
    """Recordings and the digit that each says."""

    sounds: Sounds
    digits: Tensor

    @property
    def condition(self) -> Tensor:
        return self.digits.float()[:, None]


def recordings(data: Path, seconds: float) -> tuple[dict[str, Spoken], int]:
    """By side, and how many were left out for their length. Files are called DIGIT_SPEAKER_INDEX.wav."""
    rows = read(data / "audio" / "fsdd_4speakers.zip")
    assert isinstance(rows, Sounds)
    told = [Path(name).stem.split("_") for name in rows.names]
    digits = torch.tensor([int(digit) for digit, _, _ in told])
    short = rows.lengths <= seconds * rows.rate
    side = np.array([min(int(index) // 5, 2) for _, _, index in told])
    parts = {}
    for place, name in enumerate(SIDES):
        kept = np.flatnonzero(short & (side == place))
        parts[name] = Spoken(rows.take(kept), digits[torch.from_numpy(kept)])
    return parts, int((~short).sum())


# The model -----------------------------------------------------------------------------------------------------------


def sampled(model: Any, codec: SoundCodec, args: argparse.Namespace) -> Spoken:
    """`--each` of every digit; row i depends on the seed and i alone."""
    digits = torch.arange(10).repeat(args.each)
    device = next(model.parameters()).device
    drawn: list[Tensor] = []
    for at in range(0, len(digits), TOGETHER):
        c = digits[at : at + TOGETHER].float()[:, None].to(device)
        with torch.no_grad():
            drawn.append(model.sample(len(c), c, rng=Keyed(args.seed, rows=at)).cpu())
        print(f"  {at + len(c)} samples", flush=True)
    return Spoken(codec.decode(torch.cat(drawn)), digits)


# The judge -----------------------------------------------------------------------------------------------------------


class Judge(nn.Module):
    """Spectrograms (B, 1, frames, bands) to digits."""

    def __init__(self) -> None:
        super().__init__()
        widths = (1, 16, 32, 64)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(widths))
        self.norms = nn.ModuleList(nn.BatchNorm2d(b) for b in widths[1:])
        self.out = nn.Linear(widths[-1] * 4 * 8, 10)

    def forward(self, x: Tensor) -> Tensor:
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = F.max_pool2d(torch.relu(norm(layer(x))), 2)
        return self.out(F.dropout(F.adaptive_avg_pool2d(x, (4, 8)).flatten(1), 0.5, self.training))


def pictures(sounds: Sounds, length: int) -> Tensor:
    """(N, 1, frames, 64): decibels to the loudest, of 64 bands of pitch, up to one length."""
    filled = [np.pad(sound.astype(np.float64), (0, length - len(sound))) for sound in sounds.samples]
    power = np.stack([spectrogram(sound)[:, 1:].reshape(-1, 64, 2).mean(2) for sound in filled])
    return torch.from_numpy((power - power.max((1, 2), keepdims=True)).clip(-60) / 60 + 0.5).float()[:, None]


def judge_of(part: Spoken, length: int, seed: int, rounds: int = 600) -> Judge:
    """Learned from real recordings, each moved a little in time."""
    torch.manual_seed(seed)
    judge, x = Judge().train(), pictures(part.sounds, length)
    optimizer = torch.optim.AdamW(judge.parameters(), 2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, rounds)
    for _ in range(rounds):
        rows = torch.randint(len(x), (64,))
        moved = torch.stack([x[row].roll(int(torch.randint(-3, 4, ())), 1) for row in rows])
        loss = F.cross_entropy(judge(moved), part.digits[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return judge.eval()


@torch.no_grad()
def accuracy(judge: Judge, part: Spoken, length: int) -> dict[str, Any]:
    """The share of recordings whose digit is recognised, its standard error, and by digit."""
    right = (judge(pictures(part.sounds, length)).argmax(1) == part.digits).double()
    share = float(right.mean())
    by_digit = [float(right[part.digits == digit].mean()) for digit in range(10)]
    return {
        "share": share,
        "stderr": math.sqrt(share * (1 - share) / len(right)),
        "of": len(right),
        "by_digit": by_digit,
    }


def main(words: Sequence[str] | None = None) -> None:
    """Train, draw, judge, write the figures down."""
    args, busy = arguments(words)
    parts, left_out = recordings(args.data, args.seconds)
    rate = parts["train"].sounds.rate
    family, length = family_of("Family", args.family), round(args.seconds * rate)
    codec = SoundCodec(Wave(rate, length), 256)
    judge = judge_of(parts["train"], length, args.seed)
    rows = codec.encode(parts["test"].sounds).x
    heard = Spoken(codec.decode(rows), parts["test"].digits)
    print("real test recordings recognised:", accuracy(judge, parts["test"], length)["share"], flush=True)
    torch.manual_seed(args.seed)  # the judge drew from it
    model = family.build(codec.space, label(10))
    examples = {name: Examples(codec.encode(part.sounds).x, part.condition) for name, part in parts.items()}
    engine = Engine(probe=False, threads=args.threads or None, device=args.device)
    spent = trained(model, examples["train"], args, validation=examples["validation"], engine=engine)
    model = model.to(args.device or "cpu").eval()
    start = time.perf_counter()
    drawn = sampled(model, codec, args)
    drawing = time.perf_counter() - start
    said = sounds_of(drawn.sounds.samples, codec.space.rate, labels=drawn.digits.tolist())
    write(said, args.run / "samples", recipe={"command": " ".join(sys.argv), "seed": args.seed})
    with torch.no_grad():
        c = parts["test"].condition.to(args.device or "cpu")
        nats = -model.log_prob(rows.to(args.device or "cpu"), c).double().cpu()
    told = {
        **head("spoken_digits", args, busy, family, model, spent),
        "recordings": {name: len(part.digits) for name, part in parts.items()} | {"left out": left_out},
        "measure": codec.measure,
        "samples_s": len(drawn.digits) * codec.space.length / drawing,
        "test_nats": float(nats.mean()),
        "test_nats_stderr": float(nats.std() / len(nats) ** 0.5),
        "test_bits_a_sample_heard": float(nats.sum() / parts["test"].sounds.lengths.sum() / math.log(2)),
        "real": accuracy(judge, parts["test"], length),
        "real_in_levels": accuracy(judge, heard, length),
        "samples": accuracy(judge, drawn, length),
        "promised": PROMISED,
    }
    written(told, f"spoken_digits_{args.minutes:g}.json")


def arguments(words: Sequence[str] | None) -> tuple[argparse.Namespace, Busy]:
    """The command line, and the run that it begins."""
    made = parser(__doc__, minutes=60.0, batch=8)
    made.add_argument("--family", default=FAMILY)
    made.add_argument("--seconds", type=float, default=0.5, help="of a recording, at most")
    made.add_argument("--each", type=int, default=20, help="samples of every digit")
    made.add_argument("--device", default=None, help="cpu, cuda")
    return begun(made, words)


if __name__ == "__main__":
    main()
