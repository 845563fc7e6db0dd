"""The inputs of an audit: checked, in an order that depends on their content, with half of the originals held out."""

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from zeta_geom import rng
from zeta_geom.audits.readers import Labelled, Triple, kind_of_torch, read_set
from zeta_geom.audits.samples import (
    Samples,
    check_same_features,
    check_same_kind,
    check_same_unit,
    halves,
    in_content_order,
    to_samples,
    with_features,
)
from zeta_geom.checks import check_int, count_classes, host_array
from zeta_geom.checks.labels import class_column
from zeta_geom.checks.types import ArrayLike
from zeta_geom.records.keys import data_fingerprint

LEAST = 8  # originals: below 4 in each half no measure has an interval


@dataclass(frozen=True)
class AuditInputs:
    """The samples of an audit."""

    sources: Samples  # the originals to augment
    heldout: Samples
    synthetic: dict[str, Samples]  # by name
    fingerprint: str  # of the user's array X
    leaking: frozenset[str] = frozenset()  # sets that may have been made from held-out originals
    class_names: tuple[str, ...] | None = None  # by number; None if the labels came as numbers

    @property
    def classes(self) -> tuple[str, ...]:
        """The numbers of the classes that occur among the originals; none without labels."""
        if self.sources.classes is None or self.heldout.classes is None:
            return ()
        return tuple(str(int(number)) for number in np.union1d(self.sources.classes, self.heldout.classes))


def seed_of(random_state: rng.RandomState) -> int:
    """Return an integer seed: the integer itself, or one drawn from a generator."""
    if not isinstance(random_state, Integral):
        random_state = rng.seed_from(rng.numpy_generator(random_state))
    return check_int(random_state, "random_state", low=0)


def read_inputs(
    X: ArrayLike | str | os.PathLike[str],
    y: ArrayLike | None,
    synthetic: Labelled | Mapping[str, Labelled] | None,
    holdout: Labelled | None,
    n_classes: int | None,
    seed: int,
    F: ArrayLike | None = None,
) -> AuditInputs:
    """Check the arguments of `audit`, bring samples into the order of their content, and hold out half of X."""
    sets: Mapping[str, Labelled] = (
        {} if synthetic is None else synthetic if isinstance(synthetic, Mapping) else {"synthetic": synthetic}
    )
    triples = {name: read_set(value, _title(name), seed) for name, value in sets.items()}
    held = None if holdout is None else read_set(holdout, "holdout", seed)
    X, y = _originals(X, y, seed)
    labels = [None if held is None else held[1]]
    names = class_names_of(y, *labels, *(triple[1] for triple in triples.values() if y is None))
    if n_classes is not None:
        n_classes = check_int(n_classes, "n_classes", low=1)
    if names is not None:
        if n_classes not in (None, len(names)):
            raise ValueError(f"n_classes must be {len(names)}, the number of class names; got {n_classes}.")
        n_classes = len(names)
    y = numbered(y, names, "X")
    triples = {name: (X, numbered(y, names, _title(name)), F) for name, (X, y, F) in triples.items()}
    held = None if held is None else (held[0], numbered(held[1], names, "holdout"), held[2])
    if n_classes is None:
        n_classes = _count_classes(
            [y, *(triple[1] for triple in triples.values()), None if held is None else held[1]]
        )
    originals = in_content_order(with_features(to_samples(X, y, "X", n_classes=n_classes), F, "X"), seed)

    def read_like_originals(triple: Triple, name: str) -> Samples:
        samples, labels, features = triple
        checked = with_features(to_samples(samples, labels, name, n_classes=n_classes), features, name)
        check_same_kind(originals, checked, name)
        check_same_unit(originals, checked, name)
        check_same_features(originals, checked, name)
        return in_content_order(checked, seed)

    synthetic_sets = {name: read_like_originals(triple, _title(name)) for name, triple in triples.items()}
    if held is None:
        if len(originals) < LEAST:
            raise ValueError(f"X must have at least {LEAST} samples, half of them held out; got {len(originals)}.")
        sources, heldout = halves(originals)
    else:
        sources, heldout = originals, read_like_originals(held, "holdout")
        if min(len(sources), len(heldout)) < LEAST // 2:
            raise ValueError(
                f"X and holdout must have at least {LEAST // 2} samples each; got {len(sources)} and {len(heldout)}."
            )
        if sources.Y is not None and heldout.Y is None:
            raise ValueError("holdout must have labels if X has labels; give (X, y).")
    leaking = frozenset(synthetic_sets) if held is None else frozenset()
    return AuditInputs(sources, heldout, synthetic_sets, data_fingerprint(host_array(X)), leaking, names)


