"""What is asked of texts, and of molecules: are they valid, do they repeat each other, are they new?

A molecule can be written in many ways. Where RDKit is installed, each is read, and told apart by its canonical text;
where it is not, texts are told apart by their letters, and the notes say so.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from likely.data import Texts
from likely.metrics.measure import Measure, share

Array = np.ndarray[Any, Any]


def of_texts(held_out: Texts, synthetic: Texts, learned: Texts | None) -> list[Measure]:
    """Valid (molecules), unique, and where the rows learned from are known, new; of molecules, among the valid ones."""
    chemical = synthetic.form == "molecules" and find_spec("rdkit") is not None
    sides = [
        np.array(_canonical(list(rows)) if chemical else list(rows), dtype=object) for rows in (held_out, synthetic)
    ]
    real, drawn = (side[side != ""] if chemical else side for side in sides)
    rows, told = (len(held_out), len(synthetic)), _told(synthetic, chemical)
    found = []
    if chemical:
        found.append(
            share("valid", sides[1] != "", rows, float((sides[0] != "").mean()), "molecules that RDKit can read")
        )
    if len(drawn):
        found.append(
            share(
                "unique",
                _first(drawn),
                rows,
                float(_first(real[: len(drawn)]).mean()),
                f"{told} that repeat no earlier one",
            )
        )
    if len(drawn) and learned is not None:
        known = set(_canonical(list(learned)) if chemical else learned)
        fresh, ideal = (np.array([text not in known for text in side]) for side in (np.unique(drawn), np.unique(real)))
        note = f"different {told} that were not learned from; the ideal is the share of unseen real ones"
        found.append(share("novel", fresh, (len(learned), len(synthetic)), float(ideal.mean()), note))
    return [measure.within("novelty") for measure in found]


def _told(rows: Texts, chemical: bool) -> str:
    if chemical:
        return "valid molecules"
    return "molecules, by their letters (RDKit is not installed)," if rows.form == "molecules" else "texts"


def _first(texts: Array) -> Array:
    """Which texts come for the first time."""
    first = np.zeros(len(texts), dtype=bool)
    first[np.unique(texts, return_index=True)[1]] = True
    return first


def _canonical(molecules: Sequence[str]) -> list[str]:
    """Each molecule's one canonical text; empty where it is none."""
    from rdkit import Chem, rdBase  # pyright: ignore[reportMissingImports]: of the extra "molecules"

    with rdBase.BlockLogs():
        read = [Chem.MolFromSmiles(text) if text else None for text in molecules]
        return ["" if molecule is None else Chem.MolToSmiles(molecule) for molecule in read]
