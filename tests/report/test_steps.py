"""The page of quality against calls: every sampler as a curve and a row of numbers, within the drawing."""

import re
from types import SimpleNamespace

from likely.apps.steps import LEFT_OUT, Quality, Steps
from likely.report.steps import HEIGHT, WIDTH, curves, write_steps


def found(**changes):
    fitted = SimpleNamespace(
        card=SimpleNamespace(data={"source": "some/digits"}, family="Diffusion()"), name="Diffusion"
    )
    both = (Quality("DDIM", (5, 10, 50), (0.9, 0.5, 0.1)), Quality("UniPC", (5, 10, 50), (0.5, 1e-2, 1e-4)))
    return Steps(**({"fitted": fitted, "found": both, "reference": 1000, "floor": 2e-5, "rows": 8} | changes))


def test_every_sampler_is_drawn_inside_with_its_name():
    drawn = curves(found())
    for name in ("DDIM", "UniPC", "network calls", "1e-05", "the reference"):
        assert name in drawn
    assert drawn.count("curve c") == 2
    for x, y in re.findall(r"[ML]([\d.e-]+) ([\d.e-]+)", drawn):
        assert 0 <= float(x) <= WIDTH
        assert 0 <= float(y) <= HEIGHT


def test_errors_of_nothing_and_one_number_of_calls_can_be_drawn():
    assert "DDIM" in curves(found(found=(Quality("DDIM", (5,), (0.0,)),), floor=0.0))


def test_the_page_has_the_numbers_and_what_was_left_out(tmp_path):
    page = write_steps(found(), tmp_path / "steps.html").read_text()
    for words in ("digits: quality of a Diffusion", "0.0001", "1,000 calls", "8 rows", *LEFT_OUT):
        assert words in page
