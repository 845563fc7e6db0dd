"""`apply` as one compiled graph, by the compiler itself; `draw` stays outside, for Dynamo takes no generator."""

import shutil

import pytest
import torch

from tests.mixers.mixer_cases import LABELS, batch
from zeta_geom.mixers import CutMix, Mixup, ZetaMixup


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
