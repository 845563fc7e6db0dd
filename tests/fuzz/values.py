"""What the fuzz tests draw: arrays, labels and scalars, nearly right or of any other kind.

Hypothesis draws shapes, dtypes, layouts and a seed; NumPy fills in the values, which keeps an example cheap.
"""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import torch
from hypothesis import strategies as st

FLOATS = ("f8", "f4", "f2", ">f8", ">f4")
INTEGERS = ("i8", "i4", "i2", "i1", "u1", "u2", "u4", "u8", ">i4")
OTHERS = ("?", "c8", "c16", "g", "O", "U3", "S2", "M8[s]", "m8[s]", "V4", "i4,f4")
TENSORS = ("float64", "float32", "float16", "bfloat16", "int64", "uint8", "bool", "complex64")
LAYOUTS = ("C", "C", "F", "reversed", "strided", "read-only", "broadcast")
TAME = ("normal", "uniform", "grid", "constant", "zeros", "repeated", "offset", "tiny", "large")
FLAVOURS = (*TAME, "huge", "wide", "denormal", "spiked")
SCALARS = (
    *(None, True, False, -1, 0, 1, 2, 3, 7, 2**70, -(2**70), 10**400, 0.5, -0.5, 1.5, 1e300, 1e-300),
    *(math.nan, math.inf, -math.inf, 1j, "", "a", "self", "zeta", b"x", Fraction(1, 3), Decimal(1), object()),
    *(np.float32(2), np.float16("nan"), np.int8(3), np.uint64(2), np.bool_(True), np.datetime64("2024-01-01")),
    *(np.array(2), np.array([2, 3]), np.array("a"), torch.tensor(2), [2], (2, 3), (), [], {}, {"a": 1}, {2}, [[2]]),
)
RAGGED = ([[1.0, 2.0], [3.0]], [[1], 2], ["a", 1.0], [None, 1.0], [[]], [[], []], [np.ones(2), np.ones(3)])
SEEDS = st.integers(0, 2**32 - 1)
KS = st.sampled_from((2, 3, 4))
COUNT, WIDTH, WIDE = st.integers(5, 12), st.integers(1, 5), st.integers(2, 5)
RANDOM = st.one_of(st.integers(0, 9), st.builds(np.random.default_rng, st.integers(0, 9)))


