"""Rows in chunks of bounded size, in threads: the one loop that the room's long computations share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController
from tqdm import tqdm

from zeta_geom.execution.cores import effective_n_jobs

__all__ = ["map_chunks", "one_blas_thread", "rows_that_fit"]

CHUNK_BYTES = 32 * 2**20


def map_chunks(
    compute: Callable[[slice], Any],
    n_rows: int,
    size: int,
    *,
    n_jobs: int | None = -1,
    progress: bool,
    description: str,
) -> list[Any]:
    """Call `compute` with slices that cover 0..n_rows and return what it returned, in order.

    The chunks run in threads, each with a single-threaded BLAS; the work inside releases the GIL.
    """
    slices = [slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]
    workers = max(1, min(effective_n_jobs(n_jobs), len(slices)))
    with one_blas_thread(), ThreadPoolExecutor(workers) as pool:
        bar = tqdm(
            total=n_rows, desc=description, unit="pt", leave=False, delay=2, disable=None if progress else True
        )
        with bar:
            futures = [pool.submit(compute, rows) for rows in slices]
            results = []
            try:
                for rows, future in zip(slices, futures, strict=True):
                    results.append(future.result())
                    bar.update(rows.stop - rows.start)
            finally:  # after an error or an interruption, no further chunk is begun
                pool.shutdown(wait=False, cancel_futures=True)
    return results


def one_blas_thread() -> AbstractContextManager[Any]:
    """Keep the BLAS of NumPy and SciPy on one thread within a `with` block."""
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller() -> ThreadpoolController:
    """Look for the loaded libraries once: it takes over a millisecond, more than a small search."""
    import scipy.linalg  # noqa: F401, its BLAS must be loaded to be found

    return ThreadpoolController()


def rows_that_fit(row_bytes: int) -> int:
    """Return how many rows, at least 1, a chunk may have whose working memory is this large a row."""
    return max(1, CHUNK_BYTES // max(row_bytes, 1))
