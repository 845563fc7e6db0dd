"""ζ-mixup: every output is a p-series-weighted mean of T samples of the batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import array_api_compat
import array_api_compat.numpy as numpy_namespace

from zeta_geom.checks import check_choice, check_int, check_real
from zeta_geom.mixers.arrays import check_plan, compute_dtype, flatten, product, to_backend
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.weights import ANCHORS, check_gamma, check_n_mix, draw_orders, p_series, scatter
from zeta_geom.rng import RandomState

__all__ = ["ZetaMixup", "ZetaPlan"]


@dataclass(frozen=True)
class ZetaPlan:
    """What was drawn for one batch.

    Parameters
    ----------
    weights : floating array of shape (rows, m)
        W; X_new = W X and Y_new = W Y.

    Examples
    --------
    >>> ZetaMixup(random_state=0).draw((2, 3)).weights.sum(axis=1)
    array([1., 1.])
    """

    weights: Any


class ZetaMixup(Mixer):
    """Mix T samples of the batch with the weights of a p-series: X_new = W X, Y_new = W Y.

    Row k of W holds the weights i^-γ / Σ_{j≤T} j^-γ in a random order.

    Parameters
    ----------
    gamma : float, or (low, high)
        Exponent γ ≥ 0 or +inf (any real where n_mix is 2), or the limits of a uniform draw for each batch.
    n_mix : int, optional
        T, how many samples are mixed into one output; the whole batch by default. A batch with fewer is refused, but
        for the last one in `mix_dataset`, and for a batch of one, which comes back unmixed.
    anchor : {"self", "random"}
        "self": output k leads with sample k mod m. "random": leaders are drawn freely.
    n_classes, check_values, random_state
        As in `Mixer`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is outside its range.

    References
    ----------
    Abhishek et al. 2024, Eqs. 5 and 6, Algorithm 1, Listing 1; γ = 2.8 is their middle setting.

    Examples
    --------
    >>> import numpy as np
    >>> X_new, Y_new = ZetaMixup(gamma=2.8, random_state=0)(np.eye(4), [0, 1, 0, 1])
    >>> bool((np.diag(X_new) > 0.5).all())
    True
    >>> Y_new.sum(axis=1)
    array([1., 1., 1., 1.])
    """

    def __init__(
        self,
        gamma: float | tuple[float, float] = 2.8,
        *,
        n_mix: int | None = None,
        anchor: str = "self",
        n_classes: int | None = None,
        check_values: bool = False,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(n_classes=n_classes, check_values=check_values, random_state=random_state)
        self.n_mix = None if n_mix is None else check_int(n_mix, "n_mix", low=1)
        self.anchor = check_choice(anchor, "anchor", ANCHORS)
        if isinstance(gamma, (tuple, list)):
            if len(gamma) != 2:
                raise ValueError(f"gamma must be a number or (low, high); got {gamma!r}.")
            low = check_real(gamma[0], "gamma[0]", low=None if self.n_mix == 2 else 0)
            self.gamma: Any = (low, check_real(gamma[1], "gamma[1]", low=low))
        else:
            self.gamma = check_gamma(gamma, self.n_mix)

    def _draw(self, m: int, rows: int, like: Any, clip: bool) -> ZetaPlan:
        n_mix = m if self.n_mix is None else self.n_mix
        if clip or m == 1:
            n_mix = min(n_mix, m)
        check_n_mix(n_mix, m)
        if like is None or array_api_compat.is_numpy_array(like):
            xp, kind = numpy_namespace, {"dtype": numpy_namespace.float64 if like is None else compute_dtype(like)}
        else:
            xp = array_api_compat.array_namespace(like)
            kind = {"dtype": compute_dtype(like), "device": array_api_compat.device(like)}
        gamma = self.gamma
        if isinstance(gamma, tuple):
            low, high = gamma
            gamma = low + (high - low) * self._stream.uniform((), like)
        orders = draw_orders(xp, self._stream, rows, m, n_mix, self.anchor, like)
        return ZetaPlan(scatter(xp.astype(p_series(xp, n_mix, gamma, **kind), kind["dtype"]), orders, m))

    def apply(self, X: Any, Y: Any, plan: ZetaPlan) -> tuple[Any, Any]:
        """Mix (X, Y) as `plan` says: one matrix product each.

        Parameters
        ----------
        X : floating array or tensor of shape (m, ...)
        Y : float array or tensor of shape (m, K), or None
        plan : ZetaPlan

        Returns
        -------
        X_new : array of shape (rows, ...)
        Y_new : array of shape (rows, K), or None

        Raises
        ------
        TypeError, ValueError
            If X is not floating, the plan is of another batch size, or Y are no soft labels of m samples.

        Examples
        --------
        >>> import numpy as np
        >>> X, mixer = np.eye(4), ZetaMixup(random_state=0)
        >>> mixer.apply(X, None, mixer.draw(X.shape))[0].shape
        (4, 4)
        """
        rows, m = plan.weights.shape
        check_plan(X, Y, m)
        xp = array_api_compat.array_namespace(X)
        W = to_backend(plan.weights, X, compute_dtype(X))
        X_new = xp.astype(xp.reshape(product(W, flatten(X)), (rows, *X.shape[1:])), X.dtype, copy=False)
        return X_new, None if Y is None else product(W, xp.astype(Y, W.dtype, copy=False))
