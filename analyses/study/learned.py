"""Learned methods, trained on few digits: their mixers, and the rows of the panel of methods."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from analyses.context import one_thread
from analyses.study.recipes import DIGITS, LEARNED, name_of, recipe
from zeta_geom.mixers import Mixer
from zeta_geom.training import load_mixer, run

TABLE = Path("docs/cpu_study/learned.csv")
SEEDS = 3
TRAINED_ON = f"is trained with LeNet-5 on {DIGITS[1]:,} training digits"


def trainable() -> bool:
    """Return whether the extra `train` is installed."""
    return find_spec("lightning") is not None


def learned_mixer(method: str, seed: int, folder: Path, random_state: int) -> Mixer:
    """Train a method on digits on one thread, unless the folder has the run, and return it as a mixer."""
    trained = recipe(*DIGITS, "lenet", method, LEARNED[method], SEEDS)
    with one_thread():
        run(trained, folder=folder, seeds=[seed], accelerator="cpu", progress=False, logs=False)
    return load_mixer(f"{name_of(*DIGITS, 'lenet', method)}/seed-{seed}", folder=folder, random_state=random_state)


def learned_rows(n_images: int, seeds: int, path: Path = TABLE) -> pd.DataFrame:
    """Return the rows of the table for this many images and seeds, without those that it lacks."""
    if not path.is_file():
        return pd.DataFrame({"method": [], "seed": [], "n": []})
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    return table[(table["n"] == n_images) & (table["seed"] < seeds)]
