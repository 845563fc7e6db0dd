"""The oracle: a trained LeNet-5 that gives the probability of each digit for an image."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load

from zeta_geom.checks import check_int
from zeta_geom.checks.types import ArrayLike
from zeta_geom.realism.images import to_images
from zeta_geom.realism.lenet import LeNet5

WEIGHTS = Path(__file__).parent / "weights" / "lenet5_mnist.safetensors"


class MNISTOracle:
    """A trained LeNet-5 that gives class probabilities of images, in float64: the oracle of Abhishek et al. 2024.

    Parameters
    ----------
    model : LeNet5
        The oracle works on a copy; the caller's model keeps its dtype and mode.
    manifest : dict, optional
        The facts of the training: seed, epochs, accuracy, hash of the weights.

    Examples
    --------
    >>> MNISTOracle.pretrained().predict_proba(np.zeros((2, 28, 28))).shape
    (2, 10)
    """

    def __init__(self, model: LeNet5, manifest: dict[str, Any] | None = None) -> None:
        self.model = copy.deepcopy(model).double().eval()
        self.manifest = manifest or {}

    @classmethod
    def pretrained(cls, weights: Path | str = WEIGHTS) -> MNISTOracle:
        """Load the weights of the package, or other weights with a manifest beside them.

        Parameters
        ----------
        weights : path
            A .safetensors file; its manifest has the same name with the ending .json.

        Returns
        -------
        MNISTOracle

        Raises
        ------
        FileNotFoundError, ValueError
            If the weights or the manifest are absent, or the manifest does not state the hash of the weights.

        Examples
        --------
        >>> "sha256" in MNISTOracle.pretrained().manifest
        True
        """
        weights = Path(weights)
        content, manifest = _read(weights)
        digest = hashlib.sha256(content).hexdigest()
        if digest != manifest["sha256"]:
            raise ValueError(
                f"{weights} must have SHA-256 {manifest['sha256']}; got {digest}. Install the package again."
            )
        model = LeNet5()
        model.load_state_dict(load(content))
        return cls(model, manifest)

    def log_proba(self, images: ArrayLike, *, batch_size: int = 64) -> np.ndarray:
        """Return log-probabilities, in nats.

        Parameters
        ----------
        images : array or tensor of shape (n, 28, 28), (n, 1, 28, 28) or (n, 28, 28, 1)
            uint8 0..255, or float 0..1.
        batch_size : int
            Images that the network takes at once; the result does not depend on it.

        Returns
        -------
        ndarray of float64, shape (n, 10)

        Raises
        ------
        TypeError, ValueError
            If the images have another shape, dtype or range.

        Examples
        --------
        >>> MNISTOracle.pretrained().log_proba(np.zeros((2, 28, 28))).shape
        (2, 10)
        """
        batch_size = check_int(batch_size, "batch_size", low=1)
        logits = [self._run(self.model, batch) for batch in to_images(images, torch.float64).split(batch_size)]
        return torch.log_softmax(torch.cat(logits), dim=1).numpy()

    def predict_proba(self, images: ArrayLike, *, batch_size: int = 64) -> np.ndarray:
        """Return class probabilities.

        Parameters
        ----------
        images, batch_size : array and int
            As in `log_proba`.

        Returns
        -------
        ndarray of float64, shape (n, 10)

        Raises
        ------
        TypeError, ValueError
            As in `log_proba`.

        Examples
        --------
        >>> MNISTOracle.pretrained().predict_proba(np.zeros((1, 28, 28))).sum(axis=1).round(12)
        array([1.])
        """
        probabilities: np.ndarray = np.exp(self.log_proba(images, batch_size=batch_size))
        return probabilities

    def features(self, images: ArrayLike, *, batch_size: int = 64) -> np.ndarray:
        """Return the activations before the last layer.

        Parameters
        ----------
        images, batch_size : array and int
            As in `log_proba`.

        Returns
        -------
        ndarray of float64, shape (n, 84)

        Raises
        ------
        TypeError, ValueError
            As in `log_proba`.

        Examples
        --------
        >>> MNISTOracle.pretrained().features(np.zeros((2, 28, 28))).shape
        (2, 84)
        """
        batch_size = check_int(batch_size, "batch_size", low=1)
        batches = to_images(images, torch.float64).split(batch_size)
        return torch.cat([self._run(self.model.features, batch) for batch in batches]).numpy()

    @staticmethod
    @torch.inference_mode()
    def _run(function: Callable[[torch.Tensor], torch.Tensor], batch: torch.Tensor) -> torch.Tensor:
        return function(batch)


def _read(weights: Path) -> tuple[bytes, dict[str, Any]]:
    """Return the bytes of the weights, and their manifest."""
    path = weights.with_suffix(".json")
    try:
        content, manifest = weights.read_bytes(), json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"weights must be a .safetensors file with its manifest (.json) beside it; there is no {error.filename}. "
            "Install the package again, or run `python -m analyses.train_oracle`."
        ) from error
    except ValueError as error:
        raise ValueError(f"{path} must be a JSON manifest; it cannot be read ({error}).") from error
    if not isinstance(manifest, dict) or "sha256" not in manifest:
        raise ValueError(f'{path} must state the weights\' hash under "sha256". Install the package again.')
    return content, manifest
