"""What a worker does for one part: its queries against block after block of points, then one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zeta_geom.geometry.cpu.counts import pointwise_dimensions
from zeta_geom.geometry.knn import prepare_points, search
from zeta_geom.records.keys import Manifest, make_manifest
from zeta_geom.scale.files import write_part
from zeta_geom.scale.points import check_block, gather_rows, map_rows

__all__ = [
    "PartTask",
    "count_dimensions",
    "do_part",
    "installation",
    "merge_nearest",
    "nearest_in_blocks",
    "work_manifest",
]

MERGED = 512  # queries whose lists are merged at once


@dataclass(frozen=True)
class PartTask:
    """One chunk of queries, named by paths and numbers alone.

    Parameters
    ----------
    part, key, code : str
        The file to write, the key that it gets, the client's `installation`.
    points : str
        .npy file of the points.
    n : int
        Their number.
    queries, anchors : str or None
        .npy file of the queries, or of the rows of the points that are the queries; neither: the points themselves.
    start, stop : int
        Which of them.
    k : int
    ks : tuple of int, or None
        Where dimensions are wanted: for these numbers of neighbours.
    alpha : float
    metric : str
    block, held : int
        Points searched at once; points in memory at once where dimensions are counted.
    threads : int
    device : str or None
        For torch; None: the compiled kernels, on the CPU.
    """

    part: str
    key: str
    code: str
    points: str
    n: int
    queries: str | None
    anchors: str | None
    start: int
    stop: int
    k: int
    ks: tuple[int, ...] | None
    alpha: float
    metric: str
    block: int
    held: int
    threads: int
    device: str | None


def do_part(task: PartTask) -> str:
    """Compute one part and write it."""
    if installation() != task.code:
        raise RuntimeError(
            "this worker's zeta_geom, or a library that computes, is not the client's. Install the same on all "
            "machines, and restart the workers."
        )
    rows, Q, own = _queries(task)
    indices, squared, order = nearest_in_blocks(task, Q, own)
    del Q
    if task.ks is None:
        distances = squared / 2 if task.metric == "cosine" else np.sqrt(squared)
        columns = {"row": rows, "indices": indices, "distances": distances}
    else:
        del squared
        counts = count_dimensions(task, indices, order)
        columns = {"row": rows} | {f"k{k}": values for k, values in zip(task.ks, counts)}
    write_part(Path(task.part), columns, task.key)
    return task.part


def installation() -> str:
    """Return the key of the code that this module reaches, and of the libraries that compute."""
    return str(work_manifest({})["key"])


def work_manifest(settings: Mapping[str, object]) -> Manifest:
    """Return the manifest of work that this module does."""
    return make_manifest("parts", settings, "", __file__)


def _queries(task: PartTask) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return the rows of these queries, the queries, and the points that they are."""
    rows = np.arange(task.start, task.stop)
    if task.anchors is not None:
        rows = np.load(task.anchors)[task.start : task.stop]
        Q = gather_rows(task.points, rows)
    else:
        Q = map_rows(task.queries or task.points, task.start, task.stop).copy()
    if task.queries is None:  # points, which are checked block by block
        return rows, prepare_points(Q, "X", task.metric, rows), rows
    return rows, prepare_points(check_block(Q, "queries", task.start), "queries", task.metric, rows), None


def nearest_in_blocks(
    task: PartTask, Q: np.ndarray, own: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the nearest of a part's queries, block by block of the points.

    Shapes: `Q` (q, d), `own` (q,) -> (q, k), (q, k), (q,).
    """
    indices = np.full((len(Q), task.k), -1)
    squared = np.full(indices.shape, np.inf)
    order = np.arange(len(Q))
    size = task.block if task.device is None else min(task.block, _rows_on_device(Q, task.device))
    for start in range(0, task.n, size):
        stop = min(start + size, task.n)
        block = check_block(map_rows(task.points, start, stop), "X", start)
        block = prepare_points(block, "X", task.metric, range(start, stop))
        # one more than k, so that the query itself can be struck out
        wanted = min(task.k + (own is not None), stop - start)
        if task.device is not None:
            near, their = _search_on_device(block, Q, wanted, task.device)
        else:
            near, their, found = search(block, Q, None, wanted, n_jobs=task.threads, progress=False)
            order = found.query_order if start == 0 else order
            del found
        near += start
        if own is not None:
            their[near == own[:, None]] = np.inf
        merge_nearest(indices, squared, near, their)
        del block, near, their  # before the next block's are made
    return indices, squared, order


def merge_nearest(indices: np.ndarray, squared: np.ndarray, near: np.ndarray, their: np.ndarray) -> None:
    """Put what a further block gave among the nearest so far, in place; ties stay with the lower index.

    Shapes: `indices` and `squared` (q, k), `near` and `their` (q, any).
    """
    k = indices.shape[1]
    for start in range(0, len(indices), MERGED):
        rows = slice(start, start + MERGED)
        distances = np.concatenate([squared[rows], their[rows]], axis=1)
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :k]
        squared[rows] = np.take_along_axis(distances, nearest, axis=1)
        indices[rows] = np.take_along_axis(np.concatenate([indices[rows], near[rows]], axis=1), nearest, axis=1)


def count_dimensions(task: PartTask, indices: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Count the dimensions of a part, with no more than `held` points in memory.

    Shapes: `indices` (q, k), `order` (q,) -> (ks).
    """
    if task.held >= task.n:
        return _dimensions(task, map_rows(task.points, 0, task.n), indices, order)
    counts = np.empty((len(task.ks or ()), len(indices)), dtype=np.int64)
    size = max(1, task.held // task.k)
    for start in range(0, len(indices), size):
        at = order[start : start + size]
        rows, places = np.unique(indices[at], return_inverse=True)
        X = gather_rows(task.points, rows)
        counts[:, at] = _dimensions(task, X, places.reshape(len(at), task.k), None)
    return counts


def _dimensions(task: PartTask, X: np.ndarray, indices: np.ndarray, order: np.ndarray | None) -> Any:
    ks = task.ks or ()
    if task.device is None:
        return pointwise_dimensions(X, indices, ks, task.alpha, "FO", order=order, n_jobs=task.threads)
    import torch

    from zeta_geom.geometry.cuda.counts import count_large_eigenvalues

    points, near = (torch.from_numpy(values).to(task.device) for values in (X, indices))
    return count_large_eigenvalues(points, near, ks, task.alpha).cpu().numpy()


def _search_on_device(block: np.ndarray, Q: np.ndarray, k: int, device: str) -> tuple[np.ndarray, np.ndarray]:
    import torch

    from zeta_geom.geometry.cuda.search import search_tensor

    points, asked = (torch.from_numpy(values).to(device) for values in (block, Q))
    indices, squared = search_tensor(points, asked, None, k)
    return indices.cpu().numpy(), squared.cpu().numpy()


def _rows_on_device(Q: np.ndarray, device: str) -> int:
    """Return how many points may lie on the device, with the copies that the search makes of them."""
    import torch

    if torch.device(device).type != "cuda":
        return np.iinfo(np.int64).max
    if not torch.cuda.is_available():
        raise ValueError(f"device must be one that this worker has; got {device!r}, and torch finds no CUDA here.")
    free = torch.cuda.mem_get_info(device)[0]
    return max(1, int(0.4 * free) // (Q.shape[1] * (Q.itemsize + 24)))
