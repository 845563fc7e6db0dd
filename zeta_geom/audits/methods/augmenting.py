"""Augmentations under unique names, applied batch by batch to the sources, and their cost."""

import re
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from tqdm import tqdm

from zeta_geom.audits.methods.batches import Batch, Method
from zeta_geom.audits.methods.calls import to_method
from zeta_geom.audits.methods.libraries import LONGEST
from zeta_geom.audits.samples import Samples, check_same_kind, check_same_unit, soft_labels, to_samples
from zeta_geom.checks.parameters import is_iterable
from zeta_geom.checks.types import ArrayLike
from zeta_geom.mixers.base import Mixer

RESERVED = re.compile(r"(original|held-out)( \(\d+\))?$")  # names of real samples
TIMED = (5, 50, 1.0)  # timed calls: smallest number, largest number, seconds after which no call starts


@dataclass(frozen=True)
class Cost:
    """The cost of a batch."""

    batch: int  # samples in the batch
    seconds: float  # median time of a call
    copy: float  # median time of a copy of the batch
    calls: int


def to_methods(augment: object, against: object, seed: int, channels: str | None = None) -> list[Method]:
    """Return the augmentations of an audit under unique names; `augment` comes first."""
    entries: list[tuple[str, object]] = [] if augment is None else [("", augment)]
    if isinstance(against, Mapping):
        entries += list(against.items())
    elif is_iterable(against) and not isinstance(against, Mixer) and not callable(against):
        entries += [("", value) for value in against]
    else:
        entries.append(("", against))
    methods: list[Method] = []
    for key, value in entries:
        method = to_method(value, seed, key, channels)
        name = key or method.name
        check_name(name)
        used = {other.name for other in methods}
        numbered = (f"{name} ({number})" for number in range(2, len(used) + 2))
        unique = name if name not in used else next(other for other in numbered if other not in used)
        methods.append(replace(method, name=unique))
    return methods


def check_names(methods: list[Method], synthetic: list[str]) -> None:
    """Raise an error if there is nothing to audit, or a synthetic set has an invalid name or a method's."""
    if not methods and not synthetic:
        raise ValueError("there is nothing to audit; give augment, synthetic or against.")
    names = {method.name for method in methods}
    for name in synthetic:
        check_name(name)
        if name in names:
            raise ValueError(f"names in synthetic must differ from names of methods; got {name!r}. Rename the set.")


def check_name(name: object) -> None:
    """Raise an error if a name cannot be the name of a synthetic set."""
    if not isinstance(name, str):
        raise TypeError(f"a name must be a str; got {name!r}.")
    if not name.isprintable() or not 0 < len(name) <= LONGEST or RESERVED.match(name):
        raise ValueError(
            f"a name must have 1 to {LONGEST} printable characters, and must not be 'original' or another name of "
            f"real samples; got {name!r}."
        )


def apply(method: Method, sources: Samples, batch_size: int, *, progress: bool = False) -> Samples:
    """Augment the sources batch by batch."""
    parts: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    same, grey = True, False
    starts = range(0, len(sources), batch_size)
    for start in tqdm(
        starts, desc=method.name, unit="batch", leave=False, delay=2, disable=None if progress else True
    ):
        batch = slice(start, start + batch_size)
        X_new, Y_new, levels = _check_output(method, sources, batch, *method.call(_copy_of(sources, batch)))
        same &= len(X_new) == len(sources.X[batch])
        grey |= levels
        parts.append(X_new)
        if Y_new is not None:
            labels.append(Y_new)
    X = np.concatenate(parts)
    if len(X) == 0:
        raise ValueError(f"{method.name} returned no samples for {len(sources)} originals; it must return some.")
    Y = None if sources.Y is None else np.concatenate(labels)
    samples = Samples(X, Y, sources.rows if same else np.full(len(X), -1), grey=grey)
    check_same_unit(sources, samples, _output_name(method))
    return samples


def cost_of(method: Method, sources: Samples, batch_size: int) -> Cost:
    """Time calls on the first batch, each after a copy of it."""
    X = sources.X[:batch_size]
    least, most, seconds = TIMED
    calls: list[float] = []
    copies: list[float] = []
    started = time.perf_counter()
    # not timed: the first call may load and compile
    method.call(_copy_of(sources, slice(batch_size)))
    while len(calls) < least or (len(calls) < most and time.perf_counter() - started < seconds):
        batch = _copy_of(sources, slice(batch_size))
        start = time.perf_counter()
        batch = replace(batch, X=X.copy())
        copied = time.perf_counter()
        method.call(batch)
        calls.append(time.perf_counter() - copied)
        copies.append(copied - start)
    return Cost(len(X), statistics.median(calls), statistics.median(copies), len(calls))


def _copy_of(sources: Samples, rows: slice) -> Batch:
    """Return a copy of a batch, because a method may change its arguments."""
    Y = None if sources.Y is None else sources.Y[rows].copy()
    return Batch(sources.X[rows].copy(), Y, sources.hard, sources.grey, sources.rows[rows])


def _output_name(method: Method) -> str:
    return f"the output of {method.name}"


def _check_output(
    method: Method, sources: Samples, batch: slice, X_new: ArrayLike, labels: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray | None, bool]:
    """Check an output; return floats of the sources' dtype, soft labels, and whether the samples were integers."""
    X, Y = sources.X[batch], None if sources.Y is None else sources.Y[batch]
    name = _output_name(method)
    if np.shape(X_new)[:1] == (0,):  # type: ignore[arg-type]  # a mixer may skip a batch
        return np.empty((0, *X.shape[1:]), dtype=X.dtype), None if Y is None else np.empty((0, Y.shape[1])), False
    samples = to_samples(X_new, None, name)
    check_same_kind(sources, samples, name)
    copy = samples.X.astype(X.dtype)  # a method may reuse one array for all outputs
    if Y is None:
        return copy, None, samples.grey
    if labels is not None:
        return copy, soft_labels(labels, f"labels of {method.name}", len(samples), Y.shape[1]), samples.grey
    if len(samples) != len(X):
        raise ValueError(
            f"{method.name} must return labels, because its {len(samples)} samples do not match the {len(X)} samples "
            "of the batch row by row."
        )
    return copy, Y, samples.grey
