r"""Molecules: are they molecules, of the same kind as real ones, and different from one another? By RDKit.

    SNN                 mean over synthetic molecules of the largest Tanimoto similarity to a real one          (1)
    scaffold similarity cosine of how often each Bemis-Murcko scaffold comes                                    (2)
    fragment similarity the same of BRICS fragments                                                             (3)
    filters             the share without the patterns of PAINS and BRENK, which chemists avoid                 (4)
    internal diversity  1 - mean Tanimoto similarity of two synthetic molecules                                 (5)
    logP, QED, SA, weight: the Wasserstein distance of each property's law                                      (6)

Similarities are of Morgan fingerprints of radius 2 in 1,024 bits, on canonical molecules that could be read. These are
the measures of MOSES (Polykovskiy et al., 2020), but for (4), where MOSES takes a list of its own beside PAINS. All
depend on how many molecules there are, so the real ones are those held out, and compare with the row of real rows.
"""

# of the extra "molecules"
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path
from typing import Any

import numpy as np

from likely.data import Texts
from likely.metrics.features import sampled
from likely.metrics.marginals import jackknife
from likely.metrics.measure import Measure, Z, mean, share

Array = np.ndarray[Any, Any]
MOST, FEWEST, DEALINGS = 2000, 20, 5  # molecules a side; times they are dealt out
RADIUS, BITS = 2, 1024
FEATURES = f"Morgan fingerprints, radius {RADIUS}, {BITS} bits"
SCORER = Path("SA_Score") / "sascorer.py"
PROPERTIES = {"logP": "octanol-water partition", "QED": "drug-likeness", "SA": "synthetic accessibility",
              "weight": "molecular weight"}  # fmt: skip


def are_molecules(rows: Any) -> bool:
    """Whether they are, and RDKit can be asked."""
    return isinstance(rows, Texts) and rows.form == "molecules" and find_spec("rdkit") is not None


def of_molecules(real: Texts, synthetic: Texts, *, seed: int = 0) -> list[Measure]:
    """All of them, among the molecules that could be read; nothing where there are too few."""
    with silent():
        a, b = (read(sampled(rows, MOST, seed + at)) for at, rows in enumerate((real, synthetic)))
        if min(len(a), len(b)) < FEWEST:
            return []
        prints, others = fingerprints(a), fingerprints(b)
        found = [
            *(each.within("chemistry", FEATURES) for each in (_nearest(prints, others), _diversity(prints, others))),
            _passed(a, b),
            _cosine("scaffold similarity", a, b, scaffolds, "how often each scaffold comes", seed),
            _cosine("fragment similarity", a, b, fragments, "how often each BRICS fragment comes", seed),
            *(_property(name, a, b, told, seed) for name, told in PROPERTIES.items() if name in known()),
        ]
    return [each if each.group else each.within("chemistry") for each in found]


def read(rows: Texts) -> list[Any]:
    """Those that RDKit can read."""
    from rdkit import Chem

    found = [Chem.MolFromSmiles(text) for text in rows if text]
    return [molecule for molecule in found if molecule is not None and molecule.GetNumAtoms()]


@contextmanager
def silent() -> Iterator[None]:
    """RDKit says nothing of what it cannot read."""
    from rdkit import rdBase

    with rdBase.BlockLogs():
        yield


# Fingerprints --------------------------------------------------------------------------------------------------------


def fingerprints(molecules: list[Any]) -> Array:
    """(N, BITS) of zeros and ones."""
    from rdkit.Chem import rdFingerprintGenerator

    made = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=BITS)
    return np.stack([made.GetFingerprintAsNumPy(molecule) for molecule in molecules]).astype(np.float32)


def tanimoto(a: Array, b: Array) -> Array:
    """Bits that both have, of those that either has: (M, N)."""
    both = a @ b.T
    either = a.sum(1)[:, None] + b.sum(1) - both
    return np.where(either > 0, both / np.maximum(either, 1), 1.0)


def _nearest(real: Array, drawn: Array) -> Measure:
    others = tanimoto(real, real)
    np.fill_diagonal(others, 0.0)
    ideal = float(others.max(1).mean())
    note = "similarity to the nearest real molecule; the ideal is that of real ones among the others"
    return mean("SNN", tanimoto(drawn, real).max(1), (len(real), len(drawn)), ideal, note)  # (1)


def _diversity(real: Array, drawn: Array) -> Measure:
    """(5): a mean over pairs, whose error is that of twice the mean over rows of what each adds."""
    rows = [(1 - tanimoto(side, side)).sum(1) / (len(side) - 1) for side in (real, drawn)]
    value, half = float(rows[1].mean()), 2 * Z * float(rows[1].std(ddof=1)) / len(drawn) ** 0.5
    note = "how unlike two synthetic molecules are on average; less than real ones is sameness"
    sizes = (len(real), len(drawn))
    return Measure("internal diversity", value, value - half, value + half, sizes, float(rows[0].mean()), note)


