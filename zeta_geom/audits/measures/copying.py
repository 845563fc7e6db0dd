"""Copying: whether samples depend on the augmented originals more than on originals that no augmentation saw."""

import numpy as np

from zeta_geom.audits.measures.statistics import Copying, SignedDefinition
from zeta_geom.audits.reference import Candidate
from zeta_geom.audits.scores import HELDOUT, Definition, Missing, Results, Scores
from zeta_geom.fidelity.data_copying import cell_ranks
from zeta_geom.fidelity.likelihood import PER_CENT, fit_widths, log_density, standardised
from zeta_geom.geometry import knn

CELLS, MIN_FAKES = 5, 20  # defaults of `data_copying`
SEED = 0  # of k-means: the same cells for all sets
MOST_HALF = 5000  # largest number of Gaussians in a half: their distances take 200 MB


def nearer(candidate: Candidate) -> Results:
    """Yield the share of samples that are nearer to the augmented originals than to the held-out ones.

    If one half is larger, an evenly spaced subset of it is used. The real samples are the held-out originals, each of
    them compared with the others; so a real sample is nearer to either half with probability 1/2.
    """
    meaning = "share of samples whose nearest augmented original is nearer than the nearest held-out original"
    definition = Definition("nearer-to-training", "novelty", "nearer to the training half", "share", meaning)
    reference, X = candidate.reference, candidate.samples.flat
    among_others = candidate.samples is reference.heldout
    size = min(len(reference.sources), len(reference.heldout) - among_others)
    if size < 1:
        yield definition, Missing("it takes two held-out originals")
        return
    sources, n_jobs = reference.sources.thinned(size).flat, reference.n_jobs
    to_training = knn(sources, 1, queries=X, n_jobs=n_jobs).distances[:, 0]
    if among_others:
        to_heldout = knn(X, 1, n_jobs=n_jobs).distances[:, 0]
    elif size == len(reference.heldout):
        to_heldout = candidate.neighbors.distances[:, 0]
    else:
        to_heldout = knn(reference.heldout.thinned(size).flat, 1, queries=X, n_jobs=n_jobs).distances[:, 0]
    yield definition, Scores(np.where(to_training == to_heldout, 0.5, to_training < to_heldout))


def data_copying(candidate: Candidate) -> Results:
    """Yield C_T, with the held-out originals as the test samples."""
    meaning = (
        "Mann-Whitney z-score of the distances of samples from the augmented originals, relative to the distances of "
        f"held-out originals, in {CELLS} cells of k-means; far below 0 for copies"
    )
    definition = SignedDefinition("data-copying", "novelty", "C_T, data copying", "", meaning)
    reference = candidate.reference
    train, test, fake = reference.sources.flat, reference.heldout.flat, candidate.samples.flat
    if len(train) < CELLS:
        yield definition, Missing(f"it takes {CELLS} augmented originals; there are {len(train)}")
        return
    ranks = cell_ranks(train, test, fake, CELLS, MIN_FAKES, SEED, reference.n_jobs)
    if not len(ranks.tests):
        yield definition, Missing(f"no cell has a held-out original and {MIN_FAKES} samples")
        return
    yield (
        definition,
        Scores(np.stack([ranks.cells.astype(np.float64), ranks.ranks], axis=1), statistic=Copying(ranks.tests)),
    )


def likelihood(candidate: Candidate) -> Results:
    """Yield FLD over the held-out originals, for as many samples as half of the augmented originals.

    One half is the baseline, and the widths are fitted to the other. For real samples the halves exchange roles.
    """
    meaning = (
        "100 times the excess of a held-out original's negative log-likelihood per feature, under Gaussians around "
        "samples, over that under Gaussians around half of the augmented originals"
    )
    definition = SignedDefinition("fld", "novelty", "FLD, likelihood of held-out originals", "", meaning, HELDOUT)
    reference = candidate.reference
    half = min(len(reference.sources) // 2, MOST_HALF)
    if half < 2:
        yield definition, Missing(f"it takes four augmented originals; there are {len(reference.sources)}")
        return
    fake = candidate.samples.thinned(half).flat
    train, test, fake = standardised(reference.sources.flat, reference.heldout.flat, fake)
    first, second = train[:half], train[half : 2 * half]
    baseline = log_density(test, first, fit_widths(first, second))
    if candidate.samples is reference.heldout:
        values = log_density(test, second, fit_widths(second, first))
    else:
        values = log_density(test, fake, fit_widths(fake, second))
    yield definition, Scores(PER_CENT * (baseline - values))
