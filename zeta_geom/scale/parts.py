"""Neighbours and dimensions beyond one machine: one task a chunk of queries, one file a task, merged at the end."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from zeta_geom.checks import check_int, check_real
from zeta_geom.geometry.knn import Neighbors
from zeta_geom.geometry.local_pca import draw_anchors, neighbour_counts
from zeta_geom.records.disk import atomic_path
from zeta_geom.records.keys import Manifest, data_fingerprint
from zeta_geom.records.manifests import is_same, read_manifest, write_manifest
from zeta_geom.rng import RandomState
from zeta_geom.scale.files import part_key, read_part
from zeta_geom.scale.points import PointsFile, points_file
from zeta_geom.scale.settings import Parts, Worker, folder_of
from zeta_geom.scale.sizes import choose_sizes
from zeta_geom.scale.task import PartTask, do_part, installation, work_manifest

__all__ = ["dimension_in_parts", "knn_in_parts"]

logger = logging.getLogger(__name__)


def knn_in_parts(
    X: Any, k: int, queries: Any, metric: str, executor: Worker, parts: Any, *, progress: bool = False
) -> Neighbors:
    """Find neighbours part by part, as `knn` does; the arguments are its own."""
    with folder_of(parts) as (folder, how):
        points = points_file(X, "X", folder)
        asked = None if queries is None else points_file(queries, "queries", folder)
        if asked is not None and asked.d != points.d:
            raise ValueError(f"queries must have as many columns as X, {points.d}; got {asked.d}.")
        limit = points.n - (asked is None)
        if check_int(k, "k", low=1) > limit:
            raise ValueError(
                f"k must be at most {limit} for {points.n} points; got {k}. Lower k or give more points."
            )
        found = _do(_Job(points, asked, None, int(k), None, 0.0, metric), folder, executor, how, progress)
        return Neighbors(found["indices"], found["distances"])


def dimension_in_parts(
    X: Any,
    n_neighbors: Any,
    alpha: float,
    n_anchors: int | None,
    random_state: RandomState,
    executor: Worker,
    parts: Any,
    *,
    progress: bool = False,
) -> dict[int, np.ndarray]:
    """Estimate local dimensions part by part, as `local_dimension` does; the arguments are its own.

    Returns shape (n,), (n_anchors,).
    """
    with folder_of(parts) as (folder, how):
        points = points_file(X, "X", folder)
        if points.d < 2 or points.n < 2:
            raise ValueError(
                "X must have at least 2 samples and 2 features: with one, a dimension says nothing; "
                f"got {(points.n, points.d)}."
            )
        ks = neighbour_counts(n_neighbors, points.n)
        alpha = check_real(alpha, "alpha", low=0, high=1)
        anchors = None if n_anchors is None else draw_anchors(n_anchors, points.n, random_state)
        found = _do(_Job(points, None, anchors, max(ks), ks, alpha, "euclidean"), folder, executor, how, progress)
        return {k: found[f"k{k}"] for k in ks}


@dataclass(frozen=True)
class _Job:
    """What was asked for; `ks` where dimensions are wanted, `anchors` where at some points alone."""

    points: PointsFile
    queries: PointsFile | None
    anchors: np.ndarray | None
    k: int
    ks: tuple[int, ...] | None
    alpha: float
    metric: str

    @property
    def number(self) -> int:
        """How many queries there are."""
        if self.anchors is not None:
            return len(self.anchors)
        return self.points.n if self.queries is None else self.queries.n

    def settings(self) -> dict[str, Any]:
        """Return what determines the values, as JSON has it."""
        return {
            "what": "knn" if self.ks is None else "local_dimension",
            "X": self.points.fingerprint,
            "n": self.points.n,
            "d": self.points.d,
            "dtype": self.points.dtype,
            "queries": self.queries and self.queries.fingerprint,
            "anchors": None if self.anchors is None else data_fingerprint(self.anchors),
            "n_neighbors": self.k if self.ks is None else list(self.ks),
            "alpha": self.alpha,
            "metric": self.metric,
        }

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the files that are not there, and return what a task says of them."""
        anchors = None
        self.points.save()
        if self.queries is not None:
            self.queries.save()
        if self.anchors is not None:
            anchors = folder.resolve() / "anchors.npy"
            with atomic_path(anchors) as temporary:
                np.save(temporary, self.anchors)
        return {
            "points": self.points.path,
            "n": self.points.n,
            "queries": self.queries and self.queries.path,
            "anchors": anchors and str(anchors),
            "k": self.k,
            "ks": self.ks,
            "alpha": self.alpha,
            "metric": self.metric,
        }


