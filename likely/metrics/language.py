r"""Texts: are they written alike? The pieces they are made of, how often they repeat, what a packer makes of them.

    n-gram divergence    the Jensen-Shannon divergence, in bits, of n-grams of characters, mean of n = 1 ... 4    (1)
    distinct n-grams     different ones among as many as fit in a stretch of fixed length                         (2)
    repeated n-grams     of a text's n-grams, the share that some other text of the same sample has, too          (3)
    bits per character   C(real, synthetic) - C(real), of a packer's lengths, a character of the synthetic        (4)

Every one depends on how much text there is, so the ideal is what real texts get at the same sizes: for (1) labels dealt
out by chance, for the others other real texts. In (2) and (3) n-grams are of 4 words where texts have 8 words or more,
else of 4 characters. (3) is near self-BLEU (Zhu et al., 2018); (4) the distance of Benedetto et al. (2002).
"""

import lzma
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from likely.data import Texts
from likely.metrics.features import sampled
from likely.metrics.measure import Measure, Z, mean

Array = np.ndarray[Any, Any]
MOST, LETTERS = 5000, 200_000  # texts, and characters, a side
NS, GRAM, WORDY = (1, 2, 3, 4), 4, 8
PARTS, DEALINGS = 10, 5
BASE, SHORTEST = 1 << 18, 200  # characters that a packer knows; of a part that it packs, at least
FACTOR = np.uint64(0x9E3779B97F4A7C15)  # of the hash of an n-gram
PACKERS: dict[str, tuple[Callable[[bytes], bytes], int]] = {  # each with how many characters it can look back
    "lzma": (lambda text: lzma.compress(text, preset=6), BASE),
    "zlib": (lambda text: zlib.compress(text, 9), 24_000),
}


def of_language(real: Texts, synthetic: Texts, *, seed: int = 0) -> list[Measure]:
    """The four, where there are enough texts for each."""
    a, b = _some(real, seed), _some(synthetic, seed + 1)
    if min(len(a), len(b)) < PARTS or not any(a) or not any(b):
        return []
    (x, y), word = (_words(a, b), "words") if _are_wordy(a) else ((_letters(a), _letters(b)), "characters")
    found = [
        divergence(_letters(a), _letters(b), seed),
        distinct(x, y, word),
        repeated(x, y, word),
        packed(a, b),
    ]
    return [measure.within("language") for measure in found if measure is not None]


