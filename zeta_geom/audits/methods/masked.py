"""Masks of the originals, for the transforms that use them."""

import numpy as np

from zeta_geom.audits.methods.libraries import library_of
from zeta_geom.checks import host_array
from zeta_geom.checks.types import ArrayLike


class Masked:
    """A transform together with the masks of the originals, as an augmentation for `audit`.

    Only the images are audited. A mask is passed as `mask=` (albumentations), as a `tv_tensors.Mask` behind the image
    (torchvision v2), or as a float tensor (m, 1, H, W) behind the batch (kornia, with data_keys=["input", "mask"]).

    Parameters
    ----------
    transform : transform of albumentations, torchvision v2 or kornia
        The augmentation.
    masks : int, bool or float array of shape (n, H, W)
        One mask for each row of X.

    Raises
    ------
    TypeError, ValueError
        If the transform is from another library, or the masks have another dtype or shape.

    Examples
    --------
    >>> Masked(lambda image: image, np.zeros((4, 8, 8)))
    Traceback (most recent call last):
    TypeError: transform must be from albumentations, torchvision v2 or kornia to take masks; got <...
    """

    def __init__(self, transform: object, masks: ArrayLike) -> None:
        if library_of(transform) not in ("albumentations", "torchvision", "kornia"):
            raise TypeError(
                "transform must be from albumentations, torchvision v2 or kornia to take masks; got "
                f"{transform!r}. Pass a function that holds its masks itself."
            )
        self.transform = transform
        self.masks = host_array(masks, "masks")
        if self.masks.ndim != 3 or self.masks.dtype.kind not in "biuf":
            raise ValueError(f"masks must be numbers of shape (n, H, W); got {self.masks.dtype} {self.masks.shape}.")

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Return the masks of these rows of X."""
        if rows.max(initial=0) >= len(self.masks):
            raise ValueError(f"masks must hold one mask for each row of X; got {len(self.masks)}.")
        masks: np.ndarray = self.masks[rows]
        return masks

    def __repr__(self) -> str:
        return f"Masked({self.transform!r}, masks)"
