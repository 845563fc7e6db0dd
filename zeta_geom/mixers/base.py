"""The base class of all mixers: the two halves of a call, and whole data sets."""

from abc import ABC, abstractmethod
from typing import Any

from zeta_geom.checks import check_int, check_real
from zeta_geom.checks.types import Array, ArrayLike, Shape, SomeArray
from zeta_geom.mixers.arrays import cast, compute_dtype, copy_into, namespace, take_rows
from zeta_geom.mixers.checks import check_draw, check_images, check_needs, check_output, check_plan, check_samples
from zeta_geom.mixers.devices.graphs import Graphs
from zeta_geom.mixers.plans import MixPlan, Unmixed
from zeta_geom.mixers.traits import Traits
from zeta_geom.rng import RandomState


class Mixer(Graphs, ABC):
    """A method that maps a batch (X, y) to a mixed batch (X_new, Y_new).

    Parameters
    ----------
    prob : float
        The probability that a batch is mixed; the other batches are returned as they are.
    n_classes : int, optional
        K; needed for int labels on CUDA, inferred from the labels elsewhere.
    check_values : bool
        Refuse NaN and infinite values in X; off by default, because the scan costs more than the mix.
    label_smoothing : float
        ε in [0, 1): the labels that come out are (1 - ε) Y + ε/K, also in a batch that is returned unmixed. Without
        labels it has no effect. Source: Szegedy et al. 2016, Section 7.
    random_state : None, int, Generator, RandomState or torch.Generator
        Seeds the mixer's stream; every call advances it.

    Attributes
    ----------
    traits : Traits
        What the method requires and guarantees.

    Raises
    ------
    TypeError, ValueError
        If a parameter, one of the method's own included, has the wrong type or is outside its range.
    """

    traits: Traits
    label_smoothing: float = 0.0  # for mixers that were pickled before the attribute existed

    def __init__(
        self,
        *,
        prob: float = 1.0,
        n_classes: int | None = None,
        check_values: bool = False,
        label_smoothing: float = 0.0,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(random_state)
        self.prob = check_real(prob, "prob", low=0, high=1)
        self.n_classes = None if n_classes is None else check_int(n_classes, "n_classes", low=1)
        self.check_values = check_values
        self.label_smoothing = check_real(label_smoothing, "label_smoothing", low=0, high=1)
        if self.label_smoothing == 1:
            raise ValueError("label_smoothing must be below 1, or all labels are equal; got 1.")

    def __call__(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        n_classes: int | None = None,
        n_out: int | None = None,
        out: Array | None = None,
    ) -> tuple[Any, Any]:
        """Mix one batch: X (m, ...) and y (m,), (m, 1) or (m, K) -> (n_out, ...) and (n_out, K)."""
        n_classes = self.n_classes if n_classes is None else n_classes
        batch, Y = check_samples(X, y, n_classes, self.traits, type(self).__name__, finite=self.check_values)
        rows = batch.shape[0] if n_out is None else check_int(n_out, "n_out", low=1)
        plan = self._plan(tuple(batch.shape), rows, batch, Y, False)
        check_output(out, batch, plan.rows, self.traits, type(self).__name__)
        return self._mix(batch, Y, plan, out)

    def draw(
        self,
        shape: Shape,
        *,
        n_out: int | None = None,
        like: Array | None = None,
        labels: Array | None = None,
        clip: bool = False,
    ) -> MixPlan:
        """Draw all random quantities for mixing one batch of this shape.

        Parameters
        ----------
        shape : tuple of int
            The batch's shape, (m, ...).
        n_out : int, optional
            Number of rows to return; m by default.
        like : array or tensor, optional
            Its backend, device and precision are those of the plan, but for one box and λ of CutMix on a device,
            which the host may draw; NumPy and float64 by default.
        labels : float array or tensor of shape (m, K), optional
            Soft labels, for the methods whose draw depends on classes.
        clip : bool
            Lower the number of mixed samples to m if the batch is smaller than the method requires.

        Returns
        -------
        MixPlan
            For `apply`, here or on another backend.

        Raises
        ------
        TypeError, ValueError
            If the shape has no sample or, for a method of images, no height and width; if `n_out` is not a positive
            integer, the method needs more samples, or labels are needed and absent.
        """
        check_draw(shape, like, labels)
        check_needs(shape, labels, self.traits, type(self).__name__)
        rows = int(shape[0]) if n_out is None else check_int(n_out, "n_out", low=1)
        return self._plan(tuple(shape), rows, like, labels, clip)

    def _plan(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> MixPlan:
        """Draw the plan of a batch that was checked."""
        m = int(shape[0])
        if m == 1 or (self.prob < 1 and self._stream.choice() >= self.prob):
            return Unmixed(rows, m)
        return self._draw(shape, rows, like, labels, clip)

    @abstractmethod
    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> MixPlan:
        """Draw the method's plan of a batch of at least two samples."""

    def apply(
        self, X: SomeArray, Y: SomeArray | None, plan: MixPlan, *, out: SomeArray | None = None
    ) -> tuple[SomeArray, SomeArray | None]:
        """Mix (X, Y) by a plan.

        Parameters
        ----------
        X : floating array or tensor of shape (m, ...)
            The batch.
        Y : float array or tensor of shape (m, K), or None
            Soft labels.
        plan : MixPlan
            The return value of `draw` for a batch of m samples.
        out : array or tensor of shape (rows, ...), optional
            Receives X_new; of the backend, device and dtype of X, sharing no memory with it.

        Returns
        -------
        X_new : array of shape (rows, ...)
            Of the backend, device and dtype of X; `out` if it is given.
        Y_new : array of shape (rows, K), or None if Y is None
            Soft labels: float32, or float64 if X is float64.

        Raises
        ------
        TypeError, ValueError
            If X is not floating, the plan is for another batch size, Y is not soft labels of m samples, or `out` does
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
        check_images(X.shape, self.traits, type(self).__name__)
        check_output(out, X, plan.rows, self.traits, type(self).__name__)
        return self._mix(X, Y, plan, out)

    def _mix(
        self, X: SomeArray, Y: SomeArray | None, plan: MixPlan, out: SomeArray | None
    ) -> tuple[SomeArray, SomeArray | None]:
        """Mix a batch that was checked."""
        if Y is not None:
            Y = cast(Y, compute_dtype(X))
        if isinstance(plan, Unmixed):
            X_new = copy_into(None, take_rows(X, plan.rows, plan.m))
            Y_new = None if Y is None else copy_into(None, take_rows(Y, plan.rows, plan.m))
        else:
            X_new, Y_new = self._apply(X, Y, plan, out)
        if out is not None and X_new is not out:
            X_new = copy_into(out, X_new)
        return X_new, None if Y_new is None else self._smoothed(Y_new)

    def _smoothed(self, Y: SomeArray) -> SomeArray:
        """Return mixed soft labels, smoothed; to smooth them first would give the same, because mixing is affine."""
        if not self.label_smoothing:
            return Y
        smoothed: SomeArray = Y * (1 - self.label_smoothing) + self.label_smoothing / Y.shape[1]
        return smoothed

    def _apply(self, X: SomeArray, Y: SomeArray | None, plan: Any, out: SomeArray | None) -> Any:
        return self._mix_inputs(X, plan, out), None if Y is None else self._mix_labels(Y, plan)

    def _mix_inputs(self, X: SomeArray, plan: Any, out: SomeArray | None) -> SomeArray:
        """Return the mixed X, in its dtype; may write into `out` and return it."""
        raise NotImplementedError

    def _mix_labels(self, Y: SomeArray, plan: Any) -> SomeArray:
        """Return the mixed soft labels, which are in the compute dtype."""
        raise NotImplementedError

    def mix_dataset(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        batch_size: int = 32,
        n_classes: int | None = None,
        n_out: int | None = None,
        epoch: int = 0,
    ) -> tuple[Any, Any]:
        """Shuffle a data set, cut it into batches, mix each batch, and return all mixed rows.

        The result depends on the mixer's seed and on `epoch` only. Source: the authors' demonstration has this order.

        Parameters
        ----------
        X : floating array or tensor of shape (n, ...)
            The data set; NaN and infinite values are refused.
        y : int array of shape (n,) or (n, 1), or array of shape (n, K), optional
            Class numbers, or soft labels.
        batch_size : int
            Samples in a batch; the last one may be shorter.
        n_classes : int, optional
            K; the mixer's `n_classes` by default.
        n_out : int, optional
            Number of rows to return; n by default. If it exceeds the rows of one pass, the data set is shuffled and
            passed through again. Without it, a method that may return fewer rows makes one pass.
        epoch : int
            Selects one of the independent child streams of the seed.

        Returns
        -------
        X_new : array of shape (n_out, ...)
        Y_new : array of shape (n_out, K), or None if y is None

        Raises
        ------
        TypeError, ValueError
            If X is not floating and finite, labels do not fit, or a number is out of range.

        Examples
        --------
        >>> import numpy as np
        >>> from zeta_geom.mixers import ZetaMixup
        >>> ZetaMixup(random_state=0).mix_dataset(np.eye(70), np.arange(70) % 2)[1].shape
        (70, 2)
        """
        batch_size = check_int(batch_size, "batch_size", low=1)
        rows = None if n_out is None else check_int(n_out, "n_out", low=1)
        mixer = self.child(check_int(epoch, "epoch", low=0))
        n_classes = self.n_classes if n_classes is None else n_classes
        samples, Y = check_samples(X, y, n_classes, self.traits, type(self).__name__, finite=True)
        if rows is None and self.traits.keeps_rows:
            rows = samples.shape[0]
        return mixer._mix_batches(samples, Y, batch_size, rows)

    def _mix_batches(
        self, X: SomeArray, Y: SomeArray | None, batch_size: int, rows: int | None
    ) -> tuple[SomeArray, SomeArray | None]:
        """Mix shuffled batches of checked samples until there are `rows` rows; if it is None, make one pass."""
        xp, n = namespace(X), X.shape[0]
        room = n if rows is None else rows
        X_new = xp.empty((room, *X.shape[1:]), dtype=X.dtype, device=X.device)
        Y_new: Any = None if Y is None else xp.empty((room, Y.shape[1]), dtype=Y.dtype, device=Y.device)
        done = 0
        while done < room:
            order, before = self._stream.permutation(n, X), done
            for start in range(0, n, batch_size):
                batch = order[start : start + batch_size]
                X_batch, Y_batch = X[batch], None if Y is None else Y[batch]
                short = len(batch) < batch_size
                plan = self._plan(tuple(X_batch.shape), len(batch), X, Y_batch, short)
                X_mixed, Y_mixed = self._mix(X_batch, Y_batch, plan, None)
                stop = min(done + len(X_mixed), room)
                X_new[done:stop] = X_mixed[: stop - done]
                if Y_mixed is not None:
                    Y_new[done:stop] = Y_mixed[: stop - done]
                done = stop
                if done == room:
                    break
            if rows is None:
                break
            if done == before:  # every batch was dropped; another pass may loop for ever
                raise RuntimeError(f"{self!r} returned no row in a pass over the data; n_out={rows} rows are needed.")
        return X_new[:done], None if Y_new is None else Y_new[:done]
