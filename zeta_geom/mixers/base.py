"""What all mixers share: the two halves of a call, labels, a whole data set, and the state of the stream."""

from __future__ import annotations

import copy
import inspect
from abc import ABC, abstractmethod
from typing import Any

import array_api_compat

from zeta_geom.checks import check_int
from zeta_geom.mixers.arrays import as_batch, check_values, soft_labels
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

    Raises
    ------
    TypeError, ValueError
        If `n_classes` is no positive integer, or `random_state` has the wrong type.

    Examples
    --------
    >>> from zeta_geom.mixers import Mixup, ZetaMixup
    >>> issubclass(Mixup, Mixer), issubclass(ZetaMixup, Mixer)
    (True, True)
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

        Raises
        ------
        TypeError, ValueError
            If X is not floating, labels do not fit, or a number is out of range.
        """
        X = as_batch(X)
        if self.check_values:
            check_values(X)
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

        Raises
        ------
        TypeError, ValueError
            If the shape names no sample, `n_out` is no positive integer, or the method wants more samples.

        Examples
        --------
        >>> from zeta_geom.mixers import ZetaMixup
        >>> ZetaMixup(random_state=0).draw((4, 3)).weights.shape
        (4, 4)
        """
        if len(shape) < 1 or shape[0] < 1:
            raise ValueError(f"shape must be (m, ...) with m at least 1; got {tuple(shape)}.")
        rows = shape[0] if n_out is None else check_int(n_out, "n_out", low=1)
        return self._draw(int(shape[0]), rows, like, clip)

    @abstractmethod
    def _draw(self, m: int, rows: int, like: Any, clip: bool) -> Any: ...

    @abstractmethod
    def apply(self, X: Any, Y: Any, plan: Any) -> tuple[Any, Any]:
        """Mix (X, Y) as `plan` says.

        Parameters
        ----------
        X : floating array or tensor of shape (m, ...)
        Y : float array or tensor of shape (m, K), or None
            Soft labels.
        plan
            What `draw` returned for a batch of m samples.

        Returns
        -------
        X_new : array of shape (rows, ...)
            Of the backend, device and dtype of X.
        Y_new : array of shape (rows, K), or None where Y is None
            Soft labels: float32, or float64 where X is.

        Raises
        ------
        TypeError, ValueError
            If X is not floating, the plan is of another batch size, or Y are no soft labels of m samples.
        """

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

        Raises
        ------
        TypeError, ValueError
            If X is not floating and finite, labels do not fit, or a number is out of range.

        References
        ----------
        The shuffle-once-and-cut order is that of the authors' demonstration.

        Examples
        --------
        >>> import numpy as np
        >>> from zeta_geom.mixers import ZetaMixup
        >>> X_new, Y_new = ZetaMixup(random_state=0).mix_dataset(np.eye(70), np.arange(70) % 2)
        >>> X_new.shape, Y_new.shape
        ((70, 70), (70, 2))
        """
        X = as_batch(X)
        check_values(X)
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
        """Return the state of the stream, for an exact resume.

        Returns
        -------
        dict of str -> Any
            For `load_state_dict`: the seed, the loader worker and the state of each generator.

        Examples
        --------
        See `load_state_dict`.
        """
        return self._stream.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from the state that `state_dict` returned.

        Parameters
        ----------
        state : dict
            From a mixer built alike.

        Raises
        ------
        ValueError
            If the state is that of a stream of the other backend.

        Examples
        --------
        >>> from zeta_geom.mixers import ZetaMixup
        >>> mixer = ZetaMixup(random_state=0)
        >>> state = mixer.state_dict()
        >>> first = mixer.draw((4, 3)).weights
        >>> mixer.load_state_dict(state)
        >>> bool((mixer.draw((4, 3)).weights == first).all())
        True
        """
        self._stream.load_state_dict(state)

    def __repr__(self) -> str:
        names = [name for name in inspect.signature(type(self)).parameters if name not in _UNSHOWN]
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"


_UNSHOWN = ("random_state", "check_values")
