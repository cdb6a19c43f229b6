"""likely show RUN [--page page.html] [--health] [--steps [-o steps.html]] [--tune CALLS] [--bound --data ROWS]"""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from likely.cli.output import Json, emit_json, one_command, print_table, printable

RATES = 8  # of latents that are listed
BANDS = 12  # of a bound's steps, that are listed
READINGS = 2  # of a doctor, that are listed: --health tells them all


def show(
    run: Annotated[Path, typer.Argument(help="A fitted model's folder; with --health a training's as well.")],
    health: Annotated[bool, typer.Option("--health", help="Look for what is wrong with it, and what helps.")] = False,
    data: Annotated[
        str | None,
        typer.Option(help="With --health, --page: the rows it was fitted on, if elsewhere. With --bound: any."),
    ] = None,
    steps: Annotated[
        bool, typer.Option("--steps", help="Draw the error of every sampler against network calls, of a denoiser.")
    ] = False,
    out: Annotated[Path, typer.Option("-o", "--out", help="With --steps: the page.")] = Path("steps.html"),
    rows: Annotated[int, typer.Option(help="With --steps, --tune: rows that are walked.", min=2)] = 32,
    page_to: Annotated[
        Path | None, typer.Option("--page", help="Write all of it, samples beside real rows, as one HTML file.")
    ] = None,
    bound: Annotated[
        bool, typer.Option("--bound", help="Take a diffusion's bound apart: bits of its start, each step and its end.")
    ] = False,
    rungs: Annotated[int, typer.Option(help="With --bound: ancestral steps.", min=1)] = 100,
    reference: Annotated[int, typer.Option(help="With --steps: calls of the reference.", min=2)] = 1000,
    levels: Annotated[
        str | None, typer.Option(help="With --steps: other levels of noise to visit, as geometric,low=0.002,high=20.")
    ] = None,
    tune: Annotated[
        int | None, typer.Option(help="Seek the levels by which so many calls of --sampler come nearest the flow.")
    ] = None,
    sampler: Annotated[str, typer.Option(help="With --tune: the sampler, as dpmsolver,order=3.")] = "dpmsolver",
    as_json: Json = False,
) -> None:
    """Show what a fitted model is, where it comes from, and what was measured on it."""
    from likely.fitted import load

    if steps:
        show_steps(run, out, rows, reference, levels, as_json=as_json)
        return
    if tune is not None:
        show_tuned(run, tune, sampler, rows, as_json=as_json)
        return
    if bound:
        show_bound(run, data, rungs, as_json=as_json)
        return
    if health:
        show_health(run, data, as_json=as_json)
        return
    if page_to is not None:
        show_portrait(run, data, page_to, as_json=as_json)
        return
    fitted = load(run)
    if as_json:
        emit_json(page(fitted))
    else:
        print_page(fitted)
        print_certificates(fitted.card.certificates)


def show_health(run: Path, data: str | None, *, as_json: bool) -> None:
    """What is wrong with a model or a training, and every number that was looked at."""
    from likely.apps.health import health as looked

    found = looked(run, data)
    if as_json:
        emit_json({"run": run, "of": found.of} | found.health.to_json())
        return
    health = found.health
    told = [*((each.name, each.seen, each.remedy) for each in health.findings)]
    print_table(found.of, ("finding", "what was seen", "what helps"), told)
    if not told:
        typer.echo("nothing wrong was found" + ("; here is what was looked at:" if health.readings else ""))
    rows = [(each.name, str(each), each.healthy, each.of) for each in health.readings]
    left = "\n".join(f"not looked at: {each}" for each in health.left_out)
    if rows or left:
        typer.echo("")
        print_table("", ("looked at", "seen", "healthy", "of"), rows, note=left and f"\n{left}")


