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
    """

    rows: int
    m: int


def mix_batches(mixer: Mixer, X: Any, Y: Any, batch_size: int, rows: int | None) -> tuple[Any, Any]:
    """Mix shuffled batches until there are `rows` rows; where it is None, go through the data once.

    Shapes: `X` (n, ...), `Y` (n, K) -> (rows, ...), (rows, K).
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
