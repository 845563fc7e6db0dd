"""Kornia's augmentations: batches of float tensors, whose labels are mixed where the augmentation mixes images."""

from __future__ import annotations

from typing import Any

import numpy as np

from zeta_geom.audits.methods.batches import Batch, Call, Output
from zeta_geom.audits.methods.images import as_array, channels_first, refusal, to_tensor
from zeta_geom.audits.methods.libraries import is_of
from zeta_geom.audits.methods.masked import Masked
from zeta_geom.audits.methods.streams import GlobalStream

MIXES = ("RandomMixUpV2", "RandomCutMixV2")


def of_kornia(module: Any, seed: int, channels: str | None, masked: Masked | None) -> Call:
    """Return the call of a module of kornia: a batch (m, C, H, W) of floats, with class numbers if it mixes."""
    stream, title = GlobalStream(seed), type(module).__name__
    mixers = [part for part in module.modules() if is_of(part, MIXES)]
    if mixers:
        _check_mixers(module, mixers)

    def run(images: np.ndarray, *more: Any) -> Any:
        import torch

        try:
            with stream, torch.no_grad():
                return module(to_tensor(images), *more)
        except Exception as error:  # kornia raises errors of many kinds
            raise refusal(title, "a tensor", images, "", error) from error

    def call(batch: Batch) -> Output:
        images, back = channels_first(batch.X, channels, "kornia")
        more = []
        if mixers:
            more.append(to_tensor(batch.classes_for(title)))
        if masked is not None:
            more.append(to_tensor(masked.of(batch.rows)[:, None].astype(images.dtype)))
        output = run(images, *more)
        several = isinstance(output, (tuple, list))
        if several != bool(more):
            raise ValueError(
                f"{title} must return {'images with their labels or masks' if more else 'images alone'}; got "
                f"a {type(output).__name__}. Make it with data_keys={_keys(bool(mixers), masked is not None)}."
            )
        if not mixers:
            return back(as_array(output[0] if several else output)), None
        labels = np.asarray(output[1], np.float64)
        return back(as_array(output[0])), _soft(labels, mixers[0], title, batch)

    return call


def _keys(labels: bool, mask: bool) -> list[str]:
    return ["input", *(["class"] if labels else []), *(["mask"] if mask else [])]


def _check_mixers(module: object, mixers: list[Any]) -> None:
    """Raise ValueError if the labels of the mixed images cannot be known."""
    title = type(module).__name__
    keys = [str(getattr(key, "name", key)).lower() for key in getattr(module, "data_keys", None) or ()]
    names = {"image": "input", "label": "class"}  # a key has one of two names, depending on the release of kornia
    if [names.get(key, key) for key in keys[:2]] != ["input", "class"]:
        raise ValueError(f'{title} must mix labels, too: make it with data_keys=["input", "class"]; it has {keys}.')
    boxes = [getattr(getattr(mixer, "_param_generator", None), "num_mix", 1) for mixer in mixers]
    if len(mixers) > 1 or boxes[0] != 1:
        raise ValueError(
            f"{title} must mix each image once; with several boxes or mixers, kornia's labels do not say which share "
            "of each image remains visible. Give num_mix=1, and one mixer."
        )


def _soft(labels: np.ndarray, mixer: object, title: str, batch: Batch) -> np.ndarray:
    """Return kornia's labels, rows (class, class of the partner, λ), as soft labels (m, K).

    λ is the partner's share: for RandomMixUpV2 its weight; for RandomCutMixV2 the box's share of the pixels, or with
    `use_correct_lambda` 1 minus it; in a batch that `p` leaves unmixed, λ is 0 and each class its own partner.
    Source: kornia's documentation of the two classes.
    """
    rows = labels.reshape(-1, labels.shape[-1])
    if batch.Y is None or rows.shape != (len(batch.X), 3):
        raise ValueError(f"{title} must return labels of shape ({len(batch.X)}, 3); got {labels.shape}.")
    first, second = rows[:, 0].astype(int), rows[:, 1].astype(int)
    share = 1 - rows[:, 2] if getattr(mixer, "use_correct_lambda", False) else rows[:, 2]
    Y, row = np.zeros(batch.Y.shape), np.arange(len(rows))
    np.add.at(Y, (row, first), 1 - share)
    np.add.at(Y, (row, second), share)
    return Y
