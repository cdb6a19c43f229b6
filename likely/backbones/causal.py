r"""A causal transformer: what it says of a moment depends on that moment's input and on those before it.

    x <- x + W_o a(W_q n(x), W_k n(x), W_v n(x)),     n(x) = x / sqrt(mean x^2 + eps)                                (1)
    x <- x + W_d [silu(g) * u],                       (g, u) = W_u n(x)                                              (2)
    a_t = sum_s softmax_s[(R_t q_t) . (R_s k_s) / sqrt(d)] v_s,     t - window < s <= t                              (3)
    R_t turns the j-th pair of a head's numbers by the angle t 10^(-4 j / pairs): (3) sees t - s alone               (4)

n has no gains of its own: the maps that follow it hold them. Moment by moment, keys and values stay in room that is
made once, the latest `window` of them, moment t in slot t mod window: a moment costs one pass of one moment.

Attention Is All You Need (Vaswani et al., 2017), arXiv:1706.03762; RMS norm: arXiv:1910.07467; SwiGLU:
arXiv:2002.05202; rotary positions: arXiv:2104.09864
"""

import math
from typing import NamedTuple, final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPS = 1e-6
SLOWEST = 1e-4  # the last pair of a head turns about so much a moment


@final
class Causal(nn.Module):
    """(B, T, width) -> (B, T, width)."""

    frequencies: Tensor

    def __init__(
        self, width: int, layers: int, heads: int, *, window: int, rotary: bool = True, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.width, self.heads, self.window, self.rotary = width, heads, window, rotary
        self.blocks = nn.ModuleList([Block(width, heads, layers, dropout) for _ in range(layers)])
        pairs = width // heads // 2
        self.register_buffer("frequencies", SLOWEST ** (torch.arange(pairs) / pairs), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        turn = self.turn(torch.arange(x.shape[1], device=x.device))
        for block in self.blocks:
            x = block(x, turn, self.window)
        return normed(x)

    def turn(self, moments: Tensor) -> "Turn | None":
        """R at these moments."""
        if not self.rotary:
            return None
        angle = (moments[:, None] * self.frequencies)[:, None, None, None]  # (T, 1, 1, 1, pairs)
        sine = angle.sin()
        return Turn(angle.cos(), torch.cat([-sine, sine], -2))

    def by_moment(self, rows: int) -> "ByMoment":
        """The same for rows whose moments become known one after the other; without gradient."""
        with torch.inference_mode():
            return ByMoment(self, rows)


class Turn(NamedTuple):
    """R at some moments, for numbers (..., T, sorts, heads, 2, pairs)."""

    cosine: Tensor
    sine: Tensor  # with the sign of each half

    def __call__(self, x: Tensor) -> Tensor:
        halves = x.unflatten(-1, (2, -1))
        return torch.addcmul(halves * self.cosine, halves.flip(-2), self.sine).flatten(-2)  # (4)


@final
class Block(nn.Module):
    """(1) and (2)."""

    def __init__(self, width: int, heads: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        hidden = 32 * max(1, round(width / 12))  # 8 / 3 of the width: as many weights as twice four times the width
        self.qkv, self.out = _linear(width, 3 * width), _linear(width, width, 2 * layers)
        self.up, self.down = _linear(width, 2 * hidden), _linear(hidden, width, 2 * layers)

    def forward(self, x: Tensor, turn: Turn | None, window: int) -> Tensor:
        return self.moved(x, attend(*self.looks(x, turn), window))

    def looks(self, x: Tensor, turn: Turn | None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values (B, H, T, D) of rows (B, T, C)."""
        qk, v = (
            self.qkv(normed(x)).unflatten(-1, (3, self.heads, -1)).split([2, 1], 2)
        )  # their gradients are joined once
        q, k = (qk if turn is None else turn(qk)).unbind(2)
        q, k, v = (each.transpose(1, 2) for each in (q, k, v[:, :, 0]))
        return q, k, v.to(q.dtype)

    def moved(self, x: Tensor, seen_BHTD: Tensor) -> Tensor:
        """x with what was seen and then thought added."""
        x = x + self._thinned(self.out(seen_BHTD.transpose(1, 2).flatten(2)))  # (1)
        gate, up = self.up(normed(x)).chunk(2, -1)
        return x + self._thinned(self.down(F.silu(gate) * up))  # (2)

    def _thinned(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout, self.training) if self.dropout else x


class Layer(NamedTuple):
    """A block's maps, inputs first."""

    qkv: Tensor
    out: Tensor
    up: Tensor
    down: Tensor


@final
class Room:
    """What the latest moment of some rows is reckoned in, made once."""

    def __init__(self, like: Tensor, rows: int, heads: int, width: int, hidden: int, *, rotary: bool) -> None:
        self.length, self.direction = like.new_empty(rows, 1), like.new_empty(rows, width)
        self.qkv, self.risen = like.new_empty(rows, 3 * width), like.new_empty(rows, 2 * hidden)
        self.gate, self.up = self.risen.chunk(2, 1)
        each = width // heads
        told, turned = self.qkv.view(rows, 3, heads, each), like.new_empty(3, rows, heads, each)
        self.query, self.kept = turned[0].view(rows * heads, 1, each), turned[1:].view(2, rows * heads, each)
        self.told, self.turned = (_complex(x) if rotary else x for x in (told, turned.transpose(0, 1)))
        self.seen, self.nothing = torch.empty_like(self.query), like.new_zeros(1, 1, 1)


@final
class ByMoment:
    """Let the network `hear` the first inputs, then each `next` one; both say what it makes of the latest moment.

    A pair's two numbers lie side by side here, as a complex one: (4) is one product.
    """

    def __init__(self, network: Causal, rows: int) -> None:
        self.network, self.rows, self.at, self.size = network, rows, 0, math.sqrt(network.width)
        rates, heads = network.frequencies, network.heads
        self.blocks = [block for block in network.blocks if isinstance(block, Block)]
        self.layers = [self._layer(block) for block in self.blocks]
        self.least, self.scale = rates.new_tensor(math.sqrt(EPS) * self.size), (network.width // heads) ** -0.5
        self.rates = torch.stack([rates, rates, torch.zeros_like(rates)])[:, None]  # values are not turned
        self.ones = torch.ones_like(self.rates)
        width, hidden = network.width, self.blocks[0].down.in_features
        self.room = Room(rates, rows, heads, width, hidden, rotary=network.rotary)
        self.kept = rates.new_empty(len(self.layers), 2, rows * heads, network.window, width // heads)

    def _layer(self, block: Block) -> Layer:
        qkv = block.qkv.weight
        if self.network.rotary:
            halves = qkv.unflatten(0, (3, block.heads, 2, -1))
            qkv = torch.cat([halves[:2].transpose(2, 3).flatten(0, 3), halves[2].flatten(0, 2)])
        return Layer(*(weight.t() for weight in (qkv, block.out.weight, block.up.weight, block.down.weight)))

    @torch.inference_mode()
    def hear(self, x: Tensor) -> Tensor:
        """The first moments' inputs (B, k, C), all at once; of the last layer only the latest is asked for."""
        length, window = x.shape[1], self.network.window
        kept = torch.arange(max(0, length - window), length, device=x.device)
        turn = self.network.turn(torch.arange(length, device=x.device))
        for block, room in zip(self.blocks, self.kept):
            q, k, v = block.looks(x, turn)
            keys, values = k[:, :, kept].flatten(0, 1), v[:, :, kept].flatten(0, 1)
            room[0][:, kept % window], room[1][:, kept % window] = keys if turn is None else _paired(keys), values
            if block is self.blocks[-1]:
                seen = F.scaled_dot_product_attention(q[:, :, -1:], k[:, :, kept], v[:, :, kept])
                x = block.moved(x[:, -1:], seen)
            else:
                x = block.moved(x, attend(q, k, v, window))
        self.at = length
        return normed(x[:, -1])

    @torch.inference_mode()
    def next(self, x: Tensor) -> Tensor:
        """One more moment's input (B, C)."""
        room, seen = self.room, slice(min(self.at + 1, self.network.window))
        here = self.kept.select(3, self.at % self.network.window).unbind()
        keys, values = (self.kept[:, which, :, seen].unbind() for which in (0, 1))
        turn = torch.polar(self.ones, self.rates * self.at) if self.network.rotary else None
        x = x.clone()
        for layer, slot, key, value in zip(self.layers, here, keys, values):
            self._mapped(x, layer.qkv, room.qkv)
            room.turned.copy_(room.told) if turn is None else torch.mul(room.told, turn, out=room.turned)  # (4)
            slot.copy_(room.kept)
            scores = torch.baddbmm(room.nothing, room.query, key.mT, beta=0, alpha=self.scale)
            torch.bmm(scores.softmax(-1), value, out=room.seen)  # (3)
            x.addmm_(room.seen.view(x.shape), layer.out)  # (1)
            self._mapped(x, layer.up, room.risen)
            x.addmm_(F.silu(room.gate, inplace=True).mul_(room.up), layer.down)  # (2)
        self.at += 1
        return self._direction(x) * self.size

    @torch.inference_mode()
    def pick(self, rows: Tensor) -> None:
        """Go on from these rows, some of them several times."""
        apart = self.kept.unflatten(2, (self.rows, self.network.heads))
        self.kept, self.rows = apart.index_select(2, rows).flatten(2, 3), len(rows)
        hidden = self.blocks[0].down.in_features
        self.room = Room(self.rates, self.rows, self.network.heads, self.network.width, hidden,
                         rotary=self.network.rotary)  # fmt: skip

    def _mapped(self, x: Tensor, weight: Tensor, into: Tensor) -> None:
        """W n(x)"""
        torch.addmm(into, self._direction(x), weight, beta=0, alpha=self.size, out=into)

    def _direction(self, x: Tensor) -> Tensor:
        """n(x), but of length one."""
        length = torch.linalg.vector_norm(x, 2, -1, True, out=self.room.length)
        return torch.div(x, torch.hypot(length, self.least, out=length), out=self.room.direction)


def attend(q_BHTD: Tensor, k_BHTD: Tensor, v_BHTD: Tensor, window: int) -> Tensor:
    """(3)"""
    if q_BHTD.shape[2] <= window:
        return F.scaled_dot_product_attention(q_BHTD, k_BHTD, v_BHTD, is_causal=True)
    return _in_blocks(q_BHTD, k_BHTD, v_BHTD, window)


def _in_blocks(q: Tensor, k: Tensor, v: Tensor, window: int) -> Tensor:
    """(3) for rows longer than the window: each `window` queries see their own keys and as many before them."""
    heads, length = q.shape[1:3]
    blocks = -(-length // window)
    spare = blocks * window - length
    q = F.pad(q, (0, 0, 0, spare)).unflatten(2, (blocks, window)).flatten(0, 1)
    k, v = (F.pad(each, (0, 0, window, spare)).unflatten(2, (blocks + 1, window)) for each in (k, v))
    k, v = (torch.cat([each[:, :, :-1], each[:, :, 1:]], 3).flatten(0, 1) for each in (k, v))
    query, key = torch.arange(window, device=q.device)[:, None], torch.arange(2 * window, device=q.device)
    near = (key > query) & (key <= query + window)
    seen = torch.stack([near & (key >= window), *[near] * (blocks - 1)])  # before the first block lies nothing
    told = F.scaled_dot_product_attention(q, k, v, attn_mask=seen[None])
    return told.flatten(1, 2)[:, :length].unflatten(0, (-1, heads))


def normed(x: Tensor) -> Tensor:
    """n(x) of (1)."""
    return F.rms_norm(x, x.shape[-1:], eps=EPS)


def _linear(inputs: int, outputs: int, among: int = 1) -> nn.Linear:
    """Without a bias; of `among` that are summed."""
    linear = nn.Linear(inputs, outputs, bias=False)
    nn.init.normal_(linear.weight, std=1 / math.sqrt(inputs * among))
    return linear


def _complex(x: Tensor) -> Tensor:
    """Every two numbers that lie side by side as one."""
    return torch.view_as_complex(x.unflatten(-1, (-1, 2)))


def _paired(x: Tensor) -> Tensor:
    """Two halves as pairs."""
    return x.unflatten(-1, (2, -1)).transpose(-1, -2).flatten(-2)
