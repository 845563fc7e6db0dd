"""The local dimension by other estimators than local PCA, in a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zeta_geom.geometry.local_dimension import local_dimension
from zeta_geom.sweeps.measures import Options, Points, Rows, Tools

SOURCE = Path(__file__)  # the code in the key of a run with an estimator
LOCAL_PCA = "FO"  # the estimator of the measure "dimension" without a name


def estimators() -> Mapping[str, Any]:
    """Return the estimators that have a name, besides local PCA."""
    from zeta_geom import geometry

    named = getattr(geometry, "ESTIMATORS", {})
    return {name: named[name] for name in named if name != LOCAL_PCA}


@dataclass(frozen=True)
class Dimension:
    """The local dimension by an estimator: a name in `estimators`, or an object of scikit-dimension."""

    estimator: object
    title: str

    @property
    def quantity(self) -> str:
        """The name in the table."""
        return f"dimension-{self.title}"

    def __call__(self, original: Points, mixed: Points, options: Options, tools: Tools) -> Rows:
        """Yield the dimension at each point, for each k."""
        ks = tuple(options["n_neighbors"])
        dimensions = local_dimension(mixed.flat, ks, options["alpha"], estimator=self.estimator, n_jobs=tools.threads)
        for k in ks:
            yield self.quantity, k, np.asarray(dimensions[k], dtype=np.float64)
