"""Chunks of rows in threads: the one loop that the room's long computations share."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

from zeta_geom.checks.progress import progress_bar
from zeta_geom.execution.cores import effective_n_jobs

CHUNK_BYTES = 32 * 2**20  # working memory of a chunk: above a second-level cache, far below the points


def map_chunks(
    compute: Callable[[slice], Any],
    n_rows: int,
    size: int,
    *,
    n_jobs: int | None = -1,
    progress: bool,
    description: str,
) -> list[Any]:
    """Call `compute` with slices of 0..n_rows in threads, each with serial BLAS; return the results in order."""
    slices = [slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]
    workers = max(1, min(effective_n_jobs(n_jobs), len(slices)))
    bar = progress_bar(n_rows, description, "pt", progress)
    with one_blas_thread(), ThreadPoolExecutor(workers) as pool, bar:
        futures = [pool.submit(compute, rows) for rows in slices]
        results = []
        try:
            for rows, future in zip(slices, futures, strict=True):
                results.append(future.result())
                bar.update(rows.stop - rows.start)
        finally:  # after an error or an interruption, no further chunk starts
            pool.shutdown(wait=False, cancel_futures=True)
    return results


def one_blas_thread() -> AbstractContextManager[object]:
    """Keep the BLAS of NumPy and SciPy on one thread within a `with` block."""
    limit: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limit


@cache
def _controller() -> ThreadpoolController:
    """Return the controller of the loaded libraries; to search them takes a millisecond, more than a small search."""
    import scipy.linalg  # noqa: F401, its BLAS must be loaded to be found

    return ThreadpoolController()


def rows_that_fit(row_bytes: int) -> int:
    """Return the number of rows of a chunk, at least 1, from the working memory of one row."""
    return max(1, CHUNK_BYTES // max(row_bytes, 1))
