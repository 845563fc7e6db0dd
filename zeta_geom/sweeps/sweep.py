"""Measures of mixed data over a grid of settings: resumable, on one core or many."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # of parameters of mixers, which they check

import pandas as pd

from zeta_geom.checks import check_channels, check_choice, check_int, check_real
from zeta_geom.checks.types import ArrayLike
from zeta_geom.execution.executors import Executor, SerialExecutor
from zeta_geom.execution.ledger import Entry, Ledger
from zeta_geom.execution.running import carry_out
from zeta_geom.records.disk import atomic_path
from zeta_geom.records.keys import Sources, data_fingerprint
from zeta_geom.sweeps.arguments import check_axes, check_data, check_options, check_space
from zeta_geom.sweeps.grid import Run, make_grid
from zeta_geom.sweeps.measures import MEASURES, Points
from zeta_geom.sweeps.workshop import PIXELS, SOURCE, RemoteWorkshop, Workshop, keep_array


class SweepError(RuntimeError):
    """Some runs of a sweep failed; the others are finished, and kept if the sweep has a folder."""


def sweep(
    data: Mapping[str, ArrayLike | tuple[ArrayLike, ArrayLike]],
    *,
    gammas: Iterable[float],
    measures: Sequence[str] = ("dimension",),
    n_neighbors: int | tuple[int, ...] = (8, 128),
    mixers: Sequence[str] | Mapping[str, tuple[str, Mapping[str, Any]]] = ("zeta", "mixup"),
    anchors: Sequence[str] = ("self",),
    n_mix: Sequence[int | None] = (None,),
    seeds: Sequence[int] = (0,),
    batch_size: int = 32,
    channels: str | None = None,
    alpha: float = 0.05,
    n_anchors: int | None = None,
    features: Any = None,
    common_random_numbers: bool = True,
    executor: Executor | None = None,
    folder: Path | str | None = None,
    limit: float | None = None,
    errors: str = "raise",
    retry_failed: bool = True,
    force: bool = False,
    stale: bool = False,
    progress: bool = True,
) -> pd.DataFrame:
    """Measure data sets and their mixed versions for each setting of a grid.

    Parameters
    ----------
    data : mapping of name -> X, or (X, y)
        X: finite points (n, d), or images (n, H, W, ...), floats or grey levels 0..255; y: labels (n,) or (n, K).
    gammas : iterable of float
        γ ≥ 0, for the mixers that take γ.
    measures : sequence of names in MEASURES
        "dimension". "label-error", for (X, y): the share of points whose top class is not among the winners of the
        vote of their k nearest originals. "realism", for MNIST-like images: the oracle's entropy and, with labels,
        the cross-entropies, in nats.
    n_neighbors : int, or tuple of int
        k ≥ 2, below n, for the measures that take k.
    mixers : sequence of names in MIXERS, or mapping of label -> (name, parameters)
        The mixers to compare; the unmixed data always come first, as "original".
    anchors, n_mix, seeds : sequences
        Further axes of the grid, for the mixers that take them; an n_mix of None is the whole batch.
    batch_size, alpha : int, float
        Points in a batch; threshold of the Fukunaga-Olsen rule.
    channels : {"first", "last"}, optional
        Where the channels of images are, for mixers that treat height and width apart; inferred by default.
    n_anchors : int, optional
        Number of points at which the dimension is estimated, with neighbours among all points; by default all. The
        first of `seeds` draws these points, the same ones for every γ, mixer and seed of a data set.
    features : value, or pair (network, layer), optional
        The space of "dimension" and "label-error", as `zeta_geom.features.space` takes it; the points themselves by
        default. Samples are mixed first.
    common_random_numbers : bool
        Use the same permutations for every γ, so that differences along a curve come from γ alone.
    executor : Executor, optional
        `SerialExecutor()` by default; `PoolExecutor(n)` or `DaskExecutor(address)` carry out several runs at once.
    folder : path, optional
        The ledger: it keeps each finished run, and a later call does not repeat it, so a killed sweep resumes. The
        table is written there too, as `results.parquet`.
    limit : float, optional
        Seconds that a run may take; needs an executor with processes.
    errors : {"raise", "warn", "ignore"}
        The action at the end if runs failed; the table lacks their rows.
    retry_failed, force, stale, progress : bool
        Repeat the failed runs of earlier calls; repeat all finished runs, even if a forced call was killed; accept
        runs of older code; show a progress bar, on a terminal.

    Returns
    -------
    DataFrame
        One row per (data, mixer, gamma, n_mix, anchor, seed, measure, k), with mean, std (over points), seed_std
        (of the mean over seeds, NaN for one seed), sem (standard error of the mean as an estimate over all points: 0
        if all are used, NaN for one anchor), n (points used) and seconds. If a setting does not apply, gamma is NaN,
        anchor empty and k 0; an n_mix of 0 is the whole batch. With features there is a column space. `fill_gamma`
        repeats rows without γ, for a plot.

    Raises
    ------
    TypeError, ValueError
        If a value is out of range, a name is unknown, or the data do not allow a measure.
    SweepError
        If runs failed, after the others are done, with errors="raise".

    References
    ----------
    Abhishek et al. 2024, Figure 6.

    Examples
    --------
    >>> from zeta_geom.manifolds import make_crescents
    >>> table = sweep({"moons": make_crescents(200, random_state=0)}, gammas=[3], measures=["label-error"],
    ...               n_neighbors=8, progress=False)
    >>> table[["mixer", "measure", "k", "n"]]
          mixer      measure  k    n
    0  original  label-error  8  200
    1      zeta  label-error  8  200
    2     mixup  label-error  8  200
    """
    check_choice(errors, "errors", ("raise", "warn", "ignore"))
    points = check_data(data)
    axes = check_axes(mixers, anchors, n_mix, gammas, seeds)
    axes |= {"batch_size": check_int(batch_size, "batch_size", low=1), "common_random_numbers": common_random_numbers}
    space = check_space(features, check_channels(channels), points, folder)
    axes["measures"] = check_options(measures, n_neighbors, alpha, n_anchors, axes["seeds"], space)
    runs = list(make_grid(list(points), **axes, channels=check_channels(channels)))
    _check(runs, points)
    if limit is not None:
        check_real(limit, "limit", low=0, strict=True)
    executor = executor or SerialExecutor()
    if folder is None and getattr(executor, "address", None):
        raise ValueError("folder must be set if executor has a Dask address; name a folder that all workers see.")
    with tempfile.TemporaryDirectory() if folder is None else nullcontext(folder) as place:
        ledger = Ledger(place)
        data_sets = [HashedPoints.of(name, points[name]) for name in points]
        entries = _entries(ledger, runs, data_sets, stale and not force)
        tables = carry_out(
            ledger, entries, _workshop(ledger, data_sets, executor, space), executor, limit=limit, force=force,
            retry_failed=retry_failed, progress=progress, description=f"sweep of {', '.join(points)}",
        )  # fmt: skip
        failures = [(entry, ledger.failure(entry)) for entry in entries if entry.name not in tables]
        table = _joined(list(tables.values()))
        if folder is not None:
            with atomic_path(ledger.folder / "results.parquet") as temporary:
                table.to_parquet(temporary, index=False)
    if failures and errors != "ignore":
        _report(failures, len(entries), errors)
    return table


def sweep_table(folder: Path | str) -> pd.DataFrame:
    """Return the table of the finished runs in a sweep's folder, even if the sweep is still running.

    Parameters
    ----------
    folder : path
        The folder of the sweep.

    Returns
    -------
    DataFrame
        As in `sweep`.

    Raises
    ------
    FileNotFoundError
        If there is no sweep in the folder, or no run of it is finished.

    Examples
    --------
    >>> sweep_table("nowhere")
    Traceback (most recent call last):
    FileNotFoundError: there is no sweep in nowhere; start one there.
    """
    ledger = Ledger(folder)
    tables = [table for entry in ledger.plan() if (table := ledger.read(entry)) is not None]
    if not tables:
        raise FileNotFoundError(f"no run of the sweep in {folder} is finished.")
    return _joined(tables)


@dataclass(frozen=True)
class HashedPoints:
    """A data set with the fingerprints of X and the labels, which name their files and make the keys of runs."""

    name: str
    points: Points
    fingerprints: tuple[str, ...]

    @classmethod
    def of(cls, name: str, points: Points) -> HashedPoints:
        """Hash a data set."""
        return cls(name, points, tuple(data_fingerprint(part) for part in (points.X, points.Y) if part is not None))


def _entries(ledger: Ledger, runs: Sequence[Run], data_sets: Sequence[HashedPoints], stale: bool) -> list[Entry]:
    """Return the entries of runs, without repetitions; with `stale`, those of older code that is finished."""
    prints = {data.name: " ".join(data.fingerprints) for data in data_sets}
    entries = [ledger.entry(run.slug, run.model_dump(), prints[run.data], _sources(run)) for run in runs]
    if stale:
        entries = [ledger.of_older_code(entry) or entry for entry in entries]
    return list({entry.name: entry for entry in entries}.values())  # a γ given twice is one run


def _sources(run: Run) -> Sources:
    """Return the modules whose code is in the key of a run."""
    if "space" not in run.options:
        return SOURCE
    from zeta_geom.features.keeping import SOURCES

    return [SOURCE, *SOURCES]


def _text(space: Any) -> str:
    """Return what tells two spaces apart."""
    return json.dumps([space.name, space.key, id(space) if space.key is None else 0], sort_keys=True)


def _check(runs: Sequence[Run], points: Mapping[str, Points]) -> None:
    """Raise the errors that settings alone cause, before any work: mix two batches for each kind of mixer."""
    options_of = {(run.data, run.measure): run.options for run in runs}
    for (name, measure), options in options_of.items():
        MEASURES[measure].check(points[name], options)
    tried = set()
    for run in runs:
        mixer, original = run.make_mixer(), points[run.data]
        least = min(run.batch_size, len(original.X))
        if run.n_mix is not None and run.n_mix > least:
            raise ValueError(f"n_mix must be at most the {least} points of a batch; got {run.n_mix}.")
        kind = (run.data, run.label, run.n_mix, run.anchor)
        if mixer is not None and kind not in tried:
            tried.add(kind)
            part = slice(0, 2 * least)
            y = None if original.Y is None else original.Y[part]
            mixer.mix_dataset(original.X[part], y, batch_size=run.batch_size, n_classes=original.n_classes)


def _workshop(
    ledger: Ledger, data_sets: Sequence[HashedPoints], executor: Executor, space: Any
) -> Workshop | RemoteWorkshop:
    if not executor.in_processes:
        return Workshop({data.name: data.points for data in data_sets}, executor.threads, space)
    files = []
    with ledger.writing():
        for data in data_sets:
            arrays = [part for part in (data.points.X, data.points.Y) if part is not None]
            X, *Y = map(keep_array, [ledger.folder / "data"] * 2, arrays, data.fingerprints)
            files.append((data.name, X, Y[0] if Y else None))
    return RemoteWorkshop(tuple(files), executor.threads, "" if space is None else _text(space), space)


def _joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the rows of all runs together, with the spread over seeds of the mean over points."""
    if not tables:
        return pd.DataFrame()
    table = pd.concat(tables, ignore_index=True)
    table.insert(list(table.columns).index("std") + 1, "sem", table.pop("sem"))
    keys = ["data", "mixer", "gamma", "n_mix", "anchor", "measure", "k"]
    if "space" in table:  # of runs with and without features in one folder
        table["space"] = table["space"].fillna(PIXELS)
        table.insert(list(table.columns).index("seed") + 1, "space", table.pop("space"))
        keys.append("space")
    setting = table.groupby(keys, dropna=False)
    table.insert(list(table.columns).index("std") + 1, "seed_std", setting["mean"].transform("std"))
    return table


def _report(failures: Sequence[tuple[Entry, str | None]], count: int, errors: str) -> None:
    entry, reason = failures[0]
    reason = reason or "its files were removed or damaged meanwhile; run the same again."
    message = f"{len(failures)} of {count} runs failed; the first, {entry.manifest['name']}: {reason}"
    if errors == "raise":
        raise SweepError(message)
    warnings.warn(message, RuntimeWarning, stacklevel=3)
