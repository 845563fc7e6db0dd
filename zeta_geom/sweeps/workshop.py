"""Workshops carry out the runs of a sweep; they keep data and estimators from one run to the next."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any  # Any: of settings, which are JSON values

import numpy as np
import pandas as pd

from zeta_geom.records.disk import atomic_path
from zeta_geom.records.keys import data_fingerprint
from zeta_geom.sweeps.grid import Run
from zeta_geom.sweeps.measures import MEASURES, Points

if TYPE_CHECKING:
    from zeta_geom.features.spaces import FeatureSpace  # for types: only runs in a space have its code in their keys
    from zeta_geom.geometry import LocalPCA
    from zeta_geom.realism import MNISTOracle

SOURCE = Path(__file__)  # what this module imports is the code in the key of a run
PIXELS = "pixels"  # the space of measures that do not take one
SOURCE = Path(__file__)  # the code in the key of a run: this module and its imports


class Workshop:
    """Carries out runs in this process, each with `threads` threads."""

    def __init__(self, data: Mapping[str, Points], threads: int, space: FeatureSpace | None = None) -> None:
        self.data, self.threads, self.space = data, threads, space
        self._original_features: tuple[str, Points] | None = None
        self._mixed_features: tuple[str, Points] | None = None
        self._mixed: tuple[str, Points] | None = None
        self._searches: dict[object, LocalPCA] = {}
        self._oracle: MNISTOracle | None = None

    def __call__(self, settings: Mapping[str, Any]) -> pd.DataFrame:
        """Return a row for each quantity and k of a run."""
        run = Run.model_validate(settings)
        start = time.perf_counter()
        original = self.data[run.data]
        mixed = self._mix(run, original)
        space = None if self.space is None else self.space.of(original.X.shape)
        measured = original, mixed
        if "space" in run.options and space is not None:
            measured = self._in_space(space, run, original, mixed)
        rows = list(MEASURES[run.measure].rows(*measured, run.options, self))
        setting = {
            "data": run.data,
            "mixer": run.label,
            "gamma": np.nan if run.gamma is None else float(run.gamma),
            "n_mix": run.n_mix or 0,  # 0: the whole batch
            "anchor": run.anchor or "",
            "seed": run.seed,
        }
        if space is not None:
            setting["space"] = space.name if "space" in run.options else PIXELS
        seconds = time.perf_counter() - start
        return pd.DataFrame(
            setting
            | {"measure": quantity, "k": k, "mean": values.mean(), "std": _std(values)}
            | {"sem": _sem(values, len(mixed.X)), "n": len(values), "seconds": seconds}
            for quantity, k, values in rows
        )

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

    def _in_space(self, space: FeatureSpace, run: Run, original: Points, mixed: Points) -> tuple[Points, Points]:
        """Return the features of both data sets; they are kept for the other measures of the same data."""
        if self._original_features is None or self._original_features[0] != run.data:
            self._original_features = run.data, Points(space.extract(original.X), original.Y)
        first = self._original_features[1]
        if mixed is original:
            return first, first
        if self._mixed_features is None or self._mixed_features[0] != run.mixing:
            self._mixed_features = run.mixing, Points(space.extract(mixed.X), mixed.Y)
        return first, self._mixed_features[1]

    def _mix(self, run: Run, original: Points) -> Points:
        """Return the mixed data of a run, and keep them for the other measures of the same data."""
        mixer = run.make_mixer()
        if mixer is None:
            return original
        if self._mixed is None or self._mixed[0] != run.mixing:
            X, Y = mixer.mix_dataset(
                original.X, original.Y, batch_size=run.batch_size, n_classes=original.n_classes, epoch=run.stream
            )
            self._mixed = run.mixing, Points(X, Y)
        return self._mixed[1]


@dataclass(frozen=True)
class RemoteWorkshop:
    """Carries out runs in the process that it is sent to, which keeps one `Workshop`; the data stay on the disk."""

    data: tuple[tuple[str, Path, Path | None], ...]  # name, .npy file of X, .npy file of the labels
    threads: int
    space_key: str = ""  # stands for the space in comparisons
    space: FeatureSpace | None = field(default=None, compare=False)

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
    return Workshop(data, remote.threads, remote.space)


def _std(values: np.ndarray) -> float:
    """Return the standard deviation; NaN, without a warning, if a value is infinite."""
    with np.errstate(invalid="ignore"):
        return float(values.std())


def _sem(values: np.ndarray, n: int) -> float:
    """Return the standard error of the values' mean as an estimate of the mean over n points; 0 for all points."""
    from zeta_geom.geometry.local_pca import standard_error

    return 0.0 if len(values) == n else standard_error(values, n)
