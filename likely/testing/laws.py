"""The laws. Each takes a case whose model promises what the law is about, and raises `Broken` with what it saw."""

import copy
from dataclasses import replace
from itertools import product

import torch
from torch import Tensor

from likely.certificates import bound, company, evidence, inverse, mass, sampling
from likely.certificates.reference import Box, Bumps, reals_only
from likely.contracts import (
    Bound,
    Classed,
    Completes,
    Concludes,
    Continues,
    Counted,
    Decodes,
    Density,
    Evidence,
    Fills,
    Latent,
    Model,
    Sharpens,
    Sharpness,
    Spells,
    Trained,
    Weighted,
)
from likely.errors import CannotAnswer
from likely.rng import Keyed, Stepped
from likely.spaces import Tokens, Vector, absent, present
from likely.store import fill
from likely.testing.case import Case, descend, example_rows
from likely.testing.law import Beside, close, demand, holds, law


def _part(c: Tensor | None, rows: slice | Tensor) -> Tensor | None:
    return None if c is None else c[rows]


def _sampled(case: Case, n: int = 24, seed: int = 5, model: Model | None = None) -> Tensor:
    with torch.no_grad():
        return (model or case.model).sample(n, _part(case.c, slice(n)), rng=Keyed(seed))


# Every model ---------------------------------------------------------------------------------------------------------


@law(Model)
def the_same_seed_gives_the_same_sample(case: Case) -> None:
    """And another seed gives another."""
    one, again, other = (_nan_free(_sampled(case, seed=seed)) for seed in (5, 5, 6))
    demand(torch.equal(one, again), "two samples with one seed differ")
    demand(not torch.equal(one, other), "another seed, the same sample")


@law(Model)
def a_sample_row_does_not_depend_on_its_company(case: Case) -> None:
    """Row i depends on the seed and i alone (matrix products move it by rounding)."""
    cells, alone = case.lift.down(_sampled(case)), case.lift.down(_sampled(case, 7))
    moved = sampling.apart(cells[:7], alone)
    demand(moved <= 0.2, f"{moved:.0%} of the first rows differ from a smaller sample's")


@law(Model)
def samples_lie_in_the_space(case: Case) -> None:
    """Codes, counts and levels are those that exist; nothing is infinite; missing only where it can be."""
    cells = case.lift.down(_sampled(case))
    demand(cells.shape == (24, *case.space.shape), f"samples have shape {tuple(cells.shape)}")
    wrong = sampling.outside(cells, case.space)
    demand(not wrong.any(), f"not in the space: {cells[wrong][:5].tolist()}")


@law(Model)
def the_global_generator_is_left_alone(case: Case) -> None:
    """Nothing below the training loop draws from torch's global generator."""
    model = case.model
    before = torch.get_rng_state()
    _sampled(case)
    if isinstance(model, Bound):
        model.elbo(case.u[:8], _part(case.c, slice(8)), rng=Keyed(0))
    demand(torch.equal(before, torch.get_rng_state()), "torch's global generator moved")


@law(Model)
def weights_saved_and_loaded_are_the_same_model(case: Case) -> None:
    """Bit for bit, through a state dict."""
    other = case.built(seed=1)
    fill(other, {name: tensor.clone() for name, tensor in case.model.state_dict().items()})
    same = torch.equal(_nan_free(_sampled(case)), _nan_free(_sampled(case, model=other.eval())))
    demand(same, "the loaded model samples differently")


@law(Model)
def float64_works(case: Case) -> None:
    """The whole model in double precision."""
    model = copy.deepcopy(case.model).double()
    c = None if case.c is None else case.c[:6].double() if case.c.is_floating_point() else case.c[:6]
    with torch.no_grad():
        drawn = model.sample(6, c, rng=Keyed(0))
        demand(drawn.dtype in (torch.float64, torch.int64), f"samples are {drawn.dtype}")
        if isinstance(model, Density):
            demand(model.log_prob(case.u[:6].double(), c).dtype == torch.float64, "log_prob is not float64")


@law(Model)
def the_null_condition_is_accepted(case: Case) -> None:
    """A condition with every cell missing is a condition."""
    if case.c is None:
        raise Beside("unconditional")
    with torch.no_grad():
        demand(case.lift.down(case.model.sample(4, absent(case.c[:4]), rng=Keyed(0))).shape[0] == 4, "no sample")


# Draws cell by cell --------------------------------------------------------------------------------------------------


