"""A classifier for small images with each learned method, and a batch for it."""

import torch

from zeta_geom.training import Classifier, make_network
from zeta_geom.training.learned.methods import AdaMixUp, AutoMixLiu, AutoMixZhu
from zeta_geom.training.recipes.schema import Optimizer

SHAPE = (1, 8, 8)
METHODS = {
    "adamixup": AdaMixUp(width=4),
    "automix-liu": AutoMixLiu(momentum=0.9),
    "automix-zhu": AutoMixZhu(width=4, depth=2),
    "automix-zhu-projection": AutoMixZhu(width=4, depth=2, attention="projection"),
}
MEAN, STD = (0.3,), (0.4,)


def classifier_of(method, *, seed=0):
    """Return a classifier of digits that is trained by the method, outside a trainer."""
    network = make_network("resnet10-narrow", 4, SHAPE, seed=seed)
    hook = METHODS[method].hook(network, SHAPE, seed=seed)
    classifier = Classifier(
        network, 4, mixer=hook, optimizer=Optimizer(learning_rate=0.05), mean=MEAN, std=STD, seed=seed
    )
    classifier.log = lambda *_, **__: None
    return classifier


def moved(classifier, *, by=0.3):
    """Move what the hook has learned away from its start, where many outputs are equal."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in classifier.hook.parameters():
            parameter += by * torch.randn(parameter.shape, generator=generator)
    return classifier


def batch(m=6, dtype=torch.float32):
    """Return images (m, 1, 8, 8) in grey levels and their classes."""
    generator = torch.Generator().manual_seed(m)
    return torch.rand(m, *SHAPE, generator=generator, dtype=dtype), torch.arange(m) % 4
