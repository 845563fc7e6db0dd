"""Manifold intrusion: how often AdaMixUp's discriminator takes a sample for a real image."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from zeta_geom.training.learned.hooks import GreyLevels
from zeta_geom.training.learned.trained import layout_of, to_planes
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

    def __call__(self, original: object, mixed: Any) -> np.ndarray:
        """Return the probability that each sample is a real image.

        Parameters
        ----------
        original : object
            Not used; measures have it.
        mixed : object
            Its `X` holds images in grey levels 0..1: float array of shape (n, C, H, W), (n, H, W, C), or (n, H, W)
            if C is 1.

        Returns
        -------
        array of shape (n,)
            Float64, in [0, 1].

        Raises
        ------
        ValueError
            If the images have another shape than those of the training.
        """
        X = np.array(mixed.X, dtype=np.float32)
        images = to_planes(torch.from_numpy(X), layout_of(X.shape, self.image_shape))
        parts = []
        with torch.inference_mode():
            for batch in images.split(BATCH):
                seen = features(self.model.network, (batch - self.model.mean) / self.model.std)
                parts.append(self.discriminator(seen)[:, 0].double().sigmoid().numpy())
        return np.concatenate(parts)
