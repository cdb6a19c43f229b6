"""Models that others made: told apart by how they are called; ranked only where their maker says over what."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from likely.apps.arena import Arena
from likely.apps.guest import Guest, Piped, Rowed, Sampled, asked, contender_of, guests_of, rows_like
from likely.codecs import codec_for
from likely.data import read, split
from likely.errors import WrongRows


def normal(rows=400, seed=0):
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(rows, 2)), columns=["x", "y"])


@pytest.fixture(scope="module")
def arena():
    return Arena(split(read(normal())), (), 0)


MEASURE = codec_for(read(normal())).measure


class Law(nn.Module):
    """As zuko's flows are: called, it gives a distribution."""

    def forward(self, c=None):
        return torch.distributions.Independent(torch.distributions.Normal(torch.zeros(2), torch.ones(2)), 1)


class Synthesizer:
    """As SDV's are."""

    def sample(self, num_rows, max_tries_per_batch=100):
        return normal(num_rows, 1)


class Estimator:
    """As scikit-learn's mixtures are."""

    def sample(self, n_samples=1):
        return normal(n_samples, 1).to_numpy(), np.zeros(n_samples)

    def score_samples(self, rows):
        x = np.asarray(rows)
        return -0.5 * (x**2).sum(1) - np.log(2 * np.pi)


class Pictures:
    """As diffusers' pipelines are."""

    def __call__(self, batch_size=1, num_inference_steps=10, output_type="pil"):
        return type("Output", (), {"images": np.full((batch_size, 8, 8, 1), 0.5)})()


def test_a_flow_is_ranked_where_its_maker_says_over_what(arena):
    flow = contender_of("zuko", Guest(Law(), measure=MEASURE), arena, "frame")
    assert flow.failed + flow.why_no_score == "", flow.failed + flow.why_no_score
    assert flow.scores.kind == "="
    assert flow.scores.measure == MEASURE
    x = torch.tensor(arena.parts.test.frame.to_numpy())
    assert torch.allclose(flow.scores.nats, (-0.5 * x**2).sum(1) - np.log(2 * np.pi), atol=1e-5)
    undeclared = contender_of("zuko", Law(), arena, "frame")
    assert undeclared.scores is None
    assert undeclared.why_no_score.endswith(f"over a measure that nobody declared; ours are over: {MEASURE}")
    other = contender_of("zuko", Guest(Law(), measure="mass of 2 choices"), arena, "frame")
    assert "over another measure (mass of 2 choices)" in other.why_no_score
    assert "two-sample AUC" in other.measures


def test_the_same_seed_draws_the_same(arena):
    first, second = (contender_of("zuko", Law(), arena, "frame") for _ in range(2))
    assert first.samples.frame.equals(second.samples.frame)


def test_synthesizers_and_estimators(arena):
    found = contender_of("sdv", Synthesizer(), arena, "frame")
    assert len(found.samples) == 2 * len(arena.parts.test)
    bound = contender_of("mixture", Guest(Estimator(), MEASURE, bound=True), arena, "frame")
    assert bound.scores.kind == "≥"
    assert contender_of("sdv", Guest(Synthesizer(), MEASURE), arena, "frame").why_no_score.startswith("it samples")


def test_a_function_is_given_the_training_rows(arena):
    seen = []

    def trained(rows):
        seen.append(len(rows))
        return Estimator()

    found = contender_of("mine", trained, arena, "frame")
    assert seen == [len(arena.parts.train)]
    assert not found.failed


def test_files_frames_and_arrays_are_samples_and_nothing_else(arena, tmp_path):
    normal(50, 3).to_csv(tmp_path / "theirs.csv", index=False)
    for rows in (
        tmp_path / "theirs.csv",
        normal(50, 3),
        normal(50, 3).to_numpy(),
        torch.tensor(normal(50, 3).to_numpy()),
    ):
        found = contender_of("theirs", rows, arena, "frame")
        assert (len(found.samples), found.why_no_score) == (50, "rows, not a model")


def test_pictures_are_shares_of_the_highest_level_or_levels():
    digits = read("digits").take(range(150))
    made = rows_like(asked(Pictures(), digits, "frame").draw(4), digits)
    assert (made.pixels == 8).all()
    assert rows_like(np.full((3, 8, 8), 16), digits).pixels.max() == 16
    assert rows_like(torch.rand(3, 1, 8, 8), digits).pixels.shape == (3, 8, 8, 1)
    with pytest.raises(WrongRows, match="were drawn"):
        rows_like(np.zeros((3, 9, 9)), digits)


def test_who_is_who(arena):
    train = arena.parts.train
    assert isinstance(asked(Pictures(), train, "frame"), Piped)
    assert isinstance(asked(Law(), train, "frame"), Sampled)
    assert isinstance(asked("theirs.csv", train, "frame"), Rowed)
    with pytest.raises(WrongRows, match="int cannot be compared"):
        asked(3, train, "frame")


def zuko_flow(rows):
    zuko = pytest.importorskip("zuko")
    torch.manual_seed(0)
    x = torch.tensor(rows.to_numpy(), dtype=torch.float32)
    flow = zuko.flows.MAF(2, transforms=1, hidden_features=(8,))
    adam = torch.optim.Adam(flow.parameters(), 0.02)
    for _ in range(60):
        adam.zero_grad()
        (-flow().log_prob(x).mean()).backward()
        adam.step()
    return flow


def test_a_flow_of_zuko_s_learns_here_and_is_ranked(arena):
    row = contender_of("zuko", Guest(zuko_flow, measure=MEASURE), arena, "frame")
    assert row.failed + row.why_no_score == "", row.failed + row.why_no_score
    best = -np.log(2 * np.pi) - 1  # of two standard normal columns
    assert best - 0.3 < row.scores.mean < best + 0.3
    assert (len(row.samples), row.fit_seconds > 0) == (2 * len(arena.parts.test), True)


def test_a_pipeline_of_diffusers_draws_and_its_network_alone_is_told_what_it_lacks():
    diffusers = pytest.importorskip("diffusers")
    digits = Arena(split(read("digits").take(range(400))), (), 0)
    blocks = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2}
    unet = diffusers.UNet2DModel(
        sample_size=8, in_channels=1, out_channels=1, block_out_channels=(8, 8), layers_per_block=1, norm_num_groups=2,
        **blocks,
    )  # fmt: skip
    pipeline = diffusers.DDPMPipeline(unet, diffusers.DDPMScheduler(100))
    pipeline.set_progress_bar_config(disable=True)
    row = contender_of("ddpm", partial(pipeline, num_inference_steps=2), digits, "frame")
    assert not row.failed, row.failed
    assert row.samples.pixels.shape == (2 * len(digits.parts.test), 8, 8, 1)
    assert row.why_no_score
    assert "wants sample, timestep" in contender_of("unet", unet, digits, "frame").failed


def test_its_failure_is_its_own(arena):
    def broken(rows):
        raise ValueError("no")

    assert contender_of("mine", broken, arena, "frame").failed == "it raised ValueError: no"
    assert "2 columns" in contender_of("mine", np.zeros((50, 3)), arena, "frame").failed
    mixed = Arena(split(read("iris")), (), 0)
    kind = "density of 4 reals, mass of 1 choice"
    assert contender_of("zuko", Guest(Law(), kind), mixed, "frame").failed


def test_a_name_is_taken_once():
    assert guests_of(None, {}.__contains__) == {}
    with pytest.raises(WrongRows, match="VAE"):
        guests_of({"VAE": 1}, {"VAE": 2}.__contains__)
