"""The command of the study: which cells it trains and measures, and when it writes results."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from analyses.geometry_and_accuracy import __main__ as command
from analyses.geometry_and_accuracy import settings
from tests.analyses.geometry_and_accuracy.study_cases import made_up


@pytest.fixture
def steps(monkeypatch, tmp_path):
    """Return the list of steps that the command takes; only the first cell's trainings end in time."""
    taken = []

    def train(cell, *args, **options):
        taken.append(f"train {cell.name}")
        return cell == settings.CELLS[0]

    monkeypatch.setattr(command, "TABLES", tmp_path)
    monkeypatch.setattr(command, "SHIPPED", tmp_path / "accuracy.csv")
    monkeypatch.setattr(command, "SHIPPED_MODEL", tmp_path / "expected_rank.json")
    monkeypatch.setattr(command, "train_missing", train)
    monkeypatch.setattr(
        command, "measure_missing", lambda cell, *args, **options: taken.append(f"measure {cell.name}")
    )
    return taken


def call(*options):
    app = command.typer.Typer()
    app.command()(command.main)
    return CliRunner().invoke(app, options)


def test_a_cell_is_measured_when_its_trainings_are_finished(steps, tmp_path):
    said = call("--cifar", str(tmp_path / "absent")).output
    trained = [cell.name for cell in settings.CELLS if cell.data != settings.CIFAR]
    assert steps == [f"train {trained[0]}", f"measure {trained[0]}", *(f"train {name}" for name in trained[1:])]
    assert said.count("left out, there is no folder") == 2
    assert "no cell is finished yet" in said
    assert not list(tmp_path.glob("*.csv"))


def test_results_are_written_from_finished_cells(steps, tmp_path):
    for name, table in zip((command.RUNS, command.MEASURES), made_up(settings.CELLS[:1]), strict=True):
        table.assign(n=2000, question="").to_parquet(tmp_path / name)
    result = call("--cifar", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert sum(step.startswith("train") for step in steps) == len(settings.CELLS)
    assert {path.stem for path in tmp_path.glob("*.csv")} == {
        "correlations",
        "cells",
        "ranking",
        "points",
        "accuracy",
    }
    assert (pd.read_csv(tmp_path / "accuracy.csv")["cells"] == "Fashion-MNIST (2,000 images, LeNet-5)").all()
