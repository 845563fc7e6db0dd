"""The classifier that Lightning trains on mixed batches, by torch's cross-entropy with soft labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import lightning
import numpy as np
import torch
from torch import Tensor, nn

from zeta_geom.mixers import Mixer
from zeta_geom.training.fit.augmentation import augment
from zeta_geom.training.learned.hooks import GreyLevels, Hook, hook_of
from zeta_geom.training.metrics import make_metrics
from zeta_geom.training.recipes.schema import Optimizer, Schedule

if TYPE_CHECKING:
    from torchmetrics import MetricCollection


class Classifier(lightning.LightningModule):
    """A network with its mixer, augmentation, optimizer and metrics.

    All draws of an epoch come from streams that belong to (seed, rank, epoch), so that a training that resumes at the
    end of an epoch ends with the same weights as an uninterrupted one. Evaluation neither mixes nor augments. Inputs
    are mixed as grey levels 0..1 and standardised afterwards: weighted means are the same in both orders, and optimal
    transport needs non-negative values.

    Parameters
    ----------
    network, n_classes : torch.nn.Module, int
        Images (n, C, H, W) -> logits (n, K), and K.
    mixer : Mixer or Hook, optional
        Any of `zeta_geom.mixers.MIXERS`, or the hook of a learned method; a mixer of features runs inside the
        network, and Co-Mixup without a model takes the network's gradients.
    optimizer, schedule, augmentation, metrics
        As in a `Recipe`.
    mean, std : sequences of float, shape (C,)
        Of each channel, in grey levels 0..1; images are standardised with them.
    seed : int
        Seed of augmentation and of dropout; the mixer has a seed of its own.

    Examples
    --------
    >>> from zeta_geom.training.networks import make_network
    >>> network = make_network("lenet", 10, (1, 28, 28))
    >>> classifier = Classifier(network, 10, optimizer=Optimizer(learning_rate=0.1))
    >>> classifier(torch.zeros(2, 1, 28, 28, dtype=torch.uint8)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        network: nn.Module,
        n_classes: int,
        *,
        mixer: Mixer | Hook | None = None,
        optimizer: Optimizer,
        schedule: Schedule | None = None,
        augmentation: Sequence[str] = (),
        metrics: Sequence[str] = ("error",),
        mean: Sequence[float] = (0.0,),
        std: Sequence[float] = (1.0,),
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.network = network
        self.n_classes = n_classes
        self.hook = hook_of(mixer)
        self.optimizer, self.schedule = optimizer, schedule or Schedule()
        self.augmentation = tuple(augmentation)
        self.seed = seed
        self.validation_metrics = make_metrics(metrics, n_classes).clone(prefix="validation/")
        self.test_metrics = make_metrics(metrics, n_classes)
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1))
        self._generator: torch.Generator | None = None

    def standardize(self, x: Tensor) -> Tensor:
        """Return images, grey levels 0..1 of shape (n, C, H, W), with the training set's mean 0 and deviation 1."""
        return (x - self.mean) / self.std

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (n, K) of images, uint8 (n, C, H, W)."""
        return self.logits(images.float() / 255)

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits (n, K) of images, grey levels 0..1 of shape (n, C, H, W)."""
        logits: Tensor = self.network(self.standardize(x))
        return logits

    def of_grey_levels(self) -> GreyLevels:
        """Return the network as a module that maps images in grey levels 0..1 to logits."""
        return GreyLevels(self.network, self.mean, self.std)

    def setup(self, stage: str) -> None:
        """On a CPU, store filters and feature maps channels last: a step takes 0.6 (LeNet-5) to 0.8 of the time."""
        if self.trainer.strategy.root_device.type == "cpu":
            self.network.to(memory_format=torch.channels_last)

    def share_done(self) -> float:
        """Return the share of the training's steps that are done; 0 outside a trainer."""
        trainer = self._trainer
        return 0.0 if trainer is None else min(trainer.global_step / trainer.estimated_stepping_batches, 1.0)

    def on_train_epoch_start(self) -> None:
        """Start the epoch's streams: the hook's, the augmentation's, and torch's global one, which dropout uses."""
        key = (self.global_rank, self.current_epoch)
        self.hook.start_epoch(self, *key)
        children = np.random.SeedSequence(self.seed, spawn_key=key).generate_state(2, np.uint64)
        self._generator = torch.Generator().manual_seed(int(children[0] >> 1))
        torch.manual_seed(int(children[1] >> 1))

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int = 0) -> Tensor:
        """Return the loss of a batch: for mixers, the mean cross-entropy with the mixed labels, in nats."""
        images, labels = batch
        x: Tensor = augment(images.float() / 255, self.augmentation, self._generator)
        loss = self.hook.loss(self, x, labels)
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def on_train_batch_end(self, *_: object) -> None:
        """Let the hook do what follows the optimizer's step."""
        self.hook.end_step(self)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int = 0) -> None:
        """Add an unmixed batch to the validation metrics."""
        self._count(self.validation_metrics, batch)

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int = 0) -> None:
        """Add an unmixed batch to the test metrics."""
        self._count(self.test_metrics, batch)

    def _count(self, metrics: MetricCollection, batch: tuple[Tensor, Tensor]) -> None:
        images, labels = batch
        metrics.update(self(images).float().softmax(dim=1), labels)
        self.log_dict(metrics, on_step=False, on_epoch=True)

    def configure_optimizers(self) -> Any:
        """Return SGD and the step-wise schedule, for the network's parameters and the hook's."""
        others = self.optimizer.model_dump(exclude={"learning_rate"})
        trained = [*self.network.parameters(), *(p for p in self.hook.parameters() if p.requires_grad)]
        optimizer = torch.optim.SGD(trained, lr=self.optimizer.learning_rate, **others)
        schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, self.schedule.milestones, self.schedule.factor)
        return [optimizer], [schedule]
