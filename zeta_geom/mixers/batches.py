"""A whole data set batch by batch, and the plan of a batch that is left as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zeta_geom.mixers.arrays import namespace

if TYPE_CHECKING:
    from zeta_geom.mixers.base import Mixer

__all__ = ["Unmixed", "mix_batches"]


@dataclass(frozen=True)
class Unmixed:
    """The plan of a batch that comes back as it is: a batch of one, or one that `prob` leaves out.

    Parameters
    ----------
    rows : int
        Number of rows to return; row k is sample k mod m.
    m : int
        Number of samples in the batch.

    Examples
    --------
    >>> from zeta_geom.mixers import Mixup
    >>> Mixup().draw((1, 3))
    Unmixed(rows=1, m=1)
    """

    rows: int
    m: int


def mix_batches(mixer: Mixer, X: Any, Y: Any, batch_size: int, rows: int | None) -> tuple[Any, Any]:
    """Mix shuffled batches until there are `rows` rows; where it is None, go through the data once.

    Parameters
    ----------
    mixer : Mixer
    X : floating array or tensor of shape (n, ...)
    Y : float array or tensor of shape (n, K), or None
    batch_size : int
    rows : int or None

    Returns
    -------
    X_new : array of shape (rows, ...)
    Y_new : array of shape (rows, K), or None

    Raises
    ------
    RuntimeError
        If a whole pass gives no row.

    Examples
    --------
    >>> import numpy as np
    >>> from zeta_geom.mixers import ZetaMixup
    >>> mix_batches(ZetaMixup(random_state=0), np.eye(5), None, 2, 7)[0].shape
    (7, 5)
    """
    xp, n = namespace(X), X.shape[0]
    room = n if rows is None else rows
    X_new = xp.empty((room, *X.shape[1:]), dtype=X.dtype, device=X.device)
    Y_new = None if Y is None else xp.empty((room, Y.shape[1]), dtype=Y.dtype, device=Y.device)
    done = 0
    while done < room:
        order, before = mixer._stream.permutation(n, X), done
        for start in range(0, n, batch_size):
            batch = order[start : start + batch_size]
            X_batch, Y_batch = X[batch], None if Y is None else Y[batch]
            short = len(batch) < batch_size
            plan = mixer.draw(X_batch.shape, like=X, labels=Y_batch, clip=short)
            X_mixed, Y_mixed = mixer.apply(X_batch, Y_batch, plan)
            stop = min(done + len(X_mixed), room)
            X_new[done:stop] = X_mixed[: stop - done]
            if Y_new is not None:
                Y_new[done:stop] = Y_mixed[: stop - done]
            done = stop
            if done == room:
                break
        if rows is None:
            break
        if done == before:
            raise RuntimeError(f"{mixer!r} gave no row in a pass over the data; {rows} were asked for.")
    return X_new[:done], None if Y_new is None else Y_new[:done]
