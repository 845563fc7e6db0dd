"""Methods that paste a chosen part of another image: ResizeMix and SaliencyMix."""

from typing import Any, Unpack

from zeta_geom.checks import check_real
from zeta_geom.checks.points import is_tensor
from zeta_geom.checks.types import Array, Shape, SomeArray
from zeta_geom.mixers.arrays import batch_scale, cast, compute_dtype, namespace, take_rows, to_backend
from zeta_geom.mixers.image_mixer import ImageMixer
from zeta_geom.mixers.methods.cutmix import BoxPlan, CutMix, inside, span_around
from zeta_geom.mixers.methods.pairs import PairMixer, PairPlan, draw_partners
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits

SURROUNDS = (2, 4, 8)  # half sides of the windows of `contrast`, as parts of the image's
ROUNDING = 1e-12  # of sums of up to thousands of float64 numbers


class ResizeMix(ImageMixer, PairMixer):
    """Paste a smaller copy of another image at a random place; the label is mixed by its share of the pixels.

    The copy has ⌊H τ⌋ × ⌊W τ⌋ pixels, at least one, with τ ~ U(low, high), by bilinear interpolation; λ is the share
    of the other pixels. One τ and one place serve the batch.
    Source: Qin et al. 2020 (ResizeMix), Section 3.2, whose range of τ is the default.

    Parameters
    ----------
    low, high : float
        The range of τ, 0 < low ≤ high ≤ 1.
    channels, **shared
        As in `ImageMixer` and `Mixer`.

    Examples
    --------
    >>> import numpy as np
    >>> X_new, Y_new = ResizeMix(random_state=0)(np.stack([np.zeros((8, 8)), np.ones((8, 8))]), [0, 1])
    >>> bool(np.allclose(X_new.mean(axis=(1, 2)), Y_new[:, 1]))
    True
    """

    traits = Traits(
        title="ResizeMix",
        idea="smaller copy of one image pasted onto another; labels by the share of pixels",
        source="Qin et al. 2020",
        needs_images=True,
        weighted_mean=False,
    )

    def __init__(
        self, low: float = 0.1, high: float = 0.8, *, channels: str | None = None, **shared: Unpack[Shared]
    ) -> None:
        super().__init__(channels=channels, **shared)
        self.high = check_real(high, "high", low=0, high=1, strict=True)
        self.low = check_real(low, "low", low=0, strict=True)
        if self.low > self.high:
            raise ValueError(f"low must be at most high, {high}; got {low}.")

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> BoxPlan:
        height, width = (shape[axis] for axis in self._image_axes(shape))
        part, down, right = self._stream.uniform((3,), like)
        part = self.low + (self.high - self.low) * part
        (top, bottom), (left, free) = _placed(height, part, down), _placed(width, part, right)
        xp = namespace(top)
        box = xp.astype(xp.stack([top, bottom, left, free], axis=-1), xp.int64)
        lam = xp.asarray(1 - (bottom - top) * (free - left) / (height * width))
        return BoxPlan(draw_partners(self._stream, shape[0], rows, like), lam, shape[0], box)

    def _mix_inputs(self, X: SomeArray, plan: BoxPlan, out: SomeArray | None) -> Any:
        axes, xp = self._image_axes(X.shape), namespace(X)
        copies = cast(X, compute_dtype(X))
        top, bottom, left, right = to_backend(plan.box, X)
        for axis, first, free in ((axes[0], top, bottom), (axes[1], left, right)):
            copies = _squeezed(copies, X.ndim + axis, first, free)
        copies = xp.take(cast(copies, X.dtype), to_backend(plan.partners, X), axis=0)
        return cast(xp.where(inside(plan.box, X, axes), copies, take_rows(X, plan.rows, plan.m)), X.dtype)


def _placed(size: int, part: Array, position: Array) -> tuple[Any, Any]:
    """Return the first pixel of a copy and the first after it: `part` is its share of `size`."""
    xp = namespace(part)
    length = xp.clip(xp.floor(size * part), 1, size)
    first = xp.floor(position * (size - length + 1))
    first = xp.where(first > size - length, size - length, first)  # in float32 the product may round up
    return first, first + length


