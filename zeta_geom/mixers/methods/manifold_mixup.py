"""Manifold mixup: mixup of the activations of a layer of any torch module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from zeta_geom.checks.types import ArrayLike, SomeArray
from zeta_geom.mixers.checks import as_batch, check_tensor
from zeta_geom.mixers.labels import soft_labels
from zeta_geom.mixers.methods.pairs import Mixup
from zeta_geom.mixers.models import STAGES, layer_names, modules_of, run_hooked
from zeta_geom.mixers.plans import MixPlan, Unmixed
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits

if TYPE_CHECKING:
    import torch


class ManifoldMixup(Mixup):
    """Mix the activations of a layer drawn for each batch, and the labels likewise: h' = λ h + (1 - λ) h[π].

    Called on a batch, it mixes the batch itself, as mixup does; `run` mixes inside a model.
    Source: Verma et al. 2019 (manifold mixup), where the layers are the input and the first two stages.

    Parameters
    ----------
    layers : sequence of str
        The eligible layers: names as in `model.named_modules()`, and "input". All are equally probable.
    alpha, per_sample, **shared
        As in `Mixup`.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Linear(5, 2))
    >>> logits, Y = ManifoldMixup(["input", "0"], random_state=0).run(model, torch.eye(3), [0, 1, 1])
    >>> logits.shape, Y.sum(dim=1)
    (torch.Size([3, 2]), tensor([1., 1., 1.]))
    """

    traits = Traits(
        title="manifold mixup",
        idea="mixup of the activations of a layer drawn for each batch, and of labels",
        source="Verma et al. 2019",
        space="features",
        needs_model=True,
    )

    def __init__(
        self,
        layers: Sequence[str] = STAGES,
        *,
        alpha: float = 1.0,
        per_sample: bool = False,
        **shared: Unpack[Shared],
    ) -> None:
        super().__init__(alpha, per_sample=per_sample, **shared)
        self.layers = layer_names(layers)

    def run(
        self, model: torch.nn.Module, X: torch.Tensor, y: ArrayLike | None = None, *, n_classes: int | None = None
    ) -> tuple[Any, Any]:
        """Return the model's output on a batch mixed at one layer, and the mixed labels.

        Parameters
        ----------
        model : torch.nn.Module
            In evaluation mode nothing is mixed or smoothed.
        X : floating tensor of shape (m, ...)
            The batch.
        y : int tensor of shape (m,) or (m, 1), or tensor of shape (m, K), optional
            Class numbers, or soft labels.
        n_classes : int, optional
            K; the mixer's `n_classes` by default.

        Returns
        -------
        output : object
            The output of the model.
        Y_new : tensor of shape (m, K), or None if y is None

        Raises
        ------
        TypeError, ValueError
            If the model lacks a layer, a layer does not return a floating tensor of m rows, or labels do not fit.
        RuntimeError
            If the layer is not called exactly once in the forward pass.
        """
        check_tensor(X)
        Y = soft_labels(y, as_batch(X), self.n_classes if n_classes is None else n_classes)
        modules = modules_of(model, self.layers)
        if not model.training:
            return model(X), Y
        layer = self.layers[min(int(self._stream.choice() * len(self.layers)), len(self.layers) - 1)]
        plans: list[MixPlan] = []

        def mix(h: torch.Tensor) -> torch.Tensor:
            plans.append(self.draw(h.shape, like=h))
            return self.apply(h, None, plans[-1])[0]

        output = run_hooked(model, X, {layer: modules[layer]}, mix)
        return output, None if Y is None else self._smoothed(self._labels_of(Y, plans[0]))

    def _labels_of(self, Y: SomeArray, plan: Any) -> SomeArray:
        if plan.m != len(Y):
            raise ValueError(f"a layer must return the {len(Y)} rows of the batch to be mixed; got {plan.m} rows.")
        return Y if isinstance(plan, Unmixed) else self._mix_labels(Y, plan)
