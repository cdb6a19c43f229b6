"""Rounds of turns: everything that moves weights, and the tensors from which it all goes on."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import final

import torch
from torch import Tensor

from likely.backbones.batch_norm import BatchNorm, recounted
from likely.contracts import Paced, Trained, Turn
from likely.errors import Corrupt, TrainingError
from likely.rng import Keyed, Rng, Stepped
from likely.training.arranged import evaluation
from likely.training.average import Average
from likely.training.checkpoint import Tensors, restore, under
from likely.training.course import Course
from likely.training.examples import Examples, cells
from likely.training.judge import dtype_of
from likely.training.learner import Learner
from likely.training.lift import Lifting
from likely.training.order import SIGN, Order
from likely.training.processes import Processes
from likely.training.recipe import Precision, Recipe

GLOBAL, NOISE, LIFTED = 0x61, 0x62, 1  # forks of the seed
EXPLODED = 1e6  # a loss so many times its usual size is lost
RECOUNTED = 8  # batches that running statistics of averaged weights are taken from
DELAY = 16  # rounds between looks at the losses where looking waits for a device


class Diverging(Exception):
    """A loss, a gradient or a weight is no longer a usable number. Caught by the loop, which rolls back."""


@final
class Rounds:
    """The players of a model, their rounds on the data, and what has to be kept between two rounds."""

    def __init__(
        self, model: Trained, data: Examples, recipe: Recipe, *, seed: int, lift: Lifting | None, processes: Processes
    ) -> None:
        self.model, self.data, self.recipe, self.lift, self.processes = model, data, recipe, lift, processes
        self.players = model.players()
        processes.gather(self.players)  # every process now has the first one's weights
        self.learners = {name: Learner(player, recipe) for name, player in self.players.items()}
        weights = {id(w): w for learner in self.learners.values() for w in learner.weights}
        powers = [power for power in (recipe.average_power, recipe.average_wide) if power is not None]
        self.average = Average(list(weights.values()), powers=powers, every=recipe.average_every)
        self.order = Order(len(data), recipe.batch, seed, data.weight)
        self.device, self.dtype = torch.device(recipe.device), dtype_of(model)
        self.layout = torch.channels_last if recipe.channels_last else torch.contiguous_format
        self.global_keys, self.noise_seed = Keyed(seed).fork(GLOBAL).fork(processes.rank), Keyed(seed).fork(NOISE).seed
        self.plain = recipe.precision != Precision.BF16
        self.counts_rows = any(isinstance(module, BatchNorm) for module in model.modules())
        self.unseen: list[tuple[str, Tensor, Tensor | float]] = []
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.stretch: dict[str, list[float]] = {}  # lengths of gradients since the last report

    def play(self, course: Course) -> None:
        """One round: every turn on the rows of this step."""
        step = course.step
        self._reseed(step)
        rng = self.processes.noise(Stepped(self.noise_seed, step), self.recipe.batch)
        x, c = self._batch(step, rng)
        if isinstance(self.model, Paced):
            self.model.pace(step / self.recipe.steps)
        for turn in self.model.turns(x, c, rng=rng):
            self._take(turn, step, course.scale)
        course.step = step + 1
        self.average.update(course.step)

    def look_when_due(self, course: Course) -> None:
        """Look at the losses, where looking is free or has waited long enough."""
        if self.device.type == "cpu" or course.step % DELAY == 0:
            self.look(course)

    def look(self, course: Course) -> None:
        """Look at the losses of the latest rounds."""
        unseen, self.unseen = self.unseen, []
        for player, loss, length in unseen:
            self._check(course, player, float(loss), float(length))

    def losses(self) -> dict[str, float]:
        """Each player's mean since the last call."""
        means = {player: total / self.counts[player] for player, total in self.sums.items()}
        self.sums, self.counts = {}, {}
        return means

    def lengths(self) -> dict[str, float]:
        """The median length of each player's gradients since the last call."""
        stretch, self.stretch = self.stretch, {}
        return {player: median(lengths) for player, lengths in stretch.items()}

    @contextmanager
    def averaged(self, width: float, step: int) -> Iterator[None]:
        """The model with averaged weights, and running statistics of its networks that are theirs."""
        with self.average.shown(width):
            held = {name: tensor.clone() for name, tensor in self.model.named_buffers()} if self.counts_rows else {}
            self._recount(step)
            try:
                yield
            finally:
                for name, tensor in held.items():
                    self.model.get_buffer(name).copy_(tensor)

    def _recount(self, step: int) -> None:
        """Batches of the latest rounds again, for the running statistics alone: nobody moves."""
        if not self.counts_rows:
            return
        training = self.model.training
        with recounted(self.model.eval()):
            for earlier in range(max(0, step - RECOUNTED), step):
                rng = self.processes.noise(Stepped(self.noise_seed, earlier), self.recipe.batch)
                x, c = self._batch(earlier, rng)
                for turn in self.model.turns(x, c, rng=rng):
                    self._evaluated(turn)()
        self.model.train(training)

    def tensors(self) -> Tensors:
        """Everything the next round depends on (the tensors themselves, no copies)."""
        held = {f"model/{name}": tensor for name, tensor in self.model.state_dict().items()}
        held |= self.average.tensors()
        for player, learner in self.learners.items():
            held |= {f"optimizer/{player}/{name}": tensor for name, tensor in learner.tensors().items()}
        return held

    def restore(self, tensors: Tensors) -> None:
        """Go on from these."""
        self.unseen, self.sums, self.counts, self.stretch = [], {}, {}, {}
        restore(self.model, under(tensors, "model"))
        held = {name: tensor for name, tensor in self.tensors().items() if not name.startswith("model/")}
        _fill(held, {name: tensors[name] for name in tensors if not name.startswith("model/")})

    def _batch(self, step: int, rng: Rng) -> tuple[Tensor, Tensor | None]:
        rows = self.processes.share(self.order.at(step)).to(self.data.x.device)
        x = cells(self.data.x.index_select(0, rows).to(self.device), self.dtype)
        if self.lift is not None:
            x, _ = self.lift.up(x, rng=rng.fork(LIFTED))
        if x.dim() == 4:
            x = x.contiguous(memory_format=self.layout)
        if self.data.c is None:
            return x, None
        return x, cells(self.data.c.index_select(0, rows).to(self.device), self.dtype)

    def _take(self, turn: Turn, step: int, scale: float) -> None:
        learner = self.learners.get(turn.player)
        if learner is None:
            raise TrainingError(f"a turn of {turn.player!r}, who is no player", expected=", ".join(self.learners))
        loss, gradients = self.processes.gradients(turn.player, learner.weights, self._evaluated(turn))
        length = learner.move(gradients, learner.rate(step) * scale)
        if turn.after is not None:
            turn.after()
        self.unseen.append((turn.player, loss, length))

    def _evaluated(self, turn: Turn) -> Callable[[], Tensor]:
        return turn.loss if self.plain else lambda: self._mixed(turn.loss)

    def _mixed(self, loss: Callable[[], Tensor]) -> Tensor:
        with evaluation(self.recipe):
            return loss()

    def _check(self, course: Course, player: str, loss: float, length: float) -> None:
        if not (math.isfinite(loss) and math.isfinite(length)):
            raise Diverging(f"the loss of {player!r} is {loss:g}, its gradient's length {length:g}")
        if abs(loss) > EXPLODED * (1 + course.typical.get(player, abs(loss))):
            raise Diverging(f"the loss of {player!r} is {loss:.3g}, and was about {course.typical[player]:.3g}")
        course.follow(player, loss)
        self.sums[player] = self.sums.get(player, 0.0) + loss
        self.counts[player] = self.counts.get(player, 0) + 1
        self.stretch.setdefault(player, []).append(length)

    def _reseed(self, step: int) -> None:
        """The model's own initialisation and dropout draw from torch's global source."""
        seed = self.global_keys.fork(step).seed & SIGN
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)


def _fill(held: Mapping[str, Tensor], saved: Tensors) -> None:
    if set(held) != set(saved) or any(held[name].shape != saved[name].shape for name in held):
        raise Corrupt("the saved state is of another model or other players", remedy="the family of this run")
    for name, tensor in held.items():
        tensor.copy_(saved[name])
