"""Claims about labels and distances of points, and about diversity and label richness."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pandas as pd

from analyses.claims.verdicts import (
    Claim,
    from_gamma,
    settings,
    sign_below,
    table,
    up_to_gamma,
    yes_no,
)
from zeta_geom.training.comparison import paired_interval

WHERE = "Realism and label correctness, Fig. 2"


def manifold_points(results: Path) -> list[Claim]:
    """Figure 2: label error and distance from the manifold, ζ against mixup, paired over seeds."""
    claims = []
    for record, measures in (("label_error", ("label_error", "distance")), ("helix_distance", ("distance",))):
        measured = table(results, f"figure_2/{record}")
        if measured is None:
            continue
        for data, part in measured.groupby("data"):
            claims += [compare(str(data), part, measure) for measure in measures]
    grid = table(results, "figure_2/grid")
    return claims if grid is None else [*claims, effect_of_size(grid)]


def compare(data: str, part: pd.DataFrame, measure: str) -> Claim:
    """Compare ζ-mixup at each γ with mixup on the same seeds."""
    by_seed = part.pivot_table(index="seed", columns=["method", "gamma"], values=measure, dropna=False)
    mixup = part[part["method"] == "mixup"].set_index("seed")[measure]
    original = part[part["method"] == "original"][measure]
    gammas = sorted(part.loc[part["method"] == "zeta", "gamma"].unique())
    signs, texts = [], []
    for gamma in gammas:
        zeta = by_seed[("zeta", gamma)]
        _, low, high, _ = paired_interval(zeta - mixup)
        signs.append(int(high < 0) - int(low > 0))
        texts.append(f"{gamma:g}: {zeta.mean():.3f} ± {zeta.std():.3f}")
    shown = [texts[0], texts[len(texts) // 2], texts[-1]]
    text = (
        f"original {original.mean():.3f}; mixup {mixup.mean():.3f} ± {mixup.std():.3f}; ζ at γ = {', '.join(shown)}"
    )
    name = {"label_error": "share of wrong labels", "distance": "median distance from the manifold"}[measure]
    return Claim(
        f"{name}: ζ < mixup",
        WHERE,
        f"{data}, {len(mixup)} seeds",
        text,
        from_gamma(gammas, signs) if len(mixup) > 1 else "undecided: one seed",
    )


def effect_of_size(grid: pd.DataFrame) -> Claim:
    """Figure 2c: larger T explores more at small γ, less so at large γ."""
    means = grid[grid["method"] == "zeta"].groupby(["gamma", "T"])["distance"].mean().unstack()
    growth = means.iloc[:, -1] - means.iloc[:, 0]
    low, high = means.index[0], means.index[-1]
    text = f"distance at T = {means.columns[0]}, {means.columns[-1]}: " + "; ".join(
        f"γ = {gamma:g}: {means.loc[gamma].iloc[0]:.2f}, {means.loc[gamma].iloc[-1]:.2f}" for gamma in (low, high)
    )
    holds = growth[low] > 0 and growth[low] > growth[high]
    return Claim(
        "larger T explores more, and a large γ overshadows it", "Diversity, Fig. 2c", "helix", text, yes_no(holds)
    )


def diversity(results: Path) -> list[Claim]:
    """Distance to the leader and label richness against T and γ."""
    measured = table(results, "diversity/mnist")
    if measured is None:
        return []
    zeta = measured[measured["method"] == "zeta"]
    mixup = measured[measured["method"] == "mixup"].iloc[0]
    where, data = "Diversity; Richness of labels", settings(results, "diversity/mnist")["data_name"]
    largest = zeta[zeta["T"] == zeta["T"].max()].sort_values("gamma")
    distance = largest.set_index("gamma")["relative_distance_mean"]
    text = ", ".join(f"γ = {gamma:g}: {value:.3f}" for gamma, value in distance.items())
    text += f"; mixup {mixup['relative_distance_mean']:.3f} (1: two random images)"
    claims = [
        Claim("larger γ stays closer to the leader", where, f"{data}, T = {largest['T'].max()}", text,
              yes_no(distance.is_monotonic_decreasing)),
    ]  # fmt: skip
    for name, label in (("effective_classes", "effective classes exp H(y)"), ("classes", "classes above 1 %")):
        by_gamma = largest.set_index("gamma")[[f"{name}_mean", f"{name}_std"]]
        text = f"mixup {mixup[f'{name}_mean']:.2f} ± {mixup[f'{name}_std']:.2f}; ζ " + ", ".join(
            f"γ = {gamma:g}: {row.iloc[0]:.2f} ± {row.iloc[1]:.2f}" for gamma, row in by_gamma.iterrows()
        )
        poorer = mixup[[f"{name}_mean", f"{name}_std", "n"]]
        richer = [sign_below(*poorer, *row, mixup["n"]) for _, row in by_gamma.iterrows()]
        verdict = up_to_gamma(by_gamma.index.tolist(), richer)
        claims.append(Claim(f"ζ's labels are richer than mixup's: {label}", where, data, text, verdict))
    for name, statement in (
        ("relative_distance", "larger T goes farther from the leader"),
        ("effective_classes", "larger T gives richer labels: exp H(y)"),
    ):
        by_size = zeta.pivot_table(index="gamma", columns="T", values=f"{name}_mean")
        rising = [
            sign_rising(part.sort_values("T")[[f"{name}_mean", f"{name}_std", "n"]])
            for _, part in zeta.groupby("gamma")
        ]
        text = "; ".join(
            f"γ = {gamma:g}: " + ", ".join(f"T = {size}: {row[size]:.2f}" for size in (row.index[0], row.index[-1]))
            for gamma, row in by_size.iterrows()
        )
        claims.append(Claim(statement, where, data, text, up_to_gamma(by_size.index.tolist(), rising)))
    return claims


def sign_rising(means: pd.DataFrame) -> int:
    """Return 1 if the last mean is shown to be above the first and no step falls, -1 if a step falls, else 0.

    The columns are mean, standard deviation and number of values; steps are compared by `sign_below`.
    """
    rows = [tuple(row) for row in means.itertuples(index=False)]
    if any(sign_below(*earlier, *later) < 0 for earlier, later in pairwise(rows)):
        return -1
    return max(sign_below(*rows[0], *rows[-1]), 0)
