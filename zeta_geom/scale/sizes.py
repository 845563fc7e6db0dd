"""Sizes of parts and blocks that keep a worker within its memory: the one place where its bytes are counted."""

from dataclasses import dataclass

import numpy as np

# bytes of a worker, in addition to the interpreter and the libraries: a core's share of most hosts
MEMORY = 2 * 2**30
PARTS = 16  # parts at least, unless they get small: an interruption loses at most a few of them
SMALL = 4096  # queries of a small part: every part places all points anew, which must not dominate
SHARE = 4  # a quarter of the memory at most for queries, so that blocks of points stay large
SAMPLE = 4096  # points that a frame is fitted to: 2 · frame.SAMPLE
FITTING = 20  # bytes for each of their coordinates: float64, float32 and the work of the decomposition
THREAD = 16 * 2**20  # bytes that a thread works in: buffers of the counts, BLAS's own
STEPS = 16 * 2**20  # bytes placed, merged or gathered at a time


@dataclass(frozen=True)
class Sizes:
    """Sizes of the work, and the memory of a worker that they need."""

    chunk: int  # queries of a part
    block: int  # points searched at once
    held: int  # points in memory at once while dimensions are counted
    parts: int
    memory: int  # bytes of a worker at most, in addition to the interpreter and the libraries


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
    """Return chunks of queries and blocks of points that fit a worker's memory, for n points and q queries."""
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
        searching, fitting = room - chunk * query, room - chunk * (mapped + 16 * k)
        # the frame is fitted before points are placed in it and lists of candidates are allocated
        fitted = max((fitting - FITTING * SAMPLE * d) // mapped, fitting // (mapped + FITTING * d))
        block = min(n, searching // (mapped + placed), fitted)
        if block < 1:
            raise ValueError(
                f"chunk_size must leave memory for points; got {chunk}, which fills all {memory / 2**20:.0f} MiB."
            )
        block = _evenly(n, block)
    else:
        block = min(n, block_size)
    frame_bytes = FITTING * min(block, SAMPLE) * d + chunk * (mapped + 16 * k)  # no lists of candidates yet
    search_bytes = block * mapped + max(block * placed + chunk * query, frame_bytes)
    results, point = chunk * k * 32, d * itemsize + 32
    held = int(np.clip((max(search_bytes, room) - results - STEPS) // point, k, n))
    count_bytes = results + STEPS + min(held, chunk * k if held < n else n) * point
    return Sizes(chunk, block, held, -(-q // chunk), threads * THREAD + STEPS + max(search_bytes, count_bytes))


def _bytes_of_point(d: int, itemsize: int, cosine: bool) -> tuple[int, int]:
    """Return the bytes of a mapped and normalised point; of its placed copy, short vector, lengths and orders."""
    return d * itemsize + (16 * d if cosine else 0), 4 * d + _short(d) + 48


def _bytes_of_query(d: int, k: int, itemsize: int, cosine: bool) -> int:
    """Return the bytes of a query, its placed copy and short vector, its candidates, old and new neighbours."""
    normalised = 16 * d if cosine else 0
    return d * itemsize + normalised + 4 * d + _short(d) + 8 * (4 * (k + 1) + 64) + 32 * (k + 1) + 192


def _short(d: int) -> int:
    """Return the bytes of the longest short vector in d dimensions: see `cpu.frame`."""
    return 4 * (min(256, d) + 1) if d > 32 else 0


def _evenly(total: int, size: int) -> int:
    """Return the size that makes as many pieces as `size`, of nearly equal sizes."""
    pieces = -(-total // max(1, int(size)))
    return -(-total // pieces)
