"""Pages in a real browser: nothing is fetched, tables sort, files download, and axe finds nothing to object to.

`make test-browser` runs it if a Chromium is on the path. BROWSER_SHOTS names a folder that keeps the screenshots.
To try another page, add to REPORTS a function that writes it into a folder and returns its path.
"""

import io
import math
import os
import shutil
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from tests.audits.report.audit_reports import AUDITS
from tests.audits.report.page_cases import made_up_page
from tests.audits.report.page_checks import check_page, read_csv
from zeta_geom.audits.report.html import write_page

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if BROWSER is None:
    pytest.skip("no Chromium or Chrome is on the path", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
axe_api = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
)

pytestmark = pytest.mark.slow  # 96 pages in a browser: `make test-browser` and `make test-all` open them

SCHEMES = ("light", "dark")
WIDTHS = {"desktop": 1280, "phone": 390}


def made_up(folder):
    path = folder / "made-up.html"
    write_page(made_up_page(), path)
    return path


def real(name, folder):
    return AUDITS[name]().to_html(folder / f"{name}.html")


REPORTS = {"made-up": made_up} | {name: partial(real, name) for name in AUDITS}


@pytest.fixture(scope="module")
def browser():
    options = ["--disable-background-networking"] + ["--no-sandbox"] * (getattr(os, "geteuid", lambda: 1)() == 0)
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=options)
        yield started
        started.close()


