"""One of several mixers, drawn for each batch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Unpack

from zeta_geom.checks import check_real, host_array
from zeta_geom.checks.types import Array, Shape, SomeArray
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.plans import MixPlan
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits


@dataclass(frozen=True)
class ChosenPlan:
    """The plan of a mixer that was drawn from several."""

    index: int  # the position of the mixer
    plan: MixPlan

    @property
    def rows(self) -> int:
        """Number of rows to return."""
        return self.plan.rows

    @property
    def m(self) -> int:
        """Number of samples in the batch."""
        return self.plan.m


class RandomMixer(Mixer):
    """Mix each batch by one of several mixers, drawn with given probabilities.

    Parameters
    ----------
    mixers : sequence of Mixer
        They draw from this object's stream; their own random states are not used.
    p : sequence of float, optional
        The probability of each mixer, summing to 1; equal by default.
    **shared
        As in `Mixer`.

    Raises
    ------
    TypeError, ValueError
        If `mixers` is empty or holds other objects, or `p` is not a distribution over them.

    Examples
    --------
    >>> import numpy as np
    >>> from zeta_geom.mixers import CutMix, ZetaMixup
    >>> mixer = RandomMixer([ZetaMixup(), CutMix()], p=[0.7, 0.3], random_state=0)
    >>> mixer(np.zeros((4, 8, 8)), [0, 1, 2, 3])[1].shape
    (4, 4)
    """

    def __init__(self, mixers: Sequence[Mixer], p: Sequence[float] | None = None, **shared: Unpack[Shared]) -> None:
        super().__init__(**shared)
        self.mixers = list(mixers) if isinstance(mixers, (tuple, list)) else []
        if not self.mixers or not all(isinstance(mixer, Mixer) for mixer in self.mixers):
            raise TypeError(f"mixers must be a sequence of at least one Mixer; got {mixers!r}.")
        count = len(self.mixers)
        if p is not None and host_array(p, "p").ndim != 1:
            raise TypeError(f"p must be a sequence of {count} probabilities; got {p!r}.")
        self.p = [1 / count] * count if p is None else [check_real(share, "p", low=0, high=1) for share in p]
        if len(self.p) != count or not math.isclose(sum(self.p), 1, abs_tol=1e-6):
            raise ValueError(f"p must hold {count} probabilities that sum to 1; got {p}.")
        self._parts = tuple(mixer._on(self._stream) for mixer in self.mixers)
        self.traits = _common(self.mixers)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> ChosenPlan:
        at = self._stream.choice() * sum(self.p)
        reached = accumulate(self.p)
        index = next((i for i, total in enumerate(reached) if at < total), max(i for i, q in enumerate(self.p) if q))
        return ChosenPlan(index, self._parts[index]._plan(shape, rows, like, labels, clip))

    def _apply(self, X: SomeArray, Y: SomeArray | None, plan: ChosenPlan, out: SomeArray | None) -> Any:
        return self._parts[plan.index]._mix(X, Y, plan.plan, out)


def _common(mixers: Sequence[Mixer]) -> Traits:
    """Return the traits that all mixers share."""
    every = [mixer.traits for mixer in mixers]
    some = ("needs_images", "needs_classes", "needs_model", "optimises", "random")
    all_of = ("mixes_labels", "keeps_rows", "weighted_mean", "bounded", "differentiable", "one_graph")
    flags: dict[str, Any] = {name: any(getattr(traits, name) for traits in every) for name in some}
    flags |= {name: all(getattr(traits, name) for traits in every) for name in all_of}
    return Traits(
        title="one of several",
        idea="a mixer drawn for each batch",
        source="",
        samples="as drawn",
        space=every[0].space,
        min_samples=max(traits.min_samples for traits in every),
        backends=tuple(name for name in ("numpy", "torch") if all(name in traits.backends for traits in every)),
        **flags,
    )
