"""
Scale out
=========

Points that outgrow memory, or one machine: know beforehand what it will cost, cut the work into parts, and give it to
several processes. The result is the same integers.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from zeta_geom import geometry
from zeta_geom.manifolds import make_curved_manifold
from zeta_geom.scale import Parts, knn, local_dimension, plan_local_dimension
from zeta_geom.sweeps import PoolExecutor

# %%
# What it will cost
# -----------------
#
# A plan is made before any work, from the number of points, of dimensions and of workers.

print(plan_local_dimension(1_281_167, 2048, k=128, workers=16))

# %%
# In parts
# --------
#
# The points lie in a ``.npy`` file, which the workers map: a task holds paths and numbers, never points. Here 4,000
# points are cut into four parts, for two processes of this machine; ``DaskExecutor(address)`` gives them to others.

folder = Path(tempfile.mkdtemp())
X, _ = make_curved_manifold(4000, random_state=0)
np.save(folder / "points.npy", X)
parts = Parts(folder / "parts", chunk_size=1000)
pool = PoolExecutor(2)
dimension = local_dimension(
    folder / "points.npy", (8, 128), executor=pool, parts=parts
)
sorted(path.name for path in (folder / "parts").rglob("*.parquet"))

# %%
# It is what one process finds:

alone = geometry.local_dimension(X, (8, 128))
{k: bool((dimension[k] == alone[k]).all()) for k in dimension}

# %%
# Neighbours alone come the same way, here with parts that nobody keeps. What is kept is not done again: a killed call
# goes on.

neighbors = knn(folder / "points.npy", 16, executor=pool)
bool((neighbors.indices == geometry.knn(X, 16).indices).all())

# %%
# Or at some points only
# ----------------------
#
# ``n_anchors`` estimates at some points, with neighbours sought among all. The mean then has a standard error.

counts = [50, 100, 200, 400, 800, 1600]
dimensions = [
    geometry.local_dimension(X, 128, n_anchors=n, random_state=0)[128]
    for n in counts
]
means = [values.mean() for values in dimensions]
errors = [
    values.std(ddof=1) / np.sqrt(n) * np.sqrt(1 - n / len(X))
    for values, n in zip(dimensions, counts, strict=True)
]
fig, ax = plt.subplots(figsize=(5, 3), layout="constrained")
ax.errorbar(
    counts,
    means,
    yerr=errors,
    fmt="o",
    capsize=3,
    label="mean ± standard error",
)
ax.axhline(alone[128].mean(), color="black", lw=0.8, label="all 4,000 points")
ax.set(
    xscale="log",
    xlabel="anchors",
    ylabel="mean local dimension, k = 128",
    xticks=counts,
    xticklabels=counts,
)
ax.legend()
ax.minorticks_off()

# %%
# `zeta_geom.geometry.LocalPCA` gives the same standard error as ``dimension_sem_``. The page on scale says what is
# exact, what happens when a worker dies, and how Slurm and GPUs come in.
