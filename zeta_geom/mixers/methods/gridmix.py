"""GridMix: images assembled from the grid cells of two images."""

from dataclasses import dataclass
from typing import Any, Unpack

from zeta_geom.checks import check_int, check_real
from zeta_geom.checks.types import Array, Shape, SomeArray
from zeta_geom.mixers.arrays import namespace, take_rows, to_backend
from zeta_geom.mixers.image_mixer import ImageMixer, check_cells
from zeta_geom.mixers.methods.pairs import PairMixer, PairPlan, choose_pixels, draw_partners
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.traits import Traits


@dataclass(frozen=True)
class GridPlan(PairPlan):
    """The plan of GridMix; λ is the share of the cells that are True."""

    cells: Array  # True for cells of the first image, False for cells of its partner: (N, N)


class GridMix(ImageMixer, PairMixer):
    """Assemble each image from the grid cells of two: a cell is taken from the first with probability λ.

    λ ~ Beta(α, α); the label is mixed by the share of cells. One grid serves the batch; row i of the N rows begins at
    pixel ⌈i H / N⌉.
    Source: Baek et al. 2021 (GridMix), whose local loss uses `cell_labels`.

    Parameters
    ----------
    n_cells : int
        N, the number of cells along each side.
    alpha : float
        α > 0; 1 makes λ uniform.
    channels, **shared
        As in `ImageMixer` and `Mixer`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is outside its range; in a call, if an image has fewer than N pixels along a side.

    Examples
    --------
    >>> import numpy as np
    >>> X_new, Y_new = GridMix(2, random_state=0)(np.stack([np.zeros((8, 8)), np.ones((8, 8))]), [0, 1])
    >>> bool(np.allclose(X_new.mean(axis=(1, 2)), Y_new[:, 1]))
    True
    """

    traits = Traits(
        title="GridMix",
        idea="cells of a grid, each from one of two images; labels by the share of cells, and one label per cell",
        source="Baek et al. 2021",
        needs_images=True,
        weighted_mean=False,
    )

    def __init__(
        self, n_cells: int = 4, *, alpha: float = 1.0, channels: str | None = None, **shared: Unpack[Shared]
    ) -> None:
        super().__init__(channels=channels, **shared)
        self.n_cells = check_int(n_cells, "n_cells", low=1)
        self.alpha = check_real(alpha, "alpha", low=0, strict=True)

    def _draw(self, shape: Shape, rows: int, like: Array | None, labels: Array | None, clip: bool) -> GridPlan:
        height, width = (shape[axis] for axis in self._image_axes(shape))
        check_cells(self.n_cells, height, width)
        lam = self._stream.beta(self.alpha, (), like)
        cells = self._stream.uniform((self.n_cells, self.n_cells), like) < lam
        xp = namespace(cells)
        share = xp.asarray(xp.mean(xp.astype(cells, xp.float64 if like is None else lam.dtype)))
        return GridPlan(draw_partners(self._stream, shape[0], rows, like), share, shape[0], cells)

    def _mix_inputs(self, X: SomeArray, plan: GridPlan, out: SomeArray | None) -> Any:
        xp, device = namespace(X), X.device
        mask = to_backend(plan.cells, X)
        height, width = self._image_axes(X.shape)
        for axis, size in enumerate((X.shape[height], X.shape[width])):
            mask = xp.take(mask, xp.arange(size, device=device) * mask.shape[axis] // size, axis=axis)
        return choose_pixels(X, plan, mask, channels_last=width == -2)

    @staticmethod
    def cell_labels(Y: SomeArray, plan: GridPlan) -> SomeArray:
        """Return the label of each cell, for a loss of cells.

        Parameters
        ----------
        Y : float array or tensor of shape (m, K)
            Soft labels.
        plan : GridPlan
            The output of `draw`.

        Returns
        -------
        array or tensor of shape (rows, N, N, K)
        """
        xp = namespace(Y)
        cells, partners = to_backend(plan.cells, Y), xp.take(Y, to_backend(plan.partners, Y), axis=0)
        first = take_rows(Y, plan.rows, plan.m)
        labels: SomeArray = xp.where(cells[None, :, :, None], first[:, None, None, :], partners[:, None, None, :])
        return labels
