"""What a model is, for people and programs."""

import json
import re

import pytest

import likely
from likely.cli.flags import family_of, field_at
from likely.cli.show import told_data, told_latents, told_recipe, told_score, told_terms
from likely.doctor import census, copying, critic, gradients, oscillation, support


def test_the_page(cli, models):
    told = cli("show", models["vae"]).out
    for said in (
        "VAE(latent=2",
        "Weighted, Latent, Fills, Trained, Prepared, Units",
        "4 Real, 1 Category",
        "iris, 150 rows",
        "in 5 steps",
        "≥ ≈",
    ):
        assert said in told
    assert "species" in cli("show", models["species"]).out
    assert "pictures" in cli("show", models["digits"]).out or "Image(" in cli("show", models["digits"]).out
    assert "by counting" in cli("show", models["iris"]).out


def test_json_holds_the_whole_card(cli, models):
    told = json.loads(cli("show", models["species"], "--json").out)
    assert set(told) == {
        "family", "promises", "space", "condition", "parameters", "seed", "data", "recipe", "measures", "findings",
        "versions", "measure", "certificates", "graphs", "missing",
    }  # fmt: skip
    assert {check["name"] for check in told["certificates"]["checks"]} >= {"mass", "dependence"}
    assert told["condition"] == ["species"]
    assert told["data"]["rows"] == 150


def test_one_line_a_row_in_a_pipe(cli, models):
    lines = cli("show", models["vae"]).out.splitlines()
    assert len(lines) < 35
    assert all(line == line.rstrip() for line in lines)


def test_what_was_checked(cli, models):
    told = cli("show", models["species"]).out
    assert "on 150 training rows in" in told
    assert "the mass is" in told
    assert "(given)" in told
    assert "checked" not in cli("show", cli_fitted(cli, "--no-certify")).out
    assert "score row by row" in cli("show", cli_fitted(cli, "--certify")).out


def cli_fitted(cli, *words):
    assert cli("fit", "iris", "-o", "m.likely", "-q", *words).code == 0
    return "m.likely"


def test_no_model(cli, tmp_path):
    cli("show", "nowhere").fails(3, "nowhere")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.json").write_text("{}")
    cli("show", "broken").fails(6)


def test_columns_drawn_alone_are_said_to_be(cli, models):
    assert "given      nothing; the columns are drawn independently" in cli("show", models["iris"]).out
    assert "independently" not in cli("show", models["species"]).out
    assert "independently" not in cli("show", models["vae"]).out


def test_lines_without_what_is_not_known():
    assert told_data({"source": "a.csv"}) == "a.csv"
    assert told_recipe({}, 0, 3) == "by counting, on cpu, seed 3"
    assert "in 7 steps" in told_recipe({"steps": 9}, 10, 3, {"final": {"step": 7}})  # it stopped early
    assert told_score(None) == "" == told_score({"kind": "=", "mean": None})
    assert told_score({"kind": "=", "mean": -2738.2, "stderr": 187, "rows": 9}) == "= -2738 ± 190 nats/row (9 rows)"
    assert told_score({"kind": "=", "mean": -1.5, "stderr": None, "rows": 1}) == "= -1.5 nats/row (1 rows)"


def test_a_model_that_can_be_drawn_is(cli, tmp_path):
    likely.fit("iris", likely.BayesNet()).save(tmp_path / "net")
    told = cli("show", tmp_path / "net").out
    assert "└─" in told
    assert "petal" in told
    (graph,) = json.loads(cli("show", tmp_path / "net", "--json").out)["graphs"]
    assert all(edge["nats"] > 0 and "child" in edge for edge in graph["edges"])


def test_a_bound_s_terms_and_the_use_of_each_latent(cli, models):
    told = cli("show", models["vae"]).out
    assert "importance samples each" in told
    assert re.search(r"bound +fit -?[\d.]+ less rate [\d.]+ = -?[\d.]+ nats/row", told)
    assert re.search(r"latents +\d of 2 active; rates [\d.e-]+, [\d.e-]+ nats", told)
    measures = json.loads(cli("show", models["vae"], "--json").out)["measures"]
    assert measures["validation"]["draws"] == 64
    assert measures["bound"]["rate"] > 0
    assert len(measures["latents"]["rates"]) == len(measures["latents"]["active"]) == 2
    assert "bound" not in json.loads(cli("show", models["iris"], "--json").out)["measures"]


def test_many_latents_are_summed_up():
    told = told_latents({"rates": [0.1] * 9 + [3.0], "active": [True, False] * 5})
    assert told == "5 of 10 active; rates 3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, … 0.1 nats"
    assert told_terms({"fit": -1.0, "rate": 2.0}).endswith("= -3 nats/row, from one draw")
    assert told_terms({"fit": -1.0, "rate": 2.0}, drawn=False).endswith("= -3 nats/row")
    assert told_terms({"fit": None, "rate": 1.0}) == "" == told_terms(None) == told_latents(None)


def test_which_weights_were_kept_beside_the_last_and_why(cli, models):
    told = cli("show", models["vae"]).out
    assert re.search(r"kept +the weights.*, of step \d of 5: held-out nats -?[\d.]+ ± [\d.]+; the last weights ", told)
    assert re.search(r"chosen by +the smallest -log p \(or its bound\) on \d+ validation rows, never test rows", told)
    assert "chosen by" not in cli("show", models["iris"]).out


