"""Golden numbers: tiny seeded fits end where they ended when this file was written, to four digits.

A change here changes the results of every user and needs a line in the changelog. `python tests/golden/test_golden.py`
prints the numbers of today.
"""

import json
from pathlib import Path

import pytest

import likely
from likely.apps.strange import scores_of
from likely.training import Engine

HELD = Path(__file__).with_name("golden.json")
FITS = {
    "naive-bayes": {},
    "kde": {},
    "autoencoder,latent=2,network=mlp,network.width=16": {"budget": 40},
    "denoising-autoencoder,latent=2,network=mlp,network.width=16": {"budget": 40},
    "vae,latent=2,network=mlp,network.width=16": {"budget": 40},
    "realnvp,layers=2,width=16": {"budget": 40},
    "gan,latent=4,width=16": {"budget": 40},
    "diffusion,network=mlp,network.width=16": {"budget": 40},
    "masked-diffusion,network=mlp,network.width=16": {"budget": 40},
    "latent-diffusion,autoencoder=vae,autoencoder.latent=2,autoencoder.network=mlp,autoencoder.network.width=16,"
    "denoiser=diffusion,denoiser.network=mlp,denoiser.network.width=16": {"budget": 40},
    "flow-matching,network=mlp,network.width=16": {"budget": 40},
    "flow-matching,pairing=transport,network=mlp,network.width=16": {"budget": 40},
    "score,network=mlp,network.width=16": {"budget": 40},
}


def number(family: str) -> float:
    """A mean score, or, without a density, the mean of a sample."""
    import torch

    torch.set_num_threads(1)
    fitted = likely.fit(
        "iris", family, condition="species", seed=1, engine=Engine(threads=1, probe=False), **FITS[family]
    )
    if family.startswith("gan"):
        return float(fitted.sample(50).iloc[:, 0].mean())
    return float(scores_of(fitted, "iris").mean()) if "autoencoder" in family else fitted.score("iris").mean


@pytest.mark.parametrize("family", FITS)
def test_a_tiny_fit_ends_where_it_always_did(family):
    assert number(family) == pytest.approx(json.loads(HELD.read_text())[family], rel=2e-3, abs=2e-3)


def test_folders_of_earlier_versions_still_load():
    """One tiny folder for each version that was released, or is about to be."""
    folders = sorted(Path(__file__).parent.glob("versions/*.likely"))
    assert folders
    for folder in folders:
        said = json.loads((folder / "expected.json").read_text())
        assert likely.load(folder).score("iris").mean == pytest.approx(said["score"], rel=1e-4)


if __name__ == "__main__":
    print(json.dumps({family: round(number(family), 5) for family in FITS}, indent=1))