def fill(rng, shape, flavour):
    """Return float64 values of a flavour."""
    normal = np.asarray(rng.normal(size=shape))
    if flavour == "spiked":
        spikes = rng.choice([np.nan, np.inf, -np.inf, 0.0], size=shape)
        return np.where(rng.random(shape) < 0.2, spikes, normal)
    if flavour == "repeated" and normal.ndim and len(normal):
        return normal[rng.integers(0, max(1, len(normal) // 3), size=len(normal))]
    scales = {"tiny": 1e-20, "large": 1e12, "huge": 1e300, "denormal": 1e-310, "offset": 1.0}
    if flavour in scales:
        return normal * scales[flavour] + (1e4 if flavour == "offset" else 0)
    if flavour == "wide":
        return normal * 10.0 ** rng.uniform(-320, 307, size=shape)
    if flavour == "constant":
        return np.full(shape, normal.ravel()[0] if normal.size else 0.0)
    made = {"uniform": rng.random, "zeros": np.zeros, "grid": lambda shape: rng.integers(0, 4, size=shape) * 1.0}
    return np.asarray(made[flavour](shape)) if flavour in made else normal


def as_dtype(values, dtype, rng):
    """Return float64 values in any dtype; infinite where they do not fit into a float."""
    values, kind = np.asarray(values), np.dtype(dtype).kind
    with np.errstate(all="ignore"):
        if kind in "fc?":
            return values.astype(dtype)
        if kind in "iu":
            limits = np.iinfo(dtype)
            return np.nan_to_num(values).clip(limits.min / 2, limits.max / 2).astype(dtype)
        if kind == "O":
            objects = values.astype(object)
            if objects.size and rng.random() < 0.5:
                objects.ravel()[0] = rng.choice(np.array([None, "a", 10**400, 1j], dtype=object))
            return objects
        if kind in "mM":
            return np.nan_to_num(values).clip(-1e9, 1e9).astype("i8").astype(dtype)
        return np.zeros(values.shape, dtype) if kind == "V" else values.astype("U32").astype(dtype)


def laid_out(array, layout):
    """Return equal values (for "broadcast" other ones) that lie in memory in another way."""
    array = np.asarray(array)  # not the scalar that arithmetic makes of no axes
    if layout == "read-only":
        array = array.copy()
        array.flags.writeable = False
    elif layout == "broadcast" and array.ndim and len(array):
        array = np.broadcast_to(array[:1], array.shape)
    elif layout == "F":
        array = np.asarray(array, order="F")
    elif layout == "reversed" and array.ndim:
        array = array[::-1].copy()[::-1]
    elif layout == "strided" and array.ndim:
        array = np.repeat(array, 2, axis=-1)[..., ::2]
    return array


@st.composite
def arrays(draw, shape, dtypes=FLOATS, flavours=FLAVOURS, layouts=LAYOUTS):
    """Draw a NumPy array of this shape."""
    rng = np.random.default_rng(draw(SEEDS))
    values = fill(rng, shape, draw(st.sampled_from(flavours)))
    return laid_out(as_dtype(values, draw(st.sampled_from(dtypes)), rng), draw(st.sampled_from(layouts)))


@st.composite
def tensors(draw, shape, dtypes=TENSORS, flavours=FLAVOURS):
    """Draw a CPU tensor of this shape, some transposed, some waiting for gradients."""
    values = fill(np.random.default_rng(draw(SEEDS)), shape, draw(st.sampled_from(flavours)))
    dtype = getattr(torch, draw(st.sampled_from(dtypes)))
    if not (dtype.is_floating_point or dtype.is_complex):
        values = np.nan_to_num(values).clip(0, 200)
    tensor = torch.from_numpy(np.array(values, order=draw(st.sampled_from("CF")))).to(dtype)
    return tensor.requires_grad_(tensor.is_floating_point() and draw(st.booleans()))


@st.composite
def points(draw, n, d, flavours=TAME, containers=True):
    """Draw n finite points of d coordinates as a user may hold them: array, list, DataFrame or tensor."""
    form = draw(st.sampled_from(("array",) * 4 + ("list", "frame", "tensor"))) if containers else "array"
    if form == "tensor":
        return draw(tensors((n, d), TENSORS[:6], flavours))
    array = draw(arrays((n, d), (*FLOATS * 2, *INTEGERS), flavours))
    with np.errstate(all="ignore"):
        array = array if array.dtype.kind in "iu" else np.nan_to_num(array)  # float16 may be infinite by now
    return array.tolist() if form == "list" else pd.DataFrame(array) if form == "frame" else array


@st.composite
def labels(draw, n, n_classes=3, soft=True, frames=True):
    """Draw n labels: ints, one class alone, or soft ones; array, list or tensor."""
    rng = np.random.default_rng(draw(SEEDS))
    if soft and draw(st.booleans()):
        shares = rng.dirichlet(np.full(n_classes, draw(st.sampled_from((1.0, 0.05)))), size=n)
        values = shares.astype(draw(st.sampled_from(("f8", "f4"))))
    else:
        values = rng.integers(0, draw(st.sampled_from((1, n_classes))), size=n).astype(
            draw(st.sampled_from(INTEGERS))
        )
    forms = (np.asarray, np.asarray, laid_out_backwards, list_of, torch_of)
    return draw(st.sampled_from(forms))(values)


def laid_out_backwards(values):
    return laid_out(values, "reversed")


def list_of(values):
    return values.tolist()


def torch_of(values):
    return torch.from_numpy(values.astype(values.dtype.newbyteorder("=")))


def distributions(n, n_classes, dtypes=("float64", "float32")):
    """Draw n rows that sum to 1, some with zeros, some with a single one."""

    def make(seed, concentration, dtype):
        rows = np.random.default_rng(seed).dirichlet(np.full(n_classes, concentration), size=n)
        rows = np.where(rows < 1e-9, 0, rows)
        return (rows / rows.sum(axis=1, keepdims=True)).astype(dtype)

    return st.builds(make, SEEDS, st.sampled_from((1.0, 0.01, 100.0)), st.sampled_from(dtypes))


SHAPES = st.one_of(
    st.lists(st.integers(0, 12), max_size=4),
    st.tuples(st.integers(0, 12), st.integers(0, 4)),
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)),
).map(tuple)
COLUMN_DTYPE = (*FLOATS * 2, *INTEGERS, "?", "c16", "O", "U3", "M8[s]")  # what pandas holds, without long doubles
ANY_DTYPE = (*FLOATS * 2, *INTEGERS, *OTHERS)


@st.composite
def any_array(draw):
    """Draw what may be given in an array's place."""
    form = draw(st.sampled_from(("array",) * 6 + ("tensor", "tensor", "list", "frame", "ragged", "scalar")))
    if form == "scalar":
        return draw(any_scalar)
    if form == "ragged":
        return draw(st.sampled_from(RAGGED))
    shape = draw(SHAPES)
    if form == "tensor":
        return draw(tensors(shape))
    array = draw(arrays(shape, ANY_DTYPE))
    if form == "frame" and array.ndim and array.dtype.kind != "V":
        rows = array.reshape(len(array), -1) if array.size else array[:0].reshape(0, 0)
        return pd.DataFrame(rows.astype(array.dtype.newbyteorder("=")))
    # of no axes it would be a number, perhaps a size that no memory holds
    return array.tolist() if form == "list" and array.ndim else array


any_scalar = st.sampled_from(SCALARS)


@st.composite
def odd_tables(draw, table):
    """Draw a table with something wrong in it: a column absent, there twice or of anything, or no row."""
    column, how = draw(st.sampled_from(list(table))), draw(st.sampled_from(("absent", "twice", "other", "empty")))
    if how == "other":
        return table.assign(**{column: draw(arrays((len(table),), COLUMN_DTYPE, layouts=("C",))).tolist()})
    other = {"absent": table.drop(columns=column), "twice": pd.concat([table, table[[column]]], axis=1)}
    return other.get(how, table.iloc[:0])
