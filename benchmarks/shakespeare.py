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
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from _training import begun, head, parser, trained, written
from harness import Busy
from torch import Tensor

from likely.codecs.vocabulary import Characters
from likely.contracts import Sharpness
from likely.families.transformer import TokensModel, Transformer
from likely.rng import Keyed
from likely.spaces import Tokens
from likely.training import Engine, Examples

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


def pieces(codes: Tensor) -> Examples:
    """The text cut into rows of one length; the last begins before the end of the one before it."""
    whole = len(codes) // PIECE * PIECE
    return Examples(torch.cat([codes[:whole].view(-1, PIECE), codes[-PIECE:][None]]))


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


def arguments() -> tuple[argparse.Namespace, Busy]:
    """The command line, and the run that it begins."""
    made = parser(__doc__, minutes=15.0, batch=16)
    made.add_argument("--width", type=int, default=160)
    made.add_argument("--layers", type=int, default=4)
    made.add_argument("--heads", type=int, default=5)
    made.add_argument("--window", type=int, default=128, help="characters that a look reaches back")
    made.add_argument("--dropout", type=float, default=0.0)
    made.add_argument("--rate", type=float, default=3e-3)
    made.add_argument("--decay", type=float, default=0.1)
    made.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    return begun(made)


def main() -> None:
    """Train, score, write the figure down."""
    args, busy = arguments()
    learned, held, vocabulary = parts(args.data)
    shape = {"width": args.width, "layers": args.layers, "heads": args.heads, "window": args.window}
    family = Transformer(**shape, dropout=args.dropout, rate=args.rate, decay=args.decay)
    model = family.build(Tokens(vocabulary.size, PIECE))
    assert isinstance(model, TokensModel)
    engine = Engine(compile=args.compile, probe=False, threads=args.threads or None)
    spent = trained(model, pieces(learned), args, engine=engine)
    model.eval()
    start = time.perf_counter()
    found = nats(model, held, args.window)
    told = {
        **head("shakespeare", args, busy, family, model, spent),
        "characters_seen": spent["steps"] * args.batch * args.window,
        "scored_seconds": time.perf_counter() - start,
        "characters": len(found),
        "nats": found.mean().item(),
        "stderr": (found.std() / len(found) ** 0.5).item(),
        "promised": PROMISED.get(round(args.minutes)),
    }
    written(told, f"shakespeare_{args.minutes:g}.json")
    begun = torch.tensor(vocabulary.codes("\n"))[None]
    said = model.continued(begun, sharpness=Sharpness(0.8), rng=Keyed(args.seed))
    print(vocabulary.text([int(code) for _, code in zip(range(500), said) if code >= 0]))


if __name__ == "__main__":
    main()
