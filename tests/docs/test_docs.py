"""The documentation builds without a warning, its links lead somewhere, and it names all that is public."""

import csv
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import pytest

import zeta_geom

pytestmark = pytest.mark.slow  # the build takes a minute
ROOT = Path(zeta_geom.__file__).resolve().parents[1]
DOCS = ROOT / "docs"
MADE = ("build", "generated", "tutorials", "__pycache__")
ONE = "plot_6"  # the tutorial that is run without --all
OUTSIDE = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}


class Page(HTMLParser):
    """What a page links to, asks for, and can be linked at."""

    def __init__(self, text):
        super().__init__()
        self.links, self.asked, self.anchors, self.body_rows, self.text = [], [], {"", "top"}, 0, text
        self.inside = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.anchors |= {values[key] for key in ("id", "name") if values.get(key)}
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if values.get(OUTSIDE.get(tag, "")):
            self.asked.append(values[OUTSIDE[tag]])
        if tag in ("table", "tbody"):
            self.inside.append((tag, values.get("class") or ""))
        if tag == "tr" and self.inside[-1][0] == "tbody" and "claims" in self.inside[-2][1].split():
            self.body_rows += 1

    def handle_endtag(self, tag):
        if tag in ("table", "tbody"):
            self.inside.pop()


@pytest.fixture(scope="module")
def site(tmp_path_factory, pytestconfig):
    """Build it from a copy of the sources, so that nothing of an earlier build is used; --all runs each tutorial."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(DOCS, folder / "docs", ignore=lambda at, names: [n for n in names if n in MADE])
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", "html", folder / "docs", folder / "html"]
    command += [] if pytestconfig.getoption("all") else ["-D", f"sphinx_gallery_conf.filename_pattern={ONE}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)
    return done, folder / "html"


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path.read_text()) for path in sorted(site[1].rglob("*.html")) if "_static" not in path.parts}


def test_builds_without_a_warning(site):
    done, _ = site
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert not re.search(r"WARNING|ERROR", done.stdout + done.stderr)


def test_internal_links_resolve(site, pages):
    broken, seen = [], 0
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            seen += 1
            anchors = pages[target].anchors if target in pages else {unquote(parts.fragment)}
            if not target.is_file() or unquote(parts.fragment) not in anchors:
                broken.append((path.name, link))
    assert seen > 1000
    assert not broken


def test_no_page_asks_for_anything_outside(site, pages):
    sources = [(path, asked) for path, page in pages.items() for asked in page.asked if not asked.startswith("data:")]
    assert not [(path.name, asked) for path, asked in sources if "//" in asked]
    missing = [
        (path.name, asked)
        for path, asked in sources
        if not (path.parent / unquote(urlsplit(asked).path)).is_file() and not asked.startswith("#")
    ]
    assert not missing
    styles = [path.read_text() for path in (site[1] / "_static").rglob("*.css")]
    assert not [found for text in styles for found in re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", text)]


def public_names():
    """Yield the full names of each room's public functions, classes and constants."""
    for room in zeta_geom.__all__:
        module = getattr(zeta_geom, room)
        if not isinstance(module, ModuleType):
            yield f"zeta_geom.{room}"
        else:
            yield from (f"zeta_geom.{room}.{name}" for name in module.__all__)


def test_every_public_name_has_a_place(pages):
    anchors = {anchor for path, page in pages.items() if "generated" in path.parts for anchor in page.anchors}
    names = set(public_names())
    assert len(names) > 150
    assert {"zeta_geom.mixers.ZetaMixup", "zeta_geom.training.RECIPES", "zeta_geom.plots.sweep_panel"} <= names
    assert not names - anchors


def test_no_two_pages_differ_by_case_alone(pages):
    assert len({str(path).casefold() for path in pages}) == len(pages)


def test_every_command_has_a_place(site):
    from zeta_geom.cli.main import app

    text = (site[1] / "generated" / "cli.html").read_text()
    for command in app.registered_commands:
        assert f'id="zeta-geom-{command.name or command.callback.__name__}"' in text


def test_every_claim_is_a_row(site, pages):
    with (DOCS / "claims.csv").open(newline="") as file:
        claims = list(csv.DictReader(file))
    page = pages[site[1] / "claims.html"]
    assert page.body_rows == len(claims) > 100
    for kind, verdict in (("fails", "does not hold"), ("holds", "holds")):
        shown = len(re.findall(f'class="{kind}"', page.text))
        assert shown == sum(claim["verdict"] == verdict for claim in claims)


def test_every_tutorial_is_there_with_a_figure(site, pytestconfig):
    scripts = sorted((DOCS / "tutorials_src").glob("plot_*.py"))
    assert len(scripts) >= 5
    if not pytestconfig.getoption("all"):
        scripts = [script for script in scripts if script.stem.startswith(ONE)]
    listed = (site[1] / "tutorials" / "index.html").read_text()
    for script in scripts:
        assert f"{script.stem}.html" in listed
        assert f"sphx_glr_{script.stem}_001" in (site[1] / "tutorials" / f"{script.stem}.html").read_text()


def test_pages_name_no_place_of_the_machine(site, pages):
    for path, page in pages.items():
        assert str(ROOT) not in page.text, path.name
        assert not re.search(r"/(home|root|Users)/\w", page.text), path.name
