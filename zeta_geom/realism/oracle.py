"""The oracle: a trained LeNet-5 that says which digit an image shows, and how surely."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load

from zeta_geom.checks import check_int, host_array
from zeta_geom.realism.lenet import LeNet5

__all__ = ["WEIGHTS", "MNISTOracle", "to_images"]

WEIGHTS = Path(__file__).parent / "weights" / "lenet5_mnist.safetensors"
BRIGHTEST = 1.5  # a float above it comes from 0..255


class MNISTOracle:
    """Class probabilities of images, in float64.

    Parameters
    ----------
    model : LeNet5
        Copied; the caller's own keeps its dtype and mode.
    manifest : dict, optional
        How the model was trained: seed, epochs, accuracy, hash.

    References
    ----------
    Abhishek et al. 2024, "Realism and label correctness".

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
        """Load the weights that the package ships, or others with a manifest beside them.

        Parameters
        ----------
        weights : path
            A .safetensors file; its manifest has the ending .json.

        Returns
        -------
        MNISTOracle

        Raises
        ------
        FileNotFoundError
            If weights or manifest are absent.
        ValueError
            If the manifest states no hash, or the weights are not the bytes that it was written for.

        Examples
        --------
        >>> "sha256" in MNISTOracle.pretrained().manifest
        True
        """
        weights = Path(weights)
        content, manifest = _read(weights)
        found = hashlib.sha256(content).hexdigest()
        if found != manifest["sha256"]:
            raise ValueError(
                f"{weights} must have SHA-256 {manifest['sha256']}; got {found}. Install the package again."
            )
        model = LeNet5()
        model.load_state_dict(load(content))
        return cls(model, manifest)

    def log_proba(self, images: Any, *, batch_size: int = 64) -> np.ndarray:
        """Return log-probabilities, in nats.

        Parameters
        ----------
        images : array or tensor of shape (n, 28, 28), (n, 1, 28, 28) or (n, 28, 28, 1)
            uint8 0..255, or float 0..1.
        batch_size : int
            Images at a time; the result does not depend on it.

        Returns
        -------
        ndarray of float64, shape (n, 10)

        Raises
        ------
        TypeError, ValueError
            If the shape, the dtype or the range is another.

        Examples
        --------
        >>> MNISTOracle.pretrained().log_proba(np.zeros((2, 28, 28))).shape
        (2, 10)
        """
        batch_size = check_int(batch_size, "batch_size", low=1)
        logits = [self._run(self.model, batch) for batch in to_images(images, torch.float64).split(batch_size)]
        return torch.log_softmax(torch.cat(logits), dim=1).numpy()

    def predict_proba(self, images: Any, *, batch_size: int = 64) -> np.ndarray:
        """Return class probabilities.

        Parameters
        ----------
        images, batch_size
            As in `log_proba`.

        Returns
        -------
        ndarray of float64, shape (n, 10)
            Rows sum to 1.

        Raises
        ------
        TypeError, ValueError
            As in `log_proba`.

        Examples
        --------
        >>> MNISTOracle.pretrained().predict_proba(np.zeros((1, 28, 28))).sum(axis=1).round(12)
        array([1.])
        """
        return np.exp(self.log_proba(images, batch_size=batch_size))

    def features(self, images: Any, *, batch_size: int = 64) -> np.ndarray:
        """Return the activations before the last layer.

        Parameters
        ----------
        images, batch_size
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
    def _run(function: Any, batch: torch.Tensor) -> torch.Tensor:
        return function(batch)


def to_images(images: Any, dtype: torch.dtype) -> torch.Tensor:
    """Return images as a tensor (n, 1, 28, 28) of grey levels 0..1.

    Shapes: `images` (n, 28, 28) or (n, 1, 28, 28) or (n, 28, 28, 1) -> (n, 1, 28, 28).
    """
    tensor = images.detach().cpu() if isinstance(images, torch.Tensor) else _tensor(host_array(images, "images"))
    if tensor.dtype != torch.uint8 and not tensor.is_floating_point():
        raise TypeError(f"images must be uint8 0..255 or float 0..1; got {tensor.dtype}.")
    if tensor.shape[1:] == (28, 28, 1):
        tensor = tensor[..., 0]
    if tensor.ndim == 3:
        tensor = tensor[:, None]
    if tensor.ndim != 4 or tensor.shape[1:] != (1, 28, 28) or len(tensor) < 1:
        raise ValueError(
            f"images must have shape (n, 28, 28), (n, 1, 28, 28) or (n, 28, 28, 1); got {tuple(np.shape(images))}."
        )
    if tensor.dtype == torch.uint8:
        return tensor.to(dtype) / 255
    if not torch.isfinite(tensor).all():
        raise ValueError("images must be finite; got NaN or infinite values.")
    if tensor.max() > BRIGHTEST or tensor.min() < BRIGHTEST - 2:
        low, high = float(tensor.min()), float(tensor.max())
        raise ValueError(f"float images must lie in 0..1; got {low:g}..{high:g}. Divide grey levels 0..255 by 255.")
    return tensor.to(dtype)


def _tensor(images: np.ndarray) -> torch.Tensor:
    """Return a copy as a tensor: torch takes no negative strides, no foreign byte order, no read-only memory."""
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise TypeError(f"images must be uint8 0..255 or float 0..1; got {images.dtype}.")
    dtype = np.uint8 if images.dtype == np.uint8 else np.float32 if images.dtype.itemsize <= 4 else np.float64
    return torch.from_numpy(np.array(images, dtype=dtype, order="C"))


def _read(weights: Path) -> tuple[bytes, dict[str, Any]]:
    """Return the bytes of the weights and the manifest beside them, which states their hash."""
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
