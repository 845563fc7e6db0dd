"""Batch normalisation folded into the convolution before it: the same function with fewer passes over memory."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights


def fold_batch_norms(model: nn.Module) -> nn.Module:
    """Fold, in place, each batch normalisation of timm into the convolution registered just before it.

    Sums are taken in float64, so that the weights are rounded once. This is correct for models whose blocks
    register layers in the order in which they run, as EfficientNet's do.
    """
    from timm.layers import BatchNormAct2d

    for block in model.modules():
        for (_, before), (name, layer) in pairwise(list(block.named_children())):
            if not (isinstance(before, nn.Conv2d) and isinstance(layer, BatchNormAct2d)):
                continue
            mean, variance = layer.running_mean, layer.running_var
            values = [
                None if value is None else value.double()
                for value in (before.weight, before.bias, mean, variance, layer.weight, layer.bias)
            ]
            weight, bias, mean, variance, scale, shift = values
            folded = fuse_conv_bn_weights(weight, bias, mean, variance, layer.eps, scale, shift)  # type: ignore[arg-type]
            with torch.no_grad():
                before.weight, before.bias = (nn.Parameter(value.detach().float()) for value in folded)
            setattr(block, name, nn.Sequential(layer.drop, layer.act))
    return model