def show_portrait(run: Path, data: str | None, out: Path, *, as_json: bool) -> None:
    """The model beside the rows it was fitted on, as a page."""
    from likely.apps.portrait import portrait
    from likely.cli.compare import check_page
    from likely.report import write_portrait

    check_page(out)
    found = portrait(run, data)
    write_portrait(found, card_rows(found.fitted), out)
    if as_json:
        emit_json(page(found.fitted) | {"report": out, "left out": list(found.left_out)})
        return
    for line in found.left_out:
        typer.echo(f"not shown: {line}")
    typer.echo(f"report: {out}")


def show_steps(run: Path, out: Path, rows: int, reference: int, levels: str | None, *, as_json: bool) -> None:
    """How far each sampler is from the flow in how many calls, printed and drawn."""
    from likely.apps.steps import CALLS, steps
    from likely.cli.compare import check_page
    from likely.fields import made
    from likely.fitted import load
    from likely.report import write_steps

    check_page(out)
    calls = [count for count in CALLS if 2 * count <= reference] or [1]
    visited = None if levels is None else made("Schedule", levels)
    found = steps(load(run), calls, levels=visited, n=rows, reference=reference)
    write_steps(found, out)
    if as_json:
        told = [{"sampler": each.sampler, "calls": each.calls, "errors": each.errors} for each in found.found]
        emit_json({"run": run, "report": out, "rows": rows, "reference": reference, "floor": found.floor,
                   "samplers": told, "left out": dict(found.left_out)})  # fmt: skip
        return
    cells = [(each.sampler, *(f"{error:.2g}" for error in each.errors)) for each in found.found]
    left = "\n".join(f"left out: {name}, {why}" for name, why in found.left_out.items())
    note = f"distance from the flow's end in {reference:,} calls over the samples' spread, on {rows} rows; " \
           f"the same in half the calls: {found.floor:.2g}\n{left}\nreport: {out}"  # fmt: skip
    print_table("", ("calls", *map(str, calls)), cells, note=note)


def show_tuned(run: Path, calls: int, sampler: str, rows: int, *, as_json: bool) -> None:
    """Levels for so many calls, as `likely sample --levels` takes them, and what they gain."""
    from likely.apps.tuned import tuned
    from likely.fields import made
    from likely.fitted import load

    found = tuned(load(run), calls, made("Sampler", sampler), n=rows)
    levels = f"listed,levels=({','.join(f'{level:.6g}' for level in found.levels.levels)})"
    if as_json:
        emit_json({"run": run, "sampler": sampler, "calls": calls, "levels": levels, "error": found.error,
                   "own way": found.own, "gains": found.gains, "walks": found.walks})  # fmt: skip
        return
    best = f" --levels '{levels}'" if found.gains else "\nthe model's own way is nearer than any levels that were found"
    typer.echo(f"distance from the flow's end over the samples' spread, {calls} calls on {rows} rows of other noise:\n"
               f"{found.own:.2g} along the model's own way, {found.error:.2g} along these ({found.walks} tried)\n"
               f"likely sample {run} --steps {calls} --sampler {sampler}{best}")  # fmt: skip


