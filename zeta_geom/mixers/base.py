"""What all mixers share: the two halves of a call, labels, a whole data set, and the state of the stream."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from zeta_geom.checks import check_int, check_real
from zeta_geom.mixers.arrays import cast, compute_dtype
from zeta_geom.mixers.batches import Unmixed, mix_batches
from zeta_geom.mixers.checks import (
    as_batch,
    check_draw,
    check_images,
    check_output,
    check_plan,
    check_values,
)
from zeta_geom.mixers.labels import soft_labels
from zeta_geom.mixers.products import take_rows
from zeta_geom.mixers.seeded import Seeded
from zeta_geom.mixers.traits import Traits
from zeta_geom.rng import RandomState

__all__ = ["Mixer"]


class Mixer(Seeded, ABC):
    """A method that maps a batch (X, y) to a mixed batch (X_new, Y_new).

    Parameters
    ----------
    prob : float
        The probability that a batch is mixed; the others come back as they are.
    n_classes : int, optional
        K; needed for int labels on CUDA, inferred from the labels elsewhere.
    check_values : bool
        Refuse NaN and infinite values in X; off by default, for the scan costs more than the mix.
    random_state : None, int, Generator, RandomState or torch.Generator
        Where the mixer's own stream starts; every call advances it.

    Attributes
    ----------
    traits : Traits
        What the class needs and does.

    Raises
    ------
    TypeError, ValueError
        If `prob` is not in [0, 1], `n_classes` is no positive integer, or `random_state` has the wrong type.

    Examples
    --------
    >>> from zeta_geom.mixers import Mixup, ZetaMixup
    >>> issubclass(Mixup, Mixer), issubclass(ZetaMixup, Mixer)
    (True, True)
    """

    traits: Traits

    def __init__(
        self,
        *,
        prob: float = 1.0,
        n_classes: int | None = None,
        check_values: bool = False,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(random_state)
        self.prob = check_real(prob, "prob", low=0, high=1)
        self.n_classes = None if n_classes is None else check_int(n_classes, "n_classes", low=1)
        self.check_values = check_values

    def __call__(
        self, X: Any, y: Any = None, *, n_classes: int | None = None, n_out: int | None = None, out: Any = None
    ) -> tuple[Any, Any]:
        """Mix one batch.

        Shapes: `X` (m, ...), `y` (m,) or (m, 1) or (m, K), `out` (n_out, ...) -> (n_out, ...), (n_out, K).
        """
        X = as_batch(X)
        if self.check_values:
            check_values(X)
        Y = soft_labels(y, X, self.n_classes if n_classes is None else n_classes)
        return self.apply(X, Y, self.draw(X.shape, n_out=n_out, like=X, labels=Y), out=out)

    def draw(
        self,
        shape: tuple[int, ...],
        *,
        n_out: int | None = None,
        like: Any = None,
        labels: Any = None,
        clip: bool = False,
    ) -> Any:
        """Draw all that is random in mixing one batch of this shape.

        Parameters
        ----------
        shape : tuple of int
            The batch's shape, (m, ...).
        n_out : int, optional
            Number of rows to make; m by default.
        like : array or tensor, optional
            The plan is made on this array's backend and device, to its precision; NumPy and float64 by default.
        labels : float array or tensor of shape (m, K), optional
            Soft labels, for the methods whose draw depends on classes.
        clip : bool
            Mix as many samples as there are where a short batch has fewer than the method wants.

        Returns
        -------
        plan
            For `apply`, here or on another backend.

        Raises
        ------
        TypeError, ValueError
            If the shape names no sample or, for a method of images, no height and width; if `n_out` is no positive
            integer, the method wants more samples, or labels are needed and not given.

        Examples
        --------
        >>> from zeta_geom.mixers import ZetaMixup
        >>> ZetaMixup(random_state=0).draw((4, 3)).weights.shape
        (4, 4)
        """
        check_draw(shape, like, labels)
        if self.traits.needs_images:
            check_images(shape, type(self).__name__)
        if self.traits.needs_classes and labels is None:
            raise ValueError(f"{type(self).__name__} needs labels; give y, or labels= to draw.")
        m = int(shape[0])
        rows = m if n_out is None else check_int(n_out, "n_out", low=1)
        if m == 1 or (self.prob < 1 and self._stream.choice() >= self.prob):
            return Unmixed(rows, m)
        return self._draw(tuple(shape), rows, like, labels, clip)

    @abstractmethod
    def _draw(self, shape: tuple[int, ...], rows: int, like: Any, labels: Any, clip: bool) -> Any:
        """Draw the plan, which has the attributes `rows` and `m`."""

    def apply(self, X: Any, Y: Any, plan: Any, *, out: Any = None) -> tuple[Any, Any]:
        """Mix (X, Y) as `plan` says.

        Parameters
        ----------
        X : floating array or tensor of shape (m, ...)
        Y : float array or tensor of shape (m, K), or None
            Soft labels.
        plan
            What `draw` returned for a batch of m samples.
        out : array or tensor of shape (rows, ...), optional
            Where X_new is written; of the backend, device and dtype of X, sharing no memory with it.

        Returns
        -------
        X_new : array of shape (rows, ...)
            Of the backend, device and dtype of X; `out` where it is given.
        Y_new : array of shape (rows, K), or None where Y is None
            Soft labels: float32, or float64 where X is.

        Raises
        ------
        TypeError, ValueError
            If X is not floating, the plan is of another batch size, Y are no soft labels of m samples, or `out` does
            not fit.

        Examples
        --------
        >>> import numpy as np
        >>> from zeta_geom.mixers import ZetaMixup
        >>> X, mixer = np.eye(4), ZetaMixup(random_state=0)
        >>> mixer.apply(X, None, mixer.draw(X.shape))[0].shape
        (4, 4)
        """
        check_plan(X, Y, plan.m)
        if self.traits.needs_images:
            check_images(X.shape, type(self).__name__)
        if out is not None:
            if not self.traits.keeps_rows:
                raise ValueError(f"out cannot be used with {type(self).__name__}, of which fewer rows may come back.")
            check_output(out, X, plan.rows)
        if Y is not None:
            Y = cast(Y, compute_dtype(X))
        if isinstance(plan, Unmixed):
            X_new, Y_new = (None if part is None else _copied(take_rows(part, plan.rows, plan.m)) for part in (X, Y))
        else:
            X_new, Y_new = self._apply(X, Y, plan, out)
        if out is not None and X_new is not out:
            out[...] = X_new
            X_new = out
        return X_new, Y_new

    def _apply(self, X: Any, Y: Any, plan: Any, out: Any) -> tuple[Any, Any]:
        return self._mix_inputs(X, plan, out), None if Y is None else self._mix_labels(Y, plan)

    def _mix_inputs(self, X: Any, plan: Any, out: Any) -> Any:
        """Return the mixed X, in its dtype; may write into `out` and return it."""
        raise NotImplementedError

    def _mix_labels(self, Y: Any, plan: Any) -> Any:
        """Return the mixed soft labels, which are in the compute dtype."""
        raise NotImplementedError

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
        y : int array of shape (n,) or (n, 1), or array of shape (n, K), optional
            Numbers of classes, or soft labels.
        batch_size : int
            Samples in a batch; the last one may be shorter.
        n_classes : int, optional
            K, where it differs from the mixer's own.
        n_out : int, optional
            Number of rows to return; n by default. Where more are wanted, the data set is shuffled and gone through
            again. A method that may return fewer rows than it was given is gone through once without `n_out`.
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
        rows = n if self.traits.keeps_rows else None
        if n_out is not None:
            rows = check_int(n_out, "n_out", low=1)
        mixer = self.child(check_int(epoch, "epoch", low=0))
        return mix_batches(mixer, X, Y, batch_size, rows)


def _copied(array: Any) -> Any:
    return array.copy() if isinstance(array, np.ndarray) else array.clone()
