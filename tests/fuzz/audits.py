"""How an audit and its pictures are called."""

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from tests.fuzz.entries import case, resolve
from tests.fuzz.plots import picture, table
from tests.fuzz.values import COUNT, arrays, labels, points
from zeta_geom.plots.audit import NUMBERS

QUICK = {"n_bootstrap": 10, "progress": False, "n_jobs": 1, "random_state": 0}
SIZES = st.sampled_from((8, 9, 12, 20))


def call_audit(X, y, synthetic, **more):
    return resolve("audits.audit")(X, y, augment="mixup", synthetic=synthetic, **QUICK, **more)


def check_audit(made, arguments):
    for rows in (made.summary, made.classes):
        missing = rows["verdict"] == "not measurable"
        assert np.isfinite(rows.loc[~missing, ["value", "real", "real_low", "real_high"]].to_numpy(dtype=float)).all()
        assert rows.loc[missing, "reason"].str.len().gt(5).all()
        assert (rows.loc[~missing, "reason"] == "").all()


@case("audits.audit", check=check_audit, calls={"audits.audit": call_audit}, ignored="labels begin at")
def _(draw):
    n, m, d = draw(SIZES), draw(st.integers(1, 14)), draw(st.integers(1, 4))
    own = draw(st.sampled_from((points(m, d), st.tuples(points(m, d), labels(m, soft=False)))))
    given = {"X": draw(points(n, d)), "y": draw(st.one_of(st.none(), labels(n))), "synthetic": draw(own)}
    given |= {"n_neighbors": draw(st.sampled_from((2, (2, 4), (3, 16)))), "batch_size": draw(st.integers(1, 9))}
    return given | {"alpha": draw(st.floats(0, 0.9)), "confidence": draw(st.floats(0.5, 0.99))}


@picture("plots.measure_panel")
def _(draw):
    rows = table(draw, NUMBERS)
    texts = {"measure": "m", "title": "m", "unit": "", "verdict": "within"}
    return {"rows": rows.assign(**texts, method=[f"method {i}" for i in range(len(rows))])}


def draw_densities(values, other):
    return resolve("plots.densities_of")(Figure().subplots(), {"one": values, "two": other}, {})


@case("plots.densities_of", calls={"plots.densities_of": draw_densities})
def _(draw):
    return {
        name: draw(arrays((draw(COUNT),), flavours=("uniform", "grid", "constant"))) for name in ("values", "other")
    }


def draw_worst(images):
    count = np.shape(images)[0] if isinstance(images, np.ndarray) and images.ndim else 1
    return resolve("plots.worst_images")(Figure(), images, ["title"] * count)


@case("plots.worst_images", calls={"plots.worst_images": draw_worst})
def _(draw):
    n, side = draw(st.integers(1, 7)), draw(st.integers(2, 5))
    shape = draw(st.sampled_from(((n, side, side), (n, side, side, 3), (n, 1, side, side), (n, side, side, 2))))
    return {"images": draw(arrays(shape, ("f4", "f8", "u1"), ("uniform", "constant", "normal")))}


def draw_map(xy, owners):
    return resolve("plots.points_map")(Figure().subplots(), xy, owners, "zeta", "blue")


@case("plots.points_map", calls={"plots.points_map": draw_map})
def _(draw):
    n = draw(COUNT)
    return {"xy": draw(points(n, 2)), "owners": ["original", "zeta"] * (n // 2) + ["zeta"] * (n % 2)}
