"""Methods that mix two samples into one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import array_api_compat

from zeta_geom.checks import check_real
from zeta_geom.mixers.arrays import check_plan, compute_dtype, flatten, to_backend
from zeta_geom.mixers.base import Mixer
from zeta_geom.rng import RandomState

__all__ = ["Mixup", "PairPlan"]


@dataclass(frozen=True)
class PairPlan:
    """What was drawn for one batch of m samples.

    Parameters
    ----------
    partners : int array of shape (rows,)
        Row k mixes sample k mod m with sample partners[k].
    lam : floating array of shape () or (rows,)
        The share of sample k mod m.
    m : int
        Number of samples in the batch.

    Examples
    --------
    >>> Mixup(random_state=0).draw((4, 3)).m
    4
    """

    partners: Any
    lam: Any
    m: int


class Mixup(Mixer):
    """Mix each sample with another one: x_new = λ x + (1 - λ) x[π], and labels alike, λ ~ Beta(α, α).

    Parameters
    ----------
    alpha : float
        α > 0; 1 makes λ uniform.
    per_sample : bool
        Draw a λ for each output; by default one λ serves the batch, as in the authors' code.
    n_classes, check_values, random_state
        As in `Mixer`.

    Raises
    ------
    TypeError, ValueError
        If α is not a positive number.

    References
    ----------
    Zhang et al. 2018 (mixup); Abhishek et al. 2024, Eq. 4.

    Examples
    --------
    >>> import numpy as np
    >>> X_new, Y_new = Mixup(random_state=0)(np.eye(4), [0, 1, 2, 3])
    >>> np.allclose(X_new, Y_new)
    True
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        per_sample: bool = False,
        n_classes: int | None = None,
        check_values: bool = False,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(n_classes=n_classes, check_values=check_values, random_state=random_state)
        self.alpha = check_real(alpha, "alpha", low=0, strict=True)
        self.per_sample = bool(per_sample)

    def _draw(self, m: int, rows: int, like: Any, clip: bool) -> PairPlan:
        lam = self._stream.beta(self.alpha, (rows,) if self.per_sample else (), like)
        rounds = [self._stream.permutation(m, like) for _ in range(-(-rows // m))]
        xp = array_api_compat.array_namespace(rounds[0])
        return PairPlan(xp.concat(rounds)[:rows], lam, m)

    def apply(self, X: Any, Y: Any, plan: PairPlan) -> tuple[Any, Any]:
        """Mix (X, Y) as `plan` says.

        Parameters
        ----------
        X : floating array or tensor of shape (m, ...)
        Y : float array or tensor of shape (m, K), or None
        plan : PairPlan

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
        >>> X, mixer = np.eye(4), Mixup(random_state=0)
        >>> mixer.apply(X, None, mixer.draw(X.shape))[0].shape
        (4, 4)
        """
        check_plan(X, Y, plan.m)
        xp = array_api_compat.array_namespace(X)
        rows = plan.partners.shape[0]
        partners = to_backend(plan.partners, X)
        lam = xp.reshape(to_backend(plan.lam, X, compute_dtype(X)), (-1, 1))
        leaders = None if rows == plan.m > 1 else xp.arange(rows, device=array_api_compat.device(X)) % plan.m

        def blend(values: Any) -> Any:
            own = values if leaders is None else xp.take(values, leaders, axis=0)
            if plan.m == 1:
                return own  # λ x + (1 - λ) x would round
            return lam * own + (1 - lam) * xp.take(values, partners, axis=0)

        X_new = xp.astype(xp.reshape(blend(flatten(X)), (rows, *X.shape[1:])), X.dtype, copy=False)
        return X_new, None if Y is None else blend(xp.astype(Y, lam.dtype, copy=False))
