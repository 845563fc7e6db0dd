"""The table of a sweep, joined from the tables of its runs."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from zeta_geom.execution.ledger import Entry
from zeta_geom.sweeps.measures import UNITS
from zeta_geom.sweeps.workshop import COLUMNS, PIXELS, VALUES

ABOUT = "about"  # the entry of a manifest that holds the unit and the direction of a measure, outside its key


def joined(runs: Sequence[tuple[pd.DataFrame, Entry]]) -> pd.DataFrame:
    """Put the rows of all runs together, with the spread over seeds of the mean over points."""
    if not runs:
        return pd.DataFrame()
    table = pd.concat([table for table, _ in runs], ignore_index=True)
    table.insert(list(table.columns).index("std") + 1, "sem", table.pop("sem"))
    keys = [name for name in COLUMNS if name != "seed"]
    if "space" in table:  # of runs with and without features in one folder
        table["space"] = table["space"].fillna(PIXELS)
        table.insert(list(table.columns).index("seed") + 1, "space", table.pop("space"))
        keys.append("space")
    axes = [str(name) for name in table if name not in (*COLUMNS, *VALUES)]  # parameters that some mixers have
    for place, name in enumerate(axes):
        kinds = {type(value) if isinstance(value, (str, bool)) else float for value in table[name].dropna()}
        if len(kinds) > 1:  # such as numbers of one mixer and texts of another; a file takes one kind
            table[name] = table[name].map(str, na_action="ignore")
        table.insert(list(table.columns).index("seed") + 1 + place, name, table.pop(name))
    setting = table.groupby([*keys, *axes], dropna=False)
    table.insert(list(table.columns).index("std") + 1, "seed_std", setting["mean"].transform("std"))
    return _with_units(table, runs)


def _with_units(table: pd.DataFrame, runs: Sequence[tuple[pd.DataFrame, Entry]]) -> pd.DataFrame:
    """Add unit and direction of each row, if a measure is not one that every sweep has."""
    about = [entry.manifest.get(ABOUT) for _, entry in runs]
    if not any(about):
        return table
    units: list[tuple[str, str]] = []
    for (rows, _), text in zip(runs, about):
        known = [(text["unit"], text["better"])] * len(rows) if text else [UNITS[name] for name in rows["measure"]]
        units += known
    return table.assign(unit=[unit for unit, _ in units], better=[better for _, better in units])
