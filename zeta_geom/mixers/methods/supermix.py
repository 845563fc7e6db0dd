"""SuperMix: optimised masks that keep the parts of each image by which a teacher recognises it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from zeta_geom.checks import check_int, check_real
from zeta_geom.checks.types import Array, Shape, SomeArray
from zeta_geom.mixers.arrays import compute_dtype, namespace, to_backend
from zeta_geom.mixers.image_mixer import ImageMixer
from zeta_geom.mixers.models import check_model, evaluated, logits_of
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits
from zeta_geom.mixers.weights import check_n_mix

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class MaskPlan:
    """The plan of SuperMix."""

    orders: Array  # the images of each row: int64 (rows, T)
    shares: Array  # their shares of the label: (rows, T)
    m: int

    @property
    def rows(self) -> int:
        """The largest number of rows to return."""
        return self.orders.shape[0]


class SuperMix(ImageMixer):
    """Mix T images by masks so that a teacher sees all of them: x_new = Σ_k m_k x_k, y_new = Σ_k l_k y_k.

    Row i takes the images i, i + 1, … (cyclic), with shares l ~ Dir(α, …, α); the target is
    Σ l_k onehot(teacher(x_k)).
    Logits begin at 0 on a coarse grid, are upsampled, mapped by the logistic function and divided by their sum.
    Blurred gradient steps on KL(target ‖ teacher(Σ m_k x_k)) + sparsity · mean |m (m - 1)| stop when the teacher's
    leading classes are those of the target. Rows that do not reach this are dropped, so fewer may be returned.
    KL(teacher ‖ target) would be infinite, since the target is zero for most classes. Gradients flow through the
    images, not through the masks. Source: Dabouei et al. 2021 (SuperMix).

    Parameters
    ----------
    teacher : torch.nn.Module
        Maps images (n, ...), in the layout of X, to logits (n, C), in evaluation mode; its mode is restored.
    n_mix, mask_size, max_steps : int
        T, how many images are mixed; the cells of the masks' grid along each side; the largest number of steps.
    alpha, sigma : float
        α > 0; the standard deviation of the blur of the gradient, in cells.
    sparsity, step : float
        Weight of the term that pushes masks to 0 or 1; the change of the largest entry of an image's masks in a step.
    channels, **shared
        As in `ImageMixer` and `Mixer`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is outside its range; in a call, if X is no tensor, or the teacher returns other values.

    Examples
    --------
    >>> import torch
    >>> teacher = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3))
    >>> X_new, Y_new = SuperMix(teacher, random_state=0)(torch.rand(6, 1, 8, 8), [0, 1, 2, 0, 1, 2])
    >>> len(X_new) == len(Y_new) <= 6
    True
    """

    traits = Traits(
        title="SuperMix",
        idea="optimised masks that keep the part of each image that a teacher recognises",
        source="Dabouei et al. 2021",
        samples="2 or 3",
        needs_images=True,
        needs_model=True,
        optimises=True,
        one_graph=False,
        keeps_rows=False,
        weighted_mean=False,
        differentiable=False,
        backends=("torch",),
    )

    def __init__(
        self,
        teacher: torch.nn.Module,
        *,
        n_mix: int = 2,
        alpha: float = 3.0,
        mask_size: int = 8,
        sigma: float = 1.0,
        sparsity: float = 25.0,
        step: float = 1.0,
        max_steps: int = 50,
        channels: str | None = None,
        **shared: Unpack[Shared],
    ) -> None:
        super().__init__(channels=channels, **shared)
        check_model(teacher, "teacher")
        self.teacher = teacher
        self.n_mix = check_int(n_mix, "n_mix", low=2)
        self.alpha = check_real(alpha, "alpha", low=0, strict=True)
        self.mask_size = check_int(mask_size, "mask_size", low=1)
        self.sigma = check_real(sigma, "sigma", low=0, high=1000)
        self.sparsity = check_real(sparsity, "sparsity", low=0)
        self.step = check_real(step, "step", low=0, strict=True)
        self.max_steps = check_int(max_steps, "max_steps", low=1)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> MaskPlan:
        self._image_axes(shape)
        m = shape[0]
        n_mix = check_n_mix(self.n_mix, m, clip=clip)
        shares = self._stream.dirichlet(self.alpha, rows, n_mix, like)
        xp = namespace(shares)
        device = shares.device
        orders = (xp.arange(rows, device=device)[:, None] + xp.arange(n_mix, device=device)[None, :]) % m
        return MaskPlan(orders, shares, m)

    def _apply(self, X: SomeArray, Y: SomeArray | None, plan: MaskPlan, out: SomeArray | None) -> Any:
        import torch

        if isinstance(X, np.ndarray):
            raise TypeError("SuperMix mixes torch tensors; got a NumPy array. Pass torch.from_numpy(X).")
        orders, shares = to_backend(plan.orders, X), to_backend(plan.shares, X, compute_dtype(X))
        last = self._image_axes(X.shape) == (-3, -2)
        images = (X.movedim(-1, 1) if last else X).to(compute_dtype(X))[orders]  # (rows, T, ..., H, W)

        def teach(mixed: torch.Tensor) -> torch.Tensor:
            return logits_of(self.teacher, mixed.movedim(1, -1) if last else mixed, "teacher")

        with evaluated(self.teacher), torch.autocast(X.device.type, enabled=False):
            masks, recognised = self._optimise_masks(images.detach(), shares, teach)
        shaped = masks.reshape(*masks.shape[:2], *(1,) * (X.ndim - 3), *masks.shape[2:])
        X_new = (shaped * images).sum(dim=1)[recognised].to(X.dtype)
        X_new = X_new.movedim(1, -1) if last else X_new
        return X_new, None if Y is None else (shares[:, :, None] * Y[orders]).sum(dim=1)[recognised]

    def _optimise_masks(
        self, images: torch.Tensor, shares: torch.Tensor, teach: Callable[[torch.Tensor], torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return masks (rows, T, H, W), and for which rows the teacher recognises the mix: bool (rows,)."""
        import torch
        from torch.nn.functional import kl_div

        rows, n_mix = shares.shape
        with torch.no_grad():
            seen = teach(images.flatten(0, 1)).view(rows, n_mix, -1)
        wanted = torch.nn.functional.one_hot(seen.argmax(dim=2), seen.shape[2])
        target = (shares[:, :, None] * wanted).sum(dim=1)
        wanted = wanted.amax(dim=1).bool()
        logits = images.new_zeros((rows, n_mix, self.mask_size, self.mask_size))
        recognised = torch.zeros(rows, dtype=torch.bool, device=images.device)
        left, kernel = torch.arange(rows, device=images.device), blur_matrix(self.mask_size, self.sigma, images)
        for step in range(self.max_steps + 1):
            part = logits[left].requires_grad_(step < self.max_steps)
            masks = to_masks(part, images.shape[-2:])
            # one pass through the teacher serves the test of the last step and the slope of this one
            predicted = teach(apply_masks(masks, images[left]))
            recognised[left] = led = leads(predicted.detach(), wanted[left]) & (step > 0)
            if step == self.max_steps or bool(led.all()):
                break
            divergence = kl_div(predicted.log_softmax(dim=1), target[left], reduction="none").sum()
            between = (masks * (masks - 1)).abs().mean(dim=(1, 2, 3)).sum()
            (slope,) = torch.autograd.grad(divergence + self.sparsity * between, part)
            left, slope = left[~led], kernel @ slope[~led] @ kernel
            largest = slope.abs().amax(dim=(1, 2, 3), keepdim=True)
            logits[left] -= self.step * slope / torch.where(largest > 0, largest, 1)
        with torch.no_grad():
            return to_masks(logits, images.shape[-2:]), recognised


