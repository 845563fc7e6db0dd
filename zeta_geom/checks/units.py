"""Check by their values whether two sets of samples are in one unit: one rule for the whole project."""

import numpy as np

from zeta_geom.checks.points import host_array
from zeta_geom.checks.types import ArrayLike

SPREAD = 20  # times the largest magnitude of the other set
FLAT = 1e-6  # of the spread of the other set: a set with smaller magnitudes has collapsed to 0
LEAST = 8  # values; smaller sets are not judged
OUTSIDE = 0.05  # the share of outliers: values outside LEVELS, or beyond the other set
LEVELS = (-0.5, 2.5)  # grey levels divided by 255, with room for noise and for a scale changed on purpose
CUSTOMARY = {"0 to 255": (0.0, 255.0), "0 to 1": (0.0, 1.0), "-1 to 1": (-1.0, 1.0)}
REMAINDER = 0.25  # the largest share of the distance between the means that a change of unit may leave
MOST = 4 * 10**6  # values of a set from which its spread and means are computed


def check_units(
    first: ArrayLike, second: ArrayLike, names: tuple[str, str], *, divided: tuple[bool, bool] = (False, False)
) -> None:
    """Raise ValueError if the values of two sets show that they are in different units; it states both ranges.

    Ranges are judged different in three cases. Sets of fewer than 8 values are not judged; if all values of a set are
    equal, only the first case applies.

    1. One set came as integers, taken for grey levels and divided by 255, the other as floats of which more than 5 %
       lie outside -0.5 to 2.5.
    2. The standard deviation of all values of one set is more than 20 times the largest magnitude in the other, which
       more than 5 % of its values exceed: a few outliers do not make another unit.
    3. The sets lie in different ranges of the customary 0 to 255, 0 to 1 and -1 to 1, and the change from one
       range to the other brings the means of the features at least four times nearer to each other, and the standard
       deviations of all values nearer.

    Parameters
    ----------
    first, second : finite real arrays of shapes (n, ...), (m, ...)
        Two sets of samples of the same shape.
    names : pair of str
        The arguments' names, for the message.
    divided : pair of bool
        Whether each came as integers and was divided by 255.

    Examples
    --------
    >>> X = np.random.default_rng(0).random((20, 3))
    >>> check_units(255 * X, 2 * X - 1, ("real", "fake"))
    Traceback (most recent call last):
    ValueError: fake must be in the unit of real; got values from -0.99... to 0.99... beside ...
    """
    A, B = host_array(first, names[0]), host_array(second, names[1])
    if min(A.size, B.size) < LEAST:
        return
    ranges = [(float(array.min()), float(array.max())) for array in (A, B)]
    varied = all(low < high for low, high in ranges)
    apart = varied and (_spread_apart(A, B, ranges) or _converted(A, B, ranges))
    if apart or _beside_integers(A, B, divided):
        spelled = [_spelled(low, high, whole) for (low, high), whole in zip(ranges, divided)]
        raise ValueError(
            f"{names[1]} must be in the unit of {names[0]}; got values from {spelled[1]} beside {spelled[0]}. "
            "Convert one of them: grey levels 0..255, for instance, by X / 255, or -1..1 by (X + 1) / 2."
        )


def _beside_integers(A: np.ndarray, B: np.ndarray, divided: tuple[bool, bool]) -> bool:
    if divided[0] == divided[1]:
        return False
    floats = _rows(B if divided[0] else A)
    return float(((floats < LEVELS[0]) | (floats > LEVELS[1])).mean()) > OUTSIDE


def _spread_apart(A: np.ndarray, B: np.ndarray, ranges: list[tuple[float, float]]) -> bool:
    sizes = [max(high, -low) for low, high in ranges]
    wide, small, large = (A, sizes[1], sizes[0]) if sizes[0] > sizes[1] else (B, sizes[0], sizes[1])
    if large <= SPREAD * small:  # which a standard deviation cannot exceed
        return False
    values = _rows(wide)
    spread = large * float((values / large).std())  # squares of large values overflow
    if not spread > SPREAD * small > SPREAD * FLAT * spread:
        return False
    return float((np.abs(values) > small).mean()) > OUTSIDE


def _converted(A: np.ndarray, B: np.ndarray, ranges: list[tuple[float, float]]) -> bool:
    """Return whether a change between the customary ranges of the sets brings their means together."""
    units = [_customary(low, high) for low, high in ranges]
    if None in units or units[0] == units[1]:
        return False
    (low, high), (new_low, new_high) = (CUSTOMARY[str(unit)] for unit in units)
    first, second = _rows(A), _rows(B)
    means, others, factor = first.mean(axis=0), second.mean(axis=0), (new_high - new_low) / (high - low)
    changed = new_low + (means - low) * factor
    if not (first.std() and second.std()):  # possible for evenly spaced rows of large sets
        return False
    spread = np.log(second.std() / first.std())
    nearer = float(np.abs(others - changed).mean()) < REMAINDER * float(np.abs(others - means).mean())
    return nearer and bool(abs(spread - np.log(factor)) < abs(spread))


def _customary(low: float, high: float) -> str | None:
    """Return the narrowest customary range of these values."""
    if low >= 0:
        return "0 to 1" if high <= 1 else "0 to 255" if high <= 255 else None
    return "-1 to 1" if low >= -1 and high <= 1 else None


def _rows(X: np.ndarray) -> np.ndarray:
    """Return evenly spaced rows as float64, at most MOST values or one row."""
    return X.reshape(len(X), -1)[:: -(-X.size // MOST)].astype(np.float64)


def _spelled(low: float, high: float, divided: bool) -> str:
    if divided:
        return f"{low * 255:g} to {high * 255:g} (integers, divided by 255)"
    return f"{low + 0.0:g} to {high + 0.0:g}"  # no negative zero
