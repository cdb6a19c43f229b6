"""Every family's completion against its own rows and against the truth; planted mistakes are seen.

Six quick families always; all of them in the slow suite, which writes what it saw to docs/completion.md.
"""

import fcntl
from pathlib import Path

import pytest

import likely
from likely.diffusion import DPS, PiGDM, RePaint, Replacing
from likely.errors import Interrupted, LikelyError
from likely.fields import made
from likely.names import table
from likely.testing.clusters import three
from likely.testing.completion import apart, can_complete, completing, proof, upheld
from likely.testing.law import Broken
from likely.training import Engine

TRUTH = three()
PLAIN = Engine(threads=1, probe=False)
QUICK = {  # family, steps
    "NaiveBayes": ("naivebayes", None),
    "BayesNet": ("bayesnet", None),
    "GaussianMixture": ("gaussianmixture,components=3", None),
    "KDE": ("kde", None),
    "Circuit": ("circuit", 150),
    "VAE": ("vae,latent=2,network=mlp,network.width=32", 100),
}


def learned(said, steps, rows=1500):
    return likely.fit(TRUTH.draw(rows, seed=7), made("Family", said), budget=steps, seed=0, engine=PLAIN, certify=False)


@pytest.fixture(scope="module")
def mixture():
    return learned(*QUICK["GaussianMixture"])


@pytest.mark.parametrize("name", QUICK)
def test_completions_have_the_law_that_their_way_says(name, mixture):
    fitted = mixture if name == "GaussianMixture" else learned(*QUICK[name])
    upheld(proof(fitted, TRUTH))


def test_the_truth_itself_is_no_further_from_itself_than_chance():
    rows = TRUTH.draw(300, seed=1)
    told = apart(rows, TRUTH.draw(300, seed=2))
    assert told.p > 0.05
    assert 0 < told.energy < told.chance
    assert apart(rows, rows.assign(x1=rows["x1"].to_numpy()[::-1])).p < 0.05


@pytest.mark.parametrize("mistake", ["independent", "narrow", "stale"])
def test_a_planted_mistake_is_seen(mixture, mistake):
    """Cells drawn without a look at the others; means in place of draws; the same draw for every row."""
    honest = completing(mixture)

    def wrong(rows, seed):
        done, way, share = honest(rows, seed)
        gone = rows.isna()
        if mistake == "independent":
            other = mixture.sample(len(rows), seed=seed + 99)[list(rows)]
        elif mistake == "narrow":
            other = done.assign(x1=0.8 * done["x1"], x2=0.3 * done["x2"])
        else:
            other = done.assign(**{name: done.loc[gone[name], name].iloc[0] for name in rows})
        return done.mask(gone, other[list(done)]), way, share

    with pytest.raises(Broken, match="are not the model's"):
        upheld(proof(mixture, TRUTH, by=wrong))
    upheld(proof(mixture, TRUTH, by=lambda rows, seed: (*wrong(rows, seed)[:1], "heuristic", None)))


# All families, and the table -----------------------------------------------------------------------------------------

PAGE = Path(__file__).parents[2] / "docs" / "completion.md"
HEAD = """# How good completions are, family by family

Each family was fitted to 1,500 rows of a law in closed form (`likely.testing.clusters.three`: three clusters of two
numbers and a letter), in the steps that the table says, and then filled in cells of 300 rows (or as many as it says)
that lacked one column, or all but one. Made by `pytest -m slow tests/testing/test_completion.py`; the test fails where
an exact, model-exact or asymptotic completion is not what it says. Heuristic completions promise nothing: their bias is
what was measured here. Autoencoders are among them: by their last step reals lie within 0.003 of what is decoded from
16 numbers, and all 64 particles of a row descend from one.

- **ranks**: the model's own rows, with cells taken away and drawn again nine times. The largest distance of ranks among
  the draws from uniform (Kolmogorov's D), over columns and over how near a whole row is to others of the model; by
  chance alone it stays below 0.095 (a column) or 0.067 (whole rows) in 95 of 100 (of 60 rows 0.24 and 0.17). It is
  about completion alone, however well the family has learned.
- **from the truth**: the energy distance of completed rows from the same rows completed by the truth; in brackets what
  it stays below by chance. It holds what the family has not learned, too, which **own rows**, the energy distance of
  the family's own rows from the truth's, shows.

| family | fitted | way | share | ranks | seen in | from the truth | own rows |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
STEPS = 1000
SAID = {
    "GaussianMixture": "gaussianmixture,components=3",
    "VAE": "vae,latent=2,network=mlp,network.width=64",
    "VQVAE": "vqvae,quantiser.levels=(5,5),slots=2,prior=made,prior.width=32",
    "Diffusion": "diffusion,network=mlp,network.width=64",
    "FlowMatching": "flowmatching,network=mlp,network.width=64",
    "Score": "score,network=mlp,network.width=64",
    "Energy": "energy,width=64,moves=20,chains=8",
    "RBM": "rbm,hidden=12",
}
BY = {"RePaint": RePaint(), "Replacing": Replacing(), "DPS": DPS(), "PiGDM": PiGDM()}
FEWER = {"Autoencoder": 60, "DenoisingAutoencoder": 60}  # rows, where particles need many steps
COUNTING = ("NaiveBayes", "BayesNet", "KDE", "GaussianMixture", "FactorAnalysis")
EVERY = [*((name, None) for name in table("Family")), *(("Diffusion", by) for by in BY)]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "by"), EVERY)
def test_every_family_and_its_place_in_the_table(name, by):
    called = name if by is None else f"{name}, {by}"
    said = SAID.get(name, name.lower())
    try:
        fitted = learned(said, None if name in COUNTING else STEPS)
        way, rows = completing(fitted, by=BY[by]) if by else None, FEWER.get(name, 300)
        told = proof(fitted, TRUTH, by=way, rows=rows) if can_complete(fitted) else None
    except Interrupted:
        raise
    except LikelyError as refusal:
        written(called, ["", "refused: " + str(refusal).split("\n")[0], *[""] * 5])
        return
    steps = ("by counting" if name in COUNTING else f"{STEPS:,} steps") + f", {rows} rows" * (name in FEWER)
    written(called, [steps, *(["none", *[""] * 5] if told is None else row_of(told))])
    if told is not None:
        upheld(told)


def row_of(told):
    column, worst = told.worst
    share = "" if told.share is None else f"{told.share:.2f}"
    seen = f"{column}: {worst.verdict}" if worst.p <= 0.05 else worst.verdict
    both = [f"{each.energy:.4f} ({each.chance:.4f})" for each in (told.truth, told.rows)]
    return [told.way, share, f"{worst.distance:.3f}", seen, *both]


def written(called, cells):
    """The family's line in the table, in the order of the names; whoever else writes waits."""
    PAGE.touch()
    with PAGE.open("r+") as page:
        fcntl.flock(page, fcntl.LOCK_EX)
        lines = [line for line in page.read().splitlines() if line.startswith("| ")][2:]
        rows = {line.split(" | ")[0].removeprefix("| "): line for line in lines}
        rows[called] = "| " + " | ".join([called, *cells]) + " |"
        order = [name if by is None else f"{name}, {by}" for name, by in EVERY]
        page.seek(0)
        page.truncate()
        page.write(HEAD + "\n".join(rows[each] for each in order if each in rows) + "\n")
