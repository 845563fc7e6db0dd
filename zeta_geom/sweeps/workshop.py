"""Workshops carry out the runs of a sweep; they keep data and estimators from one run to the next."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any  # Any: of settings, which are JSON values

import numpy as np
import pandas as pd

from zeta_geom.records.disk import atomic_path
from zeta_geom.records.keys import data_fingerprint
from zeta_geom.sweeps.grid import CustomMixer, Run
from zeta_geom.sweeps.measures import MEASURES, Halves, Points, SweepMeasure, Value

if TYPE_CHECKING:
    from zeta_geom.features.spaces import FeatureSpace  # for types: only runs in a space have its code in their keys
    from zeta_geom.geometry import LocalPCA
    from zeta_geom.realism import MNISTOracle

SOURCE = Path(__file__)  # the code in the key of a run: this module and its imports
PIXELS = "pixels"  # the space of measures that do not take one
# columns of every table, and those that some tables have; any other column is a swept parameter of a mixer
COLUMNS = ("data", "mixer", "gamma", "n_mix", "anchor", "seed", "measure", "k")
VALUES = ("mean", "std", "seed_std", "sem", "n", "seconds", "space", "unit", "better")


@dataclass(frozen=True)
class Objects:
    """What runs name but do not contain: a feature space, users' measures and mixers, by their labels."""

    space: FeatureSpace | None = None
    measures: Mapping[str, SweepMeasure] = field(default_factory=lambda: MEASURES)
    mixers: Mapping[str, CustomMixer] = field(default_factory=dict)


class Workshop:
    """Carries out runs in this process, each with `threads` threads."""

    def __init__(self, data: Mapping[str, Points], threads: int, objects: Objects | None = None) -> None:
        self.data, self.threads, self.objects = data, threads, objects or Objects()
        self.seed = 0
        self._kept: dict[str, tuple[tuple[object, ...], Any]] = {}
        self._mixtures: dict[type[Points], tuple[str, Points, Points]] = {}  # mixing, of what, result
        self._searches: dict[object, LocalPCA] = {}
        self._oracle: MNISTOracle | None = None

    def __call__(self, settings: Mapping[str, Any]) -> pd.DataFrame:
        """Return a row for each quantity and k of a run."""
        run = Run.model_validate(settings)
        self.seed = run.seed
        start = time.perf_counter()
        measure = self.objects.measures[run.measure]
        original = self._original(run, measure)
        mixed = original if run.mixer is None else self._mixed(run, original)
        space = None if self.objects.space is None else self.objects.space.of(original.X.shape)
        measured = original, mixed
        if "space" in run.options and space is not None:
            measured = self._in_space(space, original, mixed)
        rows = list(measure.rows(*measured, run.options, self))
        setting = {
            "data": run.data,
            "mixer": run.label,
            "gamma": np.nan if run.gamma is None else float(run.gamma),
            "n_mix": run.n_mix or 0,  # 0: the whole batch
            "anchor": run.anchor or "",
            "seed": run.seed,
        }
        setting |= {axis_column(name): _cell(value) for name, value in run.axes.items()}
        if space is not None:
            setting["space"] = space.name if "space" in run.options else PIXELS
        seconds = time.perf_counter() - start
        anchors = "n_anchors" in run.options
        return pd.DataFrame(
            setting
            | {"measure": quantity, "k": k, "mean": _mean(values), "std": _std(values)}
            | {"sem": _sem(values, len(mixed.X), anchors), "n": values.size, "seconds": seconds}
            for quantity, k, values in rows
        )

    def kept(self, name: str, of: tuple[object, ...], make: Callable[[], Value]) -> Value:
        """Return the value of this name that was made of the same objects, or make and keep it."""
        objects, value = self._kept.get(name, ((), None))
        if len(objects) != len(of) or not all(one is other for one, other in zip(objects, of)):
            value = make()
            self._kept[name] = of, value
        return value  # type: ignore[no-any-return]  # what `make` returned

    def local_pca(self, ks: tuple[int, ...], **options: Any) -> LocalPCA:
        """Return the estimator, kept because the neighbours at one γ are a good start for those at the next."""
        from zeta_geom.geometry import LocalPCA

        key = (ks, *sorted(options.items()))
        if key not in self._searches:
            self._searches[key] = LocalPCA(ks, **options, warm_start=True, n_jobs=self.threads)
        return self._searches[key]

    def oracle(self) -> MNISTOracle:
        """Return the MNIST oracle."""
        from zeta_geom.realism import MNISTOracle

        if self._oracle is None:
            self._oracle = MNISTOracle.pretrained()
        return self._oracle

    def _original(self, run: Run, measure: SweepMeasure) -> Points:
        """Return the data set of a run; for a measure that holds points out, the half that is mixed."""
        whole, halves = self.data[run.data], measure.halves
        if halves is None:
            return whole
        seed = run.options["split_seed"]
        return self.kept(f"halves {seed}", (whole,), lambda: halves(whole, seed))

    def _mixed(self, run: Run, original: Points) -> Points:
        """Return the mixed data of a run, and keep them for the other measures of the same data."""
        mixing, of, mixed = self._mixtures.get(type(original), ("", None, None))
        if mixed is None or mixing != run.mixing or of is not original:
            mixed = mix(run, original, self.objects.mixers)
            self._mixtures[type(original)] = run.mixing, original, mixed
        return mixed

    def _in_space(self, space: FeatureSpace, original: Points, mixed: Points) -> tuple[Points, Points]:
        """Return the features of both data sets; they are kept for the other measures of the same data."""
        kind = "half" if isinstance(original, Halves) else "whole"
        first = self.kept(f"features {kind}", (original,), lambda: features_of(space, original))
        if mixed is original:
            return first, first
        return first, self.kept(f"mixed features {kind}", (mixed,), lambda: features_of(space, mixed))


