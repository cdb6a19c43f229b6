r"""Trees of hidden variables: sums over all their values, passed from the leaves to the root and back.

Node v is in one of H states z; e_v(z) is how likely what is known of it alone is, w are its children.

    u_v(z) = e_v(z) prod_w m_w(z),    m_w(z) = sum_{z'} p(z_w = z' | z_v = z) u_w(z')          (1) upwards
    p(e)   = sum_z p(z_root = z) u_root(z)                                                     (2)
    p(z_v = z, z_w = z' | e) = p(z_v = z | e) / m_w(z)  p(z_w = z' | z_v = z)  u_w(z')         (3) downwards
    d log p(e) / d log p(z' | z) = p(z_v = z, z_w = z' | e)                                    (4) the counts of EM

All nodes of one depth are one batched matrix product, of numbers between 0 and 1: each u is divided by its largest
entry. Because of (4) the way back of `log_sum` is (3): it gives expected counts, and no step of it is stored twice.
Inference and Missing Data in Hidden Markov Trees (Crouse, Nowak & Baraniuk, 1998)
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from likely.rng import Rng

LEAST = -80.0  # logarithms below count as this: exp is slow where it underflows
TINY = 1e-37


class Tree(NamedTuple):
    """Which node hangs from which: nodes are numbered level by level, the root is 0."""

    parent: Tensor  # (n,) int64, ascending; of the root -1

    def levels(self) -> list[tuple[int, int]]:
        """First and one past the last node of each depth, from the root on."""
        parents, found = self.parent.tolist(), [(0, 1)]
        while (start := found[-1][1]) < len(parents):
            end = start
            while end < len(parents) and parents[end] < start:
                end += 1
            found.append((start, end))
        return found


class Laws(NamedTuple):
    """p of the root's states, and of every other node's given its parent's."""

    root: Tensor  # (H,)
    edge: Tensor  # (n - 1, H, H): of node 1, 2, ...; rows sum to 1


class Upward(NamedTuple):
    """What (1) leaves behind."""

    u: Tensor  # (n, B, H), the largest entry of each row 1
    message: Tensor  # (n - 1, B, H)
    scale: Tensor  # (B,): the logarithms of all that was divided out


def upward(log_own: Tensor, laws: Laws, tree: Tree) -> Upward:
    """(1), from log e_v (n, B, H)."""
    told, scale = log_own.clone(), log_own.new_zeros(log_own.shape[1])
    message = log_own.new_empty(len(log_own) - 1, *log_own.shape[1:])
    for start, end in reversed(tree.levels()):
        level = told[start:end]
        top = level.amax(2, keepdim=True).clamp(min=-1e30)
        level.sub_(top).clamp_(min=LEAST).exp_()
        scale += top.sum((0, 2))
        if start:
            sent = message[start - 1 : end - 1]
            torch.bmm(level, laws.edge[start - 1 : end - 1].transpose(1, 2), out=sent)
            told.index_add_(0, tree.parent[start:end], sent.clamp_(min=TINY).log())
    return Upward(told, message, scale)


class _LogSum(torch.autograd.Function):
    """(1) and (2), with (3) for the way back."""

    @staticmethod
    def forward(ctx: Any, log_own: Tensor, root: Tensor, edge: Tensor, parent: Tensor) -> Tensor:
        with torch.autocast(log_own.device.type, enabled=False):
            up = upward(log_own, Laws(root, edge), Tree(parent))
            total = up.u[0] @ root
        ctx.save_for_backward(up.u, up.message, total, root, edge, parent)
        return total.log() + up.scale  # (2)

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, ...]:
        u, message, total, root, edge, parent = ctx.saved_tensors
        ratio = u[0] * (grad[0] / total)[:, None]
        found, counted = torch.empty_like(u), torch.empty_like(edge)
        torch.mul(ratio, root, out=found[0])
        for start, end in Tree(parent).levels()[1:]:
            level, law = slice(start, end), slice(start - 1, end - 1)
            above = found[parent[level]].div_(message[law])
            torch.bmm(above.transpose(1, 2), u[level], out=counted[law])  # (4), over p(z' | z)
            torch.bmm(above, edge[law], out=found[level]).mul_(u[level])  # (3)
        return found, ratio.sum(0), counted, None


def log_sum(log_own: Tensor, laws: Laws, tree: Tree) -> Tensor:
    """log p(e) (B,) of log e_v (n, B, H); its gradient is the hidden states' posterior."""
    return _LogSum.apply(log_own, laws.root, laws.edge, tree.parent)  # type: ignore[no-any-return]


def draw(u: Tensor, laws: Laws, tree: Tree, level: Tensor) -> Tensor:
    """States (n, B) from p(z | e), by one uniform each (n, B); u is (n, B, H), or of ones (n, 1, 1)."""
    state = torch.empty(level.shape, dtype=torch.int64, device=level.device)
    state[0] = inverted(laws.root * u[0], level[0])
    for start, end in tree.levels()[1:]:
        nodes = torch.arange(start - 1, end - 1, device=state.device)[:, None]
        weights = laws.edge[nodes, state[tree.parent[start:end]]].mul_(u[start:end])
        state[start:end] = inverted(weights, level[start:end])
    return state


def inverted(weights: Tensor, level: Tensor) -> Tensor:
    """The entry in which this share of the weights (..., H) is reached."""
    share = weights.cumsum(-1)
    return (share <= level[..., None] * share[..., -1:]).sum(-1).clamp(max=share.shape[-1] - 1)


def likeliest(log_own: Tensor, laws: Laws, tree: Tree) -> Tensor:
    """The states (n, B) that are together most probable: (1) with the largest term in place of the sum."""
    told, chosen = log_own.clone(), torch.empty(log_own.shape, dtype=torch.int64, device=log_own.device)
    parents = tree.parent.tolist()
    for v in range(len(parents) - 1, 0, -1):
        best = (told[v, :, None] + laws.edge[v - 1].log()).max(2)
        chosen[v] = best.indices
        told[parents[v]] += best.values
    state = torch.empty(log_own.shape[:2], dtype=torch.int64, device=log_own.device)
    state[0] = (told[0] + laws.root.log()).argmax(1)
    for v in range(1, len(parents)):
        state[v] = chosen[v].gather(1, state[parents[v]][:, None])[:, 0]
    return state


def laid_out(parents: Tensor) -> tuple[list[int], Tree]:
    """A forest (D,), joined and hung from its middle, so that it is shallow: the columns level by level, and the tree.

    Parts of a forest that are apart hang from the middle of the largest.
    """
    near: list[list[int]] = [[] for _ in parents]
    for child, parent in enumerate(parents.tolist()):
        if parent >= 0:
            near[child].append(parent)
            near[parent].append(child)
    left, trees = set(range(len(near))), []
    while left:
        around, _ = _walked(near, min(left))
        path = _path(near, around[-1])
        trees.append((-len(around), path[len(path) // 2]))
        left -= set(around)
    (_, root), *others = sorted(trees)
    near[root] += [middle for _, middle in others]
    order, above = _walked(near, root)
    place = {column: at for at, column in enumerate(order)}
    return order, Tree(torch.tensor([place.get(above[column], -1) for column in order]))


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
