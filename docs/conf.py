"""Settings of the documentation, which `make docs` builds; neither the build nor the pages download anything."""

import logging
import re
import sys
import warnings
from pathlib import Path

import matplotlib as mpl
from sphinx.application import Sphinx

import zeta_geom

HERE = Path(__file__).resolve().parent
ROOT = Path(zeta_geom.__file__).resolve().parents[1]  # the tutorials also use analyses/ and figures/
sys.path[:0] = [str(HERE), str(ROOT)]

import site_pages  # noqa: E402  (a neighbour of this file)

mpl.use("agg")
logging.getLogger("lightning").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", module=r"lightning\..*")  # of its own calls of torch

project = "zeta_geom"
author = "The zeta_geom developers"
release = zeta_geom.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
root_doc = "index"
exclude_patterns = ["build", "tutorials_src", "templates", "generated/*_table.md"]
templates_path = ["templates"]
default_role = "py:obj"  # `name` in a docstring: a link if it is a name of this package, else code
highlight_language = "none"  # of blocks that name no language
nitpicky = True
nitpick_ignore_regex = [
    ("py:obj", ".*"),
    ("py:class", r"(abc|sklearn|torch|lightning|pydantic|typing)\..*"),  # bases of classes: other libraries', and
    ("py:class", r"zeta_geom(\.\w+){3,}"),  # our own that are not public
]
myst_heading_anchors = 3
myst_enable_extensions = ["attrs_inline", "colon_fence"]

autosummary_generate = True
autosummary_filename_map = site_pages.page_names()
autodoc_preserve_defaults = True  # as the code writes them, without paths of this machine
autodoc_typehints = "none"  # the docstrings have the types, with shapes
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": "tutorials_src",
    "gallery_dirs": "tutorials",
    "filename_pattern": r"plot_\d",
    "within_subsection_order": "FileNameSortKey",
    "reference_url": {"zeta_geom": None},
    "doc_module": ("zeta_geom",),
    "abort_on_example_error": True,
    "image_scrapers": ("matplotlib", "bare_figures.scrape"),
    "ignore_repr_types": r"matplotlib\.",
    "capture_repr": ("_repr_html_", "__repr__"),
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "remove_config_comments": True,
    "image_srcset": ["2x"],
}

html_theme = "pydata_sphinx_theme"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_title = "zeta_geom"
html_show_sourcelink = False
html_copy_source = False
PAGES = (
    *("index", "figures", "claims", "definitions", "audits", "mixing", "mixers", "training", "scale", "speed"),
    *("files", "peers", "claims_cifar10", "generated/cli"),
)
html_sidebars = {page: [] for page in PAGES}
html_theme_options = {
    "logo": {"text": "zeta_geom"},
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "navigation_depth": 3,
    "show_nav_level": 1,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_context = {"default_mode": "auto"}
copyright = "the zeta_geom developers; MIT licence"


def keep_bars(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Read |x| in a docstring as an absolute value, not as a substitution of reStructuredText."""
    example = False
    for i, line in enumerate(lines):
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        if not example:
            plain_and_code = line.split("``")
            plain_and_code[::2] = [re.sub(r"(?<!\\)\|", r"\\|", part) for part in plain_and_code[::2]]
            lines[i] = "``".join(plain_and_code)


def setup(app: Sphinx) -> None:
    """Write the pages that are generated from code and measurements, before Sphinx looks for pages."""
    site_pages.write(Path(app.srcdir))
    app.connect("autodoc-process-docstring", keep_bars, priority=400)  # before numpydoc
