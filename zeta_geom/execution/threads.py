"""Cores and threads by joblib's rules, and chunks of rows in threads, with a progress bar."""

import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController
from tqdm import tqdm

CHUNK_BYTES = 32 * 2**20  # working memory of a chunk: above a second-level cache, far below the points


def cpu_count() -> int:
    """Return the number of cores that this process may use."""
    import joblib

    _check_core_limit()
    return int(joblib.cpu_count())


def effective_n_jobs(n_jobs: int | None) -> int:
    """Return the number of threads that `n_jobs` stands for, as in scikit-learn."""
    import joblib

    _check_core_limit()
    return int(joblib.effective_n_jobs(n_jobs))


def progress_bar(total: int, description: str, unit: str, progress: bool) -> tqdm:
    """Return a bar that appears after two seconds, on a terminal and with `progress` only."""
    return tqdm(total=total, desc=description, unit=unit, leave=False, delay=2, disable=None if progress else True)


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


def _check_core_limit() -> None:
    """Raise ValueError for a value of LOKY_MAX_CPU_COUNT that joblib would fail on without naming the variable."""
    limit = os.environ.get("LOKY_MAX_CPU_COUNT", "1")
    if not re.fullmatch("[+-]?[0-9]+", limit.strip()):
        raise ValueError(
            f"the environment variable LOKY_MAX_CPU_COUNT must be a number; got {limit!r}. Unset it, or set a number."
        )