def show_bound(run: Path, data: str | None, steps: int, *, as_json: bool) -> None:
    """The bound of so many ancestral steps in its parts; steps are listed in tenths of them."""
    from likely.apps.coded import training_source
    from likely.apps.rungs import rungs
    from likely.fitted import load

    fitted = load(run)
    told = rungs(fitted, training_source(fitted) if data is None else data, steps=steps)
    if as_json:
        parts = {"L_T": told.first, "steps": told.steps, "L_0": told.last, "total": told.total, "error": told.error}
        emit_json({"run": run, "unit": "bits a number", "rows": told.rows, "levels": told.levels} | parts)
        return
    size = max(1, -(-steps // BANDS))
    bands = [(at, min(at + size, steps)) for at in range(0, steps, size)]
    levels = [f"{told.levels[at]:.3g} to {told.levels[end]:.3g}" for at, end in bands]
    cells = [("L_T, the start", "", f"{told.first:.4f}")]
    cells += [(_named(at, end), level, f"{sum(told.steps[at:end]):.4f}") for (at, end), level in zip(bands, levels)]
    cells += [("L_0, the data", "", f"{told.last:.4f}"), ("together", "", f"{told.total:.4f} ± {told.error:.2g}")]
    note = f"on {told.rows:,} rows of {told.numbers:,} numbers; a bound: -log2 p is less"
    print_table("", ("part", "noise", "bits a number"), cells, note=note)


def _named(at: int, end: int) -> str:
    """Steps from the highest level down, counted from 1."""
    return f"step {at + 1}" if end == at + 1 else f"steps {at + 1} to {end}"


def page(fitted: Any) -> dict[str, Any]:
    """Everything the card says, as plain values."""
    from likely.assumed import assumed
    from likely.fields import to_json

    card = fitted.card
    return {
        "family": to_json(card.family), "promises": promised(fitted), "space": told_space(fitted.codec.space),
        "condition": list(card.condition), "parameters": sum(p.numel() for p in fitted.model.parameters()),
        "seed": card.seed, "data": dict(card.data), "recipe": dict(card.recipe), "measures": dict(card.measures),
        "findings": list(card.findings), "versions": dict(card.versions), "measure": fitted.codec.measure,
        "missing": assumed(fitted.codec),
        "certificates": None if card.certificates is None else card.certificates.to_json(),
        "graphs": plain_graphs(fitted),
    }  # fmt: skip


def promised(fitted: Any) -> list[str]:
    """The promises on the model's class line; what models of a family share is none."""
    from likely import contracts

    return [base.__name__ for base in type(fitted.model).__bases__ if base.__module__ == contracts.__name__]


def told_space(space: Any) -> str:
    """A space in a few words."""
    from likely.spaces import Vector

    if not isinstance(space, Vector):
        return str(space)
    kinds = [type(column).__name__ for column in space.columns]
    return "Vector: " + ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))


def print_page(fitted: Any) -> None:
    """The card for a person."""
    from likely.apps.graph import graphs

    note = "\n\n".join(str(graph) for graph in graphs(fitted))
    print_table("", ("", ""), card_rows(fitted), note=note and f"\n{note}")


def card_rows(fitted: Any) -> list[tuple[str, str]]:
    """The card, line by line."""
    from likely.apps.told import told_codes, told_kept
    from likely.certificates.told import summary

    said = page(fitted)
    rows = [
        ("family", repr(fitted.card.family)),
        ("promises", ", ".join(said["promises"])),
        ("models", said["space"]),
        ("given", ", ".join(said["condition"]) or f"nothing{told_alone(fitted.card.certificates)}"),
        ("data", told_data(said["data"])),
        ("learned", told_recipe(said["recipe"], said["parameters"], said["seed"], said["measures"])),
        ("kept", told_kept(said["measures"])),
        ("chosen by", said["measures"].get("rule") or ""),
        ("held out", told_score(said["measures"].get("validation"))),
        ("bound", told_terms(said["measures"].get("bound"), drawn=drawn(fitted.model))),
        ("latents", told_latents(said["measures"].get("latents"))),
        ("codes", told_codes(said["measures"])),
        ("health", told_health(fitted.card)),
        ("measure", said["measure"]),
        ("missing", said["missing"]),
        ("checked", "" if fitted.card.certificates is None else summary(fitted.card.certificates)),
        ("made with", ", ".join(f"{name} {version}" for name, version in said["versions"].items())),
        *(("finding", finding) for finding in said["findings"]),
    ]
    return [row for row in rows if row[1]]


def plain_graphs(fitted: Any) -> list[dict[str, Any]]:
    """A graph's edges by name, or by place where columns have none."""
    from likely.apps.graph import graphs

    def told(graph: Any, edge: Any) -> dict[str, Any]:
        ends = {"parent": edge.parent, "child": edge.child}
        return {end: graph.names[place] if graph.names else place for end, place in ends.items()} | {"nats": edge.nats}

    return [{"title": graph.title, "edges": [told(graph, edge) for edge in graph.edges]} for graph in graphs(fitted)]


