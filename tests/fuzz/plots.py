"""How the entries of plots are called, each on cleared axes, and what must hold of the pure ones.

Arrays, tables and numbers are replaced; names, colours, methods, limits and views stay as a programmer writes them.
"""

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from matplotlib.figure import Figure

from tests.fuzz.entries import case, finite, resolve
from tests.fuzz.values import COUNT, FLOATS, arrays, distributions, labels, points
from zeta_geom.plots.style import METHOD_COLORS
from zeta_geom.training.comparison import compare

AXES = Figure().subplots()
ROW = Figure().subplots(1, 2)
PLOT_FLAVOURS = ("normal", "uniform", "grid", "constant", "zeros", "offset", "spiked")
WRITTEN = (
    *("method", "limits", "marked", "color", "colors", "view", "ks", "class_names", "truth", "predictions", "band"),
    *(
        "levels",
        "names",
        "texts",
        "rows",
        "columns",
        "groups",
        "bandless",
        "keys",
        "form",
        "column",
        "conditions",
        "by",
    ),
)
METHODS = st.sampled_from(tuple(METHOD_COLORS))


def on_axes(name, axes=AXES):
    """Return a drawing function without its first argument."""
    function = resolve(name)

    def draw_on_clear_axes(**arguments):
        for ax in np.ravel(axes):
            ax.clear()
        return function(axes, **arguments)

    return draw_on_clear_axes


def picture(name, *, axes=AXES):
    return case(name, calls={name: on_axes(name, axes)}, kept=WRITTEN)


def images(draw, channels=()):
    shape = (*draw(st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5))), *channels)
    return draw(arrays(shape, (*FLOATS, "u1", "u1"), ("uniform", "zeros", "constant", "uniform", "normal", "spiked")))


def table(draw, columns, flavours=PLOT_FLAVOURS):
    n = draw(st.integers(1, 6))
    return pd.DataFrame({column: draw(arrays((n,), ("f8",), flavours, ("C",))) for column in columns})


@case("plots.reflected_density", check=finite, kept=WRITTEN)
def _(draw):
    values = draw(arrays((draw(COUNT),), flavours=("uniform", "zeros", "constant", "grid")))
    limits = draw(st.sampled_from(((0, 1), (-3.0, 4.0))))
    return {
        "values": values,
        "bandwidth": draw(st.floats(1e-3, 1)),
        "limits": limits,
        "bins": draw(st.integers(2, 64)),
    }


@picture("plots.density_curve")
def _(draw):
    values = draw(arrays((draw(COUNT),), flavours=("uniform", "zeros", "constant")))
    return {"values": values, "method": draw(METHODS), "bandwidth": draw(st.floats(0.01, 1)), "limits": (0, 1)}


@picture("plots.image_grid")
def _(draw):
    marked = draw(st.lists(st.integers(0, 3), max_size=2))
    return {"images": images(draw), "columns": draw(st.integers(1, 4)), "marked": marked}


@picture("plots.picture")
def _(draw):
    return {"image": images(draw)[0]}


@picture("plots.soft_label_bars")
def _(draw):
    n_classes = draw(st.integers(1, 6))
    label, predicted = draw(distributions(1, n_classes))[0], draw(distributions(1, n_classes))[0]
    return {"label": label, "predicted": draw(st.sampled_from((None, predicted)))}


@picture("plots.picture_grid")
def _(draw):
    return {
        "images": images(draw, draw(st.sampled_from(((), (3,))))),
        "columns": draw(st.integers(1, 4)),
        "gap": 0.06,
    }


@picture("plots.soft_scatter")
def _(draw):
    n = draw(COUNT)
    curves = draw(st.one_of(st.none(), arrays((2, 4, 2), flavours=PLOT_FLAVOURS)))
    return {"X": draw(points(n, 2)), "share": draw(arrays((n,), flavours=("uniform", "zeros"))), "curves": curves}


@case("plots.project", check=finite)
def _(draw):
    angles = {"elevation": draw(st.floats(-90, 90)), "azimuth": draw(st.floats(-360, 360))}
    return {"X": draw(points(draw(COUNT), 3)), "stretch": draw(st.sampled_from(((1, 1, 4), [1, 2, 3])))} | angles


@case("plots.axis_names")
def _(draw):
    angles = {"elevation": draw(st.floats(-90, 90)), "azimuth": draw(st.floats(-360, 360))}
    return angles | {"stretch": draw(st.sampled_from(((1, 1, 4), [1, 2, 3])))}


@picture("plots.cloud")
def _(draw):
    behind = draw(st.one_of(st.none(), points(3, 2)))
    return {"XY": draw(points(draw(COUNT), 2)), "color": "black", "behind": behind}


@picture("plots.view_row", axes=ROW)
def _(draw):
    clouds = draw(arrays((2, draw(COUNT), 3), flavours=PLOT_FLAVOURS))
    originals = draw(points(draw(COUNT), 3))
    return {
        "clouds": clouds,
        "colors": ["black", "red"],
        "originals": originals,
        "view": (20, 30),
        "stretch": (1, 1, 4),
    }


@picture("plots.neighborhood_ellipse")
def _(draw):
    return {"neighbors": draw(points(draw(COUNT), 2))}


@picture("plots.ringed_points")
def _(draw):
    return {"points": draw(points(draw(COUNT), 2))}