def _squeezed(values: SomeArray, axis: int, first: Array, free: Array) -> Any:
    """Interpolate values along an axis so that all of them lie between the pixels `first` and `free`."""
    xp, size = namespace(values), values.shape[axis]
    pixels = xp.astype(xp.arange(size, device=values.device), values.dtype)
    # the middle of pixel i of n is at (i + 1/2) / n
    at = xp.clip((pixels - first + 0.5) * size / (free - first) - 0.5, 0, size - 1)
    low = xp.astype(xp.floor(at), xp.int64)
    high = xp.clip(low + 1, 0, size - 1)
    share = cast(at - low, values.dtype).reshape(-1, *(1,) * (values.ndim - 1 - axis))
    return xp.take(values, low, axis=axis) * (1 - share) + xp.take(values, high, axis=axis) * share


class SaliencyMix(CutMix):
    """CutMix with each box around the most salient pixel of the image that it is cut from, at the same place.

    Saliency is the contrast of a pixel with its surroundings, see `contrast`. λ ~ Beta(α, α) gives the size of the
    boxes, which are clipped; then λ is the share of the other pixels, for each row. Source: Uddin et al. 2021
    (SaliencyMix). The authors' code takes one image's box for the whole batch, and OpenCV's saliency (Montabone and
    Soto 2010), of which this one has the idea, not the sizes of windows.

    Parameters
    ----------
    alpha : float
        α > 0; 1 makes λ uniform.
    channels, **shared
        As in `ImageMixer` and `Mixer`.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.zeros((2, 8, 8))
    >>> X[:, 2, 2] = 1, 2
    >>> SaliencyMix(random_state=1)(X)[0][:, 2, 2]
    array([2., 1.])
    """

    traits = Traits(
        title="SaliencyMix",
        idea="box around the most salient pixel of one image pasted onto another; labels by the share of pixels",
        source="Uddin et al. 2021",
        needs_images=True,
        weighted_mean=False,
    )

    def __init__(self, alpha: float = 1.0, *, channels: str | None = None, **shared: Unpack[Shared]) -> None:
        super().__init__(alpha, channels=channels, **shared)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> Any:
        self._image_axes(shape)
        lam = self._stream.beta(self.alpha, (), like)
        return PairPlan(draw_partners(self._stream, shape[0], rows, like), lam, shape[0])

    def _apply(self, X: SomeArray, Y: SomeArray | None, plan: PairPlan, out: SomeArray | None) -> Any:
        axes, xp = self._image_axes(X.shape), namespace(X)
        height, width = (X.shape[axis] for axis in axes)
        partners, lam = to_backend(plan.partners, X), to_backend(plan.lam, X)
        peaks = xp.take(xp.argmax(contrast(X, axes).reshape(X.shape[0], -1), axis=1), partners, axis=0)
        cut = (1 - lam) ** 0.5
        top, bottom = span_around(xp.astype(peaks // width, cut.dtype), height, cut)
        left, right = span_around(xp.astype(peaks % width, cut.dtype), width, cut)
        box = xp.astype(xp.stack([top, bottom, left, right], axis=-1), xp.int64)
        shares = 1 - (bottom - top) * (right - left) / (height * width)
        return super()._apply(X, Y, BoxPlan(plan.partners, shares, plan.m, box), out)


def contrast(X: SomeArray, axes: tuple[int, int]) -> Any:
    """Return Σ_w |g - mean of g over window w|, where g is the mean of the channels: float64 (m, H, W).

    The windows are centred, reach a half, a quarter and an eighth of the image to each side, and end at its border.
    Sums below ROUNDING of the batch's largest value count as 0.
    """
    xp = namespace(X)
    X = X.detach() if is_tensor(X) else X
    grey = xp.astype(X, xp.float64)
    grey = grey * batch_scale(grey)
    others = tuple(axis for axis in range(1, X.ndim) if axis - X.ndim not in axes)
    grey = xp.mean(grey, axis=others) if others else grey
    total = xp.zeros_like(grey)
    for part in SURROUNDS:
        means = grey
        for axis in (1, 2):
            means = _window_means(means, axis, max(1, grey.shape[axis] // part))
        total = total + xp.abs(grey - means)
    return xp.where(total < ROUNDING, 0.0, total)


def _window_means(values: SomeArray, axis: int, half: int) -> Any:
    """Return means over windows that reach `half` to both sides along an axis, and end at the border."""
    xp, size = namespace(values), values.shape[axis]
    sums = xp.cumulative_sum(values, axis=axis, include_initial=True)
    pixels = xp.arange(size, device=values.device)
    low, high = xp.clip(pixels - half, 0, size), xp.clip(pixels + half + 1, 0, size)
    count = xp.astype(high - low, values.dtype).reshape(-1, *(1,) * (values.ndim - 1 - axis))
    return (xp.take(sums, high, axis=axis) - xp.take(sums, low, axis=axis)) / count
