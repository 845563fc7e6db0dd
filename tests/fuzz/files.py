"""How the entries that read and write files are called: on whole, cut, altered and random bytes."""

import io
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from tests.fuzz.entries import case, resolve
from tests.fuzz.values import RANDOM, SEEDS, any_array, arrays
from zeta_geom import records
from zeta_geom.datasets.idx import read_idx, write_idx
from zeta_geom.records.keys import make_manifest

SUFFIXES = st.sampled_from((".npy", ".npz", ".npz", ".csv", ".txt"))


def saved(save, array):
    content = io.BytesIO()
    save(content, array)
    return content.getvalue()


def idx_of(array):
    with tempfile.TemporaryDirectory() as folder:
        write_idx(Path(folder) / "a", array)
        return (Path(folder) / "a").read_bytes()


@st.composite
def damaged(draw, content):
    """Draw bytes: the content, cut, with some bytes altered, twice, or others."""
    how = draw(st.sampled_from(("whole", "cut", "altered", "altered", "twice", "other")))
    rng = np.random.default_rng(draw(SEEDS))
    if how == "cut":
        return content[: rng.integers(0, len(content) + 1)]
    if how == "altered":
        found = np.frombuffer(content, np.uint8).copy()
        at = rng.integers(0, len(found), size=draw(st.integers(1, 4)))
        found[at] = rng.integers(0, 256, size=len(at))
        return found.tobytes()
    return {"whole": content, "twice": 2 * content, "other": rng.bytes(draw(st.integers(0, 64)))}[how]


def read_arrays(content, suffix, mapped):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"points{suffix}"
        path.write_bytes(content)
        return resolve("datasets.own_files.read_arrays")(path, mapped=mapped)


@case(
    "datasets.own_files.read_arrays",
    calls={"datasets.own_files.read_arrays": read_arrays},
    kept=("content", "suffix", "mapped"),
    errors=(OSError,),
)
def _(draw):
    array = draw(arrays((draw(st.integers(0, 4)), 2)))
    save = draw(
        st.sampled_from(
            (np.save, lambda file, X: np.savez(file, X=X), lambda file, X: np.savez_compressed(file, X=X))
        )
    )
    return {"content": draw(damaged(saved(save, array))), "suffix": draw(SUFFIXES), "mapped": draw(st.booleans())}


@case("checks.images.to_floats", check=lambda X, arguments: X.dtype.kind == "f" or 1 / 0)
def _(draw):
    return {
        "X": draw(arrays((draw(st.integers(0, 4)), 2), ("u1", "i8", "f4", "f8", "i2"), ("grid", "normal", "zeros")))
    }


def write_result(values, suffix):
    with tempfile.TemporaryDirectory() as folder:
        resolve("records.disk.write_result")(Path(folder) / f"result{suffix}", values)


def read_record(content, manifest, suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        records.write(records.Record("made", VALUES[suffix], dict(MANIFEST)), path)
        path.with_name(f"made{suffix}").write_bytes(content)
        path.with_name("made.json").write_bytes(manifest)
        return records.read(path, any_code=True)


MANIFEST = make_manifest("made", {"seed": 0}, "none")
VALUES = {".npz": {"x": np.arange(3)}, ".parquet": pd.DataFrame({"x": [1.0, 2.0]})}


def written(suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        records.write(records.Record("made", VALUES[suffix], dict(MANIFEST)), path)
        return path.with_name(f"made{suffix}").read_bytes(), path.with_name("made.json").read_bytes()


WRITTEN = {suffix: written(suffix) for suffix in VALUES}


@case("records.read", calls={"records.read": read_record}, kept=("content", "manifest", "suffix"), errors=(OSError,))
def _(draw):
    suffix = draw(st.sampled_from(tuple(VALUES)))
    content, manifest = WRITTEN[suffix]
    fields = json.loads(manifest)
    odd = {draw(st.sampled_from(sorted(fields))): draw(st.sampled_from((None, 3, [], {"a": 1}, "../x", "")))}
    other = json.dumps(fields | odd).encode()
    return {
        "content": draw(st.one_of(st.just(content), damaged(content))),
        "manifest": draw(st.one_of(st.just(manifest), st.just(other), damaged(manifest))),
        "suffix": suffix,
    }


def write_record(values):
    with tempfile.TemporaryDirectory() as folder:
        records.write(records.Record("made", {"x": values}, dict(MANIFEST)), Path(folder) / "made")


@case("records.write", calls={"records.write": write_record})
def _(draw):
    return {"values": draw(arrays((draw(st.integers(0, 4)),)))}


@case("records.data_fingerprint", calls={"records.data_fingerprint": lambda values: records.data_fingerprint(values)})
def _(draw):
    return {"values": draw(any_array())}


def read_idx_bytes(content):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a").write_bytes(content)
        return read_idx(Path(folder) / "a")


@case("datasets.idx.read_idx", calls={"datasets.idx.read_idx": read_idx_bytes}, kept=("content",))
def _(draw):
    return {"content": draw(damaged(idx_of(draw(arrays((2, 3), ("u1",), layouts=("C",))))))}


def write_idx_file(values):
    with tempfile.TemporaryDirectory() as folder:
        write_idx(Path(folder) / "a", values)


@case("datasets.idx.write_idx", calls={"datasets.idx.write_idx": write_idx_file})
def _(draw):
    return {"values": draw(arrays((draw(st.integers(0, 4)), 2), ("u1",)))}


@case("rng.numpy_generator")
def _(draw):
    return {"random_state": draw(RANDOM)}
