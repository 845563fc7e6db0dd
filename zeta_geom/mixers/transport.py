"""OptTransMix: the Wasserstein barycentre of two images in place of their mean."""

from __future__ import annotations

import warnings
from typing import Any, Unpack

import numpy as np

from zeta_geom.checks import check_int, check_real
from zeta_geom.mixers.arrays import cast, namespace, to_backend
from zeta_geom.mixers.pairs import PairMixer, PairPlan, draw_partners
from zeta_geom.mixers.products import take_rows
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits

__all__ = ["OptTransMix"]


class OptTransMix(PairMixer):
    """Replace each image by the Wasserstein barycentre of it and another one, and mix labels by λ ~ U(0, 1), a row.

    Each channel is one distribution over pixels: its mass is made 1, and the barycentre's is λ m_1 + (1 - λ) m_2.
    A channel without mass in one of the two images is the other one's, at that mass.

    Parameters
    ----------
    reg : float
        Entropic regularisation, in squared sides of the image; it blurs by about √(reg / 2) sides.
    max_iter : int
        The most iterations of Sinkhorn's algorithm.
    **shared
        prob, n_classes, check_values, random_state, as in `Mixer`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is outside its range; in a call, if a pixel is negative.
    ImportError
        In a call, if POT is not installed (the extra `transport`).

    References
    ----------
    Zhu et al. 2020 (OptTransMix); Solomon et al. 2015 (convolutional barycentres), as POT computes them.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.zeros((2, 9, 9))
    >>> X[0, 4, 1] = X[1, 4, 7] = 1
    >>> X_new, Y_new = OptTransMix(0.02, random_state=0)(X, [0, 1])
    >>> X_new[0].sum(axis=0).argmax(), (7 - 6 * Y_new[0, 0]).round(2)  # the mass has moved: it is not shared out
    (np.int64(3), np.float64(3.18))
    """

    traits = Traits(
        title="OptTransMix",
        idea="Wasserstein barycentre of two images; labels by its weights",
        source="Zhu et al. 2020",
        needs_images=True,
        optimises=True,
        weighted_mean=False,
        bounded=False,
        differentiable=False,
    )

    def __init__(self, reg: float = 0.002, *, max_iter: int = 200, **shared: Unpack[Shared]) -> None:
        super().__init__(**shared)
        self.reg = check_real(reg, "reg", low=0, strict=True)
        self.max_iter = check_int(max_iter, "max_iter", low=1)

    def _draw(self, shape: tuple[int, ...], rows: int, like: Any, labels: Any, clip: bool) -> PairPlan:
        lam = self._stream.uniform((rows,), like)
        return PairPlan(draw_partners(self._stream, shape[0], rows, like), lam, shape[0])

    def _mix_inputs(self, X: Any, plan: PairPlan, out: Any) -> Any:
        xp = namespace(X)
        images = xp.astype(X if not hasattr(X, "detach") else X.detach(), xp.float64)
        if bool(xp.any(images < 0)):
            raise ValueError("X must hold no negative pixel: its values are masses that are moved. Shift or clip it.")
        images = xp.reshape(images, (plan.m, -1, *X.shape[-2:]))
        lam = to_backend(plan.lam, images, xp.float64)
        own = take_rows(images, plan.rows, plan.m)
        partners = xp.take(images, to_backend(plan.partners, X), axis=0)
        masses = [xp.sum(part, axis=(-2, -1), keepdims=True) for part in (own, partners)]
        shares = xp.stack([lam, 1 - lam], axis=1)
        mixed = xp.empty_like(own)
        for row in range(own.shape[0]):
            for channel in range(own.shape[1]):
                pair = [
                    part[row, channel] / mass[row, channel]
                    for part, mass in zip((own, partners), masses, strict=True)
                    if float(mass[row, channel, 0, 0]) > 0
                ]
                mixed[row, channel] = self._barycentre(xp, pair, shares[row], own[row, channel])
        lam = lam[:, None, None, None]
        mixed = mixed * (lam * masses[0] + (1 - lam) * masses[1])
        return cast(mixed.reshape(plan.rows, *X.shape[1:]), X.dtype)

    def _barycentre(self, xp: Any, pair: list[Any], shares: Any, empty: Any) -> Any:
        """Return the barycentre of two images of mass 1, or what there is of them."""
        if len(pair) < 2:
            return pair[0] if pair else empty
        try:
            from ot.bregman import convolutional_barycenter2d
        except ImportError as error:
            raise ImportError("OptTransMix needs POT: pip install 'zeta-geom[transport]'.") from error
        images = xp.stack(pair)
        asked = {"weights": shares, "numItermax": self.max_iter, "warn": False}
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            # by default POT takes 1e-30 for zero, and then moves mass over more than a few √reg to a wrong place
            found, scalings = convolutional_barycenter2d(images, self.reg, stabThr=1e-300, log=True, **asked)
            if not all(bool(xp.all(xp.isfinite(scalings[name]))) for name in "UV"):  # the kernel has underflowed
                found = convolutional_barycenter2d(images, self.reg, method="sinkhorn_log", stabThr=1e-300, **asked)
        return found / xp.sum(found)
