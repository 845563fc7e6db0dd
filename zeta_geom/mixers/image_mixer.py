"""The base class of mixers of images: the layout of their channels."""

import copy
from typing import Unpack

from zeta_geom.checks import check_channels, image_axes
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.seeded import Shared


class ImageMixer(Mixer):
    """A method that distinguishes the height and width of images from their channels.

    Parameters
    ----------
    channels : {"first", "last"}, optional
        The layout, (m, C, H, W) or (m, H, W, C); inferred by the rule of `checks.image_axes` by default.
    **shared
        As in `Mixer`.
    """

    channels: str | None = None  # for mixers that were pickled before the attribute existed

    def __init__(self, *, channels: str | None = None, **shared: Unpack[Shared]) -> None:
        super().__init__(**shared)
        self.channels = check_channels(channels)

    def _image_axes(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Return the axes of height and width, counted from the end."""
        return image_axes(shape, self.channels)


def check_cells(n_cells: int, height: int, width: int) -> None:
    """Raise ValueError if a grid has more cells along a side than the images have pixels."""
    if min(height, width) < n_cells:
        raise ValueError(
            f"n_cells must be at most the image's height and width; got n_cells={n_cells} for images of "
            f"{height} x {width} pixels. Lower n_cells."
        )


def with_channels(mixer: Mixer, channels: str | None) -> Mixer:
    """Return the mixer with this layout of channels, if it has none yet."""
    if check_channels(channels) is None or not (isinstance(mixer, ImageMixer) or mixer._parts):
        return mixer
    mixer = copy.copy(mixer)
    if isinstance(mixer, ImageMixer) and mixer.channels is None:
        mixer.channels = channels
    mixer._parts = tuple(with_channels(part, channels) for part in mixer._parts)
    return mixer
