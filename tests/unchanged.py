"""What must not move when the code is put in order: written down before, compared after.

    python -m tests.unchanged write before --results results/quick
    python -m tests.unchanged compare before after

The outputs of every mixer, the integers of `local_dimension`, the values of every record, the tables of an audit and
of a sweep. What does not repeat (write twice, compare) is no witness; columns of times are left out.
"""

import argparse
import hashlib
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from tests.geometry.exact_sets import DATA
from tests.mixers.mixer_cases import LABELS, TRAITS, VARIANTS, batch, build, to_numpy
from zeta_geom import audit, datasets, manifolds
from zeta_geom.geometry import local_dimension
from zeta_geom.mixers import Mixup, ZetaMixup
from zeta_geom.sweeps import gamma_sweep

TIMES = ("seconds", "copies", "lower", "upper")  # the last two: of a ratio of times


def mixers():
    for variant in tqdm(VARIANTS, desc="mixers"):
        for backend in TRAITS[variant].backends:
            X = batch(backend, "float32")
            y = LABELS if backend == "numpy" else torch.from_numpy(LABELS)
            for seed in range(3):
                mixer = build(variant, seed)
                for call in range(2):
                    yield f"{variant}, {backend}, seed {seed}, call {call}", mixer(X, y, n_classes=3)
                if TRAITS[variant].space == "input":
                    whole = build(variant, seed).mix_dataset(X, y, batch_size=4, n_classes=3)
                    yield f"{variant}, {backend}, seed {seed}, mix_dataset", whole


def dimensions():
    for name in tqdm(DATA, desc="local dimension"):
        for k, values in local_dimension(DATA[name](1000), (8, 128)).items():
            yield f"{name}, k = {k}", values


def table(name, frame):
    for column in frame:
        if not any(word in str(column) for word in TIMES):
            values = frame[column]
            numbers = isinstance(values.dtype, np.dtype) and values.dtype.kind in "fiub"
            yield f"{name}, {column}", values.to_numpy() if numbers else np.array([str(value) for value in values])


def records(results):
    for path in sorted([*results.rglob("*.parquet"), *results.rglob("*.npz")]):
        name = re.sub(r"-[0-9a-f]{12}/", "/", str(path.relative_to(results)))  # without the part of the code's key
        if path.suffix == ".parquet":
            yield from table(name, pd.read_parquet(path))
        else:
            with np.load(path, allow_pickle=False) as stored:
                for key in stored.files:
                    yield f"{name}, {key}", stored[key]


def audit_tables():
    digits = datasets.load("digits")
    report = audit(
        digits.X_train,
        digits.y_train,
        augment=ZetaMixup(random_state=0),
        against=Mixup(random_state=0),
        n_neighbors=(8, 32),
        n_bootstrap=50,
        random_state=0,
        progress=False,
    )
    for name in ("summary", "classes", "comparisons", "samples", "heldout"):
        yield from table(f"audit, {name}", getattr(report, name))


def sweep_table():
    X = manifolds.make_curved_manifold(1500, random_state=0)[0]
    frame = gamma_sweep(X, gammas=(0.0, 2.0, 2.8), n_neighbors=(8, 32), seeds=(0, 1), progress=False)
    yield from table("sweep", frame)


def write(folder, results):
    arrays = {}
    for name, outputs in mixers():
        for part, output in zip(("X", "Y"), outputs):
            if output is not None:
                arrays[f"mixer, {name}, {part}"] = to_numpy(output)
    for kind, pairs in (("dimension", dimensions()), ("", audit_tables()), ("", sweep_table())):
        arrays |= {f"{kind}, {name}".lstrip(", "): np.asarray(values) for name, values in pairs}
    if results:
        arrays |= {f"record, {name}": values for name, values in records(results)}
    folder.mkdir(parents=True)
    names = sorted(arrays)
    (folder / "names.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    for number, name in enumerate(names):
        np.save(folder / f"{number}.npy", arrays[name], allow_pickle=False)
    sys.stdout.write(f"{len(names)} arrays in {folder}\n")


def read(folder):
    names = (folder / "names.txt").read_text(encoding="utf-8").splitlines()
    return {name: np.load(folder / f"{number}.npy") for number, name in enumerate(names)}


def difference(before, after):
    """Say how two arrays differ, "" where no bit does."""
    if before.dtype != after.dtype or before.shape != after.shape:
        return f"{before.dtype}{before.shape} became {after.dtype}{after.shape}"
    if hashlib.sha256(before.tobytes()).digest() == hashlib.sha256(after.tobytes()).digest():
        return ""
    if before.dtype.kind != "f":
        return f"{(before != after).sum()} of {before.size} values differ"
    with np.errstate(all="ignore"):
        worst = np.nanmax(np.abs(before - after)) / max(np.nanmax(np.abs(before)), np.finfo(float).tiny)
    return f"differs by {worst:.2g} of the largest value"


def compare(before, after):
    before, after = read(before), read(after)
    missing = [f"{name}: {'new' if name in after else 'gone'}" for name in sorted(before.keys() ^ after.keys())]
    both = {name: difference(before[name], after[name]) for name in before.keys() & after.keys()}
    moved = [f"{name}: {text}" for name, text in sorted(both.items()) if text]
    sys.stdout.write(
        "\n".join([*missing, *moved, f"{len(both) - len(moved)} of {len(both)} arrays are the same, bit by bit\n"])
    )
    return bool(missing or moved)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("write", help="write everything down, into a new folder")
    writing.add_argument("folder", type=Path)
    writing.add_argument("--results", type=Path, help="a preset's folder of records")
    comparing = commands.add_parser("compare", help="compare two such folders")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "compare":
        return compare(arguments.before, arguments.after)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(arguments.folder, arguments.results)
    return False


if __name__ == "__main__":
    sys.exit(main())
