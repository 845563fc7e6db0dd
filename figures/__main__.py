"""Measure, draw and say what holds: `python -m figures --only "2 6"`, which is what `make figures` calls.

Each step runs its analyses, whose records are reused where nothing has changed, and then draws its figure.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import matplotlib as mpl
import pandas as pd
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from analyses.claims.__main__ import run as write_claims
from analyses.context import PRESETS, Context
from figures.drawing import draw
from figures.steps import STEPS, Step
from zeta_geom.records import atomic_path


def chosen(only: str) -> list[Step]:
    """Return the steps that `only` names, all where it is empty."""
    names = only.replace(",", " ").split()
    known = {step.key: step for step in STEPS}
    if unknown := [name for name in names if name not in known]:
        raise typer.BadParameter(f"--only takes {', '.join(known)}; got {', '.join(unknown)}.")
    return [step for step in STEPS if step.key in names or not names]


def main(
    preset: Annotated[str, typer.Option(help=", ".join(PRESETS))] = "quick",
    results: Annotated[Path, typer.Option(help="records and figures go into its folder PRESET")] = Path("results"),
    only: Annotated[
        str, typer.Option(help='figures by number, such as "2 6"; or methods, audit, study, claims')
    ] = "",
    offline: Annotated[bool, typer.Option(help="use embedded data alone")] = False,
    images: Annotated[str, typer.Option(help="files with X_train, .npz, for figure 6 in place of its sets")] = "",
    force: Annotated[bool, typer.Option(help="compute again what is recorded")] = False,
    stale: Annotated[bool, typer.Option(help="accept records of older code")] = False,
    draw_only: Annotated[bool, typer.Option(help="run no analysis: draw from the records")] = False,
) -> None:
    """Run the analyses, draw each figure as soon as its own are done, and write the claims table and the times.

    An analysis whose data cannot be had is left out, and its figure counts as not drawn: the exit code is then 1.
    """
    if preset not in PRESETS:
        raise typer.BadParameter(f"--preset takes {', '.join(PRESETS)}; got {preset}.")
    mpl.use("agg")
    logging.basicConfig(format="%(message)s")
    logging.getLogger("zeta_geom").setLevel(logging.INFO)
    files = tuple(Path(name) for name in images.split())
    context = Context(preset, results / preset, offline=offline, images=files, force=force, stale=stale)
    steps = chosen(only)
    times: list[dict[str, object]] = []
    complete = True
    for place, step in enumerate(steps):
        typer.echo(announcement(steps, place, preset, times))
        start, cpu, computed = time.perf_counter(), time.process_time(), len(context.computed)
        analysed = draw_only or analyse(step, context)
        between = time.perf_counter()
        complete &= show(step, context.results) and analysed
        times.append(
            {
                "step": step.key,
                "records": "computed" if len(context.computed) > computed else "reused",
                "analysis_s": between - start,
                "drawing_s": time.perf_counter() - between,
                "cpu_s": time.process_time() - cpu,
            }
        )
    finish(context, pd.DataFrame(times))
    if not complete:
        raise typer.Exit(1)


def announcement(steps: Sequence[Step], place: int, preset: str, times: Sequence[dict[str, object]]) -> str:
    """Say which step starts, about how long it takes, and what comes after it.

    The forecast is the steps' known seconds, times how much slower this machine was in the steps that computed.
    """
    done = [(row, step) for row, step in zip(times, steps, strict=False) if row["records"] == "computed"]
    known = sum(step.seconds[preset] for _, step in done if preset in step.seconds)
    spent = sum(float(str(row["analysis_s"])) + float(str(row["drawing_s"])) for row, _ in done)
    pace = spent / known if known else 1.0
    step, rest = steps[place], steps[place + 1 :]
    name = f"figure {step.key}" if step.key.isdigit() else step.key
    text = f"[{place + 1}/{len(steps)}] {name}: {step.question} …"
    if preset not in step.seconds:
        return text
    after = f"; {len(rest)} more after it, about {span(pace * sum(s.seconds[preset] for s in rest))}" if rest else ""
    return f"{text} about {span(pace * step.seconds[preset])}{after}"


def span(seconds: float) -> str:
    """Write seconds for a reader: to a second below a minute and a half, else to a minute."""
    return f"{max(round(seconds), 1)} s" if seconds < 90 else f"{round(seconds / 60)} min"


def analyse(step: Step, context: Context) -> bool:
    """Run a step's analyses, and say whether all of them had data."""
    complete = True
    for name in step.analyses:
        try:
            import_module(f"analyses.{name}").run(context)
            context.mark_left_out(name, False)
        except FileNotFoundError as error:
            context.mark_left_out(name, True)
            typer.echo(f"{name} left out, for want of data: {error}", err=True)
            complete = False
    return complete


def show(step: Step, results: Path) -> bool:
    """Draw a step's figure, print its files, and say whether it was drawn."""
    if step.figure is None:
        return True
    try:
        written = draw(step.figure, results)
    except FileNotFoundError as error:
        typer.echo(f"figure {step.key} not drawn: {error}", err=True)
        return False
    for path in written:
        typer.echo(path)
    return True


def finish(context: Context, times: pd.DataFrame) -> None:
    """Write the claims table and times.csv, and print the verdicts' numbers and the times."""
    claims = write_claims(context.results)
    counts = claims["verdict"].str.split(":").str[0].str.replace(r" (from|up to) γ .*", " for some γ", regex=True)
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in counts.value_counts().items())
    typer.echo(f"{context.results / 'claims.csv'}: {len(claims)} statements tested; {verdicts}")
    with atomic_path(context.results / "times.csv") as temporary:
        times.round(2).to_csv(temporary, index=False)
    shown = Table(box=box.SIMPLE)
    for name, heading in (("step", "step"), ("records", "records"), ("analysis_s", "analysis, s"),
                          ("drawing_s", "drawing, s"), ("cpu_s", "processor, s")):  # fmt: skip
        shown.add_column(heading, justify="left" if name in ("step", "records") else "right")
    for row in [*times.to_dict("records"), {"step": "all", "records": "", **times.sum(numeric_only=True)}]:
        shown.add_row(*(f"{value:.1f}" if isinstance(value, float) else str(value) for value in row.values()))
    Console().print(shown)
    typer.echo(context.results / "times.csv")


if __name__ == "__main__":
    typer.run(main)
