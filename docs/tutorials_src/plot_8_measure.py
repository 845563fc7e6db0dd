"""
Your own measure in a sweep
===========================

A sweep measures whatever a function returns. The function gets the original and the mixed points, each with ``X``,
``Y`` and ``flat``, and returns a number, a value for each point, or a mapping of names to these. Here two functions
measure how much of the variance mixing keeps, and how far a mixed point is from the nearest original.
"""

import matplotlib.pyplot as plt

from zeta_geom import datasets, sweeps
from zeta_geom.geometry import knn
from zeta_geom.mixers import ZetaMixup
from zeta_geom.plots import style, sweep_panel

digits = datasets.load("digits")
data = {"digits": (digits.X_train[:600], digits.y_train[:600])}


def shrinkage(original, mixed):
    return mixed.flat.var(axis=0).sum() / original.flat.var(axis=0).sum()


def distance(original, mixed):
    queries = None if mixed is original else mixed.flat
    return knn(original.flat, 1, queries=queries).distances[:, 0]


# %%
# The sweep
# ---------
#
# Measures of an audit go by their names, mixers may be objects or functions, and ``grid`` adds axes of any of their
# parameters. Unit and direction are for the plot.

variance = (shrinkage, {"unit": "share", "better": "higher"})
measures = {"kept": variance, "distance": distance, "precision": "precision"}
mixers = {"zeta": "zeta", "zeta, T = 4": ZetaMixup(2.8, n_mix=4)}
grid = {"mixup": {"alpha": [0.1, 0.3, 1.0, 3.0]}}
table = sweeps.sweep(
    data, measures=measures, mixers=mixers, grid=grid, gammas=[0, 1, 2, 3, 4, 6]
)
table[["mixer", "gamma", "alpha", "measure", "mean", "n", "unit"]].tail(6)

# %%
# With ``folder=`` finished runs are kept. The code of the function's module and the values that the function holds
# are part of their keys, so that runs of a changed function are done again. A function of a notebook, whose code is
# in no file, then needs ``sweeps.Keyed(function, key="v1")``.
#
# Against γ, and against α
# ------------------------

with plt.rc_context(style.PARAMETERS):
    fig, axes = plt.subplots(2, 3, figsize=(9, 5.5), layout="constrained")
    for row, x in zip(axes, ("gamma", "alpha"), strict=True):
        for ax, measure in zip(row, table["measure"].unique(), strict=True):
            sweep_panel(ax, table[table["measure"] == measure], x=x)
            ax.set(title=measure, xlabel="γ" if x == "gamma" else "α")
        row[0].legend(fontsize=6)

# %%
# The same from a shell, with the functions in ``mine.py``: ``zeta-geom sweep data.npz --measure mine:distance
# precision --grid mixup.alpha=0.1,0.3,1.0,3.0 --out runs``, then ``zeta-geom sweep plot runs --x alpha``.
