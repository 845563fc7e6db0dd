"""Fidelity and diversity of samples, with the held-out originals as the real ones."""

import numpy as np

from zeta_geom import fidelity as metrics
from zeta_geom.audits.reference import Candidate
from zeta_geom.audits.scores import HELDOUT, SAMPLES, Curve, Definition, Missing, Results, Scores

PRECISION_K, COVERAGE_K, BETA_K = 3, 5, 5  # from the papers of the metrics, except BETA_K, a choice of this project

DEFINITIONS = {  # name -> title, unit, meaning, over
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
        "1 - 2 ∫ |R(β) - β| dβ, R(β) the share of held-out originals close to the innermost share β of samples",
        HELDOUT,
    ),
}


def fidelity(candidate: Candidate) -> Results:
    """Yield precision and recall, density and coverage, α-precision and β-recall."""
    fake, real = candidate.samples.flat, candidate.reference.heldout.flat
    scores: dict[str, Scores] = {}
    n_jobs = candidate.reference.n_jobs
    least = min(len(fake), len(real))
    if least > PRECISION_K:
        pair = metrics.improved_precision_recall(real, fake, k=PRECISION_K, n_jobs=n_jobs)
        scores["precision"] = Scores(pair.precision_pw.astype(np.float64), PRECISION_K)
        scores["recall"] = Scores(pair.recall_pw.astype(np.float64), PRECISION_K)
    if least > COVERAGE_K:
        balls = metrics.density_coverage(real, fake, k=COVERAGE_K, n_jobs=n_jobs)
        scores["density"] = Scores(balls.density_pw, COVERAGE_K)
        scores["coverage"] = Scores(balls.coverage_pw.astype(np.float64), COVERAGE_K)
        core = metrics.alpha_precision(real, fake)
        scores["alpha-precision"] = Scores(core.ranks, statistic=Curve(core.levels))
        reached = metrics.beta_recall(real, fake, k=BETA_K, n_jobs=n_jobs)
        scores["beta-recall"] = Scores(reached.ranks, statistic=Curve(reached.levels))
    few = Missing(f"it takes more than {COVERAGE_K} samples and held-out originals; there are {least}")
    for name, (title, unit, meaning, over) in DEFINITIONS.items():
        yield Definition(name, "fidelity", title, unit, meaning, over), scores.get(name, few)
