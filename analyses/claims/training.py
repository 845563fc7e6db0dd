"""Claims about classifiers, from the study on two cores that docs/cpu_study holds, and the paper against itself."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from scipy import stats

from analyses.claims.methods import above
from analyses.claims.verdicts import FAILS, HOLDS, OPEN, Claim, table, yes_no
from analyses.geometry_and_accuracy.summary import SUPPORTED
from analyses.study.tables import MAKES_TABLES, SEARCH, STUDY, read_table
from zeta_geom.mixers import gamma_min

FOLDER, GEOMETRY = Path("docs/cpu_study"), Path("docs/geometry_study")
ALMOST_ALL = 0.9  # of the values of γ
LEVEL = 0.05
TEXT = "Evaluation on downstream task"
CLAIMS = [  # statement, where, the method that is above in accuracy, those that it is above
    *((f"classifier's accuracy: ζ (γ = {gamma}) above ERM and mixup", f"{TEXT}, Table 4", f"zeta-{gamma}",
       ("erm", "mixup")) for gamma in (2.4, 2.8, 4.0)),
    ("classifier's accuracy: CutMix + ζ above CutMix", f"{TEXT}, Table 5", "cutmix-zeta", ("cutmix",)),
    ("classifier's accuracy: p-series pairs above mixup", "Table 8", "p-series-pairs", ("mixup",)),
    ("classifier's accuracy: ζ above p-series pairs", "Table 8", "zeta-2.8", ("p-series-pairs",)),
    ("classifier's accuracy: Dirichlet far below: mixup above it", "Table 8", "mixup", ("dirichlet",)),
    ("classifier's accuracy: ζ above manifold mixup (here at equal epochs)", "Fig. 9", "zeta-2.8",
     ("manifold-mixup",)),
]  # fmt: skip


def training(results: Path, folder: Path = FOLDER) -> list[Claim]:
    """Return the claims that the study can test, on the same seeds for all methods; none without the study."""
    if not (folder / "runs.csv").is_file():
        return []
    runs = read_table(folder / "runs.csv", STUDY, MAKES_TABLES)
    errors = runs[runs["metric"] == "error"]
    claims = []
    for statement, where, method, others in CLAIMS:
        for study, part in errors.groupby("study", sort=False):
            accuracies = 100 * (1 - part.set_index(["method", "seed"])["value"])
            if {method, *others} <= set(part["method"]):
                claims.append(above(statement, where, f"{study} images, accuracy in %", accuracies, method, others))
    claims.append(almost_all_gammas(errors[errors["study"] == "fashion-mnist-1000/lenet"]))
    if (folder / "search.csv").is_file():
        claims += searched(read_table(folder / "search.csv", SEARCH, MAKES_TABLES))
    return claims


def almost_all_gammas(errors: pd.DataFrame) -> Claim:
    """Return the claim that ζ's mean error is at most mixup's for almost all γ."""
    means = errors.groupby("method")["value"].mean()
    gammas = {float(name.removeprefix("zeta-")): mean for name, mean in means.items() if name.startswith("zeta-")}
    lower = sorted(gamma for gamma, mean in gammas.items() if mean <= means["mixup"])
    listed = f" (γ = {', '.join(f'{gamma:g}' for gamma in lower)})" if lower else ""
    seeds = errors["seed"].nunique()
    text = f"mixup {means['mixup']:.2%}, ERM {means['erm']:.2%}; "
    text += f"at or below mixup: {len(lower)} of {len(gammas)}{listed}"
    verdict = yes_no(len(lower) >= ALMOST_ALL * len(gammas))
    statement = "for almost all γ of 1.8, 2.0, …, 5.0: ζ's error at most mixup's"
    return Claim(statement, "Fig. 10a", f"fashion-mnist-1000/lenet images, {seeds} seeds", text, verdict)


def searched(models: pd.DataFrame) -> list[Claim]:
    """Return the claims that, from γ_min on, accuracy falls with γ and rises with weight decay."""
    models = models[models["gamma"] >= gamma_min()]
    claims = []
    for name, statement, falls in (
        ("gamma", "from γ_min on, accuracy falls with γ", True),
        ("weight_decay", "accuracy rises with weight decay", False),
    ):
        correlation = stats.spearmanr(models[name], 1 - models["value"])
        expected = correlation.statistic < 0 if falls else correlation.statistic > 0
        verdict = "not shown: no correlation" if correlation.pvalue >= LEVEL else HOLDS if expected else FAILS
        text = f"rank correlation {correlation.statistic:+.2f}, p = {correlation.pvalue:.2g}"
        data = f"search with {len(models)} models, fashion-mnist-1000/lenet"
        claims.append(Claim(f"{statement}, in the search", "Fig. 10c", data, text, verdict))
    return claims


def lower_dimension(results: Path, folder: Path = GEOMETRY) -> list[Claim]:
    """Return the claim that a lower local dimension goes with a higher accuracy; none without the study's tables."""
    if not (folder / "correlations.csv").is_file():
        return []
    rows = pd.read_csv(folder / "correlations.csv").set_index(["space", "measure"])
    row = rows.loc[("pixels", "dimension-k128")]
    if not row["cells"]:
        return []
    shown = row["p_holm"] < LEVEL
    verdict = HOLDS if row["verdict"] == SUPPORTED else FAILS if shown and row["rho"] > 0 else OPEN
    verdict += f": {row['verdict']}" if shown and verdict == OPEN else ""
    text = f"rank correlation of the dimension and the gain {row['rho']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]"
    text += f", p = {row['p_holm']:.2g} after Holm's correction"
    cells = pd.read_csv(folder / "cells.csv").drop_duplicates(["data", "n_train", "network"])
    names = ", ".join(f"{cell.data}-{cell.n_train}/{cell.network}" for cell in cells.itertuples())
    statement = "a lower local dimension (k = 128, pixels) goes with a higher accuracy, across augmentations"
    return [Claim(statement, "Introduction, on [45]", f"{names} images", text, verdict)]


def paper_tables(results: Path) -> list[Claim]:
    """Return a claim per table or figure of the paper: its numbers agree with each other and with the text."""
    checks = table(results, "paper_tables/checks")
    claims = []
    for where, part in () if checks is None else checks.dropna(subset="agrees").groupby("table", sort=False):
        against = part[~part["agrees"].astype(bool)]
        details = "; ".join(f"{row.where}: {row.printed}, but {row.derived}" for row in against.itertuples())
        text = f"{len(part) - len(against)} of {len(part)} checks agree" + (f". Not: {details}" if details else "")
        statement = "printed figures agree with each other, with the text and with the test sets"
        claims.append(Claim(statement, where, "the paper", text, yes_no(against.empty)))
    return claims
