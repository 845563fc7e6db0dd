"""A search or an estimate in parts: one task per chunk of queries, one file per task, joined at the end."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from zeta_geom.records.disk import atomic_path
from zeta_geom.records.keys import Manifest, data_fingerprint
from zeta_geom.records.manifests import is_same, read_manifest, write_manifest
from zeta_geom.scale.files import part_key, read_part
from zeta_geom.scale.points import PointsFile
from zeta_geom.scale.settings import Parts, Worker, limits_of
from zeta_geom.scale.sizes import choose_sizes
from zeta_geom.scale.task import PartTask, do_part, installation, work_manifest

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
    limits = limits_of(cut) | {"threads": executor.threads, "cosine": job.metric == "cosine"}
    itemsize = np.dtype(job.points.dtype).itemsize
    sizes = choose_sizes(job.points.n, job.number, job.points.d, job.k, itemsize=itemsize, **limits)
    manifest = work_manifest(job.settings() | {"chunk_size": sizes.chunk, "device": cut.device})
    _check_folder(folder, manifest, cut.stale)
    key = part_key(manifest)
    shared = job.save(folder) | {"key": key, "code": installation(), "block": sizes.block, "held": sizes.held}
    shared |= {"threads": executor.threads, "device": cut.device}
    tasks = []
    for place, start in enumerate(range(0, job.number, sizes.chunk)):
        part = str(folder.resolve() / f"part-{place:06d}.parquet")
        tasks.append(PartTask(part=part, start=start, stop=min(start + sizes.chunk, job.number), **shared))
    _run(tasks, cut.stale, executor, progress)
    parts = [read_part(Path(task.part), key, stale=cut.stale) for task in tasks]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _run(tasks: list[PartTask], stale: bool, executor: Worker, progress: bool) -> None:
    """Give the tasks of missing and damaged parts to the executor; raise RuntimeError if one is lost."""
    missing, damaged = [], []
    for task in tasks:
        try:
            read_part(Path(task.part), task.key, stale=stale)
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
    done, hidden = len(tasks) - len(missing), None if progress else True
    with tqdm(total=len(tasks), initial=done, desc="parts", unit="part", disable=hidden) as bar:
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


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:12] + "…"
