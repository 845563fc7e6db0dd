r"""The time that mixers add to a training step of `zeta_geom.training`: forward and backward pass, and SGD's step.

Examples
--------
python -m benchmarks.training_step
python -m benchmarks.training_step --methods "mixup zeta cutmix supermix co-mixup opttransmix adamixup automix-liu \\
    automix-zhu" --only "CIFAR, cpu study" --rounds 5
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer

from analyses.study.recipes import LEARNED as STUDIED
from benchmarks.shared.measuring import report
from zeta_geom.execution.timing import interleaved
from zeta_geom.mixers import make_mixer
from zeta_geom.training import NETWORKS, Classifier, make_network
from zeta_geom.training.learned.methods import LEARNED
from zeta_geom.training.recipes.schema import Optimizer

N_CLASSES = 10
STEPS = {  # name -> network, images in a batch, their shape
    "Imagenette": ("resnet18", 32, (3, 224, 224)),
    "CIFAR": ("resnet18", 128, (3, 32, 32)),
    "Fashion-MNIST": ("resnet18", 32, (1, 28, 28)),
    "cpu study": ("lenet", 32, (1, 28, 28)),
}
MIXED = ("zeta", "mixup")


def main(
    rounds: Annotated[int, typer.Option(help="timed steps of each")] = 20,
    only: Annotated[str, typer.Option(help=f"some of {', '.join(STEPS)}, with commas; all by default")] = "",
    methods: Annotated[str, typer.Option(help="names of mixers and of learned methods")] = " ".join(MIXED),
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure, print a table, write JSON."""
    rows: list[dict[str, Any]] = []
    ranges: list[dict[str, Any]] = []
    for name, (network, batch_size, shape) in STEPS.items():
        if only and name not in only.split(", "):
            continue
        calls = {
            method: step_of(network, batch_size, shape, method, device) for method in ("without", *methods.split())
        }
        times = interleaved(calls, rounds + 1)
        batch = " × ".join(map(str, (batch_size, *shape)))
        without = np.array(times.pop("without")[1:])
        row = {"step": name, "network": network, "batch": batch, "without, s": float(np.median(without))}
        for method, seconds in times.items():  # the rounds are interleaved: each gives a ratio
            low, middle, high = np.quantile(np.array(seconds[1:]) / without, (0, 0.5, 1))
            row |= {f"{method} ÷ without": middle}
            ranges.append({"step": name, "method": method, "ratio": middle, "low": low, "high": high})
        rows.append(row)
    more = {"rounds": rounds, "required": 1.03, "ranges": ranges}
    report("training_step" if device == "cpu" else f"training_step_{device}", rows, out, **more)


def step_of(
    network: str, batch_size: int, shape: tuple[int, int, int], method: str, device: str
) -> Callable[[], None]:
    """Return a training step that always takes the same batch."""
    params: dict[str, Any] = {}
    if method in ("manifold-mixup", "mixfeat"):
        params["layers"] = NETWORKS[network].stages
    if method == "supermix":
        params["teacher"] = make_network(network, N_CLASSES, shape, seed=1).to(device)
    trained = make_network(network, N_CLASSES, shape)
    mixer: Any = None
    if method in LEARNED:
        if network == "lenet":  # as in the study on two cores
            params = STUDIED[method].get("params", {})
        mixer = LEARNED[method](**params).hook(trained, shape, seed=0)
    elif method != "without":
        mixer = make_mixer(method, **params, n_classes=N_CLASSES, random_state=0)
    classifier = Classifier(trained, N_CLASSES, mixer=mixer, optimizer=Optimizer(learning_rate=1e-3)).to(device)
    quiet: Any = lambda *_, **__: None  # noqa: E731, there is no trainer to log for
    classifier.log = quiet
    classifier.on_train_epoch_start()
    (optimizer,), _ = classifier.configure_optimizers()
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(256, (batch_size, *shape), dtype=torch.uint8, generator=draw).to(device)
    labels = torch.arange(batch_size, device=device) % N_CLASSES

    def step() -> None:
        optimizer.zero_grad()
        classifier.training_step((images, labels)).backward()
        optimizer.step()
        classifier.on_train_batch_end()
        if device != "cpu":
            torch.cuda.synchronize()

    return step


if __name__ == "__main__":
    typer.run(main)
