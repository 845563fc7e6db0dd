"""Oracles of an audit: the MNIST oracle, or any callable that returns class probabilities."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zeta_geom.audits.samples import Samples
from zeta_geom.checks import check_finite, check_probabilities, real_array
from zeta_geom.checks.importing import import_named, is_builtin
from zeta_geom.checks.types import ArrayLike

SIDE = 28  # pixels of a side of the MNIST oracle's images


@dataclass(frozen=True)
class Oracle:
    """An oracle with one interface."""

    name: str
    log_proba: Callable[[Samples], np.ndarray]  # samples -> log-probabilities (n, K)
    features: Callable[[Samples], np.ndarray] | None  # samples -> features (n, c), for a Fréchet distance
    title: str  # title of that distance


def to_oracle(value: object) -> Oracle | None:
    """Return an oracle from "mnist", "module:name", an object with predict_proba, or a callable."""
    if value is None:
        return None
    if isinstance(value, str) and value == "mnist":
        return _mnist()
    if isinstance(value, str):
        oracle, name = import_named(value, "oracle"), value
    else:
        oracle, name = value, getattr(value, "__name__", type(value).__name__)
    predict = getattr(oracle, "predict_proba", oracle)
    if not callable(predict) or is_builtin(predict):
        raise TypeError(
            f"oracle must be 'mnist', 'module:name', a callable or an object with predict_proba; got {name}, "
            f"{oracle!r}."
        )

    def log_proba(samples: Samples) -> np.ndarray:
        try:
            output = predict(samples.X.copy())  # a copy: the oracle may change its argument
        except (ImportError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            raise ValueError(
                f"oracle {name} must return probabilities (n, K) for samples (n, ...); for samples of shape "
                f"{samples.X.shape} it raised {type(error).__name__}: {error}"
            ) from error
        p = _numbers(output)
        if p.ndim != 2 or len(p) != len(samples):
            raise ValueError(f"oracle must return probabilities of shape ({len(samples)}, K); got {p.shape}.")
        check_probabilities(p, "the oracle's probabilities", tolerance=1e-3)
        with np.errstate(divide="ignore"):  # a probability of 0 has the logarithm -inf
            logs: np.ndarray = np.log(p / p.sum(axis=1, keepdims=True))
        return logs

    extract = getattr(oracle, "features", None)
    features = (lambda samples: _features(extract(samples.X.copy()), len(samples))) if callable(extract) else None
    return Oracle(name, log_proba, features, f"Fréchet distance on features of {name}")


def _mnist() -> Oracle:
    from zeta_geom.realism import MNISTOracle  # loads torch

    lenet = MNISTOracle.pretrained()
    title = "Fréchet distance on LeNet features (no FID)"
    return Oracle("mnist", lambda s: lenet.log_proba(_images(s)), lambda s: lenet.features(_images(s)), title)


def _images(samples: Samples) -> np.ndarray:
    if samples.flat.shape[1] != SIDE**2:
        raise ValueError(f"oracle 'mnist' needs images of {SIDE} × {SIDE} pixels; got samples {samples.X.shape[1:]}.")
    return samples.X.reshape(-1, SIDE, SIDE)


def _numbers(values: object) -> np.ndarray:
    on_host = values.cpu() if hasattr(values, "cpu") else values
    numbers: np.ndarray = real_array(on_host, "the oracle's output").astype(np.float64)
    return numbers


def _features(values: ArrayLike, n: int) -> np.ndarray:
    features = _numbers(values)
    if features.ndim != 2 or len(features) != n or not features.shape[1]:
        raise ValueError(f"the oracle's features must have shape ({n}, c); got {features.shape}.")
    check_finite(features, "the oracle's features")
    return features
