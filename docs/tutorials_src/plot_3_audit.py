"""
Audit your augmentation
=======================

Do your samples stay on the data's manifold, are their labels right, do they look real, cover the data, are they new?
An audit answers these five questions, and gives the range of other real samples of your data for each number.
"""

import tempfile
from pathlib import Path

import numpy as np

import zeta_geom
from zeta_geom import datasets

digits = datasets.load("digits")
X, y = digits.X_train[:1200] / 16, digits.y_train[:1200]  # yours


# %%
# An audit takes a function of a batch, ``f(X)`` or ``f(X, y)``, a mixer or its name, or a torchvision transform,
# which is applied image by image. This function moves every other image by a pixel and keeps the labels.


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
# In a notebook, the audit shows the first screen of its report: the answers to five questions by fixed rules.

audit

# %%
# Half of the originals were held out. Each measure was taken of the synthetic samples and, by the same rule, of real
# samples. The grey interval is the range of other samples of real data; a filled mark lies inside it.

audit.plot()

# %%
# Every number is in a table. If a measure cannot be computed, its row gives the reason.

columns = ["method", "question", "title", "better", "value", "real_low", "real_high", "effect", "verdict"]
audit.summary[columns].round(3)

# %%
# Methods whose samples come from the same originals are compared row by row:

of_all = audit.comparisons["class"] == "all"
audit.comparisons[of_all].query("first == 'zeta' and second == 'mixup'")[
    ["title", "difference", "low", "high", "verdict"]
].round(3)

# %%
# The report is one HTML file with the figures, the worst samples, a map, and every number as CSV:

page = audit.save(Path(tempfile.mkdtemp()) / "report")
sorted(path.name for path in page.parent.iterdir())

# %%
# ``synthetic=(X_new, y_new)`` audits samples that were made elsewhere, ``oracle=`` takes a function that gives class
# probabilities, and ``holdout=(X_held, y_held)`` originals that no sample was made from. From a shell:
# ``zeta-geom audit --original data.npz --synthetic mine.npz --out report``.
