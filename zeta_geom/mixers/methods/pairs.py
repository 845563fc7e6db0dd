"""Methods that mix pairs of whole samples: mixup and SamplePairing."""

from dataclasses import dataclass
from typing import Any, Unpack

from zeta_geom.checks import check_real
from zeta_geom.checks.points import is_tensor
from zeta_geom.checks.types import Array, Shape, SomeArray
from zeta_geom.mixers.arrays import (
    cast,
    compute_dtype,
    flatten,
    matrix_view,
    namespace,
    on_host,
    take_into,
    take_rows,
    to_backend,
)
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.plans import MixPlan
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits
from zeta_geom.rng.streams import Stream


@dataclass(frozen=True)
class PairPlan:
    """The plan of a batch whose samples are mixed in pairs."""

    partners: Array  # row k mixes sample k mod m with sample partners[k]: ints (rows,)
    lam: Array  # the share of sample k mod m: () or (rows,)
    m: int

    @property
    def rows(self) -> int:
        """Number of rows to return."""
        return self.partners.shape[0]


def draw_partners(stream: Stream, m: int, rows: int, like: Array | None) -> Any:
    """Draw a partner for each row, (rows,): one permutation of the batch for every m rows."""
    rounds = [stream.permutation(m, like) for _ in range(-(-rows // m))]
    return (rounds[0] if len(rounds) == 1 else namespace(rounds[0]).concat(rounds))[:rows]


def blend(values: SomeArray, plan: PairPlan, lam: Array, out: SomeArray | None = None) -> SomeArray:
    """Return λ v + (1 - λ) v[partners] of `values` (m, ...) in at least float32; λ is () or (rows,).

    A device computes it in one operation, from the end that is nearer: v[partners] + λ (v - v[partners]), or
    v - (1 - λ) (v - v[partners]). There the difference must not overflow.
    """
    xp, dtype = namespace(values), compute_dtype(values)
    flat = flatten(values)
    mixed: Any = take_into(flat, to_backend(plan.partners, values), target := matrix_view(out, dtype))
    leaders = take_rows(flat, plan.rows, plan.m)
    if on_host(values):
        share = xp.reshape(to_backend(lam, values), (-1, 1))
        share, rest = cast(share, dtype), cast(1 - share, dtype)  # 1 - λ before λ is rounded
        mixed *= rest
        mixed += share * leaders
    elif lam.ndim == 0 and not is_tensor(lam):
        mixed.lerp_(leaders, float(lam))  # a number of the host is an argument of the kernel
    else:
        mixed.lerp_(leaders, cast(to_backend(lam, values).reshape(-1, 1), dtype))
    if out is not None and target is not None:
        return out
    blended: SomeArray = cast(mixed.reshape(plan.rows, *values.shape[1:]), values.dtype)
    return blended


def choose_pixels(X: SomeArray, plan: PairPlan, own: SomeArray, *, channels_last: bool) -> SomeArray:
    """Return images with the pixels of row k's sample where `own` (H, W) is True, and its partner's elsewhere."""
    xp = namespace(X)
    partners = xp.take(X, to_backend(plan.partners, X), axis=0)
    mask = own[..., None] if channels_last else own
    chosen: SomeArray = xp.where(mask, take_rows(X, plan.rows, plan.m), partners)
    return cast(chosen, X.dtype)


class PairMixer(Mixer):
    """A method that mixes two samples into each row: x_new = λ x + (1 - λ) x[partners]."""

    def _mix_inputs(self, X: SomeArray, plan: Any, out: SomeArray | None) -> SomeArray:
        return blend(X, plan, plan.lam, out)

    def _mix_labels(self, Y: SomeArray, plan: PairPlan) -> SomeArray:
        return blend(Y, plan, plan.lam)


class Mixup(PairMixer):
    """Mix each sample with another one: x_new = λ x + (1 - λ) x[π], and labels likewise, λ ~ Beta(α, α).

    Source: Zhang et al. 2018 (mixup); Abhishek et al. 2024, Eq. 4.

    Parameters
    ----------
    alpha : float
        α > 0; 1 makes λ uniform.
    per_sample : bool
        Draw a λ for each output; by default one λ serves the batch, as in the authors' code.
    **shared
        As in `Mixer`.

    Examples
    --------
    >>> X_new, Y_new = Mixup(random_state=0)([[1.0, 0.0], [0.0, 1.0]], [0, 1])
    >>> bool((abs(X_new - Y_new) < 1e-6).all())
    True
    """

    traits = Traits(
        title="mixup", idea="linear interpolation of two samples and of their labels", source="Zhang et al. 2018"
    )

    def __init__(self, alpha: float = 1.0, *, per_sample: bool = False, **shared: Unpack[Shared]) -> None:
        super().__init__(**shared)
        self.alpha = check_real(alpha, "alpha", low=0, strict=True)
        self.per_sample = bool(per_sample)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> PairPlan:
        lam = self._stream.beta(self.alpha, (rows,) if self.per_sample else (), like)
        return PairPlan(draw_partners(self._stream, shape[0], rows, like), lam, shape[0])


class SamplePairing(PairMixer):
    """Average each sample with another one and keep the label of the first: x_new = (x + x[π]) / 2.

    Source: Inoue 2018 (SamplePairing).

    Parameters
    ----------
    **shared
        As in `Mixer`.

    Examples
    --------
    >>> SamplePairing(random_state=1)([[0.0], [1.0]], [0, 1])[1].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    traits = Traits(
        title="SamplePairing",
        idea="mean of two samples, with the label of the first",
        source="Inoue 2018",
        mixes_labels=False,
        weighted_mean=False,
    )

    def __init__(self, **shared: Unpack[Shared]) -> None:
        super().__init__(**shared)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> PairPlan:
        partners = draw_partners(self._stream, shape[0], rows, like)
        half = namespace(partners).full((), 0.5, device=partners.device)
        return PairPlan(partners, half, shape[0])

    def _mix_labels(self, Y: SomeArray, plan: PairPlan) -> SomeArray:
        return keep_labels(Y, plan)


def keep_labels(Y: SomeArray, plan: MixPlan) -> SomeArray:
    """Return a copy of the label of each row's first sample: (m, K) -> (rows, K)."""
    return take_rows(Y, plan.rows, plan.m) + 0
