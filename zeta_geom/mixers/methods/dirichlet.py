"""Dirichlet weights over the whole batch: ζ-mixup without the p-series."""

from typing import Any, Unpack

from zeta_geom.checks import check_real
from zeta_geom.checks.types import Array, Shape
from zeta_geom.mixers.arrays import compute_dtype, to_backend
from zeta_geom.mixers.methods.zeta import MatrixMixer, WeightsPlan
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits


class DirichletMixup(MatrixMixer):
    """Mix the whole batch with weights of a Dirichlet distribution: row k of W ~ Dir(α, ..., α).

    Source: Abhishek et al. 2024, Table 8, third row, where α = 1.

    Parameters
    ----------
    alpha : float
        α > 0; 1 makes the weights uniform on the simplex.
    **shared
        As in `Mixer`.

    Examples
    --------
    >>> DirichletMixup(random_state=0)([[1.0, 0.0], [0.0, 1.0]])[0].sum(axis=1).round(12)
    array([1., 1.])
    """

    traits = Traits(
        title="Dirichlet",
        idea="mean of the whole batch with Dirichlet weights, and of the labels",
        source="Abhishek et al. 2024, Table 8",
        samples="m",
    )

    def __init__(self, alpha: float = 1.0, **shared: Unpack[Shared]) -> None:
        super().__init__(**shared)
        self.alpha = check_real(alpha, "alpha", low=0, strict=True)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> WeightsPlan:
        weights = self._stream.dirichlet(self.alpha, rows, shape[0], like)
        target: Any = like
        return WeightsPlan(weights if like is None else to_backend(weights, target, compute_dtype(like)))
