"""The paper's networks, from timm, and the oracle's LeNet-5: one table, name -> how to build it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zeta_geom.checks import check_choice, check_int
from zeta_geom.mixers.models import STAGES
from zeta_geom.training.packages import require_packages

if TYPE_CHECKING:
    from torch import Tensor, nn

SMALL_IMAGE = 64  # pixels; below, a network's first layers keep the resolution: ours, CIFAR has 32, STL-10 has 96


@dataclass(frozen=True)
class Network:
    """How to build a network."""

    build: Callable[[int, int], nn.Module]  # (n_classes, channels) -> module with random weights
    stages: tuple[str, ...]  # where manifold mixup may mix: the input, and the outputs of the first two stages
    keep_resolution: Callable[[Any], None]  # replaces the module's first layers by the small-image stem, in place


def make_network(name: str, n_classes: int, image_shape: tuple[int, int, int], *, seed: int = 0) -> nn.Module:
    """Return a network whose random weights the seed determines.

    Parameters
    ----------
    name, n_classes : str, int
        A key of `NETWORKS`, and at least 2 classes.
    image_shape : (int, int, int)
        Channels, height and width, in pixels. Below 64 pixels the network gets a small-image stem: in residual
        networks a first convolution of 3 × 3 and stride 1 (2 in resnet10-tiny) without pooling after it, in
        MobileNetV2 and EfficientNet-B0 stride 1 in place of 2 in the first convolution and in the second stage.
    seed : int
        Seed of the weights; torch's global generator is restored afterwards.

    Returns
    -------
    torch.nn.Module
        Maps float images (n, C, H, W) to logits (n, n_classes).

    Raises
    ------
    ImportError
        If a package of the extra `train` is missing.
    TypeError, ValueError
        If the name is unknown, a number is out of range, or LeNet-5 is to take other images than 28 × 28 grey ones.

    Notes
    -----
    Source: the paper, "Natural image datasets" and "Skin lesion diagnosis datasets", names the networks; that small
    images get a small-image stem is inferred (its error rates on CIFAR are those of such networks).

    Examples
    --------
    >>> network = make_network("resnet18", 100, (3, 32, 32))
    >>> network.conv1
    Conv2d(3, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)
    """
    require_packages()

    network = NETWORKS[check_choice(name, "network", NETWORKS)]
    n_classes = check_int(n_classes, "n_classes", low=2)
    channels, height, width = (check_int(length, "image_shape", low=1) for length in image_shape)
    if name == "lenet" and (channels, height, width) != (1, 28, 28):
        raise ValueError(f"network lenet takes grey images of 28 x 28 pixels; got {tuple(image_shape)}.")
    with seeded_weights(seed):
        built = network.build(n_classes, channels)
        if min(height, width) < SMALL_IMAGE:
            network.keep_resolution(built)
    return built


@contextmanager
def seeded_weights(seed: int) -> Iterator[None]:
    """Let a seed determine the weights of the modules that are made; restore torch's global generator."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(check_int(seed, "seed", low=0))  # torch.manual_seed also seeds devices
        yield


def features(network: nn.Module, images: Tensor) -> Tensor:
    """Return the input of a network's last layer; `images` (n, C, H, W) -> (n, d)."""
    from zeta_geom.realism import LeNet5

    if isinstance(network, LeNet5):
        return network.features(images)
    timm_network: Any = network
    inputs: Tensor = timm_network.forward_head(timm_network.forward_features(images), pre_logits=True)
    return inputs


def last_layer(network: nn.Module) -> nn.Module:
    """Return the layer that maps `features` to logits."""
    from zeta_geom.realism import LeNet5

    timm_network: Any = network
    layer: nn.Module = network.fc3 if isinstance(network, LeNet5) else timm_network.get_classifier()
    return layer


def _lenet(n_classes: int, channels: int) -> nn.Module:
    import torch

    from zeta_geom.realism import LeNet5

    generator = torch.Generator().manual_seed(torch.initial_seed())
    return LeNet5(generator, n_classes=n_classes)


def _resnet10(width: int) -> Callable[[int, int], nn.Module]:
    """Return a builder of our small networks: one basic block in each stage, the first of this width."""

    def build(n_classes: int, channels: int) -> nn.Module:
        from timm.models.resnet import BasicBlock, ResNet

        block: Any = BasicBlock
        widths = (width, 2 * width, 4 * width, 8 * width)
        return ResNet(
            block, (1, 1, 1, 1), num_classes=n_classes, in_chans=channels, channels=widths, stem_width=width
        )

    return build


def _from_timm(name: str) -> Callable[[int, int], nn.Module]:
    def build(n_classes: int, channels: int) -> nn.Module:
        import timm

        return timm.create_model(name, num_classes=n_classes, in_chans=channels)

    return build


def _residual(network: Any) -> None:
    from torch import nn

    stem = network.conv1
    network.conv1 = nn.Conv2d(stem.in_channels, stem.out_channels, 3, stride=1, padding=1, bias=False)
    nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")  # timm's rule
    network.maxpool = nn.Identity()


def _residual_halved(network: Any) -> None:
    _residual(network)
    network.conv1.stride = (2, 2)  # a step takes a third of the time


def _inverted_residual(network: Any) -> None:
    network.conv_stem.stride = network.blocks[1][0].conv_dw.stride = (1, 1)


INVERTED = ("input", "blocks.1", "blocks.2")

NETWORKS: dict[str, Network] = {
    "lenet": Network(_lenet, ("input", "pool1", "pool2"), lambda network: None),
    "resnet10-narrow": Network(_resnet10(16), STAGES, _residual),  # a quarter of ResNet-18's width, 0.3 M weights
    "resnet10-tiny": Network(_resnet10(8), STAGES, _residual_halved),  # an eighth, 0.08 M weights
    "resnet18": Network(_from_timm("resnet18"), STAGES, _residual),
    "resnet50": Network(_from_timm("resnet50"), STAGES, _residual),
    "mobilenetv2": Network(_from_timm("mobilenetv2_100"), INVERTED, _inverted_residual),
    "efficientnet_b0": Network(_from_timm("efficientnet_b0"), INVERTED, _inverted_residual),
}
