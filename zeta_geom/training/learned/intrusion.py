"""Manifold intrusion: how often AdaMixUp's discriminator takes a sample for a real image."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from zeta_geom.training.learned.hooks import GreyLevels
from zeta_geom.training.networks import features

BATCH = 256  # images at once; the result does not depend on it


class Intrusion:
    """The probability that a sample is real, by the discriminator that AdaMixUp trains: a measure f(original, mixed).

    A mixture that is taken for real lies on the manifold of real images, where its mixed label may contradict that of
    the image there: Guo et al. call this manifold intrusion. The discriminator knows AdaMixUp's own mixtures; for
    samples of another method it is a model outside its training data. Source: Guo et al. 2019 (AdaMixUp).

    Parameters
    ----------
    model : GreyLevels
        The classifier's network.
    discriminator : torch.nn.Module
        The input of the network's last layer -> the logit of "real".
    image_shape : (int, int, int)
        Channels, height and width of its images.
    """

    __name__ = "manifold intrusion"

    def __init__(self, model: GreyLevels, discriminator: nn.Module, image_shape: tuple[int, int, int]) -> None:
        self.model, self.discriminator, self.image_shape = model, discriminator, tuple(image_shape)

    def __call__(self, original: Any, mixed: Any) -> np.ndarray:
        """Return the probability (n,) that each sample of `mixed.X`, in grey levels 0..1, is a real image."""
        X, (channels, *size) = np.asarray(mixed.X), self.image_shape
        layouts: dict[tuple[int, ...], Any] = {self.image_shape: X, (*size, channels): np.moveaxis(X, -1, 1)}
        if channels == 1:
            layouts[tuple(size)] = X[:, None]
        if X.shape[1:] not in layouts:
            raise ValueError(
                f"manifold intrusion needs images of the shape {self.image_shape} of its training; got {X.shape[1:]}."
            )
        X = layouts[X.shape[1:]]
        parts = []
        with torch.inference_mode():
            for batch in torch.from_numpy(np.array(X, dtype=np.float32)).split(BATCH):
                seen = features(self.model.network, (batch - self.model.mean) / self.model.std)
                parts.append(self.discriminator(seen)[:, 0].double().sigmoid().numpy())
        return np.concatenate(parts)
