"""Show a tutorial's figure that is the value of a last expression and is unknown to pyplot."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst

shown: list[Figure] = []


def scrape(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save the figure that the block ends in, once, and return the reStructuredText that shows it."""
    fig = block_vars["example_globals"].get("___")  # the gallery keeps the value of the last expression here
    known = [plt.figure(number) for number in plt.get_fignums()]
    if not isinstance(fig, Figure) or any(fig is other for other in [*known, *shown]):
        return ""
    shown.append(fig)
    path = next(block_vars["image_path_iterator"])
    fig.savefig(path)
    return figure_rst([path], gallery_conf["src_dir"])
