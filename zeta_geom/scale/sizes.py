"""How work is cut into parts so that a worker stays within its memory: the one place where its bytes are counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["MEMORY", "Sizes", "choose_sizes"]

MEMORY = 2 * 2**30  # bytes of a worker, beyond the interpreter and the libraries
PARTS = 16  # parts at least, where they are not small: what an interruption loses
SMALL = 4096  # queries of a part that is small: each part places all points anew
SHARE = 4  # of the memory that queries may take
SAMPLE = 4096  # points that a frame is fitted to
FITTING = 20  # bytes for each coordinate of them
THREAD = 16 * 2**20  # bytes that a thread works in: buffers of the counts, BLAS's own
STEPS = 16 * 2**20  # bytes of what is placed, merged or gathered at a time


@dataclass(frozen=True)
class Sizes:
    """How work is cut, and what of a worker's memory that takes.

    Parameters
    ----------
    chunk : int
        Queries of a part.
    block : int
        Points searched at once.
    held : int
        Points in memory at once where dimensions are counted.
    parts : int
    memory : int
        Bytes of a worker at most, beyond the interpreter and the libraries.
    """

    chunk: int
    block: int
    held: int
    parts: int
    memory: int


def choose_sizes(
    n: int,
    q: int,
    d: int,
    k: int,
    *,
    itemsize: int = 4,
    cosine: bool = False,
    threads: int = 1,
    memory: int = MEMORY,
    chunk_size: int | None = None,
    block_size: int | None = None,
) -> Sizes:
    """Cut work into chunks of queries and blocks of points that fit a worker's memory."""
    mapped, placed = _bytes_of_point(d, itemsize, cosine)
    query = _bytes_of_query(d, k, itemsize, cosine)
    room = memory - threads * THREAD - STEPS
    least = threads * THREAD + STEPS + SHARE * query + min(n, k + 1) * (mapped + placed + FITTING * d)
    if memory < least and (chunk_size is None or block_size is None):
        raise ValueError(
            f"memory must be at least {least / 2**20:.0f} MiB a worker for d={d}, k={k} and {threads} thread(s); got "
            f"{memory / 2**20:.0f} MiB."
        )
    if chunk_size is None:
        chunk = _evenly(q, min(q, room // SHARE // query, max(SMALL, -(-q // PARTS))))
    else:
        chunk = min(q, chunk_size)
    if block_size is None:
        left, early = room - chunk * query, room - chunk * (mapped + 16 * k)
        # a frame is fitted before points are placed in it, and lists made
        fitting = max((early - FITTING * SAMPLE * d) // mapped, early // (mapped + FITTING * d))
        block = min(n, left // (mapped + placed), fitting)
        if block < 1:
            raise ValueError(f"chunk_size must leave room for points; got {chunk}, all of {memory / 2**20:.0f} MiB.")
        block = _evenly(n, block)
    else:
        block = min(n, block_size)
    fitted = FITTING * min(block, SAMPLE) * d
    asked = chunk * (mapped + 16 * k)  # lists of candidates come when the frame is there
    search = block * mapped + max(block * placed + chunk * query, fitted + asked)
    results, point = chunk * k * 32, d * itemsize + 32
    held = int(np.clip((max(search, room) - results - STEPS) // point, k, n))
    count = results + STEPS + min(held, chunk * k if held < n else n) * point
    return Sizes(chunk, block, held, -(-q // chunk), threads * THREAD + STEPS + max(search, count))


def _bytes_of_point(d: int, itemsize: int, cosine: bool) -> tuple[int, int]:
    """Count what is mapped, and normalised; and the placed copy, its short vector, lengths, orders, coordinates."""
    return d * itemsize + (16 * d if cosine else 0), 4 * d + _short(d) + 48


def _bytes_of_query(d: int, k: int, itemsize: int, cosine: bool) -> int:
    """Count the query, its placed copy and short vector, its candidates, and results old and new."""
    normalised = 16 * d if cosine else 0
    return d * itemsize + normalised + 4 * d + _short(d) + 8 * (4 * (k + 1) + 64) + 32 * (k + 1) + 192


def _short(d: int) -> int:
    return 4 * (min(256, d) + 1) if d > 32 else 0


def _evenly(total: int, size: int) -> int:
    """Return the size that makes as many pieces as `size` does, all much alike."""
    pieces = -(-total // max(1, int(size)))
    return -(-total // pieces)
