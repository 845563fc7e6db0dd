"""Stratified draws, in which every class keeps its share."""

from collections.abc import Sequence

import numpy as np

from zeta_geom.training.data.image_data import PARTS

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1  # of SKIN sets without a split: the paper, "Training details"


def stratified_draw(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return `count` distinct indices, ascending, with the classes in the proportions of `labels` (n,)."""
    from sklearn.utils import resample

    drawn = resample(np.arange(len(labels)), replace=False, n_samples=count, stratify=labels, random_state=seed)
    return np.sort(drawn)


def three_parts(labels: np.ndarray, class_names: Sequence[str], seed: int) -> np.ndarray:
    """Return each image's part (n,) in a stratified split by labels (n,): training, validation, test 70 : 10 : 20."""
    n = len(labels)
    parts = np.full(n, "train", dtype="<U10")
    if np.bincount(labels, minlength=len(class_names)).min() >= len(PARTS):
        test = stratified_draw(labels, max(1, round(TEST_SHARE * n)), seed)
        rest = np.setdiff1d(np.arange(n), test)
        parts[test] = "test"
        parts[rest[stratified_draw(labels[rest], max(1, round(VALIDATION_SHARE * n)), seed)]] = "validation"
    counts = np.array([np.bincount(labels[parts == part], minlength=len(class_names)) for part in PARTS])
    if (counts == 0).any():
        small = [f"{name} ({sizes.sum()})" for name, sizes in zip(class_names, counts.T) if not sizes.all()]
        raise ValueError(
            f"each class needs images in all of {', '.join(PARTS)} (70 : 10 : 20, so at least ten); too small: "
            f"{', '.join(small)}. Add images, remove the class, or provide a split."
        )
    return parts
