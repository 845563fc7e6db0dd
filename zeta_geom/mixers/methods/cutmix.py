"""CutMix, and CutMix followed by ζ-mixup."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np

from zeta_geom.checks import check_real
from zeta_geom.mixers.arrays import namespace, to_backend
from zeta_geom.mixers.image_mixer import ImageMixer
from zeta_geom.mixers.methods.pairs import PairMixer, PairPlan, draw_partners
from zeta_geom.mixers.methods.zeta import ZetaMixup
from zeta_geom.mixers.products import take_rows
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits

__all__ = ["BoxPlan", "CutMix", "CutMixZeta", "PastePlan"]


@dataclass(frozen=True)
class BoxPlan(PairPlan):
    """What CutMix drew for one batch of m images; λ is the share of the pixels outside the box.

    Parameters
    ----------
    partners, lam, m
        As in `PairPlan`.
    box : int64 array of shape (4,)
        Top, bottom, left, right, in pixels; bottom and right are the first outside.
    """

    box: Any


class CutMix(ImageMixer, PairMixer):
    """Paste a box of another image onto each one; the label is mixed by the box's share of the pixels.

    With λ ~ Beta(α, α), the box has half sides ⌊H √(1-λ) / 2⌋ and ⌊W √(1-λ) / 2⌋ around a uniform pixel and is
    clipped at the borders; then λ = 1 - area / (H W). One box serves the batch.

    Parameters
    ----------
    alpha : float
        α > 0; 1 makes λ uniform.
    channels : {"first", "last"}, optional
        Where the channels of images are; inferred by default (see `checks.image_axes`).
    **shared
        prob, n_classes, check_values, random_state, as in `Mixer`.

    Raises
    ------
    TypeError, ValueError
        If α is not a positive number.

    References
    ----------
    Yun et al. 2019 (CutMix); the even sides are those of the authors' code, and of torchvision's.

    Examples
    --------
    >>> import numpy as np
    >>> X_new, Y_new = CutMix(random_state=3)(np.stack([np.zeros((8, 8)), np.ones((8, 8))]), [0, 1])
    >>> X_new.mean(axis=(1, 2)), Y_new[:, 1]
    (array([0.3125, 0.6875]), array([0.3125, 0.6875]))
    """

    traits = Traits(
        title="CutMix",
        idea="box of one image pasted onto another; labels by the share of pixels",
        source="Yun et al. 2019",
        needs_images=True,
        weighted_mean=False,
    )

    def __init__(self, alpha: float = 1.0, *, channels: str | None = None, **shared: Unpack[Shared]) -> None:
        super().__init__(channels=channels, **shared)
        self.alpha = check_real(alpha, "alpha", low=0, strict=True)

    def _draw(self, shape: tuple[int, ...], rows: int, like: Any, labels: Any, clip: bool) -> BoxPlan:
        height, width = (shape[axis] for axis in self._image_axes(shape))
        lam = self._stream.beta(self.alpha, (), like)
        xp, cut = namespace(lam), (1 - lam) ** 0.5
        down, right = self._stream.uniform((2,), like)
        top, bottom = _span(xp, height, cut, down)
        left, right = _span(xp, width, cut, right)
        box = xp.astype(xp.stack([top, bottom, left, right]), xp.int64)
        lam = xp.asarray(1 - (bottom - top) * (right - left) / (height * width))
        return BoxPlan(draw_partners(self._stream, shape[0], rows, like), lam, shape[0], box)

    def _mix_inputs(self, X: Any, plan: BoxPlan, out: Any) -> Any:
        own = take_rows(X, plan.rows, plan.m)
        axes = self._image_axes(X.shape)
        after = -1 - axes[1]  # axes after the width: one where the channels are last
        if _knows_numbers(X):
            top, bottom, left, right = (int(edge) for edge in plan.box)
            mixed = _copy_into(out, own)
            inside = (..., slice(top, bottom), slice(left, right), *[slice(None)] * after)
            mixed[inside] = X[inside][to_backend(plan.partners, X)]
            return mixed
        xp, device = namespace(X), X.device
        box = to_backend(plan.box, X)
        rows, columns = (xp.arange(size, device=device) for size in (X.shape[axes[0]], X.shape[axes[1]]))
        within_rows, within_columns = (rows >= box[0]) & (rows < box[1]), (columns >= box[2]) & (columns < box[3])
        mask = within_rows[:, None] & within_columns[None, :]
        mask = xp.reshape(mask, (*mask.shape, *[1] * after))
        return xp.where(mask, xp.take(X, to_backend(plan.partners, X), axis=0), own)


def _span(xp: Any, size: int, cut: Any, position: Any) -> tuple[Any, Any]:
    """Return where a cut of this share of `size` begins and ends, around a position in [0, 1)."""
    centre = xp.clip(xp.floor(position * size), 0, size - 1)  # in float32 the product may round up to size
    half = xp.floor(size * cut / 2)
    return xp.clip(centre - half, 0, size), xp.clip(centre + half, 0, size)


def _knows_numbers(X: Any) -> bool:
    """Say whether a plan's numbers can be read without waiting for a device or breaking a compiled graph."""
    if isinstance(X, np.ndarray):
        return True
    compiler = sys.modules["torch"].compiler
    return X.device.type == "cpu" and not compiler.is_compiling()


