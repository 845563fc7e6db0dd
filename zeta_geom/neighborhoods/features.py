"""Features of training and of test samples: their shared checks, with the names of the public arguments."""

import numpy as np

from zeta_geom.checks import check_choice, check_points, check_units
from zeta_geom.checks.scaling import common_unit
from zeta_geom.checks.types import ArrayLike
from zeta_geom.geometry import METRICS


def check_features(
    train_features: ArrayLike, test_features: ArrayLike | None, metric: str, *, min_samples: int = 1
) -> tuple[np.ndarray, np.ndarray | None]:
    """Check features (n, d) and (q, d) and return them as floats of one unit, rescaled if squares would overflow."""
    X = check_points(train_features, "train_features", min_samples=min_samples)
    Q = None if test_features is None else check_points(test_features, "test_features")
    if Q is not None and Q.shape[1] != X.shape[1]:
        raise ValueError(
            f"test_features must have as many columns as train_features, {X.shape[1]}; got {Q.shape[1]}."
        )
    if Q is not None:
        check_units(X, Q, ("train_features", "test_features"))
    check_choice(metric, "metric", METRICS)
    for points, name in ((X, "train_features"), (Q, "test_features")):
        if metric == "cosine" and points is not None and not points.any(axis=1).all():
            raise ValueError(
                f"{name} must have no row of zeros with metric='cosine': such a row has no direction. Remove it."
            )
    if Q is None:
        return common_unit(X)[0], None
    X, Q = common_unit(X, Q)
    return X, Q
