"""A made-up page with everything that could go wrong on it, for the tests of pages."""

from functools import cache

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from zeta_geom.audits.report.html import Page, Picture, Section, Table, png_bytes, svg_bytes

NASTY = "<script>alert(1)</script>"
VERDICTS = ["within", "outside, above", "outside, below", "not measurable"]


def curve():
    """Return a figure with black ink, greys, a legend on white, and the colours of the house."""
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    gammas = np.linspace(0, 4, 41)
    for color, name, shift in (("#000000", "original", 0), ("#0072B2", "ζ-mixup", 0.4), ("#D55E00", "mixup", 0.9)):
        left.plot(gammas, 2 + shift + np.exp(-gammas) * (1 + shift), color=color, label=name)
    left.axhspan(2.05, 2.2, color="#8C8C8C", alpha=0.3, linewidth=0)
    left.set(title="Intrinsic dimension", xlabel="γ", ylabel="mean over points")
    left.legend()
    left.grid(color="#dddddd")
    image = right.imshow(np.arange(9).reshape(3, 3), cmap="viridis")
    right.text(1, 1, "4", color="white", ha="center")
    figure.colorbar(image)
    return figure


def measures(n=14):
    rng = np.random.default_rng(0)
    values = rng.normal(2, 1, n)
    frame = pd.DataFrame(
        {
            "measure": [f"local dimension, k = {2 ** (i % 8)}" for i in range(n)],
            "gamma": np.tile([2.8, 2.0], n)[:n],
            "value": values,
            "low": values - 0.2,
            "high": values + 0.3,
            "rows": rng.permutation(np.arange(n)) * 37 + 2,
            "seconds": 10.0 ** rng.integers(-7, 8, n),
            "verdict": [VERDICTS[i % 4] for i in range(n)],
            "data": "a made-up sample",
        }
    )
    frame.loc[3, ["value", "low", "high"]] = np.nan
    frame.loc[5, "high"] = np.inf
    return frame


def nasty():
    return pd.DataFrame(
        {
            NASTY: ["γ ≥ 1, “ζ”", '"><img src=x onerror=alert(2)>', "</script></table>", None],
            "": pd.Series(["", "a,b", "two\nlines", "\x00\x0b\ud800"], dtype=object),
            "verdict": ["within", "Outside, above", "unheard of", None],
            "mixed": [1, 2.5, None, "text"],
            "flag": [True, False, True, False],
            "{{ 7 * 7 }}": [np.inf, -np.inf, np.nan, -1e-300],
        }
    )


def big(rows=20_000, columns=25, high=100):
    values = np.random.default_rng(1).integers(0, high, (rows, columns))
    return pd.DataFrame(values / 8, columns=[f"feature_{i}" for i in range(columns)]).assign(row=np.arange(rows))


@cache
def made_up_page():
    """Return the page: each route of a download, each kind of value, each kind of picture."""
    drawn, pixels = svg_bytes(curve()), png_bytes(curve(), 100)
    headings = {"gamma": "γ", "value": "value (dimensions)", "seconds": "time (s)"}
    first = Section(
        "Verdicts",
        ["Each measure of the mixed points beside the range that fresh points of the same size span."],
        [Table("verdicts", "Verdicts by measure", "Ranges over 20 resamples.", measures(), columns=headings)],
        [
            Picture("Dimension over γ.", "The band is the original's.", "Three falling curves.", drawn, "svg"),
            Picture("The same.", "As pixels.", 'Three "falling" curves & a map.', pixels, "png"),
        ],
    )
    second = Section(
        f"Nasty {NASTY}",
        ["</main></script><b>not bold</b>", "{{ 7 * 7 }} {% raw %}"],
        [
            Table("nasty", f"Names {NASTY}", NASTY, nasty()),
            Table("empty", "No rows", "", pd.DataFrame({"a": pd.Series(dtype=float), "b": pd.Series(dtype=object)})),
            Table("nothing", "No columns", "", pd.DataFrame()),
        ],
    )
    names = pd.DataFrame({"package": ["numpy", "zeta_geom"], "version": ["2.1", "0.1"]})
    third = Section(
        "Values",
        [],
        [
            Table("big", "All values", "Twenty thousand rows.", big(), shown=60),
            Table("huge", "More values", "Too large for a link.", big(16_000, 60, 500), shown=0),
            Table("versions", "Settings and versions", "What made this page.", names),
        ],
    )
    lead = ["ζ-mixup at γ = 2.8 keeps the local dimension of these points; mixup raises it by 0.9 on average."]
    repeat = (
        "pip install zeta-geom\nzeta-geom audit points.npy --gamma 2.8 > report.html  # </code></pre>"
        + " --long" * 40
    )
    return Page("What ζ-mixup does to a made-up sample", lead, [first, second, third], repeat)
