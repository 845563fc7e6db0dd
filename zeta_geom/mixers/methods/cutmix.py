"""CutMix, and CutMix followed by ζ-mixup."""

import sys
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np

from zeta_geom.checks import check_real
from zeta_geom.checks.types import Array, Shape, SomeArray
from zeta_geom.mixers.arrays import copy_into, namespace, on_host, take_rows, to_backend
from zeta_geom.mixers.image_mixer import ImageMixer
from zeta_geom.mixers.methods.pairs import PairMixer, PairPlan, draw_partners
from zeta_geom.mixers.methods.zeta import MatrixPlan, ZetaMixup
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits


@dataclass(frozen=True)
class BoxPlan(PairPlan):
    """The plan of CutMix; λ is the share of the pixels outside the box."""

    box: Array  # top, bottom, left, right; bottom and right are the first pixels outside: int64 (4,) or (rows, 4)


class CutMix(ImageMixer, PairMixer):
    """Paste a box of another image onto each one; the label is mixed by the box's share of the pixels.

    With λ ~ Beta(α, α), the box has half sides ⌊H √(1-λ) / 2⌋ and ⌊W √(1-λ) / 2⌋ around a uniform pixel and is
    clipped at the borders; then λ = 1 - area / (H W).
    Source: Yun et al. 2019 (CutMix); the even sides are those of the authors' code, and of torchvision's.

    Parameters
    ----------
    alpha : float
        α > 0; 1 makes λ uniform.
    per_sample : bool
        Draw a λ and a box for each output; by default one box serves the batch, as in the authors' code.
    channels, **shared
        As in `ImageMixer` and `Mixer`.

    Examples
    --------
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

    per_sample: bool = False  # for mixers that were pickled before the attribute existed

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        per_sample: bool = False,
        channels: str | None = None,
        **shared: Unpack[Shared],
    ) -> None:
        super().__init__(channels=channels, **shared)
        self.alpha = check_real(alpha, "alpha", low=0, strict=True)
        self.per_sample = bool(per_sample)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> BoxPlan:
        height, width = (shape[axis] for axis in self._image_axes(shape))
        size = (rows,) if self.per_sample else ()
        # one box that the host draws costs a device nothing, and can be cut out of the images without a mask
        source = None if size == () and not on_host(like) and self._stream.may_draw_on_host() else like
        lam = self._stream.beta(self.alpha, size, source)
        xp, cut = namespace(lam), (1 - lam) ** 0.5
        down, right = self._stream.uniform((2, *size), source)
        top, bottom = _span(height, cut, down)
        left, right = _span(width, cut, right)
        box = xp.astype(xp.stack([top, bottom, left, right], axis=-1), xp.int64)
        lam = xp.asarray(1 - (bottom - top) * (right - left) / (height * width))
        return BoxPlan(draw_partners(self._stream, shape[0], rows, like), lam, shape[0], box)

    def _mix_inputs(self, X: SomeArray, plan: BoxPlan, out: SomeArray | None) -> Any:
        images = take_rows(X, plan.rows, plan.m)
        height, width = self._image_axes(X.shape)
        end: tuple[slice, ...] = (slice(None),) if width == -2 else ()  # the channels are last
        if _is_readable(plan.box, X):
            mixed = copy_into(out, images)
            boxes: list[Any] = [
                (..., slice(*edges[:2]), slice(*edges[2:]), *end) for edges in plan.box.reshape(-1, 4).tolist()
            ]
            if plan.box.ndim == 1:
                mixed[boxes[0]] = X[boxes[0]][to_backend(plan.partners, X)]
                return mixed
            for row, (box, partner) in enumerate(zip(boxes, plan.partners.tolist())):
                mixed[row][box] = X[partner][box]
            return mixed
        xp = namespace(X)
        partners = xp.take(X, to_backend(plan.partners, X), axis=0)
        return xp.where(inside(plan.box, X, (height, width)), partners, images)


def inside(box: Array, X: SomeArray, axes: tuple[int, int]) -> Any:
    """Return which pixels lie in the box, or in each of several, bool; it broadcasts with images like X."""
    xp = namespace(X)
    top, bottom, left, right = xp.moveaxis(to_backend(box, X)[..., None], -2, 0)  # each (1,) or (rows, 1)
    rows, columns = (xp.arange(X.shape[axis], device=X.device) for axis in axes)
    inside_rows, inside_columns = (rows >= top) & (rows < bottom), (columns >= left) & (columns < right)
    mask: Any = inside_rows[..., :, None] & inside_columns[..., None, :]
    end = (1,) if axes[1] == -2 else ()  # the channels are last
    lead = mask.shape[:-2] + (1,) * (X.ndim - 3 - len(end)) if box.ndim > 1 else ()
    return mask.reshape(*lead, *mask.shape[-2:], *end)


def _span(size: int, cut: Array, position: Array) -> tuple[Any, Any]:
    """Return the first pixel of a cut and the first after it: `cut` is a share of `size`, `position` in [0, 1)."""
    xp = namespace(cut)
    centre = xp.clip(xp.floor(position * size), 0, size - 1)  # in float32 the product may round up to size
    return span_around(centre, size, cut)


def span_around(centre: Array, size: int, cut: Array) -> tuple[Any, Any]:
    """Return the first pixel of a cut around a pixel, and the first after it: `cut` is a share of `size`."""
    xp = namespace(cut)
    half = xp.floor(size * cut / 2)
    return xp.clip(centre - half, 0, size), xp.clip(centre + half, 0, size)


def _is_readable(box: Array, X: Array) -> bool:
    """Return whether boxes can be read: no wait for a device, no break of a compiled graph, no kernel for each."""
    if isinstance(X, np.ndarray):
        return True
    compiler = sys.modules["torch"].compiler
    return on_host(box) and (box.ndim == 1 or on_host(X)) and not compiler.is_compiling()


@dataclass(frozen=True)
class PastePlan:
    """The plans of CutMix and of the ζ-mixup after it."""

    paste: BoxPlan
    mix: MatrixPlan

    @property
    def rows(self) -> int:
        """Number of rows to return."""
        return self.mix.rows

    @property
    def m(self) -> int:
        """Number of samples in the batch."""
        return self.paste.m


class CutMixZeta(ImageMixer):
    """Paste boxes as CutMix does, then mix the pasted images, and their labels, with ζ-mixup's weights.

    Source: Abhishek et al. 2024, Table 5, which does not give the order of the two; this order is ours.

    Parameters
    ----------
    gamma, n_mix, anchor
        As in `ZetaMixup`; for this method the paper draws γ from (1.72865, 4.0).
    alpha, channels, **shared
        As in `CutMix`.

    Examples
    --------
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

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> PastePlan:
        cutmix, zeta = self._parts
        return PastePlan(
            cutmix._draw(shape, shape[0], like, labels, clip), zeta._draw(shape, rows, like, labels, clip)
        )

    def _mix_inputs(self, X: SomeArray, plan: PastePlan, out: SomeArray | None) -> Any:
        cutmix, zeta = self._parts
        return zeta._mix_inputs(cutmix._mix_inputs(X, plan.paste, None), plan.mix, out)

    def _mix_labels(self, Y: SomeArray, plan: PastePlan) -> Any:
        cutmix, zeta = self._parts
        return zeta._mix_labels(cutmix._mix_labels(Y, plan.paste), plan.mix)
