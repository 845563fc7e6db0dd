"""ζ-mixup: every output is a p-series-weighted mean of T samples of the batch; and its preset for pairs."""

from dataclasses import dataclass
from typing import Any, TypeAlias, Unpack

from zeta_geom.checks import check_choice, check_int, check_real
from zeta_geom.checks.types import Array, Shape, SomeArray
from zeta_geom.mixers.arrays import cast, flatten, matrix_view, product, product_dtype, to_backend, weighted_rows
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.draws import draw_orders, draw_weights, scatter, series
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits
from zeta_geom.mixers.weights import ANCHORS, check_gamma, check_n_mix

SPARSE = 16  # if T ≤ m / 16, gathering T samples a row costs less than a matrix product over all m (measured)


@dataclass(frozen=True)
class WeightsPlan:
    """The plan of a batch as a matrix: X_new = W X and Y_new = W Y."""

    weights: Array  # W, (rows, m)

    @property
    def rows(self) -> int:
        """Number of rows to return."""
        return self.weights.shape[0]

    @property
    def m(self) -> int:
        """Number of samples in the batch."""
        return self.weights.shape[1]


@dataclass(frozen=True)
class OrdersPlan:
    """The plan of a batch in which few of many samples are mixed."""

    orders: Array  # the samples of each row, the leader first: int32 or int64 (rows, T)
    terms: Array  # their weights, the same for every row: (T,)
    m: int

    @property
    def rows(self) -> int:
        """Number of rows to return."""
        return self.orders.shape[0]

    @property
    def weights(self) -> Array:
        """All weights, (rows, m)."""
        terms: Any = self.terms  # of the backend of the orders
        weights: Array = scatter(terms, self.orders, self.m)
        return weights


MatrixPlan: TypeAlias = WeightsPlan | OrdersPlan


def matrix_plan(orders: Array, terms: Array, m: int) -> MatrixPlan:
    """Return the cheaper of the two plans for `orders` (rows, T) with weights `terms` (T,)."""
    plan = OrdersPlan(orders, terms, m)
    return plan if len(terms) * SPARSE <= m else WeightsPlan(plan.weights)


class MatrixMixer(Mixer):
    """A method whose outputs are weighted means of the batch: X_new = W X, Y_new = W Y."""

    def _mix_inputs(self, X: SomeArray, plan: MatrixPlan, out: SomeArray | None) -> SomeArray:
        dtype = product_dtype(X)
        target = matrix_view(out, dtype)
        mixed = _weighted(plan, flatten(X, dtype), target)
        if out is not None and mixed is target:
            return out
        return cast(mixed.reshape(plan.rows, *X.shape[1:]), X.dtype)

    def _mix_labels(self, Y: SomeArray, plan: MatrixPlan) -> SomeArray:
        return _weighted(plan, Y, None)


def _weighted(plan: MatrixPlan, values: SomeArray, out: SomeArray | None) -> SomeArray:
    """Return W @ values, with the W of the plan, in the dtype of `values`."""
    if isinstance(plan, OrdersPlan):
        return weighted_rows(to_backend(plan.orders, values), to_backend(plan.terms, values, values.dtype), values)
    return product(to_backend(plan.weights, values, values.dtype), values, out)


class ZetaMixup(MatrixMixer):
    """Mix T samples of the batch with the weights of a p-series: X_new = W X, Y_new = W Y.

    Row k of W holds the weights i^-γ / Σ_{j≤T} j^-γ in a random order.
    Source: Abhishek et al. 2024, Eqs. 5 and 6, Algorithm 1, Listing 1; γ = 2.8 is their middle setting.

    Parameters
    ----------
    gamma : float, or (low, high)
        Exponent γ ≥ 0 or +inf (any real where n_mix is 2), or the limits of a uniform draw for each batch.
    n_mix : int, optional
        T, how many samples are mixed into one output; the whole batch by default. A smaller batch is refused, except
        for the last one in `mix_dataset` and a batch of one, which is returned unmixed.
    anchor : {"self", "random"}
        "self": output k leads with sample k mod m. "random": leaders are drawn freely.
    **shared
        As in `Mixer`.

    Examples
    --------
    >>> ZetaMixup(gamma=2.8, random_state=0)([[0.0], [1.0]], [0, 1])[1].round(3)
    array([[0.874, 0.126],
           [0.126, 0.874]])
    """

    traits = Traits(
        title="ζ-mixup",
        idea="p-series-weighted mean of T samples, in a random order for each row, and of their labels",
        source="Abhishek et al. 2024, Eqs. 5 and 6",
        samples="2 to m",
    )

    def __init__(
        self,
        gamma: float | tuple[float, float] = 2.8,
        *,
        n_mix: int | None = None,
        anchor: str = "self",
        **shared: Unpack[Shared],
    ) -> None:
        super().__init__(**shared)
        self.n_mix = None if n_mix is None else check_int(n_mix, "n_mix", low=1)
        self.anchor = check_choice(anchor, "anchor", ANCHORS)
        if isinstance(gamma, (tuple, list)):
            if len(gamma) != 2:
                raise ValueError(f"gamma must be a number or (low, high); got {gamma!r}.")
            low = check_real(gamma[0], "gamma[0]", low=None if self.n_mix == 2 else 0)
            self.gamma: float | tuple[float, float] = (low, check_real(gamma[1], "gamma[1]", low=low))
        else:
            self.gamma = check_gamma(gamma, self.n_mix)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> MatrixPlan:
        m = shape[0]
        n_mix = check_n_mix(self.n_mix, m, clip=clip)
        gamma: float | Array
        if isinstance(self.gamma, tuple):
            low, high = self.gamma
            gamma = low + (high - low) * self._stream.uniform((), like)
        else:
            gamma = self.gamma
        if n_mix == m:
            return WeightsPlan(draw_weights(self._stream, gamma, rows, m, self.anchor, like))
        orders = draw_orders(self._stream, rows, m, n_mix, self.anchor, like)
        return matrix_plan(orders, series(n_mix, gamma, like), m)


class PSeriesPairs(ZetaMixup):
    """Mix two samples with the weights of a p-series: ζ-mixup with T = 2.

    Source: Abhishek et al. 2024, Table 8, second row, and Theorem 2.

    Parameters
    ----------
    gamma : float, or (low, high)
        Any real exponent or +inf, or the limits of a uniform draw for each batch.
    anchor, **shared
        As in `ZetaMixup`.

    Examples
    --------
    >>> PSeriesPairs(gamma=1.0, random_state=0)([[0.0], [1.0]])[0].ravel().round(3)
    array([0.333, 0.667])
    """

    traits = Traits(title="p-series pairs", idea="ζ-mixup of two samples", source="Abhishek et al. 2024, Table 8")

    def __init__(
        self, gamma: float | tuple[float, float] = 2.8, *, anchor: str = "self", **shared: Unpack[Shared]
    ) -> None:
        super().__init__(gamma, n_mix=2, anchor=anchor, **shared)
