"""
Sweep γ on your data
====================

How does the local dimension of mixed points depend on γ, and how many of their labels are wrong? A sweep measures
both, for each mixer and each γ, on data of your own: an array of points or images, and labels where there are any.
"""

import tempfile

import matplotlib.pyplot as plt

from zeta_geom import datasets, sweeps
from zeta_geom.plots import style
from zeta_geom.plots.sweep import QUANTITIES, sweep_panel

digits = datasets.load("digits")
X, y = (
    digits.X_train[:800],
    digits.y_train[:800],
)  # yours: X (n, d) or images (n, H, W), y (n,)

# %%
# One call
# --------
#
# The unmixed data come first, as "original". Permutations are the same for every γ, so that a curve is smooth.
# With ``folder`` each run is kept: a killed sweep resumes where it stopped, and a second call only reads.

ledger = tempfile.mkdtemp()
table = sweeps.sweep(
    {"digits": (X, y)},
    gammas=[0, 1, 1.5, 2, 2.5, 3, 4, 6, 10, 15],
    measures=["dimension", "label-error"],
    n_neighbors=(8, 32),
    mixers=("zeta", "mixup"),
    folder=ledger,
    progress=False,
)
table.groupby(["mixer", "measure", "k"], sort=False)["mean"].agg(
    ["min", "max", "size"]
).round(3)

# %%
# Finished runs are not repeated:

again = sweeps.sweep(
    {"digits": (X, y)},
    gammas=[2, 4],
    n_neighbors=(8, 32),
    measures=["dimension"],
    folder=ledger,
)
again[["mixer", "gamma", "k", "mean", "std", "n"]].round(3)

# %%
# One panel per measure
# ---------------------
#
# Below γ_min, the dotted line, the leader of a mix may weigh less than the others together. The band of the
# dimension is the spread over points. A label is wrong if its top class is not among the winners of the vote of the
# k nearest originals.

with plt.rc_context(style.PARAMETERS):
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.2))
    for ax, measure in zip(axes, ("dimension", "label-error"), strict=True):
        sweep_panel(
            ax, table[(table["measure"] == measure) & (table["k"] == 32)]
        )
        ax.set(xlabel="γ", ylabel=QUANTITIES[measure], title="digits, k = 32")
    axes[0].legend()

# %%
# The same from a shell: ``zeta-geom sweep data.npz --gammas 0:15:0.5 --k 8 32 --measure dimension label-error --out
# runs``, then ``zeta-geom sweep plot runs``.
