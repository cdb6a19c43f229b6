"""Every law over every family, space and condition: the table, with no unexplained blank.

Small networks stand in for the defaults on images, so that the whole table is a few minutes; the defaults run in the
slow suite.
"""

import pytest

from likely.fields import made
from likely.names import table
from likely.source import promises
from likely.testing import CONDITIONS, LAWS, SPACES, Case, verdict

SMALL = {
    "VAE": "vae,network=conv,network.width=8",
    "VQVAE": "vqvae,network=conv,network.width=8,quantiser.levels=(4,3),prior=made,prior.width=16",
    "GAN": "gan,generator=conv,generator.width=8,critic=conv,critic.width=8",
    "BiGAN": "bigan,generator=conv,generator.width=8,encoder=conv,encoder.width=8,critic=conv,critic.width=8",
    "Autoencoder": "autoencoder,network=conv,network.width=8",
    "DenoisingAutoencoder": "denoising-autoencoder,network=conv,network.width=8",
    "Diffusion": "diffusion,network=unet,network.width=8,network.blocks=1",
    "FlowMatching": "flowmatching,network=unet,network.width=8,network.blocks=1,probes=2,stages=4,steps=9",
    "Score": "score,network=unet,network.width=8,network.blocks=1,steps=20",
    "LatentDiffusion": (
        "latent-diffusion,autoencoder=vae,autoencoder.network=conv,autoencoder.network.width=8,autoencoder.latent=2,"
        "autoencoder.grid=2,denoiser=diffusion,denoiser.steps=5,denoiser.network=mlp,denoiser.network.width=32"
    ),
    "MADE": "made,width=32",
    "MaskedDiffusion": "masked-diffusion,network=mlp,network.width=32",
    "MAF": "maf,layers=2,width=16",
    "IAF": "iaf,layers=2,width=16",
    "SplineFlow": "splineflow,layers=2,width=16",
    "RealNVP": "realnvp,depth=1,width=16",
    "Glow": "glow,steps=2,width=8",
    "WaveNet": "wavenet,width=8,skips=16",
    "PixelCNN": "pixelcnn,width=16,blocks=2,hidden=16",
    "PixelRNN": "pixelrnn,width=16,layers=2,hidden=16",
    "Transformer": "transformer,width=32,layers=2",
    "Energy": "energy,width=16,moves=8,chains=4,temperatures=10,learning.chains=64,learning.moves=2",
    "RBM": "rbm,hidden=20,moves=10,chains=4,temperatures=20,learning.chains=64",
}
OBJECTS = (  # families with what may be passed to them
    "vae,prior=mixtureprior,prior.components=4",
    "vae,prior=vampprior,prior.components=4",
    "vae,prior=hierarchical,prior.latent=2",
    "vae,posterior=flowposterior,posterior.width=16",
    "vae,grid=2,latent=2",
    "rbm,hidden=4,learning=contrastive",
    "energy,learning=scorematching,width=16,moves=8,chains=4,temperatures=10,reference=within",
    "vae,draws=3,prior=mixtureprior,posterior=flowposterior,posterior.width=16",
    "flowmatching,pairing=transport,network=mlp,network.width=32,probes=2,stages=4",
    "score,matching=sliced,network=mlp,network.width=32,steps=20",
)
NETWORKS = (  # networks that are nobody's default, where they fit
    *(
        (network, family, space)
        for network in ("dcgan", "residual")
        for family in ("gan", "vae")
        for space in ("bits", "image")
    ),
    *(("temporal", family, space) for family in ("gan", "vae") for space in ("series", "wave")),
    ("dcgan", "autoencoder", "image"),
    *(("dit", "diffusion", space) for space in ("reals", "image", "series")),
)
LIGHT = {  # of tables
    "VQVAE": "vqvae,quantiser.levels=(4,3),prior=made,prior.width=16",
    "FlowMatching": "flowmatching,probes=2,stages=4,steps=9",
    "Score": "score,steps=20",
    **{name: SMALL[name] for name in ("Energy", "RBM")},
}
PICTURES = ("bits", "image", "series", "wave")
QUICK = ("nothing", "class")  # every family x space with these; the other conditions on one table and one picture each
PREDICTED = ("one real", "reals", "label")  # what discriminative families model: they are given every condition
LONG = ("image", "series", "wave")  # given a class, in the slow suite: bits are pictures, too
LONGER = tuple(("bits", condition) for condition in CONDITIONS if condition not in QUICK)  # a table is given them, too
CASES = [
    pytest.param(
        family, space, condition, id=f"{family}-{space}-{condition}".replace(" ", "_"),
        marks=[pytest.mark.slow] * (condition != "nothing" if space in LONG else (space, condition) in LONGER),
    )
    for family in table("Family")
    for space in SPACES
    for condition in CONDITIONS
    if condition in QUICK or space in (PREDICTED if "Predicts" in promises(family) else ("mixed", "bits"))
]  # fmt: skip


