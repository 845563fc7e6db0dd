"""`python -m figures`: which steps run, what is drawn again, what is said where one cannot, and the times."""

import json
from concurrent.futures import Future
from contextlib import contextmanager
from types import SimpleNamespace

import pandas as pd
import pytest
import typer

from analyses.context import Context
from figures import __main__ as figures
from figures import steps
from figures.docs import pictures as docs_pictures
from figures.steps import STEPS
from zeta_geom import records


@contextmanager
def this_process():
    """Stand in for the other process, which would not see what a test has replaced."""

    def submit(call, *arguments):
        future = Future()
        try:
            future.set_result(call(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    yield submit


@pytest.fixture
def modules(monkeypatch):
    """Replace analyses and figures by short ones, and return what was called."""
    called = []

    def load(name):
        if name == "analyses.claims.__main__":
            return SimpleNamespace(run=lambda results: pd.DataFrame({"verdict": ["holds", "holds"]}))

        def run(context):
            if name == "analyses.figure_6":
                raise FileNotFoundError("no such data")
            context.record(f"{name.partition('.')[2]}/table", lambda: pd.DataFrame({"x": [1]}), settings={})
            called.append(name)

        def draw(results):
            called.append(name)
            path = results / "figures" / f"{name.partition('.')[2]}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"picture")
            return [path]

        return SimpleNamespace(run=run, draw=draw)

    monkeypatch.setattr(figures, "import_module", load)
    monkeypatch.setattr(steps, "import_module", load)
    monkeypatch.setattr(figures, "other_process", this_process)
    return called


def test_only_names_steps():
    assert [step.key for step in figures.chosen("6, 2")] == ["2", "6"]
    assert figures.chosen("") == list(STEPS)
    with pytest.raises(typer.BadParameter, match=r"--only takes 2, 7, 6, 6-estimators, 3, .*; got 1"):
        figures.chosen("2 1")


def test_an_unknown_preset_is_refused_with_the_three_names(tmp_path):
    with pytest.raises(typer.BadParameter, match="--preset takes quick, full, paper; got slow"):
        figures.main(preset="slow", results=tmp_path)


def test_a_figure_is_drawn_and_named_before_the_next_analysis(tmp_path, modules, capsys):
    figures.main(results=tmp_path, only="2 7")
    assert modules == ["analyses.figure_2", "figures.figure_2", "analyses.figure_7", "figures.figure_7"]
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert lines[0].startswith("[1/2] figure 2: ")
    assert lines[1] == str(tmp_path / "quick" / "figures" / "figure_2.png")
    assert lines[2].startswith("[2/2] figure 7: ")
    assert "2 statements tested; 2 holds" in lines[4]


def test_the_times_of_the_steps_are_kept(tmp_path, modules):
    figures.main(results=tmp_path, only="2 7")
    times = pd.read_csv(tmp_path / "quick" / "times.csv")
    assert times["step"].tolist() == [2, 7]
    assert times["records"].tolist() == ["computed", "computed"]
    assert (times[["analysis_s", "drawing_s", "cpu_s"]] >= 0).all(axis=None)


def test_nothing_is_drawn_again_unless_records_or_files_changed(tmp_path, modules):
    figures.main(results=tmp_path, only="2")
    modules.clear()
    figures.main(results=tmp_path, only="2")
    assert modules == ["analyses.figure_2"]
    (tmp_path / "quick" / "figures" / "figure_2.png").unlink()
    figures.main(results=tmp_path, only="2")
    assert modules.count("figures.figure_2") == 1
    record = records.read(tmp_path / "quick" / "records" / "figure_2" / "table")
    record.manifest["settings"] = {"seed": 1}
    records.write(record, tmp_path / "quick" / "records" / "figure_2" / "table")
    figures.main(results=tmp_path, only="2", draw_only=True)
    assert modules.count("figures.figure_2") == 2


def test_each_preset_has_its_folder(tmp_path, modules):
    for preset in ("quick", "full"):
        figures.main(preset=preset, results=tmp_path, only="2")
    assert modules.count("figures.figure_2") == 2
    figures.main(preset="quick", results=tmp_path, only="2")  # going back costs nothing
    assert modules.count("figures.figure_2") == 2
    assert {path.name for path in tmp_path.iterdir()} == {"quick", "full"}


def test_absent_data_leave_out_one_figure_alone_and_fail_at_the_end(tmp_path, modules, capsys):
    with pytest.raises(typer.Exit) as stopped:
        figures.main(results=tmp_path, only="6 3")
    assert stopped.value.exit_code == 1
    assert modules == ["analyses.figure_3", "figures.figure_3"]
    said = capsys.readouterr().err
    assert "figure_6 left out, its data are missing: no such data" in said
    assert "figure 6 not drawn: its analysis found no data" in said


def test_a_figure_without_records_is_not_drawn_and_another_process_says_so(tmp_path, capfd):
    with pytest.raises(typer.Exit):
        figures.main(results=tmp_path, only="7", draw_only=True)
    assert "figure 7 not drawn: there is no whole record" in capfd.readouterr().err


def test_a_figure_whose_data_are_gone_is_not_drawn_from_old_records(tmp_path, capsys):
    Context(results=tmp_path / "quick").mark_left_out("figure_7", True)
    with pytest.raises(typer.Exit):
        figures.main(results=tmp_path, only="7", draw_only=True)
    assert "figure 7 not drawn: its analysis found no data" in capsys.readouterr().err


def test_the_forecast_follows_the_pace_of_the_steps_that_computed():
    first = {"records": "computed", "analysis_s": 3 * STEPS[0].seconds["quick"], "drawing_s": 0.0}
    rest = sum(step.seconds["quick"] for step in STEPS[2:])
    said = figures.announcement(STEPS, 1, "quick", [first])
    assert f"about {figures.span(3 * STEPS[1].seconds['quick'])}; {len(STEPS) - 2} more after it" in said
    assert said.endswith(f"about {figures.span(3 * rest)}")
    reused = first | {"records": "reused"}
    assert f"about {figures.span(STEPS[1].seconds['quick'])};" in figures.announcement(STEPS, 1, "quick", [reused])
    assert "about" not in figures.announcement(STEPS, 1, "paper", [])


def test_docs_pictures_copies_all_or_nothing(tmp_path, capsys):
    results, docs = tmp_path / "full", tmp_path / "docs"
    (results / "figures").mkdir(parents=True)
    for source in docs_pictures.PICTURES.values():
        (results / "figures" / source).write_bytes(source.encode())
    (results / "claims.csv").write_text("statement\n")
    Context(results=results).mark_left_out("figure_8", True)
    with pytest.raises(typer.Exit):
        docs_pictures.main(results, docs)
    assert "Missing: data of figure_8" in capsys.readouterr().err
    assert not docs.exists()
    Context(results=results).mark_left_out("figure_8", False)
    docs_pictures.main(results, docs)
    assert (docs / "img" / "figure_8.png").read_bytes() == b"figure_8-mnist.png"
    assert (docs / "claims.csv").read_text() == "statement\n"


def test_the_pictures_of_the_docs_are_those_that_are_shipped():
    shipped = {path.name for path in (docs_pictures.Path("docs") / "img").glob("*.png")}
    assert shipped == {*docs_pictures.PICTURES, "local_dimension_cost.png", "figure_6_cifar10.png"}


def test_a_damaged_note_of_what_was_drawn_is_made_anew(tmp_path, modules):
    figures.main(results=tmp_path, only="2")
    note = tmp_path / "quick" / "figures" / "drawn" / "figure_2.json"
    assert json.loads(note.read_text())["files"] == ["figure_2.png"]
    note.write_text("{")
    figures.main(results=tmp_path, only="2")
    assert modules.count("figures.figure_2") == 2
    assert json.loads(note.read_text())["files"] == ["figure_2.png"]
