"""What is done to a batch: one method a file, one table name -> class.

A mixer maps (X, y) to (X_new, Y_new). A call has two halves: `draw` takes everything random, on the backend of the
data, and returns a plan; `apply` is arithmetic alone and serves NumPy arrays and torch tensors alike.
"""

from typing import Any

from zeta_geom.checks import check_choice
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.pairs import Mixup
from zeta_geom.mixers.weights import (
    gamma_from_lambda,
    gamma_min,
    lambda_from_gamma,
    p_series_weights,
    zeta_weight_matrix,
)
from zeta_geom.mixers.zeta import ZetaMixup

__all__ = [
    "MIXERS",
    "Mixer",
    "Mixup",
    "ZetaMixup",
    "gamma_from_lambda",
    "gamma_min",
    "lambda_from_gamma",
    "make_mixer",
    "p_series_weights",
    "zeta_weight_matrix",
]

MIXERS: dict[str, type[Mixer]] = {"mixup": Mixup, "zeta": ZetaMixup}


def make_mixer(name: str, **params: Any) -> Mixer:
    """Make a mixer by its name in `MIXERS`.

    Parameters
    ----------
    name : str
        A key of `MIXERS`.
    **params
        What the class takes.

    Returns
    -------
    Mixer

    Raises
    ------
    ValueError
        If there is no mixer of this name; the message lists them all.

    Examples
    --------
    >>> make_mixer("zeta", gamma=4.0)
    ZetaMixup(gamma=4.0, n_mix=None, anchor='self', n_classes=None)
    """
    return MIXERS[check_choice(name, "name", MIXERS)](**params)
