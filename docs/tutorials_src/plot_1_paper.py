"""
Regenerate the paper
====================

``make figures`` computes the records behind every figure and the claims table, and draws them; ``ONLY="2 6"`` names
figures, ``PRESET=full`` takes our full sizes, ``PRESET=paper`` the paper's.
The same steps can be taken one by one, with settings of your own. Here Figure 2 is made at a small scale.
Run the script from the top folder of the sources, which holds `analyses` and `figures`.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

from analyses import figure_2
from analyses.context import Context
from figures import figure_2 as drawing
from zeta_geom import records
from zeta_geom.plots import points, style

# %%
# Settings
# --------
#
# An analysis takes its settings from one class, where each has its source: the paper, the authors' code, or this
# project.

print(figure_2.Settings())

# %%
# A smaller run: fewer points on the helix, fewer seeds, two values of T.

results = Path(tempfile.mkdtemp())
small = figure_2.Settings(
    n_helix=512,
    plane_seeds=3,
    helix_seeds=2,
    grid_sizes=(2, 8),
    grid_gammas=(2.0, 4.0),
)
figure_2.run(Context(results=results, progress=False), small)
sorted(path.name for path in (results / "records" / "figure_2").glob("*.json"))

# %%
# Records
# -------
#
# Each result is a table or a set of arrays beside a manifest with settings, seed, versions and fingerprints. A second
# run with the same key computes nothing.

error = records.read(results / "records" / "figure_2" / "label_error")
crescents = error.table[error.table["data"] == "crescents"]
crescents.groupby(["method", "gamma"], dropna=False, sort=False)[
    ["label_error", "distance"]
].mean().round(3)

# %%
# Drawing
# -------
#
# ``python -m figures`` reads records and nothing else. Its files are PDF and PNG:

[path.name for path in drawing.draw(results)]

# %%
# The functions of `zeta_geom.plots` draw on your own axes. From left to right: the crescents, and their mixtures by
# mixup and by ζ-mixup at γ = 2.8. Mixup fills the space between the curves with points of mixed labels.

mixed = records.read(results / "records" / "figure_2" / "crescents")
with plt.rc_context(style.PARAMETERS):
    fig, axes = plt.subplots(1, 3, figsize=(9, 2.6), sharex=True, sharey=True)
    for ax, i, title in zip(
        axes, (0, 1, 6), ("input", "mixup", "ζ-mixup, γ = 2.8"), strict=True
    ):
        points.soft_scatter(
            ax, mixed["X"][i], mixed["Y"][i][:, 1], curves=mixed["curves"]
        )
        ax.set_title(title)
