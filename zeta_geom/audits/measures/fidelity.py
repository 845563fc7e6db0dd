"""How faithful and how diverse samples are, with the held-out originals for the real ones."""

from __future__ import annotations

import numpy as np

from zeta_geom import fidelity as metrics
from zeta_geom.audits.reference import Judged
from zeta_geom.audits.values import HELDOUT, SAMPLES, Curve, Found, Measure, Missing, Row

__all__ = ["fidelity"]

PRECISION_K, COVERAGE_K, BETA_K = 3, 5, 5  # those of the papers; the third's is ours

ABOUT = {
    "precision": ("improved precision, k = 3", "share", "a sample lies in a held-out original's ball", SAMPLES),
    "recall": ("improved recall, k = 3", "share", "a held-out original lies in a sample's ball", HELDOUT),
    "density": ("density, k = 5", "", "held-out originals' balls that a sample lies in, divided by k", SAMPLES),
    "coverage": ("coverage, k = 5", "share", "a held-out original's ball holds a sample", HELDOUT),
    "alpha-precision": (
        "α-precision",
        "score",
        "1 - 2 ∫ |P(α) - α| dα, P(α) the share of samples in the ball that holds the share α of held-out originals",
        SAMPLES,
    ),
    "beta-recall": (
        "β-recall",
        "score",
        "1 - 2 ∫ |R(β) - β| dβ, R(β) the share of held-out originals by whom the innermost share β of samples lies",
        HELDOUT,
    ),
}


def fidelity(judged: Judged) -> Row:
    """Yield precision and recall, density and coverage, α-precision and β-recall, in raw space."""
    fake, real = judged.samples.flat, judged.by.heldout.flat
    found: dict[str, Found] = {}
    n_jobs = judged.by.n_jobs
    least = min(len(fake), len(real))
    if least > PRECISION_K:
        pair = metrics.improved_precision_recall(real, fake, k=PRECISION_K, n_jobs=n_jobs)
        found["precision"] = Found(pair.precision_pw.astype(np.float64), PRECISION_K)
        found["recall"] = Found(pair.recall_pw.astype(np.float64), PRECISION_K)
    if least > COVERAGE_K:
        balls = metrics.density_coverage(real, fake, k=COVERAGE_K, n_jobs=n_jobs)
        found["density"] = Found(balls.density_pw, COVERAGE_K)
        found["coverage"] = Found(balls.coverage_pw.astype(np.float64), COVERAGE_K)
        core = metrics.alpha_precision(real, fake)
        found["alpha-precision"] = Found(core.ranks, statistic=Curve(core.levels))
        reached = metrics.beta_recall(real, fake, k=BETA_K, n_jobs=n_jobs)
        found["beta-recall"] = Found(reached.ranks, statistic=Curve(reached.levels))
    for name, (title, unit, meaning, over) in ABOUT.items():
        measure = Measure(name, "fidelity", title, unit, meaning, over)
        few = Missing(f"it takes more than {COVERAGE_K} samples and held-out originals; there are {least}")
        yield measure, found.get(name, few)
