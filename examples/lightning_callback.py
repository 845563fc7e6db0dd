"""A Lightning callback that mixes every training batch, on whatever device it lies.

Each batch is mixed by a child of the mixer that belongs to (rank, epoch, batch): no two ranks, epochs or batches
share a draw, and a run that resumes from any checkpoint mixes the same batches, although the callback has no state.

Examples
--------
python -m examples.lightning_callback
"""

from __future__ import annotations

from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from zeta_geom import datasets
from zeta_geom.mixers import Mixer, ZetaMixup

EPOCHS = 3
BATCH_SIZE = 64
LEARNING_RATE = 1e-3
SEED = 0


class MixBatches(Callback):
    """Replaces each training batch [x, y] by a mixed one with soft labels, after it has reached the device.

    Parameters
    ----------
    mixer : Mixer
        Needs `n_classes` for integer labels, and a seed for different draws on each rank.
    """

    def __init__(self, mixer: Mixer) -> None:
        self.mixer = mixer

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Mix the batch in place of itself."""
        if not isinstance(batch, list) or len(batch) != 2:
            raise TypeError(f"a batch must be a list [x, y], as the default collate makes it; got {type(batch)}.")
        batch[:] = self.mixer.child(trainer.global_rank, trainer.current_epoch, batch_idx)(*batch)


class Digits(lightning.LightningModule):
    """A small network whose loss takes soft labels."""

    def __init__(self) -> None:
        super().__init__()
        self.model = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)
        )

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        """Return the cross-entropy of a batch, in nats."""
        x, y = batch
        loss = cross_entropy(self.model(x), y)
        self.log("loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimiser."""
        return torch.optim.Adam(self.parameters(), lr=LEARNING_RATE)


def main(epochs: int = EPOCHS) -> float:
    """Train on the embedded digits and return the accuracy on the test images."""
    data = datasets.load("mnist-sample")
    images, tests = (torch.from_numpy(part).float()[:, None] / 255 for part in (data.X_train, data.X_test))
    labels, truth = torch.from_numpy(data.y_train).long(), torch.from_numpy(data.y_test).long()
    module = Digits()
    callback = MixBatches(ZetaMixup(gamma=2.8, n_classes=10, random_state=SEED))
    trainer = lightning.Trainer(max_epochs=epochs, callbacks=[callback], logger=False, enable_checkpointing=False)
    trainer.fit(module, DataLoader(TensorDataset(images, labels), BATCH_SIZE, shuffle=True))
    with torch.no_grad():
        accuracy = (module.cpu().model(tests).argmax(1) == truth).float().mean().item()
    print(f"accuracy on {len(tests)} test images: {accuracy:.1%}")
    return accuracy


if __name__ == "__main__":
    main()
