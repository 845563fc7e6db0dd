"""An audit of ζ-mixup against mixup on MNIST: the paper's comparisons in one call and one report."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
from pydantic import BaseModel

from analyses.context import Context
from zeta_geom.audits import Audit, audit
from zeta_geom.audits.result import TABLES
from zeta_geom.mixers import Mixup, ZetaMixup


class Settings(BaseModel, frozen=True):
    """The settings of the audit."""

    data: str = "mnist"
    n_samples: int = 10_000  # half of them held out
    gammas: tuple[float, ...] = (2.8,)  # paper: the γ of its experiments
    n_neighbors: tuple[int, ...] = (8, 128)  # paper
    n_bootstrap: int = 1000
    seed: int = 0


PRESETS = {
    "quick": Settings(n_samples=1500, n_bootstrap=400),
    "full": Settings(),
    "paper": Settings(n_samples=60_000, gammas=(2.0, 2.4, 2.8)),
}


def run(context: Context, settings: Settings | None = None) -> None:
    """Write a record for each table of the audit, and audit/points for the samples behind its pictures."""
    s = settings or PRESETS[context.preset]
    data = context.dataset(s.data)
    stored = s.model_dump(mode="json") | {"data_name": data.name}

    @cache
    def result() -> Audit:
        methods = {f"ζ-mixup, γ = {gamma:g}": ZetaMixup(gamma=gamma, random_state=s.seed) for gamma in s.gammas}
        return audit(
            data.X_train[: s.n_samples],
            data.y_train[: s.n_samples],
            against=methods | {"mixup": Mixup(random_state=s.seed)},
            oracle="mnist",
            n_neighbors=s.n_neighbors,
            n_bootstrap=s.n_bootstrap,
            random_state=s.seed,
            progress=context.progress,
        )

    for name in TABLES:
        context.record(
            f"audit/{name}", lambda name=name: getattr(result(), name), settings=stored, data=data.fingerprint
        )
    context.record("audit/points", lambda: points_of(result()), settings=stored, data=data.fingerprint)


def points_of(result: Audit) -> dict[str, np.ndarray]:
    """Return the samples behind the report's pictures, and the audit's settings as JSON."""
    arrays = {"settings": np.array(json.dumps(result.settings))}
    for place, samples in enumerate((result.sources, result.heldout_points, *result.points.values())):
        arrays |= {f"X{place}": samples.X, f"Y{place}": samples.Y, f"rows{place}": samples.rows}
    return arrays


if __name__ == "__main__":
    run(Context())
