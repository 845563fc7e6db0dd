"""Sources of features without a network: the samples themselves, and functions of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from zeta_geom.checks import real_array
from zeta_geom.checks.types import Shape

Key = dict[str, Any]  # JSON values
BATCH = 512  # samples that a function takes at once: enough for BLAS, and 300 MB of pictures of 224 × 224


class Source(Protocol):
    """The computation of the features of a space."""

    @property
    def name(self) -> str:
        """The name of the space."""
        ...

    @property
    def stated(self) -> str:
        """The preprocessing in one sentence."""
        ...

    @property
    def key(self) -> Key | None:
        """The values that determine the output; None if they cannot be known."""
        ...

    def sized(self, shape: Shape, channels: str | None) -> Source:
        """Return the source for samples of this shape."""
        ...

    def outputs(self, X: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the outputs of consecutive batches."""
        ...


@dataclass(frozen=True)
class Pixels:
    """The samples as they are."""

    name: ClassVar[str] = "pixels"
    stated: ClassVar[str] = "The values of each sample as they are, in one row."
    key: ClassVar[Key] = {"space": "pixels"}

    def sized(self, shape: Shape, channels: str | None) -> Pixels:
        """Return itself: it takes samples of any shape."""
        return self

    def outputs(self, X: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the samples."""
        yield X


@dataclass(frozen=True)
class Function:
    """A function of a batch; it has no key, because its code and its data cannot be known."""

    name: str
    function: Callable[[np.ndarray], Any]
    key: ClassVar[None] = None

    @property
    def stated(self) -> str:
        """The preprocessing in one sentence."""
        return f"The output of {self.name} for batches of at most {BATCH} samples, without preprocessing."

    def sized(self, shape: Shape, channels: str | None) -> Function:
        """Return itself: the function takes samples as they are."""
        return self

    def outputs(self, X: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the output of the function for each batch."""
        for start in range(0, len(X), BATCH):
            batch = X[start : start + BATCH].copy()  # a copy: the function may change its argument
            yield call(self.function, batch, batch.shape, self.name)


def call(function: Callable[[Any], Any], batch: object, shape: Shape, name: str) -> np.ndarray:
    """Return a function's output as floats, with a row for each sample; its errors name the space."""
    try:
        output = function(batch)
    except (ImportError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"features {name!r} must take samples of shape {shape}; it raised {type(error).__name__}: {reason}"
        ) from error
    rows = real_array(output.detach().cpu() if hasattr(output, "detach") else output, f"the features {name!r}")
    if rows.ndim < 2 or len(rows) != shape[0] or not rows.size:
        raise ValueError(
            f"features {name!r} must have shape ({shape[0]}, c) for a batch of {shape[0]} samples, a row for each; "
            f"got {rows.shape}."
        )
    if rows.dtype in (np.float32, np.float64):
        return rows
    return rows.astype(np.float32 if rows.dtype == np.float16 else np.float64)
