r"""Trees of hidden variables: sums over all their values, passed from the leaves to the roots and back.

Node v is in one of H states z; e_v(z) is how likely what is known of it alone is, w are its children.

    u_v(z) = e_v(z) prod_w m_w(z),    m_w(z) = sum_{z'} p(z_w = z' | z_v = z) u_w(z')          (1) upwards
    p(e)   = sum_t sum_z p(t, z_root(t) = z) u_root(t)(z)                                      (2) a mixture of trees t
    p(z_v = z, z_w = z' | e) = p(z_v = z | e) / m_w(z)  p(z_w = z' | z_v = z)  u_w(z')         (3) downwards
    d log p(e) / d log p(z' | z) = p(z_v = z, z_w = z' | e)                                    (4) the counts of EM

All nodes of one depth, of all trees, are one batched matrix product, of numbers between 0 and 1: each u is divided by
its largest entry. Because of (4) the way back of `log_sums` is (3): it gives expected counts, and nothing is stored
twice. Inference and Missing Data in Hidden Markov Trees (Crouse, Nowak & Baraniuk, 1998)
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from likely.rng import Rng

LEAST = -80.0  # logarithms below count as this: exp is slow where it underflows
TINY = 1e-37


class Trees(NamedTuple):
    """Which node hangs from which: nodes are numbered level by level, the roots (parent -1) first."""

    parent: Tensor  # (n,) int64, ascending

    def levels(self) -> list[tuple[int, int]]:
        """First and one past the last node of each depth, from the roots on."""
        parents = self.parent.tolist()
        found = [(0, parents.count(-1))]
        while (start := found[-1][1]) < len(parents):
            end = start
            while end < len(parents) and parents[end] < start:
                end += 1
            found.append((start, end))
        return found

    def roots(self) -> Tensor:
        """The root above every node: (n,)."""
        root = torch.arange(len(self.parent), device=self.parent.device)
        for start, end in self.levels()[1:]:
            root[start:end] = root[self.parent[start:end]]
        return root


class Laws(NamedTuple):
    """p of the tree and its root's state, and of every other node's state given its parent's."""

    root: Tensor  # (T, H), of sum 1
    edge: Tensor  # (n - T, H, H): of node T, T + 1, ...; rows sum to 1


class Upward(NamedTuple):
    """What (1) leaves behind."""

    u: Tensor  # (n, B, H), the largest entry of each row 1
    message: Tensor  # (n - T, B, H)
    scale: Tensor  # (T, B): the logarithms of all that was divided out, tree by tree


def upward(log_own: Tensor, laws: Laws, trees: Trees) -> Upward:
    """(1), from log e_v (n, B, H)."""
    first, told = len(laws.root), log_own.clone()
    scale, root = log_own.new_zeros(first, log_own.shape[1]), trees.roots()
    message = log_own.new_empty(len(log_own) - first, *log_own.shape[1:])
    for start, end in reversed(trees.levels()):
        level = told[start:end]
        top = level.amax(2, keepdim=True).clamp(min=-1e30)
        level.sub_(top).clamp_(min=LEAST).exp_()
        scale.index_add_(0, root[start:end], top[..., 0])
        if start:
            sent = message[start - first : end - first]
            torch.bmm(level, laws.edge[start - first : end - first].transpose(1, 2), out=sent)
            told.index_add_(0, trees.parent[start:end], sent.clamp_(min=TINY).log())
    return Upward(told, message, scale)


class _LogSums(torch.autograd.Function):
    """(1) of every tree, with (3) for the way back."""

    @staticmethod
    def forward(ctx: Any, log_own: Tensor, root: Tensor, edge: Tensor, parent: Tensor) -> Tensor:
        with torch.autocast(log_own.device.type, enabled=False):
            up = upward(log_own, Laws(root, edge), Trees(parent))
            each = torch.bmm(up.u[: len(root)], root[:, :, None])[..., 0].clamp_(min=TINY)  # (T, B)
        ctx.save_for_backward(up.u, up.message, each, root, edge, parent)
        return each.log() + up.scale

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, ...]:
        u, message, each, root, edge, parent = ctx.saved_tensors
        first, found, counted = len(root), torch.empty_like(u), torch.empty_like(edge)
        ratio = u[:first] * (grad[0] / each)[:, :, None]
        torch.mul(ratio, root[:, None], out=found[:first])
        for start, end in Trees(parent).levels()[1:]:
            level, law = slice(start, end), slice(start - first, end - first)
            above = found[parent[level]].div_(message[law])
            torch.bmm(above.transpose(1, 2), u[level], out=counted[law])  # (4), over p(z' | z)
            torch.bmm(above, edge[law], out=found[level]).mul_(u[level])  # (3)
        return found, ratio.sum(1), counted, None


def log_sum(log_own: Tensor, laws: Laws, trees: Trees) -> Tensor:
    """log p(e) (B,) of log e_v (n, B, H); its gradient is the hidden states' posterior."""
    return log_sums(log_own, laws, trees).logsumexp(0)  # (2)


def log_sums(log_own: Tensor, laws: Laws, trees: Trees) -> Tensor:
    """log p(t, e) of every tree: (T, B)."""
    return _LogSums.apply(log_own, laws.root, laws.edge, trees.parent)  # type: ignore[no-any-return]


