"""FMix: masks from noise of low frequencies."""

from dataclasses import dataclass
from typing import Any, Unpack

from zeta_geom.checks import check_real
from zeta_geom.checks.types import Array, Shape, SomeArray
from zeta_geom.mixers.arrays import namespace, to_backend
from zeta_geom.mixers.image_mixer import ImageMixer
from zeta_geom.mixers.methods.pairs import PairMixer, PairPlan, choose_pixels, draw_partners
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits


@dataclass(frozen=True)
class PixelPlan(PairPlan):
    """The plan of FMix; λ is the share of the pixels that are True."""

    mask: Array  # True for pixels of row k's sample, False for its partner's: (H, W)


class FMix(ImageMixer, PairMixer):
    """Choose each pixel from one of two images by a mask of a few smooth regions; labels by the share of pixels.

    The Fourier transform of Gaussian white noise is divided by f^δ, where no frequency f counts as less than
    1 / max(H, W); where its inverse has the ⌊λ H W + 1/2⌋ largest values, pixels come from the first image,
    λ ~ Beta(α, α). One mask serves the batch. Source: Harris et al. 2020 (FMix), Section 4. The authors' code draws
    half of the complex spectrum, which weakens the frequencies along one axis, and rounds λ H W up or down by chance.

    Parameters
    ----------
    alpha : float
        α > 0; 1 makes λ uniform.
    decay : float
        δ ≥ 0: large values give few, large regions, and 0 gives white noise.
    channels, **shared
        As in `ImageMixer` and `Mixer`.

    Examples
    --------
    >>> import numpy as np
    >>> X_new, Y_new = FMix(random_state=0)(np.stack([np.zeros((8, 8)), np.ones((8, 8))]), [0, 1])
    >>> bool(np.allclose(X_new.mean(axis=(1, 2)), Y_new[:, 1]))
    True
    """

    traits = Traits(
        title="FMix",
        idea="pixels of two images by a mask of low frequencies; labels by the share of pixels",
        source="Harris et al. 2020",
        needs_images=True,
        weighted_mean=False,
    )

    def __init__(
        self, alpha: float = 1.0, *, decay: float = 3.0, channels: str | None = None, **shared: Unpack[Shared]
    ) -> None:
        super().__init__(channels=channels, **shared)
        self.alpha = check_real(alpha, "alpha", low=0, strict=True)
        self.decay = check_real(decay, "decay", low=0)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> PixelPlan:
        height, width = (shape[axis] for axis in self._image_axes(shape))
        lam = self._stream.beta(self.alpha, (), like)
        noise = self._stream.normal((height, width), like)
        xp, device = namespace(noise), {} if like is None else {"device": like.device}
        down, right = xp.fft.fftfreq(height, **device), xp.fft.rfftfreq(width, **device)
        frequency = xp.clip(xp.sqrt(down[:, None] ** 2 + right**2), 1 / max(height, width), None)
        spectrum = xp.fft.rfftn(noise, axes=(0, 1)) / frequency**self.decay
        smooth = xp.fft.irfftn(spectrum, s=(height, width), axes=(0, 1))
        ranks = xp.argsort(xp.argsort(-smooth.reshape(-1)))
        count = xp.floor(lam * (height * width) + 0.5)
        mask = (ranks < count).reshape(height, width)
        share = xp.asarray(count / (height * width))
        return PixelPlan(draw_partners(self._stream, shape[0], rows, like), share, shape[0], mask)

    def _mix_inputs(self, X: SomeArray, plan: PixelPlan, out: SomeArray | None) -> Any:
        channels_last = self._image_axes(X.shape)[1] == -2
        return choose_pixels(X, plan, to_backend(plan.mask, X), channels_last=channels_last)
