"""What all mixers share: the two halves of a call, labels, a whole data set, and the state of the stream."""

from __future__ import annotations

import copy
import inspect
import math
from abc import ABC, abstractmethod
from typing import Any

import array_api_compat
import numpy as np

from zeta_geom.checks import check_finite, check_int, check_label_shape, check_labels
from zeta_geom.rng import RandomState, Stream

__all__ = ["Mixer"]


class Mixer(ABC):
    """A method that maps a batch (X, y) to a mixed batch (X_new, Y_new).

    Parameters
    ----------
    n_classes : int, optional
        K; needed for int labels on CUDA, inferred from the labels elsewhere.
    check_values : bool
        Refuse NaN and infinite values in X; off by default, for the scan costs more than the mix.
    random_state : None, int, Generator, RandomState or torch.Generator
        Where the mixer's own stream starts; every call advances it.
    """

    def __init__(
        self, *, n_classes: int | None = None, check_values: bool = False, random_state: RandomState = None
    ) -> None:
        self.n_classes = None if n_classes is None else check_int(n_classes, "n_classes", low=1)
        self.check_values = check_values
        self._stream = Stream(random_state)

    def __call__(
        self, X: Any, y: Any = None, *, n_classes: int | None = None, n_out: int | None = None
    ) -> tuple[Any, Any]:
        """Mix one batch.

        Parameters
        ----------
        X : floating array or tensor of shape (m, ...)
            float16, bfloat16 (torch), float32 or float64.
        y : int array of shape (m,), or float array of shape (m, K), optional
            Labels, or soft labels.
        n_classes : int, optional
            K, where it differs from the mixer's own.
        n_out : int, optional
            Number of rows to return; m by default.

        Returns
        -------
        X_new : array of shape (n_out, ...)
            Of the backend, device and dtype of X.
        Y_new : array of shape (n_out, K), or None where y is None
            Soft labels: float32, or float64 where X is.
        """
        X = as_batch(X)
        if self.check_values:
            _check_values(X)
        Y = soft_labels(y, X, self.n_classes if n_classes is None else n_classes)
        return self.apply(X, Y, self.draw(X.shape, n_out=n_out, like=X))

    def draw(self, shape: tuple[int, ...], *, n_out: int | None = None, like: Any = None, clip: bool = False) -> Any:
        """Draw all that is random in mixing one batch of this shape.

        Parameters
        ----------
        shape : tuple of int
            The batch's shape, (m, ...).
        n_out : int, optional
            Number of rows to make; m by default.
        like : array or tensor, optional
            The plan is made on this array's backend and device, to its precision; NumPy and float64 by default.
        clip : bool
            Mix as many samples as there are where a short batch has fewer than the method wants.

        Returns
        -------
        plan
            For `apply`, here or on another backend.
        """
        if len(shape) < 1 or shape[0] < 1:
            raise ValueError(f"shape must be (m, ...) with m at least 1; got {tuple(shape)}.")
        rows = shape[0] if n_out is None else check_int(n_out, "n_out", low=1)
        return self._draw(int(shape[0]), rows, like, clip)

    @abstractmethod
    def _draw(self, m: int, rows: int, like: Any, clip: bool) -> Any: ...

    @abstractmethod
    def apply(self, X: Any, Y: Any, plan: Any) -> tuple[Any, Any]:
        """Mix (X, Y) as `plan` says; Y are soft labels (m, K), or None."""

    def mix_dataset(
        self,
        X: Any,
        y: Any = None,
        *,
        batch_size: int = 32,
        n_classes: int | None = None,
        n_out: int | None = None,
        epoch: int = 0,
    ) -> tuple[Any, Any]:
        """Shuffle a data set, cut it into batches, mix each of them, and return all the mixed rows.

        What comes out depends on the mixer's seed and on `epoch` alone, whatever was called before.

        Parameters
        ----------
        X : floating array or tensor of shape (n, ...)
            The data set; NaN and infinite values are refused.
        y : int array of shape (n,), or float array of shape (n, K), optional
            Labels, or soft labels.
        batch_size : int
            Samples in a batch; the last one may be shorter.
        n_classes : int, optional
            K, where it differs from the mixer's own.
        n_out : int, optional
            Number of rows to return; n by default. Where more are wanted, the data set is shuffled and gone through
            again.
        epoch : int
            Which of the independent child streams of the seed is used.

        Returns
        -------
        X_new : array of shape (n_out, ...)
        Y_new : array of shape (n_out, K), or None where y is None

        References
        ----------
        The shuffle-once-and-cut order is that of the authors' demonstration.

        Examples
        --------
        >>> from zeta_geom.mixers import ZetaMixup
        >>> X_new, Y_new = ZetaMixup(random_state=0).mix_dataset(np.eye(70), np.arange(70) % 2)
        >>> X_new.shape, Y_new.shape
        ((70, 70), (70, 2))
        """
        X = as_batch(X)
        _check_values(X)
        Y = soft_labels(y, X, self.n_classes if n_classes is None else n_classes)
        batch_size = check_int(batch_size, "batch_size", low=1)
        n = X.shape[0]
        rows = n if n_out is None else check_int(n_out, "n_out", low=1)
        mixer = copy.copy(self)
        mixer._stream = self._stream.child(check_int(epoch, "epoch", low=0))

        xp = array_api_compat.array_namespace(X)
        X_new = xp.empty((rows, *X.shape[1:]), dtype=X.dtype, device=array_api_compat.device(X))
        Y_new = None if Y is None else xp.empty((rows, Y.shape[1]), dtype=Y.dtype, device=array_api_compat.device(Y))
        done = 0
        while done < rows:
            order = mixer._stream.permutation(n, X)
            for start in range(0, n, batch_size):
                batch = order[start : start + batch_size]
                short = len(batch) < batch_size
                plan = mixer.draw((len(batch), *X.shape[1:]), like=X, clip=short)
                X_mixed, Y_mixed = mixer.apply(X[batch], None if Y is None else Y[batch], plan)
                stop = min(done + len(batch), rows)
                X_new[done:stop] = X_mixed[: stop - done]
                if Y_new is not None:
                    Y_new[done:stop] = Y_mixed[: stop - done]
                done = stop
                if done == rows:
                    break
        return X_new, Y_new

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the stream, for an exact resume."""
        return self._stream.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from the state that `state_dict` returned."""
        self._stream.load_state_dict(state)

    def __repr__(self) -> str:
        names = [name for name in inspect.signature(type(self)).parameters if name not in _UNSHOWN]
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"


