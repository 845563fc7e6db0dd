"""The methods side by side: a row per method, a column per measure, coloured by the difference from the original."""

from __future__ import annotations

import textwrap
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from figures.common import save
from zeta_geom.mixers.table import method_table
from zeta_geom.plots.heat_table import difference_colors, heat_table, relative_shades
from zeta_geom.plots.style import PARAMETERS
from zeta_geom.records import Record, read

GROUPS = {  # heading -> data sets
    "label error\nin the plane, %": ("crescents", "spirals"),
    "helix in R³, radius 100\n(of dimension 1)": ("helix-3d",),
    "manifold in R¹²\n(of dimension 3)": ("curved-12d",),
    "MNIST images\n(784 pixels)": ("mnist",),
    "MNIST features\n(84, before the oracle's last layer)": ("mnist-features",),
}
NAMES = {
    "label_error": "label\nerror\n%",
    "dimension": "dim.\nk = {}",
    "distance": "median\ndistance",
    "entropy": "H(p)\nmedian\nnats",
    "entropy_mean": "H(p)\nmean\nnats",
    "h_p_y_floored": "H(p, y)\nmedian\nnats",
}
ON_LOGARITHMS = "entropy"  # its values span seven decades: coloured by their logarithms
TITLES: dict[str, str] = method_table().set_index("name")["method"].to_dict()
SYMBOLS, RAISED = "abcdefgh", "¹²³⁴⁵⁶⁷⁸⁹"


def draw(results: Path) -> list[Path]:
    """Draw the table from the records, and return the files."""
    panel = read(results / "records" / "methods" / "panel")
    sample = panel.settings["data_name"] != "mnist"
    with mpl.rc_context(PARAMETERS):
        fig = draw_table(panel)
        if sample:
            fig.suptitle(f"MNIST columns drawn from {panel.settings['data_name']}, 1,000 of 60,000 training images")
        return save(fig, results / "figures" / f"methods{'-sample' if sample else ''}")


def draw_table(panel: Record) -> Figure:
    """Draw the table with its colour bar, and the notes under it."""
    mean, std, reason = (wide(panel.table, of) for of in ("mean", "std", "reason"))
    symbols = dict(zip(filter(None, pd.unique(reason.to_numpy().ravel())), SYMBOLS, strict=False))
    remarked = panel.table[panel.table["remark"] != ""].set_index("method")["remark"].to_dict()
    marks = dict(zip([method for method in TITLES if method in remarked], RAISED))
    shaded = mean.copy()
    spanning = [column for column in mean.columns if column[1] == ON_LOGARITHMS]
    shaded[spanning] = np.log(mean[spanning])
    texts, small = np.full((2, *mean.shape), "", dtype=object)
    for (i, j), why in np.ndenumerate(reason):
        texts[i, j] = symbols.get(why, "")
        if not why:
            texts[i, j], small[i, j] = written(mean.columns[j][1], mean.iloc[i, j], std.iloc[i, j])
    fig = Figure(figsize=(11.6, 8.4))
    ax = heat_table(
        fig.subplots(),
        texts,
        relative_shades(shaded),
        rows=[name_of(method) + marks.get(method, "") for method in mean.index],
        columns=[heading(data, measure) for data, measure in mean.columns],
        groups=[(title, sum(data in sets for data, _ in mean.columns)) for title, sets in GROUPS.items()],
        small=small,
    )
    mappable = ScalarMappable(Normalize(-1, 1), difference_colors())
    bar = fig.colorbar(mappable, ax=ax, location="bottom", fraction=0.02, shrink=0.35, aspect=40, pad=0.01)
    bar.set_ticks((-1, 0, 1), labels=("below", "as the original", "above"))
    fig.supxlabel(
        notes(panel, symbols, [(mark, method, remarked[method]) for method, mark in marks.items()]),
        fontsize=7,
        x=0.01,
        ha="left",
    )
    return fig


def wide(table: pd.DataFrame, values: str) -> pd.DataFrame:
    """Return a row per method and a column per (data, measure), in the order in which they are drawn."""
    shown = [name for name in dict.fromkeys(table["measure"]) if name.split("_")[0] == "dimension" or name in NAMES]
    present = set(zip(table["data"], table["measure"], strict=True))
    columns = [(data, name) for sets in GROUPS.values() for data in sets for name in shown if (data, name) in present]
    cells = table.pivot(index="method", columns=["data", "measure"], values=values)
    return cells.reindex(index=["original", *TITLES], columns=columns)


def written(measure: str, mean: float, std: float) -> tuple[str, str]:
    """Write mean and spread to the same number of places: three digits in all, or powers of ten for tiny means."""
    if abs(mean) < 1e-12:
        return "0", ""
    if measure == "label_error":
        mean, std, form = 100 * mean, 100 * std, ".1f"
    elif mean < 1e-3:
        form = ".0e"
    else:
        form = f".{np.clip(2 - int(np.floor(np.log10(mean))), 0, 3 - measure.startswith('dimension'))}f"
    small = "" if np.isnan(std) else f"± {std:{form}}"
    return powers(f"{mean:{form}}"), powers(small)


def powers(text: str) -> str:
    """Shorten a number such as 1e-07 to 1e−7."""
    return text.replace("e-0", "e−")


def name_of(method: str) -> str:
    """Return a method's name."""
    return "original, unmixed" if method == "original" else TITLES[method]


def heading(data: str, measure: str) -> str:
    """Return the heading of a column."""
    if data in ("crescents", "spirals"):
        return data
    name, _, k = measure.rpartition("_") if measure.startswith("dimension") else (measure, "", "")
    return NAMES[name].format(k)


def notes(panel: Record, symbols: dict[str, str], remarks: list[tuple[str, str, str]]) -> str:
    """Return the notes: why cells are empty, remarks on some methods, and the meaning of the numbers."""
    s, table = panel.settings, panel.table
    infinite = table[(table["data"] == "mnist") & (table["measure"] == "infinite") & table["mean"].notna()]
    finite, floor = infinite[infinite["mean"] < 1], powers(f"{s['floor']:.0e}")
    sizes = table[table["method"] == "original"].groupby("data")["n"].first().astype(int)
    at = f" ({s['n_measured']:,} on the manifolds, as for the distance)" if s["n_measured"] else ""
    paragraphs = (
        "Not defined: " + "; ".join(f"{symbol}\u00a0\u00a0{why}" for why, symbol in symbols.items()) + ".",
        " ".join(f"{mark} {name_of(method)} {remark}." for mark, method, remark in remarks),
        f"Mean ± standard deviation over seeds ({s['plane_seeds']} in the plane, {s['manifold_seeds']} on the "
        f"manifolds, {s['image_seeds']} on MNIST) of {sizes['crescents']:,}, {sizes['helix-3d']:,} and "
        f"{sizes['mnist']:,} points in batches of {s['batch_size']}; p-series weights with γ = {s['gamma']:g}. "
        f"dim.: local dimension from k neighbours, at most k − 1, mean over points{at}. p: the oracle's prediction; "
        f"y: the label, its zeros taken as {floor}; without that H(p, y) is infinite for "
        f"{finite['mean'].mean():.0%} of the images of {', '.join(map(name_of, finite['method']))}, for all of the "
        "others. A label is wrong where the nearest curve's class, or the oracle's, is not among its largest. "
        "Colour: ± √ of the share of the column's largest difference (of logarithms for the median of H(p)).",
    )
    return "\n".join(textwrap.fill(text, 228) for text in paragraphs)


if __name__ == "__main__":
    for path in draw(Path("results/quick")):
        print(path)
