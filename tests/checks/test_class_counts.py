"""One label of 10⁹ is refused at once, wherever labels become classes; many classes without gaps are not."""

import numpy as np
import pytest
import torch

from zeta_geom.audits import audit
from zeta_geom.checks import count_classes
from zeta_geom.mixers import CutMix, Mixup, ZetaMixup
from zeta_geom.neighborhoods import label_agreement
from zeta_geom.sweeps import gamma_sweep

X = np.random.default_rng(0).random((40, 3))
GAP = np.r_[np.zeros(39, dtype=np.int64), 10**9]
RULE = (
    r"must be numbered from 0 without large gaps.*2 classes in \d+ labels up to 1000000000\. Relabel with np\.unique"
)


@pytest.mark.parametrize(
    "call",
    [
        lambda: ZetaMixup()(X, GAP),
        lambda: Mixup().mix_dataset(X, GAP),
        lambda: ZetaMixup()(torch.from_numpy(X), torch.from_numpy(GAP)),
        lambda: CutMix()(np.zeros((40, 4, 4)), GAP.tolist()),
        lambda: label_agreement(X, GAP, X, np.zeros(40, dtype=int), k=2),
        lambda: label_agreement(X, np.zeros(40, dtype=int), X, GAP.astype(np.uint64), k=2),
        lambda: audit(X, GAP, augment="zeta", progress=False),
        lambda: audit(X, np.zeros(40, dtype=int), synthetic=(X, GAP), progress=False),
        lambda: audit(X, np.zeros(40, dtype=int), holdout=(X, GAP), augment="zeta", progress=False),
        lambda: gamma_sweep(X, GAP, gammas=[2], n_neighbors=4, progress=False),
        lambda: gamma_sweep(X, GAP, gammas=[2], n_neighbors=4, measures=["label-error"], progress=False),
    ],
)
def test_a_label_of_a_billion_is_refused(call):
    with pytest.raises(ValueError, match=RULE):
        call()


def test_many_classes_pass_where_most_are_there_and_no_matrix_of_all_by_all_is_made():
    n = 15_000  # n · n numbers are more than the limit
    assert count_classes(np.arange(n)) == n
    Y = ZetaMixup(random_state=0)(X, 1000 * np.arange(40))[1]
    assert Y.shape == (40, 39_001)
    found = label_agreement(X, 1000 * np.arange(40), X, 1000 * np.arange(40), k=2)  # K · K would take 12 GB
    assert found.counts.max() == 1
