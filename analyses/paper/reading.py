"""Open the transcribed tables, and refuse malformed ones."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analyses.paper.feasibility import interval

FOLDER = Path(__file__).parent
TABLES = (4, 5, 6, 7, 8, 9)
KEY = ["data", "network", "method", "metric"]
_SHARED = ["table", "data", "n_images", "network", "method", "metric", "unit", "printed", "value", "std", "n_runs"]
COLUMNS = {
    number: {*_SHARED, "source", "n_classes", "gamma", "printed_improvement"} for number in (4, 5, 6, 7, 8)
} | {9: {*_SHARED, "source", "resolution", "epochs", "not_given"}}
NUMBERS = ["table", "n_images", "n_classes", "epochs", "value", "std", "n_runs"]
UNITS = ("%", "1", "s")


def read_table(number: int, folder: Path = FOLDER) -> pd.DataFrame:
    """Return a table of the paper, one row per printed number: text, "" if empty, but numbers in NUMBERS.

    Raises
    ------
    ValueError
        If the paper has no such table here, or the file is not one: columns, units, doubled cells, or a value that is
        not what `printed` says.
    """
    if number not in TABLES:
        raise ValueError(f"number must be one of {', '.join(map(str, TABLES))}; got {number!r}.")
    path = folder / f"table_{number}.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    lacking, unknown = COLUMNS[number] - set(table), set(table) - COLUMNS[number]
    if lacking or unknown:
        raise ValueError(
            f"{path}: columns lacking {sorted(lacking)}, unknown {sorted(unknown)}; correct its first line."
        )
    for name in set(NUMBERS) & set(table):
        try:
            table[name] = pd.to_numeric(table[name])
        except ValueError as error:
            raise ValueError(f"{path}: column {name!r} must hold numbers or empty cells ({error}).") from error
    _check(table, number, path)
    return table


def _check(table: pd.DataFrame, number: int, path: Path) -> None:
    if table.empty or not table["table"].eq(number).all():
        raise ValueError(f"{path}: column 'table' must hold {number} in every row, and there must be a row.")
    doubled = table[table.duplicated(KEY)]
    if len(doubled):
        raise ValueError(
            f"{path}: each of {', '.join(KEY)} may occur once; repeated: {doubled[KEY].values.tolist()}."
        )
    if not table["unit"].isin(UNITS).all():
        raise ValueError(f"{path}: unit must be one of {', '.join(UNITS)}; got {sorted(set(table['unit']))}.")
    for row in table[table["unit"] != "s"].itertuples():
        low, high = interval(row.printed, row.unit)
        if not low <= row.value <= high:
            raise ValueError(f"{path}: line {row.Index + 2}: value {row.value} is not {row.printed!r} as a fraction.")
