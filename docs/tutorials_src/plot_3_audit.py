"""
Audit your augmentation
=======================

You have an augmentation of your own. Does it leave the data where they were, keep labels right, make anything new? An
audit measures it, and says of each number where other real samples of your data would lie.
"""

import tempfile
from pathlib import Path

import numpy as np

import zeta_geom
from zeta_geom import datasets

digits = datasets.load("digits")
X, y = digits.X_train[:1200] / 16, digits.y_train[:1200]  # yours


# %%
# What is audited may be a function of a batch, ``f(X)`` or ``f(X, y)``, a mixer or its name, or a torchvision
# transform, which is given image by image. This one moves every other image by a pixel; labels stay as they are.


def shift(X):
    """Move every other image of a batch to the right by one pixel."""
    moved = np.roll(X, 1, axis=2)
    moved[::2] = X[::2]
    return moved


audit = zeta_geom.audit(
    X,
    y,
    augment=shift,
    against=["zeta", "mixup"],
    n_neighbors=(8, 32),
    random_state=0,
    progress=False,
)
print(audit)

# %%
# Half of the originals were held out. Each measure was taken of the synthetic samples and, by the same rule, of real
# ones; the interval is where another sample of real data would lie. Grey in the figure; a filled mark lies within.

audit.plot()

# %%
# All of it is in tables. Where a number cannot be had, the row says why.

columns = ["method", "title", "value", "real_low", "real_high", "verdict"]
audit.summary[columns].round(3)

# %%
# Methods are compared row by row where they were made from the same originals:

of_all = audit.comparisons["class"] == "all"
audit.comparisons[of_all].query("first == 'zeta' and second == 'mixup'")[
    ["title", "difference", "low", "high", "verdict"]
].round(3)

# %%
# The report is one HTML file with the figures, the worst samples, a map, and every number as CSV:

page = audit.save(Path(tempfile.mkdtemp()) / "report")
sorted(path.name for path in page.parent.iterdir())

# %%
# Samples that were made elsewhere are given as arrays, ``synthetic=(X_new, y_new)``; an oracle that gives class
# probabilities, as ``oracle=``; originals that nothing was made from, as ``holdout=(X_held, y_held)``. From a shell:
# ``zeta-geom audit --original data.npz --synthetic mine.npz --out report``.
