"""`compiled`: apply as one graph; draws stay outside, because Dynamo accepts no generator."""

import pickle
import shutil

import numpy as np
import pytest
import torch

from tests.mixers.mixer_cases import (
    LABELS,
    TRAITS,
    batch,
    build,
    first_of_each_plan,
)
from zeta_geom.mixers import CutMix, Mixup, ZetaMixup, make_mixer
from zeta_geom.mixers.plans import Unmixed

COMPILED = [name for name, traits in TRAITS.items() if traits.one_graph]
COMPILED_FIRST = first_of_each_plan(COMPILED)


class Graphs:
    """A backend of torch.compile that counts the calls of its graphs."""

    def __init__(self):
        self.calls = 0

    def __call__(self, graph, inputs):
        def call(*arguments):
            self.calls += 1
            return graph(*arguments)

        return call


@pytest.mark.filterwarnings("ignore:Dynamo detected a call")
@pytest.mark.parametrize(
    "variant",
    [pytest.param(name, marks=[] if name in COMPILED_FIRST else pytest.mark.slow) for name in COMPILED],
)
def test_apply_compiles_whole(variant):
    X, Y = batch("torch", "float32"), torch.eye(3)[LABELS]
    mixer = build(variant)
    torch.compiler.reset()
    graphs, mixed = Graphs(), 0
    compiled = mixer.compiled(backend=graphs)
    for like in (X, X.numpy()):
        plan = mixer.draw(X.shape, like=like, labels=Y if like is X else Y.numpy())
        for got, expected in zip(compiled.apply(X, Y, plan), mixer.apply(X, Y, plan), strict=True):
            torch.testing.assert_close(got, expected, atol=1e-6, rtol=0)
        mixed += not isinstance(plan, Unmixed)
    assert graphs.calls == mixed


@pytest.mark.filterwarnings("ignore:Dynamo detected a call")
def test_a_compiled_mixer_shares_the_stream():
    X, plain, first = torch.rand(6, 3), ZetaMixup(random_state=0), ZetaMixup(random_state=0)
    graphs = Graphs()
    compiled = first.compiled(backend=graphs)
    for mixer in (compiled, first, compiled):
        assert torch.equal(mixer(X, [0, 1, 2, 0, 1, 2])[0], plain(X)[0])
    assert graphs.calls == 2
    assert torch.equal(compiled.child(3)(X)[0], plain.child(3)(X)[0])
    assert graphs.calls == 3
    assert torch.equal(pickle.loads(pickle.dumps(compiled))(X)[0], plain(X)[0])


@pytest.mark.filterwarnings("ignore:Dynamo detected a call")
def test_many_mixers_compile_and_many_sizes():
    for seed in range(10):  # torch allows eight compilations of one function
        mixer = CutMix(n_classes=3, random_state=seed).compiled(backend="eager")
        mixer(torch.rand(4, 3, 12, 12), [0, 1, 2, 0])
    for shape in ((8, 3, 6, 6), (4, 1, 9, 9), (1, 3, 6, 6)):
        assert mixer(torch.rand(shape))[0].shape == shape


def test_what_leaves_torch_is_not_compiled():
    with pytest.raises(ValueError, match="LocalSyntheticInstances cannot be compiled: its apply leaves torch"):
        make_mixer("local-synthetic-instances").compiled()
    with pytest.raises(TypeError, match="a compiled Mixup takes torch tensors; got an array"):
        Mixup().compiled()(np.eye(3))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("c++") is None, reason="the compiler for the CPU needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "mixer", [ZetaMixup(random_state=0), Mixup(random_state=0), CutMix(random_state=0)], ids=repr
)
def test_one_graph_serves_every_plan(mixer):
    X, Y = batch("torch", "float32", shape=(7, 3, 8, 8)), torch.eye(3)[LABELS]
    torch.compiler.reset()
    compiled = mixer.compiled()
    compiled.apply(X, Y, mixer.draw(X.shape, like=X))
    with torch.compiler.set_stance("fail_on_recompile"):
        for _ in range(5):
            plan = mixer.draw(X.shape, like=X)
            for got, expected in zip(compiled.apply(X, Y, plan), mixer.apply(X, Y, plan), strict=True):
                torch.testing.assert_close(got, expected, atol=1e-6, rtol=0)