def _some(rows: Texts, seed: int) -> list[str]:
    """Texts up to so many characters."""
    texts = list(sampled(rows, MOST, seed))
    ends = np.cumsum([len(text) for text in texts])
    kept = texts[: max(int(np.searchsorted(ends, LETTERS)), min(PARTS, len(texts)))]
    return [text[: LETTERS // PARTS] for text in kept]


def _are_wordy(texts: list[str]) -> bool:
    return float(np.median([len(text.split()) for text in texts])) >= WORDY


def _letters(texts: Sequence[str]) -> list[Array]:
    """Each text as numbers, one a character."""
    return [np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64) for text in texts]


def _words(a: Sequence[str], b: Sequence[str]) -> tuple[list[Array], list[Array]]:
    """Each text as numbers, one a word."""
    places: dict[str, int] = {}
    found = [np.array([places.setdefault(word, len(places)) for word in text.split()], np.uint64) for text in (*a, *b)]
    return found[: len(a)], found[len(a) :]


def grams(text: Array, n: int) -> Array:
    """A number for each n units that stand together; equal where they are (but for one chance in 2^64)."""
    if len(text) < n:
        return np.zeros(0, np.uint64)
    found = np.zeros(len(text) - n + 1, np.uint64)
    for at in range(n):
        found = (found ^ (text[at : at + len(found)] + np.uint64(1))) * FACTOR
        found ^= found >> np.uint64(29)
    return found


# (1) -----------------------------------------------------------------------------------------------------------------


def divergence(a: list[Array], b: list[Array], seed: int = 0) -> Measure:
    """(1)."""
    by_n = {f"{n} characters": _divergence(a, b, n, seed) for n in NS}
    value, ideal = np.mean([each[:2] for each in by_n.values()], 0).tolist()
    without = np.mean([each[2] for each in by_n.values()], 0)
    half = Z * float(np.sqrt((PARTS - 1) * without.var()))
    note = "bits, of sequences of 1 to 4 characters; the ideal is what texts dealt out by chance get"
    parts = {name: each[0] for name, each in by_n.items()}
    return Measure(
        "n-gram divergence", value, max(value - half, 0.0), value + half, (len(a), len(b)), ideal, note, parts
    )


def _divergence(a: list[Array], b: list[Array], n: int, seed: int) -> tuple[float, float, Array]:
    """The value, what chance gets, and what is left without each tenth of both sides' texts."""
    found = [grams(text, n) for text in (*a, *b)]
    _, places = np.unique(np.concatenate(found), return_inverse=True)
    owner = np.repeat(np.arange(len(found)), [len(each) for each in found])
    size, first = int(places.max(initial=0)) + 1, np.arange(len(found)) < len(a)
    part = np.arange(len(found)) % PARTS

    def apart(side: Array, kept: Array) -> float:
        sides = [np.bincount(places[(side == of)[owner] & kept[owner]], minlength=size) for of in (True, False)]
        return jensen_shannon(*sides)

    rng, every = np.random.default_rng(seed), np.ones(len(found), bool)
    dealt = float(np.mean([apart(rng.permutation(first), every) for _ in range(DEALINGS)]))
    return apart(first, every), dealt, np.array([apart(first, part != each) for each in range(PARTS)])


def jensen_shannon(a: Array, b: Array) -> float:
    """The divergence of two counts, in bits: 0 where they are alike, 1 where nothing is in both."""
    p, q = a / max(a.sum(), 1), b / max(b.sum(), 1)
    middle = (p + q) / 2
    return float(sum(0.5 * (x[x > 0] * np.log2(x[x > 0] / middle[x > 0])).sum() for x in (p, q)))


# (2), (3) ------------------------------------------------------------------------------------------------------------


def distinct(a: list[Array], b: list[Array], word: str) -> Measure | None:
    """(2), over stretches of one length on both sides."""
    both = [np.concatenate([grams(text, GRAM) for text in side]) for side in (a, b)]
    length = min(map(len, both)) // PARTS
    if not length:
        return None
    told, ideal = ([len(np.unique(each)) / length for each in side[: length * PARTS].reshape(PARTS, length)]
                   for side in reversed(both))  # fmt: skip
    note = f"different ones among {length} sequences of {GRAM} {word}"
    return mean("distinct n-grams", np.array(told), (len(a), len(b)), float(np.mean(ideal)), note)


def repeated(a: list[Array], b: list[Array], word: str) -> Measure | None:
    """(3), among as many texts of both sides."""
    size = min(len(a), len(b))
    real, drawn = (_repeated(side[:size]) for side in (a, b))
    if not len(real) or len(drawn) < 2:
        return None
    note = f"sequences of {GRAM} {word} that another text of {size} has, too; more than real ones is sameness"
    return mean("repeated n-grams", drawn, (len(a), len(b)), float(real.mean()), note)


def _repeated(texts: list[Array]) -> Array:
    found = [np.unique(each) for each in (grams(text, GRAM) for text in texts) if len(each)]
    if not found:
        return np.zeros(0)
    _, places, counts = np.unique(np.concatenate(found), return_inverse=True, return_counts=True)
    cuts = np.cumsum([len(each) for each in found])[:-1]
    return np.array([(counts[each] > 1).mean() for each in np.split(places, cuts)])


# (4) -----------------------------------------------------------------------------------------------------------------


def packed(a: list[str], b: list[str]) -> Measure | None:
    """(4) by lzma, and by zlib, which looks back less far; the real texts are halved for the ideal."""
    base, other, drawn = ("\n".join(side) for side in (a[::2], a[1::2], b))
    length = min(len(other), len(drawn)) // PARTS
    if length < SHORTEST:
        return None
    told = {name: [_given(packer, base[:most], side, length) for side in (drawn, other)]
            for name, (packer, most) in PACKERS.items()}  # fmt: skip
    known = min(len(base), BASE)
    note = f"bits that lzma needs for a character of synthetic text, {length} at a time, after {known:,} of real"
    values, ideal = told["lzma"]
    parts = {name: float(values.mean()) for name, (values, _) in told.items()}
    found = mean("bits per character", values, (len(a), len(b)), float(ideal.mean()), note)
    return Measure(found.name, found.value, found.low, found.high, found.rows, found.ideal, note, parts)


def _given(packer: Callable[[bytes], bytes], base: str, text: str, length: int) -> Array:
    alone = len(packer(_bytes(base)))
    parts = [text[at * length : (at + 1) * length] for at in range(PARTS)]
    return np.array([8 * (len(packer(_bytes(base + part))) - alone) / length for part in parts])  # (4)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
