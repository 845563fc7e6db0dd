"""Fixtures that several test files share."""

import pytest
from mixer_cases import DTYPES, VARIANTS
from tiny_dataset import contents, serve, source, tiny

from zeta_geom.mixers import make_mixer

__all__ = ["contents", "kind", "make", "serve", "source", "tiny"]


@pytest.fixture(params=VARIANTS)
def make(request):
    name, params = VARIANTS[request.param]
    return lambda seed=0, **more: make_mixer(name, random_state=seed, **params, **more)


@pytest.fixture(params=DTYPES, ids="-".join)
def kind(request):
    return request.param
