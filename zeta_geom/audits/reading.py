"""What an audit is given, read: checked, put in an order of its own, split in halves."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zeta_geom.audits.samples import (
    Samples,
    check_same_kind,
    check_same_unit,
    halves,
    in_content_order,
    to_samples,
)
from zeta_geom.checks import check_int, count_classes, host_array
from zeta_geom.checks.labels import class_column
from zeta_geom.records.keys import data_fingerprint

__all__ = ["Given", "read"]

LEAST = 8  # originals, or 4 in each half


@dataclass(frozen=True)
class Given:
    """The samples of an audit.

    Parameters
    ----------
    sources, heldout : Samples
        The originals that are augmented, and those that are not.
    synthetic : dict of name -> Samples
        Made elsewhere.
    fingerprint : str
        Of the originals as they were given.
    """

    sources: Samples
    heldout: Samples
    synthetic: dict[str, Samples]
    fingerprint: str


def read(X: Any, y: Any, synthetic: Any, holdout: Any, n_classes: int | None, seed: int) -> Given:
    """Check what was given, put it in an order that does not depend on the given one, and hold a half out.

    Parameters
    ----------
    X, y, synthetic, holdout, n_classes
        As in `audit`.
    seed : int

    Returns
    -------
    Given

    Raises
    ------
    TypeError, ValueError
        As in `audit`.

    Examples
    --------
    >>> import numpy as np
    >>> given = read(np.eye(9), None, np.ones((2, 9)), None, None, 0)
    >>> len(given.sources), len(given.heldout), list(given.synthetic)
    (5, 4, ['synthetic'])
    """
    given = (
        {} if synthetic is None else dict(synthetic) if isinstance(synthetic, Mapping) else {"synthetic": synthetic}
    )
    pairs = {f"synthetic {name!r}" if name != "synthetic" else name: _pair(value) for name, value in given.items()}
    held = None if holdout is None else _pair(holdout)
    if n_classes is not None:
        n_classes = check_int(n_classes, "n_classes", low=1)
    else:
        n_classes = _classes_of([y, *(labels for _, labels in pairs.values()), None if held is None else held[1]])
    originals = in_content_order(to_samples(X, y, "X", n_classes=n_classes), seed)
    made = {}
    for name, (key, (X_new, Y_new)) in zip(given, pairs.items()):
        samples = to_samples(X_new, Y_new, key, n_classes=n_classes)
        check_same_kind(originals, samples, key)
        check_same_unit(originals, samples, key)
        made[name] = in_content_order(samples, seed)
    if held is None:
        if len(originals) < LEAST:
            raise ValueError(
                f"X must have at least {LEAST} samples, for half of them is held out; got {len(originals)}."
            )
        sources, heldout = halves(originals)
    else:
        sources, heldout = originals, to_samples(held[0], held[1], "holdout", n_classes=n_classes)
        check_same_kind(originals, heldout, "holdout")
        check_same_unit(originals, heldout, "holdout")
        heldout = in_content_order(heldout, seed)
        if min(len(sources), len(heldout)) < LEAST // 2:
            raise ValueError(f"X and holdout must have at least {LEAST // 2} samples each.")
        if sources.Y is not None and heldout.Y is None:
            raise ValueError("holdout must have labels where X has; give (X, y).")
    return Given(sources, heldout, made, data_fingerprint(host_array(X)))


def _pair(value: Any) -> tuple[Any, Any]:
    if isinstance(value, tuple):
        if len(value) != 2:
            raise ValueError(f"a pair must be (array, labels); got {len(value)} values.")
        return value
    return value, None


def _classes_of(labels: list[Any]) -> int | None:
    """Return the width of soft labels, else one more than the largest of all integer labels."""
    arrays = [class_column(host_array(one, "labels")) for one in labels if one is not None]
    whole = [one for one in arrays if one.ndim == 1 and one.dtype.kind in "iu" and one.size]
    wide = [one.shape[1] for one in arrays if one.ndim == 2]
    first = 0 if wide else min((int(one.min()) for one in whole), default=0)
    if first > 0:
        warnings.warn(
            f"labels begin at {first}: the classes below have no sample, yet votes are shared out over them too. "
            "Count classes from 0, or give n_classes.",
            stacklevel=4,
        )
    return wide[0] if wide else max((count_classes(one, "labels") for one in whole), default=None)
