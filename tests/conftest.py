"""One torch thread per test process; the real data sets' folder, absent only outside CI; a disk that is full."""

import atexit
import os
import resource
import shutil
import subprocess
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
if "LIKELY_CACHE" not in os.environ:  # probes' answers stay out of the home; workers share the first process's folder
    os.environ["LIKELY_CACHE"] = tempfile.mkdtemp(prefix="likely-cache-")
    atexit.register(shutil.rmtree, os.environ["LIKELY_CACHE"], ignore_errors=True)

from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Two torch threads on two busy cores are ten times slower than one."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def own_noise(request) -> None:
    """Every test draws from the beginning, whatever ran before it in this process."""
    import torch

    torch.manual_seed(0)
    if isinstance(getattr(request.module, "RNG", None), np.random.Generator):
        request.module.RNG = np.random.default_rng(0)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets (LIKELY_DATA, or beside the project); its absence fails only under CI."""
    folder = Path(os.environ.get("LIKELY_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        message = f"the real data sets are not at {folder}"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return folder


@pytest.fixture(params=["a disk of 4 MB", "files of 24 kB at most"])
def full_disk(request, tmp_path):
    """A folder, and a context in which hardly anything fits there."""
    place = tmp_path / "small"
    place.mkdir()
    if request.param == "files of 24 kB at most":
        yield place, files_of(24_000)
        return
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("nothing may be mounted here: the other case stands for it")
    try:
        yield place, filled(place, leave=24_000)
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@contextmanager
def files_of(size):
    """No file may grow beyond this."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def filled(place, *, leave):
    """All but so many bytes of the disk are taken."""
    space = os.statvfs(place)
    (place / "filler").write_bytes(bytes(space.f_bavail * space.f_frsize - leave))
    try:
        yield
    finally:
        (place / "filler").unlink()