def mix(run: Run, points: Points, mixers: Mapping[str, CustomMixer]) -> Points:
    """Return the mixed data of a run."""
    if run.label in mixers:
        return Points(*mixers[run.label](run, points))
    mixer = run.make_mixer()
    if mixer is None:
        return points
    options: Any = {"batch_size": run.batch_size, "n_classes": points.n_classes, "epoch": run.stream}
    return Points(*mixer.mix_dataset(points.X, points.Y, **options))


def features_of(space: FeatureSpace, points: Points) -> Points:
    """Return the features of a data set, and of its held-out half."""
    changes: dict[str, Any] = {"X": space.extract(points.X)}
    if isinstance(points, Halves) and points.heldout is not None:
        changes["heldout"] = features_of(space, points.heldout)
    return replace(points, **changes)


def axis_column(name: str) -> str:
    """Return the column of a swept parameter of mixers: its name, unless a table has such a column already."""
    return f"mixer_{name}" if name in (*COLUMNS, *VALUES) else name


def _cell(value: object) -> Any:
    """Return a parameter's value as an entry of a table: numbers and texts as they are, others as JSON."""
    return value if value is None or isinstance(value, (bool, int, float, str)) else json.dumps(value)


@dataclass(frozen=True)
class RemoteWorkshop:
    """Carries out runs in the process that it is sent to, which keeps one `Workshop`; the data stay on the disk."""

    data: tuple[tuple[str, Path, Path | None], ...]  # name, .npy file of X, .npy file of the labels
    threads: int
    objects_key: str = ""  # stands for the objects in comparisons
    objects: Objects | None = field(default=None, compare=False)

    def __call__(self, settings: Mapping[str, Any]) -> pd.DataFrame:
        """Return the rows of a run; see `Workshop`."""
        with _ALONE:
            return _workshop(self)(settings)


_ALONE = Lock()  # a worker of Dask may have several threads; a workshop does one run at a time


def keep_array(folder: Path, array: np.ndarray, fingerprint: str) -> Path:
    """Return an array's `.npy` file, for worker processes to map; write it unless it is there and whole."""
    path = folder.resolve() / f"{fingerprint}.npy"
    try:
        whole = data_fingerprint(np.load(path, mmap_mode="r", allow_pickle=False)) == path.stem
    except (OSError, ValueError, EOFError):
        whole = False
    if not whole:
        with atomic_path(path) as temporary:
            np.save(temporary, array, allow_pickle=False)
    return path


@lru_cache(maxsize=1)
def _workshop(remote: RemoteWorkshop) -> Workshop:
    data = {name: Points(np.load(X, mmap_mode="c"), None if Y is None else np.load(Y)) for name, X, Y in remote.data}
    return Workshop(data, remote.threads, remote.objects)


def _mean(values: np.ndarray) -> float:
    """Return the mean; NaN of no values, as of an estimator that gives no point a dimension."""
    return float(values.mean()) if values.size else np.nan


def _std(values: np.ndarray) -> float:
    """Return the standard deviation; NaN for one number or none, and, without a warning, if a value is infinite."""
    with np.errstate(invalid="ignore"):
        return float(values.std()) if values.ndim and values.size else np.nan


def _sem(values: np.ndarray, n: int, anchors: bool) -> float:
    """Return the standard error of the values' mean as an estimate of the mean over n points; 0 for all points."""
    from zeta_geom.geometry.local_pca import standard_error

    if not (values.ndim and values.size):
        return np.nan
    return standard_error(values, n) if anchors and len(values) != n else 0.0
