"""Figure 7: neighbourhoods of original and mixed points in a plane with two classes and a curved boundary."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from figures.saving import save
from zeta_geom.mixers import gamma_min
from zeta_geom.plots.curves import curve_against_gamma, level_across, mark_gamma_min
from zeta_geom.plots.neighborhoods import (
    STANDARD_DEVIATIONS,
    neighborhood_ellipse,
    ringed_points,
    vote_circles,
    window,
)
from zeta_geom.plots.points import soft_scatter, two_class_colors
from zeta_geom.plots.style import PARAMETERS, panel_letter, spread
from zeta_geom.records import Record, read


def draw(results: Path) -> list[Path]:
    """Draw Figure 7 from the records, and return the files."""
    points, table = (read(results / "records" / "figure_7" / name) for name in ("points", "averages"))
    s = points.settings
    with mpl.rc_context(PARAMETERS):
        fig = Figure(figsize=(7.6, 8.3))
        axes = fig.subplots(3, 3)
        draw_sets(axes[0], points, s)
        draw_ellipses(axes[1, :2], points, s)
        draw_votes(axes[2, :2], points, s)
        draw_dimensions(axes[1, 2], table.table, gamma_min())
        draw_correct(axes[2, 2], table.table, s["vote_ks"], gamma_min())
        for ax, letter in zip(axes.flat, "abcdehfgi", strict=True):
            panel_letter(ax, letter + "\n" * ax.get_title().count("\n"))  # beside the title's first line
        bar = fig.colorbar(
            ScalarMappable(cmap=two_class_colors()), ax=axes[0], location="right", fraction=0.03, pad=0.01, aspect=20
        )
        bar.set_label("share of class 1\nin the label")
        fig.supxlabel(caption(points, table.table, s), fontsize=7, ha="left", x=0.01)
        return save(fig, results / "figures" / "figure_7")


def draw_sets(axes: Any, points: Record, s: dict[str, Any]) -> None:
    """Draw a, b and c: the set, and what mixup and ζ-mixup make of it."""
    titles = ("original", "mixup", f"ζ-mixup, γ = {s['gamma']:g}")
    labels = (points["y"], points["Y_mixup"][:, 1], points["Y_zeta"][:, 1])
    for ax, name, share, title in zip(axes, ("X", "X_mixup", "X_zeta"), labels, titles, strict=True):
        soft_scatter(ax, points[name], share, curves=points["boundary"][None], size=5)
        ax.set(title=title, xlabel="$x_1$", xlim=(-2.15, 2.15), ylim=(-1.8, 1.8))
    axes[0].set_ylabel("$x_2$")


def draw_ellipses(axes: Any, points: Record, s: dict[str, Any]) -> None:
    """Draw d and e: the ellipse of one point before and after mixing, in one window."""
    leader, output = points["pair"]
    clouds = ((points["X"], points["y"], leader), (points["X_large"], points["Y_large"][:, 1], output))
    near = [cloud[rows] for (cloud, _, _), rows in zip(clouds, points["pair_neighbors"])]
    whole = [each.mean(axis=0) + STANDARD_DEVIATIONS * each.std(axis=0, ddof=1) * [[-1], [1]] for each in near]
    limits = window(*whole, *(cloud[[row]] for cloud, _, row in clouds), margin=0.05)
    titles = ("original", f"ζ, γ = {s['dimension_gamma']:g}, anchor “{s['dimension_anchor']}”")
    for ax, (cloud, share, row), rows, i, title in zip(axes, clouds, near, (0, 1), titles, strict=True):
        soft_scatter(ax, cloud, share, curves=points["boundary"][None], size=12)
        neighborhood_ellipse(ax, rows)
        ringed_points(ax, rows)
        ax.plot(*cloud[row], marker="*", ms=9, mfc="white", mec="black", mew=0.8, zorder=6)
        small, large = points["pair_eigenvalues"][i]
        ax.set_title(
            f"{title}\nλ = {large:.2g}, {small:.2g}; λ₂/λ₁ = {small / large:.2g}\n"
            f"dimension {points['pair_dimensions'][i]} (k = {s['dimension_k']})",
            fontsize=7.5,
        )
        ax.set(xlim=limits[0], ylim=limits[1], xlabel="$x_1$")
    axes[0].set_ylabel("$x_2$")


def draw_votes(axes: Any, points: Record, s: dict[str, Any]) -> None:
    """Draw f and g: the neighbours of one test point among mixup's and among ζ-mixup's outputs."""
    own = int(points["test_class"])
    clouds = ((points["X_mixup"], points["Y_mixup"]), (points["X_zeta"], points["Y_zeta"]))
    near = [cloud[rows] for (cloud, _), rows in zip(clouds, points["test_neighbors"])]
    limits = window(*(2 * points["test"] - each for each in near), *near, margin=0.1)
    titles = ("mixup", f"ζ-mixup, γ = {s['gamma']:g}")
    for ax, (cloud, labels), rows, correct, title in zip(
        axes, clouds, near, points["test_correct"], titles, strict=True
    ):
        soft_scatter(ax, cloud, labels[:, 1], curves=points["boundary"][None], size=16)
        vote_circles(ax, points["test"], rows, tuple(s["vote_ks"]))
        lines = []
        for k, right in zip(s["vote_ks"], correct, strict=True):
            counts = (k - right, right) if own else (right, k - right)
            lines.append(f"k = {k}: {counts[0]} of class 0, {counts[1]} of class 1")
        ax.set_title("\n".join([title, *lines]), fontsize=7.5)
        ax.set(xlim=limits[0], ylim=limits[1], xlabel="$x_1$")
    axes[0].set_ylabel("$x_2$")


def draw_dimensions(ax: Any, table: pd.DataFrame, least: float) -> None:
    """Draw h: the share of points whose dimension is below their leader's, against γ."""
    draw_curves(ax, table, "lower", least)
    ax.set(title="lower dimension\nthan the leader's, all points", ylabel="share of points / %", ylim=(0, None))


