"""Statistics of optional measures, and of their resamples."""

from dataclasses import dataclass, replace

import numpy as np

from zeta_geom.audits.scores import Definition
from zeta_geom.fidelity.data_copying import CellRanks
from zeta_geom.fidelity.kernel_distance import resampled_kernel_distances
from zeta_geom.fidelity.vendi import effective_number
from zeta_geom.realism.calibration import calibration_error

BINS = 15  # of the calibration error, as in Guo et al. 2017
VENDI_SAMPLES = 300  # an eigenvalue problem of this size takes 10 ms


class SignedDefinition(Definition):
    """The definition of a measure that may be negative."""

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and the largest possible value."""
        return (-np.inf, np.inf)


@dataclass(frozen=True)
class Kernel:
    """The kernel distance of features (n, c) from the features of a reference, float (r, c)."""

    reference: np.ndarray
    most: int = 200  # each resample takes a product with the kernel matrix (n, n)

    def __call__(self, values: np.ndarray) -> float:
        """Return the distance."""
        return float(self.resampled(values, np.ones((1, len(values))))[0])

    def resampled(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the distance of each resample."""
        rows, reference = values.astype(np.float64), self.reference.astype(np.float64)
        return resampled_kernel_distances(rows, counts, reference)

    def of_reference(self, rows: np.ndarray) -> "Kernel | None":
        """Return the distance from some rows of the reference, bool (r,), such as a class; None for less than 2."""
        return replace(self, reference=self.reference[rows]) if rows.sum() > 1 else None


@dataclass(frozen=True)
class Copying:
    """C_T of values (n, 2): the cell of each sample, -1 for none, and its rank among the cell's test samples."""

    tests: np.ndarray  # int64 (C,), number of test samples in each cell
    most: int = 10**6

    def __call__(self, values: np.ndarray) -> float:
        """Return the score."""
        return float(self.resampled(values, np.ones((1, len(values))))[0])

    def resampled(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the score of each resample."""
        ranks = CellRanks(values[:, 0].astype(np.int64), values[:, 1], self.tests)
        scores: np.ndarray = ranks.z_scores(counts) @ ranks.weights
        return scores


@dataclass(frozen=True)
class Vendi:
    """The Vendi score of rows (n, c) of length 1; if there are more than 300, of an evenly spaced subset."""

    most: int = 50  # each resample takes an eigenvalue decomposition

    def __call__(self, values: np.ndarray) -> float:
        """Return the score."""
        return float(self.resampled(values, np.ones((1, len(values))))[0])

    def resampled(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the score of each resample; rows that are drawn twice are copies."""
        n = len(values)
        rows = np.arange(n) if n <= VENDI_SAMPLES else np.arange(VENDI_SAMPLES) * n // VENDI_SAMPLES
        weights = counts[:, rows]
        # a resample may draw none of these rows: then each of them counts once
        weights = np.where(weights.sum(axis=1, keepdims=True) > 0, weights, 1.0)
        return effective_number(values[rows], weights)


class Ratio:
    """The sum of the first column of values (n, 2) divided by the sum of the second; 0 if the latter is 0."""

    most = 10**6

    def __call__(self, values: np.ndarray) -> float:
        """Return the ratio."""
        return float(self.resampled(values, np.ones((1, len(values))))[0])

    def resampled(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the ratio of each resample."""
        sums = counts @ values
        ratios: np.ndarray = np.divide(sums[:, 0], sums[:, 1], out=np.zeros(len(sums)), where=sums[:, 1] > 0)
        return ratios


class CalibrationError:
    """The expected calibration error of values (n, 2): confidence, and the label's share of the predicted class."""

    most = 1000  # each resample takes a loop over the samples

    def __call__(self, values: np.ndarray) -> float:
        """Return the error."""
        return float(self.resampled(values, np.ones((1, len(values))))[0])

    def resampled(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the error of each resample."""
        return calibration_error(values[:, 0], values[:, 1], counts, BINS)
