"""The local dimension by other estimators than local PCA, in a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zeta_geom.geometry.estimators.different_points import FewPointsError
from zeta_geom.geometry.estimators.table import ESTIMATORS
from zeta_geom.geometry.knn import knn
from zeta_geom.geometry.local_dimension import local_dimension
from zeta_geom.rng.global_state import seeded_call
from zeta_geom.sweeps.measures import Options, Points, Rows, Tools

SOURCE = Path(__file__)  # the code in the key of a run with an estimator


def takes_anchors(estimator: object) -> bool:
    """Return whether an estimator is one of this package, which can estimate at some points only."""
    return isinstance(estimator, str) and not ESTIMATORS[estimator].scikit


@dataclass(frozen=True)
class Dimension:
    """The local dimension by an estimator: a name in ESTIMATORS, or an object of scikit-dimension."""

    estimator: object
    title: str

    @property
    def quantity(self) -> str:
        """The name in the table."""
        return f"dimension-{self.title}"

    def __call__(self, original: Points, mixed: Points, options: Options, tools: Tools) -> Rows:
        """Yield the dimension at the points that have one, for each k; NaN where k different points are lacking."""
        ks, X = tuple(options["n_neighbors"]), mixed.flat
        settings: dict[str, Any] = {"random_state": options.get("anchor_seed", tools.seed), "n_jobs": tools.threads}
        if "n_anchors" in options:  # a mixer may return fewer rows than there are points
            settings["n_anchors"] = min(options["n_anchors"], len(X))
        else:  # the same neighbours serve every estimator
            settings["neighbors"] = tools.kept(
                f"neighbors {max(ks)}", (mixed,), lambda: knn(X, max(ks), n_jobs=tools.threads)
            )

        def estimate(counts: tuple[int, ...]) -> dict[int, np.ndarray]:
            return local_dimension(X, counts, options["alpha"], estimator=self.estimator, **settings)

        try:
            dimensions = seeded_call(estimate, ks, seed=tools.seed)  # an object may draw from global generators
        except FewPointsError as error:  # at γ = 0 all mixed points of a batch are copies of one
            fewer = tuple(k for k in ks if k < error.count)
            dimensions = seeded_call(estimate, fewer, seed=tools.seed) if fewer else {}
        for k in ks:
            values = np.asarray(dimensions.get(k, ()), dtype=np.float64)
            yield self.quantity, k, values[np.isfinite(values)]
