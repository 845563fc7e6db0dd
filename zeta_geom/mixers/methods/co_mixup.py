"""Co-Mixup: images assembled from the salient cells of many, for a whole batch at once."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from zeta_geom.checks import check_int, check_real
from zeta_geom.checks.types import Array, Shape, SomeArray
from zeta_geom.mixers.arrays import compute_dtype, namespace, product, to_backend
from zeta_geom.mixers.base import Mixer
from zeta_geom.mixers.graph_cut import Energy, lower
from zeta_geom.mixers.image_mixer import ImageMixer, check_cells
from zeta_geom.mixers.models import check_model, evaluated, logits_of
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LabellingPlan:
    """The plan of Co-Mixup: where the search of the labelling starts, the prior, and the labels of the loss."""

    start: Array  # the sample in each cell of each row: int64 (rows, b, b)
    prior: Array  # λ of each sample, up to a factor: (m,)
    labels: Array | None  # soft labels (m, K); `draw` refuses to go without
    m: int

    @property
    def rows(self) -> int:
        """Number of rows to return."""
        return self.start.shape[0]


class CoMixup(ImageMixer):
    """Assemble each output from the cells of many images, so that the outputs hold what a model finds salient.

    The batch is cut into parts; each part's outputs are the labelling of low energy of `graph_cut.lower`: it holds
    much saliency, few borders, and inputs that the other outputs do not hold. The label of an output is the mean
    of its cells' labels. Saliency is the root mean square, over channels, of the gradient of the cross-entropy with
    respect to the image, averaged over each cell, and sums to 1 over an image; it is the same everywhere if the sum
    is 0 or not finite. The cost of input i is -saliency - η/n log λ_i with λ ~ Dir(α). A = (1 - ω) I + ω C, where C
    is proportional to the distance (of cells, along both axes) between the most salient cells, with mean row sum 1.
    Gradients flow through the images, not through the labelling. Source: Kim et al. 2021 (Co-Mixup), Eq. 4, with the
    defaults of the authors' code, which finds the most salient place by windows of 8 pixels, and takes every cut.

    Parameters
    ----------
    model : torch.nn.Module, optional
        Maps images (n, ...), in the layout of X, to logits (n, C), C ≥ K, in evaluation mode; its mode is restored.
        Without one, the mixer serves a `training.Classifier` only, which passes the network that it trains.
    alpha, eta : float
        α > 0 and η ≥ 0, of the prior.
    beta, gamma, tau, omega : float
        β ≥ 0, the weight of borders; γ ≥ 0, of inputs that others hold more than τ n times; 0 ≤ ω ≤ 1.
    n_cells, part, max_rounds : int
        b, the cells along each side; the most inputs of a part; the largest number of rounds over its outputs.
    channels, **shared
        As in `ImageMixer` and `Mixer`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is outside its range; in a call, if X is no tensor, labels are absent, or the model returns
        other values or has no gradients.
    ImportError
        In a call, if PyMaxflow is not installed.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3))
    >>> X_new, Y_new = CoMixup(model, random_state=0)(torch.rand(6, 1, 8, 8), [0, 1, 2, 0, 1, 2])
    >>> X_new.shape, bool(Y_new.sum(dim=1).allclose(torch.ones(6)))
    (torch.Size([6, 1, 8, 8]), True)
    """

    traits = Traits(
        title="Co-Mixup",
        idea="cells of many images by graph cuts: much saliency, outputs that differ; labels by the share of cells",
        source="Kim et al. 2021",
        samples="2 to m",
        needs_images=True,
        needs_classes=True,
        needs_model=True,
        optimises=True,
        one_graph=False,
        weighted_mean=False,
        differentiable=False,
        backends=("torch",),
    )

    def __init__(
        self,
        model: torch.nn.Module | None = None,
        *,
        alpha: float = 2.0,
        beta: float = 0.32,
        gamma: float = 1.0,
        eta: float = 0.05,
        tau: float = 0.83,
        omega: float = 0.001,
        n_cells: int = 4,
        part: int = 20,
        max_rounds: int = 4,
        channels: str | None = None,
        **shared: Unpack[Shared],
    ) -> None:
        super().__init__(channels=channels, **shared)
        if model is not None:
            check_model(model, "model")
        self.model = model
        self.alpha = check_real(alpha, "alpha", low=0, strict=True)
        self.beta, self.gamma, self.eta, self.tau = (
            check_real(value, name, low=0)
            for name, value in (("beta", beta), ("gamma", gamma), ("eta", eta), ("tau", tau))
        )
        self.omega = check_real(omega, "omega", low=0, high=1)
        self.n_cells = check_int(n_cells, "n_cells", low=1)
        self.part = check_int(part, "part", low=2)
        self.max_rounds = check_int(max_rounds, "max_rounds", low=1)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> LabellingPlan:
        height, width = (shape[axis] for axis in self._image_axes(shape))
        check_cells(self.n_cells, height, width)
        m = shape[0]
        chances = self._stream.uniform((rows, self.n_cells, self.n_cells), like)
        xp = namespace(chances)
        first, count = (to_backend(edges[np.arange(rows) % m, None, None], chances) for edges in self._parts_of(m))
        start = xp.astype(first + xp.clip(xp.floor(chances * count), 0, count - 1), xp.int64)
        return LabellingPlan(start, self._stream.dirichlet(self.alpha, 1, m, like)[0], labels, m)

    def _parts_of(self, m: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the first sample and the size of the part of each of m samples: parts of nearly equal size."""
        parts = np.array_split(np.arange(m), -(-m // self.part))
        sizes = np.array([len(part) for part in parts])
        return np.repeat([part[0] for part in parts], sizes), np.repeat(sizes, sizes)

    def _apply(self, X: SomeArray, Y: SomeArray | None, plan: LabellingPlan, out: SomeArray | None) -> Any:
        if isinstance(X, np.ndarray):
            raise TypeError("CoMixup mixes torch tensors; got a NumPy array. Pass torch.from_numpy(X).")
        require_maxflow()
        if self.model is None:
            raise ValueError("CoMixup needs a model for its gradients. Pass model, or use a training.Classifier.")
        height, width = (axis + X.ndim for axis in self._image_axes(X.shape))
        salient = saliency(self.model, X, to_backend(plan.labels, X), self.n_cells, (height, width))
        labels = self._labels(salient, plan)
        pixels, images = to_backend(labels, X), X.movedim((height, width), (1, 2))
        rows, columns = (namespace(X).arange(size, device=X.device) for size in images.shape[1:3])
        for axis, places in ((1, rows), (2, columns)):
            pixels = pixels.index_select(axis, places * self.n_cells // len(places))
        mixed = images[pixels, rows[:, None], columns].movedim((1, 2), (height, width))
        if Y is None:
            return mixed, None
        shares = (labels.reshape(len(labels), -1, 1) == np.arange(plan.m)).mean(axis=1)
        return mixed, product(to_backend(shares, X, Y.dtype), Y)

    def _labels(self, saliency: np.ndarray, plan: LabellingPlan) -> np.ndarray:
        """Return the sample in each cell of each row: int64 (rows, b, b)."""
        labels = np.array(to_backend(plan.start, saliency))
        prior = np.log(np.maximum(to_backend(plan.prior, saliency), np.finfo(np.float64).tiny))
        unary = -saliency - self.eta / self.n_cells**2 * prior[:, None, None]
        firsts, sizes = self._parts_of(plan.m)
        part_of_row = firsts[np.arange(plan.rows) % plan.m]
        for first in np.unique(part_of_row):
            part, rows = slice(first, first + sizes[first]), np.flatnonzero(part_of_row == first)
            matrix = compatibility(saliency[part], self.omega)
            energy = Energy(unary[part], matrix, self.beta, self.gamma, self.tau)
            labels[rows] = first + lower(energy, labels[rows] - first, self.max_rounds)
        return labels


def saliency(
    model: torch.nn.Module, X: torch.Tensor, Y: torch.Tensor, n_cells: int, axes: tuple[int, int]
) -> np.ndarray:
    """Return the saliency of each cell of images with soft labels, which sums to 1: float64 (m, b, b).

    `axes` are those of height and width, from 1 on.
    """
    import torch
    from torch.nn.functional import adaptive_avg_pool2d, cross_entropy, pad

    images = X.detach().to(compute_dtype(X)).requires_grad_()
    with evaluated(model), torch.autocast(X.device.type, enabled=False):
        logits = logits_of(model, images, "model")
        if logits.shape[1] < Y.shape[1]:
            raise ValueError(
                f"model must return a logit for each of the {Y.shape[1]} classes; got {logits.shape[1]}."
            )
        target = pad(Y.detach().to(images.dtype), (0, logits.shape[1] - Y.shape[1]))
        loss = cross_entropy(logits, target, reduction="sum")
        if not loss.requires_grad:
            raise ValueError("model must let gradients through to its input; its output has none.")
        (slope,) = torch.autograd.grad(loss, images)
    strength = slope.double()[..., None].movedim(axes, (1, 2)).flatten(3).square().mean(dim=3).sqrt()
    cells = adaptive_avg_pool2d(strength, n_cells).cpu().numpy()
    total = cells.sum(axis=(1, 2), keepdims=True)
    known = (total > 0) & np.isfinite(total)
    return np.where(known, cells / np.where(known, total, 1), 1 / n_cells**2)


def with_model(mixer: Mixer, model: torch.nn.Module) -> Mixer:
    """Return the mixer with this model in each Co-Mixup that has none."""
    if not mixer._parts and not (isinstance(mixer, CoMixup) and mixer.model is None):
        return mixer
    mixer = copy.copy(mixer)
    if isinstance(mixer, CoMixup) and mixer.model is None:
        mixer.model = model
    mixer._parts = tuple(with_model(part, model) for part in mixer._parts)
    return mixer


def compatibility(saliency: np.ndarray, omega: float) -> np.ndarray:
    """Return (1 - ω) I + ω C of saliency (m, b, b): inputs whose most salient cells are far apart repel more."""
    m, _, b = saliency.shape
    peaks = np.stack(np.divmod(saliency.reshape(m, -1).argmax(axis=1), b), axis=1)
    apart = np.abs(peaks[:, None] - peaks).sum(axis=2, dtype=np.float64)
    matrix: np.ndarray = (1 - omega) * np.eye(m) + omega * apart * m / max(apart.sum(), 1.0)
    return matrix


def require_maxflow() -> None:
    """Raise ImportError if PyMaxflow is absent."""
    try:
        import maxflow  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Co-Mixup needs the package PyMaxflow (GPL). Install it by pip install zeta-geom[graphcut]."
        ) from error
