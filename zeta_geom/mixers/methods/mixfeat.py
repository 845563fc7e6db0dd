"""MixFeat: activations perturbed by a small part of another sample's, in any torch module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from zeta_geom.checks import check_real
from zeta_geom.checks.types import Array, ArrayLike, Shape, SomeArray
from zeta_geom.mixers.arrays import cast, compute_dtype, namespace, take_rows, to_backend
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.checks import as_batch, check_tensor
from zeta_geom.mixers.labels import soft_labels
from zeta_geom.mixers.methods.pairs import draw_partners, keep_labels
from zeta_geom.mixers.models import STAGES, layer_names, modules_of, run_hooked
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class FeaturePlan:
    """The plan of MixFeat: h' = first · h + second · h[partners]."""

    partners: Array  # ints (rows,)
    first: Array  # () or the shape of one sample, as is `second`
    second: Array
    m: int

    @property
    def rows(self) -> int:
        """Number of rows to return."""
        return self.partners.shape[0]


class MixFeat(Mixer):
    """Perturb activations by a part of another sample's: h' = (1 + r cos t) h + r sin t · h[π]; keep the labels.

    r ~ N(0, σ²), t ~ U(-π, π). Called on a batch, it mixes the batch itself; `run` mixes inside a model.
    Source: Yaguchi et al. 2019 (MixFeat), σ = 0.2.

    Parameters
    ----------
    layers : sequence of str
        The layers whose outputs are mixed, each with its own draws: names as in `model.named_modules()`, and "input".
    sigma : float
        σ ≥ 0.
    per_feature : bool
        Draw r and t for each feature of the activation; otherwise once for the batch.
    **shared
        As in `Mixer`.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Linear(5, 2))
    >>> MixFeat(["0"], random_state=0).run(model, torch.eye(3), [0, 1, 1])[1].tolist()
    [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    """

    traits = Traits(
        title="MixFeat",
        idea="activations perturbed by a small part of another sample's; labels stay",
        source="Yaguchi et al. 2019",
        space="features",
        needs_model=True,
        mixes_labels=False,
        weighted_mean=False,
        bounded=False,
    )

    def __init__(
        self,
        layers: Sequence[str] = STAGES[1:],
        *,
        sigma: float = 0.2,
        per_feature: bool = True,
        **shared: Unpack[Shared],
    ) -> None:
        super().__init__(**shared)
        self.layers = layer_names(layers)
        self.sigma = check_real(sigma, "sigma", low=0, high=1000)
        self.per_feature = bool(per_feature)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> FeaturePlan:
        size = shape[1:] if self.per_feature else ()
        length = self.sigma * self._stream.normal(size, like)
        angle = 2 * self._stream.uniform(size, like) - 1
        partners = draw_partners(self._stream, shape[0], rows, like)
        xp = namespace(partners)
        turn = xp.pi * angle
        first, second = (xp.asarray(length * part) for part in (xp.cos(turn), xp.sin(turn)))
        return FeaturePlan(partners, 1 + first, second, shape[0])

    def _mix_inputs(self, X: SomeArray, plan: FeaturePlan, out: SomeArray | None) -> Any:
        if plan.first.ndim and tuple(plan.first.shape) != tuple(X.shape[1:]):
            raise ValueError(
                f"plan was drawn for samples of shape {tuple(plan.first.shape)}; X has {tuple(X.shape[1:])}. "
                "Draw with the shape of this batch."
            )
        xp, dtype = namespace(X), compute_dtype(X)
        values = cast(X, dtype)
        first, second = (to_backend(part, X, dtype) for part in (plan.first, plan.second))
        partners = xp.take(values, to_backend(plan.partners, X), axis=0)
        return cast(first * take_rows(values, plan.rows, plan.m) + second * partners, X.dtype)

    def _mix_labels(self, Y: SomeArray, plan: FeaturePlan) -> SomeArray:
        return keep_labels(Y, plan)

    def run(
        self, model: torch.nn.Module, X: torch.Tensor, y: ArrayLike | None = None, *, n_classes: int | None = None
    ) -> tuple[Any, Any]:
        """Return the model's output on a batch perturbed at every layer, and the labels as soft labels.

        Parameters
        ----------
        model, X, y, n_classes
            As in `ManifoldMixup.run`.

        Returns
        -------
        output : object
            The output of the model.
        Y : tensor of shape (m, K), or None if y is None

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As in `ManifoldMixup.run`.
        """
        check_tensor(X)
        Y = soft_labels(y, as_batch(X), self.n_classes if n_classes is None else n_classes)
        modules = modules_of(model, self.layers)
        if not model.training:
            return model(X), Y

        def mix(h: torch.Tensor) -> torch.Tensor:
            return self.apply(h, None, self.draw(h.shape, like=h))[0]

        return run_hooked(model, X, modules, mix), None if Y is None else self._smoothed(Y)
