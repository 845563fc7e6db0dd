"""Who says what a sample shows: the MNIST oracle, or any callable that gives class probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zeta_geom.audits.methods.named import find_named, is_of_python
from zeta_geom.audits.samples import Samples
from zeta_geom.checks import check_finite, check_probabilities, real_array

__all__ = ["Oracle", "to_oracle"]

SIDE = 28  # pixels, of the MNIST oracle's images


@dataclass(frozen=True)
class Oracle:
    """An oracle, in one form.

    Parameters
    ----------
    name : str
    log_proba : callable
        Samples -> log-probabilities (n, K).
    features : callable or None
        Samples -> features (n, c), where a Fréchet distance can be taken.
    title : str
        Of that distance.
    """

    name: str
    log_proba: Callable[[Samples], np.ndarray]
    features: Callable[[Samples], np.ndarray] | None
    title: str


def to_oracle(oracle: Any) -> Oracle | None:
    """Return an oracle in one form."""
    if oracle is None:
        return None
    if isinstance(oracle, str) and oracle == "mnist":
        return _mnist()
    if isinstance(oracle, str):
        oracle, name = find_named(oracle, "oracle"), oracle
    else:
        name = getattr(oracle, "__name__", type(oracle).__name__)
    predict = getattr(oracle, "predict_proba", oracle)
    if not callable(predict) or is_of_python(predict):
        raise TypeError(f"oracle must be 'mnist', 'module:name', or give probabilities; got {name}, {oracle!r}.")

    def log_proba(samples: Samples) -> np.ndarray:
        try:
            found = predict(samples.X.copy())  # whatever it does to them
        except (ImportError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            raise ValueError(
                f"oracle {name} must give probabilities (n, K) of samples (n, ...); given samples of shape "
                f"{samples.X.shape} it raised {type(error).__name__}: {error}"
            ) from error
        p = _numbers(found)
        if p.ndim != 2 or len(p) != len(samples):
            raise ValueError(f"oracle must give probabilities of shape ({len(samples)}, K); got {p.shape}.")
        check_probabilities(p, "the oracle's probabilities", tolerance=1e-3)
        with np.errstate(divide="ignore"):  # a probability of 0 has the logarithm -inf
            return np.log(p / p.sum(axis=1, keepdims=True))

    own = getattr(oracle, "features", None)
    features = (lambda samples: _features(own(samples.X.copy()), len(samples))) if callable(own) else None
    return Oracle(name, log_proba, features, f"Fréchet distance on features of {name}")


def _mnist() -> Oracle:
    from zeta_geom.realism import MNISTOracle

    lenet = MNISTOracle.pretrained()
    title = "Fréchet distance on LeNet features (no FID)"
    return Oracle("mnist", lambda s: lenet.log_proba(_images(s)), lambda s: lenet.features(_images(s)), title)


def _images(samples: Samples) -> np.ndarray:
    if samples.flat.shape[1] != SIDE**2:
        raise ValueError(f"oracle 'mnist' needs images of {SIDE} × {SIDE} pixels; got samples {samples.X.shape[1:]}.")
    return samples.X.reshape(-1, SIDE, SIDE)


def _numbers(values: Any) -> np.ndarray:
    return real_array(values.cpu() if hasattr(values, "cpu") else values, "what the oracle gives").astype(np.float64)


def _features(values: Any, n: int) -> np.ndarray:
    found = _numbers(values)
    if found.ndim != 2 or len(found) != n or not found.shape[1]:
        raise ValueError(f"the oracle's features must have shape ({n}, c); got {found.shape}.")
    check_finite(found, "the oracle's features")
    return found