def _copy_into(out: Any, values: Any) -> Any:
    """Return a copy of `values`, in `out` where it is given."""
    if out is None:
        return values.copy() if isinstance(values, np.ndarray) else values.clone()
    out[...] = values
    return out


@dataclass(frozen=True)
class PastePlan:
    """What CutMix + ζ drew for one batch.

    Parameters
    ----------
    paste : BoxPlan
    mix : WeightsPlan or OrdersPlan
    """

    paste: BoxPlan
    mix: Any

    @property
    def rows(self) -> int:
        """Number of rows that come out."""
        return self.mix.rows

    @property
    def m(self) -> int:
        """Number of samples in the batch."""
        return self.paste.m


class CutMixZeta(ImageMixer):
    """Paste boxes as CutMix does, then mix the pasted images, and their labels, with ζ-mixup's weights.

    The paper says that it applies both and not how; the order is ours.

    Parameters
    ----------
    gamma, n_mix, anchor
        As in `ZetaMixup`; the paper draws γ from (1.72865, 4.0) here.
    alpha, channels
        As in `CutMix`.
    **shared
        prob, n_classes, check_values, random_state, as in `Mixer`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is outside its range.

    References
    ----------
    Abhishek et al. 2024, Table 5.

    Examples
    --------
    >>> import numpy as np
    >>> CutMixZeta(random_state=0)(np.ones((4, 8, 8)), [0, 1, 2, 3])[1].sum(axis=1).round(12)
    array([1., 1., 1., 1.])
    """

    traits = Traits(
        title="CutMix + ζ-mixup",
        idea="CutMix's paste, then ζ-mixup of the pasted images and their labels",
        source="Abhishek et al. 2024, Table 5",
        samples="2 to m, of 2 each",
        needs_images=True,
        weighted_mean=False,
    )

    def __init__(
        self,
        gamma: float | tuple[float, float] = 2.8,
        *,
        n_mix: int | None = None,
        anchor: str = "self",
        alpha: float = 1.0,
        channels: str | None = None,
        **shared: Unpack[Shared],
    ) -> None:
        super().__init__(channels=channels, **shared)
        zeta, cutmix = ZetaMixup(gamma, n_mix=n_mix, anchor=anchor), CutMix(alpha, channels=channels)
        self.gamma, self.n_mix, self.anchor, self.alpha = zeta.gamma, zeta.n_mix, zeta.anchor, cutmix.alpha
        self._parts = tuple(part._on(self._stream) for part in (cutmix, zeta))

    def _draw(self, shape: tuple[int, ...], rows: int, like: Any, labels: Any, clip: bool) -> PastePlan:
        cutmix, zeta = self._parts
        return PastePlan(
            cutmix._draw(shape, shape[0], like, labels, clip), zeta._draw(shape, rows, like, labels, clip)
        )

    def _mix_inputs(self, X: Any, plan: PastePlan, out: Any) -> Any:
        cutmix, zeta = self._parts
        return zeta._mix_inputs(cutmix._mix_inputs(X, plan.paste, None), plan.mix, out)

    def _mix_labels(self, Y: Any, plan: PastePlan) -> Any:
        cutmix, zeta = self._parts
        return zeta._mix_labels(cutmix._mix_labels(Y, plan.paste), plan.mix)
