"""What was asked of fit survives its file, and a damaged file is a clear error."""

import pytest

from likely.errors import Corrupt, MissingFile
from likely.families.vae import VAE
from likely.request import REQUEST, Request


def test_a_request_comes_back(tmp_path):
    asked = Request(VAE(latent=3), "x.csv", "abc", ("label",), 7, "5m", batch=32, in_memory=("weight",))
    asked.written(tmp_path / "run")
    assert Request.read(tmp_path / "run") == asked


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"family": {"is": "Popen"}}', '{"family": 3, "condition": []}'])
def test_a_damaged_request_is_told(tmp_path, text):
    (tmp_path / REQUEST).write_text(text)
    with pytest.raises(Corrupt, match="damaged"):
        Request.read(tmp_path)


def test_no_request_is_told(tmp_path):
    with pytest.raises(MissingFile):
        Request.read(tmp_path)
