"""Molecules against RDKit's own answers, and kinds of molecules that differ in one thing each."""

from collections import Counter

import numpy as np
import pytest

from likely.data import Texts

pytest.importorskip("rdkit")

from rdkit import Chem
from rdkit.DataStructs import TanimotoSimilarity

from likely.metrics.molecules import (
    accessibility,
    are_molecules,
    cosine,
    fingerprints,
    fragments,
    of_molecules,
    read,
    scaffolds,
    tanimoto,
)

ENDS = ["N", "O", "C(=O)O", "C(=O)N", "OC", "F", "Cl", "C#N"]
RINGS = ["c1ccccc1", "C1CCCCC1", "c1ccncc1", "c1ccsc1", "C1CCNCC1"]


def made(seed, count=120, rings=RINGS):
    rng = np.random.default_rng(seed)
    return Texts(
        tuple(f"{'C' * rng.integers(1, 7)}{rng.choice(['O', 'N', 'C'])}C({rng.choice(ENDS)}){rng.choice(rings)}"
              for _ in range(count)), "molecules",
    )  # fmt: skip


def found(a, b):
    return {each.name: each for each in of_molecules(a, b)}


def test_the_same_kind_is_near_its_ideals():
    told = found(made(0), made(1))
    assert set(told) == {"SNN", "internal diversity", "filters", "scaffold similarity", "fragment similarity", "logP",
                         "QED", "SA", "weight"}  # fmt: skip
    assert all(each.group == "chemistry" and each.low <= each.value <= each.high for each in told.values())
    assert told["SNN"].value == pytest.approx(told["SNN"].ideal, abs=0.05)
    assert told["scaffold similarity"].value == pytest.approx(told["scaffold similarity"].ideal, abs=0.05)
    assert told["internal diversity"].value == pytest.approx(told["internal diversity"].ideal, abs=0.03)
    assert told["scaffold similarity"].value > 0.9
    assert told["logP"].value < 4 * told["logP"].ideal
    assert "Morgan" in told["SNN"].features


def test_the_very_same_molecules_are_perfect():
    told = found(made(0), made(0))
    assert told["SNN"].value == told["scaffold similarity"].value == 1.0
    assert told["logP"].value == told["weight"].value == 0.0


def test_one_ring_alone_and_one_molecule_alone_are_seen():
    one, same = found(made(0), made(1, rings=["c1ccsc1"])), found(made(0), made(1, 1, RINGS).take([0] * 60))
    assert one["scaffold similarity"].high < 0.7
    assert same["internal diversity"].value == 0.0
    assert one["internal diversity"].value < one["internal diversity"].ideal


def test_similarity_scaffolds_and_fragments_are_rdkit_s():
    molecules = read(made(2, 12))
    prints = fingerprints(molecules)
    from rdkit.Chem import rdFingerprintGenerator

    own = [rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024).GetFingerprint(each) for each in molecules]
    theirs = [[TanimotoSimilarity(a, b) for b in own] for a in own]
    np.testing.assert_allclose(tanimoto(prints, prints), theirs, rtol=1e-6)
    toluene = Chem.MolFromSmiles("Cc1ccccc1")
    assert scaffolds(toluene) == ["c1ccccc1"]
    assert scaffolds(Chem.MolFromSmiles("CCO")) == []
    assert len(fragments(Chem.MolFromSmiles("CCOc1ccccc1"))) == 3
    assert accessibility()(toluene) < 2
    assert cosine(Counter(ab=1, b=1), Counter(b=2, c=2)) == pytest.approx(0.5)


def test_what_is_no_molecule_is_left_out_and_few_say_nothing():
    broken = Texts((*made(0), "C1CC", "((", ""), "molecules")
    assert len(read(broken)) == 120
    assert of_molecules(made(0), Texts(("C1CC",) * 40, "molecules")) == []
    assert are_molecules(broken)
    assert not are_molecules(Texts(("anna",)))
