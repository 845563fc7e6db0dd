"""Images for transforms: their layout, their dtype, and what transforms return."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zeta_geom.checks import image_axes
from zeta_geom.checks.images import to_floats
from zeta_geom.checks.units import LEVELS

if TYPE_CHECKING:
    import torch


def to_tensor(array: np.ndarray) -> torch.Tensor:
    """Return an array as a tensor."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(array))


def channels_first(
    X: np.ndarray, channels: str | None, library: str
) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Return images (m, C, H, W), and a function that restores the layout of X."""
    axes = image_axes(X.shape, channels, f"X of a {library} transform")
    if X.ndim == 3:
        return X[:, None], _without_channel
    if axes == (-2, -1):
        return X, lambda images: images
    return np.moveaxis(X, -1, 1), lambda images: np.moveaxis(images, 1, -1)


def _without_channel(images: np.ndarray) -> np.ndarray:
    if images.ndim != 4 or images.shape[1] != 1:
        raise ValueError(f"a transform of images (n, H, W) must return one channel; got shape {images.shape}.")
    return images[:, 0]


def stack(images: Sequence[np.ndarray]) -> np.ndarray:
    """Return images of one shape as one array."""
    if len(shapes := {image.shape for image in images}) > 1:
        raise ValueError(f"a transform must return images of one shape; got {', '.join(map(str, sorted(shapes)))}.")
    return np.stack(images)


def as_array(output: Any) -> np.ndarray:
    """Return a tensor, a PIL image or an array (H, W[, C]), or one named "image", as floats, channels first."""
    if isinstance(output, Mapping) and "image" in output:
        output = output["image"]
    if hasattr(output, "detach"):
        return to_floats(output.detach().cpu().numpy(), "the output of the transform")
    if isinstance(output, np.ndarray):
        return _moved(to_floats(output, "the output of the transform"))
    if not hasattr(output, "getbands"):
        raise ValueError(f"a transform must return one tensor, array or PIL image; got a {type(output).__name__}.")
    if output.mode not in ("L", "RGB", "RGBA", "F"):
        raise ValueError(
            f"a transform must return grey levels or colours; got a PIL image of mode {output.mode}. Convert it."
        )
    return _moved(to_floats(np.asarray(output), "the output of the transform"))


def _moved(array: np.ndarray) -> np.ndarray:
    return array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)


class Adapter:
    """Calls a transform with uint8 if the originals are integers and the transform accepts it, else with floats.

    `run` takes an image or a batch, as an array, with its masks or labels. `mark` returns a function that restores
    the state of the random generators, because an image that is refused as uint8 is transformed a second time.
    """

    def __init__(
        self, run: Callable[..., Any], title: str, mark: Callable[[], Callable[[], None]], kind: str = "a tensor"
    ) -> None:
        self.run, self.title, self.mark, self.kind = run, title, mark, kind
        self.takes_levels: bool | None = None  # None until the first call on grey levels

    def __call__(self, grey: bool, images: np.ndarray, *more: Any) -> Any:
        """Return the output of the transform for floats: an image, or a batch and its labels."""
        if not grey:
            remedy = " Give originals as integers 0..255 for a transform of uint8, or convert to uint8 before it."
            return self._call(images, more, ", because the originals are floats", remedy)
        levels = np.rint(images * 255).astype(np.uint8)
        if self.takes_levels is not None:
            return self._call(levels if self.takes_levels else images, more, ", as for the first image")
        back = self.mark()
        try:
            output, self.takes_levels = self.run(levels, *more), True
            if _has_levels(output):
                raise ValueError("it returned floats in 0..255")
        except Exception as error:  # transforms that take only floats raise errors of many kinds
            back()
            output = self._call(images, more, f" after it refused uint8 ({line_of(error)})")
            self.takes_levels = False
        return output

    def _call(self, images: np.ndarray, more: tuple[Any, ...], why: str, remedy: str = "") -> Any:
        try:
            return self.run(images, *more)
        except Exception as error:
            raise refusal(self.title, self.kind, images, why, error, remedy) from error


def refusal(
    title: str, kind: str, images: np.ndarray, why: str, error: Exception, remedy: str = ""
) -> ValueError | ImportError | MemoryError:
    """Return the error of a transform that raised one, in one line."""
    if isinstance(error, (ImportError, MemoryError)):
        return error
    return ValueError(
        f"{title} must accept {kind} of {images.dtype} {images.shape}{why}; it raised {line_of(error)}.{remedy}"
    )


def _has_levels(output: object) -> bool:
    """Return whether an output has floats in 0..255, such as uint8 plus noise: then the transform needs floats."""
    image: Any = output[0] if isinstance(output, (tuple, list)) else output
    image = image.get("image") if isinstance(image, Mapping) else image
    floats = bool(getattr(image, "is_floating_point", bool)()) or getattr(image, "dtype", None) in ("f4", "f8")
    return floats and float(abs(image).max()) > LEVELS[1]


def line_of(error: Exception) -> str:
    """Return the first line of an error's text; torch appends a stack trace."""
    text = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {text}".rstrip(". :")