def _do(job: _Job, folder: Path, executor: Worker, how: Parts, progress: bool) -> dict[str, np.ndarray]:
    """Do what is not done, and return the columns of all parts together."""
    sizes = choose_sizes(
        job.points.n,
        job.number,
        job.points.d,
        job.k,
        itemsize=np.dtype(job.points.dtype).itemsize,
        cosine=job.metric == "cosine",
        threads=executor.threads,
        memory=how.memory,
        chunk_size=how.chunk_size,
        block_size=how.block_size,
    )
    cut = {"chunk_size": sizes.chunk, "device": how.device}
    manifest = work_manifest(job.settings() | cut)
    _check_folder(folder, manifest, how.stale)
    key = part_key(manifest)
    same = job.save(folder) | {"key": key, "code": installation(), "block": sizes.block, "held": sizes.held}
    same |= {"threads": executor.threads, "device": how.device}
    tasks = []
    for place, start in enumerate(range(0, job.number, sizes.chunk)):
        part = str(folder.resolve() / f"part-{place:06d}.parquet")
        tasks.append(PartTask(part=part, start=start, stop=min(start + sizes.chunk, job.number), **same))
    _run(tasks, how.stale, executor, progress)
    columns = [read_part(Path(task.part), key, stale=how.stale) for task in tasks]
    return {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}


def _run(tasks: list[PartTask], stale: bool, executor: Worker, progress: bool) -> None:
    """Give out the tasks whose parts are absent or damaged."""
    left, damaged = [], []
    for task in tasks:
        try:
            read_part(Path(task.part), task.key, stale=stale)
        except FileNotFoundError:
            left.append(task)
        except ValueError:
            left.append(task)
            damaged.append(Path(task.part).name)
    if damaged:
        logger.warning("%d part(s) are truncated or damaged and computed again: %s", len(damaged), ", ".join(damaged))
    lost = {}
    bar = tqdm(
        total=len(tasks),
        initial=len(tasks) - len(left),
        desc="parts",
        unit="part",
        disable=None if progress else True,
    )
    with bar:
        for place, result in executor.map(do_part, left):
            if not isinstance(result, str):  # `do_part` returns its file's name
                lost[left[place].start] = result.reason
            bar.update()
    if lost:
        start, reason = min(lost.items())
        raise RuntimeError(
            f"{len(lost)} of {len(tasks)} parts were lost, the first at query {start}: {reason} The others are kept "
            "where parts= names a folder. A lower memory= of Parts may help."
        )


def _check_folder(folder: Path, manifest: Manifest, stale: bool) -> None:
    """Write down which work the folder's parts belong to, or raise if they belong to other work."""
    path = folder / "settings.json"
    stored = read_manifest(path)
    if is_same(stored, manifest, stale=stale):
        return
    if not path.exists():
        write_manifest(path, manifest)
        return
    if stored is None:
        raise ValueError(f"parts must be a folder of parts; {path} is damaged, or of another version. Delete it.")
    before, now = ({**kept["settings"], "versions": kept["versions"]} for kept in (stored, manifest))
    differ = [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]
    shown = [f"{name} ({_short(before.get(name))} there, {_short(now.get(name))} here)" for name in differ]
    if not differ:
        raise ValueError(
            f"Cannot resume: the parts in {folder} were written by other code. Accept them with stale=True in Parts, "
            "or name another folder."
        )
    raise ValueError(
        f"Cannot resume: the parts in {folder} were written with other settings; these differ: {', '.join(shown)}. "
        "Name another folder, or repeat the settings there."
    )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:12] + "…"