@picture("plots.vote_circles")
def _(draw):
    test_point = draw(arrays((2,), flavours=PLOT_FLAVOURS[:6]))
    return {
        "test_point": test_point,
        "neighbors": draw(points(5, 2)),
        "ks": draw(st.sampled_from(((1, 3), (2,), [5]))),
    }


def window_of_two(first, second, margin):
    return resolve("plots.window")(first, second, margin=margin)


@case("plots.window", check=finite, calls={"plots.window": window_of_two})
def _(draw):
    return {"first": draw(points(3, 2)), "second": draw(points(4, 2)), "margin": draw(st.floats(0, 1))}


@picture("plots.class_map")
def _(draw):
    n, q = draw(COUNT), draw(st.integers(1, 3))
    train = {"train_xy": draw(points(n, 2)), "train_labels": draw(labels(n, soft=False))}
    names = draw(st.sampled_from((("a", "b", "c"), ["cat", "dog", "owl"])))
    return train | {"class_names": names, "test_xy": draw(points(q, 2)), "test_labels": draw(labels(q, soft=False))}


@picture("plots.predicted_picture")
def _(draw):
    return {"image": images(draw)[0], "truth": "4", "predictions": {"erm": "9", "zeta": "4"}}


@picture("plots.interval_rows")
def _(draw):
    n = draw(st.integers(1, 4))
    middle = draw(arrays((n,), ("f8", "f4"), PLOT_FLAVOURS[:6]))
    seeds = [draw(arrays((3,), ("f8",), PLOT_FLAVOURS[:6])) for _ in range(n)]
    names = [str(row) for row in range(n)]
    return {"means": middle, "lows": middle - 1, "highs": middle + 0.5, "seeds": seeds, "names": names}


@picture("plots.curve_against_gamma")
def _(draw):
    return {"table": table(draw, ("gamma", "mean", "std")), "method": draw(METHODS), "band": draw(st.booleans())}


@picture("plots.gamma_sensitivity")
def _(draw):
    levels = draw(st.sampled_from(({"mixup": (6.5, 0.1)}, {"erm": (2.0, None), "mixup": (1, np.nan)}, {})))
    return {"table": table(draw, ("gamma", "mean", "std")), "levels": levels}


@case("plots.spread_apart", check=finite)
def _(draw):
    return {
        "places": draw(arrays((draw(st.integers(0, 6)),), flavours=PLOT_FLAVOURS)),
        "least": draw(st.floats(0, 2)),
    }


@picture("plots.difference_rows")
def _(draw):
    rows = table(draw, ("difference",))
    rows["low"], rows["high"], rows["p"] = rows["difference"] - 1, rows["difference"] + 1, 0.03
    names = [str(row) for row in rows.index]
    return {"table": rows, "names": names, "texts": names, "limits": draw(st.sampled_from(((-2, 2), (-1.5, 9))))}


@picture("plots.paired_dots")
def _(draw):
    rows = table(draw, ("first", "first_std", "second", "second_std"))
    return {"table": rows, "names": [str(row) for row in rows.index]}


@case(
    "plots.relative_shades",
    check=lambda shades, arguments: np.nanmax(abs(shades), initial=0) <= 1 or 1 / 0,
)
def _(draw):
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 3)))
    return {"values": draw(arrays(shape)), "reference": draw(st.integers(0, shape[0] - 1))}


@picture("plots.heat_table")
def _(draw):
    shades = draw(arrays((2, 3), flavours=("uniform", "zeros", "grid", "spiked")))
    texts = np.full((2, 3), "0.1")
    names = {"rows": ["a", "b"], "columns": ["x", "y\nz", "u"], "groups": [("one", 1), ("two", 2)]}
    return {"texts": texts, "shades": shades, "small": draw(st.sampled_from((None, texts)))} | names


@picture("plots.parallel_models")
def _(draw):
    n = draw(st.integers(1, 5))
    gamma, weight_decay, accuracy = (draw(arrays((n,), flavours=("uniform", "constant", "grid"))) for _ in range(3))
    return {"gamma": gamma, "weight_decay": weight_decay + 0.1, "accuracy": accuracy, "gamma_min": None}


@picture("plots.sweep_panel")
def _(draw):
    rows = table(draw, ("gamma", "mean", "std", "seed_std", "sem"))
    rows = rows.assign(data="a", n_mix=0, anchor="", k=8, mixer=draw(st.sampled_from(("zeta", "mixup", "cutmix"))))
    rows["measure"] = draw(st.sampled_from(("dimension", "label-error")))
    return {"table": rows, "bandless": draw(st.sampled_from(((), ("mixup",))))}


@picture("plots.dimension_curves")
def _(draw):
    rows = table(draw, ("k", "radius", "dimension", "sem"))
    rows["estimator"] = draw(st.lists(st.sampled_from(("FO", "a $b")), min_size=len(rows), max_size=len(rows)))
    return {"table": rows, "against": draw(st.sampled_from(("k", "radius")))}


@case("plots.spread", kept=WRITTEN)
def _(draw):
    return {"table": table(draw, ("seed", "error")), "column": "error", "conditions": {}, "form": ".1f", "scale": 100}


@case("training.compare", calls={"training.compare": compare}, kept=WRITTEN)
def _(draw):
    rows = table(draw, ("value",))
    n = len(rows)
    rows = rows.assign(data="toy", method=["mixup", "zeta"] * (n // 2) + ["mixup"] * (n % 2), seed=np.arange(n) // 2)
    return {"runs": rows, "by": ["data"], "against": "mixup", "confidence": draw(st.floats(0.5, 0.99))}