# Parts ---------------------------------------------------------------------------------------------------------------


def scaffolds(molecule: Any) -> list[str]:
    """Its Bemis-Murcko scaffold; none where it has no ring."""
    from rdkit.Chem.Scaffolds import MurckoScaffold

    found = MurckoScaffold.MurckoScaffoldSmiles(mol=molecule)
    return [found] if found else []


def fragments(molecule: Any) -> list[str]:
    """What BRICS cuts it into."""
    from rdkit.Chem import BRICS, GetMolFrags, MolToSmiles

    return [MolToSmiles(part) for part in GetMolFrags(BRICS.BreakBRICSBonds(molecule), asMols=True)]


def cosine(a: Counter[str], b: Counter[str]) -> float:
    """1 where each comes in the same proportion, 0 where nothing is in both."""
    shared = sum(count * b[name] for name, count in a.items())
    size = np.sqrt(float(sum(count**2 for count in a.values())) * sum(count**2 for count in b.values()))
    return shared / size if size else 0.0


def _cosine(
    name: str, real: list[Any], drawn: list[Any], cut: Callable[[Any], list[str]], what: str, seed: int
) -> Measure:
    a, b = (np.array([*map(cut, side), None], dtype=object)[:-1] for side in (real, drawn))  # a list in each place

    def told(x: Array, y: Array) -> float:
        return cosine(*(Counter(each for row in side for each in row) for side in (x, y)))

    value, half = told(a, b), Z * jackknife(a, b, told, seed)
    note = f"{what}, as a cosine; the ideal is what molecules dealt out by chance get"
    sizes = (len(real), len(drawn))
    return Measure(name, value, max(value - half, 0.0), min(value + half, 1.0), sizes, dealt(a, b, told, seed), note)


def dealt(a: Array, b: Array, told: Callable[[Array, Array], float], seed: int) -> float:
    """What a distance is of both sides' molecules where chance deals them out: what equal laws get at these sizes."""
    rng, both = np.random.default_rng(seed), np.concatenate([a, b])
    drawn = (rng.permutation(both) for _ in range(DEALINGS))
    return float(np.mean([told(each[: len(a)], each[len(a) :]) for each in drawn]))


@cache
def _catalogue() -> Any:
    from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams

    asked, named = FilterCatalogParams(), FilterCatalogParams.FilterCatalogs
    for each in (named.PAINS_A, named.PAINS_B, named.PAINS_C, named.BRENK):
        asked.AddCatalog(each)
    return FilterCatalog(asked)


def _passed(real: list[Any], drawn: list[Any]) -> Measure:
    """(4)."""
    hits, usual = (np.array([not _catalogue().HasMatch(each) for each in side]) for side in (drawn, real))
    note = "molecules without a pattern of PAINS or BRENK; the ideal is the share of real ones"
    return share("filters", hits, (len(real), len(drawn)), float(usual.mean()), note)


# Properties ----------------------------------------------------------------------------------------------------------


@cache
def accessibility() -> Callable[[Any], float]:
    """The score of Ertl and Schuffenhauer (2009), from 1 (easily made) to 10, as RDKit comes with it."""
    from rdkit.Chem import RDConfig

    return run_path(str(Path(RDConfig.RDContribDir) / SCORER))["calculateScore"]


def known() -> list[str]:
    """The properties that this RDKit tells: some come without the last."""
    from rdkit.Chem import RDConfig

    return [name for name in PROPERTIES if name != "SA" or (Path(RDConfig.RDContribDir) / SCORER).exists()]


def properties(name: str) -> Callable[[Any], float]:
    """A number of a molecule."""
    from rdkit.Chem import QED, Crippen, Descriptors

    told = {"logP": Crippen.MolLogP, "QED": QED.qed, "weight": Descriptors.MolWt}
    return told[name] if name in told else accessibility()


def _property(name: str, real: list[Any], drawn: list[Any], what: str, seed: int) -> Measure:
    from scipy.stats import wasserstein_distance

    found = properties(name)
    a, b = (np.array([found(molecule) for molecule in side]) for side in (real, drawn))
    value, half = float(wasserstein_distance(a, b)), Z * jackknife(a, b, wasserstein_distance, seed)
    ideal = dealt(a, b, wasserstein_distance, seed)
    note = f"distance of the laws of {what}: {b.mean():.4g} on average, {a.mean():.4g} of real ones"
    return Measure(name, value, max(value - half, 0.0), value + half, (len(real), len(drawn)), ideal, note)
