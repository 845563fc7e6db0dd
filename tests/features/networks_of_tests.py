"""Small torch modules with random weights, and the pictures that tests send through them."""

import numpy as np
import torch
from torch import nn

RNG = np.random.default_rng(0)
PICTURES = RNG.random((9, 3, 8, 8))


class Net(nn.Module):
    """Two convolutions with batch normalisation and dropout, a pool, and a head."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
        self.body = nn.Sequential(nn.Conv2d(4, 5, 3), nn.Dropout(0.5))
        self.head = nn.Linear(5, 2)
        self.sizes = []

    def forward(self, x):
        return self.head(self.embed(x))

    def embed(self, x):
        self.sizes.append(len(x))
        return self.body(self.stem(x)).mean((2, 3))


def net():
    torch.manual_seed(0)
    return Net()
