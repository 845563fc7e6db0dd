"""The paper's sentences about its scores in Tables 6 and 7, and about all tables, in their favourable reading."""

from __future__ import annotations

import pandas as pd

from analyses.paper.check import Check

TEXT = "text on Tables 4 to 7"
BASES = ("erm", "mixup")


def table_6(table: pd.DataFrame) -> list[Check]:
    """Check, for each model, which metrics some γ raises above ERM and mixup, and count the cells."""
    wide = table.pivot(index=["data", "network", "metric"], columns="method", values="value")
    zeta, best = wide.filter(like="zeta"), wide[list(BASES)].max(axis=1)
    raised, every, above = zeta.max(axis=1) > best, zeta.gt(best, axis=0).all(axis=1), zeta.gt(best, axis=0)
    checks = []
    for (data, network), group in raised.groupby(level=["data", "network"], sort=False):
        equal = [metric for _, _, metric in group.index[~group]]
        derived = "in 3 of 3 metrics" if not equal else f"not in {', '.join(equal)}"
        printed = "ζ-mixup outperforms both mixup and ERM"
        checks.append(Check("Table 6", "some γ above both", f"{data}, {network}", printed, derived, not equal))
    whole = int(above.groupby(level=["data", "network"]).all().any(axis=1).sum())
    every_cell = f"{int(raised.sum())} of {len(raised)} cells (data, network, metric)"
    sentence = "for both networks and all the 10 data sets ζ-mixup outperforms both"
    return [
        *checks,
        Check("Table 6", "cells where some γ is above both", TEXT, sentence, every_cell, bool(raised.all())),
        Check("Table 6", "models where one γ is above both in all three metrics", TEXT, "", f"{whole} of 20", None),
        Check(
            "Table 6",
            "cells where all three γ are above both",
            TEXT,
            "in most cases, using all three selected values of γ",
            f"{int(every.sum())} of {len(every)} cells",
            bool(every.mean() > 0.5),
        ),
    ]


def table_7(table: pd.DataFrame) -> list[Check]:
    """Count data sets where both metrics, or one, are above ERM and mixup."""
    wide = table.pivot(index=["data", "metric"], columns="method", values="value")
    raised = (wide["zeta-2.8"] > wide[list(BASES)].max(axis=1)).unstack()
    both = int(raised.all(axis=1).sum())
    rest = raised[~raised.all(axis=1)]
    which = "; ".join(f"{data}: {', '.join(rest.columns[rest.loc[data]])}" for data in rest.index)
    sets = f"{len(raised)} data sets in the table"
    return [
        Check("Table 7", "both metrics above ERM and mixup", TEXT, "8 out of the 10", f"{both} of 10", both == 8),
        Check(
            "Table 7",
            "the other two",
            TEXT,
            "the highest value for 1 metric out of 2 each",
            which,
            len(rest) == 2 and bool((rest.sum(axis=1) == 1).all()),
        ),
        Check("Table 7", "number of data sets", TEXT, "the 8 classification datasets", sets, len(raised) == 8),
    ]


def all_data_sets(tables: dict[int, pd.DataFrame]) -> list[Check]:
    """List the data sets where no γ is above ERM and mixup in every metric, for some network."""
    lacking = []
    for number in (4, 6, 7):
        table = tables[number]
        sign = -1 if number == 4 else 1
        wide = table.assign(value=sign * table["value"]).pivot(
            index=["data", "network", "metric"], columns="method", values="value"
        )
        short = wide.filter(like="zeta").max(axis=1) <= wide[list(BASES)].max(axis=1)
        lacking += [f"{data} {network} {metric}" for data, network, metric in wide.index[short]]
    sentence = "on 26 datasets ζ-mixup outperforms ERM and mixup for all the datasets"
    derived = f"not in: {', '.join(lacking)}" if lacking else "in all"
    return [Check("Tables 4, 6, 7", "cells where no γ is above both", TEXT, sentence, derived, not lacking)]