def to_masks(logits: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """Return masks (n, T, H, W) that sum to 1 over T, from logits (n, T, h, w)."""
    from torch.nn.functional import interpolate

    masks = interpolate(logits, size=tuple(size), mode="bilinear", align_corners=False).sigmoid()
    return masks / masks.sum(dim=1, keepdim=True)


def apply_masks(masks: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """Return Σ_k m_k x_k of shape (n, ..., H, W), from masks (n, T, H, W) and images (n, T, ..., H, W)."""
    between = images.ndim - 4
    return (masks.reshape(*masks.shape[:2], *(1,) * between, *masks.shape[2:]) * images).sum(dim=1)


def blur_matrix(size: int, sigma: float, like: torch.Tensor) -> torch.Tensor:
    """Return the symmetric matrix that convolves `size` cells with a Gaussian, zeros outside."""
    import torch

    if sigma < 0.05:  # the nearest neighbour's weight is below 1e-86
        return torch.eye(size, device=like.device, dtype=like.dtype)
    reach = int(np.ceil(3 * sigma))
    offsets = torch.arange(-reach, reach + 1, device=like.device, dtype=like.dtype)
    total = torch.exp(-((offsets / sigma) ** 2) / 2).sum()
    cells = torch.arange(size, device=like.device, dtype=like.dtype)
    apart = (cells[:, None] - cells).abs()
    return torch.where(apart <= reach, torch.exp(-((apart / sigma) ** 2) / 2) / total, 0)


def leads(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return for each row whether the largest logits are those of the wanted classes (any number)."""
    count = wanted.sum(dim=1, keepdim=True)
    lowest = logits.sort(dim=1, descending=True).values.gather(1, count - 1)
    return ((logits >= lowest) == wanted).all(dim=1)