@law(Sharpens)
def nothing_sharpened_is_the_plain_sample(case: Case) -> None:
    """And only the likeliest choices of all, from two seeds, are nearer to each other than plain draws."""
    model, c = case.model, _part(case.c, slice(24))
    assert isinstance(model, Sharpens)
    with torch.no_grad():
        plain = model.sample_sharpened(24, c, sharpness=Sharpness(), rng=Keyed(5))
        cold = [model.sample_sharpened(24, c, sharpness=Sharpness(1e-3), rng=Keyed(seed)) for seed in (5, 6)]
    demand(torch.equal(_nan_free(plain), _nan_free(_sampled(case))), "a temperature of 1 gives another sample")
    apart = [sampling.apart(*pair) for pair in ((cold[0], cold[1]), (plain, _sampled(case, seed=6)))]
    demand(apart[0] <= apart[1], f"cold samples differ in {apart[0]:.0%} of rows, plain ones in {apart[1]:.0%}")


@law(Continues)
def what_is_continued_lies_in_the_space(case: Case) -> None:
    """A start and what follows it are together a row of the space; so is what follows no start at all."""
    model, c, length = case.model, _part(case.c, slice(8)), case.u.shape[-1]
    assert isinstance(model, Continues)
    for known in (0, length // 2):
        start = case.u[:8, ..., :known]
        with torch.no_grad():
            rest = list(model.continued(start, c, sharpness=Sharpness(), rng=Keyed(5)))
        end = torch.full_like(case.u[:8, ..., : length - known - len(rest)], -1)
        whole = case.lift.down(torch.cat([start, *(moment[..., None] for moment in rest), end], -1))
        demand(whole.shape == case.cells[:8].shape, f"with its continuation a row is {tuple(whole.shape)}")
        demand(not sampling.outside(whole, case.space).any(), "a continuation leaves the space")


@law(Spells)
def a_confined_token_is_among_those_that_may_come(case: Case) -> None:
    """After nothing, and after half a row; where only one may come, it comes."""
    model, c, space = case.model, _part(case.c, slice(8)), case.space
    assert isinstance(model, Spells)
    assert isinstance(space, Tokens)
    among = torch.arange(space.vocabulary) % 2 == 0
    one = torch.arange(space.vocabulary) == space.vocabulary - 1
    for known, some in product((0, space.length // 2), (among, one)):
        start = case.u[:8, :known].clamp(min=0)
        with torch.no_grad():
            first = next(model.continued_among(start, some.expand(8, -1), c, sharpness=Sharpness(), rng=Keyed(5)))
        demand(bool(some[first].all()), "a confined token is another one")


# Densities -----------------------------------------------------------------------------------------------------------


def _log_prob(case: Case, u: Tensor, c: Tensor | None) -> Tensor:
    assert isinstance(case.model, Density)
    with torch.no_grad():
        return case.model.log_prob(u, c)


@law(Density)
def a_row_s_density_does_not_depend_on_its_company(case: Case) -> None:
    """Scored alone, in another order, or in a crowd."""
    whole = _log_prob(case, case.u, case.c)
    demand(whole.shape == (len(case.u),), f"log_prob has shape {tuple(whole.shape)}")
    demand(torch.isfinite(whole).all(), "log_prob is not finite on its own rows")
    moved = company.widest_gap(lambda at: _log_prob(case, case.u[at], _part(case.c, at)), len(case.u))
    demand(moved <= 1e-4, f"a score moves by {moved:.3g} of its size with its company")


@law(Density)
def the_mass_is_one_and_is_where_the_samples_fall(case: Case) -> None:
    """By summing over a small discrete space, else against laws that are known to add up to one."""
    space, c = case.lift.space, _part(case.c, slice(1))

    def log_prob(x: Tensor) -> Tensor:
        return _log_prob(case, x.float(), None if c is None else c.expand(len(x), *c.shape[1:]))

    draws = _drawn_alike(case, c, 8000 if isinstance(space, Vector) and len(space.columns) < 3 else 1500)
    if (cells := mass.listed(space)) is not None:
        _as_often_as_said(draws, cells, log_prob(cells))
    seen = mass.judged(log_prob, draws[1::2], Bumps(space, draws[::2]), rng=Keyed(2))
    if isinstance(space, Vector) and reals_only(space.columns, mass.BOXED):
        holds(mass.judged(log_prob, draws, Box(draws), rng=Keyed(2)))
    if seen.passed and seen.tolerance > mass.BLIND:
        raise Beside("no simple law overlaps with the samples")
    holds(seen)


def _drawn_alike(case: Case, c: Tensor | None, n: int) -> Tensor:
    """n rows, all given one condition."""
    with torch.no_grad():
        return case.model.sample(n, None if c is None else c.expand(n, *c.shape[1:]), rng=Keyed(1))


def _as_often_as_said(draws: Tensor, cells: Tensor, log_masses: Tensor) -> None:
    """The masses of all values add up to one and are the frequencies of draws."""
    holds(replace(mass.total(log_masses), tolerance=1e-4))
    p = log_masses.double().exp()
    seen = (_nan_free(draws)[:, None] == _nan_free(cells)).all(-1).double().mean(0)
    error = (p * (1 - p) / len(draws)).sqrt() + 1e-3
    demand(((seen - p).abs() < 5 * error).all(), f"frequencies differ from masses by {(seen - p).abs().max():.4f}")


def _nan_free(cells: Tensor) -> Tensor:
    return cells.nan_to_num(nan=-99.0) if cells.is_floating_point() else cells


# Bounds --------------------------------------------------------------------------------------------------------------


@law(Bound)
def a_bound_is_finite_and_row_by_row(case: Case) -> None:
    """Two terms, one value a row, and the same for a row in any company when its noise is its own."""
    assert isinstance(case.model, Bound)
    with torch.no_grad():
        whole = case.model.elbo(case.u, case.c, rng=Keyed(3)).value
        alone = case.model.elbo(case.u[4:9], _part(case.c, slice(4, 9)), rng=Keyed(3, rows=4)).value
    demand(whole.shape == (len(case.u),) and torch.isfinite(whole).all(), "the bound is not one finite value a row")
    close(alone, whole[4:9], "rows in other company", tolerance=1e-3)


@law(Weighted)
def more_importance_samples_do_not_lower_the_bound(case: Case) -> None:
    """The ELBO is the mean of log w, and is not above the log of its mean."""
    assert isinstance(case.model, Weighted)
    with torch.no_grad():
        weights = case.model.log_weights(case.u, case.c, draws=64, rng=Keyed(4)).double()
        elbos = bound.elbos(case.model, case.u, case.c, [Keyed(seed) for seed in range(16)])
    holds(bound.tightening(weights, elbos))


# Learning ------------------------------------------------------------------------------------------------------------


@law(Trained)
def every_parameter_gets_a_gradient(case: Case) -> None:
    """In the turns of a round each player's every parameter is moved by some turn of it."""
    model = case.built()
    assert isinstance(model, Trained)
    descend(model, case.u, case.c, 2)  # layers that start at zero hide what is behind them for a step
    owners = {name: dict(player.module.named_parameters()) for name, player in model.players().items()}
    reached: set[str] = set()
    for step in range(3):
        for turn in model.turns(case.u, case.c, rng=Stepped(1, step)):
            model.zero_grad()
            turn.loss().backward()
            reached |= {f"{turn.player}: {name}" for name, p in owners[turn.player].items() if _moved(p)}
    wanted = {f"{player}: {name}" for player, named in owners.items() for name, p in named.items() if p.requires_grad}
    demand(wanted <= reached, f"no gradient reaches {sorted(wanted - reached)[:4]}")
    owned = {id(p) for named in owners.values() for p in named.values()}
    orphans = [name for name, p in model.named_parameters() if p.requires_grad and id(p) not in owned]
    demand(not orphans, f"no player owns {orphans[:4]}")


def _moved(parameter: Tensor) -> bool:
    return parameter.grad is not None and bool((parameter.grad != 0).any())


@law(Bound)
def one_batch_can_be_overfitted(case: Case) -> None:
    """Forty rounds on one batch raise its own bound."""
    model = case.built()
    if not isinstance(model, Trained):
        raise Beside("learns by counting")
    assert isinstance(model, Bound)
    with torch.no_grad():
        before = model.elbo(case.u, case.c, rng=Keyed(0)).value.mean()
    descend(model, case.u, case.c, 40, rate=3e-3)
    with torch.no_grad():
        after = model.eval().elbo(case.u, case.c, rng=Keyed(0)).value.mean()
    demand(after > before, f"the bound went from {before:.3f} to {after:.3f}")


@law(Counted)
def chunks_in_any_order_count_the_same(case: Case) -> None:
    """Statistics are additive."""
    if not isinstance(case.model, Density):
        raise Beside("no density to compare by")
    whole = _counted(case, [slice(None)])
    close(_counted(case, [slice(60, None), slice(0, 17), slice(17, 60)]), whole, "in chunks")


def _counted(case: Case, chunks: list[slice]) -> Tensor:
    """The rows' densities under a fresh model that saw them in these chunks."""
    model = case.built()
    assert isinstance(model, Counted)
    for _ in range(20):
        for rows in chunks:
            model.observe(case.u[rows], _part(case.c, rows))
        if not model.finish():
            break
    assert isinstance(model, Density)
    with torch.no_grad():
        return model.log_prob(case.u, case.c)


@law(Concludes)
def looking_back_again_is_looking_back_once(case: Case) -> None:
    """What a model makes of rows after it has learned does not depend on what it made of others before."""
    other, few = copy.deepcopy(case.model), slice(30)
    assert isinstance(other, Concludes)
    other.conclude(case.u[few], _part(case.c, few), rng=Keyed(16))
    other.conclude(case.u, case.c, rng=Keyed(15))
    same = torch.equal(_nan_free(_sampled(case)), _nan_free(_sampled(case, model=other.eval())))
    demand(same, "rows seen before are not forgotten")


@law(Classed)
def every_class_at_once_is_each_class_alone(case: Case) -> None:
    """log p(x | c = k) for all k together equals the density given k."""
    if not isinstance(case.condition, Vector) or not isinstance(case.model, Density):
        raise Beside("unconditional")
    assert isinstance(case.model, Classed)
    with torch.no_grad():
        joint = case.model.log_joint(case.u)
    for k in range(joint.shape[1]):
        close(joint[:, k], _log_prob(case, case.u, torch.full((len(case.u), 1), float(k))), f"class {k}")


# Completion and codes ------------------------------------------------------------------------------------------------


@law(Completes)
def completion_leaves_what_is_known(case: Case) -> None:
    """Known cells come back bit for bit; free ones are drawn; no evidence is certain, all of it the density."""
    model = case.model
    assert isinstance(model, Completes)
    known = Keyed(8).uniform(case.u.shape, like=case.u) < 0.5
    with torch.no_grad():
        filled = model.complete(case.u, Evidence(known), case.c, rng=Keyed(9))
        some = model.log_evidence(case.u, Evidence(known), case.c)
    demand(torch.equal(_nan_free(filled)[known], _nan_free(case.u)[known]), "known cells were changed")
    demand(torch.isfinite(some).all(), "the evidence's probability is not finite")
    holds(evidence.of_nothing_and_everything(model, case.u, case.c, tolerance=1e-4))


@law(Completes)
def a_cell_left_out_is_integrated_out(case: Case) -> None:
    """Where no cell can be missing, log p of a row with some missing is that of the others alone."""
    space, model = case.lift.space, case.model
    if not (isinstance(space, Vector) and isinstance(model, Density) and isinstance(model, Completes)):
        raise Beside("no table of cells as they are")
    gone = Keyed(8).uniform(case.u.shape, like=case.u) < 0.4
    gone &= torch.tensor([not column.missing for column in space.columns])
    told = model.log_evidence(case.u, Evidence(~gone), case.c).detach()
    try:
        close(_log_prob(case, case.u.masked_fill(gone, torch.nan), case.c), told, "cells left out")
    except CannotAnswer as refusal:
        raise Beside("rows with gaps are refused") from refusal


@law(Fills)
def filling_leaves_what_is_known_and_a_row_to_itself(case: Case) -> None:
    """Known cells come back bit for bit, free ones are there; a seed, and no company, decides what is drawn."""
    model, known = case.model, Keyed(8).uniform(case.u.shape, like=case.u.float()) < 0.5
    assert isinstance(model, Fills)
    with torch.no_grad():
        told = model.fill(case.u, Evidence(known), case.c, particles=8, rng=Keyed(9))
        again = model.fill(case.u[:7], Evidence(known[:7]), _part(case.c, slice(7)), particles=8, rng=Keyed(9))
    demand(torch.equal(_nan_free(told.x)[known], _nan_free(case.u)[known]), "known cells were changed")
    demand(present(told.x)[~known].all(), "free cells are missing")
    demand(((told.share > 0.12) & (told.share < 1 + 1e-4)).all(), "the particles' share is not between 1 / 8 and 1")
    moved = sampling.apart(told.x[:7], again.x)
    demand(moved <= 0.2, f"{moved:.0%} of the first rows are filled otherwise in other company")


@law(Decodes)
def codes_have_their_space_and_decode_to_rows(case: Case) -> None:
    """decode, and encode where there is one, keep their shapes and give finite numbers."""
    model, rows = case.model, len(case.u)
    assert isinstance(model, Decodes)
    with torch.no_grad():
        z = model.encode(case.u, case.c) if isinstance(model, Latent) else example_rows(model.codes, rows, Keyed(17))
        back = model.decode(z, case.c)
    demand(z.shape == (len(case.u), *model.codes.shape), f"codes have shape {tuple(z.shape)}")
    demand(torch.isfinite(z.float()).all(), "codes are not finite")
    demand(back.shape == case.u.shape, f"decoded rows have shape {tuple(back.shape)}")


@law(Latent)
def a_bijection_comes_back_and_its_density_is_a_change_of_variables(case: Case) -> None:
    """decode inverts encode, and log p is the codes' base with log|det| by autograd; in float64."""
    inverse.check_bijection(case.model)
    model, c = copy.deepcopy(case.model).double(), _part(case.c, slice(2))
    u, c = case.u[:2].double(), c.double() if c is not None and c.is_floating_point() else c
    demand((back := inverse.returned(model, u, c)) <= 1e-6, f"decoding is off by {back:.3g} of a row's size")
    apart, base = inverse.change_of_variables(model, u, c)
    demand(apart <= 1e-6, f"log p is off by {apart:.3g} of its size from a {base} base and autograd's determinant")