_UNSHOWN = ("random_state", "check_values")


def as_batch(X: Any) -> Any:
    """Return X as a floating array or tensor of shape (m, ...) with m ≥ 1, or raise."""
    if not array_api_compat.is_array_api_obj(X):
        X = np.asarray(X)
    if not (isinstance(X, np.ndarray) or array_api_compat.is_torch_array(X)):
        raise TypeError(f"X must be a NumPy array or a torch tensor; got {type(X).__name__}. Convert it first.")
    xp = array_api_compat.array_namespace(X)
    if not xp.isdtype(X.dtype, "real floating"):
        raise TypeError(
            f"X must be floating; got {X.dtype}. Convert images first, for instance X.astype('float32') / 255."
        )
    if X.ndim < 1 or X.shape[0] < 1:
        raise ValueError(f"X must have shape (m, ...) with at least one sample; got {tuple(X.shape)}.")
    return X


def soft_labels(y: Any, X: Any, n_classes: int | None) -> Any:
    """Return labels as soft labels (m, K) in the backend of X: float32, or float64 where X is; None for None.

    Values are checked on the CPU only; elsewhere a check would wait for the host.
    """
    if y is None:
        return None
    xp = array_api_compat.array_namespace(X)
    dtype = compute_dtype(X)
    if n_classes is not None:
        n_classes = check_int(n_classes, "n_classes", low=1)
    if not array_api_compat.is_array_api_obj(y):
        y = np.asarray(y)
    if getattr(array_api_compat.device(y), "type", "cpu") == "cpu":
        n_classes = _check_host_labels(y, X.shape[0], n_classes)
    else:
        check_label_shape(tuple(y.shape), X.shape[0], n_classes)
        if y.ndim == 1 and not xp.isdtype(y.dtype, "integral"):
            raise TypeError(f"y of one dimension must hold integers; got dtype {y.dtype}. Soft labels are (n, K).")
    y = to_backend(y, X)
    if y.ndim == 2:
        y = xp.astype(y, dtype, copy=False)
        return y / xp.sum(y, axis=1, keepdims=True)  # float16 rows are some 1e-3 off
    if n_classes is None:
        raise ValueError("n_classes must be given for int labels on another device: inferring it waits for the host.")
    classes = xp.arange(n_classes, device=array_api_compat.device(y))
    return xp.astype(xp.astype(y, xp.int64, copy=False)[:, None] == classes[None, :], dtype)