def draw(up: Upward, laws: Laws, trees: Trees, level: Tensor) -> tuple[Tensor, Tensor]:
    """The tree (B,) and its states (n, B) from p(t, z | e), by one uniform for each node and one more (n + 1, B)."""
    first, rows = len(laws.root), up.u.shape[1]
    log_each = torch.bmm(up.u[:first], laws.root[:, :, None])[..., 0].clamp(min=TINY).log() + up.scale
    tree = inverted(log_each.softmax(0).T, level[-1])
    state = torch.empty(len(up.u), rows, dtype=torch.int64, device=level.device)
    state[:first] = inverted(laws.root[:, None] * up.u[:first], level[:first])
    for start, end in trees.levels()[1:]:
        nodes = torch.arange(start - first, end - first, device=state.device)[:, None]
        weights = laws.edge[nodes, state[trees.parent[start:end]]].mul_(up.u[start:end])
        state[start:end] = inverted(weights, level[start:end])
    return tree, state


def inverted(weights: Tensor, level: Tensor) -> Tensor:
    """The entry in which this share of the weights (..., H) is reached."""
    share = weights.cumsum(-1)
    return (share <= level[..., None] * share[..., -1:]).sum(-1).clamp(max=share.shape[-1] - 1)


def likeliest(log_own: Tensor, laws: Laws, trees: Trees) -> tuple[Tensor, Tensor]:
    """The tree (B,) and states (n, B) that are together most probable: (1) with the largest term for the sum."""
    told, first, parents = log_own.clone(), len(laws.root), trees.parent.tolist()
    chosen = torch.empty(log_own.shape, dtype=torch.int64, device=log_own.device)
    for v in range(len(parents) - 1, first - 1, -1):
        best = (told[v, :, None] + laws.edge[v - first].log()).max(2)
        chosen[v] = best.indices
        told[parents[v]] += best.values
    state = torch.empty(log_own.shape[:2], dtype=torch.int64, device=log_own.device)
    best = (told[:first] + laws.root[:, None].log()).max(2)
    state[:first] = best.indices
    for v in range(first, len(parents)):
        state[v] = chosen[v].gather(1, state[parents[v]][:, None])[:, 0]
    return best.values.argmax(0), state


def laid_out(forests: list[Tensor]) -> tuple[Tensor, Trees]:
    """Forests (D,), each joined and hung from its middle, so that it is shallow, and all laid out level by level.

    Returned are the node of every column in every tree (T, D), and the trees. Parts of a forest that are apart hang
    from the middle of the largest.
    """
    walks = [_hung(forest) for forest in forests]
    depths = [_depths(order, above) for order, above in walks]
    nodes = [(depths[t][d], t, at, d) for t, (order, _) in enumerate(walks) for at, d in enumerate(order)]
    home = torch.empty(len(forests), len(forests[0]), dtype=torch.int64)
    parent = torch.empty(len(nodes), dtype=torch.int64)
    for node, (depth, t, _, d) in enumerate(sorted(nodes)):
        home[t, d] = node
        parent[node] = home[t, walks[t][1][d]] if depth else -1
    return home, Trees(parent)


def _hung(parents: Tensor) -> tuple[list[int], dict[int, int]]:
    near: list[list[int]] = [[] for _ in parents]
    for child, parent in enumerate(parents.tolist()):
        if parent >= 0:
            near[child].append(parent)
            near[parent].append(child)
    left, middles = set(range(len(near))), []
    while left:
        around, _ = _walked(near, min(left))
        path = _path(near, around[-1])
        middles.append((-len(around), path[len(path) // 2]))
        left -= set(around)
    (_, root), *others = sorted(middles)
    for _, middle in others:
        near[root].append(middle)
    return _walked(near, root)


def _depths(order: list[int], above: dict[int, int]) -> dict[int, int]:
    depth: dict[int, int] = {}
    for d in order:
        depth[d] = depth[above[d]] + 1 if above[d] >= 0 else 0
    return depth


def _path(near: list[list[int]], end: int) -> list[int]:
    """The longest way through a tree that ends here, where the walk from anywhere ended."""
    order, above = _walked(near, end)
    path = [order[-1]]
    while above[path[-1]] >= 0:
        path.append(above[path[-1]])
    return path


def _walked(near: list[list[int]], root: int) -> tuple[list[int], dict[int, int]]:
    """All that is reached, nearest first, and from where each was."""
    above, order = {root: -1}, [root]
    for a in order:
        for b in near[a]:
            if b not in above:
                above[b] = a
                order.append(b)
    return order, above


def scattered(states: int, nodes: int, held: float, *, like: Tensor, rng: Rng) -> Tensor:
    """Laws of edges to begin with (nodes, H, H): the parent's state is kept with this chance, else any is taken."""
    other = rng.exponential((nodes * states, states), like=like).view(nodes, states, states)
    other /= other.sum(2, keepdim=True)
    return torch.lerp(other, torch.eye(states).to(like).expand_as(other), held)


def places(home: Tensor) -> tuple[Tensor, Tensor]:
    """The tree and the column of every node: (n,) each."""
    order = home.flatten().argsort()
    return order // home.shape[1], order % home.shape[1]
