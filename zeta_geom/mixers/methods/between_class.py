"""Between-Class learning: pairs of two classes, mixed by share or, for images, by share and contrast."""

import warnings
from typing import Any, Unpack

from zeta_geom.checks.types import Array, Shape, SomeArray
from zeta_geom.mixers.arrays import batch_scale, cast, compute_dtype, flatten, namespace, on_host, to_backend
from zeta_geom.mixers.methods.pairs import PairMixer, PairPlan
from zeta_geom.mixers.plans import MixPlan, Unmixed
from zeta_geom.mixers.products import take_rows
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits


class BetweenClass(PairMixer):
    """Mix each sample with one of another class: x_new = r x_1 + (1 - r) x_2, labels likewise, r ~ U(0, 1) per row.

    The class of a soft label is that of its largest share. A batch of one class is returned unmixed, on the CPU with
    a warning. Source: Tokozume et al. 2018 (Between-Class learning), BC.

    Parameters
    ----------
    **shared
        As in `Mixer`.

    Examples
    --------
    >>> X_new, Y_new = BetweenClass(random_state=0)([[0.0], [0.0], [1.0], [1.0]], [0, 0, 1, 1])
    >>> (Y_new > 0).sum(axis=1)
    array([2, 2, 2, 2])
    """

    traits = Traits(
        title="Between-Class (BC)",
        idea="linear interpolation of two samples of different classes and of their labels",
        source="Tokozume et al. 2018",
        needs_classes=True,
    )

    def __init__(self, **shared: Unpack[Shared]) -> None:
        super().__init__(**shared)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> MixPlan:
        m = shape[0]
        target: Any = like
        shares: Any = labels if like is None else to_backend(labels, target)
        xp, device = namespace(shares), shares.device
        classes = xp.argmax(shares, axis=1)
        if on_host(shares) and bool(xp.all(classes == classes[0])):
            warnings.warn(
                "a batch of one class has no pairs for Between-Class; it is returned unmixed.", stacklevel=4
            )
            return Unmixed(rows, m)
        order = xp.argsort(classes, stable=True)
        sorted_classes, row_classes = xp.take(classes, order, axis=0), take_rows(classes, rows, m)
        first, last = (xp.searchsorted(sorted_classes, row_classes, side=side) for side in ("left", "right"))
        others = m - (last - first)
        picks = xp.astype(xp.floor(self._stream.uniform((rows,), shares) * others), xp.int64)
        picks = xp.minimum(picks, others - 1)  # in float32 the product may round up
        picks = xp.where(picks < first, picks, picks + last - first)  # skip the sample's class
        alone = others == 0
        row = xp.arange(rows, device=device) % m
        partners = xp.where(alone, row, xp.take(order, xp.clip(picks, 0, m - 1), axis=0))
        lam = self._stream.uniform((rows,), shares)
        return PairPlan(partners, xp.where(alone, xp.ones_like(lam), lam), m)


class BetweenClassPlus(BetweenClass):
    """Mix each image with one of another class so that r is the perceived share.

    Each image is centred on its mean; with g their standard deviations, p = 1 / (1 + (g_1 / g_2) (1 - r) / r) and
    x_new = (p x_1 + (1 - p) x_2) / √(p² + (1 - p)²), y_new = r y_1 + (1 - r) y_2. If both images are constant, p = r.
    Source: Tokozume et al. 2018 (Between-Class learning for image classification), BC+.

    Parameters
    ----------
    **shared
        As in `Mixer`.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).random((4, 8, 8))
    >>> BetweenClassPlus(random_state=0)(X, [0, 0, 1, 1])[0].mean(axis=(1, 2)).round(12) + 0
    array([0., 0., 0., 0.])
    """

    traits = Traits(
        title="Between-Class (BC+)",
        idea="as BC, with zero-mean images weighted by their contrast",
        source="Tokozume et al. 2018",
        needs_images=True,
        needs_classes=True,
        weighted_mean=False,
        bounded=False,
    )

    def _mix_inputs(self, X: SomeArray, plan: PairPlan, out: SomeArray | None) -> Any:
        xp = namespace(X)
        flat = flatten(X)
        scale = batch_scale(flat)  # so that squares neither overflow nor underflow
        flat = flat * scale
        flat = flat - xp.mean(flat, axis=1, keepdims=True)
        variance = xp.mean(flat * flat, axis=1, keepdims=True)
        varies = variance > 0  # the root has no slope at 0
        contrast = xp.where(varies, xp.where(varies, variance, xp.ones_like(variance)) ** 0.5, variance)
        partners = to_backend(plan.partners, X)
        first, second = take_rows(contrast, plan.rows, plan.m), xp.take(contrast, partners, axis=0)
        r = xp.reshape(to_backend(plan.lam, X, compute_dtype(X)), (-1, 1))
        both = r * second + (1 - r) * first
        p = xp.where(both > 0, r * second / xp.where(both > 0, both, xp.ones_like(both)), r)
        mixed = p * take_rows(flat, plan.rows, plan.m) + (1 - p) * xp.take(flat, partners, axis=0)
        mixed = mixed / ((p * p + (1 - p) ** 2) ** 0.5 * scale)
        return cast(mixed.reshape(plan.rows, *X.shape[1:]), X.dtype)
