"""What to use for what: one answer a purpose, in plain words, with the numbers that say so and what they leave open."""

from collections.abc import Callable, Sequence
from math import inf

from likely.apps.comparison import Comparison, Recommendation
from likely.apps.contender import Contender
from likely.apps.measure import INDEPENDENT
from likely.apps.told import told_mean
from likely.apps.words import duration, listed
from likely.contracts import Completes, Drawable, Fills, Latent
from likely.diffusion import Descends
from likely.filling import Filling
from likely.metrics import Measure

AREA, NEARER, COPIES = "two-sample AUC", "nearer to training", "copies"
REPEATS = 0.6  # the share of rows nearer to training from which a model is not recommended for new rows
CODES = "trustworthiness"
FILLS = {  # how good completion is, the best first
    "exact": "fills in what is missing exactly",
    "model-exact": "fills in what is missing as it has learned to, by conditionals that disagree a little",
    "asymptotic": "fills in what is missing by particles, the better the more there are",
    "heuristic": "fills in what is missing by a heuristic",
}


def recommendations(found: Comparison) -> tuple[Recommendation, ...]:
    """One for each purpose."""
    purposes: tuple[Callable[[Comparison], Recommendation], ...] = (generate, score, complete, look_inside, speed)
    return tuple(purpose(found) for purpose in purposes)


def generate(found: Comparison) -> Recommendation:
    """Whose rows are hardest to tell from real ones, among those that do not repeat what they learned from."""
    able = [c for c in found.contenders if AREA in c.measures and c.fitted is not None]
    honest = [c for c in able if not _repeats(c)]
    if not honest:
        why = "Every family that samples repeats its training rows." if able else "No family could be sampled from."
        return Recommendation("generate", "", why)
    best = min(honest, key=lambda c: c.measures[AREA].value)
    near = [c for c in honest if c.measures[AREA].low <= best.measures[AREA].high and c is not best]
    told = [f"{best.name}: AUC of trees that tell its rows from real ones {best.measures[AREA]}", *_beside(found)]
    told += [f"{c.name} is left out: it repeats training rows" for c in able if c not in honest]
    if not near:
        return Recommendation("generate", best.name, "Its rows are hardest to tell from real ones.", tuple(told))
    told += [f"{c.name}: {c.measures[AREA]}" for c in near]
    why = f"Its rows are hardest to tell from real ones, though {_names(near)} may be as good: the intervals overlap."
    return Recommendation("generate", best.name, why, tuple(told))


def score(found: Comparison) -> Recommendation:
    """Who gives held-out rows most probability, as far as that is proved."""
    scored = _by_score(found)
    if not scored:
        return Recommendation("score", "", "No family here has a likelihood that can be ranked.")
    best = scored[0]
    beaten = {loser for winner, loser in found.wins if winner == best.name}
    rest = [c for c in scored[1:] if c.name not in beaten]
    told = [f"{c.name}: {_told(c)}" for c in (best, *rest[:3])]
    told += [line for c in scored[1:4] if (line := _gap(found, best, c))]
    if not rest:
        return Recommendation("score", best.name, "It gives unseen rows more probability than all others.", tuple(told))
    why = f"It has the highest number for unseen rows, but {_names(rest)} {_are(rest)} not shown to be worse."
    return Recommendation("score", best.name, why, tuple(told))


def complete(found: Comparison) -> Recommendation:
    """The best scorer of those that fill in best: exactly, or as near to it as there is one."""
    able = {how: [c for c in _ranked_first(found) if _completes(c) == how] for how in FILLS}
    for how, contenders in able.items():
        if contenders:
            first = contenders[0]
            told = (f"{first.name}: {_told(first)}",) if first.scores is not None else ()
            better = [c for c in able["model-exact"][:1] if c is not first and _mean(c) > _mean(first)]
            told += tuple(f"{c.name}, which {FILLS['model-exact']}: {_told(c)}" for c in better)
            return Recommendation("complete", first.name, f"It {FILLS[how]}.", told)
    return Recommendation("complete", "", "No family here fills in what is missing.")


def look_inside(found: Comparison) -> Recommendation:
    """Whose codes keep neighbours together; or a graph that can be read."""
    able = [(c, value) for c in found.contenders if (value := _codes(c)) is not None]
    if able:
        best, (value, low, high) = max(able, key=lambda pair: pair[1][0])
        near = [c for c, one in able if one[2] >= low and c is not best]
        why = "What is near in its codes is near in the data" + (f", as it is for {_names(near)}." if near else ".")
        return Recommendation("look inside", best.name, why, (f"{CODES} {value:.3f} [{low:.3f}, {high:.3f}]",))
    graphs = [c for c in _by_score(found) if _is(c, Drawable)]
    if graphs:
        why = "Its graph says which column depends on which."
        return Recommendation("look inside", graphs[0].name, why, (f"{graphs[0].name}: {_told(graphs[0])}",))
    coded = [c for c in found.contenders if _is(c, Latent)]
    if coded:
        return Recommendation("look inside", coded[0].name, "It has codes; how good they are was not measured.")
    return Recommendation("look inside", "", "No family here has codes or a graph.")


