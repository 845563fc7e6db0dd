"""The local dimension of a mixed data set against γ."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel
from tqdm import tqdm

from zeta_geom import records
from zeta_geom.checks import check_choice, check_int, check_points
from zeta_geom.geometry import LocalPCA
from zeta_geom.mixers import MIXERS, make_mixer

__all__ = ["gamma_sweep"]

MEASURE = "dimension"


class Run(BaseModel, frozen=True):
    """One mixed data set of a sweep; `mixer` None stands for the data as they are."""

    label: str
    mixer: str | None = None
    params: dict[str, Any] = {}
    gamma: float | None = None
    n_mix: int | None = None
    anchor: str | None = None
    seed: int = 0
    stream: int = 0

    def mix(self, X: np.ndarray, batch_size: int) -> np.ndarray:
        """Return the data as this run mixes them."""
        if self.mixer is None:
            return X
        swept = {"gamma": self.gamma, "n_mix": self.n_mix, "anchor": self.anchor}
        params = self.params | {name: value for name, value in swept.items() if value is not None}
        mixer = make_mixer(self.mixer, **params, random_state=self.seed)
        return mixer.mix_dataset(X, batch_size=batch_size, epoch=self.stream)[0]

    @property
    def slug(self) -> str:
        """A file name of its own within a sweep."""
        parts = [self.label, self.anchor, f"T{self.n_mix}" if self.n_mix else None]
        parts += [None if self.gamma is None else f"gamma{self.gamma:g}", f"seed{self.seed}"]
        return "-".join(part for part in parts if part)


def gamma_sweep(
    X: Any,
    y: Any = None,
    *,
    gammas: Iterable[float],
    n_neighbors: int | tuple[int, ...] = (8, 128),
    mixers: Sequence[str] | Mapping[str, tuple[str, Mapping[str, Any]]] = ("zeta", "mixup"),
    anchors: Sequence[str] = ("self",),
    n_mix: Sequence[int | None] = (None,),
    seeds: Sequence[int] = (0,),
    batch_size: int = 32,
    alpha: float = 0.05,
    common_random_numbers: bool = True,
    data: str = "data",
    folder: Path | str | None = None,
    force: bool = False,
    stale: bool = False,
    n_jobs: int | None = -1,
    progress: bool = True,
) -> pd.DataFrame:
    """Measure the local dimension of the data, and of what mixers make of them, for each γ.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Finite points; images flattened.
    y : ignored
        Labels play no part in this measure.
    gammas : iterable of float
        γ ≥ 0, for the mixers that have one.
    n_neighbors : int, or tuple of int
        k ≥ 2, below n.
    mixers : sequence of names in MIXERS, or mapping of label -> (name, parameters)
        What is swept; the data as they are always come first, as "original".
    anchors, n_mix, seeds : sequences
        Further values of the grid, for the mixers that take them; n_mix None is the whole batch.
    batch_size : int
        Points in a batch.
    alpha : float
        Threshold of the Fukunaga-Olsen rule.
    common_random_numbers : bool
        Use the same permutations for every γ, so that differences along a curve are γ's.
    data : str
        The data's name, for the table.
    folder : path, optional
        Keep a record of each run there, and reuse it in a later call: a sweep that was killed goes on.
    force, stale : bool
        As in `records.record`.
    n_jobs : int or None
        Number of threads of each run, as in scikit-learn; -1 is one for each core.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    DataFrame
        A row a (data, mixer, gamma, n_mix, anchor, seed, measure, k), with mean, std (over points), seed_std (of the
        mean over seeds, NaN for one seed), n and seconds. Where it does not apply, gamma is NaN and anchor empty; an
        n_mix of 0 is the whole batch.

    Raises
    ------
    TypeError, ValueError
        If a value is out of range, or a mixer's name is unknown.

    References
    ----------
    Abhishek et al. 2024, Figure 6.

    Examples
    --------
    >>> from zeta_geom.manifolds import make_helix
    >>> X, _ = make_helix(300, random_state=0)
    >>> table = gamma_sweep(X, gammas=[2, 8], n_neighbors=8, progress=False)
    >>> table[["mixer", "gamma", "k", "n"]]
          mixer  gamma  k    n
    0  original    NaN  8  300
    1      zeta    2.0  8  300
    2      zeta    8.0  8  300
    3     mixup    NaN  8  300
    """
    X = check_points(X, min_samples=3)
    ks = (n_neighbors,) if isinstance(n_neighbors, (int, np.integer)) else tuple(n_neighbors)
    check_int(batch_size, "batch_size", low=1)
    if isinstance(mixers, str) or isinstance(anchors, str):
        raise TypeError(
            f"mixers and anchors must be sequences of names; got {mixers!r} and {anchors!r}. Use a tuple."
        )
    runs = list(
        _grid(
            np.atleast_1d(np.asarray(gammas, dtype=float)).tolist(),
            mixers,
            anchors,
            n_mix,
            seeds,
            common_random_numbers,
        )
    )
    fingerprint = records.data_fingerprint(X) if folder is not None else ""

    # along a curve the points move little, so that the neighbours of one γ are a good start for the next
    pca = LocalPCA(ks, alpha=alpha, warm_start=True, n_jobs=n_jobs)
    tables = []
    bar = tqdm(runs, desc=f"γ sweep of {data}", unit="run", disable=None if progress else True)
    for run in bar:

        def compute(run: Run = run) -> pd.DataFrame:
            return _measure(run, X, pca, ks, batch_size)

        if folder is None:
            tables.append(compute())
            continue
        settings = run.model_dump() | {"n_neighbors": list(ks), "batch_size": batch_size, "alpha": alpha}
        stored = records.record(
            run.slug, compute, settings=settings, data=fingerprint, folder=folder, force=force, stale=stale
        )
        tables.append(stored.table)
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, "data", data)
    return _with_seed_spread(table)


def _grid(
    gammas: list[float],
    mixers: Sequence[str] | Mapping[str, tuple[str, Mapping[str, Any]]],
    anchors: Sequence[str],
    n_mix: Sequence[int | None],
    seeds: Sequence[int],
    common: bool,
) -> Iterator[Run]:
    yield Run(label="original")
    named = mixers if isinstance(mixers, Mapping) else {name: (name, {}) for name in mixers}
    for label, (name, params) in named.items():
        takes = inspect.signature(MIXERS[check_choice(name, "mixers", MIXERS)]).parameters.keys() - params.keys()
        for anchor in anchors if "anchor" in takes else [None]:
            for count in n_mix if "n_mix" in takes else [None]:
                for seed in seeds:
                    for index, gamma in enumerate(gammas if "gamma" in takes else [None]):
                        yield Run(
                            label=label,
                            mixer=name,
                            params=dict(params),
                            gamma=gamma,
                            n_mix=count,
                            anchor=anchor,
                            seed=seed,
                            stream=0 if common else index,
                        )


def _measure(run: Run, X: np.ndarray, pca: LocalPCA, ks: tuple[int, ...], batch_size: int) -> pd.DataFrame:
    start = time.perf_counter()
    by_k = pca.fit(run.mix(X, batch_size)).dimension_pw_
    seconds = time.perf_counter() - start
    rows = [
        {
            "mixer": run.label,
            "gamma": np.nan if run.gamma is None else float(run.gamma),
            "n_mix": run.n_mix or 0,  # 0: the whole batch
            "anchor": run.anchor or "",
            "seed": run.seed,
            "measure": MEASURE,
            "k": k,
            "mean": values.mean(),
            "std": values.std(),
            "n": len(values),
            "seconds": seconds,
        }
        for k, values in zip(ks, by_k)
    ]
    return pd.DataFrame(rows)


def _with_seed_spread(table: pd.DataFrame) -> pd.DataFrame:
    """Add the standard deviation over seeds of the mean over points."""
    setting = table.groupby(["data", "mixer", "gamma", "n_mix", "anchor", "measure", "k"], dropna=False)
    table.insert(list(table.columns).index("std") + 1, "seed_std", setting["mean"].transform("std"))
    return table
