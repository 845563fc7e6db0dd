"""Whatever augments a batch, called in one way: a mixer, the name of one, a torchvision transform, any callable."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from zeta_geom.audits.methods.calls import Method, to_method
from zeta_geom.audits.samples import Samples, check_same_kind, check_same_unit, soft_labels, to_samples
from zeta_geom.mixers.base import Mixer

__all__ = ["Cost", "apply", "check_name", "cost_of", "to_methods"]

LONGEST = 60  # letters of a name
RESERVED = re.compile(r"(original|held-out)( \(\d+\))?$")  # names of real samples
TIMED = (5, 50, 1.0)  # calls at least, calls at most, seconds after which no more are begun


@dataclass(frozen=True)
class Cost:
    """What a batch costs, in seconds: the medians of calls and of copies of the batch, in turn.

    Parameters
    ----------
    batch : int
        Samples in it.
    seconds, copy : float
    calls : int
    """

    batch: int
    seconds: float
    copy: float
    calls: int


def to_methods(augment: Any, against: Any, seed: int, channels: str | None = None) -> list[Method]:
    """Return the augmentations of an audit, the user's own first, under names that differ."""
    given = [] if augment is None else [("", augment)]
    if isinstance(against, Mapping):
        given += list(against.items())
    else:
        several = isinstance(against, Iterable) and not isinstance(against, (str, Mixer)) and not callable(against)
        given += [("", one) for one in (against if several else [against])]
    methods: list[Method] = []
    for name, value in given:
        method = to_method(value, seed, name, channels)
        named = name or method.name
        check_name(named)
        taken = {other.name for other in methods}
        numbers = (f"{named} ({number})" for number in range(2, len(taken) + 2))
        unique = named if named not in taken else next(other for other in numbers if other not in taken)
        methods.append(Method(unique, method.spelled, method.call))
    return methods


def check_name(name: Any) -> None:
    """Raise an error unless `name` may be the name of a synthetic set."""
    if not isinstance(name, str):
        raise TypeError(f"a name must be a str; got {name!r}.")
    if not name.isprintable() or not 0 < len(name) <= LONGEST or RESERVED.match(name):
        raise ValueError(
            f"a name must be 1 to {LONGEST} printable characters, and not one of real samples'; got {name!r}."
        )


def apply(method: Method, sources: Samples, batch_size: int, *, progress: bool = False) -> Samples:
    """Augment the sources batch by batch."""
    made, labels = [], []
    same, grey = True, False
    starts = range(0, len(sources), batch_size)
    for start in tqdm(
        starts, desc=method.name, unit="batch", leave=False, delay=2, disable=None if progress else True
    ):
        batch = slice(start, start + batch_size)
        X, Y = sources.X[batch], None if sources.Y is None else sources.Y[batch]
        given = X.copy(), None if Y is None else Y.copy()
        X_new, Y_new, levels = _checked(method, sources, batch, *method.call(*given, sources.hard, sources.grey))
        same &= len(X_new) == len(X)
        grey |= levels
        made.append(X_new)
        labels.append(Y_new)
    X = np.concatenate(made)
    if len(X) == 0:
        raise ValueError(f"{method.name} gave no sample for {len(sources)} originals.")
    Y = None if sources.Y is None else np.concatenate(labels)
    found = Samples(X, Y, sources.rows if same else np.full(len(X), -1), grey=grey)
    check_same_unit(sources, found, _what(method))
    return found


def cost_of(method: Method, sources: Samples, batch_size: int) -> Cost:
    """Time the call on the first batch, and a copy of it, in turn."""
    X = sources.X[:batch_size]
    Y = None if sources.Y is None else sources.Y[:batch_size]
    least, most, seconds = TIMED
    calls: list[float] = []
    copies: list[float] = []
    begun = time.perf_counter()
    # the first call loads and compiles
    method.call(X.copy(), None if Y is None else Y.copy(), sources.hard, sources.grey)
    while len(calls) < least or (len(calls) < most and time.perf_counter() - begun < seconds):
        labels = None if Y is None else Y.copy()
        start = time.perf_counter()
        batch = X.copy()
        copied = time.perf_counter()
        method.call(batch, labels, sources.hard, sources.grey)
        calls.append(time.perf_counter() - copied)
        copies.append(copied - start)
    return Cost(len(X), statistics.median(calls), statistics.median(copies), len(calls))


def _what(method: Method) -> str:
    return f"what {method.name} gives"


def _checked(method: Method, sources: Samples, batch: slice, X_new: Any, labels: Any) -> tuple[Any, Any, bool]:
    """Return a copy of what came back, as floats of the sources' dtype, soft labels, and whether it held integers."""
    X, Y = sources.X[batch], None if sources.Y is None else sources.Y[batch]
    name = _what(method)
    if np.shape(X_new)[:1] == (0,):  # a mixer may leave a batch out
        return np.empty((0, *X.shape[1:]), dtype=X.dtype), None if Y is None else np.empty((0, Y.shape[1])), False
    made = to_samples(X_new, None, name)
    check_same_kind(sources, made, name)
    X_new = made.X.astype(X.dtype)  # a copy: a method may use one array again and again
    if Y is None:
        return X_new, None, made.grey
    if labels is not None:
        return X_new, soft_labels(labels, f"labels that {method.name} gives", len(made), Y.shape[1]), made.grey
    if len(made) != len(X):
        raise ValueError(f"{name} must come with labels, for there are {len(made)} samples of {len(X)}.")
    return X_new, Y, made.grey
