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
from zeta_geom.records.keys import data_fingerprint
from zeta_geom.sweeps.arguments import check_axes, check_data, check_options, check_space
from zeta_geom.sweeps.custom.identities import Place
from zeta_geom.sweeps.grid import Run, make_grid
from zeta_geom.sweeps.measure_specs import measure_specs
from zeta_geom.sweeps.measures import Halves, Points
from zeta_geom.sweeps.mixer_specs import mixer_specs
from zeta_geom.sweeps.plan import Plan
from zeta_geom.sweeps.tables import ABOUT, joined
from zeta_geom.sweeps.workshop import RemoteWorkshop, Workshop, keep_array, mix


class SweepError(RuntimeError):
    """Some runs of a sweep failed; the others are finished, and kept if the sweep has a folder."""


def sweep(
    data: Mapping[str, ArrayLike | tuple[ArrayLike, ArrayLike]],
    *,
    gammas: float | Iterable[float] | None = None,
    measures: Sequence[Any] | Mapping[str, Any] = ("dimension",),
    estimator: object = None,
    n_neighbors: int | tuple[int, ...] = (8, 128),
    mixers: Sequence[Any] | Mapping[str, Any] = ("zeta", "mixup"),
    grid: Mapping[str, Mapping[str, Iterable[Any]]] | None = None,
    anchors: Sequence[str] = ("self",),
    n_mix: Sequence[int | None] = (None,),
    seeds: Sequence[int] = (0,),
    batch_size: int = 32,
    channels: str | None = None,
    alpha: float = 0.05,
    n_anchors: int | None = None,
    features: object = None,
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
    gammas : float or iterable of float, optional
        γ ≥ 0, for the mixers that take γ; by default each has its own γ.
    measures : sequence of names and callables, or mapping of label -> name, callable or pair
        "dimension". "label-error", for (X, y): the share of points whose top class is not among the winners of the
        vote of their k nearest originals. "realism", for MNIST-like images: the oracle's entropy and, with labels,
        the cross-entropies, in nats. Any measure of an audit by its name, such as "precision", "tangent-residual" or
        "tangent-residual-k8": half of the data are held out, and the other half is mixed. A function
        f(original, mixed) of two `Points`, or "module:name". A pair (measure, options): ("dimension", {"estimator":
        "TLE"}), ("true-distance", {"manifold": "helix-3d"}), (f, {"unit": "nats", "better": "lower"}).
    estimator : name, estimator of scikit-dimension, or sequence of these, optional
        The estimators of "dimension", which is added to `measures`; local PCA by default, also under the name "FO".
        "TLE" gives the measure "dimension-TLE".
    n_neighbors : int, or tuple of int
        k ≥ 2, below n, for the measures that take k.
    mixers : sequence of names, mixers and callables, or mapping of label -> one of these, or (it, parameters)
        The mixers to compare; the unmixed data always come first, as "original". A name in MIXERS; a Mixer, whose
        random state is not used, because each run sets its seed; a function f(X, y) -> (X, Y) of a batch, or a
        transform, as an audit takes it.
    grid : mapping of label -> mapping of parameter -> values, optional
        Axes of any parameters of a mixer, as in {"cutmix": {"alpha": [0.2, 1.0]}}: every combination is a run. Those
        of gamma, n_mix and anchor replace `gammas`, `n_mix` and `anchors` for this mixer; each other one is a column
        of the table. A mixer of MIXERS that only grid names is added.
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
        The space of all measures but those of an oracle, as `zeta_geom.features.space` takes it; the points
        themselves by default. Samples are mixed first.
    common_random_numbers : bool
        Use the same permutations for every γ, so that differences along a curve come from γ alone.
    executor : Executor, optional
        `SerialExecutor()` by default; `PoolExecutor(n)` or `DaskExecutor(address)` carry out several runs at once.
    folder : path, optional
        The ledger: it keeps each finished run, and a later call does not repeat it, so a killed sweep resumes. The
        table is written there too, as `results.parquet`. The code and the values of users' functions, mixers and
        modules are part of the keys of runs; `Keyed` gives a key to those that cannot be read.
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
        anchor empty and k 0; an n_mix of 0 is the whole batch. A measure that is one number has n = 1, and std and
        sem are NaN. There is a column for each further parameter in grid, and with features a column space; with
        other measures than the first three, columns unit and better. `fill_gamma` repeats rows without γ, for a plot.

    Raises
    ------
    TypeError, ValueError
        If a value is out of range, a name is unknown, the data do not allow a measure, an object cannot be imported
        by other processes, or it has no key and there is a folder.
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
    executor = executor or SerialExecutor()
    place = Place(folder is not None, executor.in_processes)
    points, channels = check_data(data), check_channels(channels)
    axes = check_axes(anchors, n_mix, gammas, seeds)
    axes |= {"batch_size": check_int(batch_size, "batch_size", low=1), "common_random_numbers": common_random_numbers}
    space = check_space(features, channels, points, place)
    options = check_options(n_neighbors, alpha, n_anchors, axes["seeds"], space)
    plan = Plan(measure_specs(measures, estimator, options, place), mixer_specs(mixers, grid, place, channels), space)
    runs = list(make_grid(list(points), **axes, mixers=plan.mixers, measures=plan.measures))
    _check(runs, points, plan)
    if limit is not None:
        check_real(limit, "limit", low=0, strict=True)
    if folder is None and getattr(executor, "address", None):
        raise ValueError("folder must be set if executor has a Dask address; name a folder that all workers see.")
    with tempfile.TemporaryDirectory() if folder is None else nullcontext(folder) as kept_in:
        ledger = Ledger(kept_in)
        data_sets = [HashedPoints.of(name, points[name]) for name in points]
        entries = _entries(ledger, runs, data_sets, plan, stale and not force)
        tables = carry_out(
            ledger, entries, _workshop(ledger, data_sets, executor, plan), executor, limit=limit, force=force,
            retry_failed=retry_failed, progress=progress, description=f"sweep of {', '.join(points)}",
        )  # fmt: skip
        failures = [(entry, ledger.failure(entry)) for entry in entries if entry.name not in tables]
        table = joined([(tables[entry.name], entry) for entry in entries if entry.name in tables])
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
    tables = [(table, entry) for entry in ledger.plan() if (table := ledger.read(entry)) is not None]
    if not tables:
        raise FileNotFoundError(f"no run of the sweep in {folder} is finished.")
    return joined(tables)


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


def _entries(
    ledger: Ledger, runs: Sequence[Run], data_sets: Sequence[HashedPoints], plan: Plan, stale: bool
) -> list[Entry]:
    """Return the entries of runs, without repetitions; with `stale`, those of older code that is finished."""
    prints = {data.name: " ".join(data.fingerprints) for data in data_sets}
    entries = [ledger.entry(run.slug, run.settings, prints[run.data], plan.sources(run)) for run in runs]
    if stale:
        entries = [ledger.of_older_code(entry) or entry for entry in entries]
    about = [plan.measures[run.measure].about for run in runs]
    entries = [
        Entry(entry.name, {**entry.manifest, ABOUT: text}) if text else entry for entry, text in zip(entries, about)
    ]
    return list({entry.name: entry for entry in entries}.values())  # a γ given twice is one run


def _check(runs: Sequence[Run], points: Mapping[str, Points], plan: Plan) -> None:
    """Raise the errors that settings alone cause, before any work: mix two batches for each kind of mixer."""
    options_of = {(run.data, run.measure): run.options for run in runs}
    for (name, measure), options in options_of.items():
        plan.measures[measure].measure.check(points[name], options)
    tried = set()
    for run in runs:
        original = points[run.data]
        if run.label not in plan.objects.mixers:
            run.make_mixer()
        least = min(run.batch_size, len(original.X))
        if run.n_mix is not None and run.n_mix > least:
            raise ValueError(f"n_mix must be at most the {least} points of a batch; got {run.n_mix}.")
        kind = (run.data, run.label, run.n_mix, run.anchor, json.dumps(run.axes))
        if run.mixer is not None and kind not in tried:
            tried.add(kind)
            part = slice(0, 2 * least)
            Y = None if original.Y is None else original.Y[part]
            mix(run, Halves(original.X[part], Y, classes=original.n_classes), plan.objects.mixers)


def _workshop(
    ledger: Ledger, data_sets: Sequence[HashedPoints], executor: Executor, plan: Plan
) -> Workshop | RemoteWorkshop:
    if not executor.in_processes:
        return Workshop({data.name: data.points for data in data_sets}, executor.threads, plan.objects)
    files = []
    with ledger.writing():
        for data in data_sets:
            arrays = [part for part in (data.points.X, data.points.Y) if part is not None]
            X, *Y = map(keep_array, [ledger.folder / "data"] * 2, arrays, data.fingerprints)
            files.append((data.name, X, Y[0] if Y else None))
    return RemoteWorkshop(tuple(files), executor.threads, plan.key, plan.objects)


def _report(failures: Sequence[tuple[Entry, str | None]], count: int, errors: str) -> None:
    entry, reason = failures[0]
    reason = reason or "its files were removed or damaged meanwhile; run the same again."
    message = f"{len(failures)} of {count} runs failed; the first, {entry.manifest['name']}: {reason}"
    if errors == "raise":
        raise SweepError(message)
    warnings.warn(message, RuntimeWarning, stacklevel=3)
