"""How long does it take to mix the batch of the last column of the paper's Table 9?

ζ-mixup, CutMix and local synthetic instances are this package's; mixup is the literal λ x + (1 - λ) x[π] of its
authors. All run on torch on the CPU, in interleaved rounds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from pydantic import BaseModel

from analyses.context import Context
from zeta_geom.execution.timing import interleaved
from zeta_geom.mixers import CutMix, CutMixZeta, LocalSyntheticInstances, ZetaMixup


class Settings(BaseModel, frozen=True):
    """The settings of the analysis."""

    shape: tuple[int, ...] = (32, 3, 224, 224)  # paper, Table 9
    gamma: float = 2.8  # paper, its middle setting; the time does not depend on it
    lam: float = 0.3  # ours; the time does not depend on it
    rounds: int = 50  # ours
    warm_up: int = 5  # ours
    seed: int = 0


PRESETS = {"quick": Settings(rounds=15), "full": Settings(), "paper": Settings()}


def run(context: Context, settings: Settings | None = None) -> None:
    """Write one table: a row per method, with the median and the quartiles of its seconds."""
    settings = settings or PRESETS[context.preset]
    stored = settings.model_dump(mode="json") | {"threads": torch.get_num_threads()}
    context.record("mixing_speed/table_9", lambda: measure(settings, context.progress), settings=stored)


def measure(s: Settings, progress: bool) -> pd.DataFrame:
    """Time every method in turn."""
    X = torch.rand(s.shape, generator=torch.Generator().manual_seed(s.seed))
    zeta, both = (kind(s.gamma, random_state=s.seed) for kind in (ZetaMixup, CutMixZeta))
    cutmix, local = CutMix(random_state=s.seed), LocalSyntheticInstances(random_state=s.seed)
    calls = {
        "mixup": lambda: s.lam * X + (1 - s.lam) * X[torch.randperm(len(X))],
        "zeta": lambda: zeta(X),
        "cutmix": lambda: cutmix(X),
        "cutmix-zeta": lambda: both(X),
        "local-synthetic-instances": lambda: local(X),
    }
    rows = []
    for method, times in interleaved(calls, s.rounds + s.warm_up, progress=progress).items():
        low, median, high = np.quantile(times[s.warm_up :], (0.25, 0.5, 0.75))
        rows.append({"method": method, "seconds": median, "lower": low, "upper": high, "rounds": s.rounds})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    run(Context())
