"""The measures of a sweep: each gives one or several quantities of a mixed data set, with a value for each point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from zeta_geom.checks import count_classes, one_hot

if TYPE_CHECKING:
    from zeta_geom.geometry import LocalPCA
    from zeta_geom.realism import MNISTOracle

Options = Mapping[str, Any]  # JSON values
# quantity, k (0: it has none), and a value for each point or anchor; a 0-D array for a single number
Rows = Iterator[tuple[str, int, np.ndarray]]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Points:
    """A data set, mixed or not, as the measures of a sweep get it.

    Parameters
    ----------
    X : float array of shape (n, d), or (n, H, W, ...)
        Points or images; with features, the features (n, c).
    Y : int array of shape (n,), float array of shape (n, K), or None
        Labels: class numbers or soft labels of the original, soft labels after mixing.

    Examples
    --------
    >>> Points(np.zeros((4, 2, 2)), np.array([0, 1, 1, 0])).flat.shape
    (4, 4)
    """

    X: np.ndarray
    Y: np.ndarray | None = None

    @property
    def flat(self) -> np.ndarray:
        """The points as rows (n, d)."""
        return self.X.reshape(len(self.X), -1)

    @property
    def n_classes(self) -> int | None:
        """K; None without labels."""
        return None if self.Y is None else count_classes(self.Y)

    @property
    def soft(self) -> np.ndarray:
        """The labels as rows of K shares (n, K); ValueError without labels."""
        if self.Y is None:
            raise ValueError("this measure needs labels; give (X, y).")
        return one_hot(self.Y, self.n_classes or 1) if self.Y.ndim == 1 else self.Y


@dataclass(frozen=True)
class Halves(Points):
    """The half of a data set that is mixed, with the half that no mixer sees."""

    heldout: Points | None = None
    classes: int | None = None  # K of the whole data set, of which a half may lack a class

    @property
    def n_classes(self) -> int | None:
        """K; None without labels."""
        return self.classes


class Tools(Protocol):
    """Estimators that are expensive to make, kept from one run to the next."""

    threads: int
    seed: int  # of the run

    def local_pca(self, ks: tuple[int, ...], **options: Any) -> LocalPCA:
        """Return the estimator for these numbers of neighbours."""
        ...

    def oracle(self) -> MNISTOracle:
        """Return the MNIST oracle."""
        ...

    def kept(self, name: str, of: tuple[object, ...], make: Callable[[], Value]) -> Value:
        """Return the value of this name that was made of the same objects, or make and keep it."""
        ...


Measure = Callable[[Points, Points, Options, Tools], Rows]  # of (original, mixed): the same object if not mixed


@dataclass(frozen=True)
class SweepMeasure:
    """One measure of a sweep."""

    options: tuple[str, ...]  # the settings of the sweep that it depends on; those that are not set are absent
    check: Callable[[Points, Options], None]  # raises ValueError, before any work, if the data do not allow it
    rows: Measure
    halves: Callable[[Points, int], Halves] | None = None  # of (data, seed), if half of the data are held out


@dataclass(frozen=True)
class MeasureSpec:
    """One measure of a sweep, as it was asked for."""

    label: str
    measure: SweepMeasure
    options: dict[str, Any]  # JSON values
    definition: Any = None  # JSON values that say what the measure is, if its label does not
    sources: tuple[Path, ...] = ()  # modules whose code it runs, besides that of all sweeps
    unit: str | None = None  # None: by the quantity, in UNITS
    better: str = ""

    @property
    def about(self) -> dict[str, str] | None:
        """Unit and direction, for the table; None for the measures that every sweep has."""
        return None if self.unit is None else {"unit": self.unit, "better": self.better}


@dataclass(frozen=True)
class Renamed:
    """A measure whose quantities have the name that a user gave it; further quantities are "name: quantity"."""

    rows: Measure
    quantity: str  # that gets the name alone
    name: str

    def __call__(self, original: Points, mixed: Points, options: Options, tools: Tools) -> Rows:
        """Yield the rows of the measure under their new names."""
        for quantity, k, values in self.rows(original, mixed, options, tools):
            yield self.name if quantity == self.quantity else f"{self.name}: {quantity}", k, values


def _check_n_neighbors(original: Points, options: Options) -> None:
    from zeta_geom.geometry.local_pca import check_neighbor_counts

    check_neighbor_counts(tuple(options["n_neighbors"]), len(original.X))


def _check_dimension(original: Points, options: Options) -> None:
    from zeta_geom.checks import check_int, check_real

    _check_n_neighbors(original, options)
    check_real(options["alpha"], "alpha", low=0, high=1)
    if "n_anchors" in options:
        check_int(options["n_anchors"], "n_anchors", low=1, high=len(original.X))
    if original.flat.shape[1] < 2:
        raise ValueError(f"X must have at least 2 features for measure 'dimension'; got shape {original.X.shape}.")


def _dimension(original: Points, mixed: Points, options: Options, tools: Tools) -> Rows:
    ks = tuple(options["n_neighbors"])
    settings = {"alpha": options["alpha"]}
    if "n_anchors" in options:  # a mixer may return fewer rows than there are points
        settings |= {"n_anchors": min(options["n_anchors"], len(mixed.X)), "random_state": options["anchor_seed"]}
    dimensions = tools.local_pca(ks, **settings).fit(mixed.flat).dimension_pw_
    for k, values in zip(ks, dimensions, strict=True):
        yield "dimension", k, values


def _check_label_error(original: Points, options: Options) -> None:
    _check_n_neighbors(original, options)
    if original.Y is None:
        raise ValueError("measure 'label-error' needs labels; give (X, y).")


def _label_error(original: Points, mixed: Points, options: Options, tools: Tools) -> Rows:
    from zeta_geom.geometry import knn
    from zeta_geom.neighborhoods import vote_errors

    ks = tuple(options["n_neighbors"])
    queries = None if mixed is original else mixed.flat
    indices = knn(original.flat, max(ks), queries=queries, n_jobs=tools.threads).indices
    for k in ks:
        yield "label-error", k, vote_errors(indices[:, :k], original.soft, mixed.soft)


def _check_realism(original: Points, options: Options) -> None:
    if original.flat.shape[1] != 28 * 28 or not (original.X.min() >= 0 and original.X.max() <= 1):
        raise ValueError(
            "measure 'realism' needs MNIST-like images (n, 28, 28) in [0, 1]; "
            f"got shape {original.X.shape}, {original.X.min():g} to {original.X.max():g}."
        )
    if original.Y is not None and original.n_classes != 10:
        raise ValueError(f"measure 'realism' needs labels of 10 classes, or none; got {original.n_classes}.")


def _realism(original: Points, mixed: Points, options: Options, tools: Tools) -> Rows:
    from zeta_geom.realism import soft_label_report

    log_p = tools.oracle().log_proba(mixed.X.reshape(-1, 28, 28))
    report = soft_label_report(log_p, None if mixed.Y is None else mixed.soft)
    for name, values in report.items():
        yield name, 0, values


MEASURES = {
    "dimension": SweepMeasure(
        ("n_neighbors", "alpha", "n_anchors", "anchor_seed", "space"), _check_dimension, _dimension
    ),
    "label-error": SweepMeasure(("n_neighbors", "space"), _check_label_error, _label_error),
    "realism": SweepMeasure((), _check_realism, _realism),
}

UNITS = {  # quantity of these measures -> unit, direction that is better
    "dimension": ("", ""),
    "label-error": ("share", "lower"),
    "entropy": ("nats", "lower"),
    "label_entropy": ("nats", ""),
    "h_p_y": ("nats", "lower"),
    "h_y_p": ("nats", "lower"),
    "kl_y_p": ("nats", "lower"),
}
