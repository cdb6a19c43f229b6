"""Tiny Shakespeare by characters: validation nats per character after so many minutes of training.

    python benchmarks/shakespeare.py --minutes 15 --threads 2 --run runs/shakespeare_15 [--data FOLDER]

The first 90 % of the file's 1,115,394 characters are learned from, the last 10 % (111,540) validate, as in char-rnn and
nanoGPT. Every character of the validation part but its first is scored once: the part is cut into pieces of 4,096 that
begin with the piece before's last `window` characters, which are given and not scored, so that a character is told from
at least `window` before it, wherever there are so many. The figure is the mean of -log p in nats. Nothing is chosen by
it: the weights are those at the end of the training, whose rate falls to zero.

Training is given so many minutes of wall-clock, all planning included; rows are pieces of 4,096 characters, of which
every batch sees stretches drawn anew. Stopped at any moment, the same command goes on from the last saved state; on a
busy machine `--steps` trains as many steps as the quiet one does (the JSON's `steps`). Results:
benchmarks/results/shakespeare_MINUTES.json.
"""

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from harness import Busy, machine
from safetensors.torch import load_file, save_file
from torch import Tensor

from likely.codecs.vocabulary import Characters
from likely.contracts import Sharpness
from likely.families.transformer import TokensModel, Transformer
from likely.rng import Keyed
from likely.spaces import Tokens
from likely.training import Budget, Engine, Examples, JsonLines, Lines, follow, learn

PIECE, SHARE = 4096, 0.9
PROMISED = {15: 1.60}  # nats, by minutes of training


def parts(data: Path) -> tuple[Tensor, Tensor, Characters]:
    """The codes of both parts, and what they say."""
    text = (data / "text" / "tinyshakespeare.txt").read_text(encoding="utf-8")
    vocabulary = Characters.learned([text])
    codes = torch.tensor(vocabulary.codes(text))
    cut = int(SHARE * len(codes))
    assert isinstance(vocabulary, Characters)
    return codes[:cut], codes[cut:], vocabulary


def trained(model: TokensModel, codes: Tensor, args: argparse.Namespace) -> dict[str, float]:
    """The model with its trained weights, from the run's folder where it is finished; what the training took."""
    weights, told = args.run / "weights.safetensors", args.run / "trained.json"
    if not told.exists():
        start, whole = time.perf_counter(), len(codes) // PIECE * PIECE
        finished = follow(
            learn(
                model,
                Examples(torch.cat([codes[:whole].view(-1, PIECE), codes[-PIECE:][None]])),
                budget=Budget(steps=args.steps) if args.steps else Budget(seconds=60 * args.minutes),
                seed=args.seed,
                folder=args.run / "training",
                engine=Engine(compile=args.compile, probe=False, threads=args.threads or None),
                batch=args.batch,
                resume=(args.run / "training").exists(),
            ),
            JsonLines(args.run / "log.jsonl"),
            Lines(sys.stderr),
        )
        seconds = max(finished.seconds, time.perf_counter() - start)
        save_file(finished.kept.weights, weights)
        told.write_text(json.dumps({"minutes": seconds / 60, "steps": finished.step}))
    model.load_state_dict(load_file(weights))
    return json.loads(told.read_text())


@torch.no_grad()
def nats(model: TokensModel, codes: Tensor, window: int) -> Tensor:
    """-log p of every character but the first (N - 1,)."""
    scored = []
    for at in range(1, len(codes), PIECE):
        row = codes[max(0, at - 1 - window) : at + PIECE]
        new = min(PIECE, len(codes) - at)
        log_p = model.chain.codes(row[None, :-1])[0, -new:].double().log_softmax(1)
        scored.append(-log_p.gather(1, row[-new:, None])[:, 0])
    return torch.cat(scored)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--minutes", type=float, default=15.0, help="of training, wall-clock")
    parser.add_argument("--steps", type=int, default=0, help="of training, instead of minutes: on a busy machine")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run: made, or gone on with")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LIKELY_DATA", beside)))
    parser.add_argument("--width", type=int, default=160)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--heads", type=int, default=5)
    parser.add_argument("--window", type=int, default=128, help="characters that a look reaches back")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("--batch", type=int, default=16, help="stretches of a step")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


def main() -> None:
    """Train, score, write the figure down."""
    args, busy = arguments(), Busy()
    args.run.mkdir(parents=True, exist_ok=True)
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    learned, held, vocabulary = parts(args.data)
    shape = {"width": args.width, "layers": args.layers, "heads": args.heads, "window": args.window}
    family = Transformer(**shape, dropout=args.dropout, rate=args.rate, decay=args.decay)
    model = family.build(Tokens(vocabulary.size, PIECE))
    assert isinstance(model, TokensModel)
    took = trained(model, learned, args)
    model.eval()
    start = time.perf_counter()
    found = nats(model, held, args.window)
    told = {
        "benchmark": "shakespeare",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "machine": machine(),
        "others": busy.others(),
        "family": repr(family),
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "batch": args.batch,
        "asked_steps": args.steps,
        "trained_minutes": took["minutes"],
        "steps": took["steps"],
        "characters_seen": took["steps"] * args.batch * args.window,
        "scored_seconds": time.perf_counter() - start,
        "characters": len(found),
        "nats": found.mean().item(),
        "stderr": (found.std() / len(found) ** 0.5).item(),
        "promised": PROMISED.get(round(args.minutes)),
    }
    results = Path(__file__).parent / "results" / f"shakespeare_{args.minutes:g}.json"
    results.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))
    begun = torch.tensor(vocabulary.codes("\n"))[None]
    said = model.continued(begun, sharpness=Sharpness(0.8), rng=Keyed(args.seed))
    print(vocabulary.text([int(code) for _, code in zip(range(500), said) if code >= 0]))


if __name__ == "__main__":
    main()
