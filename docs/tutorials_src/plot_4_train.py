"""
Train
=====

A recipe holds everything that determines a training. The paper's trainings are recipes with names; you write your own
in the same form, in Python or as a YAML file. Training needs the extra ``train``: ``pip install "zeta-geom[train]"``.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import torch

from zeta_geom import training

torch.set_num_threads(1)  # small images do not keep two threads busy

# %%
# The paper's recipes
# -------------------
#
# Each setting has its source: the paper, inferred, or ours.

recipe = training.RECIPES["table-4/fashion-mnist/resnet18/zeta-2.8"]
print(recipe.data, recipe.network, recipe.epochs, "epochs,", recipe.mixer)
recipe.sources["epochs"]

# %%
# One of your own
# ---------------
#
# LeNet-5 on 200 of scikit-learn's digits, six epochs, two seeds, with four methods. This is a demonstration: so few
# images, epochs and seeds prove nothing.

METHODS = {
    "ERM": None,
    "mixup": {"name": "mixup", "params": {"alpha": 1.0}},
    "ζ-mixup": {"name": "zeta", "params": {"gamma": 2.8}},
    "Dirichlet": {"name": "dirichlet", "params": {"alpha": 1.0}},
}
SETTINGS = {
    "data": "digits",
    "size": 28,
    "network": "lenet",
    "n_train": 200,
    "epochs": 6,
    "batch_size": 16,
}
folder = Path(tempfile.mkdtemp())
tables = []
for method, mixer in METHODS.items():
    recipe = training.Recipe(
        name=f"digits/{method}",
        mixer=mixer,
        optimizer={"learning_rate": 0.02},
        metrics=("error",),
        seeds=(0, 1),
        **SETTINGS,
    )
    tables.append(
        training.run(
            recipe, folder=folder, accelerator="cpu", progress=False, logs=False
        )
    )
errors = pd.concat(tables, keys=METHODS, names=["mixing"])
errors[["seed", "n_train", "n_test", "epochs", "value"]].round(3)

# %%
# A finished run keeps its weights and its record, and is not repeated. A killed run resumes from its last complete
# epoch and ends with the same weights as an uninterrupted run.

sorted(path.name for path in (folder / "digits" / "mixup").iterdir())

# %%
# The errors
# ----------

fig, ax = plt.subplots(figsize=(5, 2.6), layout="constrained")
for place, method in enumerate(METHODS):
    values = errors.loc[method, "value"]
    ax.plot(100 * values, [place] * len(values), "o")
ax.set(
    yticks=range(len(METHODS)),
    yticklabels=METHODS,
    xlabel="error on the test images (%), a dot a seed",
)
ax.invert_yaxis()

# %%
# From a shell: ``zeta-geom train --list table-4`` and ``zeta-geom train NAME --set epochs=20``. For a loop of your
# own, a mixer stands behind the loader: ``x, y = mixer(x, y)``.
