"""The search of candidates, tile by tile of the matrix of all pairs, which is never held."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from tqdm import tqdm

from zeta_geom.execution.threads import map_chunks, one_blas_thread, progress_bar
from zeta_geom.geometry.cpu.candidates import Candidates, limit_by, make_candidates, scan
from zeta_geom.geometry.cpu.frame import Frame, Placed, fit_frame

BALL_AXES = 64  # coordinates of the balls around blocks: the first axes hold most of the distance
BLOCK = 512  # rows: a tile of float32 products, 1 MiB, stays in a core's cache
SLACK = 1e-5  # relative: more than float32 coordinates and float64 sums round in the distance of two balls


@dataclass(frozen=True)
class Start:
    """Frame and neighbours of an earlier search of equally many, similar points; a later search starts from them."""

    frame: Frame
    indices: np.ndarray  # int64 (q, at least k): neighbours of each query, without the query


@dataclass(frozen=True)
class CandidateSearch:
    """The frame, the candidates of each query in the order of the search, and the orders of points and queries."""

    frame: Frame
    lists: Candidates
    order: np.ndarray
    query_order: np.ndarray


def find_candidates(
    X: np.ndarray,
    Q: np.ndarray | None,
    excluded: np.ndarray | None,
    k: int,
    *,
    start: Start | None = None,
    workers: int,
    progress: bool,
) -> CandidateSearch:
    """Return for each query a short list of points with its k nearest; `excluded` (q,) holds rows of X or -1."""
    frame = fit_frame(X, k, Q) if start is None else start.frame
    order = frame.order(X, BLOCK, workers)
    points, place_of = frame.place(X, order, workers), np.argsort(order)
    if Q is None:
        query_order, queries, places = order, points, np.arange(len(X))
    else:
        query_order = frame.order(Q, BLOCK, workers)
        queries = frame.place(Q, query_order, workers)
        places = np.full(len(Q), -1)
        if excluded is not None:
            places = np.where(excluded[query_order] < 0, -1, place_of[excluded[query_order]])
    lists = make_candidates(queries, points, places, k)
    if start is not None:
        neighbors = place_of[start.indices[query_order, :k]]

        def limit_rows(rows: slice) -> None:
            limit_by(lists, rows.start, rows.stop, neighbors, queries.full, points.full)

        map_chunks(limit_rows, len(neighbors), BLOCK, n_jobs=workers, progress=False, description="limits")
    _Tiles(points, queries, lists, both=Q is None).run(workers, progress)
    return CandidateSearch(frame, lists, order, query_order)


class _Tiles:
    """The pairs of blocks not yet searched, given to threads so that no two write to the same rows."""

    def __init__(self, points: Placed, queries: Placed, lists: Candidates, *, both: bool) -> None:
        self.points, self.queries, self.lists, self.both = points, queries, lists, both
        self.direct = lists.relative > 0
        self.halves = (np.einsum("np,np->n", points.short, points.short, dtype=np.float64) / 2).astype(np.float32)
        (centres, radii), (point_centres, point_radii) = _balls(queries.short), _balls(points.short)
        distance = cdist(centres, point_centres)
        self.gaps = distance * (1 - SLACK) - (radii[:, None] + point_radii) * (1 + SLACK)
        if both:
            np.fill_diagonal(distance, -1)  # a block with itself comes first: its limits spare others most
        rows, columns = np.triu_indices(len(radii)) if both else np.indices(distance.shape).reshape(2, -1)
        nearest_first = np.argsort(distance[rows, columns], kind="stable")
        self.pairs = list(zip(rows[nearest_first].tolist(), columns[nearest_first].tolist()))
        self.busy: set[int] = set()
        self.changed = threading.Condition()

    def run(self, workers: int, progress: bool) -> None:
        workers = max(1, min(workers, len(self.queries.full) // BLOCK))
        bar = progress_bar(len(self.pairs), "neighbours", "tile", progress)
        with bar, one_blas_thread(), ThreadPoolExecutor(workers) as pool:
            futures = [pool.submit(self._work, bar) for _ in range(workers)]
            try:
                for future in futures:
                    future.result()
            finally:  # after an error or an interruption, no thread takes another tile
                with self.changed:
                    self.pairs.clear()
                    self.changed.notify_all()

    def _work(self, bar: tqdm) -> None:
        scratch = np.empty((BLOCK, BLOCK), dtype=np.float32)
        while (pair := self._take()) is not None:
            try:
                self._tile(*pair, scratch)
            finally:
                with self.changed:
                    self.busy -= self._written(pair)
                    bar.update()
                    self.changed.notify_all()

    def _written(self, pair: tuple[int, int]) -> set[int]:
        return set(pair) if self.both else {pair[0]}

    def _take(self) -> tuple[int, int] | None:
        """Wait for the nearest pair of blocks that no thread writes to; None if no pair is left."""
        with self.changed:
            while self.pairs:
                for place, pair in enumerate(self.pairs):
                    if not self.busy & self._written(pair):
                        del self.pairs[place]
                        self.busy |= self._written(pair)
                        return pair
                self.changed.wait()
        return None

    def _tile(self, i: int, j: int, scratch: np.ndarray) -> None:
        rows, columns = slice(i * BLOCK, (i + 1) * BLOCK), slice(j * BLOCK, (j + 1) * BLOCK)
        limit = self.lists.limits[rows].max()
        if self.both:
            limit = max(limit, self.lists.limits[columns].max())
        moved = self.lists.errors[:, 1].max()
        if self.gaps[i, j] > np.sqrt(max(limit, 0) * (1 + self.lists.relative)) + 2 * moved:
            return
        row_vectors, column_vectors = self.queries.short[rows], self.points.short[columns]
        np.matmul(row_vectors, column_vectors.T, out=scratch[: len(row_vectors), : len(column_vectors)])
        scan(
            scratch[: len(row_vectors)],
            self.lists,
            rows.start,
            self.lists,
            columns.start,
            self.both,
            self.queries.full,
            self.points.full,
            self.halves,
            self.direct,
        )


def _balls(short: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return centres and radii of balls around the blocks, in the first coordinates, which bound distances below."""
    blocks = [short[start : start + BLOCK, :BALL_AXES].astype(np.float64) for start in range(0, len(short), BLOCK)]
    centres = np.stack([block.mean(axis=0) for block in blocks])
    radii = [np.sqrt(((block - centre) ** 2).sum(axis=1).max()) for block, centre in zip(blocks, centres)]
    return centres, np.array(radii)