def draw_correct(ax: Any, table: pd.DataFrame, ks: list[int], least: float) -> None:
    """Draw i: how many test points the vote gets right, against γ."""
    k = max(ks)
    draw_curves(ax, table, f"right_{k}", least)
    ax.set(title=f"majority vote of k = {k},\nall test points", ylabel="right votes / %")
    ax.legend(loc="lower right", handlelength=2.6)  # long enough for mixup's dash and dot


def draw_curves(ax: Any, table: pd.DataFrame, column: str, least: float) -> None:
    """Draw mean and standard deviation over seeds, in per cent, of both anchors against γ, with mixup's level."""
    percent = table.assign(value=100 * table[column])
    grouped = percent.groupby(["method", "anchor", "gamma"], dropna=False)["value"].agg(["mean", "std"]).reset_index()
    mixup = grouped[grouped["method"] == "mixup"].iloc[0]
    level_across(ax, mixup["mean"], mixup["std"], "mixup")
    zeta = grouped[grouped["method"] == "zeta"]
    curve_against_gamma(ax, zeta[zeta["anchor"] == "self"], "zeta", label="ζ, anchor “self”")
    curve_against_gamma(ax, zeta[zeta["anchor"] == "random"], "zeta-random", label="ζ, anchor “random”", ls="--")
    mark_gamma_min(ax, least)
    ax.set(xlabel="γ", xlim=(1.5, zeta["gamma"].max()))


def caption(points: Record, table: pd.DataFrame, s: dict[str, Any]) -> str:
    """Say by which rules d-g were chosen, and what the average over all is."""
    zeta = {"method": "zeta", "gamma": s["gamma"], "anchor": "self"}
    large = {"method": "zeta", "gamma": s["dimension_gamma"], "anchor": s["dimension_anchor"]}

    def compared(column: str) -> str:
        """Write a share under both methods for each k."""
        both = (("mixup", {"method": "mixup"}), ("ζ", zeta))
        return "; ".join(
            f"k = {k}: "
            + ", ".join(f"{name} {spread(table, f'{column}_{k}', what, '.1f', scale=100)} %" for name, what in both)
            for k in s["vote_ks"]
        )

    return textwrap.fill(
        f"Boundary: x₂ = {s['amplitude']:g} sin(πx₁/{s['half_width']:g}); {s['n_points']} points, "
        f"{s['n_tests']} test points, batches of {s['batch_size']}. "
        "d, e: of the outputs whose dimension is below their leader's, the one (star) whose λ₂/λ₁ fell most, and its "
        f"leader; they are {spread(table, 'lower', large, '.1f', scale=100)} % of the outputs there and "
        f"{spread(table, 'lower', zeta, '.1f', scale=100)} % in c. Ellipses: two standard deviations. "
        f"f, g: the test point (square, of class {int(points['test_class'])}) that gains most right neighbours by "
        f"ζ-mixup, chosen for that; circles reach the {' and '.join(f'{k}th' for k in s['vote_ks'])} neighbour. "
        f"Over all test points, at γ = {s['gamma']:g}, right votes (a tie counts half): {compared('right')}; "
        f"neighbours of the right class: {compared('correct')}. "
        f"Mean ± standard deviation over {table['seed'].nunique()} seeds.",
        width=138,
    )


if __name__ == "__main__":
    for path in draw(Path("results/quick")):
        print(path)
