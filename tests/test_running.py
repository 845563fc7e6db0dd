"""`python -m analyses` and `python -m figures`: which parts run, and what is said where one cannot."""

from types import SimpleNamespace

import pytest
import typer

from analyses import __main__ as analyses
from analyses.context import Context
from figures import __main__ as figures


def test_only_names_analyses():
    assert analyses.chosen("2, 6") == ["2", "6"]
    assert analyses.chosen("") == list(analyses.ANALYSES)


@pytest.mark.parametrize("main", [analyses.main, figures.main])
def test_an_unknown_name_is_refused(main, tmp_path):
    with pytest.raises(typer.BadParameter, match=r"--only takes 2, 3, 4, 5, 6, 7, 8, 9, 10.*; got 1"):
        main(results=tmp_path, only="2 1")


def test_an_unknown_preset_is_refused():
    with pytest.raises(typer.BadParameter, match="quick or paper; got slow"):
        analyses.main(preset="slow")


def test_absent_data_leave_out_one_analysis_alone(tmp_path, monkeypatch, capsys):
    ran = []

    def imported(name):
        def run(context):
            if name == "analyses.figure_6":
                raise FileNotFoundError("no such data")
            ran.append((name, context.results))

        return SimpleNamespace(run=run)

    monkeypatch.setattr(analyses, "import_module", imported)
    analyses.main(results=tmp_path, only="6 7")
    assert ran == [("analyses.figure_7", tmp_path)]
    assert "figure_6 left out, for want of data: no such data" in capsys.readouterr().err


def test_a_figure_without_records_fails_and_the_others_are_drawn(tmp_path, monkeypatch, capsys):
    def draw(name):
        if name == "figures.figure_2":
            raise FileNotFoundError("no record")
        return [tmp_path / f"{name}.png"]

    monkeypatch.setattr(figures, "import_module", lambda name: SimpleNamespace(draw=lambda results: draw(name)))
    with pytest.raises(typer.Exit) as stopped:
        figures.main(results=tmp_path, only="2 7 claims")
    assert stopped.value.exit_code == 1
    said = capsys.readouterr()
    assert "figure 2 not drawn: no record" in said.err
    assert said.out.split() == [str(tmp_path / "figures.figure_7.png")]


def test_claims_alone_draw_no_figure(tmp_path, capsys):
    figures.main(results=tmp_path, only="claims")
    assert capsys.readouterr().out == ""


def test_a_figure_whose_data_are_gone_is_not_drawn_from_old_records(tmp_path, capsys):
    Context(results=tmp_path).mark_left_out("figure_7", True)
    with pytest.raises(typer.Exit):
        figures.main(results=tmp_path, only="7")
    assert "figure 7 not drawn: its data were not to be had" in capsys.readouterr().err
