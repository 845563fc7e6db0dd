"""Albumentations' transforms as augmentations: image by image, (H, W, C) as uint8 or float32."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from zeta_geom.audits.methods.batches import Batch, Call, Output
from zeta_geom.audits.methods.images import Adapter, as_array, channels_first, stack
from zeta_geom.audits.methods.masked import Masked
from zeta_geom.audits.methods.streams import GlobalStream


def of_albumentations(transform: Any, seed: int, channels: str | None, masked: Masked | None) -> Call:
    """Return the call of a transform, or of a composition of transforms, with image= and, if there are masks, mask=.

    A copy of the transform is seeded: by `set_random_seed` if it has its own generators (since 1.4.19), else by the
    global generators. Grey images (m, H, W) are passed without an axis of channels.
    """
    transform = copy.deepcopy(transform)  # the caller's transform keeps its random state
    stream = GlobalStream(seed)

    def reseed() -> None:
        if hasattr(transform, "set_random_seed"):
            transform.set_random_seed(seed % 2**32)  # both of its generators, Python's and NumPy's, take 32 bits

    def mark() -> Callable[[], None]:
        back = GlobalStream.mark()

        def rewind() -> None:
            reseed()  # only the first image is transformed twice, so its state is the seed
            back()

        return rewind

    def run(image: np.ndarray, *mask: np.ndarray) -> Any:
        if image.dtype == np.float64:
            image = image.astype(np.float32)
        return transform(image=np.ascontiguousarray(image), **({"mask": mask[0]} if mask else {}))

    reseed()
    adapter = Adapter(run, type(transform).__name__, mark, "image=, an array")

    def call(batch: Batch) -> Output:
        images, back = channels_first(batch.X, channels, "albumentations")
        images = images[:, 0] if batch.X.ndim == 3 else np.moveaxis(images, 1, -1)
        masks = [()] * len(images) if masked is None else [(mask.copy(),) for mask in masked.of(batch.rows)]
        with stream:
            outputs = [as_array(adapter(batch.grey, image, *mask)) for image, mask in zip(images, masks)]
        return back(stack(outputs)), None

    return call
