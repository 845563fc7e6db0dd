"""Torchvision's transforms as augmentations: image by image, in a dtype that they accept, with a random stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from zeta_geom.audits.methods.batches import Batch, Call, Output
from zeta_geom.audits.methods.images import Adapter, as_array, channels_first, stack, to_tensor
from zeta_geom.audits.methods.libraries import is_of
from zeta_geom.audits.methods.masked import Masked
from zeta_geom.audits.methods.streams import GlobalStream

V2 = "torchvision.transforms.v2"


def of_torchvision(transform: Any, seed: int, channels: str | None, masked: Masked | None) -> Call:
    """Return the call of a torchvision transform: image by image, because it draws only once for a batch."""
    if is_of(transform, ("MixUp", "CutMix")):
        return _of_batches(transform, seed, channels)
    is_v2 = any(_is_v2(module) for module in (transform, *getattr(transform, "modules", tuple)()))
    if masked and not is_v2:
        raise TypeError(f"{type(transform).__name__} takes no mask; give a transform of torchvision.transforms.v2.")
    wrap = _v2_images if is_v2 else to_tensor

    def run(image: np.ndarray, *mask: Any) -> Any:
        output = transform(wrap(image), *mask)
        return output[0] if mask and isinstance(output, (tuple, list)) else output

    stream, adapter = GlobalStream(seed), Adapter(run, type(transform).__name__, GlobalStream.mark)

    def call(batch: Batch) -> Output:
        images, back = channels_first(batch.X, channels, "torchvision")
        masks = [()] * len(images) if masked is None else [(_v2_mask(mask),) for mask in masked.of(batch.rows)]
        with stream:
            outputs = [as_array(adapter(batch.grey, image, *mask)) for image, mask in zip(images, masks)]
        return back(stack(outputs)), None

    return call


def _of_batches(transform: Callable[..., Any], seed: int, channels: str | None) -> Call:
    """Return the call of MixUp or CutMix, which take a batch with class numbers."""
    title = type(transform).__name__
    stream = GlobalStream(seed)
    adapter = Adapter(lambda images, labels: transform(to_tensor(images), labels), title, GlobalStream.mark)

    def call(batch: Batch) -> Output:
        labels = to_tensor(batch.classes_for(title))
        images, back = channels_first(batch.X, channels, "torchvision")
        with stream:
            output, mixed = adapter(batch.grey, images, labels)
        return back(as_array(output)), mixed.numpy()

    return call


def _is_v2(value: object) -> bool:
    return any(f"{base.__module__}.".startswith(f"{V2}.") for base in type(value).__mro__)


def _v2_images(image: np.ndarray) -> Any:
    """Return an image as the type of tensor that transforms of v2 treat as an image."""
    from torchvision.tv_tensors import Image

    return Image(to_tensor(image))


def _v2_mask(mask: np.ndarray) -> Any:
    from torchvision.tv_tensors import Mask

    return Mask(to_tensor(mask))
