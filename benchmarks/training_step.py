"""What ζ-mixup adds to a training step of ResNet-18 on a batch of 32 images of 224 x 224.

Examples
--------
python -m benchmarks.training_step
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from torch.nn.functional import cross_entropy, one_hot
from torchvision.models import resnet18

from benchmarks.measuring import interleaved, report
from zeta_geom.mixers import Mixup, ZetaMixup

SHAPE = (32, 3, 224, 224)
N_CLASSES = 10


def main(
    rounds: Annotated[int, typer.Option(help="timed steps of each")] = 30,
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure, print a table, write JSON."""
    torch.manual_seed(0)
    model = resnet18(num_classes=N_CLASSES).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    x, y = torch.rand(SHAPE, device=device), torch.arange(SHAPE[0], device=device) % N_CLASSES
    soft = one_hot(y, N_CLASSES).float()
    mixers = {kind.__name__: kind(n_classes=N_CLASSES, random_state=0) for kind in (ZetaMixup, Mixup)}

    def step(mixer: Any) -> None:
        inputs, labels = (x, soft) if mixer is None else mixer(x, y)
        optimizer.zero_grad()
        cross_entropy(model(inputs), labels).backward()
        optimizer.step()
        if device != "cpu":
            torch.cuda.synchronize()

    calls = {"without": lambda: step(None)} | {name: lambda m=m: step(m) for name, m in mixers.items()}
    taken = interleaved(calls, rounds + 1)
    without = np.median(taken["without"][1:])
    rows = [
        {"step": name, "s": np.median(seconds[1:]), "× without": np.median(seconds[1:]) / without}
        for name, seconds in taken.items()
    ]
    report("training_step" if device == "cpu" else f"training_step_{device}", rows, out, rounds=rounds, required=1.03)


if __name__ == "__main__":
    typer.run(main)
