"""Optional measures by classifiers: affinity and diversity of an augmentation, calibration of the oracle."""

import numpy as np

from zeta_geom.audits.measures.statistics import BINS, CalibrationError
from zeta_geom.audits.reference import Candidate
from zeta_geom.audits.scores import ORACLE, Definition, Missing, Results, Scores
from zeta_geom.fidelity import affinity as measured_affinity
from zeta_geom.fidelity import diversity as measured_diversity
from zeta_geom.realism.calibration import calibration as measured_calibration
from zeta_geom.realism.calibration import top_shares

MODEL = "logistic regression"
UNLABELLED = "the samples have no labels"


def affinity(candidate: Candidate) -> Results:
    """Yield the affinity of a model of held-out originals, with the augmented originals as the clean set."""
    meaning = (
        f"share of samples that {MODEL}, fitted to held-out originals, classifies correctly, divided by the same "
        "share of augmented originals"
    )
    definition = Definition("affinity", "labels", f"affinity, {MODEL}", "", meaning)
    reference, samples = candidate.reference, candidate.samples
    held, sources = reference.heldout, reference.sources
    if samples.Y is None or held.Y is None or sources.Y is None:
        yield definition, Missing(UNLABELLED)
        return
    if _n_classes(held.Y) < 2:
        yield definition, Missing("the held-out originals have one class; a classifier needs two")
        return
    try:
        result = measured_affinity(held.flat, held.Y, sources.flat, sources.Y, samples.flat, samples.Y)
    except ValueError as error:  # the model is right for no augmented original
        yield definition, Missing(str(error))
        return
    yield definition, Scores(result.right / result.clean_accuracy)


def diversity(candidate: Candidate) -> Results:
    """Yield the diversity: the training loss on the samples, relative to that on the augmented originals."""
    meaning = (
        f"training cross-entropy of {MODEL} on the samples, divided by its training cross-entropy on the augmented "
        "originals"
    )
    definition = Definition("diversity", "fidelity", f"diversity, {MODEL}", "", meaning)
    samples, sources = candidate.samples, candidate.reference.sources
    if samples.Y is None or sources.Y is None:
        yield definition, Missing(UNLABELLED)
        return
    if min(_n_classes(samples.Y), _n_classes(sources.Y)) < 2:
        yield definition, Missing("samples or augmented originals have one class; a classifier needs two")
        return
    result = measured_diversity(sources.flat, sources.Y, samples.flat, samples.Y)
    yield definition, Scores(result.losses / result.clean_loss)


def calibration(candidate: Candidate) -> Results:
    """Yield calibration error and Brier score of the oracle, if there is one."""
    oracle, samples = candidate.reference.oracle, candidate.samples
    if oracle is None:
        return
    meaning = f"mean gap between confidence and share of right predictions, {BINS} bins of equal size"
    error = Definition(
        "oracle-ece", "realism", "calibration error of the oracle", "score", meaning, alone=True, space=ORACLE
    )
    meaning = "squared distance of the oracle's probabilities from the label"
    brier = Definition("oracle-brier", "realism", "Brier score of the oracle", "", meaning, alone=True, space=ORACLE)
    if samples.Y is None:
        yield from ((definition, Missing(UNLABELLED)) for definition in (error, brier))
        return
    p = np.exp(oracle.log_proba(samples))
    result = measured_calibration(p, samples.Y)
    yield error, Scores(np.stack(top_shares(p, samples.Y), axis=1), statistic=CalibrationError())
    yield brier, Scores(result.brier_pw)


def _n_classes(Y: np.ndarray) -> int:
    """Return the number of classes with a share in any of the soft labels (n, K)."""
    return int(Y.any(axis=0).sum())
