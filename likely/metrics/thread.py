"""One thread for small work: OpenMP's threads wait for one another, and on busy cores they wait long."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS and OpenMP with one thread each; as before afterwards."""
    with threadpool_limits(limits=1):
        yield
