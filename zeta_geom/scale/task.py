"""The task of a worker: the queries of one part against block after block of points, then one file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zeta_geom.geometry.cpu.counts import pointwise_dimensions
from zeta_geom.geometry.knn import prepare_points, search
from zeta_geom.records.keys import Manifest, make_manifest
from zeta_geom.scale.files import write_part
from zeta_geom.scale.points import check_block, gather_rows, map_rows

MERGED = 512  # queries merged at once: the temporary arrays stay in a core's cache
SHARE = 0.4  # of a GPU's free memory for a block and its copies; the search needs the rest


@dataclass(frozen=True)
class PartTask:
    """One chunk of queries, described by paths and numbers only."""

    part: str  # file to write
    key: str  # key to write into it
    code: str  # `installation` of the client
    points: str  # .npy file
    n: int  # number of points
    queries: str | None  # .npy file of the queries
    anchors: str | None  # .npy file of the rows that are the queries; with neither, all points are queries
    start: int  # range of the queries
    stop: int
    k: int
    ks: tuple[int, ...] | None  # numbers of neighbours of the dimensions; None: the part holds neighbours
    alpha: float
    metric: str
    block: int  # points searched at once
    held: int  # points in memory at once while dimensions are counted
    threads: int
    device: str | None  # of torch; None: the compiled kernels on the CPU


def do_part(task: PartTask) -> str:
    """Compute one part, write it, and return its path."""
    if installation() != task.code:
        raise RuntimeError(
            "zeta_geom, or a library that it computes with, differs between this worker and the client. Install the "
            "same versions everywhere, and restart the workers."
        )
    rows, Q, excluded = _queries(task)
    indices, squared, order = nearest_in_blocks(task, Q, excluded)
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
    """Return a hash of the code that this module reaches and of the versions of the libraries that compute."""
    return str(work_manifest({})["key"])


def work_manifest(settings: Mapping[str, object]) -> Manifest:
    """Return the manifest of work that this module does."""
    return make_manifest("parts", settings, "", __file__)


def _queries(task: PartTask) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return the numbers of the queries, the queries, and the points to exclude, which are the queries themselves."""
    rows = np.arange(task.start, task.stop)
    if task.anchors is not None:
        rows = np.load(task.anchors)[task.start : task.stop]
        Q = gather_rows(task.points, rows)
    else:
        Q = map_rows(task.queries or task.points, task.start, task.stop).copy()
    if task.queries is None:  # points are checked block by block
        return rows, prepare_points(Q, "X", task.metric, rows), rows
    return rows, prepare_points(check_block(Q, "queries", task.start), "queries", task.metric, rows), None


def nearest_in_blocks(
    task: PartTask, Q: np.ndarray, excluded: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the nearest of a part's queries, indices and squared distances (q, k), and an order of the queries."""
    indices = np.full((len(Q), task.k), -1)
    squared = np.full(indices.shape, np.inf)
    order = np.arange(len(Q))
    size = task.block if task.device is None else min(task.block, _rows_on_device(Q, task.device))
    for start in range(0, task.n, size):
        stop = min(start + size, task.n)
        block = check_block(map_rows(task.points, start, stop), "X", start)
        block = prepare_points(block, "X", task.metric, range(start, stop))
        # one more than k: the query itself may be among them
        count = min(task.k + (excluded is not None), stop - start)
        if task.device is not None:
            block_indices, block_squared = _search_on_device(block, Q, count, task.device)
        else:
            block_indices, block_squared, candidates = search(
                block, Q, None, count, n_jobs=task.threads, progress=False
            )
            order = candidates.query_order if start == 0 else order
            del candidates
        block_indices += start
        if excluded is not None:
            block_squared[block_indices == excluded[:, None]] = np.inf
        merge_nearest(indices, squared, block_indices, block_squared)
        del block, block_indices, block_squared  # before the next block needs the memory
    return indices, squared, order


def merge_nearest(
    indices: np.ndarray, squared: np.ndarray, block_indices: np.ndarray, block_squared: np.ndarray
) -> None:
    """Merge the neighbours in a later block into the nearest so far (q, k), in place; ties keep the lower index."""
    k = indices.shape[1]
    for start in range(0, len(indices), MERGED):
        rows = slice(start, start + MERGED)
        distances = np.concatenate([squared[rows], block_squared[rows]], axis=1)
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :k]
        squared[rows] = np.take_along_axis(distances, nearest, axis=1)
        both = np.concatenate([indices[rows], block_indices[rows]], axis=1)
        indices[rows] = np.take_along_axis(both, nearest, axis=1)


def count_dimensions(task: PartTask, indices: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the dimensions (len(ks), q) of queries with neighbours `indices` (q, k), for `held` points in memory."""
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


def _dimensions(task: PartTask, X: np.ndarray, indices: np.ndarray, order: np.ndarray | None) -> np.ndarray:
    ks = task.ks or ()
    if task.device is None:
        return pointwise_dimensions(X, indices, ks, task.alpha, "FO", order=order, n_jobs=task.threads)
    import torch

    from zeta_geom.geometry.cuda.counts import count_large_eigenvalues

    points, neighbors = (torch.from_numpy(values).to(task.device) for values in (X, indices))
    counts: np.ndarray = count_large_eigenvalues(points, neighbors, ks, task.alpha).cpu().numpy()
    return counts


def _search_on_device(block: np.ndarray, Q: np.ndarray, k: int, device: str) -> tuple[np.ndarray, np.ndarray]:
    import torch

    from zeta_geom.geometry.cuda.search import search_tensor

    points, queries = (torch.from_numpy(values).to(device) for values in (block, Q))
    indices, squared = search_tensor(points, queries, None, k)
    return indices.cpu().numpy(), squared.cpu().numpy()


def _rows_on_device(Q: np.ndarray, device: str) -> int:
    """Return the number of points that fit on the device, with the copies that the search makes of them."""
    import torch

    if torch.device(device).type != "cuda":
        return 2**62
    if not torch.cuda.is_available():
        raise ValueError(f"device must exist on this worker; got {device!r}, but torch finds no CUDA device there.")
    free = int(torch.cuda.mem_get_info(device)[0])
    point = int(Q.shape[1] * (Q.itemsize + 24))  # bytes, with float64, float32 and temporary copies
    return max(1, int(SHARE * free) // point)
