"""A transformer of 6 layers, 384 wide, over 65 characters: generating and training, beside Hugging Face and torch.

Generation: 64 characters after a prompt of 96 (the middle of a row of 256, so their mean cost; the prompt's own cost is
part of it), by likely with and without its cache, and by transformers' GPT2 (the same layers, width, heads and, but for
its biases and positions, the same number of weights) with and without its own. Uncached, 8 characters in the middle of
the 64 stand for all. Then a whole row, 255 characters after the first one. All draw at temperature 1, in float32,
eagerly.

Training: a step on 16 x 256 characters in likely's loop (order, noise, clipping by usual length, moving average), in a
plain loop around a plain GPT of the same size (LayerNorm, GELU, learned positions; AdamW, clipping to 1), and in the
same loop around GPT2.
"""

import sys
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
import torch.nn.functional as F
from harness import Bench, Form
from torch import Tensor, nn

from likely.distributions import PLAIN
from likely.distributions.columnwise import Dealt
from likely.families.transformer import TokensModel, Transformer
from likely.rng import Keyed
from likely.spaces import Tokens
from likely.training import Examples, Recipe
from likely.training.arranged import arranged
from likely.training.course import Course
from likely.training.processes import Alone
from likely.training.rounds import Rounds

VOCABULARY, LENGTH, LAYERS, HEADS, WIDTH = 65, 256, 6, 6, 384
PROMPT, NEW, BATCH = 96, 64, 16
FEW = 8  # characters that are timed where each costs the whole network


def characters(rows: int, length: int = LENGTH) -> Tensor:
    """Random ones: the work is the same."""
    return torch.randint(VOCABULARY, (rows, length), generator=torch.Generator().manual_seed(0))


def ours() -> TokensModel:
    """The family at this size."""
    torch.manual_seed(0)
    family = Transformer(width=WIDTH, layers=LAYERS, heads=HEADS, window=LENGTH, rate=1e-3)
    model = family.build(Tokens(VOCABULARY, LENGTH))
    assert isinstance(model, TokensModel)
    return model


def cached(rows: int, prompt: int = PROMPT, new: int = NEW) -> Callable[[], object]:
    """What `continued` runs; that a row ends does not stop it here."""
    model, start = ours().eval(), characters(rows, prompt)

    def work() -> None:
        levels = model.chain.levels(rows, LENGTH - prompt, Keyed(0))
        for _ in islice(model.chain.following(start, None, levels, PLAIN), new):
            pass

    return work


