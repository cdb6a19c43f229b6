"""A comparison's rows in words, as the page and the Markdown both show them."""

import os
import platform
from datetime import UTC, datetime
from math import isfinite, log
from typing import Any

from likely import __version__
from likely.apps.comparison import Comparison, Recommendation, Round, Seeds
from likely.apps.contender import Contender
from likely.apps.told import duration, told_each, told_fit, told_mean
from likely.data import Pieces, Rows
from likely.metrics import Verdict
from likely.report.cards import readings
from likely.report.drawing import signed

PURPOSES = {
    "generate": "To generate rows", "score": "To score rows", "complete": "To fill in what is missing",
    "look inside": "To look inside", "speed": "When it has to be fast",
}  # fmt: skip


def facts_of(comparison: Comparison) -> list[str]:
    """Which rows, which budget, by which version, when and where."""
    rows = comparison.rows
    told = [f"{rows['train']:,} training, {rows['validation']:,} validation and {rows['test']:,} test rows"]
    if comparison.condition:
        told.append(f"every model is given {', '.join(comparison.condition)}")
    return [comparison.source, *told, f"budget {comparison.budget}", f"seed {comparison.seed}", *made()]


def made() -> list[str]:
    """By which version, when and where."""
    return [f"likely {__version__}", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), machine()]


def machine() -> str:
    """What the times were taken on."""
    return f"{platform.machine()}, {os.cpu_count()} cores"


def purpose_of(each: Recommendation) -> dict[str, Any]:
    """What to use for a purpose."""
    return {
        "purpose": PURPOSES.get(each.purpose, each.purpose.capitalize()), "name": each.name, "why": each.why,
        "evidence": [signed(one) for one in each.evidence],
    }  # fmt: skip


def score_of(contender: Contender, real: Rows, *, reference: bool) -> dict[str, Any]:
    """One mean log-likelihood."""
    scores = contender.scores
    assert scores is not None
    return {
        "name": contender.name, "kind": scores.kind, "value": signed(told_mean(scores)), "reference": reference,
        "bits": _bits(scores.mean, real), "fit": told_fit(contender), "each": told_each(contender),
    }  # fmt: skip


def _bits(mean: float, real: Rows) -> str:
    """Bits a number (a pixel), as pieces are often judged by."""
    if not isinstance(real, Pieces):
        return ""
    return f"{-mean / log(2) / real.dimensions:.3f}" if isfinite(mean) else "–"


def verdict_of(pair: tuple[str, str], verdict: Verdict) -> dict[str, str]:
    """One pair."""
    first, second = pair
    decided = {"first": f"{first} beats {second}", "second": f"{second} beats {first}"}
    known = verdict.difference == verdict.difference  # NaN: the two cannot be subtracted
    return {
        "told": decided.get(verdict.outcome, f"{first} or {second}: undecided"),
        "outcome": verdict.outcome,
        "span": signed(f"{verdict.difference:+.2f} [{verdict.low:+.2f}, {verdict.high:+.2f}]") if known else "–",
        "why": verdict.why,
    }


def round_of(each: Round) -> dict[str, Any]:
    """What one contender got and showed in one round."""
    span = f" [{each.low:.3f}, {each.high:.3f}]" if isfinite(each.low + each.high) else ""
    value = f"{each.kind} {each.value:.3f}{span} {each.unit}".strip() if isfinite(each.value) else "–"
    return {
        "name": each.name, "number": each.number, "budget": each.budget or "counts", "seconds": duration(each.seconds),
        "steps": f"{each.steps:,}" if each.steps else "–", "value": signed(value), "stopped": each.stopped,
    }  # fmt: skip


def seeds_of(each: Seeds) -> dict[str, Any]:
    """One family from several seeds."""
    spread = f"{each.spread:.3f}" if each.spread == each.spread else "–"
    told = signed(", ".join(f"{value:.3f}" for value in each.values))
    return {
        "name": each.name, "count": len(each.seeds), "mean": signed(f"{each.mean:.3f}"), "spread": spread, "each": told
    }  # fmt: skip


def health_of(contender: Contender) -> dict[str, Any]:
    """What a doctor found of one model, and what was looked at."""
    if contender.fitted is None:
        return {"name": contender.name, "findings": [], "readings": []}
    said = contender.fitted.card
    return {"name": contender.name, "findings": list(said.findings), "readings": readings(said)}


def rate_of(contender: Contender) -> str:
    """Rows drawn a second."""
    if not contender.sample_seconds:
        return "–"
    rate = 1 / contender.sample_seconds
    return f"{float(f'{rate:.2g}'):,.0f}" if rate >= 10 else f"{rate:.2g}"


def cost_of(contender: Contender) -> tuple[str, ...]:
    """What one model costs: time to fit, time a sample, rows a second, parameters, steps."""
    fitted = contender.fitted
    size = "–" if fitted is None else f"{sum(p.numel() for p in fitted.model.parameters()):,}"
    final = {} if fitted is None else fitted.card.measures.get("final") or {}
    steps = f"{final['step']:,}" if final.get("step") else "–"
    return contender.name, told_fit(contender), told_each(contender), rate_of(contender), size, steps
