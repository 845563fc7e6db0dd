"""timm's Mixup as an augmentation: a batch of even size with class numbers, and its soft labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from zeta_geom.audits.methods.batches import Batch, Call, Output
from zeta_geom.audits.methods.images import as_array, channels_first, refusal, to_tensor
from zeta_geom.audits.methods.libraries import is_of
from zeta_geom.audits.methods.streams import GlobalStream


def of_timm(mixup: Any, seed: int, channels: str | None) -> Call:
    """Return the call of `timm.data.Mixup`, which mixes sample i with sample m - 1 - i.

    A batch of odd size gets a copy of its second sample, whose output is dropped; so its first sample is mixed with
    another sample, too.
    """
    if is_of(mixup, ("FastCollateMixup",)):
        raise TypeError("FastCollateMixup works inside a loader; give timm.data.Mixup with the same parameters.")
    stream = GlobalStream(seed)

    def call(batch: Batch) -> Output:
        if mixup.multi_label and batch.Y is not None:
            labels = batch.Y.astype(np.float32)
        else:
            labels = batch.classes_for("timm's Mixup")
        K = 0 if batch.Y is None else batch.Y.shape[1]
        if mixup.num_classes != K:
            raise ValueError(f"timm's Mixup must have num_classes={K}, as y has; got {mixup.num_classes}.")
        X, back = batch.X, None
        if mixup.cutmix_alpha > 0:  # also with cutmix_minmax
            X, back = channels_first(X, channels, "timm")
        rows = [*range(len(X)), min(1, len(X) - 1)][: len(X) + len(X) % 2]
        try:
            with stream:
                mixed, Y = mixup(to_tensor(X[rows]), to_tensor(labels[rows]))
        except Exception as error:  # also AssertionError
            raise refusal("timm's Mixup", "a tensor", X[rows], "", error) from error
        output = as_array(mixed)[: len(X)]
        return (output if back is None else back(output)), Y.numpy()[: len(X)]

    return call
