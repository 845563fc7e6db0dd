"""Real audits, small, whose reports the tests look at."""

from functools import cache

import numpy as np

from zeta_geom import datasets
from zeta_geom.audits import audit
from zeta_geom.manifolds import make_crescents, make_helix

QUICK = {"n_neighbors": (4, 16), "n_bootstrap": 50, "random_state": 0, "progress": False}


@cache
def digits_audit():
    """Images with labels and an oracle, two methods."""
    found = datasets.load("mnist-sample")
    X, y = found.X_train[:240], found.y_train[:240]
    return audit(X, y, augment="zeta", against=["mixup"], oracle="mnist", **QUICK)


@cache
def points_audit():
    """Points without labels, given as arrays."""
    X, _ = make_helix(120, random_state=0)
    return audit(X, synthetic=X + 0.5, manifold="helix-3d", **QUICK)


def doubled(X):
    """Return features of points: the points and their squares."""
    return np.concatenate([X, X**2], axis=1)


@cache
def spaces_audit():
    """Two feature spaces, class names with markup, and samples that may stem from held-out originals."""
    X, y = make_crescents(160, random_state=0)
    names = np.array(["<b>café</b>", "10"])[y]
    spaces = {"pixels": "pixels", "squares": doubled}
    return audit(X, names, augment="zeta", synthetic={"<i>mine</i>": (X + 0.01, names)}, features=spaces, **QUICK)


AUDITS = {"digits": digits_audit, "points": points_audit, "spaces": spaces_audit}
