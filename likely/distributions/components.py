r"""Components over cells of every kind: in component t, a joint Gaussian of the real values, independent the rest.

    p(x | t) = prod_d P_td(state of x_d) . N(values of ordinary real cells; mu_t, C_t) . prod_d P_td(count x_d)   (1)
    r_it     = w_t p(x_i | t) / sum_s w_s p(x_i | s)                                          (2) E-step
    w_t      = N_t / N,  N_t = sum_i r_it,     C_t = fitted((N_t S_t + b (W + V' / 100)) / (N_t + b) + e V)   (3) M-step

Atoms and missing cells are states, drawn beside the values and not because of them; real cells without a value are left
out of the Gaussian exactly. So that no component collapses onto a few rows or a constant column, b pseudo-rows join it,
spread as rows are within components, W = sum_t N_t S_t / N, and a little as they are overall, V, shrunk to the volume
of one of K components: V' = V K^(-2/D) (Fraley & Raftery, 2007); and e of V is added.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from likely.distributions.counted import Moments, ratio
from likely.distributions.covariance import Covariance
from likely.distributions.expected import CountLaws, StateLaws
from likely.distributions.gaussian import Dense, Features, Form, Gaussians, Independent, soft_
from likely.distributions.kernels import Gaussian
from likely.distributions.pattern import Group
from likely.distributions.state import Cells, Range, Split
from likely.errors import TakesNoIntervals
from likely.rng import Rng

CELLS = 1 << 19  # of features and log-joints in a block of work: enough that few calls are made, and in cache
WIDER = 0.01  # of V' in (3)
GAUSSIAN = Gaussian()
Fitted = Callable[[Tensor, Tensor], Tensor]  # weights and scatters to covariances


@final
@dataclass(frozen=True)
class Prior:
    """What is added to the statistics of every component: see (3)."""

    strength: float  # b
    floor: float  # e
    smoothing: float  # pseudo-rows of all rows' law of states and counts


def spread_of(moments: Moments) -> tuple[Tensor, Tensor]:
    """Mean and variance of every column; variance 1 where it is constant."""
    variance = ratio(moments.scatter, moments.weight)[0]
    return moments.mean[0], torch.where(variance > 0, variance, 1.0)


@final
class Components(nn.Module):
    """Several banks of the same candidates, each candidate a mixture; component numbers run through all of them."""

    log_weight: Tensor  # (T,) within each candidate
    mean: Tensor  # (T, D)
    covariance: Tensor  # (T, D, D), or (T, D) where columns are independent
    sums: Tensor  # (T, F): expected features of the Gaussians
    centre: Tensor  # (D,) near the data's mean: keeps the digits of the products
    sizes: Tensor  # how many components each candidate of a bank has
    best: Tensor  # which candidate answers

    def __init__(self, cells: Cells, banks: int, sizes: Sequence[int], covariance: Covariance, prior: Prior) -> None:
        super().__init__()
        self.cells, self.banks, self.kind, self.prior = cells, banks, covariance, prior
        width, components = len(cells.real), banks * sum(sizes)
        self.form: Form = Dense(width) if covariance.dense and width > 1 else Independent(width)
        self.moments = Moments(1, width + len(cells.count))  # of all rows: V, and where to start
        self.states, self.counts = StateLaws(components, cells.sizes), CountLaws(components, len(cells.count))
        self.register_buffer("sizes", torch.tensor(list(sizes)))
        self.register_buffer("best", torch.tensor(0))
        each = [torch.full((size,), 1 / size, dtype=torch.float64).log() for size in sizes]
        self.register_buffer("log_weight", torch.cat(each).repeat(banks))
        self.register_buffer("mean", torch.zeros(components, width, dtype=torch.float64))
        self.register_buffer("covariance", self._matrices(torch.ones(components, width, dtype=torch.float64)))
        self.register_buffer("sums", torch.zeros(components, self.form.size, dtype=torch.float64))
        self.register_buffer("centre", torch.zeros(width, dtype=torch.float64))

    def _matrices(self, variance: Tensor) -> Tensor:
        """Variances (..., D) as covariances."""
        return torch.diag_embed(variance) if isinstance(self.form, Dense) else variance

    def bank(self, b: int) -> slice:
        """The components of one bank."""
        each = len(self.mean) // self.banks
        return slice(b * each, (b + 1) * each)

    def candidate(self, b: int, place: int) -> slice:
        """The components of one candidate of a bank."""
        start = self.bank(b).start + int(self.sizes[:place].sum())
        return slice(start, start + int(self.sizes[place]))

    def answering(self, b: int) -> slice:
        """The components of the bank's candidate that answers."""
        return self.candidate(b, int(self.best))

    # Before the first step -------------------------------------------------------------------------------------------

    def look(self, cells: Tensor, weight: Tensor, into: Moments) -> None:
        """Add rows to moments of their reals and counts."""
        k = torch.zeros_like(weight, dtype=torch.int64)
        if self.cells.plain:
            return into.observe(cells, k, weight)
        numbers = torch.cat([self.cells.real, self.cells.count])
        return into.observe(cells[:, numbers], k, weight, self.cells.split(cells).ordinary[:, numbers])

    def start(self, mean: Tensor, variance: Tensor) -> None:
        """Every component as these moments say all rows are."""
        width = len(self.centre)
        self.centre = mean[:width].clone()
        self.mean = mean[:width].expand_as(self.mean).clone()
        self.covariance = self._matrices(variance[:width].expand(len(self.mean), -1).clone())
        self.counts.start(mean[width:], variance[width:])

    # Densities -------------------------------------------------------------------------------------------------------

    def log_prob(self, cells: Tensor, asked: Tensor | None, which: slice) -> Tensor:
        """log p of the asked cells under the mixture of these components, which are one candidate: (B,)."""
        told = cells.new_empty(len(cells), dtype=torch.float64)
        for rows, _ in self._grouped(cells, asked, which):
            for part, _, joint in rows:
                part.put(soft_(joint, None), told)
        return told

    def log_joint(self, cells: Tensor, asked: Tensor | None, which: slice) -> Tensor:
        """log w_t p(asked cells | t): (B, T)."""
        told = cells.new_empty(len(cells), which.stop - which.start, dtype=torch.float64)
        for rows, _ in self._grouped(cells, asked, which):
            for part, _, joint in rows:
                part.put(joint.mT, told)
        return told

    def _grouped(
        self, cells: Tensor, asked: Tensor | None, which: slice
    ) -> Iterator[tuple[Iterator[tuple[Group, Features, Tensor]], Group]]:
        """Rows by their pattern: a few at a time with their features and log-joints (G, T, n), and the pattern."""
        split = None if self.cells.plain else self.cells.split(cells, asked)
        x, known = self._reals(cells, split, asked)
        gaps = None if bool(known.all()) else known
        for group in self.form.groups(known, which.stop - which.start):
            yield self._rows(group, x, gaps, cells, split, which), group

    def _reals(self, cells: Tensor, split: Split | None, asked: Tensor | None) -> tuple[Tensor, Tensor]:
        """The real columns, and where they have values that are asked."""
        x = cells if split is None else cells[:, self.cells.real]
        known = ~torch.isnan(x) if split is None else split.ordinary[:, self.cells.real]
        return x, known if asked is None else known & asked[:, self.cells.real]

    def _rows(
        self, group: Group, x: Tensor, known: Tensor | None, cells: Tensor, split: Split | None, which: slice
    ) -> Iterator[tuple[Group, Features, Tensor]]:
        eta = self.form.natural(self._law(which).stacked(), group.known)
        eta[..., 0] += self.log_weight[which]
        components = which.stop - which.start
        for part in group.parts(max(1, CELLS // (self.form.size + components))):
            y = part.take(x).double() - self.centre
            told = None if known is None else part.take(known)
            phi = self.form.features(y if told is None else torch.where(told, y, 0.0), told, components)
            joint = phi.log_joint(eta)
            if split is not None:
                joint += self._beside(part, cells, split, which)
            yield part, phi, joint

    def _law(self, which: slice | Tensor) -> Gaussians:
        """The Gaussians about the centre."""
        return Gaussians(self.mean[which] - self.centre, self.covariance[which])

    def _beside(self, part: Group, cells: Tensor, split: Split, which: slice) -> Tensor:
        """log p of the states and counts: (G, T, n)."""
        state = part.take(split.state)
        told = self.states.log_joint(state.flatten(0, 1), which)
        if len(self.cells.count):
            told = told + self.counts.log_joint(*self._counted(part, cells, split), which)
        return told.unflatten(0, state.shape[:2]).mT

    def _counted(self, part: Group, cells: Tensor, split: Split) -> tuple[Tensor, Tensor]:
        """These rows' counts (N, D), 0 where there are none, and where there are some."""
        counted = part.take(split.ordinary[:, self.cells.count]).flatten(0, 1)
        return torch.where(counted, part.take(cells[:, self.cells.count]).flatten(0, 1).double(), 0.0), counted

    # Learning --------------------------------------------------------------------------------------------------------

    def observe(self, cells: Tensor, weight: Tensor | None, b: int, assigned: Tensor | None = None) -> Tensor:
        """Add rows to a bank's statistics: the candidates' log-likelihoods. (B, candidates) `assigned` replace (2)."""
        which, sizes = self.bank(b), self.sizes.tolist()
        split = None if self.cells.plain else self.cells.split(cells)
        total = self.sums.new_zeros(len(sizes))
        for rows, group in self._grouped(cells, None, which):
            sums = self.sums.new_zeros(())
            for part, phi, joint in rows:
                w = part.weights(weight)
                total += self._shared(joint, w) if assigned is None else self._assigned(joint, w, part.take(assigned))
                sums = sums + phi.sums(joint)
                if split is not None:
                    self._count(part, cells, split, joint, which)
            self.sums[which] += self.form.expected(sums, self._law(which).stacked(), group.known)
        return total

    def _shared(self, joint: Tensor, w: Tensor | None) -> Tensor:
        """Log-joints to shares, candidate by candidate; the candidates' log-likelihoods."""
        told = torch.stack([soft_(part, w) for part in joint.split(self.sizes.tolist(), 1)])  # (2)
        return (told if w is None else told * w).sum((1, 2))

    def _assigned(self, joint: Tensor, w: Tensor | None, assigned: Tensor) -> Tensor:
        """Shares of 1 for the components that rows (G, n) are assigned to."""
        one = torch.ones_like(joint[:, :1]) if w is None else w[:, None]
        joint.zero_()
        for place, part in enumerate(joint.split(self.sizes.tolist(), 1)):
            part.scatter_(1, assigned[:, None, :, place], one)
        return joint.new_zeros(len(self.sizes))

    def _count(self, part: Group, cells: Tensor, split: Split, share: Tensor, which: slice) -> None:
        share = share.mT.flatten(0, 1)
        self.states.observe(part.take(split.state).flatten(0, 1), share, which)
        if len(self.cells.count):
            self.counts.observe(*self._counted(part, cells, split), share, which)

    def forget(self) -> None:
        """The statistics start again from nothing."""
        for sums in (self.sums, self.states.tallies.seen, self.counts.sums):
            sums.zero_()

    def maximise(self, fitted: Fitted | None = None) -> None:
        """The M-step (3); `fitted` in place of the covariances' own."""
        everything = [self.candidate(b, 0) for b in range(self.banks)]
        self.states.maximise(everything, self.prior.smoothing)
        self.counts.maximise(everything, self.prior.smoothing)
        spread = spread_of(self.moments)[1][: len(self.centre)]
        for b in range(self.banks):
            for place in range(len(self.sizes)):
                self._maximise(self.candidate(b, place), spread, fitted or self.kind.fitted)

    def _maximise(self, which: slice, spread: Tensor, fitted: Fitted) -> None:
        rows = self.sums[which, 0]
        weight, mean, scatter = self.form.moments(self.sums[which])
        self.log_weight[which] = ratio(rows, rows.sum()).clamp(min=1e-300).log() if bool(rows.sum() > 0) else 0.0
        self.log_weight[which] = self.log_weight[which].log_softmax(0)
        self.mean[which] = torch.where(weight > 0, mean + self.centre, self.mean[which])
        scatter = self._joined(weight[..., None] if isinstance(self.form, Dense) else weight, scatter, spread)
        if isinstance(self.form, Independent) and self.kind.dense:  # one column or none
            self.covariance[which] = fitted(weight, torch.diag_embed(scatter)).diagonal(dim1=1, dim2=2)
        else:
            self.covariance[which] = fitted(weight, scatter)

    def _joined(self, weight: Tensor, scatter: Tensor, spread: Tensor) -> Tensor:
        """Scatters with the pseudo-rows of (3)."""
        b, V = self.prior.strength, self._matrices(spread)
        shared = ratio((weight * scatter).sum(0), weight.sum(0)) + WIDER * V * len(scatter) ** (
            -2 / max(1, len(spread))
        )
        scatter = torch.where(weight + b > 0, (weight * scatter + b * shared) / (weight + b).clamp(min=1e-300), V)
        return scatter + self.prior.floor * V

    def keep(self, places: Sequence[int]) -> None:
        """Only these candidates of every bank stay."""
        kept = [torch.arange(len(self.mean))[self.candidate(b, place)] for b in range(self.banks) for place in places]
        some = torch.cat(kept).to(self.mean.device)
        self.log_weight, self.mean, self.covariance, self.sums = (
            part[some] for part in (self.log_weight, self.mean, self.covariance, self.sums)
        )
        self.states.law, self.states.tallies.seen = self.states.law[some], self.states.tallies.seen[some]
        self.counts.mean, self.counts.shape = self.counts.mean[some], self.counts.shape[some]
        self.counts.sums = self.counts.sums[:, some]
        self.best = self.best.new_tensor(places.index(int(self.best)))
        self.sizes = self.sizes[list(places)]

    # Evidence --------------------------------------------------------------------------------------------------------

    def log_evidence(self, cells: Tensor, known: Tensor, span: Range, between: Tensor, which: slice) -> Tensor:
        """log w_t p(known cells, and those of `between` in their ranges | t): (B, T)."""
        joint = self.log_joint(cells, known, which)
        if not bool((between & (span.bounded | (self.cells.gone >= 0))).any()):
            return joint
        within = self._within(cells, known, span, which)
        for t in range(joint.shape[1]):
            number = torch.full((len(cells),), which.start + t, device=cells.device)
            head, tail, _ = self._masses(number, span, within[:, t])
            joint[:, t] += torch.where(between, torch.logaddexp(head, tail), 0.0).sum(1)
        return joint

    def draw(self, t: Tensor, cells: Tensor, known: Tensor, span: Range, *, rng: Rng) -> Tensor:
        """Cells (B, D) of rows in components t (B,): free ones drawn given the known ones and within their ranges."""
        real, count = self.cells.real, self.cells.count
        x, told = self._reals(cells, self.cells.split(cells, known), known)
        mean, std = self._given(t, x, told) if bool(span.bounded[:, real].any()) else (x, torch.ones_like(x))
        low, high = (span.low[:, real] - mean) / std, (span.high[:, real] - mean) / std
        limited = span.bounded[:, real] & ~known[:, real]
        state, ordinary = self._states(t, span, torch.where(limited, GAUSSIAN.log_mass(low, high), 0.0), rng)
        cut = GAUSSIAN.between(rng.uniform(low.shape, like=span.low[:, real]), low, high)
        limited &= ordinary[:, real]
        value = torch.zeros_like(span.low)
        value[:, real] = self._free(t, torch.where(limited, mean + std * cut, x), told | limited, rng)
        if len(count):
            value[:, count] = self.counts.draw(t, span.low[:, count], span.high[:, count], rng=rng)
        return self.cells.join(state, value)

    def _states(self, t: Tensor, span: Range, within: Tensor, rng: Rng) -> tuple[Tensor, Tensor]:
        """Each cell's state, drawn, and whether it is an ordinary value: (B, D)."""
        head, tail, below = self._masses(t, span, within)
        whole = torch.logaddexp(head, tail)
        level = rng.uniform(whole.shape, like=whole)
        ordinary = ~self.cells.category & ~(level > (head - whole).exp())
        level = below + (whole.exp() * level - head.exp()).clamp(min=0)
        state = self.states.tallies.at(self.states.law, level, t, span.first, span.last)
        return torch.where(ordinary, 0, state), ordinary

    def _masses(self, t: Tensor, span: Range, within: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Each cell's log-mass of ordinary values in the range, of other states there, and what is laid out below."""
        law, tallies, zero = self.states.law, self.states.tallies, torch.zeros_like(span.first)
        head = tallies.between(law, t, zero, zero)[0].log().masked_fill(self.cells.category, -torch.inf)
        tail, below = tallies.between(law, t, span.first, span.last)
        head[:, self.cells.real] += within
        if bool(span.bounded[:, self.cells.count].any()):
            low, high = span.low[:, self.cells.count], span.high[:, self.cells.count]
            head[:, self.cells.count] += self.counts.log_mass(t, low, high)
        return head, tail.log(), below

    def _within(self, cells: Tensor, known: Tensor, span: Range, which: slice) -> Tensor:
        """log-mass of each free real cell's range given the known values, in every component: (B, T, D)."""
        real, T = self.cells.real, which.stop - which.start
        limited = span.bounded[:, real] & ~known[:, real]
        self._answerable(limited)
        told = self.sums.new_zeros(len(cells), T, len(real))
        rows = limited.any(1)
        if bool(rows.any()):
            x, valued = self._reals(cells[rows], self.cells.split(cells[rows], known[rows]), known[rows])
            low, high, limited = span.low[rows][:, real], span.high[rows][:, real], limited[rows]
            some = told[rows]
            for group in self.form.groups(valued, T):
                for part in group.parts(max(1, CELLS // (T * len(real)))):
                    mean, std = self._moments_given(self._law(which).stacked(), part, x, valued)
                    ends = (part.take(end)[:, None] - mean for end in (low, high))
                    mass = GAUSSIAN.log_mass(*(end / std for end in ends))
                    part.put(torch.where(part.take(limited)[:, None], mass, 0.0).transpose(1, 2), some)
            told[rows] = some
        return told

    def _answerable(self, limited: Tensor) -> None:
        if isinstance(self.form, Dense) and bool((limited.sum(1) > 1).any()):
            raise TakesNoIntervals(
                "intervals on several real cells of one row: a Gaussian's mass in a box has no formula",
                expected="at most one real cell with an interval, or columns that are independent in each component",
                remedy="fit again with covariance=Diagonal(), or give values in place of intervals",
            )

    def _moments_given(self, law: Gaussians, part: Group, x: Tensor, valued: Tensor) -> tuple[Tensor, Tensor]:
        """Mean (G, T, n, D) and standard deviation (G, T, 1, D) of every real cell of these rows given their values."""
        known = part.take(valued)
        pattern = known[:, 0] if part.known is None else part.known
        y = torch.where(known, part.take(x).double() - self.centre, 0.0)
        mean, variance = self.form.given(law, pattern, y)
        return mean + self.centre, variance.clamp(min=1e-300).sqrt()

    def _given(self, t: Tensor, x: Tensor, valued: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of every real cell given the row's values, in its component t: (B, D) each."""
        told = self.sums.new_empty(2, *x.shape)
        for part in self.form.groups(valued, 1, t):
            mean, std = self._moments_given(self._own(part, t), part, x, valued)
            part.put(mean[:, 0], told[0])
            part.put(std[:, 0].expand_as(mean[:, 0]), told[1])
        return told[0], told[1]

    def expected(self, t: Tensor, cells: Tensor) -> Tensor:
        """The real cells, each that has no value as expected given those that have one, in components t (B,)."""
        return self._given(t, *self._reals(cells, self.cells.split(cells), None))[0]

    def _own(self, part: Group, t: Tensor) -> Gaussians:
        """The one Gaussian of each pattern, where patterns are labelled by component: (G, 1, ...)."""
        mean, covariance = self._law(part.take(t)[:, 0])
        return Gaussians(mean[:, None], covariance[:, None])

    def _free(self, t: Tensor, x: Tensor, valued: Tensor, rng: Rng) -> Tensor:
        """Real cells (B, D) with those that have no value drawn given those that have one."""
        noise, drawn = rng.normal(x.shape, like=self.centre), self.sums.new_empty(x.shape)
        for part in self.form.groups(valued, 1, t):
            known = part.take(valued)
            y = torch.where(known, part.take(x).double() - self.centre, 0.0)
            pattern = known[:, 0] if part.known is None else part.known
            part.put(self.form.drawn(self._own(part, t), pattern, y, part.take(noise)) + self.centre, drawn)
        return drawn
