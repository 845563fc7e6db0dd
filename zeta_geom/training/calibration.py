"""Calibration of a network, as metrics of torchmetrics."""

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from zeta_geom.realism.calibration import calibration


class CalibrationMetric(Metric):
    """One field of `calibration` over all probabilities (n, K) and class numbers (n,) that were counted."""

    higher_is_better = False
    full_state_update = False

    def __init__(self, n_classes: int, *, average: str) -> None:
        super().__init__()
        self.field = average
        self.p: list[Tensor]
        self.y: list[Tensor]
        self.add_state("p", default=[], dist_reduce_fx="cat")
        self.add_state("y", default=[], dist_reduce_fx="cat")

    def update(self, p: Tensor, y: Tensor) -> None:
        """Keep the probabilities and the labels of a batch."""
        self.p.append(p.detach())
        self.y.append(y.detach())

    def compute(self) -> Tensor:
        """Return the value of the field."""
        p, y = (dim_zero_cat(parts) for parts in (self.p, self.y))
        result: Any = calibration(p.cpu().numpy(), y.cpu().numpy())
        return torch.tensor(getattr(result, self.field), dtype=torch.float32, device=p.device)
