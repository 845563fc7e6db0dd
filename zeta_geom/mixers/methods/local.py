"""Local synthetic instances: the weights of ζ-mixup, ordered by distance instead of at random."""

from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
from scipy.spatial.distance import cdist

from zeta_geom.checks import check_choice, check_int, check_real
from zeta_geom.checks.points import is_tensor
from zeta_geom.checks.scaling import common_unit, tensor_scale
from zeta_geom.checks.types import Array, Shape, SomeArray
from zeta_geom.mixers.arrays import flatten, namespace, on_host, to_backend
from zeta_geom.mixers.draws import series
from zeta_geom.mixers.methods.zeta import MatrixMixer, matrix_plan
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits
from zeta_geom.mixers.weights import ANCHORS, check_n_mix


@dataclass(frozen=True)
class BasesPlan:
    """The plan of local synthetic instances."""

    bases: Array  # the sample that has rank 1 in each row: int64 (rows,)
    terms: Array  # the weights by rank: (T,)
    m: int

    @property
    def rows(self) -> int:
        """Number of rows to return."""
        return self.bases.shape[0]


class LocalSyntheticInstances(MatrixMixer):
    """Mix each sample with its nearest ones: weights r^-p / Σ_{j≤T} j^-p, where r is the rank of the distance.

    The sample itself has rank 1; of equally distant samples the one of lower index has the lower rank.
    Source: Brown et al. 2015 (local synthetic instances); Abhishek et al. 2024, "Method" and Table 9.

    Parameters
    ----------
    p : float
        Exponent, at least 0.
    n_mix : int, optional
        T, the sample and its T - 1 nearest ones; the whole batch by default.
    anchor : {"self", "random"}
        "self": row k starts from sample k mod m, and nothing is random. "random": row k starts from a random sample.
    **shared
        As in `Mixer`.

    Examples
    --------
    >>> LocalSyntheticInstances(1.0, n_mix=2)([[0.0], [1.0], [10.0]])[0].round(3).ravel().tolist()
    [0.333, 0.667, 7.0]
    """

    traits = Traits(
        title="local synthetic instances",
        idea="mean of the nearest samples, with p-series weights by rank of distance, and of their labels",
        source="Brown et al. 2015",
        samples="2 to m",
        random=False,
        one_graph=False,
    )

    def __init__(
        self, p: float = 2.8, *, n_mix: int | None = None, anchor: str = "self", **shared: Unpack[Shared]
    ) -> None:
        super().__init__(**shared)
        self.p = check_real(p, "p", low=0)
        self.n_mix = None if n_mix is None else check_int(n_mix, "n_mix", low=1)
        self.anchor = check_choice(anchor, "anchor", ANCHORS)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> BasesPlan:
        m = shape[0]
        n_mix = check_n_mix(self.n_mix, m, clip=clip)
        positions = self._stream.uniform((rows,), like) if self.anchor == "random" else None
        xp = namespace(np.empty(0) if like is None else like)
        device = {} if like is None else {"device": like.device}
        bases = xp.arange(rows, **device) % m
        if positions is not None:
            bases = xp.clip(xp.astype(xp.floor(positions * m), xp.int64), 0, m - 1)
        return BasesPlan(bases, series(n_mix, self.p, like), m)

    def _apply(self, X: SomeArray, Y: SomeArray | None, plan: BasesPlan, out: SomeArray | None) -> Any:
        n_mix = plan.terms.shape[0]
        orders = _ranked(X, to_backend(plan.bases, X))[:, :n_mix]
        return super()._apply(X, Y, matrix_plan(orders, to_backend(plan.terms, X), plan.m), out)


def _ranked(X: SomeArray, bases: SomeArray) -> SomeArray:
    """Return all samples sorted by their distance from each base, the base first: int64 (rows, m)."""
    if not is_tensor(X) or on_host(X):
        host = np.asarray(X.detach().double() if is_tensor(X) else X)
        (points,) = common_unit(np.asarray(host.reshape(len(host), -1), dtype=np.float64))
        row = np.asarray(bases)
        distances = cdist(points[row], points) if points.shape[1] else np.zeros((len(row), len(points)))
        np.put_along_axis(distances, row[:, None], -1.0, axis=1)
        return to_backend(distances.argsort(axis=1, kind="stable"), X)
    import torch

    values: Any = flatten(X.detach())
    if values.numel():
        values = values * tensor_scale(values.abs().amax())  # squares of large values would overflow
    with torch.autocast(X.device.type, enabled=False):  # differences: the rounding of products would swap ranks
        apart = torch.cdist(values[bases], values, compute_mode="donot_use_mm_for_euclid_dist")
    return apart.scatter(1, bases[:, None], -1.0).argsort(dim=1, stable=True)
