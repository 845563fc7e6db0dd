"""Features kept on disk by the store of records."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np

from zeta_geom.checks import host_array
from zeta_geom.checks.types import ArrayLike
from zeta_geom.features.sources import Pixels
from zeta_geom.features.spaces import FeatureSpace

SOURCES = [Path(__file__).with_name(f"{name}.py") for name in ("networks", "spaces")]  # the code in the key


def kept(space: FeatureSpace, X: ArrayLike, folder: Path | str | None, progress: bool = False) -> np.ndarray:
    """Return the features of samples, from disk if they were computed before.

    Parameters
    ----------
    space : FeatureSpace
        The space; pixels, and spaces whose key is unknown, are never kept.
    X : array of shape (n, ...)
        As in `FeatureSpace.extract`.
    folder : path or None
        Where records lie; None keeps nothing.
    progress : bool
        Show a bar with the rate, on a terminal.

    Returns
    -------
    ndarray of float32 or float64, shape (n, c)

    Raises
    ------
    TypeError, ValueError
        As in `FeatureSpace.extract`.

    Examples
    --------
    >>> import tempfile
    >>> from zeta_geom.features import space
    >>> kept(space("lenet"), np.zeros((2, 28, 28)), tempfile.mkdtemp()).shape
    (2, 84)
    """
    if folder is None or isinstance(space.source, Pixels):
        return space.extract(X, progress)
    X = host_array(X, "X")
    space = space.of(X.shape)
    if (key := space.key) is None:
        return space.extract(X, progress)
    from zeta_geom.records.keys import data_fingerprint
    from zeta_geom.records.store import record

    samples = data_fingerprint(X)
    name = re.sub(r"[^\w.+-]+", "_", space.source.name, flags=re.ASCII)[:80]
    settings = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    stored = record(
        f"features/{name}-{settings[:8]}-{samples[:16]}", lambda: {"F": space.extract(X, progress)},
        settings=key, data=samples, folder=folder, source=SOURCES,
    )  # fmt: skip
    features: np.ndarray = stored["F"]
    return features
