"""Run the analyses, draw the figures, write the claims: `python -m figures --only "2 6"`, called by `make figures`.

Each step runs its analyses, which reuse records if nothing has changed. Then another process draws its figure while
the next analysis runs.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from loky import ProcessPoolExecutor
from tqdm import tqdm

from analyses.context import PRESETS, Context
from figures.steps import STEPS, Drawing, Step, analyse, draw, unchanged
from zeta_geom.cli.consoles import in_columns, spell_out
from zeta_geom.records import atomic_path


def chosen(only: str) -> list[Step]:
    """Return the steps that `only` names, or all steps if it is empty."""
    names = only.replace(",", " ").split()
    known = {step.key: step for step in STEPS}
    if unknown := [name for name in names if name not in known]:
        raise typer.BadParameter(f"--only takes {', '.join(known)}; got {', '.join(unknown)}.")
    return [step for step in STEPS if step.key in names or not names]


def main(
    preset: Annotated[str, typer.Option(help=", ".join(PRESETS))] = "quick",
    results: Annotated[Path, typer.Option(help="records and figures go into its folder PRESET")] = Path("results"),
    only: Annotated[
        str, typer.Option(help='figures by number, such as "2 6"; or methods, audit, study, geometry-study, claims')
    ] = "",
    offline: Annotated[bool, typer.Option(help="use embedded data only")] = False,
    images: Annotated[
        str, typer.Option(help="for figure 6: .npz with X_train, or folders of pictures, in place of its sets")
    ] = "",
    anchors: Annotated[
        int | None, typer.Option(min=2, help="for figure 6: number of random points at which to estimate")
    ] = None,
    force: Annotated[bool, typer.Option(help="compute again what is recorded")] = False,
    stale: Annotated[bool, typer.Option(help="accept records of older code")] = False,
    draw_only: Annotated[bool, typer.Option(help="run no analysis: draw from the records")] = False,
) -> None:
    """Run the analyses, draw each figure as soon as its analyses are done, and write the claims table and the times.

    An analysis without data is left out, and its figure counts as not drawn: the exit code is then 1.
    """
    if preset not in PRESETS:
        raise typer.BadParameter(f"--preset takes {', '.join(PRESETS)}; got {preset}.")
    logging.basicConfig(format="%(message)s")
    logging.getLogger("zeta_geom").setLevel(logging.INFO)
    files = tuple(Path(name) for name in images.split())
    context = Context(preset, results / preset, offline, files, anchors, force, stale)
    steps = chosen(only)
    times: list[dict[str, object]] = []
    drawings: list[Future[Drawing]] = []
    complete = True
    with other_process() as submit:
        for place, step in enumerate(steps):
            typer.echo(announcement(steps, place, preset, times))
            start, cpu, computed = time.perf_counter(), time.process_time(), len(context.computed)
            complete &= draw_only or run_analyses(step, context)
            times.append(
                {
                    "step": step.key,
                    "records": "computed" if len(context.computed) > computed else "reused",
                    "analysis_s": time.perf_counter() - start,
                    "drawing_s": 0.0,
                    "cpu_s": time.process_time() - cpu,
                }
            )
            drawings.append(show(step, context.results, submit))
        claims = import_module("analyses.claims.__main__").run(context.results)  # here: it imports everything
    for row, drawing in zip(times, drawings, strict=True):
        if isinstance(drawing.exception(), FileNotFoundError):
            complete = False
        else:
            row["drawing_s"] = drawing.result().seconds
            row["cpu_s"] += drawing.result().cpu_seconds
    finish(context, claims, pd.DataFrame(times))
    if not complete:
        raise typer.Exit(1)


@contextmanager
def other_process() -> Iterator[Callable[..., Future[Any]]]:
    """Yield a function that submits calls to another process, and wait for these calls at the end."""
    pool = ProcessPoolExecutor(1, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))
    try:
        yield pool.submit
        pool.shutdown(wait=True)
    except BaseException:
        pool.shutdown(kill_workers=True)
        raise


def announcement(steps: Sequence[Step], place: int, preset: str, times: Sequence[dict[str, object]]) -> str:
    """Return a line: which step starts, about how long it takes, and how many steps follow.

    The forecast is the known seconds of the steps, scaled by how much slower this machine was in earlier steps.
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
    """Write a time in seconds if it is below 90 seconds, else in minutes."""
    return f"{max(round(seconds), 1)} s" if seconds < 90 else f"{round(seconds / 60)} min"


def run_analyses(step: Step, context: Context) -> bool:
    """Run a step's analyses, and return whether all of them had data."""
    complete = True
    for name in step.analyses:
        try:
            analyse(name, context)
            context.mark_left_out(name, False)
        except FileNotFoundError as error:
            context.mark_left_out(name, True)
            typer.echo(f"{name} left out, its data are missing: {error}", err=True)
            complete = False
    return complete


def show(step: Step, results: Path, submit: Callable[..., Future[Drawing]]) -> Future[Drawing]:
    """Submit the drawing of a step's figure; its files are printed as soon as they exist."""
    drawing: Future[Drawing] = Future()
    try:
        done = Drawing([]) if step.figure is None else unchanged(step.figure, results)
    except FileNotFoundError as error:
        drawing.set_exception(error)
    else:
        if done is None:
            drawing = submit(draw, step.figure, results)
        else:
            drawing.set_result(done)
    drawing.add_done_callback(partial(say, step))
    return drawing


def say(step: Step, drawing: Future[Drawing]) -> None:
    """Print the files of a finished drawing, or the reason why it has none."""
    if drawing.cancelled() or not isinstance(error := drawing.exception(), FileNotFoundError | None):
        return
    if error:
        tqdm.write(f"figure {step.key} not drawn: {error}", file=sys.stderr)
    else:
        tqdm.write("\n".join(map(str, drawing.result().files)))


def finish(context: Context, claims: pd.DataFrame, times: pd.DataFrame) -> None:
    """Write times.csv, and print the number of claims per verdict and the times."""
    counts = claims["verdict"].str.split(":").str[0].str.replace(r" (from|up to) γ .*", " for some γ", regex=True)
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in counts.value_counts().items())
    typer.echo(f"{context.results / 'claims.csv'}: {len(claims)} statements tested; {verdicts}")
    with atomic_path(context.results / "times.csv") as temporary:
        times.round(2).to_csv(temporary, index=False)
    rows = [["step", "records", "analysis, s", "drawing, s", "processor, s"]]
    for row in [*times.to_dict("records"), {"step": "all", "records": "", **times.sum(numeric_only=True)}]:
        seconds = (f"{row[name]:9.1f}" for name in ("analysis_s", "drawing_s", "cpu_s"))
        rows.append([str(row["step"]), str(row["records"]), *seconds])
    typer.echo(f"\n{in_columns(rows)}\n")
    typer.echo(context.results / "times.csv")


if __name__ == "__main__":
    spell_out()
    typer.run(main)
