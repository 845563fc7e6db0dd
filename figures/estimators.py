"""The estimators of the local dimension beside each other: a row per data set, a column per estimator and k."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from figures.common import data_name, save
from zeta_geom.plots.heat_table import difference_colors, heat_table
from zeta_geom.plots.style import PARAMETERS
from zeta_geom.records import Record, read

RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
TIME = "time, FO = 1"


def draw(results: Path) -> list[Path]:
    """Draw the table from its record, and return the files."""
    record = read(results / "records" / "estimators" / "table")
    sample = record.settings["data_name"] != "mnist"
    with mpl.rc_context(PARAMETERS):
        return save(draw_table(record), results / "figures" / f"estimators{'-sample' if sample else ''}")


def draw_table(record: Record) -> Figure:
    """Draw the table with its colour bar and the notes under it."""
    table, s = record.table, record.settings
    data, ks, names = (list(pd.unique(table[column])) for column in ("data", "k", "estimator"))
    mean, std, relative = (wide(table, values, data, ks, names) for values in ("mean", "std", "relative"))
    texts, small = np.full((2, len(data) + 1, len(ks) * len(names)), "", dtype=object)
    for (i, j), value in np.ndenumerate(mean):
        texts[i, j], small[i, j] = number(value), f"± {number(std[i, j])}"
    times = table.groupby(["k", "estimator"])["to_fo"].median()
    texts[-1] = [number(times[k, name]) for k in ks for name in names]
    shades = np.vstack([np.where(np.isnan(mean), np.nan, np.nan_to_num(relative)), np.zeros(len(texts[-1]))])
    fig = Figure(figsize=(0.55 * texts.shape[1] + 2.2, 0.33 * len(texts) + 2.0))
    ax = heat_table(
        fig.subplots(),
        texts,
        shades,
        rows=[*(row_name(name, table, record) for name in data), TIME],
        columns=[name for _ in ks for name in names],
        groups=[(f"k = {k}", len(names)) for k in ks],
        small=small,
    )
    bar = fig.colorbar(
        ScalarMappable(Normalize(-1, 1), difference_colors()),
        ax=ax,
        location="bottom",
        fraction=0.02,
        shrink=0.35,
        aspect=40,
        pad=0.01,
    )
    bar.set_ticks((-1, 0, 1), labels=("0 dimensions", "the true dimension", "twice as many"))
    fig.supxlabel(notes(table, s), fontsize=7, x=0.01, ha="left")
    return fig


def wide(table: pd.DataFrame, values: str, data: list[str], ks: list[int], names: list[str]) -> np.ndarray:
    """Return a row per data set, a column per k and estimator; "relative" is the bias over the dimension, -1 to 1."""
    table = table.assign(relative=(table["bias"] / table["dimension"]).clip(-1, 1))
    cells = table.pivot(index="data", columns=["k", "estimator"], values=values)
    return cells.reindex(index=data, columns=[(k, name) for k in ks for name in names]).to_numpy(dtype=np.float64)


def number(value: float) -> str:
    """Write a number with two or three digits."""
    if np.isnan(value):
        return "none"
    return f"{value:.{int(np.clip(1 - np.floor(np.log10(max(abs(value), 1e-9))), 0, 2))}f}"


def row_name(name: str, table: pd.DataFrame, record: Record) -> str:
    """Return the title of a row."""
    s, d = record.settings, table.loc[table["data"] == name, "dimension"].iloc[0]
    if name == "mnist":
        return f"{data_name(s['data_name'])}, unknown"
    form, _, rest = name.partition("-")
    most, features = max(s["n_neighbors"]), {"helix": 3, "curved": 12}.get(form, 2 * int(d))
    title = f"{int(d)}-D {'manifold' if form == 'curved' else form} in R{str(features).translate(RAISED)}"
    about = {"twice": "each point twice", "few": f"{most + 1} points", "outlier": f"{most} points, 1 far away"}
    if "+" in rest:
        return f"{title}, {float(rest.partition('+')[2]):.0%} noise"
    return ", ".join(filter(None, (title, about.get(rest.partition("-")[2]))))


def notes(table: pd.DataFrame, s: dict[str, Any]) -> str:
    """Return the notes: sizes, and the meaning of the numbers."""
    measured = f" at {s['n_measured']:,} of them" if s["n_measured"] else ""
    lacking, most = int(table["without"].sum()), max(s["n_neighbors"])
    text = (
        f"Mean ± standard deviation over points{measured}: {s['n_manifold']:,} of the helix and of the manifold, "
        f"{s['n_samples']:,} of the other shapes, {int(table['n'].iloc[-1]):,} images. Colour: the bias as a share "
        "of the true dimension, which the name tells. Noise: its standard deviation, relative to that of the "
        f"coordinates. The far point is {s['far']:g} sides of the cube away, and at k = {most} a neighbour of all "
        "others, which alone are measured. FO gives at most k − 1, CA-PCA at most k − 2. Time: of the estimate if "
        "the neighbours are known, one thread, median over the data sets."
    )
    text += f" {lacking:,} values that are not finite are left out." if lacking else ""
    return "\n".join(textwrap.wrap(text, 190))


if __name__ == "__main__":
    for path in draw(Path("results/quick")):
        print(path)
