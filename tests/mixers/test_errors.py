"""Errors of mixers: calls, parameters and outputs, with their messages."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from tests.mixers.mixer_cases import Brightness
from zeta_geom.mixers import (
    CoMixup,
    CutMix,
    CutMixZeta,
    DirichletMixup,
    FMix,
    GridMix,
    LocalSyntheticInstances,
    ManifoldMixup,
    MixFeat,
    Mixup,
    OptTransMix,
    ResizeMix,
    SaliencyMix,
    SuperMix,
    ZetaMixup,
    make_mixer,
)

X32 = np.zeros((3, 4, 4), np.float32)
y3 = [0, 1, 1]


class Constant(torch.nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 2)


def plan(mix, m=3):
    return mix.draw((m, 4, 4), labels=np.eye(m))


ERRORS = [
    (lambda mix: mix(np.zeros((3, 4, 4), np.uint8)), TypeError, r"X must be floating; got uint8. Convert .*astype"),
    (lambda mix: mix(torch.zeros(3, 4, 4, dtype=torch.int64)), TypeError, "X must be floating; got torch.int64"),
    (lambda mix: mix([[1, 2]]), TypeError, "X must be floating; got int64"),
    (lambda mix: mix(np.zeros((3, 4, 4), bool)), TypeError, "X must be floating; got bool"),
    (lambda mix: mix(np.zeros((3, 4, 4), complex)), TypeError, "X must be floating; got complex128"),
    (lambda mix: mix(np.float32(1.0)), TypeError, "X must be a NumPy array or a torch tensor|X must be floating"),
    (lambda mix: mix(1.0), ValueError, "X must have shape .* got \\(\\)"),
    (lambda mix: mix(np.zeros((0, 2, 2))), ValueError, "at least one sample; got \\(0, 2, 2\\)"),
    (lambda mix: mix(pd.DataFrame({"a": ["x"]})), TypeError, "X must be floating; got"),
    (lambda mix: mix(X32, [0, 1]), ValueError, "y must have one label for each of the 3 samples; got 2"),
    (lambda mix: mix(X32, [0, 1, -1]), ValueError, "got values from -1 to 1"),
    (lambda mix: mix(X32, [0, 1, 5], n_classes=3), ValueError, "y must lie in 0..2; got values from 0 to 5"),
    (lambda mix: mix(X32, [0.0, 1.0, 1.0]), TypeError, "y of one dimension must hold integers"),
    (lambda mix: mix(X32, ["a", "b", "c"]), TypeError, "y of one dimension must hold integers"),
    (lambda mix: mix(X32, torch.zeros(3, 2, 2)), ValueError, "y must be int labels"),
    (lambda mix: mix(X32, np.eye(3)[:, :2]), ValueError, "non-negative rows that sum to 1; row 2"),
    (lambda mix: mix(X32, np.array([[1.5, -0.5]] * 3)), ValueError, "non-negative rows"),
    (lambda mix: mix(X32, np.eye(3), n_classes=4), ValueError, "n_classes=4 columns; got shape"),
    (lambda mix: mix(X32, [0, 1, 1], n_classes=0), ValueError, "n_classes must be an integer"),
    (lambda mix: mix(X32, [0, 1, 1], n_classes="2"), TypeError, "n_classes must be an integer; got '2'"),
    (lambda mix: mix(X32, y3, n_out=0), ValueError, "n_out must be an integer"),
    (lambda mix: mix(X32, y3, n_out=2.0), TypeError, "n_out must be an integer"),
    (lambda mix: mix.draw((0, 3, 3)), ValueError, "shape must be"),
    (lambda mix: mix.draw(()), ValueError, "shape must be"),
    (
        lambda mix: mix.apply(X32, None, plan(mix, 5)),
        ValueError,
        "plan was drawn for 5 samples; X has 3. Draw",
    ),
    (
        lambda mix: mix.apply(X32, np.arange(3), plan(mix)),
        ValueError,
        "Y must be soft labels of shape",
    ),
    (
        lambda mix: mix.apply(np.zeros((3, 4, 4), int), None, plan(mix)),
        TypeError,
        "X must be floating; got int",
    ),
    (lambda mix: mix.mix_dataset(X32 * np.nan), ValueError, "X must be finite; got 48 NaN"),
    (lambda mix: mix.mix_dataset(torch.full((3, 4, 4), math.inf)), ValueError, "X must be finite"),
    (lambda mix: mix.mix_dataset(X32, batch_size=0), ValueError, "batch_size must be an integer"),
    (lambda mix: mix.mix_dataset(X32, n_out=0), ValueError, "n_out must be an integer"),
    (lambda mix: mix.mix_dataset(X32, epoch=-1), ValueError, "epoch must be an integer"),
    (lambda mix: mix.mix_dataset(np.zeros((3, 4, 4), int)), TypeError, "X must be floating"),
]


class TestErrors:
    @pytest.mark.parametrize(("call", "error", "text"), ERRORS)
    def test_bad_calls(self, make, call, error, text):
        with pytest.raises(error, match=text):
            call(make())

    @pytest.mark.filterwarnings("ignore:invalid value")
    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    def test_check_values_scans_x(self, make, bad):
        X = torch.full((3, 4, 4), bad)
        make()(X, y3)
        for form in (X, X.numpy()):
            with pytest.raises(ValueError, match="X must be finite"):
                make(check_values=True)(form, y3)

    @pytest.mark.parametrize(
        ("call", "error", "text"),
        [
            (
                lambda: make_mixer("cutmixer"),
                ValueError,
                "name must be one of 'between-class', .*'zeta'; got 'cutmixer'",
            ),
            (lambda: ZetaMixup(-0.1), ValueError, "gamma must be at least 0, except with n_mix=2.*got -0.1"),
            (lambda: ZetaMixup(-1, n_mix=3), ValueError, "gamma must be at least 0"),
            (lambda: ZetaMixup(math.nan), ValueError, "gamma must be a number; got nan"),
            (lambda: ZetaMixup("2"), TypeError, "gamma must be a real number; got '2'"),
            (lambda: ZetaMixup((1.0, 2.0, 3.0)), ValueError, r"gamma must be a number or \(low, high\)"),
            (lambda: ZetaMixup((3.0, 2.0)), ValueError, r"gamma\[1\] must be a number in \[3.0, inf\]; got 2.0"),
            (lambda: ZetaMixup((-1.0, 2.0)), ValueError, r"gamma\[0\] must be a number in \[0, inf\]; got -1.0"),
            (lambda: ZetaMixup((1.0, math.inf)), ValueError, r"gamma\[1\] must be finite; got inf"),
            (lambda: ZetaMixup(n_mix=0), ValueError, "n_mix must be an integer"),
            (lambda: ZetaMixup(n_mix=2.0), TypeError, "n_mix must be an integer"),
            (lambda: ZetaMixup(anchor="none"), ValueError, "anchor must be one of 'random', 'self'; got 'none'"),
            (lambda: ZetaMixup(n_mix=4)(X32), ValueError, "n_mix=4 for 3 samples. Lower n_mix"),
            (lambda: ZetaMixup(n_classes=0), ValueError, "n_classes must be an integer"),
            (lambda: ZetaMixup(random_state=-1), ValueError, "random_state must be a non-negative int"),
            (lambda: Mixup(0), ValueError, r"alpha must be a number in \(0, inf\); got 0"),
            (lambda: Mixup(math.inf), ValueError, "alpha must be finite"),
            (lambda: Mixup("1"), TypeError, "alpha must be a real number"),
        ],
    )
    def test_bad_parameters(self, call, error, text):
        with pytest.raises(error, match=text):
            call()


BAD_PARAMETERS = [
    (lambda: CutMix(0), ValueError, r"alpha must be a number in \(0, inf\); got 0"),
    (lambda: CutMixZeta(-1), ValueError, "gamma must be at least 0"),
    (lambda: CutMixZeta(n_mix=9)(np.zeros((3, 4, 4))), ValueError, "n_mix=9 for 3 samples. Lower n_mix"),
    (lambda: GridMix(0), ValueError, "n_cells must be an integer"),
    (lambda: GridMix(2.5), TypeError, "n_cells must be an integer"),
    (lambda: GridMix(5)(np.zeros((3, 4, 6))), ValueError, "got n_cells=5 for images of 4 x 6 pixels. Lower n_cells"),
    (lambda: FMix(decay=-1), ValueError, "decay must be a number"),
    (lambda: ResizeMix(0), ValueError, r"low must be a number in \(0, inf\)"),
    (lambda: ResizeMix(0.5, 1.5), ValueError, "high must be a number"),
    (lambda: ResizeMix(0.6, 0.5), ValueError, "low must be at most high, 0.5; got 0.6"),
    (lambda: SaliencyMix(0), ValueError, "alpha must be a number"),
    (lambda: DirichletMixup(0), ValueError, "alpha must be a number"),
    (lambda: LocalSyntheticInstances(-1), ValueError, "p must be a number"),
    (lambda: LocalSyntheticInstances(n_mix=0), ValueError, "n_mix must be an integer"),
    (lambda: LocalSyntheticInstances(n_mix=4)(np.zeros((3, 2))), ValueError, "n_mix=4 for 3 samples"),
    (lambda: LocalSyntheticInstances(anchor="far"), ValueError, "anchor must be one of 'random', 'self'"),
    (lambda: MixFeat(sigma=-0.1), ValueError, "sigma must be a number"),
    (lambda: ManifoldMixup(alpha=0), ValueError, "alpha must be a number"),
    (lambda: OptTransMix(0), ValueError, "reg must be a number"),
    (lambda: OptTransMix(max_iter=0), ValueError, "max_iter must be an integer"),
    (lambda: OptTransMix()(-np.ones((3, 4, 4))), ValueError, "X must not have negative pixels"),
    (lambda: CoMixup(3), TypeError, "model must be a torch.nn.Module; got int"),
    (lambda: CoMixup()(torch.zeros(3, 4, 4), y3), ValueError, "CoMixup needs a model for its gradients"),
    (lambda: CoMixup(Brightness(), part=1), ValueError, "part must be an integer"),
    (lambda: CoMixup(Brightness(), omega=2), ValueError, "omega must be a number"),
    (lambda: CoMixup(Brightness())(torch.zeros(3, 4, 4)), ValueError, "labels"),
    (lambda: CoMixup(Brightness())(torch.zeros(3, 4, 3), y3), ValueError, "n_cells=4 for images of 4 x 3 pixels"),
    (
        lambda: CoMixup(Brightness(1))(torch.zeros(3, 4, 4), y3),
        ValueError,
        "a logit for each of the 2 classes; got 1",
    ),
    (
        lambda: CoMixup(Constant())(torch.zeros(3, 4, 4), y3),
        ValueError,
        "model must let gradients through to its input",
    ),
    (lambda: SuperMix(None), TypeError, "teacher must be a torch.nn.Module; got NoneType"),
    (lambda: SuperMix(Brightness(), n_mix=1), ValueError, "n_mix must be an integer"),
    (lambda: SuperMix(Brightness(), n_mix=4)(torch.zeros(3, 4, 4)), ValueError, "n_mix=4 for 3 samples"),
    (lambda: SuperMix(Brightness(), step=0), ValueError, "step must be a number"),
    (
        lambda: SuperMix(Brightness())(np.zeros((3, 4, 4))),
        TypeError,
        "SuperMix mixes torch tensors; got a NumPy",
    ),
    (
        lambda: SuperMix(torch.nn.Identity())(torch.zeros(3, 4, 4)),
        ValueError,
        "teacher must return logits of shape",
    ),
    (
        lambda: make_mixer("gridmix", cells=3),
        TypeError,
        "'gridmix' takes n_cells, alpha, channels, prob, .*; got 'cells'",
    ),
    (lambda: make_mixer("supermix"), TypeError, "mixer 'supermix' needs teacher"),
    (lambda: Mixup(unknown=1), TypeError, "unknown"),
]


@pytest.mark.parametrize(("call", "error", "text"), BAD_PARAMETERS)
def test_bad_parameters_of_the_others(call, error, text):
    with pytest.raises(error, match=text):
        call()


class TestOut:
    """What cannot be written into."""

    X = np.zeros((3, 4, 4), np.float32)

    @pytest.mark.traits(keeps_rows=True, backends=("numpy", "torch"))
    @pytest.mark.parametrize(
        ("out", "error", "text"),
        [
            (
                np.zeros((3, 4, 4)),
                TypeError,
                "out must be of the backend, dtype and device of X; got ndarray",
            ),
            (
                torch.zeros(3, 4, 4),
                TypeError,
                "out must be of the backend, dtype and device of X; got Tensor",
            ),
            ([[0.0]], TypeError, "out must be of the backend"),
            (np.zeros((2, 4, 4), np.float32), ValueError, r"out must have shape \(3, 4, 4\); got \(2, 4, 4\)"),
            (X, ValueError, "out must not share memory with X"),
            (X[::-1], ValueError, "out must not share memory with X"),
            (np.broadcast_to(np.float32(0), (3, 4, 4)), ValueError, "out must be writable"),
        ],
    )
    def test_bad_out(self, make, out, error, text):
        with pytest.raises(error, match=text):
            make()(self.X, y3, out=out)

    @pytest.mark.traits(keeps_rows=True)
    def test_tensors_that_share_memory(self, make):
        both = torch.zeros(6, 4, 4)
        with pytest.raises(ValueError, match="out must not share memory with X"):
            make()(both[:3], y3, out=both[3:])

    @pytest.mark.traits(keeps_rows=True)
    def test_gradients_do_not_flow_into_out(self, make):
        X = torch.zeros(3, 4, 4, requires_grad=True)
        with pytest.raises(ValueError, match="out cannot receive results with gradients"):
            make()(X, y3, out=torch.zeros(3, 4, 4))
        with torch.no_grad():
            assert make()(X, y3, out=torch.zeros(3, 4, 4))[0].shape == X.shape

    @pytest.mark.traits(keeps_rows=False)
    def test_a_method_of_fewer_rows_takes_none(self, make):
        with pytest.raises(ValueError, match="out cannot be used with SuperMix, which may return fewer rows"):
            make()(torch.zeros(3, 4, 4), y3, out=torch.zeros(3, 4, 4))


def test_a_plan_of_features_of_another_shape_is_refused():
    mixer = make_mixer("mixfeat", random_state=0)
    with pytest.raises(ValueError, match=r"drawn for samples of shape \(2, 2\); X has \(0,\)"):
        mixer.apply(np.zeros((3, 0)), None, mixer.draw((3, 2, 2)))