def test_the_health_of_any_model(cli, models):
    told = cli("show", models["iris"], "--health").out
    assert "nothing wrong was found; here is what was looked at:" in told
    assert "distance of shares" in told
    assert "not looked at: copies: no row was held out" in told
    said = json.loads(cli("show", models["iris"], "--health", "--json").out)
    assert set(said) == {"run", "of", "findings", "readings", "left out"}
    assert said["readings"][0]["of"].startswith("150 real and ")
    cli("show", "nowhere", "--health").fails(3, "nowhere")


def test_the_health_of_a_game_names_what_helps(cli, tmp_path):
    rows = ["across,up", *(f"{3 * (i % 4)},{i % 3 + 0.001 * i}" for i in range(800))]
    (tmp_path / "grid.csv").write_text("\n".join(rows))
    assert cli("fit", "grid.csv", "-f", "GAN", "--width", "8", "--budget", "5", "-o", "g.likely", "-q").code == 0
    told = cli("show", "g.likely", "--health").out
    assert "what helps" in told
    assert "--packing 4" in told
    (tmp_path / "grid.csv").unlink()
    assert "not looked at: modes, support" in cli("show", "g.likely", "--health").out


REMEDIES = [
    census.REMEDY[True], support.REMEDY[True], copying.REMEDY[True], oscillation.REMEDY, gradients.REMEDY,
    gradients.AGAIN, critic.REMEDIES["blind"], critic.REMEDIES["remembers"],
]  # fmt: skip


@pytest.mark.parametrize("remedy", REMEDIES)
def test_what_helps_a_game_can_be_typed(remedy):
    """Every flag that a doctor names is one, with the value that stands beside it."""
    words = re.findall(r"--([a-z][\w.-]*)(?: ([A-Z0-9][\w.]*\b))?", remedy)
    assert words
    for path, value in words:
        if path in ("budget", "seed"):
            continue
        if value:
            pairs = [(name, said) for name, said in words if said and path.startswith(f"{name}.")]
            assert family_of("GAN", [*pairs, (path, value)])
        else:
            assert field_at(path, "GAN", {}) is not None, path


def test_steps_draws_every_sampler_and_prints_its_errors(cli, tmp_path):
    from likely.backbones import MLP

    likely.fit("moons", likely.Diffusion(network=MLP(width=16)), budget=5, certify=False).save(tmp_path / "run")
    words = ("show", "run", "--steps", "--rows", "4", "--reference", "40")
    told = cli(*words)
    assert told.code == 0, told.err
    for name in ("DDIM", "UniPC", "left out: DDPM", "steps.html"):
        assert name in told.out
    assert "<svg" in (tmp_path / "steps.html").read_text()
    said = json.loads(cli(*words, "--levels", "geometric,low=0.002,high=20", "-o", "other.html", "--json").out)
    assert {each["sampler"] for each in said["samplers"]} >= {"DDIM", "DPMSolver", "DPMSolver,order=3"}
    assert said["samplers"][0]["calls"] == [4, 6, 8, 10, 15, 20]
    assert len(said["samplers"][0]["errors"]) == 6


def test_tuned_levels_are_printed_as_sample_takes_them(cli, tmp_path):
    from likely.backbones import MLP

    likely.fit("moons", likely.Diffusion(network=MLP(width=16)), budget=5, certify=False).save(tmp_path / "run")
    told = json.loads(cli("show", "run", "--tune", "4", "--rows", "4", "--json").out)
    assert told["walks"] > 10
    assert told["levels"].startswith("listed,levels=(20,")
    printed = cli("show", "run", "--tune", "4", "--rows", "4").out
    assert f"--steps 4 --sampler dpmsolver --levels '{told['levels']}'" in printed
    assert (
        cli("sample", "run", "-n", "2", "--steps", "4", "--sampler", "dpmsolver", "--levels", told["levels"]).code == 0
    )
    cli("show", "run", "--tune", "2").fails(2, "levels tuned for 2 calls", "3 calls or more")


def test_steps_of_what_is_no_denoiser_are_refused(cli, models):
    cli("show", models["iris"], "--steps").fails(4, "NaiveBayes has no denoiser", "Diffusion")
    cli("show", models["iris"], "--steps", "--levels", "flat").fails(2, "no schedule called 'flat'")


def test_bound_takes_a_diffusion_s_bound_apart(cli, tmp_path):
    from likely.backbones import MLP

    likely.fit("moons", likely.Diffusion(network=MLP(width=16)), budget=5, certify=False).save(tmp_path / "run")
    words = ("show", "run", "--bound", "--rungs", "30")
    told = cli(*words, "--data", "moons")
    assert told.code == 0, told.err
    for name in ("L_T, the start", "steps 1 to 3", "steps 28 to 30", "L_0, the data", "together", "256 rows"):
        assert name in told.out
    said = json.loads(cli(*words, "--data", "moons", "--json").out)
    assert len(said["steps"]) == 30
    assert said["L_T"] + sum(said["steps"]) + said["L_0"] == pytest.approx(said["total"])


def test_a_bound_that_has_no_steps_is_refused(cli, models):
    cli("show", models["iris"], "--bound").fails(4, "NaiveBayes has no bound made of steps", "Diffusion")


def test_a_page_of_the_model(cli, people, tmp_path):
    people.to_csv("people.csv", index=False)
    cli("fit", "people.csv", "--family", "naive-bayes", "-o", "run", "-q")
    told = cli("show", "run", "--page", "page.html")
    assert told.code == 0
    assert "report: page.html" in told.out
    assert "people.csv: a NaiveBayes" in (tmp_path / "page.html").read_text()
    cli("show", "run", "--page", "/proc/page.html").fails(6, "/proc/page.html")
    cli("show", "nowhere", "--page", "page.html").fails(3, "nowhere")
