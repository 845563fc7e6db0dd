"""One panel of a sweep: a curve or a level for each method, for one measure on one data set, against γ."""

from collections.abc import Mapping, Sequence
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
STYLES = ("-", "--", ":", "-.")
# the columns of a sweep's table that are no parameters of mixers, or have a place of their own in a panel
COLUMNS = (
    *("data", "mixer", "gamma", "n_mix", "anchor", "seed", "measure", "k"),
    *("mean", "std", "seed_std", "sem", "n", "seconds", "space", "unit", "better"),
)


@lettered
def sweep_panel(ax: Axes, table: pd.DataFrame, *, x: str = "gamma", bandless: Sequence[str] = ()) -> Axes:
    """Draw mean ± standard deviation of each method, against γ or as a level, with a dotted line at γ_min.

    The band is the standard deviation over points; for shares and for single numbers, over seeds. A dark band shows
    mean ± 2 standard errors. Seeds are averaged. A text names the methods whose mean is not finite.

    Parameters
    ----------
    ax, table : matplotlib Axes and DataFrame
        Axes to draw on, and the rows of one data set, measure and k from a table of `sweep`.
    x : str
        The column of the horizontal axis: "gamma", or a parameter that `grid` varied. Methods without it are levels;
        of these, methods with several γ are left out.
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
    table = _checked(table, x)
    parameters = [name for name in ("gamma", *swept_columns(table)) if name != x]
    curves: Any = table.groupby(["mixer", "anchor", "n_mix", *parameters], sort=False, dropna=False)
    colors = _colors(list(table["mixer"]))
    several = table.groupby("mixer")[["anchor", "n_mix"]].nunique().max()
    counts = table.groupby("mixer")[[x, *parameters]].nunique()
    infinite: list[str] = []
    undefined: list[str] = []
    drawn = dict.fromkeys(table["mixer"], 0)
    for (mixer, anchor, n_mix, *values), rows in curves:
        if x != "gamma" and counts.loc[mixer, x] == 0 and counts.loc[mixer, "gamma"] > 1:
            continue
        key = "zeta-random" if (mixer, anchor) == ("zeta", "random") else mixer
        varied = {name: value for name, value in zip(parameters, values) if counts.loc[mixer, name] > 1}
        label = _label(mixer, anchor if several["anchor"] > 1 else "", n_mix if several["n_mix"] > 1 else 0, varied)
        with np.errstate(invalid="ignore", over="ignore"):  # infinite means are not drawn
            rows = rows.groupby(x, dropna=False)[["mean", "std", "sem"]].mean().reset_index()
        rows = rows.rename(columns={x: "gamma"})
        if not np.isfinite(rows["mean"]).all():
            (undefined if rows["mean"].isna().any() else infinite).append(label)
            rows = rows[np.isfinite(rows["mean"])]
        if len(rows) == 0:
            continue
        line: dict[str, Any] = {"label": label, "color": colors[key if key in METHOD_COLORS else mixer]}
        band = mixer not in bandless and bool(np.isfinite(rows["std"]).all())
        if rows["gamma"].isna().all():
            line |= {"ls": "--"} if mixer == "original" else {"ls": "-", "lw": 0.8} if mixer in bandless else {}
            line |= {"ls": STYLES[drawn[mixer] % len(STYLES)]} if varied else {}
            level_across(ax, rows["mean"].iloc[0], rows["std"].iloc[0] if band else None, key, **line)
        else:
            line |= {"ls": "--"} if key == "zeta-random" else {}
            line |= {"marker": MARKERS[_place(table, n_mix) % len(MARKERS)], "ms": 3} if several["n_mix"] > 1 else {}
            line |= {"ls": STYLES[drawn[mixer] % len(STYLES)]} if varied else {}
            curve_against_gamma(ax, rows, key, band=band, **line)
        drawn[mixer] += 1
        _narrow_band(ax, rows, line["color"])
    _note_absent(ax, infinite, undefined)
    _set_limits(ax, table, x)
    return ax


def swept_columns(table: pd.DataFrame) -> list[str]:
    """Return the columns of a sweep's table that hold parameters of mixers, besides γ, T and the anchor.

    Parameters
    ----------
    table : DataFrame
        A table of `sweep`.

    Returns
    -------
    list of str

    Examples
    --------
    >>> swept_columns(pd.DataFrame({"mixer": ["cutmix"], "alpha": [0.2], "mean": [1.0]}))
    ['alpha']
    """
    return [str(name) for name in table.columns if name not in COLUMNS]


def _checked(table: pd.DataFrame, x: str) -> pd.DataFrame:
    """Return the rows of a panel with the deviations to draw in std, and with sem; raise if they do not fit."""
    check_table(table, ["gamma", "mean", "std", "k", "n_mix", x], texts=["data", "measure", "mixer", "anchor"])
    if not all(isinstance(name, str) for name in table["mixer"]):
        raise TypeError("table must hold names of methods in mixer; got other values.")
    if np.isinf(table[x].to_numpy(dtype=np.float64)).any():
        raise ValueError(f"table must hold finite numbers in {x}, or NaN; drop rows with an infinite value.")
    if len(table.groupby(["data", "measure", "k"])) != 1:
        raise ValueError("table must hold rows of one data set, measure and k; select them first.")
    share = "unit" in table and (table["unit"] == "share").all()
    single = "n" in table and (table["n"] == 1).all()
    if share or single or table["measure"].iloc[0] == "label-error":
        check_table(table, ["seed_std"])
        table = table.assign(std=table["seed_std"])
    if "sem" in table:
        check_table(table, ["sem"])
        return table
    return table.assign(sem=0.0)


def _note_absent(ax: Axes, infinite: Sequence[str], undefined: Sequence[str]) -> None:
    """Name the methods with means that cannot be drawn."""
    notes = [f"{word}: {', '.join(names)}" for word, names in (("infinite", infinite), ("NaN", undefined)) if names]
    if notes:
        text = "\n".join(notes)
        ax.text(0.98, 0.02, text, transform=ax.transAxes, ha="right", va="bottom", fontsize=6, wrap=True)


def _set_limits(ax: Axes, table: pd.DataFrame, x: str) -> None:
    if x == "gamma":
        mark_gamma_min(ax, gamma_min())
        if table["gamma"].notna().any():
            ax.set_xlim(min(table["gamma"].min(), gamma_min()), max(table["gamma"].max(), gamma_min()))
    ax.margins(y=0.13)  # room for γ_min above the curves
    if not (table["mean"] < 0).any():
        ax.set_ylim(bottom=0)


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


def _label(mixer: str, anchor: str, n_mix: int, varied: Mapping[str, Any]) -> str:
    parts = [
        METHOD_LABELS.get(mixer) or as_label(mixer),
        f"anchor “{as_label(anchor)}”" if anchor else "",
        f"T = {n_mix}" if n_mix else "",
        *(f"{'γ' if name == 'gamma' else as_label(name)} = {_value(value)}" for name, value in varied.items()),
    ]
    return ", ".join(part for part in parts if part)


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else as_label(str(value))


def _place(table: pd.DataFrame, n_mix: int) -> int:
    return sorted(table["n_mix"].unique()).index(n_mix)
