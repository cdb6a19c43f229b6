"""A model of texts that one can reckon with by hand: each token depends on the one before it."""

from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch

from likely.card import Card
from likely.codecs import VOCABULARIES, TextsCodec
from likely.contracts import Continues, Family, Sharpness
from likely.data import Texts
from likely.distributions import sharpened
from likely.fitted import Fitted


@dataclass(frozen=True, kw_only=True)
class Bigram(Family["BigramModel"]):
    """Counted from the rows that `learned` is given."""

    def build(self, space, condition=None):
        return BigramModel(space, condition)


@final
class BigramModel(Continues):
    """p(token | the one before); the last state is the end, and before the beginning."""

    def __init__(self, space, condition=None):
        super().__init__(space, condition)
        size = space.vocabulary + 1
        self.register_buffer("counts", torch.full((size, size), 1e-9))
        self.asked = []  # how much of the past each continuation was given

    def learned(self, x):
        end = self.space.vocabulary
        for row in torch.where(x < 0, end, x.long()):
            states = [end, *row.tolist()]
            states = states[: states.index(end, 1) + 1] if end in states[1:] else states
            for before, after in pairwise(states):
                self.counts[before, after] += 1
        return self

    def sample(self, n, c=None, *, rng):
        return self.sample_sharpened(n, c, sharpness=Sharpness(), rng=rng)

    def sample_sharpened(self, n, c=None, *, sharpness, rng):
        start = torch.zeros(n, 0, dtype=torch.long)
        return torch.stack(list(self.continued(start, c, sharpness=sharpness, rng=rng)), 1)

    def continued(self, start, c=None, *, sharpness, rng):
        end = self.space.vocabulary
        self.asked.append(start.shape[1])
        state = start[:, -1] if start.shape[1] else torch.full((len(start),), end)
        for moment in range(start.shape[1], self.space.length):
            logits = self.counts[state].log()
            if moment == 0:
                logits[:, end] = -torch.inf  # no text is empty
            drawn = rng.categorical(sharpened(logits, sharpness))
            state = torch.where((state == end) & (moment > 0), end, drawn)
            yield torch.where(state == end, -1, state)


def bigram(texts, *, form="lines", unit="characters", length=None, condition=None):
    """A fitted model of these texts."""
    codec = TextsCodec.fit(Texts(tuple(texts), form), unit=VOCABULARIES[unit])
    x = codec.encode(Texts(tuple(texts), form)).x
    if length is not None:
        codec = TextsCodec(form, codec.vocabulary, length)
    model = Bigram().build(codec.space).learned(x)
    return Fitted(model, codec, Card(family=Bigram(), order=()))
