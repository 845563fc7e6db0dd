"""One panel of a sweep: a curve or a level for each method, for one measure on one data set, against γ."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from zeta_geom.checks import check_table
from zeta_geom.mixers import gamma_min
from zeta_geom.plots.curves import curve_against_gamma, level_across, mark_gamma_min
from zeta_geom.plots.names import as_label, lettered
from zeta_geom.plots.style import METHOD_COLORS, METHOD_LABELS, OKABE_ITO

QUANTITIES = {
    "dimension": "local intrinsic dimension",
    "label-error": "share of wrong labels",
    "entropy": "oracle's entropy H(p) (nats)",
    "label_entropy": "labels' entropy H(y) (nats)",
    "h_p_y": "H(p, y) (nats)",
    "h_y_p": "H(y, p) (nats)",
    "kl_y_p": "KL(y ‖ p) (nats)",
}
OTHERS = ("purple", "sky", "orange", "yellow", "grey")
MARKERS = "os^Dvx"


@lettered
def sweep_panel(ax: Axes, table: pd.DataFrame, *, bandless: Sequence[str] = ()) -> Axes:
    """Draw mean ± standard deviation of each method, against γ or as a level, with a dotted line at γ_min.

    The band is the standard deviation over points, for wrong labels over seeds; a dark band shows mean ± 2 standard
    errors. Seeds are averaged. A text names the methods whose mean is not finite.

    Parameters
    ----------
    ax, table : matplotlib Axes and DataFrame
        Axes to draw on, and the rows of one data set, measure and k from a table of `sweep`.
    bandless : sequence of str
        Labels of methods that get no band.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If the rows belong to several measures, k or data sets.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> row = {"data": "a", "gamma": np.nan, "n_mix": 0, "anchor": "", "measure": "dimension", "k": 8, "std": 0.1}
    >>> table = pd.DataFrame([row | {"mixer": "original", "mean": 1.0}, row | {"mixer": "mixup", "mean": 2.0}])
    >>> len(sweep_panel(Figure().subplots(), table).patches)
    2
    """
    check_table(table, ["gamma", "mean", "std", "k", "n_mix"], texts=["data", "measure", "mixer", "anchor"])
    if not all(isinstance(name, str) for name in table["mixer"]):
        raise TypeError("table must hold names of methods in mixer; got other values.")
    if np.isinf(table["gamma"].to_numpy(dtype=np.float64)).any():
        raise ValueError("table must hold finite numbers in gamma, or NaN; drop rows with an infinite γ.")
    if len(table.groupby(["data", "measure", "k"])) != 1:
        raise ValueError("table must hold rows of one data set, measure and k; select them first.")
    over_seeds = table["measure"].iloc[0] == "label-error"
    if over_seeds:
        check_table(table, ["seed_std"])
        table = table.assign(std=table["seed_std"])
    if "sem" in table:
        check_table(table, ["sem"])
    else:
        table = table.assign(sem=0.0)
    curves: Any = table.groupby(["mixer", "anchor", "n_mix"], sort=False, dropna=False)
    colors = _colors(list(table["mixer"]))
    several = table.groupby("mixer")[["anchor", "n_mix"]].nunique().max()
    infinite = []
    for (mixer, anchor, n_mix), rows in curves:
        key = "zeta-random" if (mixer, anchor) == ("zeta", "random") else mixer
        label = _label(mixer, anchor if several["anchor"] > 1 else "", n_mix if several["n_mix"] > 1 else 0)
        with np.errstate(invalid="ignore", over="ignore"):  # infinite means are not drawn
            rows = rows.groupby("gamma", dropna=False)[["mean", "std", "sem"]].mean().reset_index()
        if not np.isfinite(rows["mean"]).all():
            infinite.append(label)
            rows = rows[np.isfinite(rows["mean"])]
        if len(rows) == 0:
            continue
        line: dict[str, Any] = {"label": label, "color": colors[key if key in METHOD_COLORS else mixer]}
        band = mixer not in bandless and bool(np.isfinite(rows["std"]).all())
        if rows["gamma"].isna().all():
            line |= {"ls": "--"} if mixer == "original" else {"ls": "-", "lw": 0.8} if mixer in bandless else {}
            level_across(ax, rows["mean"].iloc[0], rows["std"].iloc[0] if band else None, key, **line)
        else:
            line |= {"ls": "--"} if key == "zeta-random" else {}
            line |= {"marker": MARKERS[_place(table, n_mix) % len(MARKERS)], "ms": 3} if several["n_mix"] > 1 else {}
            curve_against_gamma(ax, rows, key, band=band, **line)
        _narrow_band(ax, rows, line["color"])
    if infinite:
        text = "infinite: " + ", ".join(infinite)
        ax.text(0.98, 0.02, text, transform=ax.transAxes, ha="right", va="bottom", fontsize=6, wrap=True)
    mark_gamma_min(ax, gamma_min())
    if table["gamma"].notna().any():
        ax.set_xlim(min(table["gamma"].min(), gamma_min()), max(table["gamma"].max(), gamma_min()))
    ax.margins(y=0.13)  # room for γ_min above the curves
    ax.set_ylim(bottom=0)
    return ax


def _narrow_band(ax: Axes, rows: pd.DataFrame, color: str) -> None:
    """Shade mean ± 2 standard errors of the mean, where there are any."""
    rows = rows.sort_values("gamma")
    low, high = rows["mean"] - 2 * rows["sem"], rows["mean"] + 2 * rows["sem"]
    if not (high > low).any():
        return
    if rows["gamma"].isna().all():
        ax.axhspan(low.iloc[0], high.iloc[0], color=color, alpha=0.35, lw=0)
    else:
        ax.fill_between(rows["gamma"], low, high, color=color, alpha=0.35, lw=0)


def _colors(mixers: Sequence[str]) -> dict[str, str]:
    """Return a colour for each method: its colour in METHOD_COLORS, or one of OTHERS."""
    unnamed = [mixer for mixer in dict.fromkeys(mixers) if mixer not in METHOD_COLORS]
    return METHOD_COLORS | {mixer: OKABE_ITO[OTHERS[i % len(OTHERS)]] for i, mixer in enumerate(unnamed)}


def _label(mixer: str, anchor: str, n_mix: int) -> str:
    parts = [
        METHOD_LABELS.get(mixer) or as_label(mixer),
        f"anchor “{as_label(anchor)}”" if anchor else "",
        f"T = {n_mix}" if n_mix else "",
    ]
    return ", ".join(part for part in parts if part)


def _place(table: pd.DataFrame, n_mix: int) -> int:
    return sorted(table["n_mix"].unique()).index(n_mix)
