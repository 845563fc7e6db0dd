"""Measures of one data set, and of its mixed versions, against γ."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any  # of settings that `sweep` checks

import numpy as np
import pandas as pd

from zeta_geom.checks import check_jobs, check_table
from zeta_geom.checks.types import ArrayLike
from zeta_geom.execution.executors import Executor, SerialExecutor
from zeta_geom.execution.threads import effective_n_jobs
from zeta_geom.sweeps.sweep import sweep


def gamma_sweep(
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    gammas: Iterable[float],
    n_neighbors: int | tuple[int, ...] = (8, 128),
    measures: Sequence[Any] | Mapping[str, Any] = ("dimension",),
    data: str = "data",
    executor: Executor | None = None,
    n_jobs: int | None = -1,
    **settings: Any,
) -> pd.DataFrame:
    """Measure one data set and its mixed versions for each γ: `sweep` on one data set.

    Parameters
    ----------
    X : array-like of shape (n, d), or (n, H, W, ...)
        Finite points, or images.
    y : int array of shape (n,) or (n, 1), or array of shape (n, K), optional
        Labels, for the measures that need them.
    data : str
        The data's name, for the table.
    n_jobs : int or None
        Without an executor, the number of threads of each run, as in scikit-learn; -1 is one for each core.
    gammas, n_neighbors, measures, executor, **settings
        As in `sweep`.

    Returns
    -------
    DataFrame
        As in `sweep`.

    Raises
    ------
    TypeError, ValueError, SweepError
        As in `sweep`.

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
    executor = executor or SerialExecutor(threads=effective_n_jobs(check_jobs(n_jobs)))
    points = X if y is None else (X, y)
    return sweep(
        {data: points}, gammas=gammas, n_neighbors=n_neighbors, measures=measures, executor=executor, **settings
    )


def fill_gamma(table: pd.DataFrame) -> pd.DataFrame:
    """Repeat each row without γ, such as the original's and mixup's, at every γ of the table: as a level line.

    Parameters
    ----------
    table : DataFrame
        Of `sweep` or `gamma_sweep`, or some of its rows.

    Returns
    -------
    DataFrame
        The same columns; if no row has a γ, the same rows too.

    Raises
    ------
    TypeError, ValueError
        If there is no column gamma of numbers.

    Examples
    --------
    >>> from zeta_geom.manifolds import make_helix
    >>> X, _ = make_helix(300, random_state=0)
    >>> table = fill_gamma(gamma_sweep(X, gammas=[2, 8], n_neighbors=8, progress=False))
    >>> curves = table.pivot(index="gamma", columns="mixer", values="mean")  # curves.plot() draws three lines
    >>> curves.notna().all().to_dict()
    {'mixup': True, 'original': True, 'zeta': True}
    """
    check_table(table, ["gamma"])
    gamma = table["gamma"].to_numpy(dtype=np.float64)
    lacks = np.isnan(gamma)
    gammas = np.unique(gamma[~lacks])
    if not len(gammas):
        return table.copy()
    counts = np.where(lacks, len(gammas), 1)
    filled = np.repeat(gamma, counts)
    filled[np.repeat(lacks, counts)] = np.tile(gammas, lacks.sum())
    foreign = {
        name: dtype for name, dtype in table.dtypes.items() if isinstance(dtype, np.dtype) and not dtype.isnative
    }
    table = table.astype({name: dtype.newbyteorder("=") for name, dtype in foreign.items()})  # pandas takes no others
    return table.iloc[np.repeat(np.arange(len(table)), counts)].reset_index(drop=True).assign(gamma=filled)
