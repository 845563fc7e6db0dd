"""Where a run of a sweep is carried out: the data, and what is dear to make, kept from one run to the next."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from zeta_geom.records import atomic_path
from zeta_geom.records.manifests import data_fingerprint
from zeta_geom.sweeps.grid import Run
from zeta_geom.sweeps.measures import MEASURES, Points

__all__ = ["RemoteWorkshop", "Workshop", "keep_array"]


class Workshop:
    """Carries out runs in this process.

    Parameters
    ----------
    data : mapping of name -> Points
    threads : int
        Threads of a run.
    """

    def __init__(self, data: Mapping[str, Points], threads: int) -> None:
        self.data, self.threads = data, threads
        self._mixed: tuple[str, Points] | None = None
        self._searches: dict[Any, Any] = {}
        self._oracle: Any = None

    def __call__(self, settings: Mapping[str, Any]) -> pd.DataFrame:
        """Return the rows of a run: a row a quantity and k."""
        run = Run.model_validate(settings)
        start = time.perf_counter()
        original = self.data[run.data]
        mixed = self._mix(run, original)
        found = list(MEASURES[run.measure].rows(original, mixed, run.options, self))
        about = {
            "data": run.data,
            "mixer": run.label,
            "gamma": np.nan if run.gamma is None else float(run.gamma),
            "n_mix": run.n_mix or 0,  # 0: the whole batch
            "anchor": run.anchor or "",
            "seed": run.seed,
        }
        seconds = time.perf_counter() - start
        return pd.DataFrame(
            about
            | {"measure": quantity, "k": k, "mean": values.mean(), "std": _std(values)}
            | {"sem": _sem(values, len(mixed.X)), "n": len(values), "seconds": seconds}
            for quantity, k, values in found
        )

    def local_pca(self, ks: tuple[int, ...], **how: Any) -> Any:
        """Return the estimator: along a curve one γ's neighbours are a good start for the next's."""
        from zeta_geom.geometry import LocalPCA

        key = (ks, *sorted(how.items()))
        if key not in self._searches:
            self._searches[key] = LocalPCA(ks, **how, warm_start=True, n_jobs=self.threads)
        return self._searches[key]

    def oracle(self) -> Any:
        """Return the MNIST oracle."""
        from zeta_geom.realism import MNISTOracle

        if self._oracle is None:
            self._oracle = MNISTOracle.pretrained()
        return self._oracle

    def _mix(self, run: Run, original: Points) -> Points:
        """Return the data as a run mixes them; the last ones are kept, for its other measures."""
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
    """Carries out runs in whatever process it is sent to, which keeps one `Workshop`; the data stay on the disk.

    Parameters
    ----------
    data : tuple of (name, path of X, path of the labels or None)
        `.npy` files.
    threads : int
    """

    data: tuple[tuple[str, Path, Path | None], ...]
    threads: int

    def __call__(self, settings: Mapping[str, Any]) -> pd.DataFrame:
        """Return the rows of a run; see `Workshop`."""
        with _ONE:
            return _workshop(self)(settings)


_ONE = Lock()  # a worker of Dask may have several threads; a workshop does one run at a time


def keep_array(folder: Path, array: np.ndarray) -> Path:
    """Return the `.npy` file of an array for worker processes to map, written where it is not there, whole."""
    path = folder.resolve() / f"{data_fingerprint(array)}.npy"
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
    return Workshop(data, remote.threads)


def _std(values: np.ndarray) -> float:
    """Return the standard deviation; NaN, silently, where a value is infinite."""
    with np.errstate(invalid="ignore"):
        return float(values.std())


def _sem(values: np.ndarray, n: int) -> float:
    """Return the standard error of the mean as an estimate of that over n points: 0 where these are all of them."""
    from zeta_geom.geometry.local_pca import standard_error

    return 0.0 if len(values) == n else standard_error(values, n)
