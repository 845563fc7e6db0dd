"""Write and print the claims table: `python -m analyses.claims`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from analyses.claims.geometry import dimensions, theorems
from analyses.claims.images import features, realism
from analyses.claims.methods import methods
from analyses.claims.points import diversity, manifold_points
from analyses.claims.speed import speed, training_steps
from analyses.claims.training import lower_dimension, paper_tables, training
from analyses.claims.verdicts import Claim
from analyses.context import left_out_analyses
from zeta_geom.cli.consoles import spell_out
from zeta_geom.records import atomic_path

analyses = (
    "theorems",
    "figure_2",
    "figure_3",
    "diversity",
    "figure_6",
    "figure_6_estimators",
    "figure_8",
    "methods",
    "mixing_speed",
    "paper_tables",
)
GROUPS = (
    theorems,
    manifold_points,
    realism,
    diversity,
    dimensions,
    features,
    methods,
    speed,
    training_steps,
    training,
    lower_dimension,
    paper_tables,
)


def run(results: Path) -> pd.DataFrame:
    """Collect every claim whose records are there, write results/claims.csv, and return the table."""
    table = pd.DataFrame([claim for group in GROUPS for claim in group(results)], columns=Claim._fields)
    with atomic_path(results / "claims.csv") as temporary:
        table.to_csv(temporary, index=False)
    return table


def main(results: Annotated[Path, typer.Option(help="where the records are")] = Path("results/quick")) -> None:
    """Write and print the claims table."""
    claims = run(results)
    for claim in claims.itertuples(index=False):
        typer.echo(f"{claim.statement}\n    {claim.where}, {claim.data}: {claim.verdict}\n    {claim.measured}")
    for analysis in analyses:
        if not (results / "records" / analysis).is_dir() or analysis in left_out_analyses(results):
            typer.echo(f"not measured: {analysis}", err=True)
    typer.echo(results / "claims.csv")


if __name__ == "__main__":
    spell_out()
    typer.run(main)
