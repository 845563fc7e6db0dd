"""
Write a mixer of your own in fifteen lines
==========================================

A mixer whose outputs are weighted means of the batch needs only its weights: `_draw` returns W, and the base class
computes X_new = W X and Y_new = W Y, on NumPy arrays and on torch tensors. Ours moves each sample towards the mean of
its batch.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch

from zeta_geom.manifolds import MANIFOLDS, make_crescents, wrong_labels
from zeta_geom.mixers import Mixup, Traits, ZetaMixup
from zeta_geom.mixers.arrays import compute_dtype, to_backend
from zeta_geom.mixers.methods.zeta import MatrixMixer, WeightsPlan
from zeta_geom.plots.points import soft_scatter

# %%
# The mixer
# ---------


class TowardsMean(MatrixMixer):
    """Move each sample towards its batch's mean, by a share of U(0, strength)."""

    traits = Traits("to the mean", "shrink the batch", "here", samples="m")

    def __init__(self, strength=0.5, **shared):
        super().__init__(**shared)
        self.strength = strength

    def _draw(self, shape, rows, like, labels, clip):
        m, like = shape[0], np.empty(0) if like is None else like
        dtype = compute_dtype(like)
        share = self.strength * to_backend(
            self._stream.uniform((rows, 1), like), like, dtype
        )
        identity = to_backend(np.eye(m)[np.arange(rows) % m], like, dtype)
        return WeightsPlan((1 - share) * identity + share / m)


# %%
# What the base class adds
# ------------------------
#
# Labels go in as integers or soft and come out soft; the kind and dtype of the data stay; the same seed gives the
# same batches, also after ``state_dict``; a data set is mixed batch by batch; a plan can be replayed.

X, y = make_crescents(512, random_state=0)
mixer = TowardsMean(random_state=0)
X_new, Y_new = mixer.mix_dataset(X, y)
again, _ = TowardsMean(random_state=0).mix_dataset(X, y)
images, labels = mixer(torch.rand(8, 3, 16, 16), torch.arange(8) % 2)
few, _ = mixer(X[:8], y[:8], n_out=20)
single, _ = mixer(X[:1], y[:1], n_classes=2)
plan = mixer.draw((8, 2))
tensor = mixer.apply(torch.from_numpy(X[:8]), None, plan)[0]
{
    "soft labels sum to 1": bool(np.allclose(Y_new.sum(axis=1), 1)),
    "same seed, same points": bool((X_new == again).all()),
    "torch in, torch out": (type(images), images.shape, labels.shape),
    "as many rows as asked for": few.shape,
    "a batch of one comes back": bool((single == X[:1]).all()),
    "one plan on both backends": bool(
        np.allclose(tensor, mixer.apply(X[:8], None, plan)[0])
    ),
    "its name": repr(mixer),
}

# %%
# What it does
# ------------
#
# Every measure of the built-in mixers applies to yours: here the share of wrong labels, and the median distance from
# the noiseless curves.

crescents = MANIFOLDS["crescents"]
curves = crescents.curves(np.linspace(*crescents.limits, 200))
fig, axes = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True, layout="tight")
for ax, make in zip(axes, (TowardsMean, Mixup, ZetaMixup), strict=True):
    X_new, Y_new = make(random_state=0).mix_dataset(X, y)
    distances = crescents.distances(X_new)
    wrong = wrong_labels(distances, Y_new).mean()
    soft_scatter(ax, X_new, Y_new[:, 1], curves=curves)
    text = (
        f"wrong labels {wrong:.1%}, distance {np.median(distances.min(1)):.3f}"
    )
    ax.set_title(f"{make.__name__}\n{text}", fontsize=9)
