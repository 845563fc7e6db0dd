"""OptTransMix: the Wasserstein barycentre of two images instead of their mean."""

from typing import Any, Unpack

from zeta_geom.checks import check_int, check_real
from zeta_geom.checks.types import Array, Shape, SomeArray
from zeta_geom.mixers.arrays import cast, namespace, take_rows, to_backend
from zeta_geom.mixers.image_mixer import ImageMixer
from zeta_geom.mixers.methods.barycenters import barycenters
from zeta_geom.mixers.methods.pairs import PairMixer, PairPlan, draw_partners
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits


class OptTransMix(ImageMixer, PairMixer):
    """Replace each image by the Wasserstein barycentre of it and another one; mix labels by λ ~ U(0, 1) per row.

    Each channel is a distribution over pixels, scaled to mass 1; the barycentre gets the mass λ m_1 + (1 - λ) m_2.
    If a channel is empty in one of the two images, the result is the other image's, at that mass.
    Source: Zhu et al. 2020 (OptTransMix); Solomon et al. 2015 (convolutional barycentres).

    Parameters
    ----------
    reg : float
        Entropic regularisation, in squared sides of the image; it blurs by about √(reg / 2) sides.
    max_iter : int
        The largest number of iterations of Sinkhorn's algorithm.
    channels, **shared
        As in `ImageMixer` and `Mixer`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is outside its range; in a call, if a pixel is negative.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.zeros((2, 9, 9))
    >>> X[0, 4, 1] = X[1, 4, 7] = 1
    >>> X_new, Y_new = OptTransMix(0.02, random_state=0)(X, [0, 1])
    >>> X_new[0].sum(axis=0).argmax(), (7 - 6 * Y_new[0, 0]).round(2)  # the mass is moved, not shared
    (np.int64(3), np.float64(3.18))
    """

    traits = Traits(
        title="OptTransMix",
        idea="Wasserstein barycentre of two images; labels by its weights",
        source="Zhu et al. 2020",
        needs_images=True,
        optimises=True,
        one_graph=False,
        weighted_mean=False,
        bounded=False,
        differentiable=False,
    )

    def __init__(
        self, reg: float = 0.002, *, max_iter: int = 200, channels: str | None = None, **shared: Unpack[Shared]
    ) -> None:
        super().__init__(channels=channels, **shared)
        self.reg = check_real(reg, "reg", low=0, strict=True)
        self.max_iter = check_int(max_iter, "max_iter", low=1)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> PairPlan:
        self._image_axes(shape)
        lam = self._stream.uniform((rows,), like)
        return PairPlan(draw_partners(self._stream, shape[0], rows, like), lam, shape[0])

    def _mix_inputs(self, X: SomeArray, plan: PairPlan, out: SomeArray | None) -> Any:
        xp = namespace(X)
        images = xp.astype(X if not hasattr(X, "detach") else X.detach(), xp.float64)
        if bool(xp.any(images < 0)):
            raise ValueError(
                "X must not have negative pixels, because they are masses to be transported. Shift or clip X."
            )
        last = self._image_axes(X.shape) == (-3, -2)
        images = xp.moveaxis(images, -1, 1) if last else images
        shape: Shape = images.shape  # (m, ..., H, W)
        images = xp.reshape(images, (plan.m, -1, *shape[-2:]))
        first = take_rows(images, plan.rows, plan.m)
        second = xp.take(images, to_backend(plan.partners, X), axis=0)
        lam = xp.broadcast_to(to_backend(plan.lam, images, xp.float64)[:, None], first.shape[:2])
        first, second = (part.reshape(-1, *shape[-2:]) for part in (first, second))
        mixed = self._mix_channels(first, second, lam.reshape(-1))
        mixed = mixed.reshape(plan.rows, *shape[1:])
        return cast(xp.moveaxis(mixed, 1, -1) if last else mixed, X.dtype)

    def _mix_channels(self, first: SomeArray, second: SomeArray, lam: SomeArray) -> Any:
        """Return the barycentre of each two channels (n, H, W), with its mass."""
        xp = namespace(first)
        first_mass, second_mass = (xp.sum(part, axis=(-2, -1)) for part in (first, second))
        both = xp.nonzero((first_mass > 0) & (second_mass > 0))[0]
        mixed = lam[:, None, None] * first + (1 - lam[:, None, None]) * second  # remains if one is empty
        parts: list[Any] = [lam, first_mass, second_mass, first, second]
        lam, first_mass, second_mass, first, second = (xp.take(part, both, axis=0) for part in parts)
        first, second = first / first_mass[:, None, None], second / second_mass[:, None, None]
        mass = lam * first_mass + (1 - lam) * second_mass
        mixed[both] = barycenters(first, second, lam, self.reg, self.max_iter) * mass[:, None, None]
        return mixed
