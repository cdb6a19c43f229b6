"""Truncations swept from the command line."""

import json


def test_a_page_and_its_numbers(cli, models, tmp_path):
    told = cli("sweep", models["gan"], "-n", "3", "--at", "0.3,1")
    assert told.code == 0
    assert "variance of a code" in told.out
    assert (tmp_path / "sweep.html").is_file()
    said = json.loads(cli("sweep", models["gan"], "--at", "0.3,1", "-o", "other.html", "--json").out)
    assert [step["truncation"] for step in said["truncations"]] == [0.3, 1.0]
    assert said["truncations"][1]["spread"] == 1.0
    assert (tmp_path / "other.html").is_file()


def test_refusals(cli, models):
    cli("sweep", models["vae"]).fails(4, "VAE has no codes to truncate", "GAN")
    cli("sweep", models["gan"], "--at", "much").fails(2, "'much' is no list of numbers")
    cli("sweep", models["gan"], "--at", "1.5").fails(2, "a truncation of 1.5", "at most 1")
    cli("sweep", models["gan"], "-o", "/proc/page.html").fails(6, "/proc/page.html")
    cli("sweep", "nowhere").fails(3, "nowhere")
