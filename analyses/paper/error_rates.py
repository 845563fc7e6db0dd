"""The paper's sentences about its error rates, Tables 4, 5 and 8, counted in the tables."""

from __future__ import annotations

import pandas as pd

from analyses.claims.verdicts import sign_below
from analyses.paper.check import Check
from analyses.paper.feasibility import interval
from analyses.paper.scores import BASES, TEXT

BASELINE = {4: "mixup", 5: "cutmix"}


def improvements(tables: dict[int, pd.DataFrame]) -> list[Check]:
    """Compare printed relative improvements with the range that means can give which round to the printed ones."""
    checks = []
    for number, baseline in BASELINE.items():
        table = tables[number]
        base = table[table["method"] == baseline].set_index(["data", "network"])
        for row in table[table["printed_improvement"] != ""].itertuples():
            other = base.loc[(row.data, row.network)]
            (low, high), (base_low, base_high) = interval(row.printed, "%"), interval(other["printed"], "%")
            least, most = 1 - high / base_low, 1 - low / base_high
            printed_low, printed_high = interval(row.printed_improvement, "%")
            checks.append(
                Check(
                    f"Table {number}",
                    f"relative improvement over {baseline}",
                    f"{row.data}, {row.network}, {row.method}",
                    f"{row.printed_improvement} ({row.printed} against {other['printed']})",
                    f"{1 - row.value / other['value']:+.2%} (from {least:.2%} to {most:.2%})",
                    bool(printed_low <= most and least <= printed_high),
                )
            )
    return checks


def table_4(table: pd.DataFrame) -> list[Check]:
    """Count the models that are below ERM and mixup."""
    wide = table.pivot(index="data", columns="method", values="value")
    zeta = wide.filter(like="zeta").stack()
    best = wide[["erm", "mixup"]].min(axis=1).reindex(zeta.index.get_level_values(0)).to_numpy()
    ties = [f"{data} {method}" for data, method in zeta.index[zeta == best]]
    count = int((zeta < best).sum())
    derived = f"{count} of {len(zeta)} below both; equal to the better: {', '.join(ties)}"
    printed = "17 of the 18 models outperform ERM and mixup; the exception is as accurate as mixup"
    runs = table.set_index(["data", "method"])
    clear = sum(
        all(
            sign_below(row["value"], row["std"], 3, *runs.loc[(data, other), ["value", "std"]], 3) > 0
            for other in BASES
        )
        for (data, method), row in runs.iterrows()
        if method.startswith("zeta")
    )
    return [
        Check("Table 4", "models better than ERM and mixup", TEXT, printed, derived, (count, len(ties)) == (17, 1)),
        Check("Table 4", "better than both by over two standard errors", "3 runs each", "", f"{clear} of 18", None),
    ]


def table_8(tables: dict[int, pd.DataFrame]) -> list[Check]:
    """Compare the cells that Table 8 shares with Table 4, and its first two rows with each other."""
    four = tables[4].query("data == 'cifar-100'").set_index("method")
    eight = tables[8].set_index("method")
    checks = [
        Check(
            "Table 8",
            "the same model in Table 4",
            f"cifar-100, {method}",
            eight.loc[method, "printed"],
            four.loc[method, "printed"],
            bool(eight.loc[method, "printed"] == four.loc[method, "printed"]),
        )
        for method in ("mixup", "zeta-2.8")
    ]
    gap = eight.loc["mixup", "value"] - eight.loc["p-series-pairs", "value"]
    error = float(sum(eight.loc[method, "std"] ** 2 / 3 for method in ("mixup", "p-series-pairs")) ** 0.5)
    derived = f"lower by {gap:.2%}, standard error {error:.2%} if over 3 runs"
    sentence = "p-series weights for pairs result in an improved performance over mixup"
    what = "second row against the first"
    return [*checks, Check("Table 8", what, "text on Table 8", sentence, derived, bool(gap > 0))]
