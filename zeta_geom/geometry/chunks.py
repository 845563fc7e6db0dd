"""Rows in chunks of bounded size, two cores at a time: the one loop that the room's long computations share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from threadpoolctl import threadpool_limits
from tqdm import tqdm

__all__ = ["map_chunks"]

CHUNK_BYTES = 32 * 2**20


def map_chunks(
    compute: Callable[[slice], Any], n_rows: int, row_bytes: int, *, progress: bool, description: str
) -> list[Any]:
    """Call `compute` with slices that cover 0..n_rows and return what it returned, in order.

    The chunks run in threads, one for each core, each with a single-threaded BLAS; the work inside releases the GIL.

    Parameters
    ----------
    compute : callable
        Takes a slice of rows.
    n_rows, row_bytes : int
        How many rows there are, and how much working memory one takes.
    progress : bool
        Show a bar, on a terminal.
    description : str
        What the bar says.

    Returns
    -------
    list

    Examples
    --------
    >>> map_chunks(lambda rows: rows.stop, 3, 1, progress=False, description="count")
    [3]
    """
    slices = list(_slices(n_rows, max(1, CHUNK_BYTES // max(row_bytes, 1))))
    workers = min(os.cpu_count() or 1, len(slices))
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(workers) as pool:
        bar = tqdm(
            total=n_rows, desc=description, unit="pt", leave=False, delay=2, disable=None if progress else True
        )
        with bar:
            results = []
            for rows, result in zip(slices, pool.map(compute, slices), strict=True):
                results.append(result)
                bar.update(rows.stop - rows.start)
    return results


def _slices(n_rows: int, size: int) -> Iterator[slice]:
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))
