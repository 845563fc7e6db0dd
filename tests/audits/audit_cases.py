"""Two crescents, settings of quick audits, and an oracle that knows nothing: what tests of audits share."""

import numpy as np

from zeta_geom.manifolds import make_crescents

QUICK = {"n_neighbors": (4, 16), "n_bootstrap": 200, "random_state": 0, "progress": False}
X, y = make_crescents(300, random_state=0)


class Features:
    """An oracle that knows nothing; its features are the points."""

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)

    def features(self, X):
        return X
