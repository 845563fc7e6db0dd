"""The time per image of the two methods that optimise: OptTransMix, beside POT pair by pair, and SuperMix.

Examples
--------
python -m benchmarks.optimising_mixers
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from ot.bregman import convolutional_barycenter2d

from benchmarks.shared.measuring import report
from zeta_geom import datasets
from zeta_geom.execution.timing import interleaved
from zeta_geom.mixers import OptTransMix, SuperMix
from zeta_geom.realism import MNISTOracle


def main(
    rounds: Annotated[int, typer.Option(help="timed batches of each")] = 7,
    samples: Annotated[int, typer.Option(help="images in a batch")] = 32,
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure on digits, print a table, write JSON."""
    X = datasets.load("mnist-sample").X_train[:samples, None].astype(np.float32) / 255
    times = interleaved(contenders(X), rounds + 1)
    medians = {name: 1e3 * float(np.median(seconds[1:])) / samples for name, seconds in times.items()}
    report("optimising_mixers", [{"method": name, "ms an image": ms} for name, ms in medians.items()], out)


def contenders(X: np.ndarray) -> dict[str, Callable[[], Any]]:
    """Return the calls that are timed on a batch; each mixer's draws advance from call to call."""
    transport, supermix = OptTransMix(random_state=0), SuperMix(teacher(), random_state=0)
    tensor = torch.from_numpy(X)
    return {
        "POT, pair by pair": lambda: barycenters_by_pot(X, transport),
        "OptTransMix, numpy": lambda: transport(X),
        "OptTransMix, torch": lambda: transport(tensor),
        "SuperMix": lambda: supermix(tensor),
    }


def teacher() -> torch.nn.Module:
    """Return the oracle's network in the precision of its training."""
    return copy.deepcopy(MNISTOracle.pretrained().model).float()


def barycenters_by_pot(X: np.ndarray, mixer: OptTransMix) -> None:
    """Compute the mixer's output with POT, for a batch of images without an empty channel."""
    plan = mixer.draw(X.shape, like=X)
    images = X[:, 0].astype(np.float64)
    images /= images.sum(axis=(1, 2), keepdims=True)
    limits = {"stabThr": 1e-300, "numItermax": mixer.max_iter, "warn": False}
    for k, lam in enumerate(plan.lam):
        pair, weights = images[[k, plan.partners[k]]], np.array([lam, 1 - lam])
        convolutional_barycenter2d(pair, mixer.reg, weights=weights, **limits)


if __name__ == "__main__":
    typer.run(main)
