"""The audit behind `make figures`: from data to records, from records alone to the page."""

from analyses.audit import Settings, run
from analyses.context import Context
from figures.audit import draw
from tests.audits.report.page_checks import check_page
from zeta_geom.records import read

SMALL = Settings(data="mnist-sample", n_samples=120, gammas=(2.8,), n_neighbors=(4, 16), n_bootstrap=20)


def test_page_is_drawn_from_records_alone(tmp_path):
    run(Context(results=tmp_path, progress=False), SMALL)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "records").rglob("*.*")}
    page, *pictures = draw(tmp_path)
    assert page.name == "audit_mnist-sample.html"
    assert [path.suffix for path in pictures] == [".png", ".pdf"]
    facts = check_page(page.read_text(encoding="utf-8"))
    assert facts.title == "ζ-mixup against mixup on MNIST sample: an audit"
    summary = read(tmp_path / "records" / "audit" / "summary").table
    assert facts.pictures > summary["measure"].nunique()  # a panel for each measure, worst samples and maps
    assert list(summary["method"].unique()) == ["ζ-mixup, γ = 2.8", "mixup"]
    assert facts.tables["summary"]["value"].tolist() == summary["value"].tolist()
    run(Context(results=tmp_path, progress=False), SMALL)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "records").rglob("*.*")} == before
