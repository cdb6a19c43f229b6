"""A contender on the test rows: scored, sampled, measured; and bounds that are tightened before a pair is undecided."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from likely.apps.allowance import Overrun, cut_off
from likely.apps.arena import Arena, Listeners, Task
from likely.apps.contender import LATE, Contender
from likely.apps.measure import measures
from likely.apps.shelf import read_json, write_json
from likely.apps.standing import scores_from_json, scores_to_json
from likely.apps.words import duration
from likely.atomic import appearing
from likely.contracts import Bound, Scores, Weighted
from likely.data import Rows
from likely.errors import CannotAnswer, Interrupted, LikelyError
from likely.fitted import Fitted, load
from likely.metrics import Measure, Verdict, compared

DRAWN = 2000  # rows sampled from each family, at most
PATIENCE = 0.35  # of the time that is left, which one contender may take at most
DRAWS, STEPS = 64, (8, 64)  # importance samples of a score; times as many, in turn, before a pair is undecided


@final
@dataclass(frozen=True)
class Judging(Task[Contender]):
    """One contender on the test rows."""

    name: str
    family: Any
    fitted: Fitted[Any] | None  # None: it is in its folder
    folder: Path | None
    held: int  # the round whose weights it stands with
    seconds: float  # that it took to learn
    until: float  # `time.monotonic()` at which all that are judged should be done
    title: str = ""
    alone: bool = False

    def done(self, arena: Arena, listeners: Listeners = ()) -> Contender:
        """Its failure stops no other."""
        plain = Contender(self.name, self.family, fit_seconds=self.seconds)
        began = time.perf_counter()
        try:
            with cut_off(PATIENCE * (self.until - time.monotonic())):
                return self._kept() or self._judged(arena, plain)
        except (Interrupted, KeyboardInterrupt):
            raise
        except Overrun:
            took = duration(time.perf_counter() - began)
            return replace(plain, why_no_score=f"{LATE} (it was given {took})", fitted=self.model)
        except LikelyError as error:
            return replace(plain, failed=str(error))
        except Exception as error:
            return replace(plain, failed=f"this is a bug in likely: {type(error).__name__}: {error}")

    @property
    def model(self) -> Fitted[Any] | None:
        if self.fitted is not None or self.folder is None:
            return self.fitted
        return load(self.folder / f"round-{self.held}")

    def _judged(self, arena: Arena, plain: Contender) -> Contender:
        fitted, parts = self.model, arena.parts
        assert fitted is not None
        scores, why = scored(fitted, parts.test, arena.seed)
        began = time.perf_counter()
        samples = fitted.sample_rows(min(len(parts.test) * 2, DRAWN), seed=arena.seed + 1)
        each = (time.perf_counter() - began) / len(samples)
        found = measures(parts.test, samples, parts.train, seed=arena.seed)
        judged = replace(
            plain, scores=scores, why_no_score=why, measures=found, sample_seconds=each, samples=samples, fitted=fitted
        )
        if self.folder is not None:
            _keep(self.folder, self.held, judged, fitted)
        return judged

    def _kept(self) -> Contender | None:
        """What an earlier run found of the same weights."""
        said = None if self.folder is None else read_json(self.folder / "judged.json")
        if self.folder is None or said is None or said["held"] != self.held or (fitted := self.model) is None:
            return None
        try:
            samples = _drawn(self.folder, fitted)
        except (OSError, SafetensorError):
            return None
        found = {name: Measure(**each | {"rows": tuple(each["rows"])}) for name, each in said["measures"].items()}
        scores = scores_from_json(said["scores"])
        return Contender(
            self.name, self.family, scores, said["why"], found, self.seconds, said["each"], samples, fitted
        )


def scored(fitted: Fitted[Any], rows: Rows, seed: int) -> tuple[Scores | None, str]:
    """The rows' scores, or why there are none."""
    try:
        return fitted.score(rows, seed=seed), ""
    except CannotAnswer as refusal:
        return None, str(refusal)


def _keep(folder: Path, held: int, judged: Contender, fitted: Fitted[Any]) -> None:
    assert judged.samples is not None
    x, _, c = fitted.cells(judged.samples)
    with appearing(folder / "drawn.safetensors", failures=(SafetensorError,)) as part:
        save_file({"x": x.contiguous()} | ({} if c is None else {"c": c.contiguous()}), part)
    found = {name: asdict(measure) for name, measure in judged.measures.items()}
    told: Mapping[str, Any] = {"scores": scores_to_json(judged.scores), "why": judged.why_no_score, "measures": found}
    write_json(folder / "judged.json", {"held": held, "each": judged.sample_seconds, **told})


def _drawn(folder: Path, fitted: Fitted[Any]) -> Rows:
    cells = load_file(folder / "drawn.safetensors")
    rows = fitted.codec.decode(cells["x"])
    if fitted.condition_codec is None:
        return rows
    return rows.joined(fitted.condition_codec.decode(cells["c"]), fitted.card.order)


# Bounds that tighten -------------------------------------------------------------------------------------------------


def tightened(found: list[Contender], arena: Arena, seconds: float) -> list[Contender]:
    """The contenders, those that only their bounds keep from a verdict scored again with more importance samples."""
    ended = time.perf_counter() + seconds
    for times in STEPS:
        for name in _undecided(found):
            left = ended - time.perf_counter()
            found = [_again(c, arena, times * DRAWS, left) if c.name == name else c for c in found]
    return found


def _undecided(found: list[Contender]) -> list[str]:
    """Whose bound lies below the highest number, and could come to lie above it: it tightens, and nothing is shown."""
    scored = [c for c in found if c.scores is not None]
    if len(scored) < 2:
        return []
    best = max(scored, key=lambda c: c.scores.mean if c.scores is not None else 0.0)
    return [c.name for c in scored if tightens(c) and (c is best or _open(c, best))]


def _open(one: Contender, best: Contender) -> bool:
    assert one.scores is not None
    assert best.scores is not None
    verdict: Verdict = compared(best.scores, one.scores)
    return verdict.outcome == "undecided"


def tightens(contender: Contender) -> bool:
    """Whether more draws bring its bound nearer to the truth."""
    fitted, scores = contender.fitted, contender.scores
    if fitted is None or scores is None or not scores.bound:
        return False
    model = fitted.model
    return isinstance(model, Weighted) or not isinstance(model, Bound)  # the bound of a lift tightens too


def _again(contender: Contender, arena: Arena, draws: int, seconds: float) -> Contender:
    """Scored with so many draws; as it was where the time is too short for that."""
    fitted, before = contender.fitted, contender.scores
    if fitted is None or before is None or seconds <= 0:
        return contender
    try:
        with cut_off(seconds):
            scores = fitted.score(arena.parts.test, draws=draws, seed=arena.seed)
    except Overrun:
        return contender
    return replace(contender, scores=scores, draws=draws)
