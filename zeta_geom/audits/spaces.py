"""The feature spaces of an audit: each turns samples into points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zeta_geom.audits.samples import Samples
from zeta_geom.audits.scores import ORACLE, PIXELS
from zeta_geom.features import FeatureSpace, kept, to_spaces

if TYPE_CHECKING:
    from typing_extensions import TypeIs

GIVEN = "features"  # the name of the space of features that were passed as arrays


@dataclass(frozen=True)
class View:
    """Samples as points of one feature space."""

    name: str
    stated: str  # how the features are made, in one sentence
    points: Callable[[Samples], Samples]  # samples -> the same rows and labels, with features (n, c) as X
    layer: Callable[[Samples], Samples] | None = None  # the same with the output of a network's layer, (n, ...)

    @property
    def is_raw(self) -> bool:
        """Whether the points are the samples themselves."""
        return self.name == PIXELS


def is_array(features: object) -> TypeIs[np.ndarray]:
    """Return whether features came as an array."""
    return hasattr(features, "shape") and hasattr(features, "dtype")


def to_views(
    features: object, shape: tuple[int, ...], channels: str | None, folder: str | Path | None, progress: bool
) -> list[View]:
    """Return the views of an audit.

    `features` is None, an array (n, c) of the features of X, or any value for `zeta_geom.features.to_spaces`;
    `shape` is that of the originals.
    """
    if features is None:
        return [PIXEL_VIEW]
    if is_array(features):
        return [View(GIVEN, "features passed as arrays with the samples", _passed)]
    spaces = to_spaces(features, channels)
    views = []
    for name, space in spaces.items():
        if name == ORACLE:
            raise ValueError(
                f"names of features must differ from {ORACLE!r}, the space of the oracle; rename the features."
            )
        views.append(PIXEL_VIEW if name == PIXELS else _view(space.of(shape, channels), folder, progress))
    return views


def _view(space: FeatureSpace, folder: str | Path | None, progress: bool) -> View:
    def points(samples: Samples) -> Samples:
        return replace(samples, X=kept(space, samples.X, folder, progress=progress))

    def layer(samples: Samples) -> Samples:
        return replace(samples, X=space.raw(samples.X))

    return View(space.name, space.stated, points, layer)


def _passed(samples: Samples) -> Samples:
    if samples.F is None:
        raise ValueError(
            "features passed as an array must come with those of all samples: synthetic=(X, y, F) and "
            "holdout=(X, y, F). To audit an augmentation, pass a module or a function that computes features."
        )
    return replace(samples, X=samples.F)


def _same(samples: Samples) -> Samples:
    return samples


PIXEL_VIEW = View(PIXELS, "the samples themselves", _same)
