"""The inputs of an audit: checked, in an order that depends on their content, with half of the originals held out."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import cast

import numpy as np

from zeta_geom import rng
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

# samples; samples and labels; or samples, labels and features
Labelled = ArrayLike | tuple[ArrayLike, ArrayLike | None] | tuple[ArrayLike, ArrayLike | None, ArrayLike | None]
Triple = tuple[ArrayLike, ArrayLike | None, ArrayLike | None]


@dataclass(frozen=True)
class AuditInputs:
    """The samples of an audit."""

    sources: Samples  # the originals to augment
    heldout: Samples
    synthetic: dict[str, Samples]  # by name
    fingerprint: str  # of the user's array X
    leaking: frozenset[str] = frozenset()  # sets that may have been made from held-out originals
    class_names: tuple[str, ...] | None = None  # None: the classes are numbers

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
    X: ArrayLike,
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
    triples = {name: _triple(value) for name, value in sets.items()}
    held = None if holdout is None else _triple(holdout)
    if n_classes is not None:
        n_classes = check_int(n_classes, "n_classes", low=1)
    else:
        n_classes = _count_classes(
            [y, *(labels for _, labels, _ in triples.values()), None if held is None else held[1]]
        )
    originals = in_content_order(with_features(to_samples(X, y, "X", n_classes=n_classes), F, "X"), seed)

    def read_like_originals(triple: Triple, name: str) -> Samples:
        samples, labels, features = triple
        checked = with_features(to_samples(samples, labels, name, n_classes=n_classes), features, name)
        check_same_kind(originals, checked, name)
        check_same_unit(originals, checked, name)
        check_same_features(originals, checked, name)
        return in_content_order(checked, seed)

    synthetic_sets = {
        name: read_like_originals(triple, "synthetic" if name == "synthetic" else f"synthetic {name!r}")
        for name, triple in triples.items()
    }
    if held is None:
        if len(originals) < LEAST:
            raise ValueError(f"X must have at least {LEAST} samples, half of them held out; got {len(originals)}.")
        sources, heldout = halves(originals)
    else:
        sources, heldout = originals, read_like_originals(held, "holdout")
        if min(len(sources), len(heldout)) < LEAST // 2:
            raise ValueError(f"X and holdout must have at least {LEAST // 2} samples each.")
        if sources.Y is not None and heldout.Y is None:
            raise ValueError("holdout must have labels if X has labels; give (X, y).")
    leaking = frozenset(synthetic_sets) if held is None else frozenset()
    return AuditInputs(sources, heldout, synthetic_sets, data_fingerprint(host_array(X)), leaking)


def _triple(value: Labelled) -> Triple:
    if not isinstance(value, tuple):
        return value, None, None
    if len(value) not in (2, 3):
        raise ValueError(f"a tuple must be (array, labels) or (array, labels, features); got {len(value)} values.")
    return cast("Triple", (*value, None)[:3])


def _count_classes(labels: list[ArrayLike | None]) -> int | None:
    """Return the width of soft labels, or else 1 plus the largest class number."""
    arrays = [class_column(host_array(values, "labels")) for values in labels if values is not None]
    numbers = [values for values in arrays if values.ndim == 1 and values.dtype.kind in "iu" and values.size]
    widths = [values.shape[1] for values in arrays if values.ndim == 2]
    if widths:
        return int(widths[0])
    first = min((int(values.min()) for values in numbers), default=0)
    if first > 0:
        warnings.warn(
            f"labels begin at {first}: the classes below have no samples, but every vote counts them as classes. "
            "Number the classes from 0, or give n_classes.",
            stacklevel=4,
        )
    return max((count_classes(values, "labels") for values in numbers), default=None)