def print_certificates(found: Any) -> None:
    """Every check, and which column depends on which."""
    from likely.certificates.told import drawn, rows_of

    if found is None:
        return
    typer.echo("")
    print_table("", ("checked", "", "what was seen", "seconds"), rows_of(found))
    if found.dependence is not None:
        typer.echo("\n" + "\n".join(printable(line) for line in drawn(found.dependence)))


def told_alone(found: Any) -> str:
    """That no column follows another, where the checks saw so: samples then look right one column at a time only."""
    strength = () if found is None or found.dependence is None else found.dependence.strength
    apart = all(not value for at, row in enumerate(strength) for to, value in enumerate(row) if at != to)
    way = "--condition COLUMN lets them follow one, another family couples them"
    return f"; the columns are drawn independently of one another ({way})" if len(strength) > 1 and apart else ""


def told_data(data: dict[str, Any]) -> str:
    """Where the rows came from."""
    rows, digest = data.get("rows"), str(data.get("sha256", ""))[:12]
    return ", ".join(
        part for part in (data.get("source"), rows and f"{rows:,} rows", digest and f"sha256 {digest}…") if part
    )


def told_recipe(recipe: dict[str, Any], parameters: int, seed: int, measures: dict[str, Any] | None = None) -> str:
    """How it was trained: in the steps that were taken, which may be fewer than were planned."""
    if not parameters:
        return f"by counting, on {recipe.get('device', 'cpu')}, seed {seed}"
    taken = ((measures or {}).get("final") or {}).get("step", recipe.get("steps"))
    compiled = ", compiled" if recipe.get("compile") else ""
    threads = f"{recipe.get('threads')} threads, " if recipe.get("device") == "cpu" else ""
    return (
        f"{parameters:,} parameters in {taken:,} steps of {recipe.get('batch')} rows on "
        f"{recipe.get('device')} ({threads}{recipe.get('precision')}{compiled}), seed {seed}"
    )


def told_score(score: dict[str, Any] | None) -> str:
    """The held-out score with its kind."""
    if not score or score.get("mean") is None:
        return ""
    stderr = score.get("stderr")
    error = "" if stderr is None else f" ± {float(f'{stderr:.2g}'):g}"
    draws = f", {score['draws']} importance samples each" if score.get("draws") else ""
    return f"{score['kind']} {score['mean']:.4g}{error} nats/row ({score['rows']:,} rows{draws})"


def drawn(model: Any) -> bool:
    """Whether a bound of this model is a draw, or the bound itself."""
    from likely.contracts import Bound

    return isinstance(model, Bound) and model.drawn


def told_terms(bound: dict[str, Any] | None, *, drawn: bool = True) -> str:
    """The two terms of a bound."""
    if not bound or bound["fit"] is None or bound["rate"] is None:
        return ""
    fit, rate = bound["fit"], bound["rate"]
    return f"fit {fit:.4g} less rate {rate:.4g} = {fit - rate:.4g} nats/row{', from one draw' if drawn else ''}"


def told_latents(latents: dict[str, Any] | None) -> str:
    """How many numbers of the code are in use, and the rates of those that cost most."""
    if not latents:
        return ""
    rates = sorted(latents["rates"], reverse=True)
    more = f", … {rates[-1]:.2g}" if len(rates) > RATES else ""
    listed = ", ".join(f"{rate:.2g}" for rate in rates[:RATES])
    return f"{sum(latents['active'])} of {len(rates)} active; rates {listed}{more} nats"


def told_health(card: Any) -> str:
    """What a doctor read of it at the end of its training."""
    from likely.doctor import readings_of

    return "; ".join(f"{each.name} {each} ({each.healthy})" for each in readings_of(card)[:READINGS])


def command() -> TyperCommand:
    """The verb."""
    return one_command(show, "show")
