"""Do the paper's two theorems hold in floating point, for every T and close to the roots?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import BaseModel

from analyses.context import Context
from zeta_geom.mixers import Mixup, ZetaMixup, gamma_from_lambda, gamma_min, p_series_weights
from zeta_geom.mixers.methods.zeta import WeightsPlan


class Settings(BaseModel, frozen=True):
    """The settings of the analysis."""

    sizes: tuple[int, ...] = tuple(2**power for power in range(1, 13))  # T = 2...4096
    offsets: tuple[float, ...] = (-0.5, -0.01, -1e-6, 1e-6, 0.01, 0.5)  # from the root for this T; ours
    gammas: tuple[float, ...] = (1.72865, 1.7287, 2.0, 2.4, 2.8, 4.0, 6.0, 15.0)  # the paper's constant and settings
    lambdas: int = 99  # λ = 0.01...0.99; ours
    batch: int = 32
    seed: int = 0


PRESETS = {"quick": Settings(), "full": Settings(), "paper": Settings()}


def run(context: Context, settings: Settings | None = None) -> None:
    """Write one record for each theorem."""
    settings = settings or PRESETS[context.preset]
    stored = settings.model_dump(mode="json")
    context.record("theorems/theorem_1", lambda: dominance(settings), settings=stored)
    context.record("theorems/theorem_2", lambda: equivalence(settings), settings=stored)


def dominance(settings: Settings) -> pd.DataFrame:
    """Compare the largest weight with the sum of the others for each T and γ."""
    rows = []
    for size in settings.sizes:
        root = gamma_min(size)
        around = [(root + offset, offset) for offset in settings.offsets if root + offset >= 0]
        for gamma, offset in around + [(gamma, np.nan) for gamma in settings.gammas]:
            weights = p_series_weights(size, gamma)
            margin = weights[0] - weights[1:].sum()
            rows.append({"T": size, "root": root, "gamma": gamma, "offset": offset, "margin": margin})
    return pd.DataFrame(rows)


def equivalence(settings: Settings) -> pd.DataFrame:
    """Compare mixup with ζ-mixup of T = 2 at γ = log2(λ / (1 - λ)), on the same pairs."""
    rng = np.random.default_rng(settings.seed)
    X, Y = rng.normal(size=(settings.batch, 5)), np.eye(settings.batch)
    rows = []
    for lam in np.linspace(0.01, 0.99, settings.lambdas):
        mixup = Mixup(random_state=settings.seed)
        plan = mixup.draw(X.shape)
        plan = type(plan)(plan.partners, np.asarray(lam), plan.m)
        first, second = p_series_weights(2, gamma_from_lambda(lam))
        weights = first * np.eye(settings.batch) + second * np.eye(settings.batch)[plan.partners]
        by_mixup, by_zeta = mixup.apply(X, Y, plan), ZetaMixup().apply(X, Y, WeightsPlan(weights))
        difference = max(np.abs(a - b).max() for a, b in zip(by_mixup, by_zeta))
        rows.append({"lam": lam, "gamma": gamma_from_lambda(lam), "difference": difference})
    return pd.DataFrame(rows)
