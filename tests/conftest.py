"""One torch thread per test process; the real data sets' folder, skipped where absent except under CI."""

import os
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("LIKELY_CACHE", tempfile.mkdtemp(prefix="likely-cache-"))  # probes' answers stay out of the home

from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Two torch threads on two busy cores are ten times slower than one."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets (LIKELY_DATA, or beside the project); its absence fails only under CI."""
    folder = Path(os.environ.get("LIKELY_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        message = f"the real data sets are not at {folder}"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return folder
