"""LeNet-5 for images of 28 × 28 pixels, and a plain training loop."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import skip_init
from tqdm import tqdm

from zeta_geom.checks import check_int, check_labels, check_real
from zeta_geom.checks.types import ArrayLike
from zeta_geom.realism.images import to_images


class LeNet5(nn.Module):
    """LeNet-5: two convolutions of 5 × 5, each with ReLU and max-pooling, and layers of 120, 84 and n_classes units.

    It has 89,418 parameters. LeCun et al. 1998 use 6 and 16 maps (here 10 and 24), tanh and averages. The paper's
    oracle is a LeNet-5 with 99.31 % on MNIST's test images.

    Parameters
    ----------
    generator : torch.Generator, optional
        Draws the initial weights by He's uniform rule; biases are 0. Without it, weights must be loaded.
    n_classes : int
        Number of logits.

    Examples
    --------
    >>> LeNet5(torch.Generator().manual_seed(0))(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self, generator: torch.Generator | None = None, *, n_classes: int = 10) -> None:
        super().__init__()
        self.conv1: Any = skip_init(nn.Conv2d, 1, 10, 5, padding=2)
        self.pool1 = nn.MaxPool2d(2)
        self.conv2: Any = skip_init(nn.Conv2d, 10, 24, 5)
        self.pool2 = nn.MaxPool2d(2)
        self.fc1: Any = skip_init(nn.Linear, 24 * 5 * 5, 120)
        self.fc2: Any = skip_init(nn.Linear, 120, 84)
        self.fc3: Any = skip_init(nn.Linear, 84, n_classes)
        if generator is not None:
            for layer in (self.conv1, self.conv2, self.fc1, self.fc2, self.fc3):
                nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
                nn.init.zeros_(layer.bias)

    def features(self, x: Tensor) -> Tensor:
        """Return the activations before the last layer.

        Parameters
        ----------
        x : float tensor of shape (n, 1, 28, 28)
            Grey levels 0..1.

        Returns
        -------
        Tensor of shape (n, 84)

        Examples
        --------
        >>> LeNet5(torch.Generator().manual_seed(0)).features(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 84])
        """
        x = functional.relu(self.pool1(self.conv1(x)))  # equals ReLU before pooling, on a quarter of the values
        x = functional.relu(self.pool2(self.conv2(x)))
        x = functional.relu(self.fc1(x.flatten(1)))
        return functional.relu(self.fc2(x))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of the classes.

        Parameters
        ----------
        x : float tensor of shape (n, 1, 28, 28)
            Grey levels 0..1.

        Returns
        -------
        Tensor of shape (n, n_classes)

        Examples
        --------
        >>> LeNet5(torch.Generator().manual_seed(0)).forward(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])
        """
        logits: Tensor = self.fc3(self.features(x))
        return logits


def random_affine(images: Tensor, generator: torch.Generator) -> Tensor:
    """Move images (n, 1, H, W) by random affine maps: up to 10° rotation, 10 % scale and shear, 2 pixels shift."""
    n, size = len(images), images.shape[-1]
    angle, scale, shear, right, down = 2 * torch.rand(5, n, generator=generator) - 1
    angle, scale, shear = angle * math.radians(10), 1 + 0.1 * scale, 0.1 * shear
    cos, sin = scale * torch.cos(angle), scale * torch.sin(angle)
    shift = 2 * 2 / size  # 2 pixels; affine_grid measures in half image widths
    rows = torch.stack([cos, shear - sin, shift * right, sin, cos, shift * down], dim=1)
    grid = functional.affine_grid(rows.view(n, 2, 3), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def train_lenet(
    images: ArrayLike,
    labels: ArrayLike,
    *,
    epochs: int,
    batch_size: int = 64,
    learning_rate: float = 3e-3,
    weight_decay: float = 1e-4,
    seed: int = 0,
    mixer: Callable[..., tuple[Tensor, Tensor]] | None = None,
    augment: bool = False,
    progress: bool = True,
) -> LeNet5:
    """Train LeNet-5 by AdamW on a one-cycle schedule, and return it after the last epoch.

    The loss is the cross-entropy in nats. The seed alone gives the initial weights and the batches, for any mixer.

    Parameters
    ----------
    images : array of shape (n, 28, 28)
        uint8 0..255, or float 0..1.
    labels : int array of shape (n,) or (n, 1), or array of shape (n, 10)
        Classes 0..9, or soft labels.
    epochs, batch_size, seed : int
        Passes over the images, images of a step, and seed of the initial weights, the batches and the affine maps.
    learning_rate, weight_decay : float
        The highest rate of the schedule, and the weight decay of AdamW.
    mixer : callable, optional
        (x, y, n_classes=10) -> (x_new, soft labels), called on each batch; any `zeta_geom` mixer.
    augment, progress : bool
        Move each image by `random_affine` before the mixer; show a progress bar on a terminal.

    Returns
    -------
    LeNet5, in evaluation mode

    Raises
    ------
    TypeError, ValueError
        If images, labels or a setting are out of range.

    Examples
    --------
    >>> train_lenet(np.zeros((8, 28, 28)), np.arange(8), epochs=1, batch_size=4, progress=False).training
    False
    """
    epochs = check_int(epochs, "epochs", low=1)
    batch_size = check_int(batch_size, "batch_size", low=1)
    learning_rate = check_real(learning_rate, "learning_rate", low=0, strict=True)
    weight_decay = check_real(weight_decay, "weight_decay", low=0)
    x = to_images(images, torch.float32)
    checked = check_labels(labels, "labels", n=len(x), n_classes=10)
    y = torch.from_numpy(np.array(checked, dtype=np.int64 if checked.ndim == 1 else np.float32))
    start, order, moves = (
        torch.Generator().manual_seed(10 * check_int(seed, "seed", low=0, high=2**59) + part) for part in range(3)
    )

    model = LeNet5(start).train()
    steps = epochs * -(-len(x) // batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=max(steps, 2))
    with tqdm(total=steps, desc="LeNet-5", unit="batch", leave=False, disable=None if progress else True) as bar:
        for _ in range(epochs):
            for batch in torch.randperm(len(x), generator=order).split(batch_size):
                inputs = random_affine(x[batch], moves) if augment else x[batch]
                targets: Tensor = y[batch]
                if mixer is not None:
                    inputs, targets = mixer(inputs, targets, n_classes=10)
                loss = functional.cross_entropy(model(inputs), targets)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                bar.update()
    return model.eval()
