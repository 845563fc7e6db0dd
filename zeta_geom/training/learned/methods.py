"""The learned methods by name: their parameters, and the hook by which each is trained with a classifier."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from zeta_geom.checks import check_choice, check_int, check_real
from zeta_geom.mixers.models import INPUT, layer_names

if TYPE_CHECKING:
    from torch import nn

    from zeta_geom.training.learned.hooks import Hook

ATTENTIONS = ("multiplication", "projection")


class LearnedMethod(Protocol):
    """The parameters of a learned method."""

    def hook(self, network: nn.Module, image_shape: tuple[int, int, int], *, seed: int) -> Hook:
        """Return the hook that trains it with a network, for images (C, H, W) in pixels."""
        ...


@dataclass(frozen=True)
class AdaMixUp:
    """Learn the interval of λ for each pair, and a discriminator of real and mixed images, with the classifier.

    The policy network maps a pair to (a, b, c), which sum to 1; λ = a + b u with u ~ U(0, 1); x' = λ x + (1 - λ) x[π]
    and labels likewise. The loss, of all parameters, is the sum of three means: cross-entropy of the images, of the
    mixtures, and of the discriminator, which is to call images real and mixtures not. The first half of a batch is
    mixed; the images of the other half enter no mixture. Source: Guo et al. 2019 (AdaMixUp), policy region
    generator and intrusion discriminator; the halves are those of the authors' code.

    Decided here: the policy network is a small one of its own, which sees both images as channels (the authors' has
    the classifier's architecture and sees a random average of both, which does not tell them apart); the
    discriminator is a linear layer on the input of the network's last layer; the classifier sees both halves, and
    images and mixtures are one batch for its batch normalisation.

    Parameters
    ----------
    width : int
        Channels of the policy network's first layer; the further ones have twice as many.

    Raises
    ------
    TypeError, ValueError
        If `width` is not a positive integer.

    Examples
    --------
    >>> import torch
    >>> from zeta_geom.training import Classifier, make_network
    >>> from zeta_geom.training.recipes.schema import Optimizer
    >>> network = make_network("lenet", 10, (1, 28, 28))
    >>> hook = AdaMixUp(width=4).hook(network, (1, 28, 28), seed=0)
    >>> classifier = Classifier(network, 10, mixer=hook, optimizer=Optimizer(learning_rate=0.01))
    >>> hook.trained_mixer(classifier)(torch.rand(4, 28, 28), [0, 1, 2, 3], n_classes=10)[1].shape
    torch.Size([4, 10])
    """

    width: int = 32

    def __post_init__(self) -> None:
        check_int(self.width, "width", low=1)

    def hook(self, network: nn.Module, image_shape: tuple[int, int, int], *, seed: int) -> Hook:
        """Return the hook that trains the method with a network.

        Parameters
        ----------
        network : torch.nn.Module
            The classifier's, as `make_network` returns it.
        image_shape : (int, int, int)
            Channels, height and width of the images, in pixels.
        seed : int
            Of the weights, and of the streams.

        Returns
        -------
        Hook
            For `Classifier(network, ..., mixer=hook)`.

        Raises
        ------
        TypeError
            If the network is another one, whose last layer is not known.
        """
        from zeta_geom.training.learned.adamixup import make_hook

        return make_hook(network, image_shape, seed, width=self.width)


@dataclass(frozen=True)
class AutoMixLiu:
    """Learn masks for pairs of images, together with the classifier.

    A momentum encoder gives the features z, z' of both images at a layer. With λ as a further channel of z
    and 1 - λ of z', P = softmax(q(z)ᵀ q(z') / √c) over the places of z', and the second image's mask is
    m = sigmoid(upsample(P v(z'))); x' = (1 - m) x + m x[π], and labels by λ ~ Beta(α, α). If λ or 1 - λ is at most
    0.08, it is mixup. One step minimises both levels: over the classifier, its cross-entropy of the images and of
    mixtures whose masks are constants; over the masks, the momentum encoder's cross-entropy of other mixtures, and
    0.1 max(|mean(1 - m) - λ| - 0.1, 0). After it, the encoder's weights become μ θ' + (1 - μ) θ, where θ are the
    classifier's, and μ goes to 0.999999 along a cosine. Source: Liu et al. 2022 (AutoMix), mix block and momentum
    pipeline; the constants are those of the authors' code.

    Decided here: the features of an image are divided by their root mean square, without which the masks of a network
    that does not normalise its features, such as LeNet-5, become 0 everywhere and stay so; one last layer serves
    images and mixtures (the authors' code has two); the encoder keeps its own statistics of batch normalisation.

    Parameters
    ----------
    alpha, momentum : float
        α > 0; μ at the start, in [0, 1].
    layer : str
        The layer of the features, as in `network.named_modules()`; it returns (n, c, h, w).
    reduction : int
        q has c / reduction channels.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> from zeta_geom.training import make_network
    >>> AutoMixLiu(layer="pool2").hook(make_network("lenet", 10, (1, 28, 28)), (1, 28, 28), seed=0).block.query
    Conv2d(25, 12, kernel_size=(1, 1), stride=(1, 1))
    """

    alpha: float = 2.0
    momentum: float = 0.999
    layer: str = "layer3"
    reduction: int = 2

    def __post_init__(self) -> None:
        check_real(self.alpha, "alpha", low=0, strict=True)
        check_real(self.momentum, "momentum", low=0, high=1)
        layer_names([self.layer])
        if self.layer == INPUT:
            raise ValueError("layer must name a module of the network, not 'input'.")
        check_int(self.reduction, "reduction", low=1)

    def hook(self, network: nn.Module, image_shape: tuple[int, int, int], *, seed: int) -> Hook:
        """Return the hook that trains the method with a network.

        Parameters
        ----------
        network : torch.nn.Module
            The classifier's.
        image_shape : (int, int, int)
            Channels, height and width of the images, in pixels.
        seed : int
            Of the weights, and of the streams.

        Returns
        -------
        Hook
            For `Classifier(network, ..., mixer=hook)`.

        Raises
        ------
        ValueError
            If the network lacks the layer, or the layer does not return spatial features.
        """
        from zeta_geom.training.learned.automix_liu import make_hook

        return make_hook(network, image_shape, seed, **asdict(self))


@dataclass(frozen=True)
class AutoMixZhu:
    """Learn a network that generates x' from two images and λ, together with the classifier.

    One step minimises, over all parameters, KL(y' ‖ p(x')) + KL(y ‖ p(x)) + β mean(λ |x - x'| + (1 - λ) |x[π] - x'|)
    with y' = λ y + (1 - λ) y[π] and λ ~ U(0, 1) for each pair, where β is `distance`. The generator is a U-Net; at
    each of its resolutions the features h of both images meet by an attention to λ: "multiplication" joins λ h and
    (1 - λ) h', "projection" joins s h and s' h', where a small network projects λ and the mean of h over the image
    to s in (0, 1) for each channel. Source: Zhu et al. 2020 (AutoMix), for the loss; the sizes, and the projection as
    squeeze and excitation, are those of the authors' code.

    Decided here: the paper's text could not be read whole, so the form of both attentions is ours; the output passes
    a sigmoid, because images are grey levels 0..1 (the authors' are standardised and pass a tanh); all of a batch is
    mixed, and images and mixtures are one batch for the classifier's batch normalisation.

    Parameters
    ----------
    width, depth : int
        Channels of the U-Net at full resolution; the number of times that it halves the resolution.
    attention : {"multiplication", "projection"}
        How λ acts on the features.
    distance : float
        β ≥ 0, the weight of the distance from both images.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> import torch
    >>> hook = AutoMixZhu(width=4, depth=2).hook(torch.nn.Identity(), (1, 28, 28), seed=0)
    >>> hook.generator(torch.rand(3, 1, 28, 28), torch.rand(3, 1, 28, 28), torch.rand(3)).shape
    torch.Size([3, 1, 28, 28])
    """

    width: int = 32
    depth: int = 4
    attention: str = "multiplication"
    distance: float = 1.5

    def __post_init__(self) -> None:
        check_int(self.width, "width", low=1)
        check_int(self.depth, "depth", low=0)
        check_choice(self.attention, "attention", ATTENTIONS)
        check_real(self.distance, "distance", low=0)

    def hook(self, network: nn.Module, image_shape: tuple[int, int, int], *, seed: int) -> Hook:
        """Return the hook that trains the method with a network.

        Parameters
        ----------
        network : torch.nn.Module
            The classifier's; not used.
        image_shape : (int, int, int)
            Channels, height and width of the images, in pixels.
        seed : int
            Of the weights, and of the streams.

        Returns
        -------
        Hook
            For `Classifier(network, ..., mixer=hook)`.

        Raises
        ------
        ValueError
            If the images have fewer than 2^depth pixels along a side.
        """
        from zeta_geom.training.learned.automix_zhu import make_hook

        return make_hook(image_shape, seed, **asdict(self))


LEARNED: dict[str, type[LearnedMethod]] = {
    "adamixup": AdaMixUp,
    "automix-liu": AutoMixLiu,
    "automix-zhu": AutoMixZhu,
}