@pytest.fixture(scope="module", params=REPORTS)
def report_path(request, tmp_path_factory):
    return REPORTS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def facts(report_path):
    return check_page(report_path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def made_up_path(tmp_path_factory):
    return made_up(tmp_path_factory.mktemp("made-up"))


@pytest.fixture
def show(browser):
    """Return a function that opens a page; after the test, nothing may have gone wrong or out on any."""
    contexts, wrong = [], []

    def requested(request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            wrong.append(f"requested {request.url}")

    def open_page(path, width=1280, scheme="light", **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: message.type in ("error", "warning") and wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", requested)
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def column(page, name, heading):
    """Return a column of a table as it stands: the texts, and the header's cell."""
    table = page.locator(f"[data-table={name}] table")
    header = table.locator("thead th", has_text=heading)
    place = header.evaluate("cell => cell.cellIndex")
    texts = table.locator("tbody tr").evaluate_all("(rows, i) => rows.map(row => row.cells[i].textContent)", place)
    return texts, header


def first_sortable(facts):
    """Return a table that shows two rows or more, and the place of its first column of numbers, or None."""
    for holder in facts.root.walk():
        if len(facts.shown.get(holder.attributes.get("data-table"), ())) > 1:
            heads = holder.all("thead")[0].all("th")
            places = [place for place, head in enumerate(heads) if head.attributes.get("class") == "n"]
            if places:
                return holder.attributes["data-table"], places[0]
    return None


def test_numbers_sort_by_size_and_absent_ones_come_last(show, made_up_path):
    page = show(made_up_path)
    before, header = column(page, "verdicts", "time (s)")
    for way in ("ascending", "descending"):
        header.get_by_role("button").click()
        texts, header = column(page, "verdicts", "time (s)")
        numbers = [float(text.replace("−", "-")) for text in texts]
        assert numbers == sorted(numbers, reverse=way == "descending")
        assert header.get_attribute("aria-sort") == way
        assert page.get_by_role("status").text_content() == f"14 rows sorted by time (s), {way}."
    header.get_by_role("button").click()
    assert column(page, "verdicts", "time (s)")[0] == before
    assert header.get_attribute("aria-sort") is None
    for _ in range(2):
        column(page, "verdicts", "high")[1].get_by_role("button").click()
        texts = column(page, "verdicts", "high")[0]
        assert texts[-1] == "—not available"
    assert texts[0] == "∞"


def test_the_keyboard_sorts_text(show, made_up_path):
    page = show(made_up_path)
    _, header = column(page, "verdicts", "measure")
    header.get_by_role("button").focus()
    page.keyboard.press("Enter")
    texts, header = column(page, "verdicts", "measure")
    assert header.get_attribute("aria-sort") == "ascending"
    assert [int(text.split("=")[1]) for text in texts] == sorted(int(text.split("=")[1]) for text in texts)
    page.keyboard.press("Space")
    assert header.get_attribute("aria-sort") == "descending"
    assert page.locator("[aria-sort]").count() == 1


def test_each_report_sorts(show, report_path, facts):
    found = first_sortable(facts)
    if found is None:
        pytest.skip("no table of this page shows two rows with numbers")
    name, place = found
    page = show(report_path)
    header = page.locator(f"[data-table={name}] thead th").nth(place)
    header.get_by_role("button").click()
    cells = page.locator(f"[data-table={name}] tbody tr").evaluate_all(
        "(rows, i) => rows.map(row => row.cells[i].dataset.v ?? row.cells[i].textContent)", place
    )
    numbers = [float(cell.replace("−", "-").replace("∞", "inf") or math.inf) for cell in cells]
    assert numbers == sorted(numbers)
    assert header.get_attribute("aria-sort") == "ascending"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_every_table_downloads_whole(show, report_path, facts, script):
    for name, expected in facts.tables.items():
        page = show(report_path, accept_downloads=True, java_script_enabled=script)  # a page may start ten downloads
        route = page.locator(f"[data-table={name}] .downloads").locator("button, a").first
        if route.count() == 0:
            assert not script
            assert "needs JavaScript" in page.locator(f"[data-table={name}] .downloads").text_content()
            continue
        with page.expect_download() as waited:
            route.click()
        file = Path(waited.value.path())
        ending = waited.value.suggested_filename.removeprefix(name)
        assert ending in ((".csv",) if script else (".csv", ".csv.gz"))
        found = pd.read_csv(file, compression="gzip") if ending == ".csv.gz" else read_csv(file.read_bytes())
        pd.testing.assert_frame_equal(found, expected)


def test_an_old_browser_gets_the_compressed_file(show, made_up_path, browser):
    page = show(made_up_path)
    page.evaluate("delete window.DecompressionStream")
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download huge.csv (16,000 rows)").click()
    assert waited.value.suggested_filename == "huge.csv.gz"
    assert pd.read_csv(waited.value.path(), compression="gzip").shape == (16_000, 61)


@pytest.mark.parametrize("width", [320, 360, 390, 768, 1024, 1280])
def test_the_page_itself_never_scrolls_sideways(show, report_path, width):
    page = show(report_path, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("scrollTo(500, 0), scrollX") == 0


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_axe_finds_no_violation(show, report_path, scheme, width):
    results = axe_api.Axe().run(show(report_path, width=width, scheme=scheme))
    assert results.violations_count == 0, results.generate_report()


def test_dark_mode_turns_page_and_pictures(show, report_path, facts):
    colours = {scheme: paper(show(report_path, scheme=scheme)) for scheme in SCHEMES}
    assert min(colours["light"]) > 200
    assert max(colours["dark"]) < 60


def paper(page):
    found = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return [int(part) for part in found.removeprefix("rgb(").removesuffix(")").split(",")]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_svg_follows_the_scheme(show, made_up_path, scheme):
    picture = show(made_up_path, scheme=scheme).locator("figure.svg img").first
    pixels = Image.open(io.BytesIO(picture.screenshot())).convert("L")
    label = pixels.crop((0, 0, 24, pixels.height))  # the axis's, which is ink alone
    corner, (darkest, lightest) = pixels.getpixel((1, 1)), label.getextrema()
    if scheme == "light":
        assert corner > 200
        assert darkest < 60
    else:
        assert corner < 60
        assert lightest > 200


def test_the_skip_link_comes_first_and_leads_to_the_report(show, report_path):
    page = show(report_path)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("device", WIDTHS)
def test_screenshots(show, report_path, tmp_path, device, scheme):
    folder = Path(os.environ.get("BROWSER_SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{report_path.stem}-{device}-{scheme}.png"
    show(report_path, width=WIDTHS[device], scheme=scheme).screenshot(path=file, full_page=True)
    assert file.stat().st_size > 10_000


@pytest.mark.parametrize("name", AUDITS)
def test_the_first_picture_is_near_the_top_on_a_phone_and_panels_stand_in_one_column(show, name, tmp_path):
    page = show(real(name, tmp_path), width=WIDTHS["phone"])
    tops = page.locator("main img").evaluate_all("images => images.map(image => image.getBoundingClientRect().top)")
    assert tops[0] <= 1200
    lefts = page.locator(".panels").evaluate_all(
        "grids => grids.map(grid => new Set([...grid.children].map(each => each.getBoundingClientRect().left)).size)"
    )
    assert set(lefts) == {1}


@pytest.mark.parametrize("width", [320, 390])
def test_panels_fit_into_a_narrow_page(show, width, tmp_path):
    page = show(real("points", tmp_path), width=width)
    rights = page.locator(".panels img").evaluate_all("all => all.map(each => each.getBoundingClientRect().right)")
    assert max(rights) <= width


def test_panels_stand_side_by_side_on_a_desktop(show, tmp_path):
    page = show(real("points", tmp_path))
    columns = page.locator(".panels").evaluate_all(
        "grids => grids.map(grid => new Set([...grid.children].map(each => each.getBoundingClientRect().left)).size)"
    )
    assert max(columns) == 3


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_the_keyboard_follows_a_measure_to_its_definition(show, script, tmp_path):
    page = show(real("points", tmp_path), java_script_enabled=script, reduced_motion="reduce")
    link = page.locator("a[href='#measure-recall']").first
    link.focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#measure-recall")
    top = page.locator("#measure-recall").bounding_box()["y"]
    assert 0 <= top <= 900


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_notebook_shows_the_first_screen_in_both_schemes(show, scheme, tmp_path):
    path = tmp_path / "notebook.html"
    parts = ["<!DOCTYPE html><meta charset=utf-8><title>Notebook</title>", AUDITS["points"]()._repr_html_()]
    path.write_text("".join(parts), encoding="utf-8")
    page = show(path, width=390, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    images = page.locator("img").evaluate_all("all => all.map(each => each.naturalWidth)")
    assert min(images) > 0
