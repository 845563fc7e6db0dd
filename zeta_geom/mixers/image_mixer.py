"""What mixers of images share: where the channels are."""

from __future__ import annotations

import copy
from typing import Unpack

from zeta_geom.checks import check_channels, image_axes
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.seeded import Shared

__all__ = ["ImageMixer", "with_channels"]


class ImageMixer(Mixer):
    """A method that treats the height and width of images apart from their channels.

    Parameters
    ----------
    channels : {"first", "last"}, optional
        Where the channels are: images (m, C, H, W) or (m, H, W, C). Inferred by default, as `checks.image_axes` says.
    **shared
        As in `Mixer`.
    """

    channels: str | None = None  # of mixers that were pickled before they had one

    def __init__(self, *, channels: str | None = None, **shared: Unpack[Shared]) -> None:
        super().__init__(**shared)
        self.channels = check_channels(channels)

    def _image_axes(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Return the axes of height and width, counted from the end."""
        return image_axes(shape, self.channels)


def with_channels(mixer: Mixer, channels: str | None) -> Mixer:
    """Return a mixer that knows where the channels of its images are; one that was told keeps what it was told."""
    if check_channels(channels) is None or not (isinstance(mixer, ImageMixer) or mixer._parts):
        return mixer
    mixer = copy.copy(mixer)
    if isinstance(mixer, ImageMixer) and mixer.channels is None:
        mixer.channels = channels
    mixer._parts = tuple(with_channels(part, channels) for part in mixer._parts)
    return mixer
