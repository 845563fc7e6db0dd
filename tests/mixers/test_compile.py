"""`apply` as one compiled graph; `draw` stays outside, because Dynamo accepts no generator."""

import shutil

import pytest
import torch

from tests.mixers.mixer_cases import (
    LABELS,
    TRAITS,
    batch,
    build,
    first_of_each_plan,
)
from zeta_geom.mixers import CutMix, Mixup, ZetaMixup

COMPILED = [
    name for name, traits in TRAITS.items() if not traits.optimises and "local" not in name
]  # others leave torch


COMPILED_FIRST = first_of_each_plan(COMPILED)


@pytest.mark.filterwarnings("ignore:Dynamo detected a call")
@pytest.mark.parametrize(
    "variant",
    [pytest.param(name, marks=[] if name in COMPILED_FIRST else pytest.mark.slow) for name in COMPILED],
)
def test_apply_compiles_whole(variant):
    X, Y = batch("torch", "float32"), torch.eye(3)[LABELS]
    mixer = build(variant)
    plan = mixer.draw(X.shape, like=X, labels=Y)
    torch.compiler.reset()
    compiled = torch.compile(mixer.apply, fullgraph=True, backend="eager")
    for got, expected in zip(compiled(X, Y, plan), mixer.apply(X, Y, plan), strict=True):
        assert torch.equal(got, expected)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("c++") is None, reason="the compiler for the CPU needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "mixer", [ZetaMixup(random_state=0), Mixup(random_state=0), CutMix(random_state=0)], ids=repr
)
def test_one_graph_serves_every_plan(mixer):
    X, Y = batch("torch", "float32", shape=(7, 3, 8, 8)), torch.eye(3)[LABELS]
    torch.compiler.reset()
    compiled = torch.compile(mixer.apply, fullgraph=True)
    compiled(X, Y, mixer.draw(X.shape, like=X))
    with torch.compiler.set_stance("fail_on_recompile"):
        for _ in range(5):
            plan = mixer.draw(X.shape, like=X)
            for got, expected in zip(compiled(X, Y, plan), mixer.apply(X, Y, plan), strict=True):
                torch.testing.assert_close(got, expected, atol=1e-6, rtol=0)
