"""Optional measures of samples beside the held-out originals: kernel distance, realism, rarity, diversity, AUC."""

import numpy as np

from zeta_geom import fidelity as metrics
from zeta_geom.audits.measures.statistics import VENDI_SAMPLES, Kernel, Ratio, SignedDefinition, Vendi
from zeta_geom.audits.reference import Candidate
from zeta_geom.audits.scores import Definition, Missing, Results, Scores
from zeta_geom.fidelity.kernel_distance import LARGEST_CUBED
from zeta_geom.fidelity.vendi import unit_rows

K = 3  # of the balls, as in the papers of both scores
FOLDS = 5  # of the discriminator


def kernel(candidate: Candidate) -> Results:
    """Yield the kernel distance from the held-out originals."""
    meaning = "unbiased squared maximum mean discrepancy from the held-out originals, kernel (x·y / d + 1)³"
    definition = SignedDefinition("kid", "fidelity", "kernel distance (KID)", "", meaning)
    fake, real = candidate.samples.flat, candidate.reference.heldout.flat
    if min(len(fake), len(real)) < 2:
        yield definition, Missing("it takes two samples and two held-out originals")
    elif max(float(np.abs(fake).max()), float(np.abs(real).max())) > LARGEST_CUBED:
        yield definition, Missing(f"values beyond {LARGEST_CUBED:g} overflow the kernel")
    else:
        yield definition, Scores(fake, statistic=Kernel(real))


def realism_score(candidate: Candidate) -> Results:
    """Yield the realism of each sample."""
    meaning = f"largest ratio of a held-out original's ball radius, k = {K}, to the distance of a sample from it"
    definition = Definition("realism-score", "fidelity", f"realism score, k = {K}", "", meaning)
    fake, real, n_jobs = candidate.samples.flat, candidate.reference.heldout.flat, candidate.reference.n_jobs
    if len(real) <= K:
        yield definition, _too_few(len(real))
        return
    yield definition, Scores(metrics.realism_scores(real, fake, k=K, n_jobs=n_jobs), K)


def rarity(candidate: Candidate) -> Results:
    """Yield the mean rarity of the samples that lie in a held-out original's ball."""
    meaning = f"radius of the smallest held-out original's ball, k = {K}, with a sample in it; mean over such samples"
    definition = Definition("rarity", "fidelity", f"rarity score, k = {K}", "", meaning)
    fake, real, n_jobs = candidate.samples.flat, candidate.reference.heldout.flat, candidate.reference.n_jobs
    if len(real) <= K:
        yield definition, _too_few(len(real))
        return
    scores = metrics.rarity_scores(real, fake, k=K, n_jobs=n_jobs)
    if not scores.inside.any():
        yield definition, Missing("no sample lies in a held-out original's ball")
        return
    values = np.stack([np.where(scores.inside, scores.rarity, 0.0), scores.inside], axis=1)
    yield definition, Scores(values, K, Ratio())


def vendi(candidate: Candidate) -> Results:
    """Yield the Vendi score, of at most 300 samples."""
    n = min(len(candidate.samples), VENDI_SAMPLES)
    meaning = (
        f"effective number of different samples among {n}: exp of the entropy of the eigenvalues of their cosines"
    )
    definition = Definition("vendi", "fidelity", "Vendi score", "samples", meaning, alone=True)
    yield definition, Scores(unit_rows(candidate.samples.flat), statistic=Vendi())


def logistic_discriminator(candidate: Candidate) -> Results:
    """Yield the area under the curve of a logistic regression between samples and held-out originals."""
    yield _discriminator(candidate, "logistic", "logistic regression")


def boosting_discriminator(candidate: Candidate) -> Results:
    """Yield the same area for gradient boosting, which also finds non-linear differences, but takes far longer."""
    yield _discriminator(candidate, "boosting", "gradient boosting")


def _discriminator(candidate: Candidate, model: str, title: str) -> tuple[Definition, Scores | Missing]:
    fake, real = candidate.samples.flat, candidate.reference.heldout.flat
    meaning = f"share of held-out originals with a lower score “synthetic” by {title} than a sample, {FOLDS} folds"
    definition = Definition(f"auc-{model}", "fidelity", f"discriminator AUC, {title}", "score", meaning)
    if (least := min(len(fake), len(real))) < FOLDS:
        return definition, Missing(f"it takes {FOLDS} samples and held-out originals; there are {least}")
    result = metrics.discriminator_auc(real, fake, model=model, n_folds=FOLDS, random_state=0)
    return definition, Scores(result.above)


def _too_few(n: int) -> Missing:
    return Missing(f"it takes more than {K} held-out originals; there are {n}")
