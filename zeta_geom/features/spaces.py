"""Feature spaces: a name, the preprocessing in words, and the features of samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from zeta_geom.checks import check_channels, check_finite
from zeta_geom.checks.images import to_floats
from zeta_geom.checks.types import ArrayLike, Shape
from zeta_geom.execution.threads import progress_bar
from zeta_geom.features.sources import Key, Source


@dataclass(frozen=True)
class FeatureSpace:
    """A space in which samples are measured; `zeta_geom.features.space` makes it.

    Parameters
    ----------
    name : str
        Shown in tables. It states the size of the network's input if that depends on the samples: "imagenet-64".
    source : Source
        Computes the features.
    channels : {"first", "last"}, optional
        Where the channels of images are; inferred by default.
    fixed : bool
        Whether `of` keeps the name, because the user chose it.

    Examples
    --------
    >>> from zeta_geom.features import space
    >>> space("pixels").extract(np.zeros((2, 4, 4))).shape
    (2, 16)
    """

    name: str
    source: Source = field(repr=False)
    channels: str | None = None
    fixed: bool = False

    @property
    def stated(self) -> str:
        """The preprocessing in one sentence: resize, size, crop, normalisation."""
        return self.source.stated

    @property
    def key(self) -> Key | None:
        """The JSON values that determine the output; None if they cannot be known."""
        key = self.source.key
        return None if key is None else key | {"channels": self.channels}

    def of(self, shape: Shape, channels: str | None = None) -> FeatureSpace:
        """Return the space for samples of one shape, with its final name.

        Parameters
        ----------
        shape : tuple of int
            Shape of the samples, (n, ...).
        channels : {"first", "last"}, optional
            Where the channels of images are; inferred by default.

        Returns
        -------
        FeatureSpace

        Raises
        ------
        TypeError, ValueError
            If the space takes no samples of this shape.

        Examples
        --------
        >>> from zeta_geom.features import space
        >>> space("imagenet").of((10, 32, 32, 3)).name
        'imagenet-64'
        """
        channels = check_channels(channels) or self.channels
        source = self.source.sized(tuple(shape), channels)
        return replace(self, name=self.name if self.fixed else source.name, source=source, channels=channels)

    def extract(self, X: ArrayLike, progress: bool = False) -> np.ndarray:
        """Return the features of samples.

        Parameters
        ----------
        X : array of shape (n, ...)
            Finite samples in the unit of the data, pictures in 0..1; integers are grey levels 0..255.
        progress : bool
            Show a bar with the rate, on a terminal.

        Returns
        -------
        ndarray of float32 or float64, shape (n, c)
            The output of `raw`, each sample in one row.

        Raises
        ------
        TypeError, ValueError
            If the samples do not fit the space, or its output has another length or is not finite.

        Examples
        --------
        >>> from zeta_geom.features import space
        >>> space("lenet").extract(np.zeros((2, 28, 28))).shape
        (2, 84)
        """
        features = self.raw(X, progress)
        return features.reshape(len(features), -1)

    def raw(self, X: ArrayLike, progress: bool = False) -> np.ndarray:
        """Return the output of the layer without flattening, for mixers that work inside a network.

        Parameters
        ----------
        X, progress : array of shape (n, ...), bool
            As in `extract`.

        Returns
        -------
        ndarray of float32 or float64, shape (n, ...)

        Raises
        ------
        TypeError, ValueError
            As in `extract`.

        Examples
        --------
        >>> from zeta_geom.features import space
        >>> space("lenet", layer="conv2").raw(np.zeros((2, 28, 28))).shape
        (2, 24, 10, 10)
        """
        X = to_floats(X)
        if X.ndim < 2 or not X.size:
            raise ValueError(f"X must have shape (n, ...), with at least one sample and value; got shape {X.shape}.")
        with np.errstate(over="ignore"):  # values that no longer fit become infinite, and are refused
            X = X.astype(np.float32 if X.dtype.itemsize <= 4 else np.float64, copy=False)
        check_finite(X)
        source = self.of(X.shape).source
        outputs = _checked(source.outputs(X), len(X), self.name, progress)
        first = next(outputs)
        if len(first) == len(X):
            next(outputs, None)  # ends the progress bar
            return first
        rows = np.empty((len(X), *first.shape[1:]), first.dtype)  # filled in place: half the memory of a list
        rows[: (end := len(first))] = first
        for output in outputs:
            if output.shape[1:] != first.shape[1:]:
                raise ValueError(
                    f"features {self.name!r} must have one shape for all samples; "
                    f"got {first.shape[1:]} and {output.shape[1:]}."
                )
            rows[end : (end := end + len(output))] = output
        return rows


def _checked(outputs: Iterator[np.ndarray], n: int, name: str, progress: bool) -> Iterator[np.ndarray]:
    """Yield outputs; refuse values that are not finite."""
    done = 0
    with progress_bar(n, f"features {name}", "sample", progress) as bar:
        for rows in outputs:
            if not np.isfinite(rows).all():
                bad = np.flatnonzero(~np.isfinite(rows.reshape(len(rows), -1)).all(axis=1))
                raise ValueError(
                    f"features {name!r} must be finite; got NaN or infinite values for sample {done + bad[0]}. Check "
                    "the network, its weights, and the unit of the samples."
                )
            done += len(rows)
            bar.update(len(rows))
            yield rows