def family_for(name: str, space: str):
    """The family at its defaults on tables, where these are quick; with a small network on pictures."""
    return made("Family", (SMALL if space in PICTURES else LIGHT).get(name, name))


@pytest.mark.parametrize(("family", "space", "condition"), CASES)
def test_every_law_holds_or_is_refused_with_its_reason(family, space, condition):
    case = Case(family_for(family, space), SPACES[space], CONDITIONS[condition])
    verdicts = [verdict(case, law, space, condition) for law in LAWS]
    broken = [f"{v.law}: {v.reason}" for v in verdicts if v.outcome == "failed"]
    assert not broken, "\n".join(broken)
    assert all(v.outcome == "passed" or v.reason for v in verdicts)
    refused = [v for v in verdicts if v.outcome == "refused"]
    assert not refused or (len(refused) == len(verdicts) and "Expected" in refused[0].reason)


@pytest.mark.parametrize("condition", QUICK)
@pytest.mark.parametrize("space", ["reals", "mixed", "bits"])
@pytest.mark.parametrize("said", OBJECTS)
def test_every_law_holds_with_what_is_passed(said, space, condition):
    small = ",network=conv,network.width=8" if space == "bits" and said.startswith("vae") else ""
    case = Case(made("Family", said + small), SPACES[space], CONDITIONS[condition])
    told = [verdict(case, law, space, condition) for law in LAWS]
    wrong = [f"{v.law}: {v.reason}" for v in told if v.outcome in ("failed", "refused")]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("network", "family", "space"), NETWORKS)
def test_every_law_holds_with_every_network(network, family, space):
    condition = "nothing" if space in ("bits", "series") else "class"
    said = (
        "generator={0},generator.width=4,critic={0},critic.width=4"
        if family == "gan"
        else "network={0},network.width=4"
    )
    case = Case(made("Family", f"{family},{said.format(network)}"), SPACES[space], CONDITIONS[condition])
    told = [verdict(case, law, space, condition) for law in LAWS]
    wrong = [f"{v.law}: {v.reason}" for v in told if v.outcome in ("failed", "refused")]
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("family", table("Family"))
def test_every_law_holds_at_the_defaults(family, space, condition):
    case = Case(made("Family", family), SPACES[space], CONDITIONS[condition])
    broken = [v.reason for v in (verdict(case, law, space, condition) for law in LAWS) if v.outcome == "failed"]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("family", table("Family"))
def test_no_family_refuses_a_table_without_a_condition(family):
    """A discriminative one models what it can predict: other columns it refuses, and says where they belong.

    One that guides has nothing to tell without a condition, and says so.
    """
    told = {space: verdict(Case(family_for(family, space), SPACES[space]), "samples lie in the space")
            for space in ("mixed", *PREDICTED)}  # fmt: skip
    if "Guides" in promises(family):
        assert all(v.outcome == "refused" and "--condition COLUMN" in v.reason for v in told.values())
        return
    if "Predicts" not in promises(family):
        assert all(v.outcome == "passed" for v in told.values())
        return
    assert told["mixed"].outcome == "refused"
    assert "every other column as the condition" in told["mixed"].reason
    assert any(v.outcome == "passed" for v in told.values())