def uncached(rows: int) -> Callable[[], object]:
    """The whole network at every character."""
    model, start = ours().eval(), characters(rows, PROMPT + (NEW - FEW) // 2)
    begin = torch.full((rows, 1), model.end)

    def work() -> None:
        dealt, row = Dealt(model.chain.levels(rows, FEW, Keyed(0))), torch.cat([begin, start], 1)
        with torch.inference_mode():
            for _ in range(FEW):
                code = dealt.categorical(model.chain.codes(row)[:, -1])
                row = torch.cat([row, code[:, None]], 1)

    return work


def same_draws(rows: int) -> float:
    """The share of rows in which the two ways differ anywhere."""
    model, start = ours().eval(), characters(rows, PROMPT)
    levels = model.chain.levels(rows, NEW, Keyed(0))
    fast = torch.stack([*model.chain.following(start, None, levels, PLAIN)], 1)
    dealt, row = Dealt(levels), torch.cat([torch.full((rows, 1), model.end), start], 1)
    with torch.inference_mode():
        for _ in range(NEW):
            row = torch.cat([row, dealt.categorical(model.chain.codes(row)[:, -1])[:, None]], 1)
    return float((fast != row[:, -NEW:]).any(1).double().mean())


def theirs() -> nn.Module:
    """transformers' GPT2 at this size."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    shape = {"n_positions": LENGTH, "n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS}
    config = GPT2Config(vocab_size=VOCABULARY, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
                        bos_token_id=0, eos_token_id=VOCABULARY - 1, **shape)  # fmt: skip
    return GPT2LMHeadModel(config)


def generate(rows: int, *, cache: bool, prompt: int = PROMPT, new: int = NEW) -> Callable[[], object]:
    """Its own generation."""
    model, start = theirs().eval(), characters(rows, prompt).clamp(max=VOCABULARY - 2)
    told = {"do_sample": True, "top_k": 0, "max_new_tokens": new, "min_new_tokens": new, "pad_token_id": 0}

    def work() -> None:
        with torch.inference_mode():
            model.generate(start, use_cache=cache, attention_mask=torch.ones_like(start), **told)

    return work


def ours_training(*, compiled: bool = False) -> Callable[[], object]:
    """A round of likely's loop."""
    model = ours().train()
    recipe = Recipe(rows=256, steps=10**6, batch=BATCH, warmup=100, threads=torch.get_num_threads(), compile=compiled)
    held = arranged(model, recipe)
    held.__enter__()
    rounds = Rounds(model, Examples(characters(256)), recipe, seed=0, lift=None, processes=Alone())
    course = Course()

    def step(_held: object = held) -> None:  # arranged for as long as the step is there
        rounds.play(course)
        rounds.look_when_due(course)

    return step


class PlainBlock(nn.Module):
    """As in every first GPT."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.Linear(WIDTH, WIDTH, bias=False)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH, bias=False), nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.qkv(self.first(x)).split(WIDTH, 2)
        q, k, v = (part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in parts)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(seen.transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.second(x))))


class PlainGPT(nn.Module):
    """Embeddings, blocks, a tied head."""

    def __init__(self) -> None:
        super().__init__()
        self.codes, self.places = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks, self.norm = nn.Sequential(*[PlainBlock() for _ in range(LAYERS)]), nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        h = self.codes(x) + self.places.weight[: x.shape[1]]
        return self.norm(self.blocks(h)) @ self.codes.weight.t()


def plain_training(model: nn.Module, logits: Callable[[Tensor], Tensor]) -> Callable[[], object]:
    """The loop that everybody writes."""
    optimizer, data = torch.optim.AdamW(model.parameters(), 1e-3, betas=(0.9, 0.95)), characters(256, LENGTH + 1)

    def step() -> None:
        rows = data[torch.randint(len(data), (BATCH,))]
        loss = F.cross_entropy(logits(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def plain() -> Callable[[], object]:
    """The plain GPT."""
    model = PlainGPT()
    return plain_training(model, model)


def hugging() -> Callable[[], object]:
    """transformers' GPT2."""
    model = theirs().train()
    return plain_training(model, lambda x: model(x, use_cache=False).logits)


def main() -> None:
    """Both races at both batches, and the training."""
    bench = Bench("transformer", __doc__, ("transformers",))
    bench.note("weights, likely", float(sum(p.numel() for p in ours().parameters())))
    bench.note("weights, plain GPT", float(sum(p.numel() for p in PlainGPT().parameters())))
    bench.check("share of 16 rows in which cached and uncached draws differ", same_draws(16), below=0.07)
    for rows, naive in ((1, 8.0), (16, 25.0)):
        part, whole = {"prompt": PROMPT + (NEW - FEW) // 2, "new": FEW}, {"prompt": 1, "new": LENGTH - 1}
        times = bench.race(f"{NEW} characters after {PROMPT}, batch {rows}", [
            Form("likely", partial(cached, rows)),
            Form("transformers, cached", partial(generate, rows, cache=True), target=2.0),
            Form("likely, uncached loop", partial(uncached, rows), target=naive, scale=NEW / FEW),
            Form("transformers, uncached", partial(generate, rows, cache=False, **part), scale=NEW / FEW),
        ])  # fmt: skip
        for form, seconds in times.items():
            bench.note(f"batch {rows}, {form}", rows * NEW / seconds, "characters/s")
        times = bench.race(f"a whole row of {LENGTH}, batch {rows}", [
            Form("likely", partial(cached, rows, **whole)),
            Form("transformers, cached", partial(generate, rows, cache=True, **whole), target=2.0),
        ])  # fmt: skip
        for form, seconds in times.items():
            bench.note(f"a whole row, batch {rows}, {form}", rows * (LENGTH - 1) / seconds, "characters/s")
    times = bench.race(f"training step of {BATCH} x {LENGTH} characters", [
        Form("likely", ours_training),
        Form("plain GPT, plain loop", plain, target=2.5),
        Form("transformers, plain loop", hugging),
        Form("likely, compiled", lambda: ours_training(compiled=True)),
    ])  # fmt: skip
    for form, seconds in times.items():
        bench.note(f"training, {form}", BATCH * LENGTH / seconds, "characters/s")
    bench.write()


if __name__ == "__main__":
    main()
