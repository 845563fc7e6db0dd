"""A search or an estimate in parts: one task per chunk of queries, one file per task, joined at the end."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from zeta_geom.records import atomic_path
from zeta_geom.records.manifests import code_fingerprint, data_fingerprint, library_versions
from zeta_geom.scale.files import read_part
from zeta_geom.scale.points import PointsFile
from zeta_geom.scale.settings import Parts, Worker
from zeta_geom.scale.sizes import choose_sizes
from zeta_geom.scale.task import PartTask, do_part, installation

__all__ = ["Job", "compute"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A search, or with `ks` an estimate of dimensions; with `anchors` at these rows of the points only."""

    points: PointsFile
    queries: PointsFile | None
    anchors: np.ndarray | None
    k: int
    ks: tuple[int, ...] | None
    alpha: float
    metric: str

    @property
    def number(self) -> int:
        """The number of queries."""
        if self.anchors is not None:
            return len(self.anchors)
        return self.points.n if self.queries is None else self.queries.n

    def settings(self) -> dict[str, Any]:
        """Return the settings that determine the values, as JSON values."""
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
        """Write the missing files of points and anchors, and return the arguments of the tasks that name them."""
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


def compute(job: Job, folder: Path, executor: Worker, cut: Parts, progress: bool) -> dict[str, np.ndarray]:
    """Compute the missing parts, and return the columns of all parts joined."""
    sizes = choose_sizes(
        job.points.n,
        job.number,
        job.points.d,
        job.k,
        itemsize=np.dtype(job.points.dtype).itemsize,
        cosine=job.metric == "cosine",
        threads=executor.threads,
        memory=cut.memory,
        chunk_size=cut.chunk_size,
        block_size=cut.block_size,
    )
    settings = job.settings() | {"chunk_size": sizes.chunk, "device": cut.device}
    key = _claim(folder, settings | {"code": code_fingerprint(), "versions": library_versions()})
    shared = job.save(folder) | {"key": key, "code": installation(), "block": sizes.block, "held": sizes.held}
    shared |= {"threads": executor.threads, "device": cut.device}
    tasks = []
    for place, start in enumerate(range(0, job.number, sizes.chunk)):
        part = str(folder.resolve() / f"part-{place:06d}.parquet")
        tasks.append(PartTask(part=part, start=start, stop=min(start + sizes.chunk, job.number), **shared))
    _run(tasks, executor, progress)
    parts = [read_part(Path(task.part), key) for task in tasks]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _run(tasks: list[PartTask], executor: Worker, progress: bool) -> None:
    """Give the tasks of missing and damaged parts to the executor; raise RuntimeError if one is lost."""
    missing, damaged = [], []
    for task in tasks:
        try:
            read_part(Path(task.part), task.key)
        except FileNotFoundError:
            missing.append(task)
        except ValueError:
            missing.append(task)
            damaged.append(Path(task.part).name)
    if damaged:
        logger.warning(
            "%d part(s) are truncated or damaged and will be computed again: %s", len(damaged), ", ".join(damaged)
        )
    lost = {}
    bar = tqdm(
        total=len(tasks),
        initial=len(tasks) - len(missing),
        desc="parts",
        unit="part",
        disable=None if progress else True,
    )
    with bar:
        for place, result in executor.map(do_part, missing):
            if not isinstance(result, str):  # `do_part` returns its file's name
                lost[missing[place].start] = result.reason
            bar.update()
    if lost:
        start, reason = min(lost.items())
        raise RuntimeError(
            f"{len(lost)} of {len(tasks)} parts were lost, the first at query {start}: {reason} The others are kept "
            "if parts= names a folder. A lower memory= of Parts may help."
        )


def _claim(folder: Path, work: dict[str, Any]) -> str:
    """Write the settings into the folder, or raise ValueError if it holds others; return the key."""
    path = folder / "settings.json"
    key = hashlib.sha256(json.dumps(work, sort_keys=True).encode()).hexdigest()
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))["work"]
    except FileNotFoundError:
        with atomic_path(path) as temporary:
            temporary.write_text(
                json.dumps({"key": key, "work": work}, indent=1, sort_keys=True) + "\n", encoding="utf-8"
            )
        return key
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"parts must be a folder of parts; {path} is damaged. Delete it.") from error
    if stored != work:
        differences = [
            f"{name} ({_short(stored.get(name))} there, {_short(work.get(name))} here)"
            for name in sorted(stored.keys() | work.keys())
            if stored.get(name) != work.get(name)
        ]
        raise ValueError(
            f"parts must be a new folder or one of the same settings; {folder} was written with other settings: "
            f"{', '.join(differences)}. Name another folder, or use its settings."
        )
    return key


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:12] + "…"
