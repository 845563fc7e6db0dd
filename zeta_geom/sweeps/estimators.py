"""The local dimension by other estimators than local PCA, in a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zeta_geom.geometry.knn import knn
from zeta_geom.geometry.local_dimension import local_dimension
from zeta_geom.sweeps.measures import Options, Points, Rows, Tools

SOURCE = Path(__file__)  # the code in the key of a run with an estimator
LOCAL_PCA = "FO"  # the estimator of the measure "dimension" without a name


def names() -> list[str]:
    """Return the names of estimators besides local PCA."""
    from zeta_geom.geometry.estimators.table import ESTIMATORS

    return [name for name in ESTIMATORS if name != LOCAL_PCA]


def takes_anchors(estimator: object) -> bool:
    """Return whether an estimator is one of this package, which can estimate at some points only."""
    from zeta_geom.geometry.estimators.table import ESTIMATORS

    return isinstance(estimator, str) and not ESTIMATORS[estimator].scikit


@dataclass(frozen=True)
class Dimension:
    """The local dimension by an estimator: one of `names`, or an object of scikit-dimension."""

    estimator: object
    title: str

    @property
    def quantity(self) -> str:
        """The name in the table."""
        return f"dimension-{self.title}"

    def __call__(self, original: Points, mixed: Points, options: Options, tools: Tools) -> Rows:
        """Yield the dimension at each point, for each k."""
        ks, X = tuple(options["n_neighbors"]), mixed.flat
        settings: dict[str, Any] = {"n_jobs": tools.threads}
        if "n_anchors" in options:  # a mixer may return fewer rows than there are points
            settings |= {"n_anchors": min(options["n_anchors"], len(X)), "random_state": options["anchor_seed"]}
        else:  # the same neighbours serve every estimator
            settings["neighbors"] = tools.kept(
                f"neighbors {max(ks)}", (mixed,), lambda: knn(X, max(ks), n_jobs=tools.threads)
            )
        dimensions = local_dimension(X, ks, options["alpha"], estimator=self.estimator, **settings)
        for k in ks:
            yield self.quantity, k, np.asarray(dimensions[k], dtype=np.float64)
