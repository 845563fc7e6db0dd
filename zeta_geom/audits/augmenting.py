"""Whatever augments a batch, called in one way: a mixer, the name of one, a torchvision transform, any callable."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from zeta_geom.audits.calls import Method, to_method
from zeta_geom.audits.samples import Samples, soft_labels, to_samples
from zeta_geom.mixers.base import Mixer

__all__ = ["Cost", "apply", "cost_of", "to_methods"]

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


def to_methods(augment: Any, against: Any, seed: int) -> list[Method]:
    """Return the augmentations of an audit, the user's own first, under names that differ.

    Parameters
    ----------
    augment : str, Mixer, torchvision transform or callable, or None
    against : one of these, a sequence of them, or a mapping name -> one of them
    seed : int
        Where mixers that are named start, and torch's generator before transforms.

    Returns
    -------
    list of Method

    Raises
    ------
    TypeError, ValueError
        If something is neither callable nor the name of a mixer.

    Examples
    --------
    >>> [method.name for method in to_methods("zeta", ["mixup", "mixup"], 0)]
    ['zeta', 'mixup', 'mixup (2)']
    """
    given = [] if augment is None else [("", augment)]
    if isinstance(against, Mapping):
        given += list(against.items())
    else:
        several = isinstance(against, Iterable) and not isinstance(against, (str, Mixer)) and not callable(against)
        given += [("", one) for one in (against if several else [against])]
    methods: list[Method] = []
    for name, value in given:
        method = to_method(value, seed)
        named = name or method.name
        taken = {other.name for other in methods} | {"original", "held-out"}
        numbers = (f"{named} ({number})" for number in range(2, len(taken) + 2))
        unique = named if named not in taken else next(other for other in numbers if other not in taken)
        methods.append(Method(unique, method.spelled, method.call))
    return methods


def apply(method: Method, sources: Samples, batch_size: int, *, progress: bool = False) -> Samples:
    """Augment the sources batch by batch.

    Parameters
    ----------
    method : Method
    sources : Samples
    batch_size : int
    progress : bool
        Show a bar, on a terminal.

    Returns
    -------
    Samples
        Where each batch gave as many samples as it had, `rows` and `classes` are the sources'; else `rows` is -1.

    Raises
    ------
    ValueError
        If what comes back is not finite, of another shape, or has no fitting labels.

    Examples
    --------
    >>> method = to_methods(lambda X: 2 * X, [], 0)[0]
    >>> apply(method, to_samples(np.eye(3)), 2).X.max()
    np.float64(2.0)
    """
    made, labels = [], []
    same = True
    starts = range(0, len(sources), batch_size)
    for start in tqdm(
        starts, desc=method.name, unit="batch", leave=False, delay=2, disable=None if progress else True
    ):
        batch = slice(start, start + batch_size)
        X, Y = sources.X[batch], None if sources.Y is None else sources.Y[batch]
        X_new, Y_new = _checked(method, X, Y, *method.call(X.copy(), None if Y is None else Y.copy(), sources.hard))
        same &= len(X_new) == len(X)
        made.append(X_new)
        labels.append(Y_new)
    X = np.concatenate(made)
    if len(X) == 0:
        raise ValueError(f"{method.name} gave no sample for {len(sources)} originals.")
    Y = None if sources.Y is None else np.concatenate(labels)
    if same:
        return Samples(X, Y, sources.rows, sources.classes, False)
    return Samples(X, Y, np.full(len(X), -1), None if Y is None else Y.argmax(axis=1), False)


def cost_of(method: Method, sources: Samples, batch_size: int) -> Cost:
    """Time the call on the first batch, and a copy of it, in turn.

    Parameters
    ----------
    method : Method
    sources : Samples
    batch_size : int

    Returns
    -------
    Cost

    Examples
    --------
    >>> cost_of(to_methods(lambda X: 2 * X, [], 0)[0], to_samples(np.eye(3)), 2).batch
    2
    """
    X = sources.X[:batch_size]
    Y = None if sources.Y is None else sources.Y[:batch_size]
    least, most, seconds = TIMED
    calls: list[float] = []
    copies: list[float] = []
    begun = time.perf_counter()
    method.call(X.copy(), None if Y is None else Y.copy(), sources.hard)  # the first call loads and compiles
    while len(calls) < least or (len(calls) < most and time.perf_counter() - begun < seconds):
        start = time.perf_counter()
        batch = X.copy()
        copied = time.perf_counter()
        method.call(batch, Y, sources.hard)
        calls.append(time.perf_counter() - copied)
        copies.append(copied - start)
    return Cost(len(X), statistics.median(calls), statistics.median(copies), len(calls))


def _checked(method: Method, X: np.ndarray, Y: np.ndarray | None, X_new: Any, labels: Any) -> tuple[Any, Any]:
    """Return what came back as floats of X's dtype and soft labels, or raise."""
    name = f"what {method.name} gives"
    if np.shape(X_new)[:1] == (0,):  # a mixer may leave a batch out
        return np.empty((0, *X.shape[1:]), dtype=X.dtype), None if Y is None else np.empty((0, Y.shape[1]))
    made = to_samples(X_new, None, name)
    if made.X.shape[1:] != X.shape[1:]:
        raise ValueError(
            f"{name} must have samples of shape {X.shape[1:]}, as the originals; got {made.X.shape[1:]}."
        )
    if Y is None:
        return made.X.astype(X.dtype, copy=False), None
    if labels is None:
        if len(made) != len(X):
            raise ValueError(f"{name} must come with labels, for there are {len(made)} samples of {len(X)}.")
        return made.X.astype(X.dtype, copy=False), Y
    return made.X.astype(X.dtype, copy=False), soft_labels(
        labels, f"labels that {method.name} gives", len(made), Y.shape[1]
    )
