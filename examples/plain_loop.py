"""A plain training loop with a mixer behind the loader, which can be stopped and resumed exactly.

A mixer takes the place of torchvision's MixUp or timm's Mixup: x, y = mixer(x, y). Its state goes into the checkpoint
beside the model's, so that a resumed run mixes the same batches as an uninterrupted one.

Examples
--------
python -m examples.plain_loop
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from zeta_geom import datasets
from zeta_geom.mixers import CutMix, RandomMixer, ZetaMixup

EPOCHS = 3
BATCH_SIZE = 64
LEARNING_RATE = 1e-3
SEED = 0


class Run:
    """The state of a checkpoint: the model, its optimiser, the order of the data, and the mixer."""

    def __init__(self) -> None:
        torch.manual_seed(SEED)
        self.model = torch.nn.Sequential(
            torch.nn.Conv2d(1, 16, 5, stride=2),
            torch.nn.ReLU(),
            torch.nn.Flatten(),
            torch.nn.Linear(16 * 12 * 12, 10),
        )
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LEARNING_RATE)
        self.order = torch.Generator().manual_seed(SEED)
        methods = [ZetaMixup(gamma=2.8), CutMix()]
        self.mixer = RandomMixer(methods, p=[0.7, 0.3], prob=0.9, n_classes=10, random_state=SEED)

    def epoch(self, images: torch.Tensor, labels: torch.Tensor) -> float:
        """Train for one epoch and return the mean loss, in nats."""
        loader = DataLoader(TensorDataset(images, labels), BATCH_SIZE, shuffle=True, generator=self.order)
        losses = []
        for batch in loader:
            x, y = self.mixer(*batch)  # y comes out as soft labels, which cross_entropy takes
            loss = cross_entropy(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    def checkpoint(self) -> dict[str, Any]:
        """Return the state that `resume` needs."""
        parts = {"model": self.model, "optimizer": self.optimizer, "mixer": self.mixer}
        return {name: part.state_dict() for name, part in parts.items()} | {"order": self.order.get_state()}

    def resume(self, state: dict[str, Any]) -> None:
        """Restore the state of a checkpoint."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.mixer.load_state_dict(state["mixer"])
        self.order.set_state(state["order"])


def main(epochs: int = EPOCHS) -> float:
    """Train on the embedded digits and return the accuracy on the test images."""
    data = datasets.load("mnist-sample")
    images, tests = (torch.from_numpy(part).float()[:, None] / 255 for part in (data.X_train, data.X_test))
    labels, truth = torch.from_numpy(data.y_train).long(), torch.from_numpy(data.y_test).long()
    run = Run()
    for epoch in range(epochs):
        print(f"epoch {epoch}: mean loss {run.epoch(images, labels):.3f} nats")
    with torch.no_grad():
        accuracy = (run.model(tests).argmax(1) == truth).float().mean().item()
    print(f"accuracy on {len(tests)} test images: {accuracy:.1%}")
    return accuracy


if __name__ == "__main__":
    main()
