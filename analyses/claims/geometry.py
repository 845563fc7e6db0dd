"""Claims about weights and about the local dimension."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analyses.claims.verdicts import (
    Claim,
    from_gamma,
    from_sign,
    settings,
    sign_below,
    table,
    yes_no,
)
from zeta_geom.mixers import gamma_min

PAPER_CONSTANT = 1.72865
AT_CEILING = 0.1  # k points span k - 1 dimensions: a mean that close to the limit says little about the data
SAMPLE = ["mean", "std", "n"]
CLOSE = 0.05  # "tends to the original": within 5 % of it at the largest γ


def theorems(results: Path) -> list[Claim]:
    """Theorem 1 at T = 2...4096 and around the roots; Theorem 2 over λ."""
    claims = []
    first = table(results, "theorems/theorem_1")
    if first is not None:
        above = first[first["gamma"] >= PAPER_CONSTANT]
        worst = above.loc[above["margin"].idxmin()]
        text = f"smallest w1 - rest = {worst['margin']:.2e} at T = {worst['T']:.0f}, γ = {worst['gamma']:g}"
        where = "Theorem 1"
        claims.append(
            Claim(
                "w1 > Σ w_i for γ ≥ 1.72865",
                where,
                f"T = {first['T'].min()}…{first['T'].max()}",
                text,
                yes_no((above["margin"] > 0).all()),
            )
        )
        around = first[first["offset"].notna()]
        exact = ((around["margin"] > 0) == (around["offset"] > 0)).all()
        roots = first.drop_duplicates("T").set_index("T")["root"]
        shown = ", ".join(f"{roots[size]:.6f} at T = {size}" for size in roots.index[[0, 1, -1]])
        text = f"root {shown}; ∞: {gamma_min():.10f}"
        claims.append(
            Claim("1.72865 is the root of ζ(γ) = 2; finite T: smaller", where, "±1e-6", text, yes_no(exact))
        )
    second = table(results, "theorems/theorem_2")
    if second is not None:
        worst = second["difference"].max()
        text = f"largest difference {worst:.1e} over {len(second)} values of λ"
        claims.append(Claim("T = 2, γ = log2(λ/(1-λ)) is mixup", "Theorem 2", "", text, yes_no(worst < 1e-12)))
    return claims


def dimensions(results: Path) -> list[Claim]:
    """Figure 6: ζ against mixup and against the original, per data set, k and anchor, by FO and other estimators."""
    claims = []
    sets = 0 if table(results, "figure_6/images-1") is None else settings(results, "figure_6/images-1")["sets"]
    for panel in ("helix-3d", "curved-12d", *(f"images-{index + 1}" for index in range(sets))):
        measured = table(results, f"figure_6/{panel}")
        if measured is None:
            continue
        others = table(results, f"figure_6_estimators/{panel}")
        if others is not None and others["data"].iloc[0] != measured["data"].iloc[0]:
            others = None  # of other images
        for k, part in measured.groupby("k"):
            data = f"{part['data'].iloc[0]}, k = {k}"
            if part["mean"].max() > k - 1 - AT_CEILING:
                data += f" (at most {k - 1})"
            of_k = None if others is None else others[others["k"] == k]
            claims += [
                claim._replace(estimators=agreement(of_k, place)) for place, claim in enumerate(compare(data, part))
            ]
    return claims


def compare(data: str, part: pd.DataFrame) -> list[Claim]:
    """Return the claims about one data set and k; their order depends on the anchors alone."""
    original = part[part["mixer"] == "original"].iloc[0]
    mixup = part[part["mixer"] == "mixup"].iloc[0]
    claims = [inflation(data, original, mixup)]
    for anchor, curve in part[part["mixer"] == "zeta"].groupby("anchor", sort=False):
        claims += against(f"{data}, anchor {anchor}", curve, original, mixup)
    return claims


def agreement(measured: pd.DataFrame | None, place: int) -> str:
    """Return which estimators reach which verdict on the claim at this place of `compare`, by the same rules."""
    if measured is None:
        return ""
    measured = measured[measured["mean"].notna()]  # at γ = 0 an estimator may give no point a dimension
    verdicts: dict[str, list[str]] = {}
    for estimator, part in measured.groupby("estimator", sort=False):
        complete = {"original", "mixup", "zeta"} <= set(part["mixer"])
        claims = compare("", part) if complete else []
        verdict = claims[place].verdict if place < len(claims) else "not measured"
        short = verdict.partition(";")[0].partition(":")[0]  # without the γ at which nothing is shown
        verdicts.setdefault(short, []).append(str(estimator))
    return "; ".join(f"{verdict}: {', '.join(names)}" for verdict, names in verdicts.items())


def inflation(data: str, original: pd.Series, mixup: pd.Series) -> Claim:
    """Compare mixup with the original."""
    higher = sign_below(*original[SAMPLE], *mixup[SAMPLE])
    text = f"original {spread(original)}, mixup {spread(mixup)}"
    return Claim("mixup inflates the local dimension", "Fig. 6", data, text, from_sign(higher))


def against(data: str, curve: pd.DataFrame, original: pd.Series, mixup: pd.Series) -> list[Claim]:
    """Compare one curve of ζ-mixup with mixup and with the original."""
    curve = curve.sort_values("gamma")
    tested = curve[curve["gamma"] >= gamma_min()]
    lower = [sign_below(*row[SAMPLE], *mixup[SAMPLE]) for _, row in tested.iterrows()]
    sunk = [sign_below(*row[SAMPLE], *original[SAMPLE]) for _, row in tested.iterrows()]
    last = tested.iloc[-1]
    shown = tested.iloc[sorted({0, min(1, len(tested) - 1), len(tested) - 1})]  # the first two and the last
    ends = ", ".join(f"γ = {row['gamma']:g}: {spread(row)}" for _, row in shown.iterrows())
    gap = abs(last["mean"] - original["mean"]) / original["mean"]
    errors = [row["std"] / row["n"] ** 0.5 for row in (last, original)]
    error = 2 * (errors[0] ** 2 + errors[1] ** 2) ** 0.5 / original["mean"]
    close = int(gap + error <= CLOSE) - int(gap - error > CLOSE)
    below_text = f"ζ at γ = {last['gamma']:g} {spread(last)}, original {spread(original)}"
    return [
        Claim(
            "dimension ζ < mixup for γ ≥ γ_min", "Fig. 6", data,
            f"mixup {spread(mixup)}; ζ {ends}", from_gamma(tested["gamma"].tolist(), lower),
        ),
        Claim(
            "ζ's dimension → original's as γ grows", "Fig. 6", data,
            f"{gap:.1%} ± {error:.1%} off at γ = {last['gamma']:g}", from_sign(close),
        ),
        Claim(
            "ζ's dimension below the original's at large γ", "Fig. 6 and 7", data,
            below_text, from_gamma(tested["gamma"].tolist(), sunk),
        ),
    ]  # fmt: skip


def spread(row: pd.Series) -> str:
    """Write mean ± standard deviation over points."""
    return f"{row['mean']:.2f} ± {row['std']:.2f}"
