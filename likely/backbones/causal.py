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
FEW = 64  # rows up to which weights are laid out anew, inputs first: small products are several times faster so


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
    """A block's maps, inputs first, times the size of n(x) where that is their input; its keys and values so far."""

    qkv: Tensor
    out: Tensor
    up: Tensor
    down: Tensor
    keys: Tensor  # (B, H, window, D)
    values: Tensor


@final
class ByMoment:
    """Let the network `hear` the first inputs, then each `next` one; both say what it makes of the latest moment."""

    def __init__(self, network: Causal, rows: int) -> None:
        self.network, self.rows, self.at, self.size = network, rows, 0, math.sqrt(network.width)
        self.least = network.frequencies.new_tensor(math.sqrt(EPS) * self.size)
        self.layers = [self._layer(block) for block in network.blocks]

    def _layer(self, block: nn.Module) -> Layer:
        assert isinstance(block, Block)
        shape = (self.rows, block.heads, self.network.window, self.network.width // block.heads)
        maps = ((block.qkv, self.size), (block.out, 1.0), (block.up, self.size), (block.down, 1.0))
        qkv, out, up, down = (_laid(linear.weight * size, self.rows) for linear, size in maps)
        return Layer(qkv, out, up, down, qkv.new_empty(shape), qkv.new_empty(shape))

    @torch.inference_mode()
    def hear(self, x: Tensor) -> Tensor:
        """The first moments' inputs (B, k, C), all at once."""
        length, window = x.shape[1], self.network.window
        kept = torch.arange(max(0, length - window), length, device=x.device)
        turn = self.network.turn(torch.arange(length, device=x.device))
        for block, layer in zip(self.network.blocks, self.layers):
            assert isinstance(block, Block)
            q, k, v = block.looks(x, turn)
            layer.keys[:, :, kept % window], layer.values[:, :, kept % window] = k[:, :, kept], v[:, :, kept]
            x = block.moved(x, attend(q, k, v, window))
        self.at = length
        return normed(x[:, -1])

    @torch.inference_mode()
    def next(self, x: Tensor) -> Tensor:
        """One more moment's input (B, C)."""
        width, window = self.network.width, self.network.window
        slot, seen = self.at % window, min(self.at + 1, window)
        turn = self.network.turn(torch.tensor([self.at], device=x.device))
        for qkv, out, up, down, keys, values in self.layers:
            each = torch.mm(self._direction(x), qkv).view(self.rows, 3, self.network.heads, -1)
            qk = each[:, :2] if turn is None else turn(each[:, :2])
            keys.select(2, slot).copy_(qk[:, 1])
            values.select(2, slot).copy_(each[:, 2])
            looked = F.scaled_dot_product_attention(qk[:, 0, :, None], keys[:, :, :seen], values[:, :, :seen])
            x = torch.addmm(x, looked.reshape(self.rows, width), out)  # (1)
            gate, risen = torch.mm(self._direction(x), up).chunk(2, 1)
            x = torch.addmm(x, F.silu(gate).mul_(risen), down)  # (2)
        self.at += 1
        return self._direction(x) * self.size

    def _direction(self, x: Tensor) -> Tensor:
        """n(x), but of length one."""
        return x / torch.hypot(torch.linalg.vector_norm(x, 2, -1, True), self.least)


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


def _laid(weight: Tensor, rows: int) -> Tensor:
    return weight.t().contiguous() if rows <= FEW else weight.t()
