"""The paper's Tables 4 to 8, our runs beside the printed figures: `python -m analyses.paper.our_tables --runs runs`.

A cell is filled by runs of the recipe "table-<number>/<data>/<network>/<method>" alone, and of these by runs on the
whole training set for the paper's number of epochs. Table 8 takes the models that it shares with Table 4 from there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from analyses.paper.partitions import PARTITIONS
from analyses.paper.reading import KEY, read_table
from analyses.paper.runs import load_runs
from zeta_geom.cli.consoles import in_columns, spell_out
from zeta_geom.records import atomic_path

NUMBERS = (4, 5, 6, 7, 8)
SHARED = {8: 4}  # a table, and the one whose models it prints again
MISSING = "missing"


def fill(number: int, runs: pd.DataFrame) -> pd.DataFrame:
    """Return one row a cell of a table: ours (mean, std over runs with n - 1, n), the paper's, their difference."""
    paper = read_table(number)
    rows = [cell | ours(number, cell, runs) for cell in paper.to_dict("records")]
    kept = [*KEY, "unit", "ours_mean", "ours_std", "ours_n", "left_out", "printed", "value", "std"]
    table = pd.DataFrame(rows)[kept].rename(columns={"printed": "paper", "value": "paper_mean", "std": "paper_std"})
    table["difference"] = table["ours_mean"] - table["paper_mean"]
    table["status"] = table["ours_n"].gt(0).map({True: "measured", False: MISSING})
    return table


def ours(number: int, cell: dict[str, Any], runs: pd.DataFrame) -> dict[str, Any]:
    """Return mean, standard deviation and number of the runs that a cell takes, and of those that it leaves out."""
    left_out = 0
    for table in filter(None, (number, SHARED.get(number))):
        recipe = f"table-{table}/{cell['data']}/{cell['network']}/{cell['method']}"
        named = runs[runs["recipe"] == recipe]
        known = PARTITIONS[cell["data"]]
        whole = named["n_train"].ge(known.train) & named["epochs"].eq(known.epochs)
        left_out += int(named.loc[~whole, "seed"].nunique())
        values = scores(named[whole], cell["metric"])
        if len(values):
            break
    return {"ours_mean": values.mean(), "ours_std": values.std(), "ours_n": len(values), "left_out": left_out}


def scores(runs: pd.DataFrame, metric: str) -> pd.Series:
    """Return a run's metric, seed by seed; an error rate that was not recorded is one minus the accuracy."""
    values = runs.loc[runs["metric"] == metric, "value"]
    if metric == "error" and values.empty:
        return 1 - runs.loc[runs["metric"] == "accuracy", "value"]
    return values


def written(row: Any) -> tuple[str, str]:
    """Return "mean ± std (n)" and the difference as text, with as many decimals as the paper's figure."""
    if row.status == MISSING:
        return MISSING + (f" ({row.left_out} left out)" if row.left_out else ""), ""
    scale, decimals = (100 if row.unit == "%" else 1), len(row.paper.split("±")[0].strip(" %").split(".")[1])
    spread = f" ± {row.ours_std * scale:.{decimals}f}" if row.ours_n > 1 else ""
    return f"{row.ours_mean * scale:.{decimals}f}{spread} ({row.ours_n})", f"{row.difference * scale:+.{decimals}f}"


def show(number: int, table: pd.DataFrame) -> None:
    """Print a table's cells, or one line if all of them are missing."""
    if (table["status"] == MISSING).all() and not table["left_out"].any():
        typer.echo(f"Table {number}: all {len(table)} cells missing")
        return
    rows = [[*KEY, "ours", "paper", "difference"]]
    for row in table.itertuples(index=False):
        mine, difference = written(row)
        rows.append([*(getattr(row, name) for name in KEY), mine, row.paper, difference])
    typer.echo(f"\nTable {number}\n{in_columns(rows)}\n")
    if table["left_out"].any():
        typer.echo("left out: runs on fewer training images, or for other epochs, than the paper's")


def run(runs: Path, results: Path) -> dict[int, pd.DataFrame]:
    """Write results/tables/table_<number>.csv for each table, and return them."""
    loaded = load_runs(runs)
    filled = {number: fill(number, loaded) for number in NUMBERS}
    for number, table in filled.items():
        with atomic_path(results / "tables" / f"table_{number}.csv") as temporary:
            table.to_csv(temporary, index=False)
    return filled


def main(
    runs: Annotated[Path, typer.Option(help="where the runs' records are")] = Path("runs"),
    results: Annotated[Path, typer.Option(help="where the tables go")] = Path("results"),
) -> None:
    """Write and print Tables 4 to 8 from whatever runs there are."""
    filled = run(runs, results)
    for number, table in filled.items():
        show(number, table)
    if not runs.is_dir():
        typer.echo(f"no folder {runs}: every cell is missing", err=True)
    typer.echo(results / "tables")


if __name__ == "__main__":
    spell_out()
    typer.run(main)