def speed(found: Comparison) -> Recommendation:
    """The quickest to fit of those that beat independent columns."""
    able = [c for c in found.contenders if c.fitted is not None and c.sample_seconds > 0 and _learned(c, found)]
    if not able:
        return Recommendation("speed", "", "No family is shown to beat independent columns.")
    best = min(able, key=lambda c: c.fit_seconds)
    told = [f"fitted in {duration(best.fit_seconds)}, a row in {duration(best.sample_seconds)}"]
    first = _by_score(found)[:1]
    told += [line for c in first if c is not best and (line := _gap(found, c, best))]
    return Recommendation(
        "speed", best.name, "The quickest to fit of those that beat independent columns.", tuple(told)
    )


# What they rest on ---------------------------------------------------------------------------------------------------


def _repeats(contender: Contender) -> bool:
    """Whether its rows are shown to lie at its training rows, or to be copies of them more often than real rows are."""
    near, copied = contender.measures.get(NEARER), contender.measures.get(COPIES)
    return (near is not None and near.low > REPEATS) or (copied is not None and _above(copied))


def _above(copied: Measure) -> bool:
    return copied.low > copied.ideal + 0.01


def _by_score(found: Comparison) -> list[Contender]:
    """Those that can be ranked, the highest number first."""
    able = [c for c in found.contenders if c.scores is not None and (c.scores.bound or c.scores.kind == "=")]
    return sorted(able, key=_mean, reverse=True)


def _ranked_first(found: Comparison) -> list[Contender]:
    """All, those that can be ranked first."""
    ranked = _by_score(found)
    return [*ranked, *(c for c in found.contenders if c not in ranked)]


def _completes(contender: Contender) -> str:
    """How good its completion is; nothing where it has none."""
    fitted = contender.fitted
    if fitted is None or not isinstance(fitted.model, Completes | Fills | Descends):
        return ""
    return Filling().word(fitted.model, fitted.lift)


def _mean(contender: Contender) -> float:
    mean = contender.scores.mean if contender.scores is not None else -inf
    return mean if mean == mean else -inf


def _told(contender: Contender) -> str:
    return f"{contender.scores.kind} {told_mean(contender.scores)} nats/row" if contender.scores is not None else "none"


def _gap(found: Comparison, better: Contender, worse: Contender) -> str:
    """The paired difference of two, in words."""
    verdict = found.verdicts.get((better.name, worse.name))
    sign = 1.0
    if verdict is None:
        verdict, sign = found.verdicts.get((worse.name, better.name)), -1.0
    if verdict is None or verdict.difference != verdict.difference:
        return ""
    low, high = sorted((sign * verdict.low, sign * verdict.high))
    kind = "" if verdict.outcome != "undecided" else " (undecided)"
    return f"{better.name} minus {worse.name}: {sign * verdict.difference:.3g} [{low:.3g}, {high:.3g}] nats/row{kind}"


def _beside(found: Comparison) -> list[str]:
    """What the reference rows get."""
    return [f"{c.name}: {c.measures[AREA]}" for c in found.references if AREA in c.measures]


def _is(contender: Contender, *promises: type) -> bool:
    return contender.fitted is not None and isinstance(contender.fitted.model, promises)


def _codes(contender: Contender) -> tuple[float, float, float] | None:
    """How well its codes keep neighbours, with the interval, where its card says so."""
    if contender.fitted is None or not _is(contender, Latent):
        return None
    told = (contender.fitted.card.measures.get("codes") or {}).get(CODES)
    return (told["value"], told["low"], told["high"]) if isinstance(told, dict) else None


def _learned(contender: Contender, found: Comparison) -> bool:
    """Whether it beats independent columns: by likelihood where that is decided, else by its rows."""
    if (contender.name, INDEPENDENT) in found.wins:
        return True
    alone = next((c.measures.get(AREA) for c in found.references if c.name == INDEPENDENT), None)
    mine = contender.measures.get(AREA)
    return alone is not None and mine is not None and mine.high < alone.low


def _names(contenders: Sequence[Contender]) -> str:
    """A few by name."""
    names = [c.name for c in contenders]
    return listed(names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"])


def _are(contenders: Sequence[Contender]) -> str:
    return "is" if len(contenders) == 1 else "are"