def _title(name: str) -> str:
    """Return the name of a synthetic set in error messages."""
    return "synthetic" if name == "synthetic" else f"synthetic {name!r}"


def _originals(
    X: ArrayLike | str | os.PathLike[str], y: ArrayLike | None, seed: int
) -> tuple[ArrayLike, ArrayLike | None]:
    """Return X and its labels; a folder, a Dataset or a DataLoader comes with labels."""
    if not (isinstance(X, (str, os.PathLike)) or kind_of_torch(X)):
        return X, y
    samples, labels, _ = read_set(X, "X", seed)
    if y is not None and labels is not None:
        raise ValueError("y must be None if X comes with labels, as a folder of classes or a Dataset does.")
    return samples, labels if y is None else y


def class_names_of(y: ArrayLike | None, *others: ArrayLike | None) -> tuple[str, ...] | None:
    """Return the names of the classes by number, or None if the labels are numbers.

    Names are numbered in sorted order, together with the names in `others`, such as those of held-out originals. A
    categorical of pandas keeps the order of its categories, and its categories without a sample.

    Examples
    --------
    >>> class_names_of(["oak", "ash", "oak"])
    ('ash', 'oak')
    """
    dtype: Any = getattr(y, "dtype", None)
    if hasattr(dtype, "categories"):
        return tuple(str(name) for name in dtype.categories)
    texts = [text for labels in (y, *others) if (text := _texts(labels)) is not None]
    if not texts or (y is not None and _texts(y) is None):
        return None
    return tuple(np.unique(np.concatenate(texts)).tolist())


def numbered(labels: ArrayLike | None, names: tuple[str, ...] | None, title: str) -> ArrayLike | None:
    """Return labels with their numbers in place of class names; labels that are numbers stay as they are."""
    texts = _texts(labels, f"labels of {title}")
    if texts is None:
        return labels
    if names is None:
        raise ValueError(
            f"labels of {title} must be numbers, because those of X are; got names, such as {str(texts[0])!r:.40}."
        )
    numbers = {name: number for number, name in enumerate(names)}
    if unknown := sorted(set(texts.tolist()) - set(numbers)):
        known = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        raise ValueError(f"labels of {title} must be class names of the originals, {known}; got {unknown[0]!r:.40}.")
    return np.array([numbers[text] for text in texts.tolist()], dtype=np.int64)


def _texts(labels: ArrayLike | None, name: str = "y") -> np.ndarray | None:
    """Return labels that are texts, (n,) or (n, 1), as an array of str; None for numbers, and for no labels."""
    if labels is None:
        return None
    categorical: Any = getattr(labels, "cat", labels)
    if hasattr(getattr(labels, "dtype", None), "categories"):
        codes = np.asarray(categorical.codes)
        if (codes < 0).any():
            raise ValueError(f"{name} must name a class for each sample; {int((codes < 0).sum())} are missing.")
        texts: np.ndarray = np.array([str(text) for text in categorical.categories])[codes]
        return texts
    array = class_column(host_array(labels, name))
    if array.dtype.kind == "O" and any(isinstance(value, str) for value in array.ravel()):
        if others := [value for value in array.ravel() if not isinstance(value, str)]:
            raise ValueError(f"{name} must name a class for each sample; got {others[0]!r:.40} among names.")
        array = array.astype(str)
    if array.dtype.kind not in "US":
        return None
    if array.ndim != 1:
        raise ValueError(f"{name} must be class names of shape (n,); got shape {array.shape}.")
    return array.astype(str)


def _count_classes(labels: list[ArrayLike | None]) -> int | None:
    """Return the width of soft labels, or else 1 plus the largest class number."""
    arrays = [class_column(host_array(values, "labels")) for values in labels if values is not None]
    numbers = [values for values in arrays if values.ndim == 1 and values.dtype.kind in "iu" and values.size]
    widths = [values.shape[1] for values in arrays if values.ndim == 2]
    if widths:
        return int(widths[0])
    first = min((int(values.min()) for values in numbers), default=0)
    if first > 0:
        absent = "class 0 has" if first == 1 else f"classes 0 to {first - 1} have"
        warnings.warn(
            f"labels begin at {first}: {absent} no samples, but votes and n_classes count them. Number the classes "
            "from 0, or set n_classes.",
            stacklevel=4,
        )
    return max((count_classes(values, "labels") for values in numbers), default=None)