def to_backend(array: Any, like: Any, dtype: Any = None) -> Any:
    """Return `array` in the backend, on the device and, if given, in the dtype of `like`."""
    xp = array_api_compat.array_namespace(like)
    device = array_api_compat.device(like)
    if not (type(array) is type(like) and array_api_compat.device(array) == device):
        if array_api_compat.is_torch_array(array) and isinstance(like, np.ndarray):
            array = array.detach().cpu()
            array = (array.double() if array.is_floating_point() else array).numpy()  # NumPy has no bfloat16
        elif isinstance(array, np.ndarray):
            array = array.astype(array.dtype.newbyteorder("="))  # torch wants native and writable memory
        array = xp.asarray(array, device=device)
    return array if dtype is None else xp.astype(array, dtype, copy=False)


def compute_dtype(like: Any) -> Any:
    """Return the dtype of the arithmetic on `like`: at least float32."""
    xp = array_api_compat.array_namespace(like)
    return xp.float64 if xp.finfo(like.dtype).bits > 32 else xp.float32


def flatten(X: Any) -> Any:
    """Return X as a matrix (m, everything else) in its compute dtype."""
    xp = array_api_compat.array_namespace(X)
    return xp.astype(xp.reshape(X, (X.shape[0], math.prod(X.shape[1:]))), compute_dtype(X), copy=False)


def product(W: Any, values: Any) -> Any:
    """Return W @ values in their own dtype: autocast, which would halve it, is turned off."""
    if isinstance(values, np.ndarray):
        return W @ values
    import torch

    with torch.autocast(values.device.type, enabled=False):
        return W @ values


def check_plan(X: Any, Y: Any, m: int) -> None:
    """Raise where a batch is not of the size that a plan was drawn for, or its labels are not soft."""
    if X.shape[0] != m:
        raise ValueError(f"plan was drawn for {m} samples; X has {X.shape[0]}. Draw with the shape of this batch.")
    if Y is not None and (Y.ndim != 2 or Y.shape[0] != m):
        raise ValueError(f"Y must be soft labels of shape ({m}, K) here; got {tuple(Y.shape)}.")


def _check_values(X: Any) -> None:
    if isinstance(X, np.ndarray):
        check_finite(X)
    elif not bool(X.isfinite().all()):
        raise ValueError("X must be finite; got NaN or infinite values. Remove or impute them first.")


def _check_host_labels(y: Any, m: int, n_classes: int | None) -> int | None:
    """Check labels that lie on the CPU, and return the number of classes."""
    values = y if isinstance(y, np.ndarray) else y.detach()
    if not isinstance(values, np.ndarray):
        values = (values.float() if values.is_floating_point() else values).numpy()
    values = check_labels(values, n=m, n_classes=n_classes)
    if n_classes is None:
        n_classes = int(values.max()) + 1 if values.ndim == 1 else values.shape[1]
    return n_classes
