"""Fixtures that several test files share."""

from functools import partial

import pytest
from mixer_cases import DTYPES, TRAITS, VARIANTS, build
from tiny_dataset import contents, serve, source, tiny

__all__ = ["contents", "serve", "source", "tiny"]


def pytest_generate_tests(metafunc):
    """Run over the mixers (`make`) with the traits that a mark `traits` names, and over dtypes (`kind`) they take."""
    asked = {key: value for mark in metafunc.definition.iter_markers("traits") for key, value in mark.kwargs.items()}
    variants = [name for name in VARIANTS if all(getattr(TRAITS[name], key) == asked[key] for key in asked)]
    makers = {name: partial(build, name) for name in variants}
    if {"make", "kind"} <= set(metafunc.fixturenames):
        pairs = [(name, kind) for name in variants for kind in DTYPES if kind[0] in TRAITS[name].backends]
        cases = [pytest.param(makers[name], kind, id="-".join((name, *kind))) for name, kind in pairs]
        metafunc.parametrize(("make", "kind"), cases)
    elif "make" in metafunc.fixturenames:
        metafunc.parametrize("make", makers.values(), ids=makers)
    elif "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", DTYPES, ids="-".join)
